//! Comfortable or compact, by choice of the person and remembered by this browser.

use leptos::prelude::document;

const KEY: &str = "pitlane.density";

/// Whether things stand close.
pub fn is_compact() -> bool {
    super::storage::get(KEY).as_deref() == Some("compact")
}

/// Chooses, for this browser and from now on.
pub fn choose(compact: bool) {
    super::storage::set(KEY, if compact { "compact" } else { "comfortable" });
    apply();
}

/// Lets the style sheets know.
pub fn apply() {
    if let Some(root) = document().document_element() {
        let _ = if is_compact() { root.set_attribute("data-density", "compact") } else { root.remove_attribute("data-density") };
    }
}
