//! What goes on behind every page: presses become a selection, nodes that go take their place in it along, and what is told of bulk
//! operations is kept.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{BulkEvent, NodeId, read_json};

use crate::api;
use crate::model::selection::Selection;
use crate::pages::context::App;
use crate::state::Chosen;
use crate::state::Press;

/// Begins; once, for as long as the tab lives.
pub fn follow(app: App) {
    let chosen = app.live.chosen;
    let selection = StoredValue::new(Selection::default());
    Effect::new(move || {
        let presses = chosen.take();
        if !presses.is_empty() {
            selection.update_value(|selection| presses.into_iter().for_each(|press| take(chosen, selection, press)));
            chosen.set(selection.with_value(|selection| selection.ids().cloned().collect()));
        }
    });
    Effect::new(move || {
        let ids = chosen.ids();
        let there: Vec<NodeId> = ids.iter().filter(|id| app.live.fleet.row(id).is_some()).cloned().collect();
        if there.len() < ids.len() {
            chosen.press(Press::Keep(there));
        }
    });
    keep_up(app);
}

fn take(chosen: Chosen, selection: &mut Selection, press: Press) {
    match press {
        Press::One(id) => selection.toggle(&id),
        Press::Range(id) => selection.extend(&untrack(|| order(chosen)), &id),
        Press::Group(key) => selection.toggle_all(&untrack(|| chosen.nodes(|group| group.key == key))),
        Press::Shown => selection.toggle_all(&untrack(|| order(chosen))),
        Press::Keep(ids) => selection.keep(|id| ids.contains(id)),
        Press::Clear => selection.clear(),
    }
}

/// What is on the page, without what is folded up; reactive.
pub fn order(chosen: Chosen) -> Vec<NodeId> {
    chosen.nodes(|group| group.open)
}

/// The stream tells what moves; what stood before it was opened is asked for, after every snapshot again.
fn keep_up(app: App) {
    Effect::new(move || {
        if let Some(event) = read_json::<BulkEvent>(&app.live.bulk_told.get()) {
            app.live.bulk.update(|lines| lines.take(&event));
        }
    });
    Effect::new(move || {
        app.live.snapshots.track();
        spawn_local(async move {
            // Without an answer there is no connection either, and the next snapshot asks again.
            if let Ok(list) = api::bulk_operations().await {
                let _ = app.live.bulk.try_update(|lines| lines.take_list(&list));
            }
        });
    });
}
