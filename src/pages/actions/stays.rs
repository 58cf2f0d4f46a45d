//! The stateful workloads that stay: by name, with their volumes, and what becomes of them.

use leptos::prelude::*;
use pitlane_api::{Refusal, Words, Workload};

use crate::model::drain;
use crate::model::tone::Tone;
use crate::ui::Tag;
use crate::ui::Told;
use crate::ui::view;
use crate::words::tr;

/// The table of the drain sheet. With a refusal it shows what is new against what was shown before.
#[component]
pub fn StaysTable(
    workloads: Vec<Workload>,
    #[prop(optional_no_strip)] refusal: Option<Refusal>,
    /// The node, where there are tables of several.
    #[prop(optional, into)]
    node: Option<String>,
) -> impl IntoView {
    let label = match node {
        Some(node) => tr!("Table of stateful workloads of {}", node),
        None => tr!("Table of stateful workloads"),
    };
    let rows = workloads
        .into_iter()
        .map(|workload| {
            let difference = drain::difference(refusal.as_ref(), &workload.identity);
            let same = workload.on_restart == workload.on_node_down;
            view! {
                <tr data-difference=difference.map(|_| "")>
                    <th scope="row">
                        {drain::workload_name(&workload)} " "
                        {difference.map(|difference| view! { <Tag tone=Tone::Offline word=difference.word() /> })}
                        <Remarks remarks=workload.remarks.clone() />
                    </th>
                    <td>
                        <Volumes workload=workload.clone() />
                    </td>
                    <td>
                        <Fate fate=workload.on_node_down />
                        {(!same)
                            .then(|| {
                                view! {
                                    <span class="fate-restart">
                                        {tr!("If it restarts:")} " " <Fate fate=workload.on_restart />
                                    </span>
                                }
                            })}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=label>
            <table class="table" data-boxed>
                <thead>
                    <tr>
                        <th scope="col">{tr!("Workload")}</th>
                        <th scope="col">{tr!("Volume")}</th>
                        <th scope="col">{tr!("If the host reboots")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// Volumes with where their data lives.
#[component]
pub fn Volumes(workload: Workload) -> impl IntoView {
    workload
        .volumes
        .into_iter()
        .map(|volume| {
            let title = drain::volume_title(&volume);
            view! { <span class="volume" title=title>{format!("{} · {}", volume.name, drain::lives(volume.data_lives))}</span> }
        })
        .collect_view()
}

/// What else the engine knows of it: its owner, restarts, disruption budgets, where else it could run.
#[component]
pub fn Remarks(remarks: Vec<Words>) -> impl IntoView {
    let said = |(at, remark): (usize, Words)| view! { {(at > 0).then_some(" · ")} <Told words=remark /> };
    (!remarks.is_empty()).then(|| view! { <span class="remarks">{remarks.into_iter().enumerate().map(said).collect_view()}</span> })
}

/// What the engine does, marked where data is lost.
#[component]
fn Fate(fate: pitlane_api::Fate) -> impl IntoView {
    view! { <span class=if fate.loses_data() { "loses-data" } else { "" }>{drain::fate(fate)}</span> }
}
