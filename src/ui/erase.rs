//! Views of one type. Leptos compiles its machinery once for every type of view and of closure; here every piece of a page
//! becomes the same boxed view, which keeps the program a third smaller. See `.cargo/config.toml` for the other half.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;

/// `view!` that gives a boxed view. Every module of the console imports it by name, so that it stands before Leptos' own.
macro_rules! view {
    ($($tokens:tt)*) => {{
        let view = leptos::prelude::view! { $($tokens)* };
        leptos::prelude::IntoAny::into_any(view)
    }};
}
pub(crate) use view;

/// A view that is made anew when what it reads changes.
pub fn dynamic<T: IntoAny>(f: impl Fn() -> T + Send + 'static) -> AnyView {
    boxed(Box::new(move || f().into_any()))
}

type Make = Arc<Mutex<dyn FnMut() -> AnyView + Send>>;

fn boxed(f: Box<dyn FnMut() -> AnyView + Send>) -> AnyView {
    let make: Make = Arc::new(Mutex::new(f));
    make.into_any()
}

/// A question with the answer yes or no that is asked again when what it reads changes.
pub struct Condition(Box<dyn Fn() -> bool + Send + Sync>);

impl<F: Fn() -> bool + Send + Sync + 'static> From<F> for Condition {
    fn from(f: F) -> Self {
        Self(Box::new(f))
    }
}

/// Shows its children while a condition holds.
#[component]
pub fn When(#[prop(into)] cond: Condition, #[prop(optional, into)] fallback: ViewFn, children: ChildrenFn) -> impl IntoView {
    let holds = ArcMemo::new(move |_| (cond.0)());
    dynamic(move || if holds.get() { children() } else { fallback.run() })
}

/// A list whose rows keep their elements when it is sorted or changed. A row is known by its key and made once.
#[component]
pub fn Keyed(#[prop(into)] keys: Signal<Vec<String>>, #[prop(into)] row: Row) -> impl IntoView {
    let row = row.0;
    leptos::prelude::view! { <For each=move || keys.get() key=String::clone children=move |key| row(key) /> }
}

/// Makes the row of a key.
pub struct Row(Arc<dyn Fn(String) -> AnyView + Send + Sync>);

impl<F: Fn(String) -> AnyView + Send + Sync + 'static> From<F> for Row {
    fn from(f: F) -> Self {
        Self(Arc::new(f))
    }
}
