//! Steps of something that takes a while.

use leptos::prelude::*;

use super::view;

use super::Icon;
use crate::model::{operation::StepState, tone::Glyph};
use crate::words::tr;

/// An ordered list of steps, each with where it stands.
#[component]
pub fn Steps(#[prop(into)] steps: Signal<Vec<(StepState, String)>>) -> impl IntoView {
    let rows = move || {
        steps
            .get()
            .into_iter()
            .map(|(state, words)| {
                view! {
                    <li data-state=state.as_str()>
                        <Icon glyph=glyph(state) />
                        <span>{words} <span class="visually-hidden">{tr!(", {}", state.spoken())}</span></span>
                    </li>
                }
            })
            .collect_view()
    };
    view! { <ol class="steps">{move || rows()}</ol> }
}

const fn glyph(state: StepState) -> Glyph {
    match state {
        StepState::Done => Glyph::Check,
        StepState::Now => Glyph::Spinner,
        StepState::Waiting => Glyph::Clock,
        StepState::Failed => Glyph::Cross,
        StepState::Ahead => Glyph::Ring,
    }
}
