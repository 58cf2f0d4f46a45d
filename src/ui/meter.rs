//! Meters. The number is text; the bar repeats it for the eye.

use leptos::prelude::*;

use super::view;

use crate::model::{counts::CapacityBar, format, tone::Tone};

/// A share of a hundred under its name.
#[component]
pub fn Meter(#[prop(into)] label: String, #[prop(into)] value: Signal<Option<f64>>, #[prop(into)] bad: Signal<bool>) -> impl IntoView {
    let tone = move || if bad.get() { Tone::Degraded.as_str() } else { Tone::Healthy.as_str() };
    view! {
        <div class="meter" data-tone=tone>
            <span class="meter-head">
                {label}
                <b>{move || format::percent(value.get())}</b>
            </span>
            <span class="meter-track" aria-hidden="true">
                <span class="meter-fill" style:width=move || width(value.get().unwrap_or(0.0))></span>
            </span>
        </div>
    }
}

/// Capacity: used, out of the scheduler, free.
#[component]
pub fn CapacityTrack(#[prop(into)] bar: Signal<CapacityBar>) -> impl IntoView {
    view! {
        <span class="capacity-track" aria-hidden="true">
            <span data-part="used" style:width=move || width(bar.get().used)></span>
            <span data-part="out" style:width=move || width(bar.get().out)></span>
        </span>
    }
}

fn width(percent: f64) -> String {
    format!("{}%", format::tenths(percent.clamp(0.0, 100.0)))
}
