//! The drain sheet: what will and will not happen, what stays, what remains, and why.

use leptos::prelude::*;
use pitlane_api::{Action, OperationState};

use super::Subject;
use super::ask_form::AskForm;
use super::drain_facts::DrainFacts;
use super::drain_fields::DrainFields;
use super::drain_state::DrainState;
use super::drain_taken::Taken;
use super::drain_taken::TakenSheet;
use super::fleet_name;
use super::operation::OperationProgress;
use crate::model::operation;
use crate::pages::context::App;
use crate::platform::focus;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Sheet;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// The sheet. Once the request is accepted it shows the operation until the engine confirmed it.
#[component]
pub fn DrainSheet(
    subject: Subject,
    /// Begins later: changes the plan that is open, or makes one.
    #[prop(optional)]
    later: bool,
) -> impl IntoView {
    let app = App::get();
    let plan = subject.node.with_untracked(|node| node.planned.as_deref().filter(|_| later).cloned());
    let changing = plan.is_some();
    let state = DrainState::new(app, subject, plan, later);
    let name = move || subject.name.get();
    let title = move || match (changing, state.is_later()) {
        (true, _) => tr!("Change the planned drain of {}", name()),
        (_, true) => tr!("Plan a drain of {}", name()),
        _ => tr!("Drain {}", name()),
    };
    let fleet = fleet_name(app);
    let accepted = Memo::new(move |_| state.sent.with(Option::is_some));
    // What is under way from here is not somebody else's.
    let taken = Memo::new(move |_| if state.asking.busy.get() { None } else { subject.node.with(Taken::of) });
    let is_taken = Memo::new(move |_| taken.with(Option::is_some));
    Effect::new(move |before: Option<bool>| {
        let taken = is_taken.get();
        // What was read, ticked and refused was so for a node that others have changed since.
        if before == Some(true) && !taken {
            state.asking.problem.set(None);
            state.read_again();
        }
        taken
    });
    let body = move || match (accepted.get(), is_taken.get()) {
        (true, _) => view! { <Accepted state=state /> }.into_any(),
        (_, true) => view! { <TakenSheet state=state taken=taken /> }.into_any(),
        _ => view! { <Asked state=state /> }.into_any(),
    };
    view! {
        <Sheet
            title=Signal::derive(title)
            subtitle=Signal::derive(move || tr!("{} · Puts the node into maintenance. Can be undone with Activate.", fleet()))
            on_close=move |()| app.nav.close()
        >
            {move || body()}
        </Sheet>
    }
}

#[component]
fn Asked(state: DrainState) -> impl IntoView {
    let label = move || match (state.is_later(), state.plan.with_value(Option::is_some)) {
        (false, _) => tr!("Drain node"),
        (true, false) => tr!("Plan drain"),
        (true, true) => tr!("Save plan"),
    };
    view! {
        <AskForm
            asking=state.asking
            preview=state.preview
            unread=tr!("What a drain would do could not be read")
            label=Signal::derive(label)
            kind=Kind::Danger
            needs=Action::Drain
            on_submit=move |()| state.submit()
        >
            <DrainFacts state=state />
            <DrainFields state=state />
        </AskForm>
    }
}

/// Accepted: the steps until the engine confirmed it.
#[component]
fn Accepted(state: DrainState) -> impl IntoView {
    let app = state.asking.app;
    let node = state.subject.node;
    let current = Memo::new(move |_| {
        let sent = state.sent.get()?;
        let known = app.live.fleet.operation(&sent.id).unwrap_or(sent);
        Some(node.with(|node| operation::as_shown(&known, node)))
    });
    focus::to_what_is_next();
    let done = Memo::new(move |_| current.with(|op| op.as_ref().is_some_and(|op| op.state == OperationState::Completed)));
    view! {
        <div class="sheet-body">
            {move || state.sent.get().map(|sent| {
                let shown = Signal::derive(move || current.get().unwrap_or_else(|| sent.clone()));
                view! { <OperationProgress operation=shown /> }
            })}
            <When cond=move || done.get()>
                <p class="muted">
                    {tr!("Running workloads stay where they are. The node's page says when the host is clear for destructive work.")}
                </p>
            </When>
        </div>
        <footer class="sheet-foot" data-next>
            <Button label=tr!("Close") kind=Kind::Primary on_press=move |()| app.nav.close() />
        </footer>
    }
}
