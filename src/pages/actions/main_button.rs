//! The one main action of a node: Drain, Activate, or Activate… behind its checks.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{ActivateRequest, NodeId};

use crate::api;
use crate::api::ApiError;
use crate::model::card::MainAction;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::platform::random;
use crate::route::Action;
use crate::state::Who;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::view;
use crate::words::tr;

/// One button whose word changes, so that the focus stays where it is.
#[component]
pub fn MainButton(#[prop(into)] id: Signal<NodeId>, action: Memo<MainAction>) -> impl IntoView {
    let app = App::get();
    let busy = RwSignal::new(false);
    // Another node in the same place has nothing to do with what was asked of the one before.
    Effect::new(move |_| {
        id.track();
        busy.set(false);
    });
    let needs = move || match action.get() {
        MainAction::Drain => pitlane_api::Action::Drain,
        MainAction::Activate | MainAction::ActivateAfterChecks => pitlane_api::Action::Activate,
    };
    let press = move |()| match action.get_untracked() {
        MainAction::Drain => app.nav.open(Action::Drain, &id.get_untracked()),
        MainAction::Activate => activate(app, id.get_untracked(), busy),
        MainAction::ActivateAfterChecks => app.nav.open(Action::Activate, &id.get_untracked()),
    };
    view! {
        <Button
            label=Signal::derive(move || action.get().label().to_owned())
            kind=Signal::derive(move || if action.get() == MainAction::Activate { Kind::Primary } else { Kind::Plain })
            refused=Signal::derive(move || app.live.session.why_not(needs()))
            busy=busy
            on_press=press
        />
    }
}

/// Activates at once where every check passes; else the sheet with the checks opens. It opens too where somebody else
/// drained the node a moment ago, because that person may be at work on the host.
pub fn activate(app: App, id: NodeId, busy: RwSignal<bool>) {
    busy.set(true);
    spawn_local(async move {
        let outcome = try_activate(app, &id).await;
        let _ = busy.try_set(false);
        match outcome {
            Ok(true) => app.announcer.say(tr!("Activation accepted")),
            Ok(false) => app.nav.open(Action::Activate, &id),
            Err(error) if error.is_rule() => app.nav.open(Action::Activate, &id),
            Err(error) => app.toasts.show(Tone::Offline, Glyph::Warning, error.message()),
        }
    });
}

async fn try_activate(app: App, id: &NodeId) -> Result<bool, ApiError> {
    let checks = api::activation_checks(id).await?;
    if !checks.clean || (checks.notice.is_some() && drained_by_another(app, id)) {
        return Ok(false);
    }
    let operation = api::activate(id, &checks.revision, &random::key(), &ActivateRequest::default()).await?;
    app.live.fleet.put_operation(operation);
    Ok(true)
}

fn drained_by_another(app: App, id: &NodeId) -> bool {
    let me = match app.live.session.who().get_untracked() {
        Who::Somebody(session) => session.name,
        _ => return true,
    };
    app.live.fleet.peek(id).and_then(|node| node.maintenance).is_none_or(|record| record.by.as_deref() != Some(&me))
}
