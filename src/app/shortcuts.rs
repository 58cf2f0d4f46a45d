//! The keyboard, for everything that is done often. `/` searches, `d`, `a` and `s` act on the node with the focus, arrows
//! move over the cards, `g n` and `g a` go places. Esc is the dialog's own; `select_keys` has the keys that choose nodes.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action as Needs, NodeId};

use super::select_keys;
use crate::model::card::Face;
use crate::model::card::MainAction;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::activate;
use crate::pages::context::App;
use crate::pages::nav;
use crate::platform::clipboard;
use crate::platform::focus;
use crate::platform::keys;
use crate::platform::keys::Press;
use crate::route::Action;
use crate::route::Route;
use crate::words::tr;

/// Listens for as long as the tab lives.
pub fn listen(app: App) {
    let going = StoredValue::new(false);
    keys::on_press(move |press| take(app, going, &press));
}

fn take(app: App, going: StoredValue<bool>, press: &Press) -> bool {
    if press.in_dialog || press.typing {
        return false;
    }
    if select_keys::take(app, press) {
        return true;
    }
    let was_going = going.try_get_value() == Some(true);
    let _ = going.try_set_value(press.key == "g");
    let node = press.node.clone().map(NodeId);
    match press.key.as_str() {
        key if key.starts_with('/') => {
            let found = focus::focus_first("[data-search]");
            focus::select_field();
            found
        }
        "n" if was_going => {
            app.nav.go(Route::fleet());
            true
        }
        "a" if was_going => {
            app.nav.go(Route::activity());
            true
        }
        "ArrowRight" | "ArrowDown" => focus::move_among("[data-node] .card-name", 1),
        "ArrowLeft" | "ArrowUp" => focus::move_among("[data-node] .card-name", -1),
        "d" => node.is_some_and(|id| drain(app, &id)),
        "a" => node.is_some_and(|id| start_activation(app, id)),
        "s" => node.is_some_and(|id| share(app, &id)),
        _ => false,
    }
}

fn drain(app: App, id: &NodeId) -> bool {
    // Of one that is in maintenance already the sheet says who put it there.
    if allowed(app, Needs::Drain) {
        app.nav.open(Action::Drain, id);
    }
    true
}

fn start_activation(app: App, id: NodeId) -> bool {
    let action = app.live.fleet.peek(&id).map(|node| Face::of(&node).action);
    if !allowed(app, Needs::Activate) {
        return true;
    }
    match action {
        Some(MainAction::Activate) => activate(app, id, RwSignal::new(false)),
        Some(MainAction::ActivateAfterChecks) => app.nav.open(Action::Activate, &id),
        Some(MainAction::Drain) | None => {}
    }
    true
}

/// A key that may not be used says why, as the button does.
fn allowed(app: App, needs: Needs) -> bool {
    match untrack(|| app.live.session.why_not(needs)) {
        Some(why) => {
            app.toasts.show(Tone::Neutral, Glyph::Info, why);
            false
        }
        None => true,
    }
}

fn share(app: App, id: &NodeId) -> bool {
    let link = nav::absolute(&Route::node(id));
    let name = app.live.fleet.peek(id).map(|node| node.name).unwrap_or_default();
    spawn_local(async move {
        if clipboard::copy(&link).await {
            app.toasts.show(Tone::Healthy, Glyph::Check, tr!("Link to {} copied", name));
        } else {
            app.toasts.show(Tone::Offline, Glyph::Warning, tr!("This browser does not let pages copy: {}", link));
        }
    });
    true
}
