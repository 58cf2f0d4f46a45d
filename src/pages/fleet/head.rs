//! The head: title, counts, capacity.

use leptos::prelude::*;
use pitlane_api::Capacity;

use crate::model::counts;
use crate::model::counts::CapacityBar;
use crate::model::query::Query;
use crate::pages::context::App;
use crate::ui::Age;
use crate::ui::CapacityTrack;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::number;
use crate::words::tr;

/// Title and counts; the tools on the right.
#[component]
pub fn Head(query: Memo<Query>, tools: AnyView) -> impl IntoView {
    let app = App::get();
    let fleet = app.live.fleet;
    let sentence = Memo::new(move |_| {
        let counts = fleet.counts(app.clock.now_untracked());
        if query.with(Query::is_all) {
            return counts.sentence();
        }
        let all = counts.total.real + counts.total.simulated;
        tr!("{} of {} nodes", number(app.live.chosen.shown_count()), number(all))
    });
    let updated = app.live.connection.updated_at();
    let known = move || fleet.loaded().get();
    view! {
        <div class="page-head">
            <div>
                <h1 tabindex="-1">{tr!("Nodes")}</h1>
                <p class="muted">
                    <When cond=known fallback=|| tr!("Reading the fleet…")>
                        {move || sentence.get()}
                        " · "
                        <Age at=updated sentence=|age: &str| tr!("updated {} ago", age) />
                    </When>
                </p>
            </div>
            <div class="head-tools no-print">
                {tools}
            </div>
        </div>
    }
}

/// `Schedulable memory ▮▮▮▯ 96 of 184 GiB free`, of the real or of the simulated nodes.
#[component]
pub fn CapacityLine(simulated: bool) -> impl IntoView {
    let fleet = App::get().live.fleet;
    let bar = Memo::new(move |_| {
        let capacity: Option<Capacity> = fleet.info().with(|info| {
            let info = info.as_ref()?;
            if simulated { info.simulated_capacity.clone() } else { Some(info.capacity.clone()) }
        });
        let out = fleet.with_entries(|entries| entries.map(|entry| counts::memory_in_maintenance(entry, simulated)).sum());
        counts::capacity_bar(&capacity?, out)
    });
    let shown = move |bar: CapacityBar| {
        let (track, text) = (bar.clone(), bar.text);
        view! {
            <div class="capacity" title=tr!("Used, in maintenance, and free, of the memory of the nodes that take placements")>
                <span class="muted">{tr!("Schedulable memory")}</span>
                <CapacityTrack bar=Signal::stored(track) />
                <b>{text}</b>
            </div>
        }
    };
    dynamic(move || bar.get().map(shown))
}
