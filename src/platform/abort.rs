//! Ends a request that nobody waits for any more.

use web_sys::{AbortController, AbortSignal};

/// Aborts what it was given to when it is dropped.
pub struct Abort(Option<AbortController>);

impl Abort {
    /// A fresh one.
    pub fn new() -> Self {
        Self(AbortController::new().ok())
    }

    /// What a request listens to.
    pub fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    /// What ends it from elsewhere, for a timeout.
    pub fn trigger(&self) -> impl Fn() + 'static + use<> {
        let controller = self.0.clone();
        move || {
            if let Some(controller) = &controller {
                controller.abort();
            }
        }
    }
}

impl Default for Abort {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.trigger()();
    }
}
