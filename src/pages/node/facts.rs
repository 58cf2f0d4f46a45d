//! Facts of the node, one a line. Unknown is an em dash.

use leptos::prelude::*;
use pitlane_api::{Node, NodeSource};

use super::Shared;
use crate::model::format;
use crate::model::tone::Tone;
use crate::platform::locale;
use crate::ui::Age;
use crate::ui::Tag;
use crate::ui::view;
use crate::words::{number, tr};

/// The panel.
#[component]
pub fn Facts(shared: Shared) -> impl IntoView {
    let beat = Memo::new(move |_| shared.pulse.with(|pulse| pulse.at));
    let facts = move || shared.node.with(facts);
    let maintenance = move || shared.node.with(|node| node.maintenance.clone());
    let created = shared.node.with_untracked(|node| node.created_at);
    let labels = move || shared.node.with(|node| node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>());
    let clock = shared.app.clock;
    let record = move || {
        maintenance().map(|record| {
            let by = record.by.clone().or_else(|| record.set_outside.then(|| tr!("somebody outside Pitlane")));
            let back = record.expected_back_at.map(|at| {
                let overdue = move || (at < clock.now()).then_some(Tone::Maintenance.as_str());
                view! {
                    <dt>{tr!("Expected back")}</dt>
                    <dd data-tone=overdue>
                        {move || tr!("{}, {}", locale::short(at, clock.now()), format::relative(at, clock.now()))}
                    </dd>
                }
            });
            view! {
                <dt>{tr!("In maintenance")}</dt>
                <dd>
                    <Age at=Signal::stored(record.since) />
                    {by.map(|by| tr!(", by {}", by))}
                </dd>
                {record.reason.map(|reason| view! { <dt>{tr!("Reason")}</dt><dd>{reason}</dd> })}
                {back}
            }
        })
    };
    view! {
        <section class="panel" aria-label=tr!("Node")>
            <h2>{tr!("Node")}</h2>
            <dl class="facts">
                {move || facts().into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view()}
                {move || record()}
                <dt>{tr!("Last heartbeat")}</dt>
                <dd>
                    {move || {
                        if beat.get().is_some() {
                            view! { <Age at=beat relative=true /> }.into_any()
                        } else {
                            format::UNKNOWN.into_any()
                        }
                    }}
                </dd>
                <dt>{tr!("First seen")}</dt>
                <dd>
                    <Age at=Signal::stored(Some(created)) relative=true />
                </dd>
                <dt>{tr!("Labels")}</dt>
                <dd class="labels">
                    {move || {
                        let labels = labels();
                        if labels.is_empty() {
                            format::UNKNOWN.into_any()
                        } else {
                            labels.into_iter().map(|label| view! { <Tag tone=Tone::Neutral word=label /> }).collect_view().into_any()
                        }
                    }}
                </dd>
            </dl>
        </section>
    }
}

fn facts(node: &Node) -> Vec<(String, String)> {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| format::UNKNOWN.to_owned());
    let source = match node.node_source {
        NodeSource::Agent => tr!("source" => "agent"),
        NodeSource::Engine => tr!("source" => "engine"),
        NodeSource::Simulated => tr!("simulated by pitlane demo"),
        NodeSource::Unknown => format::UNKNOWN.to_owned(),
    };
    let agent = match (&node.agent_version, &node.agent_update) {
        (Some(version), Some(update)) => tr!("{}, update to {}", version, update),
        (Some(version), None) => version.clone(),
        (None, _) => format::UNKNOWN.to_owned(),
    };
    let resources = &node.resources;
    let disks: Vec<String> =
        resources.disks.iter().map(|disk| tr!("{} on {}", format::bytes_of(disk.used_bytes, disk.total_bytes), disk.mount)).collect();
    let memory = match (resources.memory_used_bytes, resources.memory_total_bytes) {
        (Some(used), Some(total)) => Some(tr!("{} used", format::bytes_of(used, total))),
        (None, Some(total)) => Some(format::bytes(total)),
        _ => None,
    };
    let mut facts = vec![
        (tr!("Region"), or_unknown(node.region.clone())),
        (tr!("Address"), or_unknown(node.overlay_ip.clone().or_else(|| node.public_ip.clone()))),
    ];
    if let (Some(_), Some(public)) = (&node.overlay_ip, &node.public_ip) {
        facts.push((tr!("Public address"), public.clone()));
    }
    facts.extend([(tr!("Agent"), agent)]);
    if let Some(engine) = &node.engine_version {
        let update = node.agent_update.as_ref().filter(|_| node.agent_version.is_none());
        facts.push((tr!("Engine"), update.map_or_else(|| engine.clone(), |update| tr!("{}, update to {}", engine, update))));
    }
    facts.extend([
        (tr!("Source"), source),
        (tr!("Processors"), or_unknown(resources.cpu_cores.map(|cores| number(cores.round() as u64)))),
        (tr!("Memory"), or_unknown(memory)),
        (tr!("Disk"), if disks.is_empty() { format::UNKNOWN.to_owned() } else { disks.join(", ") }),
    ]);
    facts
}
