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
            let by = record.by.clone().or_else(|| record.set_outside.then(|| "somebody outside Pitlane".to_owned()));
            let back = record.expected_back_at.map(|at| {
                let overdue = move || (at < clock.now()).then_some(Tone::Maintenance.as_str());
                view! {
                    <dt>"Expected back"</dt>
                    <dd data-tone=overdue>
                        {move || format!("{}, {}", locale::short(at, clock.now()), format::relative(at, clock.now()))}
                    </dd>
                }
            });
            view! {
                <dt>"In maintenance"</dt>
                <dd>
                    <Age at=Signal::stored(record.since) />
                    {by.map(|by| format!(", by {by}"))}
                </dd>
                {record.reason.map(|reason| view! { <dt>"Reason"</dt><dd>{reason}</dd> })}
                {back}
            }
        })
    };
    view! {
        <section class="panel" aria-label="Node">
            <h2>"Node"</h2>
            <dl class="facts">
                {move || facts().into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view()}
                {move || record()}
                <dt>"Last heartbeat"</dt>
                <dd>
                    {move || {
                        if beat.get().is_some() {
                            view! { <Age at=beat relative=true /> }.into_any()
                        } else {
                            format::UNKNOWN.into_any()
                        }
                    }}
                </dd>
                <dt>"First seen"</dt>
                <dd>
                    <Age at=Signal::stored(Some(created)) relative=true />
                </dd>
                <dt>"Labels"</dt>
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

fn facts(node: &Node) -> Vec<(&'static str, String)> {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| format::UNKNOWN.to_owned());
    let source = match node.node_source {
        NodeSource::Agent => "agent",
        NodeSource::Engine => "engine",
        NodeSource::Simulated => "simulated by pitlane demo",
        NodeSource::Unknown => format::UNKNOWN,
    };
    let agent = match (&node.agent_version, &node.agent_update) {
        (Some(version), Some(update)) => format!("{version}, update to {update}"),
        (Some(version), None) => version.clone(),
        (None, _) => format::UNKNOWN.to_owned(),
    };
    let resources = &node.resources;
    let disks: Vec<String> =
        resources.disks.iter().map(|disk| format!("{} on {}", format::bytes_of(disk.used_bytes, disk.total_bytes), disk.mount)).collect();
    let memory = match (resources.memory_used_bytes, resources.memory_total_bytes) {
        (Some(used), Some(total)) => Some(format!("{} used", format::bytes_of(used, total))),
        (None, Some(total)) => Some(format::bytes(total)),
        _ => None,
    };
    let mut facts =
        vec![("Region", or_unknown(node.region.clone())), ("Address", or_unknown(node.overlay_ip.clone().or_else(|| node.public_ip.clone())))];
    if let (Some(_), Some(public)) = (&node.overlay_ip, &node.public_ip) {
        facts.push(("Public address", public.clone()));
    }
    facts.extend([("Agent", agent)]);
    if let Some(engine) = &node.engine_version {
        let update = node.agent_update.as_ref().filter(|_| node.agent_version.is_none());
        facts.push(("Engine", update.map_or_else(|| engine.clone(), |update| format!("{engine}, update to {update}"))));
    }
    facts.extend([
        ("Source", source.to_owned()),
        ("Processors", or_unknown(resources.cpu_cores.map(format::whole))),
        ("Memory", or_unknown(memory)),
        ("Disk", if disks.is_empty() { format::UNKNOWN.to_owned() } else { disks.join(", ") }),
    ]);
    facts
}
