//! The foot of a card: what runs here, the link, and the one main action.

use leptos::prelude::*;
use pitlane_api::NodeId;

use crate::model::card::Face;
use crate::model::tone::Glyph;
use crate::pages::actions::MainButton;
use crate::pages::nav;
use crate::route::Route;
use crate::ui::CopyButton;
use crate::ui::view;
use crate::words::tr;

/// Counts at the left, the link and the action at the right.
#[component]
pub fn CardFoot(id: Signal<NodeId>, face: Memo<Face>) -> impl IntoView {
    let counts = move || {
        face.with(|face| match face.workloads {
            None => (tr!("workloads not evaluated"), None),
            Some(n) => (tr!("1 workload" | "{n} workloads" % n), face.stateful.filter(|n| *n > 0).map(|n| tr!("1 stateful" | "{n} stateful" % n))),
        })
    };
    let link = Signal::derive(move || id.with(|id| nav::absolute(&Route::node(id))));
    let name = Signal::derive(move || tr!("Copy link to {}", face.with(|face| face.name.clone())));
    let action = Memo::new(move |_| face.with(|face| face.action));
    view! {
        <footer class="card-foot">
            {move || {
                face.with(|face| face.not_ready.clone()).map(|why| view! { <p class="not-ready">{why}</p> })
            }}
            <span class="card-counts">
                {move || counts().0}
                {move || counts().1.map(|stateful| view! { " · " <b>{stateful}</b> })}
            </span>
            <span class="card-actions no-print">
                <CopyButton text=link name=name said=tr!("Link copied") glyph=Glyph::Link />
                <MainButton id=id action=action />
            </span>
        </footer>
    }
}
