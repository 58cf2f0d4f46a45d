//! The lower half of the drain sheet: reason, expected back, and what has to be acknowledged.

use leptos::prelude::*;
use pitlane_api::Refusal;

use super::ask_form::NotSent;
use super::ask_form::WhyFields;
use super::drain_state::DrainState;
use super::drain_when::DrainWhen;
use super::drain_when::PleaseDrain;
use crate::model::drain;
use crate::model::drain::{EXPECTED, Missing, REASON, STARTS};
use crate::ui::CheckField;
use crate::ui::Commands;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// What a person fills in and ticks.
#[component]
pub fn DrainFields(state: DrainState) -> impl IntoView {
    let commands = Memo::new(move |_| state.commands());
    view! {
        <WhyFields asking=state.asking missing=state.missing />
        <DrainWhen state=state />
        <PleaseDrain state=state />
        <Acknowledgements state=state />
        <Refused state=state />
        <details class="equivalent">
            <summary>{tr!("The same from a terminal")}</summary>
            {move || view! { <Commands commands=commands.get() /> }}
        </details>
    }
}

#[component]
fn Acknowledgements(state: DrainState) -> impl IntoView {
    let stateful = Memo::new(move |_| state.preview.with(|load| load.data().map_or(0, |p| p.stateful.len())));
    let complete = Memo::new(move |_| state.preview.with(|load| load.data().is_none_or(|p| p.complete)));
    // As the preview has it, or the refusal of a moment later.
    let last = Memo::new(move |_| {
        let refused = matches!(state.asking.refusal(), Some(Refusal::LastSchedulableNode { .. }));
        refused || state.asking.allow_last.get() || state.preview.with(|load| load.data().is_some_and(drain::takes_the_last))
    });
    let missing = move |missing: Missing| Signal::derive(move || state.missing.with(|lacks| lacks.as_ref() == Some(&missing)));
    let lacks_last = missing(Missing::AllowLast);
    let wrong_last = Signal::derive(move || lacks_last.get() || matches!(state.asking.refusal(), Some(Refusal::LastSchedulableNode { .. })));
    let understood = move || {
        let n = stateful.get();
        tr!("I understand that 1 stateful workload stays on this node and is not moved."
            | "I understand that {n} stateful workloads stay on this node and are not moved." % n)
    };
    view! {
        <When cond=move || { stateful.get() > 0 }>
            <CheckField label=Signal::derive(understood) value=state.asking.understood wrong=missing(Missing::UnderstandStateful) />
        </When>
        <When cond=move || !complete.get()>
            <CheckField
                label=tr!("I know that not every workload could be read, and drain the node all the same.")
                value=state.asking.unread
                wrong=missing(Missing::AcknowledgeUnread)
            />
        </When>
        <When cond=move || last.get()>
            <CheckField label=tr!("Drain it although no other node takes placements.") value=state.asking.allow_last wrong=wrong_last />
        </When>
    }
}

/// What keeps the request back here, or what the server said no to, unless another part of the sheet tells of it.
#[component]
fn Refused(state: DrainState) -> impl IntoView {
    let text = move || {
        let missing = state.missing.get().filter(|missing| missing.field().is_none());
        let shown_above = matches!(state.asking.refusal(), Some(Refusal::StatefulWorkloadsChanged { .. }));
        let problem = || state.asking.problem_beside(&[REASON, EXPECTED, STARTS]).filter(|_| !shown_above);
        missing.map(|missing| missing.words().into()).or_else(problem)
    };
    view! { <NotSent asking=state.asking preview=state.preview head=tr!("Not drained.") text=Signal::derive(text) /> }
}
