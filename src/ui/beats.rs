//! The strip of the last beats: one path, so that a beat changes one attribute.

use leptos::prelude::*;

use super::view;
use std::fmt::Write;

use crate::model::{fold::STRIP, tone::Tone};

/// In tenths of the picture's unit, so that whole numbers do.
const STEP: usize = 35;

/// Bars for beats that came, dots for those that did not.
#[component]
pub fn Beats(#[prop(into)] recent: Signal<Vec<u8>>, #[prop(into)] tone: Signal<Tone>) -> impl IntoView {
    view! {
        <svg class="beats" viewBox="0 0 1040 120" preserveAspectRatio="none" aria-hidden="true" data-tone=move || tone.get().as_str()>
            <path d=move || recent.with(|recent| path(recent)) />
        </svg>
    }
}

/// The newest beat stands at the right; what was before the first one is shown as missed.
fn path(recent: &[u8]) -> String {
    let mut path = String::with_capacity(STRIP * 16);
    let shown = recent.get(recent.len().saturating_sub(STRIP)..).unwrap_or(recent);
    let missing = STRIP - shown.len();
    let beats = std::iter::repeat_n(&0, missing).chain(shown);
    for (at, beat) in beats.enumerate() {
        let height = match beat {
            0 => 12,
            beat => 30 + 80 * u32::from((*beat).min(100)) / 100,
        };
        let _ = write!(path, "M{} 120v-{height}", at * STEP + 10);
    }
    path
}
