//! From a Node object to the node of the engine trait: scheduling, record, readiness signals, capacity.

use std::collections::BTreeMap;

use pitlane_api::{NodeSource, Resources, Scheduling, Signal, SignalKind, SignalState, Timestamp, Words, WorkloadCounts, say};
use pitlane_engine::{EngineNode, EngineReport, Record};

use crate::{
    objects::{Condition, Node, Taint},
    quantity,
};

/// The annotation that holds the maintenance record, as JSON.
pub const MAINTENANCE_ANNOTATION: &str = "pitlane.dev/maintenance";
/// What the node controller puts on a node that is unschedulable.
pub(crate) const UNSCHEDULABLE_TAINT: &str = "node.kubernetes.io/unschedulable";
/// A clock that is off by more is said, in seconds.
const CLOCK_SKEW_S: f64 = 30.0;

/// What is known of a node beside its object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    /// When its kubelet gave the last sign of life, by this machine's clock.
    pub heartbeat_at: Option<Timestamp>,
    /// Its clock less this machine's, in seconds, where a renewal was watched.
    pub clock_offset_s: Option<f64>,
    /// What its pods ask for; `None`: pods cannot be read.
    pub requested: Option<Requested>,
    /// The newest kubelet of the cluster, where this one is a minor version behind.
    pub update: Option<String>,
}

/// The sum over the pods of a node that have not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Requested {
    /// Thousandths of processors.
    pub cpu_millis: u64,
    /// Bytes.
    pub memory_bytes: u64,
    /// Pods.
    pub pods: u32,
    /// Of these with data.
    pub stateful: u32,
}

/// The engine's node id: the object's uid, which is never used again, not even for a host of the same name.
pub(crate) fn id(node: &Node) -> &str {
    node.metadata.uid.as_deref().unwrap_or_default()
}

/// Its name, which is how the API and kubectl call it.
pub(crate) fn name(node: &Node) -> &str {
    node.metadata.name.as_deref().unwrap_or_default()
}

/// Labels as the object has them.
pub(crate) fn labels(node: &Node) -> &BTreeMap<String, String> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    node.metadata.labels.as_ref().unwrap_or(&NONE)
}

fn taint_of_cordon(node: &Node) -> Option<&Taint> {
    node.spec.taints.iter().find(|taint| taint.key == UNSCHEDULABLE_TAINT)
}

/// The cordon's taint without the cordon. The node controller takes it away within moments and signs its own with a
/// time; one without a time was put there by hand, and keeps the scheduler away as well as a cordon does.
pub(crate) fn only_tainted(node: &Node) -> bool {
    !node.spec.unschedulable && taint_of_cordon(node).is_some_and(|taint| taint.time_added.is_none())
}

/// Whether the scheduler places on it.
pub(crate) fn scheduling(node: &Node) -> Scheduling {
    if node.spec.unschedulable || only_tainted(node) { Scheduling::Maintenance } else { Scheduling::Schedulable }
}

/// The record on it, whether it belongs there or not. Plain text is a reason that somebody wrote with kubectl while
/// Pitlane was down. `Err`: there is a record that cannot be read.
pub(crate) fn record(node: &Node) -> Result<Option<Record>, String> {
    let text = node.metadata.annotations.as_ref().and_then(|annotations| annotations.get(MAINTENANCE_ANNOTATION));
    text.map(|text| match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string()),
        false => Ok(Record { reason: Some(text.trim().to_owned()).filter(|reason| !reason.is_empty()), ..Record::default() }),
    })
    .transpose()
}

/// Minor version of a kubelet: "v1.37.2" is 37.
pub(crate) fn minor(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}

