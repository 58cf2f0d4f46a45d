//! The lower half of the sheet about many nodes: one reason, the pace, and what has to be acknowledged.

use leptos::prelude::*;
use pitlane_api::OperationKind;

use super::ask_state::Ask;
use crate::model::bulk;
use crate::model::bulk::Missing;
use crate::model::drain;
use crate::pages::actions::NotSent;
use crate::pages::actions::WhyFields;
use crate::ui::CheckField;
use crate::ui::SelectField;
use crate::ui::When;
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
    let why = Signal::derive(move || match ask.missing.get() {
        Some(Missing::Drain(missing)) => Some(missing),
        _ => None,
    });
    view! {
        {drain.then(|| view! { <WhyFields asking=ask.asking missing=why /> })}
        <SelectField label=tr!("Pace") options=paces value=ask.at_once />
        {drain.then(|| view! { <Acknowledgements ask=ask /> })}
        <Refused ask=ask />
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
            <CheckField label=Signal::derive(understood) value=ask.asking.understood wrong=lacks(Missing::Drain(drain::Missing::UnderstandStateful)) />
        </When>
        <When cond=move || unread.get()>
            <CheckField
                label=tr!("I know that not every workload could be read, and drain these nodes all the same.")
                value=ask.asking.unread
                wrong=lacks(Missing::Drain(drain::Missing::AcknowledgeUnread))
            />
        </When>
        <When cond=move || last.get()>
            <CheckField label=tr!("Drain them although no other node takes placements.") value=ask.asking.allow_last wrong=lacks(Missing::AllowLast) />
        </When>
    }
}

/// What keeps the request back here, or what the server said no to, unless a field tells of it.
#[component]
fn Refused(ask: Ask) -> impl IntoView {
    let text = move || {
        let missing = ask.missing.get().filter(|missing| {
            let at_field =
                matches!(missing, Missing::Drain(drain::Missing::Reason | drain::Missing::ReasonTooLong | drain::Missing::ExpectedInThePast));
            !at_field
        });
        missing.map(|missing| missing.words().into()).or_else(|| ask.asking.problem_beside(&["reason", "expected_back_at"]))
    };
    let head = if ask.kind == OperationKind::Activate { tr!("Not activated.") } else { tr!("Not drained.") };
    view! { <NotSent head=head text=Signal::derive(text) /> }
}
