//! Toasts, for what happened elsewhere: on another page, by another person, or outside Pitlane.

use leptos::prelude::*;

use super::view;
use std::time::Duration;

use super::{Icon, IconButton, Keyed, marked};
use crate::model::tone::{Glyph, Tone};
use crate::platform::focus;
use crate::words::{Line, tr};

/// How many are shown at once; the oldest makes room.
const MOST: usize = 3;

#[derive(Debug, Clone, PartialEq)]
struct Toast {
    id: u32,
    tone: Tone,
    glyph: Glyph,
    text: Line,
}

/// The stack of toasts, in the context.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// None yet.
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Shows a sentence for eight seconds, counted from when it is seen. A failure stays until it is closed.
    pub fn show(self, tone: Tone, glyph: Glyph, text: impl Into<Line>) {
        self.put(tone, glyph, text.into());
    }

    fn put(self, tone: Tone, glyph: Glyph, text: Line) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.push(Toast { id, tone, glyph, text });
            if list.len() > MOST {
                list.remove(0);
            }
        });
    }

    fn view(self, key: &str) -> AnyView {
        let toast = self.list.with_untracked(|list| list.iter().find(|toast| toast.id.to_string() == key).cloned());
        toast
            .map(|toast| {
                focus::out_from_under(".toasts");
                if toast.tone != Tone::Offline {
                    set_timeout(move || self.close(toast.id), Duration::from_secs(8));
                }
                view! {
                    <div class="toast" data-tone=toast.tone.as_str()>
                        <Icon glyph=toast.glyph />
                        <span>{marked(toast.text)}</span>
                        <IconButton glyph=Glyph::Close name=tr!("Dismiss") small=true on_press=move |()| self.close(toast.id) />
                    </div>
                }
            })
            .into_any()
    }

    fn close(self, id: u32) {
        let _ = self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where they are shown.
#[component]
pub fn ToastStack(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="toasts no-print" role="log" aria-label=tr!("Notifications") aria-live="polite">
            <Keyed
                keys=Signal::derive(move || toasts.list.with(|list| list.iter().map(|toast| toast.id.to_string()).collect()))
                row=move |key: String| toasts.view(&key)
            />
        </div>
    }
}
