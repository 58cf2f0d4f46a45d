//! Where the pointer is within something.

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use leptos::prelude::document;

/// How far along the listening element the pointer is, from the side where reading begins: 0 to 1.
pub fn along(event: &MouseEvent) -> Option<f64> {
    let element: Element = event.current_target()?.dyn_into().ok()?;
    let bounds = element.get_bounding_client_rect();
    if bounds.width() <= 0.0 {
        return None;
    }
    let part = ((f64::from(event.client_x()) - bounds.left()) / bounds.width()).clamp(0.0, 1.0);
    let backwards = document().document_element()?.get_attribute("dir").as_deref() == Some("rtl");
    Some(if backwards { 1.0 - part } else { part })
}
