//! "Ready to activate?" in maintenance, and the plain signals otherwise.

use leptos::prelude::*;
use pitlane_api::SignalState;

use super::Shared;
use crate::api;
use crate::model::card;
use crate::model::format;
use crate::model::tone;
use crate::pages::actions::CheckList;
use crate::pages::poll::every;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Icon;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// One of the two panels.
#[component]
pub fn Readiness(shared: Shared) -> impl IntoView {
    view! {
        <When cond=move || shared.maintenance.get() fallback=move || view! { <Signals shared=shared /> }>
            <Checks shared=shared />
        </When>
    }
}

#[component]
fn Checks(shared: Shared) -> impl IntoView {
    let checks = Remote::new(move || {
        let id = shared.id.get_value();
        async move { api::activation_checks(&id).await }
    });
    every(shared.app, 5, move || checks.reload());
    let body = move || {
        checks.with(|load| match load {
            Load::Loading => view! { <Skeleton shape="line" count=6 /> }.into_any(),
            Load::Failed(error, None) => view! {
                <Problem title=tr!("The checks could not be read") text=error.message() on_retry=move |()| checks.reload() />
            }
            .into_any(),
            Load::Ready(checks) | Load::Failed(_, Some(checks)) => view! { <CheckList checks=checks.clone() /> }.into_any(),
        })
    };
    view! {
        <section class="panel" aria-label=tr!("Ready to activate?")>
            <h2>{tr!("Ready to activate?")}</h2>
            {move || body()}
        </section>
    }
}

/// A signal's state for a screen reader.
fn state_word(state: SignalState) -> String {
    match state {
        SignalState::Ok => tr!("signal" => "ready"),
        SignalState::Bad => tr!("signal" => "not ready"),
        SignalState::NotPresent => tr!("signal" => "not present"),
        SignalState::Unknown => tr!("signal" => "not known"),
    }
}

#[component]
fn Signals(shared: Shared) -> impl IntoView {
    let signals = move || shared.node.with(|node| node.signals.clone());
    let rows = move || {
        signals()
            .into_iter()
            .map(|signal| {
                let (tone, glyph) = tone::signal(signal.state);
                let name = card::signal_name(&signal);
                let detail = if signal.detail.is_empty() { format::UNKNOWN.into_any() } else { view! { <Told words=signal.detail /> }.into_any() };
                view! {
                    <li data-tone=tone.as_str()>
                        <Icon glyph=glyph />
                        <span>{name} <span class="visually-hidden">{tr!(": {}", state_word(signal.state))}</span></span>
                        <span class="check-detail">{detail}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let none = move || signals().is_empty().then(|| view! { <p class="muted">{tr!("No signal has been reported yet.")}</p> });
    view! {
        <section class="panel" aria-label=tr!("Readiness")>
            <h2>{tr!("Readiness")}</h2>
            <ul class="checks">{move || rows()}</ul>
            {move || none()}
        </section>
    }
}
