//! The lower half of the sheet about many nodes: one reason, the pace, and what has to be acknowledged.

use leptos::prelude::*;
use pitlane_api::{OperationKind, REASON_MAX};

use super::ask_state::Ask;
use crate::model::bulk;
use crate::model::bulk::Missing;
use crate::model::drain;
use crate::model::expected::Expected;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::OWN_TIME;
use crate::ui::CheckField;
use crate::ui::Notice;
use crate::ui::SelectField;
use crate::ui::TextField;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::{number, tr};

/// How many at a time can be chosen.
const PACES: [u32; 4] = [2, 3, 5, 10];

/// What a person fills in and ticks.
#[component]
pub fn Fields(ask: Ask) -> impl IntoView {
    let paces =
        std::iter::once(("1".to_owned(), tr!("one after another"))).chain(PACES.map(|n| (n.to_string(), tr!("{} at a time", number(n))))).collect();
    let drain = ask.kind == OperationKind::Drain;
    view! {
        {drain.then(|| view! { <Why ask=ask /> })}
        <SelectField label=tr!("Pace") options=paces value=ask.at_once />
        {drain.then(|| view! { <Acknowledgements ask=ask /> })}
        <Refused ask=ask />
    }
}

#[component]
fn Why(ask: Ask) -> impl IntoView {
    let missing = move |of: fn(drain::Missing) -> bool| {
        ask.missing.get().and_then(|missing| match missing {
            Missing::Drain(missing) if of(missing) => Some(missing.words()),
            _ => None,
        })
    };
    let reason = move || missing(|m| matches!(m, drain::Missing::Reason | drain::Missing::ReasonTooLong)).or_else(|| ask.field_error("reason"));
    let time = move || missing(|m| m == drain::Missing::ExpectedInThePast).or_else(|| ask.field_error("expected_back_at"));
    let choices = Expected::CHOICES
        .iter()
        .map(|(choice, word)| ((*word).to_owned(), choice.label()))
        .chain([(OWN_TIME.to_owned(), tr!("at a time…"))])
        .collect();
    let own_time = move || ask.expected.with(|word| word == OWN_TIME);
    view! {
        <div class="drain-fields">
            <TextField
                label=tr!("Reason")
                value=ask.reason
                error=Signal::derive(reason)
                placeholder=tr!("Kernel 6.12 reboot")
                max=REASON_MAX
            />
            <SelectField label=tr!("Expected back") options=choices value=ask.expected />
            <When cond=own_time>
                <TextField label=tr!("Back at") value=ask.expected_at kind="datetime-local" error=Signal::derive(time) />
            </When>
        </div>
    }
}

#[component]
fn Acknowledgements(ask: Ask) -> impl IntoView {
    let counts = Memo::new(move |_| {
        ask.preview.with(|load| {
            let preview = load.data()?;
            let nodes = bulk::ready(preview).filter(|node| !node.stateful.is_empty()).count();
            Some((bulk::stateful(preview), nodes))
        })
    });
    let stateful = Memo::new(move |_| counts.get().is_some_and(|(stateful, _)| stateful > 0));
    let unread = Memo::new(move |_| ask.preview.with(|load| load.data().is_some_and(bulk::is_unread)));
    let last = Memo::new(move |_| ask.preview.with(|load| load.data().is_some_and(|preview| preview.takes_the_last)));
    let lacks = move |missing| Signal::derive(move || ask.missing.get() == Some(missing));
    let understood = move || {
        let (stateful, nodes) = counts.get().unwrap_or_default();
        let nodes = tr!("1 node" | "{n} nodes" % nodes);
        tr!(
            "I understand that 1 stateful workload stays on {} and is not moved."
                | "I understand that {n} stateful workloads stay on {} and are not moved." % stateful,
            nodes
        )
    };
    view! {
        <When cond=move || stateful.get()>
            <CheckField label=Signal::derive(understood) value=ask.understood wrong=lacks(Missing::Drain(drain::Missing::UnderstandStateful)) />
        </When>
        <When cond=move || unread.get()>
            <CheckField label=tr!("I know that not every workload could be read, and drain these nodes all the same.") value=ask.unread wrong=lacks(Missing::Drain(drain::Missing::AcknowledgeUnread)) />
        </When>
        <When cond=move || last.get()>
            <CheckField label=tr!("Drain them although no other node takes placements.") value=ask.allow_last wrong=lacks(Missing::AllowLast) />
        </When>
    }
}

/// What keeps the request back here, or what the server said no to, unless a field tells of it.
#[component]
fn Refused(ask: Ask) -> impl IntoView {
    dynamic(move || {
        let missing = ask.missing.get().filter(|missing| {
            let at_field =
                matches!(missing, Missing::Drain(drain::Missing::Reason | drain::Missing::ReasonTooLong | drain::Missing::ExpectedInThePast));
            !at_field
        });
        let text = missing.map(|missing| missing.words()).or_else(|| {
            let at_field = ask.field_error("reason").is_some() || ask.field_error("expected_back_at").is_some();
            ask.problem.with(|problem| problem.as_ref().filter(|_| !at_field).map(|problem| problem.message()))
        });
        text.map(|text| {
            view! {
                <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                    <p>
                        <b>{if ask.kind == OperationKind::Activate { tr!("Not activated.") } else { tr!("Not drained.") }}</b>
                        " "
                        {text}
                    </p>
                </Notice>
            }
        })
    })
}
