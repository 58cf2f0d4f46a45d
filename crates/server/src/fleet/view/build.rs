//! From what the engine shows and what the agent says to the node of the wire.

use std::{collections::BTreeMap, time::Duration};

use pitlane_api::{
    Health, Heartbeat, HeartbeatRequest, HeartbeatState, Maintenance, Node, NodeId, NodeSource, Operation, PlannedDrain, Resources, Scheduling,
    Signal, Timestamp, WorkloadCounts,
    rules::{
        self,
        report_bounds::{LABELS_BYTES_MAX, entry_bytes},
    },
};
use pitlane_engine::EngineNode;
use sha2::{Digest, Sha256};

use super::{Moment, Surroundings};
use crate::fleet::agents::{Facts, update_for};

/// Everything a node is made of.
pub(super) struct Material<'a> {
    pub id: NodeId,
    pub engine: &'a EngineNode,
    pub facts: Option<&'a Facts>,
    pub operation: Option<&'a Operation>,
    pub plan: Option<&'a PlannedDrain>,
    /// The version it had when it was drained.
    pub version: Option<&'a str>,
    pub deleting: bool,
    /// The signals that are shown now: `since` is carried over from them.
    pub previous: &'a [Signal],
    /// Confirmed by a beat the registry has not noted yet.
    pub confirmed: bool,
    pub created_at: Timestamp,
}

/// The id Pitlane uses for a node: the engine's own where it knows it, else made from the engine's id, so that it
/// stays the same when the database is lost.
pub(in crate::fleet) fn node_id(engine: &EngineNode) -> NodeId {
    engine.id.clone().unwrap_or_else(|| derived_id(&engine.engine_node_id))
}

