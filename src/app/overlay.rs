//! What can be called up over any page: the command palette, and the sheet of keys and settings. They come with the rest of the console;
//! here is which of them is open, and the keys that open them.

use leptos::prelude::*;

use crate::platform::keys;

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    Palette,
    Settings,
}

/// Which one is open, in the context of the shell.
#[derive(Clone, Copy)]
pub struct Overlays(pub RwSignal<Option<Overlay>>);

impl Overlays {
    /// None is open; Ctrl K or ⌘ K and `?` open them from now on.
    pub fn start() -> Self {
        let overlays = Self(RwSignal::new(None));
        keys::on_chord(move |key| key == "k" && overlays.open(Overlay::Palette));
        keys::on_press(move |press| press.key == "?" && !press.typing && !press.in_dialog && overlays.open(Overlay::Settings));
        overlays
    }

    /// Opens one.
    pub fn open(self, overlay: Overlay) -> bool {
        self.0.try_set(Some(overlay)).is_none()
    }

    /// Closes whichever is open.
    pub fn close(self) {
        let _ = self.0.try_set(None);
    }
}
