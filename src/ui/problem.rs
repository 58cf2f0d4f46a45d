//! Something could not be shown: what, and the way out.

use leptos::prelude::*;

use super::view;

use super::{Button, Icon, marked};
use crate::model::tone::Glyph;
use crate::words::{Line, tr};

/// A whole page's or panel's worth of "this did not work".
#[component]
pub fn Problem(
    #[prop(into)] title: String,
    #[prop(into)] text: Line,
    /// For the administrator: the request's id.
    #[prop(optional, into)]
    reference: Option<String>,
    #[prop(into)] on_retry: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="problem" role="alert" data-tone="offline">
            <Icon glyph=Glyph::Warning />
            <h2>{title}</h2>
            <p class="muted">{marked(text)}</p>
            {reference.map(|id| view! { <p class="mono muted">{tr!("Request {}", id)}</p> })}
            <Button label=tr!("Try again") on_press=on_retry />
        </div>
    }
}
