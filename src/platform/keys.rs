//! Keys pressed anywhere on the page.

use leptos::{
    ev,
    prelude::{document, window_event_listener},
};
use wasm_bindgen::JsCast;
use web_sys::Element;

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
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let tag = target.as_ref().map(Element::tag_name).unwrap_or_default();
        let press = Press {
            key: event.key(),
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
