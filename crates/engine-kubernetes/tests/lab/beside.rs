//! Beside a real kubectl and another Pitlane, on the same cluster.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use pitlane_api::{NodeId, Scheduling, Timestamp};
use pitlane_engine::{Change, Engine};
use serde_json::json;

use crate::{
    control::Lab,
    harness::{Driven, patch_node},
    kubelets,
    objects::{self, decision, name},
    scheduler::{activate, drain},
    wait::{spread, until},
};

/// `kubectl drain` evicts; Pitlane shows that the node is out, that it was not Pitlane, and since when.
#[tokio::test]
async fn kubectl_drain_and_uncordon() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let pod = name("evicted");
    objects::pod(&driven.admin, &pod, json!({}), json!({"nodeSelector": {"kubernetes.io/hostname": node.name}})).await;
    decision(&driven.admin, &pod).await.expect("it runs");
    lab.kubectl(&["drain", &node.name, "--force", "--ignore-daemonsets", "--grace-period=0", "--timeout=30s"]).expect("drained by kubectl");
    let pods: Api<Pod> = Api::namespaced(driven.admin.clone(), "default");
    until("kubectl has evicted it", || async { pods.get_opt(&pod).await.ok().filter(Option::is_none) }).await;
    // What the node controller adds within moments in a cluster that has one.
    let taint = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": "2026-11-01T10:00:00Z"});
    patch_node(&driven.admin, &node.name, json!({"spec": {"taints": [taint]}})).await;
    let out = until("it is out", || async {
        let nodes = driven.kubernetes().nodes().await.ok()?;
        nodes.into_iter().find(|shown| shown.name == node.name && shown.report.out_since.is_some())
    });
    let out = out.await;
    assert_eq!((out.scheduling, out.record), (Scheduling::Maintenance, None), "not by Pitlane");
    assert_eq!(out.report.out_since.map(|at| at.to_string()).as_deref(), Some("2026-11-01T10:00:00Z"));
    lab.kubectl(&["uncordon", &node.name]).expect("back by kubectl");
    patch_node(&driven.admin, &node.name, json!({"spec": {"taints": null}})).await;
    until("it is back", || async {
        driven.kubernetes().nodes().await.ok()?.into_iter().find(|shown| shown.name == node.name && shown.scheduling == Scheduling::Schedulable)
    })
    .await;
}

/// An Event on the node for each, where `kubectl describe node` shows it.
#[tokio::test]
async fn kubectl_describe_tells_who_and_why() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let drained = driven.kubernetes().set_scheduling(&node.engine_node_id, drain(&node, "op-told")).await.expect("drained");
    let described = || lab.kubectl(&["describe", "node", &node.name]).expect("described");
    let words = until("the drain is told", || async { Some(described()).filter(|words| words.contains("Drained")) }).await;
    assert!(words.contains("by ada: kernel") && words.contains("Unschedulable:      true"), "{words}");
    driven.kubernetes().set_scheduling(&node.engine_node_id, activate(&drained)).await.expect("activated");
    until("the activation is told", || async { described().contains("Activated").then_some(()) }).await;
}

/// The commands for the day Pitlane is down do what Pitlane does, and leave a reason that it reads.
#[tokio::test]
async fn the_same_from_a_terminal() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let engine = driven.kubernetes();
    let run = |target| {
        for command in engine.equivalent_commands(&node, target) {
            let command = command.replace("'{reason}'", "'disk; $HOME `x` \"y\"'");
            let path = format!("{}:{}", lab.path("").display(), std::env::var("PATH").unwrap_or_default());
            let out = Command::new("sh").args(["-c", &command]).env("PATH", path).output().expect("a shell");
            assert!(out.status.success(), "{command}: {}", String::from_utf8_lossy(&out.stderr));
        }
    };
    run(Scheduling::Maintenance);
    let shown = engine.node(&node.engine_node_id).await.expect("read");
    assert_eq!(shown.scheduling, Scheduling::Maintenance);
    assert_eq!(shown.record.and_then(|record| record.reason).as_deref(), Some("disk; $HOME `x` \"y\""));
    run(Scheduling::Schedulable);
    let shown = engine.node(&node.engine_node_id).await.expect("read");
    assert_eq!((shown.scheduling, shown.record), (Scheduling::Schedulable, None));
}

