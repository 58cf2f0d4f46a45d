//! The table of everything that is on the node.

use leptos::prelude::*;
use pitlane_api::{Workload, WorkloadList, WorkloadState};

use super::Shared;
use crate::model::format;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::Remarks;
use crate::pages::actions::Volumes;
use crate::state::Load;
use crate::ui::Age;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::Tag;
use crate::ui::view;
use crate::words::tr;

/// Stateful ones first. What could not be read is said, and is not an empty table.
#[component]
pub fn Workloads(shared: Shared) -> impl IntoView {
    let remote = shared.workloads;
    let count = Memo::new(move |_| remote.with(|load| load.data().map(|list| list.workloads.len())));
    let body = move || {
        remote.with(|load| match load {
            Load::Loading => view! { <Skeleton shape="line" count=4 /> }.into_any(),
            Load::Failed(error, None) => view! {
                <Problem
                    title="The workloads could not be read"
                    text=error.message()
                    reference=error.request_id().unwrap_or_default()
                    on_retry=move |()| remote.reload()
                />
            }
            .into_any(),
            Load::Ready(list) | Load::Failed(_, Some(list)) => view! { <List list=list.clone() /> }.into_any(),
        })
    };
    view! {
        <section class="panel" aria-label="Workloads" tabindex="-1" data-workloads>
            <h2>"Workloads " <span class="muted">{move || count.get()}</span></h2>
            {move || body()}
        </section>
    }
}

#[component]
fn List(list: WorkloadList) -> impl IntoView {
    let (stateful, stateless): (Vec<_>, Vec<_>) = list.workloads.into_iter().partition(|workload| workload.stateful);
    let workloads = [stateful, stateless].concat();
    let not_read = (!list.complete).then(|| {
        let reasons = if list.not_read.is_empty() { "no reason given".to_owned() } else { list.not_read.join("; ") };
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p>
                    <b>"Not evaluated: "</b>
                    {reasons}
                </p>
            </Notice>
        }
    });
    let orphaned = (!list.orphaned_volumes.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Neutral glyph=Glyph::Database>
                <p>
                    {tr!("1 local volume that no workload uses:" | "{n} local volumes that no workload uses:" % list.orphaned_volumes.len())}
                    " "
                    <span class="mono">{list.orphaned_volumes.join(", ")}</span>
                </p>
            </Notice>
        }
    });
    let notes = list
        .notes
        .iter()
        .cloned()
        .map(|note| {
            view! {
                <Notice tone=Tone::Degraded glyph=Glyph::Database>
                    <p>{note}</p>
                </Notice>
            }
        })
        .collect_view();
    let table = if workloads.is_empty() {
        list.complete.then(|| view! { <p class="muted">"Nothing runs here, and nothing that ran left anything behind."</p> }.into_any())
    } else {
        let rows = workloads.into_iter().map(|workload| view! { <Line workload=workload /> }).collect_view();
        Some(
            view! {
                <div class="table-scroll" tabindex="0" role="region" aria-label="Table of workloads">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">"Workload"</th>
                                <th scope="col">"Stack"</th>
                                <th scope="col">"State"</th>
                                <th scope="col">"Volumes"</th>
                                <th scope="col">"Running for"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }
            .into_any(),
        )
    };
    view! {
        {not_read}
        {table}
        {notes}
            {orphaned}
    }
}

#[component]
fn Line(workload: Workload) -> impl IntoView {
    let (tone, word) = if workload.stateful { (Tone::Maintenance, "Stateful") } else { (Tone::Neutral, "Stateless") };
    let running = workload.state == WorkloadState::Running;
    let state = (!running).then(|| view! { " " <Tag tone=Tone::Degraded word=workload.state.as_str() /> });
    let belongs = workload.belongs_to_node.then(|| view! { " " <Tag tone=Tone::Neutral word="belongs to the node" /> });
    let since = workload.since.filter(|_| running);
    let empty = workload.volumes.is_empty();
    view! {
        <tr>
            <th scope="row" title=workload.image.clone()>
                {workload.name.clone()}
                <Remarks remarks=workload.remarks.clone() />
            </th>
            <td>{workload.stack.clone().unwrap_or_else(|| format::UNKNOWN.to_owned())}</td>
            <td>
                <Tag tone=tone word=word />
                {state}
                {belongs}
            </td>
            <td>{if empty { format::UNKNOWN.into_any() } else { view! { <Volumes workload=workload /> }.into_any() }}</td>
            <td>
                <Age at=Signal::stored(since) />
            </td>
        </tr>
    }
}
