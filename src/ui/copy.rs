//! Copies a text and says so, in the place where it was pressed.

use leptos::{html, prelude::*, task::spawn_local};

use super::view;
use std::time::Duration;

use super::{Announcer, Icon};
use crate::model::tone::Glyph;
use crate::platform::clipboard;
use crate::words::tr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    NotYet,
    Yes,
    /// The browser refused; the text is shown instead, to be copied by hand.
    Refused,
}

/// A button that copies.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// The accessible name; also the word on the button with `worded`.
    #[prop(into)]
    name: Signal<String>,
    /// What is said afterwards.
    #[prop(into)]
    said: String,
    #[prop(optional)] glyph: Option<Glyph>,
    /// Shows this word beside the picture.
    #[prop(optional, into)]
    worded: Option<String>,
) -> impl IntoView {
    let copied = RwSignal::new(Copied::NotYet);
    let field = NodeRef::<html::Input>::new();
    let announcer = use_context::<Announcer>();
    let said = StoredValue::new(said);

    let copy = move || {
        let text = text.get_untracked();
        spawn_local(async move {
            let done = clipboard::copy(&text).await;
            if copied.try_set(if done { Copied::Yes } else { Copied::Refused }).is_some() {
                return;
            }
            if done {
                if let (Some(announcer), Some(said)) = (announcer, said.try_get_value()) {
                    announcer.say(said);
                }
                let reset = move || {
                    let _ = copied.try_set(Copied::NotYet);
                };
                set_timeout(reset, Duration::from_secs(3));
            }
        });
    };
    // Another text in the same place was not copied yet.
    Effect::new(move |_| {
        text.track();
        copied.set(Copied::NotYet);
    });
    Effect::new(move || {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });

    let has_word = worded.is_some();
    let icon = Signal::derive(move || if copied.get() == Copied::Yes { Glyph::Check } else { glyph.unwrap_or(Glyph::Copy) });
    let bubble = move || match copied.get() {
        Copied::NotYet => None,
        Copied::Yes => Some(view! { <span class="bubble" aria-hidden="true">{said.get_value()}</span> }.into_any()),
        Copied::Refused => Some(
            view! {
                <span class="bubble" data-wide>
                    <label>
                        {tr!("This browser does not let pages copy. Copy it from here:")}
                        <input class="input" readonly node_ref=field prop:value=move || text.get() />
                    </label>
                </span>
            }
            .into_any(),
        ),
    };
    view! {
        <span class="copy">
            <button
                type="button"
                class="button"
                data-kind=if has_word { "plain" } else { "quiet" }
                data-shape=(!has_word).then_some("icon")
                data-size=(!has_word).then_some("small")
                aria-label=move || name.get()
                title=move || name.get()
                on:click=move |_| copy()
            >
                <Icon glyph=icon />
                {worded}
            </button>
            {move || bubble()}
        </span>
    }
}
