//! A cluster of a hundred nodes and a thousand pods, placed by the real scheduler.

use std::time::Instant;

use futures::{StreamExt, stream};
use pitlane_api::NodeId;
use pitlane_engine::Engine;
use serde_json::json;

use crate::{control::Lab, harness::Driven, objects, scheduler::drain, wait::until};

const NODES: usize = 100;
const PODS: usize = 1000;

#[tokio::test]
async fn a_hundred_nodes_and_a_thousand_pods() {
    let lab = Lab::start();
    let driven = Driven::start(&lab).await;
    let engine = driven.kubernetes();
    stream::iter(0..NODES).for_each_concurrent(16, |at| objects::node(&lab, &driven.admin, Box::leak(format!("big-{at}").into_boxed_str()))).await;
    let nodes = until("all nodes are shown", || async {
        engine.nodes().await.ok().filter(|nodes| nodes.len() == NODES && nodes.iter().all(|node| node.report.reachable == Some(true)))
    })
    .await;
    let out: Vec<_> = nodes.iter().take(10).collect();
    for (at, node) in out.iter().enumerate() {
        engine.set_scheduling(&node.engine_node_id, drain(node, &format!("op-{at}"))).await.expect("drained");
    }
    let started = Instant::now();
    stream::iter(0..PODS)
        .for_each_concurrent(16, |at| objects::pod(&driven.admin, Box::leak(format!("big-{at}").into_boxed_str()), json!({}), json!({})))
        .await;
    let counted = until("all pods are counted", || async {
        let nodes = engine.nodes().await.ok()?;
        let pods: u32 = nodes.iter().filter_map(|node| node.report.workloads.total).sum();
        (pods as usize == PODS).then_some(nodes)
    });
    let counted = counted.await;
    eprintln!("MEASURED {PODS} pods made, placed by the scheduler and counted in {:.1} s", started.elapsed().as_secs_f64());
    let mut listed = 0;
    for node in &counted {
        let list = engine.workloads(&node.engine_node_id, &NodeId::from("n")).await.expect("a list");
        assert!(list.complete, "{:?}", list.not_read);
        assert_eq!(list.workloads.len(), node.report.workloads.total.unwrap_or(0) as usize, "{}", node.name);
        let reserved = node.report.resources.cpu_cores_reserved.expect("pods are read");
        assert!((reserved - 0.01 * list.workloads.len() as f64).abs() < 1e-9, "10m each: {reserved}");
        if out.iter().any(|out| out.engine_node_id == node.engine_node_id) {
            assert!(list.workloads.is_empty(), "{} is in maintenance", node.name);
        }
        listed += list.workloads.len();
    }
    assert_eq!(listed, PODS);
    // The driver ends and another one starts: what it takes to know it all.
    let started = Instant::now();
    let again = Driven::start(&lab).await;
    let nodes = until("it knows all", || async {
        again
            .kubernetes()
            .nodes()
            .await
            .ok()
            .filter(|nodes| nodes.iter().filter_map(|node| node.report.workloads.total).sum::<u32>() as usize == PODS)
    });
    assert_eq!(nodes.await.len(), NODES);
    eprintln!("MEASURED a driver that starts knows {NODES} nodes and {PODS} pods after {:.2} s", started.elapsed().as_secs_f64());
}
