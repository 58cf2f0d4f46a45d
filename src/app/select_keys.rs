//! The keyboard for choosing nodes: `x` presses the one with the focus, `X` and shift with an arrow make a range, Esc lets go of all.

use leptos::prelude::*;
use pitlane_api::NodeId;

use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::keys::Press;
use crate::route::Route;
use crate::state::Press as Chose;

/// Whether the key meant the selection. Only the fleet page has one.
pub fn take(app: App, press: &Press) -> bool {
    let chosen = app.live.chosen;
    if !app.nav.route().with_untracked(|route| matches!(route, Route::Fleet { .. })) {
        return false;
    }
    let node = press.node.clone().map(NodeId);
    match press.key.as_str() {
        "x" | "X" => node.is_some_and(|id| {
            chosen.press(if press.shift { Chose::Range(id) } else { Chose::One(id) });
            true
        }),
        "ArrowRight" | "ArrowDown" if press.shift => stretch(app, node, 1),
        "ArrowLeft" | "ArrowUp" if press.shift => stretch(app, node, -1),
        "Escape" => chosen.clear(),
        _ => false,
    }
}

/// The range begins at the node with the focus, unless that is chosen already, and goes on to the next one.
fn stretch(app: App, from: Option<NodeId>, step: i32) -> bool {
    let chosen = app.live.chosen;
    if let Some(id) = from
        && !untrack(|| chosen.contains(&id))
    {
        chosen.press(Chose::One(id));
    }
    if !focus::move_among("[data-node] .card-name", step) {
        return false;
    }
    if let Some(id) = focus::around("data-node") {
        chosen.press(Chose::Range(NodeId(id)));
    }
    true
}
