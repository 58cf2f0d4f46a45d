//! What of the page is on the screen, and how large things are. In pixels and their fractions.

use std::cell::Cell;
use std::rc::Rc;

use leptos::{
    ev,
    prelude::{StoredValue, WithValue, on_cleanup, request_animation_frame, window, window_event_listener},
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, ResizeObserver};

/// How high the screen is.
pub fn height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(800.0)
}

/// How wide the screen is.
pub fn width() -> u32 {
    window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(1_280.0) as u32
}

/// How far an element begins below the top of the screen; less than zero once it was scrolled past.
fn top_of(element: &Element) -> f64 {
    element.get_bounding_client_rect().top()
}

/// What of an element is on the screen, from its top.
pub fn range(element: &Element) -> (f64, f64) {
    let top = top_of(element);
    ((-top).max(0.0), (height() - top).max(0.0))
}

/// How far the page is scrolled down.
pub fn scrolled() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// Scrolls so that what is so far below an element's top stands at the top of the screen.
pub fn scroll_into(element: &Element, below: f64) {
    let y = scrolled() + top_of(element) + below;
    window().scroll_to_with_x_and_y(0.0, y);
}

/// Calls `f` at every event of a name, for as long as the owner lives.
pub fn listen(name: &'static str, f: impl Fn(Event) + 'static) {
    listen_boxed(name, Box::new(f));
}

fn listen_boxed(name: &'static str, f: Box<dyn Fn(Event)>) {
    let listener = window_event_listener(ev::Custom::<Event>::new(name), f);
    on_cleanup(move || listener.remove());
}

/// Calls `f` whenever the page was scrolled or the screen changed its size, for as long as the owner lives.
pub fn on_scroll(f: impl Fn() + Clone + 'static) {
    let g = f.clone();
    listen("scroll", move |_| f());
    listen("resize", move |_| g());
}

/// Calls `f` in the frame after an element changed its size, for as long as the owner lives.
pub fn on_resize(element: &Element, f: impl Fn() + 'static) {
    let (f, asked) = (Rc::new(f), Rc::new(Cell::new(false)));
    // Not within the observer's own call: what changes sizes there makes the browser complain of a loop.
    let called = Closure::<dyn Fn()>::new(move || {
        if !asked.replace(true) {
            let (f, asked) = (f.clone(), asked.clone());
            request_animation_frame(move || {
                asked.set(false);
                f();
            });
        }
    });
    if let Ok(observer) = ResizeObserver::new(called.as_ref().unchecked_ref()) {
        observer.observe(element);
        let kept = StoredValue::new_local((observer, called));
        on_cleanup(move || {
            kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    }
}

/// The heights of all elements below one that a selector finds, in the order of the document.
pub fn heights(element: &Element, selector: &str) -> Vec<f64> {
    let Ok(list) = element.query_selector_all(selector) else { return Vec::new() };
    let height = |at| Some(list.item(at)?.dyn_into::<Element>().ok()?.get_bounding_client_rect().height());
    (0..list.length()).map(|at| height(at).unwrap_or_default()).collect()
}

/// How many columns the first grid below an element has.
pub fn columns(element: &Element, selector: &str) -> Option<usize> {
    let grid = element.query_selector(selector).ok().flatten()?;
    let style = window().get_computed_style(&grid).ok().flatten()?;
    let tracks = style.get_property_value("grid-template-columns").ok()?;
    Some(tracks.split_whitespace().count().max(1))
}

/// Calls `f` with the value of `data-node` around whatever gets the focus, for as long as the owner lives; and with whether that happens under a
/// pointer that is pressed. An element that is moved in the document then, even to where it was, is not clicked when the pointer is let go.
pub fn on_focus(f: impl Fn(Option<String>, bool) + 'static) {
    let pressed = Rc::new(Cell::new(false));
    for (name, down) in [("pointerdown", true), ("pointerup", false), ("pointercancel", false)] {
        let pressed = pressed.clone();
        listen(name, move |_| pressed.set(down));
    }
    listen("focusin", move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let node = target.and_then(|element| element.closest("[data-node]").ok().flatten()).and_then(|element| element.get_attribute("data-node"));
        f(node, pressed.get());
    });
}

/// Calls `f` with `true` before the page is printed, and with `false` afterwards, for as long as the owner lives.
pub fn on_print(f: impl Fn(bool) + Clone + 'static) {
    let g = f.clone();
    listen("beforeprint", move |_| f(true));
    listen("afterprint", move |_| g(false));
}
