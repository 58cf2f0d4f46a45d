//! Small charts of something over time. They know slots, paths and words, and not what they are about. The pictures are for the eye; what
//! they show stands beside them in words, and in a table for who wants all of it.

use leptos::prelude::*;

use super::unique_id;
use super::view;
use crate::model::format;
use crate::model::tone::Tone;
use crate::platform::pointer;

/// From a slot on, so many: where the background carries the stripes of maintenance.
pub type Band = (usize, usize);

/// The frame of a chart: a picture, bands over it, and the line at the slot that is looked at. The pointer says which one that is.
#[component]
pub fn Chart(
    slots: usize,
    bands: Vec<Band>,
    /// The slot that is looked at, for all charts of a page together.
    cursor: RwSignal<Option<usize>>,
    /// Lower, for states.
    #[prop(optional)]
    low: bool,
    children: Children,
) -> impl IntoView {
    let part = move |slot: usize| format!("{}%", format::tenths(slot as f64 * 100.0 / slots.max(1) as f64));
    let bands = bands
        .into_iter()
        .map(|(from, len)| view! { <span class="chart-band" style:inset-inline-start=part(from) style:inline-size=part(len)></span> })
        .collect_view();
    let look = move |event: leptos::ev::PointerEvent| {
        let slot = pointer::along(&event).map(|part| ((part * slots as f64) as usize).min(slots.saturating_sub(1)));
        if slot != cursor.get_untracked() {
            cursor.set(slot);
        }
    };
    let line = move || cursor.get().map(|slot| view! { <span class="chart-cursor" style:inset-inline-start=part(slot)></span> });
    view! {
        <div class="chart" data-low=low aria-hidden="true" on:pointermove=look on:pointerleave=move |_| cursor.set(None)>
            <svg viewBox=format!("0 0 {slots} 40") preserveAspectRatio="none">
                {children()}
            </svg>
            {bands}
            {line}
        </div>
    }
}

/// A figure: a line over its area.
#[component]
pub fn ChartLine(line: String, area: String) -> impl IntoView {
    leptos::prelude::view! {
        <path class="chart-area" d=area />
        <path class="chart-line" d=line />
    }
    .into_any()
}

/// Shapes of one colour.
#[component]
pub fn ChartShape(tone: Tone, path: String) -> impl IntoView {
    leptos::prelude::view! { <path class="chart-shape" data-tone=tone.as_str() d=path /> }.into_any()
}

/// How a state is drawn: a colour, and a height of its own, since a state is never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A low bar.
    Good,
    /// A high bar.
    Bad,
    /// An outline.
    Unknown,
}

/// A time in one state.
#[component]
pub fn ChartMark(from: usize, len: usize, mark: Mark) -> impl IntoView {
    let (y, height, tone) = match mark {
        Mark::Good => ("28", "12", Tone::Healthy),
        Mark::Bad => ("0", "40", Tone::Offline),
        Mark::Unknown => ("20", "20", Tone::Neutral),
    };
    leptos::prelude::view! {
        <rect
            class="chart-mark"
            data-tone=tone.as_str()
            data-hollow=mark == Mark::Unknown
            x=from.to_string()
            y=y
            width=len.to_string()
            height=height
        />
    }
    .into_any()
}

/// Moves the slot that is looked at by keys and by touch. `reads` is said of it.
#[component]
pub fn ChartScrubber(
    slots: usize,
    cursor: RwSignal<Option<usize>>,
    #[prop(into)] label: String,
    #[prop(into)] reads: Signal<String>,
) -> impl IntoView {
    let id = unique_id("scrub");
    let last = slots.saturating_sub(1);
    view! {
        <label class="visually-hidden" for=id.clone()>
            {label}
        </label>
        <input
            class="chart-scrubber no-print"
            id=id
            type="range"
            min="0"
            max=last.to_string()
            step="1"
            prop:value=move || cursor.get().unwrap_or(last).to_string()
            aria-valuetext=move || reads.get()
            on:input=move |event| cursor.set(event_target_value(&event).parse().ok())
            on:blur=move |_| cursor.set(None)
        />
    }
}
