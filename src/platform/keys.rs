//! Keys pressed anywhere on the page.

use leptos::{
    ev,
    prelude::{document, window_event_listener},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::preferences;

/// One key press.
pub struct Press {
    /// The key's name: `/`, `d`, `ArrowRight`.
    pub key: String,
    /// Whether somebody is typing into a field, where a letter is a letter.
    pub typing: bool,
    /// Whether shift is held.
    pub shift: bool,
    /// Whether a dialog is open.
    pub in_dialog: bool,
    /// The value of `data-node` around the focus.
    pub node: Option<String>,
}

/// Calls `f` for every press without Ctrl, Alt or Meta. Where it answers `true` the key does nothing else.
pub fn on_press(f: impl Fn(Press) -> bool + 'static) {
    window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing() {
            return;
        }
        let key = name(&event);
        // A key that writes is one that a person may have turned off; an arrow is not.
        if key.chars().count() == 1 && !preferences::has_plain_keys() {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let tag = target.as_ref().map(Element::tag_name).unwrap_or_default();
        let press = Press {
            key,
            shift: event.shift_key(),
            typing: matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT"),
            in_dialog: document().query_selector("dialog[open]").ok().flatten().is_some(),
            node: target.and_then(|e| e.closest("[data-node]").ok().flatten()).and_then(|e| e.get_attribute("data-node")),
        };
        if f(press) {
            event.prevent_default();
        }
    });
}

/// Calls `f` with every key that is pressed together with Ctrl, or ⌘. Where it answers `true` the browser does nothing with it. What is
/// typed into and what is open makes no difference, but for an open dialog.
pub fn on_chord(f: impl Fn(&str) -> bool + 'static) {
    window_event_listener(ev::keydown, move |event| {
        let chord = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
        let in_dialog = document().query_selector("dialog[open]").ok().flatten().is_some();
        if chord && !in_dialog && f(&name(&event)) {
            event.prevent_default();
        }
    });
}

/// The key's name; on a keyboard that writes other letters, the Latin one at the same place: who writes Arabic presses the same keys.
fn name(event: &KeyboardEvent) -> String {
    let key = event.key();
    match event.code().strip_prefix("Key") {
        Some(latin) if !key.is_ascii() && key.chars().count() == 1 => latin.to_lowercase(),
        _ => key,
    }
}
