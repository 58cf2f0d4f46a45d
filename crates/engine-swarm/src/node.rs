//! A node of the swarm as Pitlane shows it.

use std::collections::BTreeMap;

use bollard::models::{Node, NodeSpecAvailabilityEnum as Availability, NodeState, Reachability};
use pitlane_api::{NodeSource, Resources, Scheduling, Signal, SignalKind, SignalState, Timestamp, Words, say};
use pitlane_engine::{EngineNode, EngineReport};

use crate::{constraints::is_manager, record, summary::Summary};

/// Said of a node that somebody else set to Swarm's own drain.
fn drained_outside() -> Words {
    say!("Swarm's own drain: Swarm has stopped the tasks of this node and started them elsewhere.")
}

/// The node's id; Swarm always gives one.
pub(crate) fn id(node: &Node) -> &str {
    node.id.as_deref().unwrap_or_default()
}

/// The host's name.
pub(crate) fn name(node: &Node) -> &str {
    let hostname = node.description.as_ref().and_then(|description| description.hostname.as_deref());
    hostname.filter(|name| !name.is_empty()).unwrap_or_else(|| id(node))
}

/// Whether Swarm reaches it.
pub(crate) fn is_ready(node: &Node) -> bool {
    state(node) == NodeState::READY
}

fn state(node: &Node) -> NodeState {
    node.status.as_ref().and_then(|status| status.state).unwrap_or(NodeState::UNKNOWN)
}

/// A node as its engine shows it. `tasks`: what was last known of them; `local`: the id of the node whose own socket
/// Pitlane uses.
pub(crate) fn engine_node(node: &Node, tasks: Option<&Summary>, local: Option<&str>) -> EngineNode {
    let labels = node.spec.as_ref().and_then(|spec| spec.labels.clone()).unwrap_or_default();
    let availability = node.spec.as_ref().and_then(|spec| spec.availability);
    EngineNode {
        engine_node_id: id(node).to_owned(),
        id: None,
        name: name(node).to_owned(),
        region: labels.get("region").or_else(|| labels.get("zone")).cloned(),
        source: NodeSource::Engine,
        public_ip: None,
        overlay_ip: address(node),
        scheduling: match availability {
            Some(Availability::PAUSE | Availability::DRAIN) => Scheduling::Maintenance,
            _ => Scheduling::Schedulable,
        },
        record: record::read(&labels),
        note: (availability == Some(Availability::DRAIN)).then(drained_outside),
        labels: shown_labels(node, labels),
        report: report(node, tasks, local),
        created_at: node.created_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok()),
    }
}

/// The operator's labels, and Swarm's own facts in the words of its constraints.
fn shown_labels(node: &Node, labels: std::collections::HashMap<String, String>) -> BTreeMap<String, String> {
    let mut shown: BTreeMap<String, String> = labels.into_iter().filter(|(key, _)| !key.starts_with(record::PREFIX)).collect();
    let engine = node.description.as_ref().and_then(|description| description.engine.as_ref()?.labels.clone());
    shown.extend(engine.into_iter().flatten().map(|(key, value)| (format!("engine.labels.{key}"), value)));
    shown.insert("node.role".into(), if is_manager(node) { "manager" } else { "worker" }.into());
    shown
}

/// A manager that was set up alone reports 0.0.0.0 of itself; the address of its manager's part is the one to use.
fn address(node: &Node) -> Option<String> {
    let own = node.status.as_ref().and_then(|status| status.addr.clone()).filter(|addr| !addr.is_empty() && addr != "0.0.0.0");
    let manager = || node.manager_status.as_ref()?.addr.as_deref()?.rsplit_once(':').map(|(host, _)| host.to_owned());
    own.or_else(manager)
}

fn report(node: &Node, tasks: Option<&Summary>, local: Option<&str>) -> EngineReport {
    let description = node.description.as_ref();
    let has = description.and_then(|description| description.resources.as_ref());
    let reserved = tasks.map(|tasks| tasks.reserved(id(node))).unwrap_or_default();
    EngineReport {
        // "unknown" and "disconnected" are shown for a while when managers change: nobody has heard from the node.
        reachable: Some(is_ready(node)),
        failure: None,
        last_heartbeat_at: None,
        signals: signals(node),
        resources: Resources {
            cpu_cores: has.and_then(|has| has.nano_cpus).map(|nano| nano as f64 / 1e9),
            memory_total_bytes: has.and_then(|has| has.memory_bytes).and_then(|bytes| u64::try_from(bytes).ok()),
            cpu_cores_reserved: reserved.cpu_cores,
            memory_reserved_bytes: reserved.memory_bytes,
            ..Resources::default()
        },
        version: description.and_then(|description| description.engine.as_ref()?.engine_version.clone()),
        workloads: tasks.map(|tasks| tasks.counts(id(node))).unwrap_or_default(),
        runs_pitlane: local == Some(id(node)),
        holds_engine_data: Some(is_manager(node)),
        update: None,
        out_since: None,
    }
}

fn signals(node: &Node) -> Vec<Signal> {
    let message = node.status.as_ref().and_then(|status| status.message.clone()).filter(|message| !message.is_empty());
    let condition = |name: &str, state, detail: Words| Signal { kind: SignalKind::Condition, name: name.into(), state, detail, since: None };
    let with = |word: Words| match &message {
        Some(message) => say!("{}: {}", word, message),
        None => word,
    };
    let mut signals = vec![match state(node) {
        NodeState::READY => condition("Swarm", SignalState::Ok, say!("ready")),
        NodeState::DOWN => condition("Swarm", SignalState::Bad, with(say!("down"))),
        NodeState::DISCONNECTED => condition("Swarm", SignalState::Bad, with(say!("disconnected"))),
        NodeState::UNKNOWN => condition("Swarm", SignalState::Unknown, with(say!("not known"))),
    }];
    if let Some(manager) = &node.manager_status {
        signals.push(match manager.reachability {
            Some(Reachability::REACHABLE) if manager.leader == Some(true) => condition("Manager", SignalState::Ok, say!("leader")),
            Some(Reachability::REACHABLE) => condition("Manager", SignalState::Ok, say!("reachable")),
            Some(Reachability::UNREACHABLE) => condition("Manager", SignalState::Bad, say!("the other managers do not reach it")),
            _ => condition("Manager", SignalState::Unknown, say!("not known")),
        });
    }
    signals
}
