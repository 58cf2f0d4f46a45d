//! The wire, held both ways: what is read from the golden files is what was meant, and what is written is the file.
//! To review a change of the contract, run with `UPDATE_GOLDEN=1` and look at the difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "support/planned.rs"]
mod planned;
mod support;

use std::{fmt::Debug, path::PathBuf};

use pitlane_api::*;
use planned::planned;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use support::*;

/// What tells `null` from absent.
const PATCHES: [&str; 2] = ["maintenance_patch", "plan_patch"];

fn golden<T: Serialize + DeserializeOwned + Read + PartialEq + Debug>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(written, file, "{name}: what is written is not the golden file");
    let read: T = serde_json::from_str(&file).unwrap();
    assert_eq!(&read, value, "{name}: what is read is not what was written");
    // A patch tells `null` from absent, which only the server has to.
    if !PATCHES.contains(&name) {
        assert_eq!(read_json::<T>(&file).as_ref(), Some(value), "{name}: the console reads something else than the server");
    }
    with_noise::<T>(name, serde_json::from_str(&file).unwrap());
}

/// A newer server adds fields everywhere; an older client must not mind.
fn with_noise<T: DeserializeOwned + Read + PartialEq + Debug>(name: &str, mut value: Value) {
    fn add(value: &mut Value) {
        match value {
            Value::Object(map) => {
                // Labels, options and facets are maps of the user's, not structs of ours.
                let user_map = map.values().all(Value::is_string) && !map.is_empty();
                map.values_mut().for_each(add);
                if !user_map {
                    map.insert("added_by_a_newer_server".into(), json!({ "x": [1] }));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(add),
            _ => {}
        }
    }
    add(&mut value);
    match serde_json::from_value::<T>(value.clone()) {
        Err(error) => panic!("{name}: an unknown field breaks it: {error}"),
        Ok(_) if PATCHES.contains(&name) => {}
        Ok(read) => assert_eq!(T::read(value), Some(read), "{name}: the console reads something else than the server"),
    }
}

fn busy_node() -> Node {
    let mut node = node("edge-fra-02");
    node.scheduling = Scheduling::Maintenance;
    node.status = Status::Maintenance;
    node.takes_placements = false;
    node.maintenance = Some(Maintenance {
        reason: Some("Kernel 6.12 reboot".into()),
        by: Some("on-call".into()),
        since: Some(at(0)),
        expected_back_at: Some(at(7200)),
        set_outside: false,
        note: None,
        version: None,
    });
    let mut done = operation(OperationKind::Drain, &node);
    done.state = OperationState::WaitingReconcile;
    done.step = OperationStep::Engine;
    done.attempt_count = 3;
    done.next_attempt_at = Some(at(8));
    done.last_error = Some(Words::plain("The engine does not answer."));
    done.seen_stateful = vec![stateful("postgres", DataLives::NetworkVolume).identity];
    node.operation = Some(done);
    node
}

#[test]
fn nodes_and_operations() {
    golden("node", &busy_node());
    golden("workloads", &list(vec![stateful("postgres", DataLives::NetworkVolume), stateful("dovecot", DataLives::ThisNodeOnly)]));
}

#[test]
fn requests() {
    let seen = vec![stateful("dovecot", DataLives::ThisNodeOnly).identity];
    golden(
        "drain_request",
        &DrainRequest {
            reason: "Kernel 6.12 reboot".into(),
            expected_back_at: Some(at(7200)),
            seen_stateful: seen,
            acknowledge_unread: false,
            allow_last_schedulable: true,
        },
    );
    golden("activate_request", &ActivateRequest { override_: Some(Override { reason: "Docker comes later".into() }) });
    golden("maintenance_patch", &MaintenancePatch { reason: None, expected_back_at: Some(None) });
}

#[test]
fn planned_drains() {
    let seen = vec![stateful("dovecot", DataLives::ThisNodeOnly).identity];
    golden(
        "plan_request",
        &PlanRequest {
            reason: "Kernel 6.12 reboot".into(),
            starts_at: at(600),
            expected_back_at: Some(at(7200)),
            seen_stateful: seen.clone(),
            acknowledge_unread: true,
            allow_last_schedulable: false,
        },
    );
    golden("plan_patch", &PlanPatch { starts_at: Some(at(900)), expected_back_at: Some(None), seen_stateful: Some(seen), ..PlanPatch::default() });
    let mut node = node("edge-fra-02");
    let refusal = Refusal::LastSchedulableNode { remaining: 0 };
    let refused = PlannedDrain { state: PlanState::Refused, message: Some(refusal.message()), last_refusal: Some(refusal.body()), ..planned(&node) };
    golden("planned_drains", &PlannedDrains { plans: vec![planned(&node), refused.clone()], server_time: at(1) });
    node.planned = Some(Box::new(refused));
    golden("planned_node", &node);
}

#[test]
fn public_links() {
    let link = ShareLink {
        id: "01998".into(),
        node_id: "id-edge-fra-02".into(),
        lifetime: ShareLifetime::UntilActivated,
        created_by: "on-call".into(),
        created_at: at(0),
        expires_at: at(7_776_000),
    };
    golden("share_request", &ShareRequest { lifetime: ShareLifetime::Day });
    golden("made_share_link", &MadeShareLink { link: link.clone(), url: "http://127.0.0.1:7070/shared/secret".into() });
    golden("share_links", &ShareLinks { links: vec![link], server_time: at(1) });
    golden("shared_status", &rules::shared_status(&busy_node(), at(2)));
}

#[test]
fn events_carry_whole_nodes_or_mere_beats() {
    golden(
        "nodes_event",
        &NodesEvent {
            nodes: vec![busy_node()],
            beats: vec![Beat { id: "id-a".into(), at: at(1), beat: 100, cpu_percent: Some(12.5), memory_used_bytes: Some(1 << 30) }],
            missed: vec![Missed { id: "id-b".into(), beats: 2 }],
            fleet: None,
            server_time: at(2),
        },
    );
}

#[test]
fn refusals_have_a_code_and_details() {
    let node = busy_node();
    let refusals = vec![
        Refusal::RevisionConflict { current: node.revision.clone() },
        Refusal::AlreadySchedulable {},
        Refusal::AlreadyInMaintenance { by: Some("on-call".into()) },
        Refusal::LastSchedulableNode { remaining: 0 },
        Refusal::UnreadWorkloads { not_read: vec![Words::plain("Docker does not answer")] },
        Refusal::StatefulWorkloadsChanged {
            added: vec![stateful("dovecot", DataLives::ThisNodeOnly).identity],
            more_local: vec![],
            gone: vec![],
            now: vec![stateful("dovecot", DataLives::ThisNodeOnly)],
        },
        Refusal::DeletionBlocked { blockers: vec![Words::plain("it has 3 workloads")], overridable: false },
        Refusal::ChangedOutside { shows: Words::plain("it is schedulable") },
        Refusal::AlreadyPlanned { plan: Box::new(planned(&node)) },
        Refusal::TooManyShareLinks { limit: 50 },
    ];
    for refusal in &refusals {
        assert_eq!(Refusal::from_body(&refusal.body()).as_ref(), Some(refusal));
        let mut newer = refusal.body();
        newer.details["added_by_a_newer_server"] = json!({ "x": [1] });
        assert_eq!(Refusal::from_body(&newer).as_ref(), Some(refusal));
        assert_eq!(serde_json::to_value(refusal).unwrap()["code"], refusal.code());
        assert!(refusal.message().english().len() > 10);
    }
    let bodies: Vec<ErrorBody> = refusals.iter().map(Refusal::body).collect();
    assert_eq!(serde_json::to_value(&bodies).unwrap(), serde_json::to_value(&refusals).unwrap());
    golden("refusals", &bodies);
    let newer = ErrorBody { code: "a_rule_of_tomorrow".into(), details: json!({ "x": 1 }), words: Default::default() };
    assert_eq!(Refusal::from_body(&newer), None, "a code of a newer server is not an error of ours");
}

#[test]
fn a_word_from_a_newer_server_is_unknown_and_breaks_nothing() {
    let mut value = serde_json::to_value(busy_node()).unwrap();
    value["health"] = json!("hibernating");
    value["status"] = json!("hibernating");
    value["node_source"] = json!("mirrored");
    value["signals"][0]["kind"] = json!("gpu");
    value["signals"][0]["state"] = json!("melting");
    value["operation"]["kind"] = json!("evacuate");
    let node: Node = serde_json::from_value(value).unwrap();
    assert_eq!((node.health, node.status, node.node_source), (Health::Unknown, Status::Unknown, NodeSource::Unknown));
    assert_eq!((node.signals[0].kind, node.signals[0].state), (SignalKind::Unknown, SignalState::Unknown));
    assert_eq!(node.operation.unwrap().kind, OperationKind::Unknown);
    assert!(!rules::takes_placements(node.scheduling, node.health, None));
}

#[test]
fn an_absent_time_is_not_a_cleared_one() {
    let read = |text: &str| serde_json::from_str::<MaintenancePatch>(text).unwrap().expected_back_at;
    assert_eq!(read("{}"), None);
    assert_eq!(read(r#"{"expected_back_at": null}"#), Some(None));
    assert!(matches!(read(r#"{"expected_back_at": "2026-01-01T00:00:00Z"}"#), Some(Some(_))));
}

#[test]
fn the_envelope_is_the_one_of_the_stackshift_family() {
    let ok = json!({ "success": true, "status": "OK", "status_code": 200, "message": "", "data": { "reason": "reboot", "seen_stateful": [] } });
    let read: Envelope<DrainRequest> = serde_json::from_value(ok).unwrap();
    assert_eq!(read.data.unwrap().reason, "reboot");
    let no = json!({ "success": false, "status": "Conflict", "status_code": 409, "message": "No.", "error": { "code": "activation_blocked" }, "request_id": "r1" });
    let read: Envelope<DrainRequest> = serde_json::from_value(no).unwrap();
    assert_eq!((read.error.unwrap().code.as_str(), read.data), ("activation_blocked", None));
}
