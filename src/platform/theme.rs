//! Light or dark. Set before the first paint by `assets/boot.js`, which reads the same entry.

use leptos::prelude::{document, window};

const KEY: &str = "pitlane.theme";

/// Whether it is dark now, by choice or by the system.
pub fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches()),
    }
}

/// Chooses, for this browser and from now on.
pub fn choose(dark: bool) {
    let theme = if dark { "dark" } else { "light" };
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
    super::storage::set(KEY, theme);
}
