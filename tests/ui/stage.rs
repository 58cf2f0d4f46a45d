//! A fresh place in the document for each test, and ways to look at it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// A component that is mounted until this is dropped.
pub struct Stage {
    pub root: HtmlElement,
    _mounted: Box<dyn std::any::Any>,
}

impl Stage {
    /// Mounts `view` into an element of its own.
    pub async fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Self {
        let root: HtmlElement = document().create_element("div").unwrap().dyn_into().unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let mounted = leptos::mount::mount_to(root.clone(), view);
        settle().await;
        Self { root, _mounted: Box::new(mounted) }
    }

    pub fn find(&self, selector: &str) -> HtmlElement {
        self.maybe(selector).unwrap_or_else(|| panic!("nothing matches {selector} in {}", self.root.inner_html()))
    }

    pub fn maybe(&self, selector: &str) -> Option<HtmlElement> {
        self.root.query_selector(selector).unwrap().map(|element| element.dyn_into().unwrap())
    }

    pub fn all(&self, selector: &str) -> Vec<Element> {
        let list = self.root.query_selector_all(selector).unwrap();
        (0..list.length()).filter_map(|at| list.item(at)).map(|node| node.dyn_into().unwrap()).collect()
    }

    pub fn names(&self, selector: &str) -> Vec<String> {
        self.all(selector).iter().filter_map(|element| element.get_attribute("aria-label")).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.root.remove();
    }
}

/// Lets effects run and the browser paint, so that what follows sees the outcome.
pub async fn settle() {
    leptos::task::tick().await;
    for _ in 0..2 {
        let frame = js_sys::Promise::new(&mut |resolve, _| {
            window().request_animation_frame(&resolve).unwrap();
        });
        wasm_bindgen_futures::JsFuture::from(frame).await.unwrap();
    }
    leptos::task::tick().await;
}

/// Whether `element` has the focus.
pub fn focused(element: &Element) -> bool {
    document().active_element().is_some_and(|active| active.is_same_node(Some(element)))
}
