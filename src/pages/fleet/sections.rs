//! The cards: real nodes first, and simulated ones under a heading of their own.

use leptos::prelude::*;

use crate::ui::Keyed;
use crate::ui::When;
use crate::ui::view;
use pitlane_api::{Node, NodeId, NodeSource};

use super::card::NodeCard;
use super::empty::NothingFound;
use super::head::CapacityLine;
use crate::model::query::Query;
use crate::pages::context::App;

/// Which cards are shown, in order: real, simulated.
type Shown = (Vec<String>, Vec<String>);

/// Both grids.
#[component]
pub fn Sections(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let tick = Memo::new(move |_| app.clock.now().as_second() / 20);
    let shown = Memo::new(move |_| {
        tick.track();
        let now = app.clock.now_untracked();
        query.with(|query| {
            app.live.fleet.with_all(|nodes| {
                let mut nodes: Vec<&Node> = nodes.iter().copied().filter(|node| query.matches(node, now)).collect();
                nodes.sort_unstable_by(|a, b| query.order(a, b, now));
                let (simulated, real): (Vec<&Node>, Vec<&Node>) = nodes.into_iter().partition(|node| node.node_source == NodeSource::Simulated);
                let ids = |nodes: Vec<&Node>| nodes.into_iter().map(|node| node.id.0.clone()).collect::<Vec<_>>();
                let shown: Shown = (ids(real), ids(simulated));
                shown
            })
        })
    });
    Effect::new(move || app.live.chosen.shows(shown.with(|(real, simulated)| real.iter().chain(simulated).cloned().map(NodeId).collect())));
    let real = Memo::new(move |_| shown.with(|shown| shown.0.clone()));
    let simulated = Memo::new(move |_| shown.with(|shown| shown.1.clone()));
    let any_real = Memo::new(move |_| real.with(|ids| !ids.is_empty()));
    let any_simulated = Memo::new(move |_| simulated.with(|ids| !ids.is_empty()));
    let fleet_has_real = Memo::new(move |_| app.live.fleet.with_all(|nodes| nodes.iter().any(|node| node.node_source != NodeSource::Simulated)));
    view! {
        <When cond=move || any_real.get()>
            <section aria-label="Nodes of this fleet">
                <h2 class="visually-hidden">"Nodes of this fleet"</h2>
                <Grid ids=real />
            </section>
        </When>
        <When cond=move || any_simulated.get()>
            <section aria-label="Simulated nodes">
                <div class="section-head">
                    <h2>"Simulated nodes"</h2>
                    <p class="muted">"Played by pitlane demo. They count for nothing above."</p>
                    <When cond=move || fleet_has_real.get()>
                        <CapacityLine simulated=true />
                    </When>
                </div>
                <Grid ids=simulated />
            </section>
        </When>
        <When cond=move || !any_real.get() && !any_simulated.get()>
            <NothingFound />
        </When>
    }
}

#[component]
fn Grid(ids: Memo<Vec<String>>) -> impl IntoView {
    let fleet = App::get().live.fleet;
    let row = move |key: String| {
        let id = NodeId(key);
        fleet.row_untracked(&id).map(|row| view! { <NodeCard id=id row=row /> }).into_any()
    };
    view! {
        <div class="cards">
            <Keyed keys=ids row=row />
        </div>
    }
}
