//! Copying text.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

/// Copies `text`; `false` where the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    // Over plain http from another host the clipboard object is missing, whatever its type says.
    let navigator: JsValue = window().navigator().into();
    let present = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| !clipboard.is_undefined());
    if present && JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok() {
        return true;
    }
    copy_from_field(text).unwrap_or(false)
}

/// The old way: through a field that is selected for a moment.
fn copy_from_field(text: &str) -> Option<bool> {
    let before = document().active_element();
    let field: HtmlTextAreaElement = document().create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_value(text);
    field.set_class_name("visually-hidden");
    // Inside an open dialog everything else is inert, so the field has to be in there.
    let parent = document().query_selector("dialog[open]").ok().flatten().or_else(|| document().body().map(Into::into))?;
    parent.append_child(&field).ok()?;
    field.select();
    let copied = document().dyn_into::<HtmlDocument>().ok()?.exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(before) = before {
        super::focus::focus(&before);
    }
    Some(copied)
}
