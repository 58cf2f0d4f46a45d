//! Sending a change once: the same request, sent again because nobody answered, carries the same key.

use leptos::prelude::*;
use serde::Serialize;

use crate::platform::random;

/// The key of the last request.
#[derive(Clone, Copy)]
pub struct OnceKey(StoredValue<(String, String)>);

impl OnceKey {
    /// No request yet.
    pub fn new() -> Self {
        Self(StoredValue::new(Default::default()))
    }

    /// The key for this body: the last one where the body is the same, else a fresh one.
    pub fn for_body(self, body: &impl Serialize) -> String {
        let body = serde_json::to_string(body).unwrap_or_default();
        let (last_body, last_key) = self.0.get_value();
        if last_body == body && !last_key.is_empty() {
            return last_key;
        }
        let key = random::key();
        self.0.set_value((body, key.clone()));
        key
    }

    /// The server answered: the next request is another one, even where it reads the same.
    pub fn answered(self) {
        let _ = self.0.try_set_value(Default::default());
    }
}
