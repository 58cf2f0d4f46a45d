//! Something that is fetched: on its way, there, or not to be had. What was there stays while it is fetched again.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

use crate::api::ApiError;

/// What is known of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    Loading,
    Ready(T),
    /// The last attempt failed; what was there before, if anything, is still in it.
    Failed(ApiError, Option<T>),
}

impl<T> Load<T> {
    /// What is there, fresh or not.
    pub fn data(&self) -> Option<&T> {
        match self {
            Load::Loading => None,
            Load::Ready(data) => Some(data),
            Load::Failed(_, data) => data.as_ref(),
        }
    }

    /// Why the last attempt failed.
    pub fn error(&self) -> Option<&ApiError> {
        match self {
            Load::Failed(error, _) => Some(error),
            _ => None,
        }
    }
}

type Fetching<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;
type Fetch<T> = Rc<dyn Fn() -> Fetching<T>>;

/// Fetched for as long as the page that made it is shown; leaving it ends the request.
pub struct Remote<T: 'static> {
    load: RwSignal<Load<T>>,
    fetch: StoredValue<Fetch<T>, LocalStorage>,
    generation: StoredValue<u32>,
    owner: StoredValue<Option<Owner>>,
}

impl<T: 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: 'static> Copy for Remote<T> {}

impl<T: Clone + Send + Sync + 'static> Remote<T> {
    /// Begins to fetch.
    pub fn new<F: Future<Output = Result<T, ApiError>> + 'static>(fetch: impl Fn() -> F + 'static) -> Self {
        let fetch: Fetch<T> = Rc::new(move || Box::pin(fetch()));
        let remote = Self {
            load: RwSignal::new(Load::Loading),
            fetch: StoredValue::new_local(fetch),
            generation: StoredValue::new(0),
            owner: StoredValue::new(Owner::current()),
        };
        remote.reload();
        remote
    }

    /// Fetches again. Of two that overlap the later one counts.
    pub fn reload(self) {
        let (Some(fetch), Some(owner)) = (self.fetch.try_get_value(), self.owner.try_get_value().flatten()) else { return };
        let generation = self.generation.get_value().wrapping_add(1);
        self.generation.set_value(generation);
        owner.with(|| {
            spawn_local_scoped_with_cancellation(async move {
                let outcome = fetch().await;
                if self.generation.try_get_value() == Some(generation) {
                    self.settle(outcome);
                }
            });
        });
    }

    fn settle(self, outcome: Result<T, ApiError>) {
        let _ = self.load.try_update(|load| {
            *load = match outcome {
                Ok(data) => Load::Ready(data),
                Err(error) => {
                    let before = std::mem::replace(load, Load::Loading);
                    let kept = match before {
                        Load::Ready(data) | Load::Failed(_, Some(data)) => Some(data),
                        _ => None,
                    };
                    Load::Failed(error, kept)
                }
            };
        });
    }

    /// Puts in what came by another way, such as a refusal that carries the newer truth.
    pub fn put(self, data: T) {
        self.generation.set_value(self.generation.get_value().wrapping_add(1));
        self.load.set(Load::Ready(data));
    }

    /// What is known of it; reactive.
    pub fn get(self) -> Load<T> {
        self.load.get()
    }

    /// Reads it; reactive.
    pub fn with<U>(self, read: impl FnOnce(&Load<T>) -> U) -> U {
        self.load.with(read)
    }

    /// What is there, once.
    pub fn peek(self) -> Option<T> {
        self.load.with_untracked(|load| load.data().cloned())
    }
}
