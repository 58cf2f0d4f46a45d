//! How the connection to the server is, and how old what is shown is.

use leptos::prelude::*;
use pitlane_api::{Timestamp, seconds_between};

use crate::platform::clock::Clock;

/// After so many seconds without a connection the page says how old it is.
const STALE_AFTER_S: u64 = 6;

/// What the top bar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not yet.
    Connecting,
    Live,
    /// Broken a moment ago.
    Reconnecting,
    /// Broken for a while: what is shown is as old as the time in it.
    Stale(Option<Timestamp>),
}

/// In the context, made at the root.
#[derive(Clone, Copy)]
pub struct Connection {
    clock: Clock,
    open: RwSignal<Option<bool>>,
    broken_since: RwSignal<Option<Timestamp>>,
    last_message: RwSignal<Option<Timestamp>>,
}

impl Connection {
    /// Not connected yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, open: RwSignal::new(None), broken_since: RwSignal::new(None), last_message: RwSignal::new(None) }
    }

    /// The stream stands.
    pub fn opened(self) {
        self.open.set(Some(true));
        self.broken_since.set(None);
    }

    /// Something arrived.
    pub fn heard(self) {
        self.last_message.set(Some(self.clock.now_untracked()));
    }

    /// The stream broke, or could not be opened.
    pub fn broke(self) {
        self.open.set(Some(false));
        if self.broken_since.with_untracked(Option::is_none) {
            self.broken_since.set(Some(self.clock.now_untracked()));
        }
    }

    /// When something last arrived.
    pub fn updated_at(self) -> Signal<Option<Timestamp>> {
        self.last_message.into()
    }

    /// For how many seconds nothing has arrived although the stream is said to stand; not reactive.
    pub fn silent_for(self) -> Option<u64> {
        let at = self.last_message.get_untracked()?;
        (self.open.get_untracked() == Some(true)).then(|| seconds_between(at, self.clock.now_untracked()))
    }

    /// What the top bar says. Make a memo of it: it reads the clock.
    pub fn link(self) -> Link {
        match (self.open.get(), self.broken_since.get()) {
            (None, None) => Link::Connecting,
            (_, None) => Link::Live,
            (_, Some(since)) if seconds_between(since, self.clock.now()) < STALE_AFTER_S => Link::Reconnecting,
            _ => Link::Stale(self.last_message.get()),
        }
    }
}
