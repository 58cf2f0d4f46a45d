//! A node's card. It shows what `model::card` says.

use leptos::prelude::*;

use super::card_foot::CardFoot;
use super::card_parts::Heartbeat;
use super::card_parts::MaintenanceLine;
use super::card_parts::Meters;
use super::card_parts::NoticeBox;
use super::card_parts::Signals;
use super::plan_line::PlanLine;
use super::seat::Seat;
use super::select::SelectBox;
use crate::model::card::Face;
use crate::model::tone::Tone;
use crate::pages::actions::OperationNotice;
use crate::route::Route;
use crate::ui::Badge;
use crate::ui::Tag;
use crate::ui::view;
use crate::words::tr;

/// The node that sits there. A heartbeat reaches only its age, strip and meters.
#[component]
pub fn NodeCard(
    seat: Seat,
    /// Which of how many it is, whether the others are in the document or not.
    position: Memo<String>,
    count: Memo<String>,
) -> impl IntoView {
    let Seat { id, row } = seat;
    let face = Memo::new(move |_| row.get().node.with(Face::of));
    let pulse = Signal::derive(move || row.get().pulse);
    let name = move || face.with(|face| face.name.clone());
    let operation = Memo::new(move |_| face.with(|face| face.operation.clone()));
    view! {
        <article
            class="card"
            aria-label=name
            aria-posinset=move || position.get()
            aria-setsize=move || count.get()
            data-node=move || id.get().0
            data-edge=move || face.with(|face| face.edge.map(Tone::as_str))
        >
            <header class="card-head">
                <div>
                    <h3 title=name>
                        <a class="card-name" href=move || id.with(|id| Route::node(id).href())>
                            {move || name()}
                        </a>
                    </h3>
                    <p class="card-place">{move || face.with(|face| face.place.clone())}</p>
                </div>
                <SelectBox id=id name=Signal::derive(name) />
                <div class="card-badges">
                    {move || face.with(|face| face.badges.clone()).into_iter().map(|mark| view! { <Badge mark=mark /> }).collect_view()}
                    {move || face.with(|face| face.why.clone()).map(|why| view! { <span class="card-why">{why}</span> })}
                    {move || {
                        face.with(|face| face.simulated).then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })
                    }}
                </div>
            </header>
            <Heartbeat face=face pulse=pulse />
            <Meters face=face pulse=pulse />
            <Signals face=face />
            {move || face.with(|face| face.maintenance.clone()).map(|words| view! { <MaintenanceLine words=words /> })}
            {move || face.with(|face| face.planned.clone()).map(|words| view! { <PlanLine words=words /> })}
            {move || face.with(|face| face.notices.clone()).into_iter().map(|notice| view! { <NoticeBox notice=notice /> }).collect_view()}
            {move || operation.get().map(|operation| view! { <OperationNotice operation=operation /> })}
            <CardFoot id=id face=face />
        </article>
    }
}
