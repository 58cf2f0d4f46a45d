//! `/nodes/{id}`: one node, with everything that is known of it.

mod banner;
mod chart_table;
mod charts;
mod diagnostics;
mod facts;
mod header;
mod plan;
mod readiness;
mod upgrade;
mod workload_filters;
mod workloads;

use leptos::prelude::*;
use pitlane_api::{Node, NodeId, Scheduling};

use super::activity::NodeLog;
use super::context::App;
use super::not_found::NotFound;
use super::poll::every;
use crate::api;
use crate::model::card::Face;
use crate::model::fold::Pulse;
use crate::pages::actions::OperationProgress;
use crate::platform::page;
use crate::route::Route;
use crate::state::Remote;
use crate::state::Row;
use crate::ui::Skeleton;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// The page.
#[component]
pub fn NodePage() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    let id = Memo::new(move |before: Option<&NodeId>| match route.get() {
        Route::Node { id, .. } => id,
        _ => before.cloned().unwrap_or_else(|| NodeId(String::new())),
    });
    let loaded = app.live.fleet.loaded();
    let exists = Memo::new(move |_| id.with(|id| app.live.fleet.row(id).is_some()));
    dynamic(move || {
        match (loaded.get(), exists.get()) {
        (_, true) => id.with(|id| app.live.fleet.row_untracked(id).map(|row| view! { <OneNode id=id.clone() row=row /> })).into_any(),
        (true, false) => view! {
            <NotFound title=tr!("No such node") text=tr!("There is no node with this id in the fleet. It was removed, or the link is from another fleet.") />
        }
        .into_any(),
        (false, false) => view! {
            <div class="stack" aria-busy="true">
                <h1 class="visually-hidden" tabindex="-1">{tr!("Reading the fleet…")}</h1>
                <Skeleton shape="title" />
                <Skeleton shape="panel" count=3 />
            </div>
        }
        .into_any(),
    }
    })
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    app: App,
    id: StoredValue<NodeId>,
    node: Signal<Node>,
    face: Memo<Face>,
    pulse: Signal<Pulse>,
    maintenance: Memo<bool>,
    workloads: Remote<pitlane_api::WorkloadList>,
}

#[component]
fn OneNode(id: NodeId, row: Row) -> impl IntoView {
    let app = App::get();
    let (node, pulse) = (row.node, row.pulse);
    let node: Signal<Node> = Signal::derive(move || node.get());
    let id = StoredValue::new(id);
    let workloads = Remote::new(move || {
        let id = id.get_value();
        async move { api::workloads(&id).await }
    });
    let shared = Shared {
        app,
        id,
        node,
        face: Memo::new(move |_| node.with(Face::of)),
        pulse: Signal::derive(move || pulse.get()),
        maintenance: Memo::new(move |_| node.with(|node| node.scheduling == Scheduling::Maintenance)),
        workloads,
    };
    every(app, 10, move || workloads.reload());
    Effect::new(move || page::set_title(&format!("{} · Pitlane", shared.face.with(|face| face.name.clone()))));
    let operation = Memo::new(move |_| shared.face.with(|face| face.operation.clone()));
    let underway = Memo::new(move |_| operation.with(Option::is_some));
    let log_id = id.get_value();
    view! {
        <header::Header shared=shared />
        <plan::PlanBanner shared=shared />
        <banner::Banners shared=shared />
        <div class="node-grid">
            <div class="node-main">
                <workloads::Workloads shared=shared />
                <charts::Charts shared=shared />
                <NodeLog node=log_id />
            </div>
            <div class="node-side">
                <When cond=move || underway.get()>
                    <section class="panel" aria-label=tr!("Operation")>
                        {move || operation.get().map(|operation| view! { <OperationProgress operation=Signal::stored(operation) /> })}
                    </section>
                </When>
                <upgrade::UpgradePath shared=shared />
                <readiness::Readiness shared=shared />
                <facts::Facts shared=shared />
                <diagnostics::Diagnostics shared=shared />
            </div>
        </div>
    }
}
