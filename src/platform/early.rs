//! What `assets/boot.js` asked for while the program was on its way. Each is taken up once; who comes later asks anew.

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::EventSource;

use super::storage;

/// Whether somebody is signed in here, so that the page need not wait to be told so before it opens the stream the next time.
pub fn expect(somebody: bool) {
    let word = if somebody { "yes" } else { "" };
    // To write costs a millisecond before the first card, and it is mostly so already.
    if storage::get("pitlane.here").as_deref() != Some(word) {
        storage::set("pitlane.here", word);
    }
}

/// Takes a thing out of the page's keeping.
fn take(name: &str) -> Option<JsValue> {
    let early = Reflect::get(&window(), &"pitlaneEarly".into()).ok().filter(JsValue::is_object)?;
    let thing = Reflect::get(&early, &name.into()).ok().filter(|thing| !thing.is_undefined())?;
    let _ = Reflect::set(&early, &name.into(), &JsValue::UNDEFINED);
    Some(thing)
}

/// The answer to a request that was sent already: status and text. `None` where it was not; `Err` where there was no answer.
pub async fn answer(url: &str) -> Option<Result<(u16, String), ()>> {
    let promise: Promise = take(url)?.dyn_into().ok()?;
    let Ok(answer) = JsFuture::from(promise).await else { return Some(Err(())) };
    let answer: Array = answer.dyn_into().ok()?;
    Some(Ok((answer.get(0).as_f64()? as u16, answer.get(1).as_string()?)))
}

/// A stream of events that is open already, and what hands out the events that came: those that were kept first, in their order.
pub fn stream(url: &str) -> Option<(EventSource, Function)> {
    let source = take(url)?.dyn_into().ok()?;
    Some((source, take("take")?.dyn_into().ok()?))
}
