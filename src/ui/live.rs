//! The page's one live region for changes that matter.

use leptos::prelude::*;

use super::view;

/// Says things to a screen reader. In the context, made at the root.
#[derive(Clone, Copy)]
pub struct Announcer(RwSignal<(u32, String)>);

impl Announcer {
    /// A silent one.
    pub fn new() -> Self {
        Self(RwSignal::new((0, String::new())))
    }

    /// Says `text` once the screen reader is done with what it says now.
    pub fn say(self, text: String) {
        // The count makes the same sentence a change when it is said again.
        let _ = self.0.try_update(|said| *said = (said.0.wrapping_add(1), text));
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

/// Where it is said: once for the page, and in every modal dialog, since nobody hears what lies behind one. Two lines in turn, since a region whose text does not change is not read again.
#[component]
pub fn LiveRegion(announcer: Announcer) -> impl IntoView {
    let line = move |odd: bool| move || announcer.0.with(|(n, text)| if (n % 2 == 1) == odd { text.clone() } else { String::new() });
    view! {
        <div class="visually-hidden" aria-live="polite" data-live>
            <p>{line(true)}</p>
            <p>{line(false)}</p>
        </div>
    }
}
