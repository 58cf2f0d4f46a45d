//! An operation on its way: requested is not done. Abort and "Try now" stay within reach in every state.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, Operation, OperationState};

use crate::api;
use crate::api::ApiError;
use crate::model::operation;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::ui::Button;
use crate::ui::Notice;
use crate::ui::Steps;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// In a few lines, for a card.
#[component]
pub fn OperationNotice(operation: Operation) -> impl IntoView {
    let clock = App::get().clock;
    let failed = operation.state == OperationState::Failed;
    let (tone, glyph) = if failed { (Tone::Offline, Glyph::Warning) } else { (Tone::Pending, Glyph::Spinner) };
    let headline = operation::headline(&operation);
    let operation = StoredValue::new(operation);
    view! {
        <Notice tone=tone glyph=glyph>
            <p>
                <b>{headline}</b>
                " "
                {operation.with_value(|op| op.last_error.clone()).map(|why| view! { <Told words=why /> " " })}
                {move || operation.with_value(|op| operation::tries(op, clock.now()))}
            </p>
            <OperationButtons operation=Signal::stored(operation.get_value()) />
        </Notice>
    }
}

/// Step by step, for a sheet and the node's page.
#[component]
pub fn OperationProgress(#[prop(into)] operation: Signal<Operation>) -> impl IntoView {
    let clock = App::get().clock;
    // A region that comes with its words is read by no screen reader: they follow a frame later.
    let said = RwSignal::new(String::new());
    Effect::new(move || {
        let headline = operation.with(operation::headline);
        request_animation_frame(move || {
            let _ = said.try_set(headline);
        });
    });
    let why = Memo::new(move |_| operation.with(|op| op.last_error.clone()));
    view! {
        <div class="progress">
            <p class="progress-said" role="status">
                <b>{move || said.get()}</b>
            </p>
            <Steps steps=Signal::derive(move || operation.with(operation::steps)) />
            <p class="muted">
                {move || why.get().map(|why| view! { <Told words=why /> " " })}
                {move || operation.with(|op| operation::tries(op, clock.now()))}
            </p>
            <OperationButtons operation=operation />
        </div>
    }
}

/// Abort, and "Try now" where that can help.
#[component]
fn OperationButtons(#[prop(into)] operation: Signal<Operation>) -> impl IntoView {
    let app = App::get();
    let problem = RwSignal::new(None::<Line>);
    let refused = Signal::derive(move || app.live.session.why_not(Action::Drain));
    let unfinished = Memo::new(move |_| operation.with(|op| !op.state.is_finished()));
    let retryable = Memo::new(move |_| operation.with(operation::can_retry));

    let settle = move |outcome: Result<(), ApiError>| {
        let _ = problem.try_set(outcome.err().map(|error| error.message()));
    };
    let abort = move |()| {
        let operation = operation.get_untracked();
        spawn_local(async move { settle(api::abort(&operation.node_id, &operation.id).await) });
    };
    let retry = move |()| {
        let operation = operation.get_untracked();
        spawn_local(async move { settle(api::retry(&operation.node_id, &operation.id).await) });
    };
    view! {
        <When cond=move || unfinished.get()>
            <div class="notice-actions">
                <When cond=move || retryable.get()>
                    <Button label=tr!("Try now") small=true refused=refused on_press=retry />
                </When>
                <Button label=tr!("Abort") small=true refused=refused on_press=abort />
            </div>
        </When>
        {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
    }
}
