//! The API server goes away in the middle, and etcd forgets what was.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, api::DeleteParams};
use pitlane_api::Scheduling;
use pitlane_engine::{Change, Engine, EngineNode, Error};
use tokio::sync::watch;

use crate::{control::Lab, harness::Driven, objects, scheduler::drain, wait::until};

async fn truth(driven: &Driven<'_>) -> BTreeMap<String, bool> {
    let nodes: Api<Node> = Api::all(driven.admin.clone());
    let all = crate::kubelets::all(&nodes).await;
    all.into_iter().map(|node| (node.metadata.uid.unwrap_or_default(), node.spec.and_then(|spec| spec.unschedulable).unwrap_or(false))).collect()
}

fn shown(nodes: Vec<EngineNode>) -> BTreeMap<String, bool> {
    nodes.into_iter().map(|node| (node.engine_node_id, node.scheduling == Scheduling::Maintenance)).collect()
}

/// While the driver was cut off, nodes came, went and were cordoned, and then etcd forgot its history and the API server
/// its cache: no watch can tell of it any more.
#[tokio::test]
async fn what_no_watch_can_tell_is_listed() {
    let lab = Lab::start();
    let driven = Driven::start(&lab).await;
    let (stays, goes) = (driven.node().await, driven.node().await);
    let mut changes_of_it = driven.kubernetes().watch();
    driven.proxy.cut();
    until("the driver notices", || async { driven.kubernetes().nodes().await.err() }).await;
    lab.kubectl(&["cordon", &stays.name]).expect("cordoned");
    let nodes: Api<Node> = Api::all(driven.admin.clone());
    nodes.delete(&goes.name, &DeleteParams::default()).await.expect("it goes");
    lab.kubelets.die(&goes.name);
    objects::node(&lab, &driven.admin, "came-meanwhile").await;
    lab.order("compact");
    lab.order("kill apiserver");
    lab.order("start apiserver");
    driven.proxy.mend();
    let mut changes = Vec::new();
    while changes.last() != Some(&Ok(Change::Reset)) {
        changes.push(changes_of_it.next().await.expect("the watch goes on"));
    }
    assert!(changes.iter().any(Result::is_err), "it said that the engine was away: {changes:?}");
    until("the driver shows the truth", || async { (shown(driven.kubernetes().nodes().await.ok()?) == truth(&driven).await).then_some(()) }).await;
    driven.shown("came-meanwhile").await;
}

/// etcd forgets its history again and again while things change: nothing is lost on the way.
#[tokio::test]
async fn compaction_under_way() {
    let lab = Lab::start();
    let driven = Driven::start(&lab).await;
    let node = driven.node().await;
    for round in 0..10 {
        let verb = if round % 2 == 0 { "cordon" } else { "uncordon" };
        lab.kubectl(&[verb, &node.name]).expect("it takes it");
        lab.order("compact");
        until("the driver shows the truth", || async { (shown(driven.kubernetes().nodes().await.ok()?) == truth(&driven).await).then_some(()) })
            .await;
    }
}

/// `kill -9` of the API server while forty nodes are being drained. Each drain is asked for again until it is answered, as
/// the reconciler does; each has one effect.
#[tokio::test]
async fn an_api_server_killed_in_the_middle_of_drains() {
    let lab = Arc::new(Lab::start());
    let driven = Driven::start(&lab).await;
    let engine = driven.kubernetes();
    let mut nodes = Vec::new();
    for _ in 0..40 {
        nodes.push(driven.node().await);
    }
    let done = watch::Sender::new(0_usize);
    let failures = AtomicUsize::new(0);
    let (engine, failures, done) = (&engine, &failures, &done);
    let drains = stream::iter(nodes.iter().enumerate()).map(|(at, node)| async move {
        let change = drain(node, &format!("op-{at}"));
        until("the drain is answered", || async {
            match engine.set_scheduling(&node.engine_node_id, change.clone()).await {
                Ok(drained) => Some(drained),
                Err(Error::Unreachable { .. }) => {
                    failures.fetch_add(1, Ordering::Relaxed);
                    None
                }
                Err(error) => panic!("an API server that is away is unreachable, not {error:?}"),
            }
        })
        .await
    });
    let drains = drains.buffered(4).inspect(|_| done.send_modify(|done| *done += 1)).collect::<Vec<EngineNode>>();
    let kill = async {
        done.subscribe().wait_for(|done| *done >= 8).await.expect("drains go on");
        let lab = Arc::clone(&lab);
        let away = Instant::now();
        let again = tokio::task::spawn_blocking(move || {
            lab.order("kill apiserver");
            lab.order("start apiserver");
        });
        again.await.expect("it comes back");
        away.elapsed()
    };
    let (drained, away) = tokio::join!(drains, kill);
    let back = Instant::now();
    until("the driver lists again", || async { engine.nodes().await.ok() }).await;
    let failures = failures.load(Ordering::Relaxed);
    eprintln!(
        "MEASURED the API server was away for {:.1} s; {failures} attempts failed meanwhile; the driver listed again {:.1} s later",
        away.as_secs_f64(),
        back.elapsed().as_secs_f64()
    );
    assert!(failures > 0, "it was killed in the middle");
    for (answer, (at, node)) in drained.iter().zip(nodes.iter().enumerate()) {
        let read = engine.node(&node.engine_node_id).await.expect("it can be read");
        assert_eq!(read.scheduling, Scheduling::Maintenance);
        assert_eq!(read.record, answer.record, "one effect");
        assert_eq!(read.record.and_then(|record| record.operation_id), Some(format!("op-{at}").into()));
    }
}
