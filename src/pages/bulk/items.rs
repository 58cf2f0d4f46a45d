//! Each node of a bulk operation: where it stands, and why.

use leptos::prelude::*;
use pitlane_api::{BulkItem, BulkItemState, BulkOperation};

use crate::model::bulk;
use crate::model::operation;
use crate::pages::context::App;
use crate::route::Route;
use crate::ui::Badge;
use crate::ui::Keyed;
use crate::ui::Told;
use crate::ui::view;
use crate::words::tr;

/// The table, in the order in which the nodes are worked on. A row keeps its element while its state moves.
#[component]
pub fn Items(now: Memo<Option<BulkOperation>>) -> impl IntoView {
    let keys = Signal::derive(move || now.with(|bulk| bulk.iter().flat_map(|bulk| &bulk.items).map(|item| item.node_id.0.clone()).collect()));
    let row = move |id: String| {
        let item = Memo::new(move |_| now.with(|bulk| bulk.as_ref()?.items.iter().find(|item| item.node_id.as_str() == id).cloned()));
        view! { <Row item=item /> }
    };
    view! {
        <section class="panel" aria-label=tr!("Nodes of this bulk operation")>
            <div class="table-scroll" tabindex="0" role="region" aria-label=tr!("Table of nodes")>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{tr!("Node")}</th>
                            <th scope="col">{tr!("State")}</th>
                            <th scope="col">{tr!("Why")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Keyed keys=keys row=row />
                    </tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn Row(item: Memo<Option<BulkItem>>) -> impl IntoView {
    let fleet = App::get().live.fleet;
    let name = move || {
        item.with(|item| {
            let item = item.as_ref()?;
            // A node that is gone since has no page.
            let there = fleet.row(&item.node_id).is_some();
            let name = item.node_name.clone();
            Some(if there {
                view! { <a href=Route::node(&item.node_id).href()>{name}</a> }
            } else {
                view! { <span>{name}</span> }
            })
        })
    };
    let badge = move || item.with(|item| item.as_ref().map(|item| view! { <Badge mark=bulk::item_mark(item.state) /> }));
    // While its operation runs it says itself how far it is.
    let why = move || {
        item.with(|item| {
            let item = item.as_ref()?;
            let running = item.operation_id.as_ref().filter(|_| item.state == BulkItemState::Running).and_then(|id| fleet.operation(id));
            running
                .map(|running| operation::headline(&running))
                .map(IntoAny::into_any)
                .or_else(|| item.message.clone().map(|why| view! { <Told words=why /> }.into_any()))
        })
    };
    view! {
        <tr>
            <th scope="row">{move || name()}</th>
            <td>{move || badge()}</td>
            <td class="bulk-why">{move || why()}</td>
        </tr>
    }
}
