//! The table of everything that is on the node, with what narrows it.

use leptos::prelude::*;
use pitlane_api::{Words, Workload, WorkloadList, WorkloadState};

use super::Shared;
use super::workload_filters;
use super::workload_filters::Filters;
use crate::model::format;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::model::workloads;
use crate::model::workloads::Filter;
use crate::pages::actions::Remarks;
use crate::pages::actions::Volumes;
use crate::state::Load;
use crate::ui::Age;
use crate::ui::Button;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::Tag;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::view;
use crate::words::number;
use crate::words::tr;

/// Rows that are shown at first, and more at each press: a node may hold a thousand.
const ROWS: usize = 100;

/// Stateful ones first. What could not be read is said, and is not an empty table.
#[component]
pub fn Workloads(shared: Shared) -> impl IntoView {
    let remote = shared.workloads;
    let count = Memo::new(move |_| remote.with(|load| load.data().map(|list| list.workloads.len())));
    let stage = Memo::new(move |_| {
        remote.with(|load| match load {
            Load::Loading => None,
            Load::Failed(error, None) => Some(Err((error.message(), error.request_id()))),
            _ => Some(Ok(())),
        })
    });
    let body = move || match stage.get() {
        None => view! { <Skeleton shape="line" count=4 /> },
        Some(Err((text, request))) => view! {
            <Problem
                title=tr!("The workloads could not be read")
                text=text
                reference=request.unwrap_or_default()
                on_retry=move |()| remote.reload()
            />
        },
        Some(Ok(())) => view! { <List shared=shared /> },
    };
    view! {
        <section class="panel" aria-label=tr!("Workloads") tabindex="-1" data-workloads>
            <h2>{tr!("Workloads")} " " <span class="muted">{move || count.get().map(number)}</span></h2>
            {move || body()}
        </section>
    }
}

/// Below the table: what the engine's driver found beside the workloads.
#[component]
fn Remains(shared: Shared) -> impl IntoView {
    let rest = Memo::new(move |_| {
        shared.workloads.with(|load| load.data().map(|list| WorkloadList { workloads: Vec::new(), read_at: Default::default(), ..list.clone() }))
    });
    let said = move |list: WorkloadList| {
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
        let note = |note: Words| view! { <Notice tone=Tone::Degraded glyph=Glyph::Database><p><Told words=note /></p></Notice> };
        let notes = list.notes.into_iter().map(note).collect_view();
        view! { {notes} {orphaned} }
    };
    view! { {move || rest.get().map(said)} }
}

/// Above the table: unread is never none.
#[component]
fn NotRead(shared: Shared) -> impl IntoView {
    let why = Memo::new(move |_| {
        let list = |list: &WorkloadList| (!list.complete).then(|| Words::in_line(list.not_read.iter().cloned()));
        shared.workloads.with(|load| load.data().and_then(list))
    });
    let said = |why: Words| {
        let why = if why.is_empty() { tr!("no reason given").into_any() } else { view! { <Told words=why /> }.into_any() };
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p><b>{tr!("Not evaluated:")} " "</b> {why}</p>
            </Notice>
        }
    };
    view! { {move || why.get().map(said)} }
}

#[component]
fn List(shared: Shared) -> impl IntoView {
    let all = Memo::new(move |_| shared.workloads.with(|load| load.data().map(|list| list.workloads.clone()).unwrap_or_default()));
    let complete = Memo::new(move |_| shared.workloads.with(|load| load.data().is_some_and(|list| list.complete)));
    let filter = workload_filters::filter(shared.app);
    let limit = RwSignal::new(ROWS);
    // Another list begins with its first rows.
    Effect::new(move || {
        filter.track();
        limit.set(ROWS);
    });
    let listed = Memo::new(move |_| all.with(|all| filter.with(|filter| workloads::listed(all, filter))));
    let shown = Memo::new(move |_| listed.with(|listed| listed.iter().take(limit.get()).cloned().collect::<Vec<_>>()));
    let hidden = Memo::new(move |_| listed.with(Vec::len).saturating_sub(limit.get()));
    let filtered = Memo::new(move |_| filter.with(|filter| *filter != Filter::default()));
    let several = Memo::new(move |_| all.with(Vec::len) > 1 || filtered.get());
    let none = move || {
        let nothing = all.with(Vec::is_empty);
        let words = if nothing { tr!("Nothing runs here, and nothing that ran left anything behind.") } else { tr!("Nothing matches.") };
        (listed.with(Vec::is_empty) && (complete.get() || !nothing)).then(|| view! { <p class="muted">{words}</p> })
    };
    let table = move || {
        let rows = shown.get().into_iter().map(|workload| view! { <Line workload=workload /> }).collect_view();
        view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=tr!("Table of workloads")>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{tr!("Workload")}</th>
                            <th scope="col">{tr!("Stack")}</th>
                            <th scope="col">{tr!("State")}</th>
                            <th scope="col">{tr!("Volumes")}</th>
                            <th scope="col">{tr!("Running for")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    };
    let more = move || tr!("Show {} more", number(hidden.get().min(ROWS)));
    view! {
        <When cond=move || several.get()>
            <Filters all=all filter=filter />
            <p class="muted hint" role="status">
                {move || filtered.get().then(|| tr!("{} of {}", number(listed.with(Vec::len)), number(all.with(Vec::len))))}
            </p>
        </When>
        <NotRead shared=shared />
        {none}
        <When cond=move || shown.with(|shown| !shown.is_empty())>{move || table()}</When>
        <When cond=move || hidden.get().gt(&0)>
            <Button label=Signal::derive(more) small=true on_press=move |()| limit.update(|limit| *limit += ROWS) />
        </When>
        <Remains shared=shared />
    }
}

/// What it does instead of running.
fn state_word(state: WorkloadState) -> String {
    match state {
        WorkloadState::Running => tr!("workload" => "running"),
        WorkloadState::Starting => tr!("workload" => "starting"),
        WorkloadState::Paused => tr!("workload" => "paused"),
        WorkloadState::Stopped => tr!("workload" => "stopped"),
        WorkloadState::Failed => tr!("workload" => "failed"),
        WorkloadState::Unknown => tr!("workload" => "not known"),
    }
}

#[component]
fn Line(workload: Workload) -> impl IntoView {
    let (tone, word) = if workload.stateful { (Tone::Maintenance, tr!("Stateful")) } else { (Tone::Neutral, tr!("Stateless")) };
    let running = workload.state == WorkloadState::Running;
    let state = (!running).then(|| view! { " " <Tag tone=Tone::Degraded word=state_word(workload.state) /> });
    let belongs = workload.belongs_to_node.then(|| view! { " " <Tag tone=Tone::Neutral word=tr!("belongs to the node") /> });
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
