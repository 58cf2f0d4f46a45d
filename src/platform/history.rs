//! The address bar. Knows no route: it hands out paths and queries and takes finished URLs.

use super::viewport;
use leptos::{
    ev,
    prelude::{on_cleanup, set_timeout, window, window_event_listener},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent, ScrollRestoration};

/// Path, and query without its question mark, as they stand now.
pub fn current() -> (String, String) {
    let location = window().location();
    let query = location.search().unwrap_or_default();
    (location.pathname().unwrap_or_default(), query.trim_start_matches('?').to_owned())
}

/// `https://host:port`, for links that are handed to somebody.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// A new entry in the history.
pub fn push(href: &str) {
    remember();
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(href));
    }
}

/// The same entry with another address.
pub fn replace(href: &str) {
    if let Ok(history) = window().history() {
        // What the entry remembers stays.
        let _ = history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(href));
    }
}

/// One entry back.
pub fn back() {
    if let Ok(history) = window().history() {
        let _ = history.back();
    }
}

/// What stands behind `#`. It is taken out of the address bar and the history at once, since it may be a secret.
pub fn take_hash() -> Option<String> {
    let hash = window().location().hash().ok()?.trim_start_matches('#').to_owned();
    if hash.is_empty() {
        return None;
    }
    let (path, query) = current();
    replace(&if query.is_empty() { path } else { format!("{path}?{query}") });
    Some(hash)
}

/// Called when the back or forward button, or a person in the address bar, went elsewhere.
pub fn on_change(f: impl Fn() + Clone + 'static) {
    let g = f.clone();
    window_event_listener(ev::popstate, move |_| f());
    window_event_listener(ev::hashchange, move |_| g());
}

/// Called with the path and query of every plain click on a link of this console, instead of a page load.
pub fn on_link(f: impl Fn(String, String) + 'static) {
    window_event_listener(ev::click, move |event| {
        if event.default_prevented() || !is_plain(&event) {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(link) = target.and_then(|element| element.closest("a[href]").ok().flatten()) else { return };
        let Ok(link) = link.dyn_into::<HtmlAnchorElement>() else { return };
        let elsewhere = link.origin() != origin();
        if elsewhere || !link.target().is_empty() || link.has_attribute("download") || !link.hash().is_empty() {
            return;
        }
        event.prevent_default();
        f(link.pathname(), link.search().trim_start_matches('?').to_owned());
    });
}

fn is_plain(event: &MouseEvent) -> bool {
    event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
}

/// The page begins at its top again, as after a page load.
pub fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

type Mark = Rc<dyn Fn() -> Option<String>>;

thread_local! {
    /// Says where on the page somebody is; there is at most one page that can.
    static MARK: RefCell<Option<Mark>> = const { RefCell::new(None) };
    /// Counts what was scrolled, and the pages that ended: a note that waits is for nothing that came after.
    static SCROLLS: Cell<u32> = const { Cell::new(0) };
}

/// How long nothing must scroll until the place is noted: browsers allow only so many notes in a while.
const STILL: Duration = Duration::from_millis(200);

/// Notes in the history where somebody has scrolled to, in the words of `mark`, for as long as the owner lives. A page that keeps only what
/// is visible in the document knows better than the browser what pixels mean.
pub fn on_scrolled(mark: impl Fn() -> Option<String> + 'static) {
    MARK.set(Some(Rc::new(mark)));
    restoration(ScrollRestoration::Manual);
    viewport::listen("scroll", move |_| {
        let now = count_scroll();
        set_timeout(
            move || {
                if SCROLLS.get() == now {
                    remember();
                }
            },
            STILL,
        );
    });
    on_cleanup(move || {
        // Whoever comes back at once would find a note of the top, which is where the page stands before it goes back to its place.
        count_scroll();
        MARK.set(None);
        restoration(ScrollRestoration::Auto);
    });
}

fn count_scroll() -> u32 {
    let now = SCROLLS.get().wrapping_add(1);
    SCROLLS.set(now);
    now
}

/// What was noted in the entry that is shown; empty for the top of the page, and `None` where nothing was.
pub fn scrolled() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

/// Called when somebody came to another entry of the history, for as long as the owner lives.
pub fn on_return(f: impl Fn() + 'static) {
    viewport::listen("popstate", move |_| f());
}

fn remember() {
    let mark = MARK.with_borrow(Clone::clone);
    if let (Some(mark), Ok(history)) = (mark, window().history()) {
        let _ = history.replace_state(&JsValue::from_str(&mark().unwrap_or_default()), "");
    }
}

fn restoration(how: ScrollRestoration) {
    if let Ok(history) = window().history() {
        let _ = history.set_scroll_restoration(how);
    }
}
