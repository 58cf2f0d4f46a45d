//! A box that says something, with what can be done about it.

use leptos::prelude::*;
use pitlane_api::Words;

use super::view;

use super::{Icon, Told};
use crate::model::tone::{Glyph, Tone};

/// A box among other things.
#[component]
pub fn Notice(
    tone: Tone,
    glyph: Glyph,
    /// Read out at once, for what a person has just caused.
    #[prop(optional)]
    alert: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="notice" data-tone=tone.as_str() role=alert.then_some("alert")>
            <Icon glyph=glyph />
            <div class="notice-body">{children()}</div>
        </div>
    }
}

/// A box across the page. Stripes are for maintenance only.
#[component]
pub fn Banner(
    tone: Tone,
    glyph: Glyph,
    #[prop(optional)] stripes: bool,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    /// What somebody else said about it, before the text.
    #[prop(optional_no_strip)]
    said: Option<Words>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="banner" data-tone=tone.as_str() data-stripes=stripes>
            <Icon glyph=glyph />
            <div class="banner-body">
                <p>{move || title.get()}</p>
                // Where it is read out, that is done once: an age in it ticks.
                <p class="muted" aria-live="off">{said.map(|said| view! { <Told words=said sentence=true /> " " })} {move || text.get()}</p>
            </div>
            {children.map(|children| children())}
        </div>
    }
}
