//! Buttons. One that may not be pressed stays visible and says why.

use leptos::prelude::*;

use super::view;

use super::{Icon, unique_id};
use crate::model::tone::Glyph;

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Plain,
    /// The one thing to do here.
    Primary,
    /// Takes a node out, or removes it.
    Danger,
    /// Beside others.
    Quiet,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Primary => "primary",
            Kind::Danger => "danger",
            Kind::Quiet => "quiet",
        }
    }
}

/// A button with a word on it.
#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
    #[prop(optional, into)] kind: Signal<Kind>,
    #[prop(optional)] small: bool,
    #[prop(optional)] submit: bool,
    #[prop(optional)] icon: Option<Glyph>,
    /// The accessible name, where the word alone would not do.
    #[prop(optional, into)]
    name: Option<String>,
    /// Why it cannot be pressed; it is then disabled for assistive technology and keeps its place and focus.
    #[prop(optional, into)]
    refused: Signal<Option<String>>,
    #[prop(optional, into)] busy: Signal<bool>,
) -> impl IntoView {
    let id = unique_id("why");
    let described = {
        let id = id.clone();
        move || refused.with(Option::is_some).then(|| id.clone())
    };
    let press = move |_| {
        if refused.with_untracked(Option::is_none) && !busy.get_untracked() {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class="button"
            data-kind=move || kind.get().as_str()
            data-size=small.then_some("small")
            aria-label=name
            aria-disabled=move || refused.with(Option::is_some).then_some("true")
            aria-busy=move || busy.get().then_some("true")
            aria-describedby=described
            title=move || refused.get()
            on:click=press
        >
            {icon.map(|glyph| view! { <Icon glyph=glyph /> })}
            {move || label.get()}
        </button>
        {move || refused.get().map(|why| view! { <span class="visually-hidden" id=id.clone()>{why}</span> })}
    }
}

/// A button with a picture only. Its name is for those who do not see it, and for the title.
#[component]
pub fn IconButton(
    #[prop(into)] glyph: Signal<Glyph>,
    #[prop(into)] name: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
    #[prop(optional)] small: bool,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button"
            data-kind="quiet"
            data-shape="icon"
            data-size=small.then_some("small")
            aria-label=move || name.get()
            title=move || name.get()
            on:click=move |_| on_press.run(())
        >
            <Icon glyph=glyph />
        </button>
    }
}
