//! The nodes of a set, each with what is to know of it: what stays, what is left out and why, what could not be read.

use leptos::prelude::*;
use pitlane_api::{BulkPreview, BulkPreviewNode, OperationKind, Words};

use crate::model::bulk;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::StaysTable;
use crate::ui::Icon;
use crate::ui::Notice;
use crate::ui::Tag;
use crate::ui::Told;
use crate::ui::view;
use crate::words::{number, tr};

/// Which are worked on, in their order, with what is good to know of them.
#[component]
pub fn Ready(preview: BulkPreview) -> impl IntoView {
    let count = bulk::ready(&preview).count();
    let names: Vec<String> = bulk::ready(&preview).map(|node| node.node_name.clone()).collect();
    let named = |node: &BulkPreviewNode| node.notes.iter().map(|note| (node.node_name.clone(), note.clone())).collect::<Vec<_>>();
    let notes: Vec<_> = bulk::ready(&preview).flat_map(named).collect();
    let notes = notes.into_iter().map(|(name, note)| view! { <li>{name} ": " <Told words=note /></li> }).collect_view();
    let title = match preview.kind {
        OperationKind::Activate => tr!("1 node is ready to be activated" | "{n} nodes are ready to be activated" % count),
        _ => tr!("1 node is drained" | "{n} nodes in this order" % count),
    };
    let label = title.clone();
    (count > 0).then(|| {
        view! {
            <section class="stack" aria-label=label>
                <h3>{title}</h3>
                <p class="bulk-names">{names.join(", ")}</p>
                <ul class="muted hint reasons">{notes}</ul>
            </section>
        }
    })
}

/// Which are not, each with why.
#[component]
pub fn LeftOut(preview: BulkPreview) -> impl IntoView {
    let out: Vec<&BulkPreviewNode> = preview.nodes.iter().filter(|node| !node.ready).collect();
    let count = out.len();
    let title = match preview.kind {
        OperationKind::Activate => {
            tr!("1 node is not ready and stays in maintenance" | "{n} nodes are not ready and stay in maintenance" % count)
        }
        _ => tr!("1 node is left out" | "{n} nodes are left out" % count),
    };
    let rows = out
        .into_iter()
        .map(|node| {
            view! {
                <li>
                    <b>{node.node_name.clone()}</b>
                    ": "
                    <Told words=node.blocked.clone().unwrap_or_default() />
                </li>
            }
        })
        .collect_view();
    let label = title.clone();
    (count > 0).then(|| {
        view! {
            <section class="stack" aria-label=label>
                <Notice tone=Tone::Degraded glyph=Glyph::Info>
                    <p>
                        <b>{title}</b>
                    </p>
                    <ul class="reasons">{rows}</ul>
                </Notice>
            </section>
        }
    })
}

/// All stateful workloads that stay, by node.
#[component]
pub fn Stays(preview: BulkPreview) -> impl IntoView {
    let count = bulk::stateful(&preview);
    let tables = bulk::ready(&preview)
        .filter(|node| !node.stateful.is_empty())
        .map(|node| {
            view! {
                <div class="bulk-stays">
                    <h4>{node.node_name.clone()}</h4>
                    <StaysTable workloads=node.stateful.clone() refusal=None node=node.node_name.clone() />
                </div>
            }
        })
        .collect_view();
    let below = match (count, bulk::is_unread(&preview)) {
        (0, true) => tr!("None that could be read."),
        (0, false) => tr!("None runs on these nodes: no volume, no writable folder of the host."),
        _ => tr!("Move or back these up yourself before any destructive host work."),
    };
    view! {
        <section class="stack">
            <h3 class="with-icon">
                <Icon glyph=Glyph::Database />
                {tr!("Stateful workloads that stay")}
                {(count > 0).then(|| view! { <Tag tone=Tone::Maintenance word=number(count) /> })}
            </h3>
            {tables}
            <p class="muted hint">{below}</p>
        </section>
    }
}

/// Lists that could not be read in full.
#[component]
pub fn Unread(preview: BulkPreview) -> impl IntoView {
    let rows: Vec<_> = bulk::ready(&preview)
        .filter(|node| !node.not_read.is_empty())
        .map(|node| {
            view! {
                <li>
                    <b>{node.node_name.clone()}</b>
                    ": "
                    <Told words=Words::in_line(node.not_read.iter().cloned()) />
                </li>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p>
                    <b>{tr!("Not every workload could be read.")}</b>
                </p>
                <ul class="reasons">{rows}</ul>
            </Notice>
        }
    })
}
