//! Server-sent events. Knows nothing of what the events mean.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

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
    // The browser calls these for as long as the stream lives.
    _handlers: Vec<Closure<dyn FnMut(Event)>>,
}

impl Stream {
    /// Opens `url` and listens to the events of these names. `on` is called in the order of arrival, one by one.
    pub fn open(url: &str, events: &[&str], on: impl Fn(Signal) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let mut handlers: Vec<Closure<dyn FnMut(Event)>> = Vec::new();

        let opened = on.clone();
        let handler = Closure::new(move |_: Event| opened(Signal::Open));
        source.add_event_listener_with_callback("open", handler.as_ref().unchecked_ref()).ok()?;
        handlers.push(handler);

        let (broken, state) = (on.clone(), source.clone());
        let handler = Closure::new(move |_: Event| {
            broken(if state.ready_state() == EventSource::CLOSED { Signal::Closed } else { Signal::Interrupted });
        });
        source.add_event_listener_with_callback("error", handler.as_ref().unchecked_ref()).ok()?;
        handlers.push(handler);

        for event in events {
            let message = on.clone();
            let handler = Closure::new(move |event: Event| {
                if let Some(event) = event.dyn_ref::<MessageEvent>() {
                    let data = event.data().as_string().unwrap_or_default();
                    message(Signal::Message { event: event.type_(), data, id: event.last_event_id() });
                }
            });
            source.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref()).ok()?;
            handlers.push(handler);
        }
        Some(Self { source, _handlers: handlers })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
