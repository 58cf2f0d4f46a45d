//! Where the focus is, and bringing it back.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Moves the focus to `element`, if it can have it.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Moves the focus to the first element that a selector finds.
pub fn focus_first(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = &found {
        focus(element);
    }
    found.is_some()
}

/// Leads to the first field that something is wrong with, once that is shown.
pub fn to_what_is_wrong() {
    request_animation_frame(|| {
        focus_first("[aria-invalid=true]");
    });
}

/// Leads to where one goes on, once it is shown: what had the focus may have gone with the question that was answered.
pub fn to_what_is_next() {
    request_animation_frame(|| {
        focus_first("[data-next] button");
    });
}

/// Leads to the page's heading, where whatever had the focus has gone: the page that was read took the place of what stood for it.
pub fn to_the_heading() {
    request_animation_frame(|| {
        if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            focus_first("main h1");
        }
    });
}

/// Presses the first element that a selector finds.
pub fn press(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten().and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        element.click();
    }
}

/// Brings the first element that a selector finds into sight, if it is not.
pub fn show(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten() {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Brings what has the focus out from under what the selector finds, where it lies below that on the screen.
pub fn out_from_under(selector: &'static str) {
    request_animation_frame(move || {
        let found = |selector| document().query_selector(selector).ok().flatten().map(|element| element.get_bounding_client_rect());
        let (Some(over), Some(under)) = (found(selector), found(":focus")) else { return };
        let beside = under.right() < over.left() || under.left() > over.right();
        if !beside && under.bottom() > over.top() && under.top() < over.bottom() {
            show(":focus");
        }
    });
}

/// Selects what stands in the focused field.
pub fn select_field() {
    if let Some(field) = document().active_element().and_then(|e| e.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        field.select();
    }
}

/// Whoever had the focus when this was made.
#[derive(Clone, Default)]
pub struct Remembered(Option<Element>);

impl Remembered {
    /// Remembers the focused element.
    pub fn now() -> Self {
        Self(document().active_element().filter(|element| element.tag_name() != "BODY"))
    }

    /// Gives the focus back after the next frame, where nothing else has taken it meanwhile and the element still stands.
    pub fn restore(self) {
        request_animation_frame(move || {
            let free = document().active_element().is_none_or(|element| element.tag_name() == "BODY" || !element.is_connected());
            if let Some(element) = self.0.filter(|element| free && element.is_connected()) {
                focus(&element);
            }
        });
    }
}

/// The value of an attribute around the focus.
pub fn around(attribute: &str) -> Option<String> {
    document().active_element()?.closest(&format!("[{attribute}]")).ok().flatten()?.get_attribute(attribute)
}

/// Moves the focus among the elements that a selector finds, in the order of the document. `step` is +1 or -1.
pub fn move_among(selector: &str, step: i32) -> bool {
    let Ok(list) = document().query_selector_all(selector) else { return false };
    let count = list.length();
    if count == 0 {
        return false;
    }
    let active = document().active_element();
    let current = (0..count).find(|at| {
        let item = list.item(*at).and_then(|node| node.dyn_into::<Element>().ok());
        matches!((&item, &active), (Some(item), Some(active)) if item.contains(Some(active)))
    });
    let next = match current {
        Some(at) => (i64::from(at) + i64::from(step)).clamp(0, i64::from(count) - 1) as u32,
        None => 0,
    };
    if let Some(element) = list.item(next).and_then(|node| node.dyn_into::<Element>().ok()) {
        focus(&element);
    }
    true
}
