//! What every page may use, made once at the root.

use std::ops::Deref;

use leptos::prelude::*;

use super::nav::Navigator;
use crate::platform::clock::Clock;
use crate::state::Live;
use crate::ui::Announcer;
use crate::ui::Toasts;

/// The stores, the clock, the address bar, and the two ways to say something.
pub struct Everything {
    pub live: Live,
    pub nav: Navigator,
    pub clock: Clock,
    pub toasts: Toasts,
    pub announcer: Announcer,
}

/// They live as long as the tab, so a page holds one pointer to them, and closures copy no more than that.
#[derive(Clone, Copy)]
pub struct App(&'static Everything);

impl Deref for App {
    type Target = Everything;

    fn deref(&self) -> &Everything {
        self.0
    }
}

impl App {
    /// From the context. It is provided at the root, before any page exists.
    pub fn get() -> Self {
        use_context::<Self>().unwrap_or_else(Self::start)
    }

    /// A new one; nothing is connected yet.
    pub fn start() -> Self {
        let clock = use_context::<Clock>().unwrap_or_else(Clock::start);
        let everything = Everything { live: Live::new(clock), nav: Navigator::start(), clock, toasts: Toasts::new(), announcer: Announcer::new() };
        Self(Box::leak(Box::new(everything)))
    }
}