/// Two Pitlanes agree on what is in maintenance, why and since when; what one decided on an old view is refused.
#[tokio::test]
async fn two_pitlanes_on_one_cluster() {
    let lab = Lab::shared();
    let (one, other) = (Driven::start(lab).await, Driven::start(lab).await);
    let node = one.node().await;
    let seen = other.shown(&node.name).await;
    let drained = one.kubernetes().set_scheduling(&node.engine_node_id, drain(&node, "op-one")).await.expect("drained");
    let late = other.kubernetes().set_scheduling(&node.engine_node_id, drain(&seen, "op-other")).await;
    assert_eq!(late.err(), Some(pitlane_engine::Error::Conflict));
    let agreed = until("the other one shows it", || async {
        other.kubernetes().nodes().await.ok()?.into_iter().find(|shown| shown.name == node.name && shown.record.is_some())
    });
    let agreed = agreed.await;
    assert_eq!((agreed.revision(), agreed.record), (drained.revision(), drained.record));
}

/// What runs on a node, as it really comes from an API server: owners, claims, scratch space, budgets, and where else.
#[tokio::test]
async fn what_stays_on_a_node() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let (node, _other) = (driven.node().await, driven.node().await);
    let claim = name("claim");
    objects::local_claim(&driven.admin, &claim, &node.name).await;
    let here = json!({"kubernetes.io/hostname": node.name});
    let mount = json!([{"name": "main", "image": "busybox", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]);
    let (database, scratch) = (name("database"), name("scratch"));
    objects::pod(
        &driven.admin,
        &database,
        json!({"app": database}),
        json!({"containers": mount, "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]}),
    )
    .await;
    objects::pod(
        &driven.admin,
        &scratch,
        json!({}),
        json!({"nodeSelector": here, "containers": mount, "volumes": [{"name": "data", "emptyDir": {}}]}),
    )
    .await;
    assert_eq!(decision(&driven.admin, &database).await.as_deref(), Ok(node.name.as_str()), "its volume binds it");
    decision(&driven.admin, &scratch).await.expect("it runs");
    lab.kubectl(&["create", "pdb", &database, "--selector", &format!("app={database}"), "--min-available=1"]).expect("a budget");
    let list = until("all of it is shown", || async {
        let list = driven.kubernetes().workloads(&node.engine_node_id, &NodeId::from("n")).await.ok()?;
        let budgeted = list.workloads.iter().any(|workload| workload.remarks.iter().any(|remark| remark.contains("disruption budget")));
        (list.workloads.len() == 2 && budgeted && list.complete).then_some(list)
    });
    let list = list.await;
    let of = |name: &str| list.workloads.iter().find(|workload| workload.name == name).expect("listed");
    assert_eq!(of(&database).volumes[0].data_lives, pitlane_api::DataLives::ThisNodeOnly);
    assert!(of(&database).remarks.iter().any(|remark| remark.contains("a volume that only this node reaches")), "{:?}", of(&database).remarks);
    assert!(of(&database).stateful && of(&scratch).stateful);
    assert_eq!(of(&scratch).on_restart, pitlane_api::Fate::DataLost, "nobody makes it anew");
    objects::remove_pod(&driven.admin, &database).await;
    let volume = format!("pv-{claim} (claim default/{claim})");
    until("the volume holds what it left", || async {
        let list = driven.kubernetes().workloads(&node.engine_node_id, &NodeId::from("n")).await.ok()?;
        list.orphaned_volumes.contains(&volume).then_some(())
    })
    .await;
}

/// Heartbeats move with the lease: once for each renewal, when it is seen, and with nothing else that changes.
#[tokio::test]
async fn heartbeats_move_with_the_lease() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let shown = || async { driven.kubernetes().nodes().await.ok()?.into_iter().find(|shown| shown.name == node.name) };
    let after = |at: Timestamp| {
        let shown = &shown;
        until("the renewal counts", move || async move { shown().await?.report.last_heartbeat_at.filter(|seen| *seen >= at) })
    };
    // From here on the lease is renewed by this hand alone; once its first renewal is seen, none of the kubelet's is on its way.
    lab.kubelets.rest(&node.name).await;
    let mut last = Timestamp::MIN;
    for _ in 0..4 {
        let sent = Timestamp::now();
        kubelets::renew_one(&driven.admin, &node.name).await.expect("renewed");
        let seen = after(sent).await;
        assert!((sent..=Timestamp::now()).contains(&seen), "sent {sent}, counted as of {seen}");
        assert!(seen > last, "once for each: {last}, then {seen}");
        last = seen;
    }
    patch_node(&driven.admin, &node.name, json!({"spec": {"unschedulable": true}})).await;
    let out = until("another change is seen", || async { shown().await.filter(|shown| shown.scheduling == Scheduling::Maintenance) }).await;
    assert_eq!(out.report.last_heartbeat_at, Some(last), "a change that is no heartbeat is none");
}

/// A kubelet that dies: its heartbeat stops to move.
#[tokio::test]
async fn a_kubelet_that_dies_is_noticed() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let beat = || async { driven.kubernetes().nodes().await.ok()?.into_iter().find(|shown| shown.name == node.name)?.report.last_heartbeat_at };
    let first = until("a heartbeat", beat).await;
    until("the next one: heartbeats move with the lease", || async { beat().await.filter(|at| *at > first) }).await;
    lab.kubelets.die(&node.name);
    let last = until("it stops", || async {
        let at = beat().await?;
        (Timestamp::now().duration_since(at).as_secs_f64() > 5.0).then_some(at)
    });
    let last = last.await;
    assert_eq!(beat().await, Some(last));
}

