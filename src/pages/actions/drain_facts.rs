//! The upper half of the drain sheet: facts to read before deciding.

use leptos::prelude::*;
use pitlane_api::{DrainPreview, GuardDemand, Refusal, Risk};

use super::drain_state::DrainState;
use super::stays::StaysTable;
use crate::model::drain;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::platform::locale;
use crate::ui::Alert;
use crate::ui::Button;
use crate::ui::CapacityTrack;
use crate::ui::Icon;
use crate::ui::Notice;
use crate::ui::Tag;
use crate::ui::Told;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// What happens, what stays, what remains.
#[component]
pub fn DrainFacts(state: DrainState) -> impl IntoView {
    dynamic(move || {
        let refusal = state.asking.refusal();
        state.preview.with(|load| load.data().cloned()).map(|preview| {
            view! {
                <ul class="will">
                    <li data-tone="healthy">
                        <Icon glyph=Glyph::Check />
                        <span>
                            <b>{tr!("No new placements.")}</b>
                            " " {tr!("The scheduler places nothing new here.")}
                        </span>
                    </li>
                    <li data-tone="maintenance">
                        <Icon glyph=Glyph::Warning />
                        <span>
                            <b>{tr!("Nothing is evacuated.")}</b>
                            " "
                            {drain::stays(&preview)}
                        </span>
                    </li>
                </ul>
                <Changed refusal=refusal.clone() />
                <Stays preview=preview.clone() refusal=refusal />
                <Guards preview=preview.clone() />
                <After state=state preview=preview />
            }
        })
    })
}

/// The list changed between reading and clicking: what the difference is.
#[component]
fn Changed(refusal: Option<Refusal>) -> impl IntoView {
    let Some(refusal @ Refusal::StatefulWorkloadsChanged { .. }) = refusal else { return ().into_any() };
    let message = refusal.message();
    let Refusal::StatefulWorkloadsChanged { gone, .. } = refusal else { return ().into_any() };
    let gone = (!gone.is_empty()).then(|| {
        let names: Vec<String> = gone.iter().map(drain::readable).collect();
        view! { <p>{tr!("No longer here: {}.", names.join(", "))}</p> }
    });
    view! {
        <Alert>
            <p>
                <b>{tr!("Not drained.")} " "</b>
                <Told words=message />
            </p>
            {gone}
        </Alert>
    }
    .into_any()
}

#[component]
fn Stays(preview: DrainPreview, refusal: Option<Refusal>) -> impl IntoView {
    let count = preview.stateful.len();
    let table = match (count, preview.complete) {
        (0, true) => view! { <p class="muted">{tr!("None runs here: no volume, no writable folder of the host.")}</p> }.into_any(),
        (0, false) => view! { <p class="muted">{tr!("Not evaluated.")}</p> }.into_any(),
        _ => view! {
            <StaysTable workloads=preview.stateful refusal=refusal />
            <p class="muted hint">{tr!("Move or back these up yourself before any destructive host work.")}</p>
        }
        .into_any(),
    };
    view! {
        <section class="stack">
            <h3 class="with-icon">
                <Icon glyph=Glyph::Database />
                {tr!("Stateful workloads that stay")}
                {(count > 0).then(|| view! { <Tag tone=Tone::Maintenance word=crate::words::number(count) /> })}
            </h3>
            {table}
        </section>
    }
}

/// What stands in the way, and what is good to know.
#[component]
fn Guards(preview: DrainPreview) -> impl IntoView {
    preview
        .guards
        .into_iter()
        .filter(|guard| !drain::told_elsewhere(guard.kind))
        .map(|guard| {
            let (tone, glyph) = match guard.demand {
                GuardDemand::Blocks => (Tone::Offline, Glyph::Cross),
                GuardDemand::Acknowledge | GuardDemand::Unknown => (Tone::Degraded, Glyph::Warning),
                GuardDemand::Informs => (Tone::Neutral, Glyph::Info),
            };
            view! {
                <Notice tone=tone glyph=glyph>
                    <p><Told words=guard.message /></p>
                </Notice>
            }
        })
        .collect_view()
}

#[component]
fn After(state: DrainState, preview: DrainPreview) -> impl IntoView {
    let bar = drain::capacity_bar(&preview.capacity_now, &preview.capacity_after).map(|bar| view! { <CapacityTrack bar=Signal::stored(bar) /> });
    let risk = match preview.risk {
        Risk::Low => (tr!("low risk"), Tone::Healthy),
        Risk::Medium => (tr!("medium risk"), Tone::Degraded),
        Risk::High => (tr!("high risk"), Tone::Offline),
        Risk::Unknown => (tr!("risk not known"), Tone::Neutral),
    };
    let text = tr!("{} · read {}", drain::capacity_after(&preview.capacity_after), locale::time(preview.read_at));
    let reasons = preview.risk_reasons.into_iter().map(|reason| view! { <li><Told words=reason /></li> }).collect_view();
    view! {
        <section class="stack">
            <h3 class="with-icon">
                {tr!("After this drain")}
                <Tag tone=risk.1 word=risk.0 />
            </h3>
            {bar}
            <p class="muted hint">
                {text} " "
                <Button label=tr!("Read again") small=true kind=crate::ui::Kind::Quiet on_press=move |()| state.read_again() />
            </p>
            <ul class="muted hint reasons">{reasons}</ul>
        </section>
    }
}
