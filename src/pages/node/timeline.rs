//! The heartbeats of the last 24 hours.

use leptos::prelude::*;
use pitlane_api::Samples;

use super::Shared;
use crate::api;
use crate::model::format;
use crate::model::timeline;
use crate::pages::poll::every;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::view;

/// The panel.
#[component]
pub fn Timeline(shared: Shared) -> impl IntoView {
    let samples = Remote::new(move || {
        let id = shared.id.get_value();
        async move { api::samples(&id).await }
    });
    every(shared.app, 60, move || samples.reload());
    let body = move || {
        samples.with(|load| match load {
            Load::Loading => view! { <Skeleton shape="line" count=3 /> }.into_any(),
            Load::Failed(error, None) => view! {
                <Problem title="The timeline could not be read" text=error.message() on_retry=move |()| samples.reload() />
            }
            .into_any(),
            Load::Ready(samples) | Load::Failed(_, Some(samples)) => view! { <Picture samples=samples.clone() /> }.into_any(),
        })
    };
    view! {
        <section class="panel" aria-label="Heartbeat, last 24 hours">
            <h2>"Heartbeat" <span class="muted">" last 24 h"</span></h2>
            {move || body()}
        </section>
    }
}

/// A bar per bucket, as high as the share of heartbeats that came. Where nobody watched there is a thin line.
#[component]
fn Picture(samples: Samples) -> impl IntoView {
    let (slots, bars) = timeline::bars(&samples);
    let spoken = timeline::spoken(&samples);
    let rects = bars
        .into_iter()
        .map(|bar| {
            let height = 4.0 + 40.0 * bar.part;
            view! {
                <rect
                    data-tone=bar.tone.as_str()
                    x=bar.slot.to_string()
                    y=format::tenths(44.0 - height)
                    width="0.82"
                    height=format::tenths(height)
                />
            }
        })
        .collect_view();
    view! {
        <div class="timeline">
            <svg viewBox=format!("0 0 {slots} 44") preserveAspectRatio="none" role="img" aria-label=spoken.clone()>
                <rect data-tone="neutral" x="0" y="43" width=slots.to_string() height="1" />
                {rects}
            </svg>
            <div class="timeline-scale" aria-hidden="true">
                <span>"24 h ago"</span>
                <span>"12 h"</span>
                <span>"now"</span>
            </div>
            <p class="muted hint">{spoken}</p>
        </div>
    }
}
