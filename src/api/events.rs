//! The one event stream of a tab: reading it, and opening a new one where the browser gives up.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::prelude::set_timeout;
use pitlane_api::BASE_PATH;

use crate::model::fold::EVENTS;
use crate::model::fold::Message;
use crate::platform::event_source::Signal;
use crate::platform::event_source::Stream;

/// What the stream tells the stores.
#[expect(clippy::large_enum_variant, reason = "made and taken in at once, a thousand times a second in a storm: a box would cost an allocation each")]
pub enum Arrival {
    /// The connection stands.
    Open,
    /// A message that was understood.
    Message(Message),
    /// The connection is broken and comes back by itself.
    Broken,
    /// The server no longer answers with a stream; signing in again may be what is missing.
    Refused,
}

/// First and longest wait before a new stream is opened by hand.
const BACKOFF_MS: (u64, u64) = (500, 15_000);

struct Inner {
    stream: Option<Stream>,
    last_id: String,
    /// Something was not understood: an id that comes after it is none to go on from.
    lost: bool,
    wait_ms: u64,
    /// Counts openings, so that a wait that is over finds out whether somebody was faster.
    generation: u64,
}

/// Reads the stream for as long as it exists. Every message is handed on, in order.
#[derive(Clone)]
pub struct Events {
    inner: Rc<RefCell<Inner>>,
    on: Rc<dyn Fn(Arrival)>,
}

impl Events {
    /// Opens the stream.
    pub fn open(on: impl Fn(Arrival) + 'static) -> Self {
        let inner = Inner { stream: None, last_id: String::new(), lost: false, wait_ms: BACKOFF_MS.0, generation: 0 };
        let events = Self { inner: Rc::new(RefCell::new(inner)), on: Rc::new(on) };
        events.reopen();
        events
    }

    /// Closes the stream, if there is one, and opens a new one where it left off.
    pub fn reopen(&self) {
        let url = {
            let mut inner = self.inner.borrow_mut();
            inner.generation = inner.generation.wrapping_add(1);
            inner.stream = None;
            inner.lost = false;
            match inner.last_id.as_str() {
                "" => format!("{BASE_PATH}/events"),
                id => format!("{BASE_PATH}/events?last_event_id={id}"),
            }
        };
        let this = self.clone();
        let stream = Stream::open(&url, &EVENTS, move |signal| this.take(signal));
        let opened = stream.is_some();
        self.inner.borrow_mut().stream = stream;
        if !opened {
            self.later();
        }
    }

    /// Ends it for good.
    pub fn close(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.generation = inner.generation.wrapping_add(1);
        inner.stream = None;
    }

    fn take(&self, signal: Signal) {
        match signal {
            Signal::Open => {
                self.inner.borrow_mut().wait_ms = BACKOFF_MS.0;
                (self.on)(Arrival::Open);
            }
            Signal::Message { event, data, id } => match Message::decode(&event, &data) {
                Ok(message) => {
                    let mut inner = self.inner.borrow_mut();
                    if !id.is_empty() && !inner.lost {
                        inner.last_id = id;
                    }
                    drop(inner);
                    if let Some(message) = message {
                        (self.on)(Arrival::Message(message));
                    }
                }
                // What was missed by not understanding it can only be made good by a snapshot.
                Err(_) => {
                    let mut inner = self.inner.borrow_mut();
                    inner.last_id.clear();
                    inner.lost = true;
                    drop(inner);
                    (self.on)(Arrival::Broken);
                    self.later();
                }
            },
            Signal::Interrupted => (self.on)(Arrival::Broken),
            Signal::Closed => {
                (self.on)(Arrival::Refused);
                self.later();
            }
        }
    }

    /// Opens a new stream after a while, and waits longer each time, with some chance in it: a hundred consoles must not
    /// come back in the same instant.
    fn later(&self) {
        let (generation, wait) = {
            let mut inner = self.inner.borrow_mut();
            let wait = inner.wait_ms;
            inner.wait_ms = wait.saturating_mul(2).min(BACKOFF_MS.1);
            (inner.generation, wait)
        };
        let jitter = u64::from(crate::platform::random::byte()) * wait / 512;
        let this = self.clone();
        set_timeout(
            move || {
                if this.inner.borrow().generation == generation {
                    this.reopen();
                }
            },
            Duration::from_millis(wait + jitter),
        );
    }
}
