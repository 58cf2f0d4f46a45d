//! Light or dark. Set before the first paint by `assets/boot.js`, which reads the same entry.

use std::cell::OnceCell;

use leptos::prelude::*;

const KEY: &str = "pitlane.theme";

thread_local! {
    static DARK: OnceCell<ArcRwSignal<bool>> = const { OnceCell::new() };
}

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// The word of the attribute and of the storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// What was chosen.
pub fn chosen() -> Theme {
    let attribute = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    Theme::ALL.into_iter().find(|theme| Some(theme.as_str()) == attribute.as_deref()).unwrap_or(Theme::System)
}

/// Whether it is dark now, by choice or by the system. Follows the choice.
pub fn dark() -> ArcRwSignal<bool> {
    DARK.with(|dark| dark.get_or_init(|| ArcRwSignal::new(is_dark())).clone())
}

fn is_dark() -> bool {
    match chosen() {
        Theme::Dark => true,
        Theme::Light => false,
        Theme::System => window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches()),
    }
}

/// Chooses, for this browser and from now on.
pub fn choose(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = if theme == Theme::System { root.remove_attribute("data-theme") } else { root.set_attribute("data-theme", theme.as_str()) };
    }
    super::storage::set(KEY, theme.as_str());
    dark().set(is_dark());
}
