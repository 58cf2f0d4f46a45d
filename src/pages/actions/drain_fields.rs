//! The lower half of the drain sheet: reason, expected back, and what has to be acknowledged.

use leptos::prelude::*;
use pitlane_api::{REASON_MAX, Refusal};

use super::drain_state::DrainState;
use super::drain_state::OWN_TIME;
use super::drain_when::DrainWhen;
use super::drain_when::PleaseDrain;
use crate::model::drain::Missing;
use crate::model::expected::Expected;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::ui::CheckField;
use crate::ui::Commands;
use crate::ui::Notice;
use crate::ui::SelectField;
use crate::ui::TextField;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// What a person fills in and ticks.
#[component]
pub fn DrainFields(state: DrainState) -> impl IntoView {
    let reason_error = Signal::derive(move || {
        let missing = state.missing.get().filter(|m| matches!(m, Missing::Reason | Missing::ReasonTooLong));
        missing.map(|missing| missing.words()).or_else(|| state.field_error("reason"))
    });
    let choices = Expected::CHOICES
        .iter()
        .map(|(choice, word)| ((*word).to_owned(), choice.label()))
        .chain([(OWN_TIME.to_owned(), tr!("at a time…"))])
        .collect();
    let own_time = move || state.expected.with(|word| word == OWN_TIME);
    let time_error = Signal::derive(move || {
        let missing = state.missing.get().filter(|m| *m == Missing::ExpectedInThePast);
        missing.map(|missing| missing.words()).or_else(|| state.field_error("expected_back_at"))
    });
    let commands = Memo::new(move |_| state.preview.with(|load| load.data().map(|p| p.commands.clone()).unwrap_or_default()));
    view! {
        <div class="drain-fields">
            <TextField label=tr!("Reason") value=state.reason error=reason_error placeholder=tr!("Kernel 6.12 reboot") max=REASON_MAX />
            <SelectField label=tr!("Expected back") options=choices value=state.expected />
            <When cond=own_time>
                <TextField label=tr!("Back at") value=state.expected_at kind="datetime-local" error=time_error />
            </When>
        </div>
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
    let last = Memo::new(move |_| matches!(state.refusal(), Some(Refusal::LastSchedulableNode { .. })) || state.allow_last.get());
    let missing = move |missing| Signal::derive(move || state.missing.get() == Some(missing));
    let understood = move || {
        let n = stateful.get();
        tr!("I understand that 1 stateful workload stays on this node and is not moved."
            | "I understand that {n} stateful workloads stay on this node and are not moved." % n)
    };
    view! {
        <When cond=move || { stateful.get() > 0 }>
            <CheckField label=Signal::derive(understood) value=state.understood wrong=missing(Missing::UnderstandStateful) />
        </When>
        <When cond=move || !complete.get()>
            <CheckField label=tr!("I know that not every workload could be read, and drain the node all the same.") value=state.unread wrong=missing(Missing::AcknowledgeUnread) />
        </When>
        <When cond=move || last.get()>
            <CheckField label=tr!("Drain it although no other node takes placements.") value=state.allow_last wrong=true />
        </When>
    }
}

/// What keeps the request back here, or what the server said no to, unless another part of the sheet tells of it.
#[component]
fn Refused(state: DrainState) -> impl IntoView {
    dynamic(move || {
        let missing = state.missing.get().filter(|m| matches!(m, Missing::UnderstandStateful | Missing::AcknowledgeUnread));
        let text = missing.map(|missing| missing.words()).or_else(|| {
            let shown_above = matches!(state.refusal(), Some(Refusal::StatefulWorkloadsChanged { .. }));
            let at_field = ["reason", "expected_back_at", "starts_at"].into_iter().any(|field| state.field_error(field).is_some());
            state.problem.with(|problem| problem.as_ref().filter(|_| !shown_above && !at_field).map(|problem| problem.message()))
        });
        text.map(|text| {
            view! {
                <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                    <p>
                        <b>{tr!("Not drained.")} " "</b>
                        {text}
                    </p>
                </Notice>
            }
        })
    })
}
