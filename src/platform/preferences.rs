//! What a person prefers in this browser, besides the theme and the language. `assets/boot.js` reads the motion before the first paint.

use leptos::prelude::document;

use super::storage;

const MOTION: &str = "pitlane.motion";
const KEYS: &str = "pitlane.keys";

/// Whether nothing is to move, whatever the system says.
pub fn is_still() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute("data-still"))
}

/// Chooses, for this browser and from now on.
pub fn be_still(still: bool) {
    if let Some(root) = document().document_element() {
        let _ = if still { root.set_attribute("data-still", "") } else { root.remove_attribute("data-still") };
    }
    storage::set(MOTION, if still { "still" } else { "system" });
}

/// Whether keys without Ctrl do something. Who dictates, or whose keyboard repeats itself, can turn them off.
pub fn has_plain_keys() -> bool {
    storage::get(KEYS).as_deref() != Some("off")
}

/// Chooses, for this browser and from now on.
pub fn use_plain_keys(on: bool) {
    storage::set(KEYS, if on { "on" } else { "off" });
}
