//! A state told by picture, word and colour.

use leptos::prelude::*;

use super::view;

use super::Icon;
use crate::model::tone::{Mark, Tone};

/// One state.
#[component]
pub fn Badge(mark: Mark) -> impl IntoView {
    view! {
        <span class="badge" data-tone=mark.tone.as_str()>
            <Icon glyph=mark.glyph />
            {mark.word}
        </span>
    }
}

/// A small word without a picture, for what is no state: `simulated`, `update`, `Stateful`.
#[component]
pub fn Tag(tone: Tone, #[prop(into)] word: String, #[prop(optional, into)] title: Option<String>) -> impl IntoView {
    view! {
        <span class="badge" data-size="small" data-tone=tone.as_str() title=title>
            {word}
        </span>
    }
}

/// The dot before a word.
#[component]
pub fn Dot(#[prop(into)] tone: Signal<Tone>, #[prop(optional)] halo: bool) -> impl IntoView {
    view! { <span class="dot" data-halo=halo data-tone=move || tone.get().as_str() aria-hidden="true"></span> }
}
