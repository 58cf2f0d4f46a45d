//! What stands in a row, column by column.

use leptos::prelude::*;
use pitlane_api::Node;

use crate::model::attention;
use crate::model::card::Face;
use crate::model::columns::Column;
use crate::model::format;
use crate::model::group;
use crate::pages::context::App;
use crate::pages::fleet::card_parts::MaintenanceLine;
use crate::state::Row;
use crate::ui::Age;
use crate::ui::Badge;
use crate::ui::view;
use crate::words::number;

/// The cell of a node in a column. What is not known is a dash.
pub fn cell(column: Column, row: Signal<Row>, face: Memo<Face>) -> AnyView {
    match column {
        Column::State => {
            let badges = move || face.with(|face| face.badges.clone()).into_iter().map(|mark| view! { <Badge mark=mark /> }).collect_view();
            view! { <span class="row-badges">{badges}</span> }
        }
        Column::Why => {
            let clock = App::get().clock;
            let why = Memo::new(move |_| {
                let now = clock.now();
                row.get().node.with(|node| attention::reason(node, node.maintenance.as_ref().is_some_and(|m| m.overdue(now))))
            });
            view! { <span class="row-why">{move || why.get()}</span> }
        }
        Column::Heartbeat => {
            let at = Memo::new(move |_| row.get().pulse.with(|pulse| pulse.at));
            view! { <Age at=at /> }
        }
        Column::Cpu => {
            let share = Memo::new(move |_| row.get().pulse.with(|pulse| pulse.cpu_percent).filter(|_| face.with(|face| face.meters_known)));
            view! { <Share share=share bad=Signal::stored(false) /> }
        }
        Column::Memory => {
            let share = Memo::new(move |_| {
                let (total, known) = face.with(|face| (face.memory_total, face.meters_known));
                format::share(row.get().pulse.with(|pulse| pulse.memory_used), total).filter(|_| known)
            });
            view! { <Share share=share bad=Signal::derive(move || face.with(|face| face.memory_bad)) /> }
        }
        Column::Disk => {
            let share = Memo::new(move |_| face.with(|face| face.disk_percent.filter(|_| face.meters_known)));
            view! { <Share share=share bad=Signal::derive(move || face.with(|face| face.disk_bad)) /> }
        }
        Column::Maintenance => {
            let words = move || face.with(|face| face.maintenance.clone()).map(|words| view! { <MaintenanceLine words=words /> });
            view! { <span>{words}</span> }
        }
        Column::Region => text(row, |node| node.region.clone()),
        Column::Role => text(row, group::role),
        Column::Address => text(row, |node| node.overlay_ip.clone().or_else(|| node.public_ip.clone())),
        Column::Version => text(row, |node| node.agent_version.clone().or_else(|| node.engine_version.clone())),
        Column::Workloads => text(row, |node| node.workload_counts.total.map(number)),
        Column::Stateful => text(row, |node| node.workload_counts.stateful.map(number)),
        Column::Label(key) => text(row, move |node| node.labels.get(&key).cloned()),
    }
}

fn text(row: Signal<Row>, read: impl Fn(&Node) -> Option<String> + Send + Sync + 'static) -> AnyView {
    let text = Memo::new(move |_| row.get().node.with(|node| read(node)).unwrap_or_else(|| format::UNKNOWN.to_owned()));
    view! { <span>{move || text.get()}</span> }
}

#[component]
fn Share(share: Memo<Option<f64>>, bad: Signal<bool>) -> impl IntoView {
    view! { <span class="row-share" data-bad=move || bad.get().then_some("")>{move || format::percent(share.get())}</span> }
}
