//! What came of something a person has just asked for: read out at once, and brought to where it is seen.

use leptos::{html, prelude::*};

use super::view;

use super::Notice;
use crate::model::tone::{Glyph, Tone};
use crate::platform::focus;

/// A notice that scrolls into sight, in a sheet that is longer than its window.
#[component]
pub fn Alert(
    #[prop(default = Tone::Offline)] tone: Tone,
    #[prop(default = Glyph::Warning)] glyph: Glyph,
    /// What may push it out of sight again.
    #[prop(optional, into)]
    beside: Signal<()>,
    children: Children,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move || {
        beside.track();
        if let Some(place) = place.get() {
            focus::into_sight(&place);
        }
    });
    view! {
        <div node_ref=place>
            <Notice tone=tone glyph=glyph alert=true>
                {children()}
            </Notice>
        </div>
    }
}
