//! What is planned, the next one first. It stands above the log while there is something.

use leptos::prelude::*;
use pitlane_api::Action as Needs;
use pitlane_api::PlannedDrain;

use crate::model::plan::PlanWords;
use crate::pages::context::App;
use crate::pages::fleet::PlanLine;
use crate::platform::locale;
use crate::route::Action;
use crate::route::Route;
use crate::ui::Button;
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
    let app = App::get();
    let (id, change) = (plan.node_id.clone(), format!("{} {}", tr!("Change plan…"), plan.node_name));
    let refused = Signal::derive(move || app.live.session.why_not(Needs::Drain));
    view! {
        <li>
            <a class="log-node" href=Route::node(&plan.node_id).href()>
                {plan.node_name}
            </a>
            <PlanLine words=words />
            <span class="muted hint">{locale::exact(plan.starts_at)}</span>
            <Button label=tr!("Change plan…") name=change small=true refused=refused on_press=move |()| app.nav.open(Action::Plan, &id) />
        </li>
    }
}
