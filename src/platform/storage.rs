//! What this browser remembers: looks, and what makes the next page faster; never anything dangerous and never a secret.

use leptos::prelude::window;

/// Reads an entry; `None` where there is none or storage is switched off.
pub fn get(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Reads what this tab remembers until it is closed.
pub fn of_tab(key: &str) -> Option<String> {
    window().session_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Lets this tab remember something; whether it could.
pub fn keep_for_tab(key: &str, value: &str) -> bool {
    window().session_storage().ok().flatten().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Writes an entry, where that is possible.
pub fn set(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}