/// As the engine trait shows it.
pub(crate) fn engine_node(node: &Node, beside: &Beside) -> EngineNode {
    let scheduling = scheduling(node);
    let (record, note) = match record(node) {
        Ok(record) => (record, None),
        Err(error) => (None, Some(say!("The annotation {} on this node cannot be read: {}.", MAINTENANCE_ANNOTATION, error.to_string()))),
    };
    let note = match (scheduling, only_tainted(node)) {
        (Scheduling::Maintenance, true) => Some(say!(
            "The taint {} was set by hand; uncordon does not take it away: {}",
            UNSCHEDULABLE_TAINT,
            format!("kubectl taint nodes {} {UNSCHEDULABLE_TAINT}-", name(node))
        )),
        (Scheduling::Maintenance, false) => note,
        _ => None,
    };
    let out_since = taint_of_cordon(node).and_then(|taint| taint.time_added).filter(|_| scheduling == Scheduling::Maintenance);
    let address = |kind: &str| node.status.addresses.iter().find(|address| address.kind == kind).map(|address| address.address.clone());
    EngineNode {
        engine_node_id: id(node).to_owned(),
        id: None,
        name: name(node).to_owned(),
        region: zone(labels(node)),
        source: NodeSource::Engine,
        public_ip: address("ExternalIP"),
        overlay_ip: address("InternalIP"),
        labels: shown_labels(node),
        scheduling,
        record,
        note,
        report: report(node, beside, out_since),
        created_at: node.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}

fn report(node: &Node, beside: &Beside, out_since: Option<Timestamp>) -> EngineReport {
    let allocatable = |what: &str| node.status.allocatable.get(what);
    let mut signals: Vec<Signal> = node.status.conditions.iter().map(signal).collect();
    if let Some(offset) = beside.clock_offset_s.filter(|offset| offset.abs() > CLOCK_SKEW_S) {
        let by = offset.abs().round() as u64;
        let detail = if offset > 0.0 {
            say!("the kubelet's clock is {} s ahead of the server's", by)
        } else {
            say!("the kubelet's clock is {} s behind the server's", by)
        };
        signals.push(Signal { kind: SignalKind::Clock, name: "Clock".into(), state: SignalState::Bad, detail, since: None });
    }
    EngineReport {
        reachable: node.status.conditions.iter().find(|condition| condition.kind == "Ready").map(|ready| ready.status != "Unknown"),
        failure: None,
        last_heartbeat_at: beside.heartbeat_at,
        signals,
        resources: Resources {
            cpu_cores: allocatable("cpu").and_then(|cpu| quantity::millis(cpu)).map(|millis| millis as f64 / 1000.0),
            memory_total_bytes: allocatable("memory").and_then(|memory| quantity::bytes(memory)),
            cpu_cores_reserved: beside.requested.map(|requested| requested.cpu_millis as f64 / 1000.0),
            memory_reserved_bytes: beside.requested.map(|requested| requested.memory_bytes),
            ..Resources::default()
        },
        version: Some(node.status.node_info.kubelet_version.clone()).filter(|version| !version.is_empty()),
        update: beside.update.clone(),
        workloads: WorkloadCounts {
            total: beside.requested.map(|requested| requested.pods),
            stateful: beside.requested.map(|requested| requested.stateful),
        },
        holds_engine_data: Some(holds_engine_data(labels(node))),
        out_since,
        runs_pitlane: false,
    }
}

/// Where the control plane runs there is etcd, or may be; on the other nodes there is none that Kubernetes knows of.
fn holds_engine_data(labels: &BTreeMap<String, String>) -> bool {
    ["control-plane", "controlplane", "master", "etcd"].iter().any(|role| labels.contains_key(&format!("node-role.kubernetes.io/{role}")))
}

fn zone(labels: &BTreeMap<String, String>) -> Option<String> {
    ["topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone"]
        .iter()
        .find_map(|key| labels.get(*key))
        .cloned()
}

/// The object's labels, and beside them what people look for first, under words of one piece.
fn shown_labels(node: &Node) -> BTreeMap<String, String> {
    let mut shown = labels(node).clone();
    let roles: Vec<&str> = shown.keys().filter_map(|key| key.strip_prefix("node-role.kubernetes.io/")).filter(|role| !role.is_empty()).collect();
    let roles = roles.join(", ");
    let taints: Vec<String> = node
        .spec
        .taints
        .iter()
        .filter(|taint| taint.key != UNSCHEDULABLE_TAINT)
        .map(|taint| match taint.value.as_deref() {
            None | Some("") => format!("{}:{}", taint.key, taint.effect),
            Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
        })
        .collect();
    let instance = ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"].iter().find_map(|key| shown.get(*key)).cloned();
    let runtime = node.status.node_info.container_runtime_version.clone();
    for (key, value) in [("roles", roles), ("taints", taints.join(", ")), ("instance-type", instance.unwrap_or_default()), ("runtime", runtime)] {
        if !value.is_empty() {
            shown.entry(key.into()).or_insert(value);
        }
    }
    shown
}

/// Conditions that are bad when they are true. Kubernetes' own, and those of its node problem detector.
fn bad_when_true(kind: &str) -> bool {
    ["Pressure", "Unavailable", "Deadlock", "Problem", "Failure", "Unhealthy"].iter().any(|ending| kind.ends_with(ending))
        || (kind.starts_with("Frequent") && kind.ends_with("Restart"))
        || ["ReadonlyFilesystem", "CorruptDockerOverlay2", "OutOfDisk"].contains(&kind)
}

/// Conditions that are good when they are true.
fn good_when_true(kind: &str) -> bool {
    kind == "Ready" || kind.ends_with("Ready") || kind.ends_with("Healthy")
}

fn signal(condition: &Condition) -> Signal {
    let kind = condition.kind.as_str();
    let (good, bad) = (good_when_true(kind), bad_when_true(kind));
    let state = match condition.status.as_str() {
        "True" if good => SignalState::Ok,
        "True" if bad => SignalState::Bad,
        "False" if good => SignalState::Bad,
        "True" | "False" => SignalState::Ok,
        _ => SignalState::Unknown,
    };
    let mut detail = match (condition.reason.as_deref().unwrap_or(""), condition.message.as_deref().unwrap_or("")) {
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    };
    if !good && !bad {
        // Nobody can know whether a condition of somebody's own is good or bad when it is true: it informs.
        detail = format!("{} {detail}", condition.status).trim_end().to_owned();
    }
    Signal { kind: SignalKind::Condition, name: kind.to_owned(), state, detail: Words::plain(detail), since: condition.last_transition_time }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(value: serde_json::Value) -> Node {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_cordoned_node_with_and_without_a_record() {
        let bare = node(json!({"metadata": {"name": "n1", "uid": "u1"}, "spec": {"unschedulable": true, "taints": [
            {"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule", "timeAdded": "2026-11-01T10:00:00Z"}]}}));
        let shown = engine_node(&bare, &Beside::default());
        assert_eq!((shown.scheduling, shown.record.clone()), (Scheduling::Maintenance, None));
        assert_eq!(shown.report.out_since, Some("2026-11-01T10:00:00Z".parse().unwrap()));
        assert_eq!(shown.labels.get("taints"), None, "the cordon's own taint is not news");

        let kept = node(json!({"metadata": {"name": "n1", "uid": "u1", "annotations": {MAINTENANCE_ANNOTATION: "{\"reason\":\"kernel\"}"}},
            "spec": {"unschedulable": true}}));
        assert_eq!(engine_node(&kept, &Beside::default()).record.unwrap().reason.as_deref(), Some("kernel"));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_said() {
        let broken = node(
            json!({"metadata": {"name": "n1", "uid": "u1", "annotations": {MAINTENANCE_ANNOTATION: "{\"since\": 1}"}}, "spec": {"unschedulable": true}}),
        );
        let shown = engine_node(&broken, &Beside::default());
        assert_eq!(shown.record, None);
        assert!(shown.note.unwrap().contains("cannot be read"));
        let by_hand = node(json!({"metadata": {"name": "n1", "annotations": {MAINTENANCE_ANNOTATION: "new disk"}}, "spec": {"unschedulable": true}}));
        assert_eq!(engine_node(&by_hand, &Beside::default()).record.unwrap().reason.as_deref(), Some("new disk"));
    }

    #[test]
    fn the_cordons_taint_alone() {
        let taint = |time: serde_json::Value| {
            node(json!({"metadata": {"name": "n1", "uid": "u1"}, "spec": {"taints": [
            {"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule", "timeAdded": time}]}}))
        };
        assert_eq!(scheduling(&taint(json!("2026-11-01T10:00:00Z"))), Scheduling::Schedulable, "the controller is about to take it away");
        let by_hand = taint(json!(null));
        assert_eq!(scheduling(&by_hand), Scheduling::Maintenance);
        assert!(engine_node(&by_hand, &Beside::default()).note.unwrap().contains("kubectl taint nodes n1"));
    }

    #[test]
    fn conditions_are_signals() {
        let condition = |kind: &str, status: &str| Condition {
            kind: kind.into(),
            status: status.into(),
            reason: Some("Because".into()),
            message: Some("it says so".into()),
            last_transition_time: None,
        };
        assert_eq!(signal(&condition("Ready", "True")).state, SignalState::Ok);
        assert_eq!(signal(&condition("Ready", "False")).state, SignalState::Bad);
        assert_eq!(signal(&condition("Ready", "Unknown")).state, SignalState::Unknown);
        assert_eq!(signal(&condition("DiskPressure", "True")).state, SignalState::Bad);
        assert_eq!(signal(&condition("DiskPressure", "False")).state, SignalState::Ok);
        assert_eq!(signal(&condition("KernelDeadlock", "True")).state, SignalState::Bad);
        let own = signal(&condition("EtcdIsVoter", "True"));
        assert_eq!((own.state, own.detail.english()), (SignalState::Ok, "True Because: it says so"));
    }

    #[test]
    fn reachability_is_the_ready_condition() {
        let with = |conditions: serde_json::Value| {
            engine_node(&node(json!({"metadata": {"name": "n"}, "status": {"conditions": conditions}})), &Beside::default()).report.reachable
        };
        assert_eq!(with(json!([])), None);
        assert_eq!(with(json!([{"type": "Ready", "status": "False"}])), Some(true));
        assert_eq!(with(json!([{"type": "Ready", "status": "Unknown"}])), Some(false));
    }

    #[test]
    fn what_people_look_for_first() {
        let shown = engine_node(
            &node(json!({"metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": "", "topology.kubernetes.io/zone": "eu-1a",
                "node.kubernetes.io/instance-type": "m5.large"}}, "spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]},
                "status": {"allocatable": {"cpu": "3920m", "memory": "7Gi"}, "nodeInfo": {"kubeletVersion": "v1.36.1", "containerRuntimeVersion": "containerd://2.1.0"}}})),
            &Beside { requested: Some(Requested { cpu_millis: 250, memory_bytes: 1 << 20, pods: 3, stateful: 1 }), ..Beside::default() },
        );
        assert_eq!(shown.labels["roles"], "control-plane");
        assert_eq!(shown.report.holds_engine_data, Some(true));
        assert_eq!(shown.labels["taints"], "dedicated=db:NoSchedule");
        assert_eq!(shown.labels["instance-type"], "m5.large");
        assert_eq!(shown.labels["runtime"], "containerd://2.1.0");
        assert_eq!(shown.region.as_deref(), Some("eu-1a"));
        assert_eq!(shown.report.version.as_deref(), Some("v1.36.1"));
        assert_eq!(shown.report.resources.cpu_cores, Some(3.92));
        assert_eq!(shown.report.resources.memory_reserved_bytes, Some(1 << 20));
        assert_eq!(shown.report.workloads.stateful, Some(1));
    }
}
