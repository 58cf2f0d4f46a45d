//! What is planned, the next one first. It stands above the log while there is something.

use leptos::prelude::*;
use pitlane_api::PlannedDrain;

use crate::model::plan::PlanWords;
use crate::pages::context::App;
use crate::pages::fleet::PlanLine;
use crate::route::Route;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// The list.
#[component]
pub fn Planned() -> impl IntoView {
    let fleet = App::get().live.fleet;
    let plans = Memo::new(move |_| fleet.planned());
    let rows = move || plans.get().into_iter().map(|plan| view! { <Row plan=plan /> }).collect_view();
    view! {
        <When cond=move || plans.with(|plans| !plans.is_empty())>
            <section class="panel" aria-label=tr!("Planned")>
                <h2>{tr!("Planned")}</h2>
                <ul class="planned">{move || rows()}</ul>
            </section>
        </When>
    }
}

#[component]
fn Row(plan: PlannedDrain) -> impl IntoView {
    let words = PlanWords::of(&plan);
    view! {
        <li>
            <a class="log-node" href=Route::node(&plan.node_id).href()>
                {plan.node_name}
            </a>
            <PlanLine words=words />
        </li>
    }
}
