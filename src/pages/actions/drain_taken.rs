//! The drain sheet of a node that is in maintenance already, or that something else is done to: who and what, and what makes sense instead.

use leptos::prelude::*;
use pitlane_api::{Action as Needs, Node, Operation, Scheduling};

use super::drain_state::DrainState;
use super::operation::OperationProgress;
use crate::model::drain;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::platform::focus;
use crate::route::Action;
use crate::ui::Age;
use crate::ui::Alert;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// Why there is nothing to drain.
#[derive(Clone, PartialEq)]
pub struct Taken {
    maintenance: bool,
    /// What is under way.
    operation: Option<Operation>,
}

impl Taken {
    /// Whether somebody was there before.
    pub fn of(node: &Node) -> Option<Self> {
        let maintenance = node.scheduling == Scheduling::Maintenance;
        let operation = node.operation.clone().filter(|operation| !operation.state.is_finished());
        (maintenance || operation.is_some()).then_some(Self { maintenance, operation })
    }
}

/// What stands in place of the form. What was written into that is kept, for when the node is back before the sheet is closed.
#[component]
pub fn TakenSheet(state: DrainState, taken: Memo<Option<Taken>>) -> impl IntoView {
    let app = state.asking.app;
    let (id, node) = (state.subject.id, state.subject.node);
    // The button that had the focus is gone, and none of the new ones is pressed by whoever is typing.
    focus::to_the_title();
    let maintenance = Memo::new(move |_| taken.with(|taken| taken.as_ref().is_some_and(|taken| taken.maintenance)));
    let operation = Memo::new(move |_| taken.with(|taken| taken.as_ref().and_then(|taken| taken.operation.clone())));
    let under_way = Memo::new(move |_| operation.with(Option::is_some));
    let go = move |action| app.nav.replace(app.nav.route().with_untracked(|route| route.with_sheet(action, &id.get_value())));
    let needs = move |action| Signal::derive(move || app.live.session.why_not(action));
    view! {
        <div class="sheet-body">
            <When cond=move || maintenance.get()>
                <InMaintenance state=state />
            </When>
            <When cond=move || under_way.get()>
                <UnderWay state=state operation=operation />
            </When>
            <When cond=move || maintenance.get()>
                <p class="muted">{move || node.with(|node| tr!("There is nothing left to drain on {}. Running workloads stayed where they are.", node.name))}</p>
            </When>
        </div>
        <footer class="sheet-foot">
            <Button label=tr!("Close") on_press=move |()| app.nav.close() />
            <When cond=move || maintenance.get()>
                <Button label=tr!("Change maintenance…") refused=needs(Needs::Drain) on_press=move |()| go(Action::Maintenance) />
                <Button label=tr!("Activate…") kind=Kind::Primary refused=needs(Needs::Activate) on_press=move |()| go(Action::Activate) />
            </When>
        </footer>
    }
}

#[component]
fn InMaintenance(state: DrainState) -> impl IntoView {
    let node = state.subject.node;
    let record = Memo::new(move |_| node.with(|node| node.maintenance.clone()));
    let since = Signal::derive(move || record.with(|record| record.as_ref()?.since));
    let back = Memo::new(move |_| record.with(|record| record.as_ref()?.expected_back_at));
    let note = move || record.with(|record| record.as_ref()?.note.clone()).map(|note| view! { <p><Told words=note sentence=true /></p> });
    view! {
        <Alert tone=Tone::Maintenance glyph=Glyph::Wrench>
            // Read out once: the age in it ticks.
            <p aria-live="off">
                <NotDrained state=state />
                <Age at=since relative=true sentence=move |ago: &str| record.with(|record| drain::taken(record.as_ref(), ago)) />
            </p>
            {move || note()}
            <When cond=move || back.get().is_some()>
                <p aria-live="off">
                    <Age at=back relative=true sentence=|at: &str| tr!("Expected back {}.", at) />
                </p>
            </When>
        </Alert>
    }
}

#[component]
fn UnderWay(state: DrainState, operation: Memo<Option<Operation>>) -> impl IntoView {
    let asked = Signal::derive(move || operation.with(|operation| operation.as_ref().map(|operation| operation.created_at)));
    let sentence =
        move |ago: &str| operation.with(|operation| operation.as_ref().map(|operation| drain::under_way(operation, ago)).unwrap_or_default());
    view! {
        <Alert tone=Tone::Pending glyph=Glyph::Info>
            <p aria-live="off">
                <NotDrained state=state />
                <Age at=asked relative=true sentence=sentence />
            </p>
        </Alert>
        {move || operation.get().map(|operation| view! { <OperationProgress operation=Signal::stored(operation) /> })}
    }
}

/// Somebody has pressed the button, and was second.
#[component]
fn NotDrained(state: DrainState) -> impl IntoView {
    let refused = Memo::new(move |_| state.asking.problem.with(Option::is_some));
    view! {
        <When cond=move || refused.get()>
            <b>{tr!("Not drained.")}</b>
            " "
        </When>
    }
}