/// A short id made of an engine's node id.
pub(in crate::fleet) fn derived_id(engine_node_id: &str) -> NodeId {
    let digest = Sha256::digest(engine_node_id.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    NodeId(format!("node-{hex}"))
}

/// Age of an agent's last beat. Before the first one since the start, silence counts from the start.
fn age(beat: Option<Duration>, moment: Moment) -> Duration {
    moment.elapsed.saturating_sub(beat.unwrap_or_default())
}

/// Heartbeat of a node with an agent. `known`: it has beaten before, perhaps before this server started.
pub(super) fn agent_state(beat: Option<Duration>, known: bool, surroundings: &Surroundings, moment: Moment) -> HeartbeatState {
    let age_s = known.then(|| age(beat, moment).as_secs_f64());
    match rules::heartbeat_state(age_s, true, &surroundings.thresholds) {
        // Nothing has been heard since the start: not yet offline, and not fresh either.
        HeartbeatState::Fresh if beat.is_none() => HeartbeatState::Late,
        state => state,
    }
}

/// Heartbeat of a node without an agent: the engine's word.
pub(super) fn engine_state(engine: &EngineNode, surroundings: &Surroundings, moment: Moment) -> HeartbeatState {
    let at = engine.report.last_heartbeat_at;
    let age_s = at.map(|at| moment.now.duration_since(at).as_secs_f64().max(0.0));
    rules::heartbeat_state(age_s, at.is_some(), &surroundings.thresholds)
}

/// As enrolled or as the engine has them, with what the agent says now, which is newer. An agent's labels are bounded in one enrolment or heartbeat;
/// here both of them together are, because they go to every browser. An engine's own labels are all kept.
fn labels(engine: &EngineNode, report: Option<&HeartbeatRequest>) -> BTreeMap<String, String> {
    let mut labels = report.map(|report| report.labels.clone()).unwrap_or_default();
    let mut left = match engine.source {
        NodeSource::Agent | NodeSource::Simulated => LABELS_BYTES_MAX.saturating_sub(labels.iter().map(|(key, value)| entry_bytes(key, value)).sum()),
        NodeSource::Engine | NodeSource::Unknown => usize::MAX,
    };
    for (key, value) in engine.labels.iter() {
        if labels.contains_key(key) {
            continue;
        }
        if let Some(rest) = left.checked_sub(entry_bytes(key, value)) {
            left = rest;
            labels.insert(key.clone(), value.clone());
        }
    }
    labels
}

/// Builds the node.
pub(super) fn node(material: &Material<'_>, surroundings: &Surroundings, moment: Moment) -> Node {
    let engine = material.engine;
    let report = material.facts.and_then(|facts| facts.report.as_deref());
    let ought_to_be = surroundings.agent_ought_to_be(rules::Realm::of(engine.source));
    let agent_update = report.zip(ought_to_be).and_then(|(report, version)| update_for(&report.agent_version, version));
    let clock_offset_s = material.facts.and_then(|facts| facts.clock_offset_s);

    let mut signals = match report {
        Some(report) => {
            let update = agent_update.as_deref();
            rules::signals_from_report(report, &surroundings.thresholds, clock_offset_s, update, material.previous, moment.now)
        }
        None => Vec::new(),
    };
    signals.extend(engine.report.signals.iter().cloned());

    let last_heartbeat_at = match material.facts {
        Some(facts) => facts.report_at,
        None => engine.report.last_heartbeat_at,
    };
    let state = match material.facts {
        Some(facts) => agent_state(facts.beat, facts.report_at.is_some(), surroundings, moment),
        None => engine_state(engine, surroundings, moment),
    };
    let confirmed = material.confirmed
        || material.facts.is_some_and(|facts| facts.confirmed)
        || engine.report.reachable.is_some()
        || engine.report.last_heartbeat_at.is_some();
    let health = rules::health(&rules::HealthInput {
        deleting: material.deleting,
        failed: engine.report.failure.is_some(),
        engine_reaches: engine.report.reachable,
        confirmed,
        heartbeat: state,
        signals: &signals,
    });
    Node {
        id: material.id.clone(),
        name: engine.name.clone(),
        region: engine.region.clone(),
        status: rules::status(health, engine.scheduling),
        node_source: engine.source,
        public_ip: engine.public_ip.clone(),
        overlay_ip: engine.overlay_ip.clone(),
        failure_reason: engine.report.failure.clone(),
        last_heartbeat_at,
        created_at: material.created_at,
        updated_at: moment.now,
        revision: engine.revision(),
        health,
        scheduling: engine.scheduling,
        takes_placements: rules::takes_placements(engine.scheduling, health, material.operation),
        engine_node_id: engine.engine_node_id.clone(),
        heartbeat: Heartbeat { state, recent: material.facts.map(|facts| facts.recent.clone()).unwrap_or_default(), clock_offset_s },
        agent_version: report.map(|report| report.agent_version.clone()),
        engine_version: engine.report.version.as_ref().map(|version| format!("{} {version}", surroundings.engine_process)),
        agent_update: agent_update.or_else(|| engine.report.update.clone()),
        labels: labels(engine, report),
        runs_pitlane: runs_pitlane(material, surroundings),
        signals,
        resources: resources(&engine.report.resources, report.map(|report| &report.resources)),
        workload_counts: counts(material, health),
        maintenance: maintenance(engine, material.version),
        operation: material.operation.cloned(),
        planned: material.plan.cloned().map(Box::new),
    }
}

fn runs_pitlane(material: &Material<'_>, surroundings: &Surroundings) -> bool {
    let simulated = material.engine.source == pitlane_api::NodeSource::Simulated;
    let here = surroundings.machine_id.as_deref();
    let by_engine = material.engine.report.runs_pitlane;
    by_engine || !simulated && here.is_some() && material.facts.map(|facts| facts.machine_id.as_str()) == here
}

/// What the agent measures, with what the engine promised beside it.
fn resources(engine: &Resources, agent: Option<&Resources>) -> Resources {
    let Some(agent) = agent else { return engine.clone() };
    Resources {
        cpu_cores_reserved: engine.cpu_cores_reserved.or(agent.cpu_cores_reserved),
        memory_reserved_bytes: engine.memory_reserved_bytes.or(agent.memory_reserved_bytes),
        ..agent.clone()
    }
}

/// The last counts stay on the card of a node that went silent: they are what was running when it did.
fn counts(material: &Material<'_>, health: Health) -> WorkloadCounts {
    let engine = material.engine.report.workloads;
    match material.facts {
        // An engine with workloads of its own goes on counting where an agent has fallen silent.
        Some(facts) if engine.total.is_some() && (facts.beat.is_none() || facts.counts.total.is_none()) => engine,
        Some(facts) if health != Health::Pending || facts.beat.is_some() => facts.counts,
        _ => engine,
    }
}

/// In maintenance without a record: somebody took it out of the scheduler without Pitlane.
fn maintenance(engine: &EngineNode, version: Option<&str>) -> Option<Maintenance> {
    if engine.scheduling != Scheduling::Maintenance {
        return None;
    }
    let note = engine.note.clone();
    Some(match &engine.record {
        Some(record) => Maintenance {
            reason: record.reason.clone(),
            by: record.by.clone(),
            since: record.since,
            expected_back_at: record.expected_back_at,
            set_outside: false,
            note,
            // What Pitlane remembers is of its own drain.
            version: version.filter(|_| record.operation_id.is_some()).map(str::to_owned),
        },
        None => {
            Maintenance { reason: None, by: None, since: engine.report.out_since, expected_back_at: None, set_outside: true, note, version: None }
        }
    })
}