/// How quickly what somebody else did is seen, and what Pitlane did is seen by kubectl. Printed, and bounded loosely.
#[tokio::test]
async fn both_ways_within_a_second() {
    let lab = Lab::shared();
    let driven = Driven::start(lab).await;
    let node = driven.node().await;
    let engine = driven.kubernetes();
    let mut watch = engine.watch();
    let mut outside = Vec::new();
    for round in 0..20 {
        let out = round % 2 == 0;
        let started = Instant::now();
        patch_node(&driven.admin, &node.name, json!({"spec": {"unschedulable": out}})).await;
        let wanted = if out { Scheduling::Maintenance } else { Scheduling::Schedulable };
        while let Some(change) = watch.next().await {
            if matches!(change, Ok(Change::Node(shown)) if shown.name == node.name && shown.scheduling == wanted) {
                break;
            }
        }
        outside.push(started.elapsed());
    }
    let mut ours = Vec::new();
    for round in 0..20 {
        let shown = engine.node(&node.engine_node_id).await.expect("read");
        let started = Instant::now();
        let change = if round % 2 == 0 { drain(&shown, &format!("op-{round}")) } else { activate(&shown) };
        engine.set_scheduling(&node.engine_node_id, change).await.expect("written");
        ours.push(started.elapsed());
        let seen = lab.kubectl(&["get", "node", &node.name]).expect("shown");
        assert_eq!(seen.contains("SchedulingDisabled"), round % 2 == 0, "{seen}");
    }
    eprintln!("MEASURED an outside cordon is heard after: {}", spread(outside.clone()));
    eprintln!("MEASURED a drain or activation is confirmed after: {}", spread(ours));
    outside.sort_unstable();
    assert!(outside[10] < Duration::from_secs(1), "live within a second: {}", spread(outside));
}
