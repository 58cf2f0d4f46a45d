//! "Takes no new placements", decided by the real scheduler.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use pitlane_api::Scheduling;
use pitlane_engine::{Engine, Record, SetScheduling};
use serde_json::json;

use crate::{
    control::Lab,
    harness::{Driven, patch_node},
    objects::{self, decision, name},
};

/// A drain of the node as it is shown.
pub fn drain(node: &pitlane_engine::EngineNode, operation: &str) -> SetScheduling {
    let record = Record { reason: Some("kernel".into()), by: Some("ada".into()), operation_id: Some(operation.into()), ..Record::default() };
    SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: node.revision() }
}

/// An activation of the node as it is shown.
pub fn activate(node: &pitlane_engine::EngineNode) -> SetScheduling {
    SetScheduling { target: Scheduling::Schedulable, record: None, expected: node.revision() }
}

#[tokio::test]
async fn new_pods_go_elsewhere_and_running_ones_stay() {
    let driven = Driven::start(Lab::shared()).await;
    let (one, other) = (driven.node().await, driven.node().await);
    let pool = name("pool");
    for node in [&one, &other] {
        patch_node(&driven.admin, &node.name, json!({"metadata": {"labels": {"pool": pool}}})).await;
    }
    let start = async |count: usize| {
        let mut landed = Vec::new();
        for _ in 0..count {
            let pod = name("spread");
            objects::pod(&driven.admin, &pod, json!({}), json!({"nodeSelector": {"pool": pool}})).await;
            landed.push((decision(&driven.admin, &pod).await.expect("there is room"), pod));
        }
        landed
    };
    let before = start(10).await;
    let on_one: Vec<&String> = before.iter().filter(|(node, _)| *node == one.name).map(|(_, pod)| pod).collect();
    assert!(!on_one.is_empty(), "the scheduler spreads: {before:?}");
    let pods: Api<Pod> = Api::namespaced(driven.admin.clone(), "default");
    let uid = async |pod: &str| pods.get(pod).await.expect("it is still there").metadata.uid;
    let mut was = Vec::new();
    for pod in &on_one {
        was.push(uid(pod).await);
    }

    let drained = driven.kubernetes().set_scheduling(&one.engine_node_id, drain(&one, "op-pool")).await.expect("drained");
    let during = start(20).await;
    assert!(during.iter().all(|(node, _)| *node == other.name), "nothing lands on a node in maintenance: {during:?}");
    for (pod, was) in on_one.iter().zip(&was) {
        assert_eq!(uid(pod).await, *was, "{pod} is the same pod as before");
    }

    driven.kubernetes().set_scheduling(&one.engine_node_id, activate(&drained)).await.expect("activated");
    let after = start(20).await;
    assert!(after.iter().any(|(node, _)| *node == one.name), "it takes placements again: {after:?}");
}
