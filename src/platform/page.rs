//! The page itself: its title, whether it is looked at, whether there is a network, and the boot screen.

use leptos::{
    ev,
    prelude::{document, window, window_event_listener},
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::VisibilityState;

/// Names the browser's tab.
pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Whether the tab is in front.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Calls `f` whenever the tab comes to the front or the network returns.
pub fn on_return(f: impl Fn() + Clone + 'static) {
    let g = f.clone();
    window_event_listener(ev::visibilitychange, move |_| {
        if is_visible() {
            f();
        }
    });
    window_event_listener(ev::online, move |_| g());
}

/// Calls `f` when the browser loses the network.
pub fn on_offline(f: impl Fn() + 'static) {
    window_event_listener(ev::offline, move |_| f());
}

/// What the app is mounted on, beside the boot screen.
pub fn body() -> Option<web_sys::HtmlElement> {
    document().body()
}

/// Takes the boot screen away.
pub fn clear_boot() {
    if let Ok(Some(screen)) = document().query_selector("[data-boot-screen]") {
        screen.remove();
    }
}

/// Calls `f` once the browser has painted and has nothing else to do; at the latest after two seconds.
pub fn when_idle(f: impl FnOnce() + 'static) {
    let options = web_sys::IdleRequestOptions::new();
    options.set_timeout(2_000);
    let call = Closure::once_into_js(f);
    // Safari has no such call: there it happens a moment later.
    let known = js_sys::Reflect::has(&window(), &"requestIdleCallback".into()).unwrap_or(false);
    if known {
        let _ = window().request_idle_callback_with_options(call.unchecked_ref(), &options);
    } else {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(call.unchecked_ref(), 200);
    }
}

/// Prints nothing and asks nothing: loads the page again.
pub fn reload() {
    let _ = window().location().reload();
}
