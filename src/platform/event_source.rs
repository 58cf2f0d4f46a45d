//! Server-sent events. Knows nothing of what the events mean.

use js_sys::{Function, JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Event, EventSource, MessageEvent};

use super::early;

#[wasm_bindgen]
extern "C" {
    type TextEncoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;
    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsString) -> Uint8Array;
}

thread_local! {
    static ENCODER: TextEncoder = TextEncoder::new();
}

/// The text of a message, copied by the browser in one go. The way that bindings take goes letter by letter, which for the pieces of a snapshot, a
/// third of a megabyte each, is milliseconds before the first card.
fn text(data: &JsValue) -> String {
    let Some(text) = data.dyn_ref::<JsString>() else { return String::new() };
    String::from_utf8(ENCODER.with(|encoder| encoder.encode(text)).to_vec()).unwrap_or_default()
}

/// What a stream tells.
pub enum Signal {
    /// The connection stands.
    Open,
    /// A message, with its event's name, data and id.
    Message { event: String, data: String, id: String },
    /// The connection broke and the browser tries again by itself.
    Interrupted,
    /// The browser gave up: the answer was no stream. Somebody has to open a new one.
    Closed,
}

/// An open stream; it is closed when this is dropped.
pub struct Stream {
    source: EventSource,
    // The browser calls it for as long as the stream lives.
    _hear: Closure<dyn FnMut(Event)>,
}

impl Stream {
    /// Opens `url`, or takes up the one that was opened before the program was there, and listens to the events of these names. `on` is called in the
    /// order of arrival, one by one.
    pub fn open(url: &str, events: &[&str], on: impl Fn(Signal) + 'static) -> Option<Self> {
        let early = early::stream(url);
        let source = match &early {
            Some((source, _)) => source.clone(),
            None => EventSource::new(url).ok()?,
        };
        let state = source.clone();
        let hear = Closure::<dyn FnMut(Event)>::new(move |event: Event| on(signal(&event, &state)));
        let function: &Function = hear.as_ref().unchecked_ref();
        match early {
            Some((_, take)) => {
                take.call1(&JsValue::UNDEFINED, function).ok()?;
            }
            None => {
                for event in ["open", "error"].iter().chain(events) {
                    source.add_event_listener_with_callback(event, function).ok()?;
                }
            }
        }
        Some(Self { source, _hear: hear })
    }
}

fn signal(event: &Event, source: &EventSource) -> Signal {
    match event.dyn_ref::<MessageEvent>() {
        Some(message) => Signal::Message { event: message.type_(), data: text(&message.data()), id: message.last_event_id() },
        None if event.type_() == "open" => Signal::Open,
        None if source.ready_state() == EventSource::CLOSED => Signal::Closed,
        None => Signal::Interrupted,
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
