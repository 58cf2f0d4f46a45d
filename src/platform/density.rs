//! Comfortable or compact, by choice of the person and remembered by this browser.

use std::cell::OnceCell;

use leptos::prelude::*;

const KEY: &str = "pitlane.density";

thread_local! {
    static COMPACT: OnceCell<ArcRwSignal<bool>> = const { OnceCell::new() };
}

/// Whether things stand close. Follows the choice, wherever it is made.
pub fn compact() -> ArcRwSignal<bool> {
    COMPACT.with(|compact| compact.get_or_init(|| ArcRwSignal::new(is_compact())).clone())
}

fn is_compact() -> bool {
    super::storage::get(KEY).as_deref() == Some("compact")
}

/// Chooses, for this browser and from now on.
pub fn choose(compact: bool) {
    super::storage::set(KEY, if compact { "compact" } else { "comfortable" });
    apply();
    self::compact().set(compact);
}

/// Lets the style sheets know.
pub fn apply() {
    if let Some(root) = document().document_element() {
        let _ = if is_compact() { root.set_attribute("data-density", "compact") } else { root.remove_attribute("data-density") };
    }
}
