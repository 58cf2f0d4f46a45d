//! Pieces of the document that are made once, taken out, and put in again elsewhere.

use std::any::Any;

use leptos::mount::mount_to;
use leptos::prelude::{AnyView, Dispose, LocalStorage, StoredValue, WithValue, document};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// One element with all that lives in it. It goes with the owner that it was made under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Piece(StoredValue<(Element, Box<dyn Any>), LocalStorage>);

impl Piece {
    /// Makes the element that `view` shows. Nobody sees it yet.
    pub fn make(view: impl FnOnce() -> AnyView + 'static) -> Option<Self> {
        let workshop: HtmlElement = document().create_element("div").ok()?.dyn_into().ok()?;
        let life = mount_to(workshop.clone(), view);
        Some(Self(StoredValue::new_local((workshop.first_element_child()?, Box::new(life)))))
    }

    /// Ends it.
    pub fn end(self) {
        self.0.dispose();
    }
}

/// Puts a piece into an element, from wherever it is.
pub fn put(into: Element, piece: Piece) {
    piece.0.try_with_value(|(element, _)| into.append_child(element).is_ok());
}
