//! Many writers on one Node object: no drain is lost, and nothing of theirs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use k8s_openapi::api::core::v1::Node;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use pitlane_api::Scheduling;
use pitlane_engine::Engine;
use serde_json::json;

use crate::{
    control::Lab,
    harness::Driven,
    scheduler::{activate, drain},
};

const WRITERS: usize = 20;
const ROUNDS: usize = 10;

#[tokio::test]
async fn twenty_writers_lose_no_drain_and_no_field_of_theirs() {
    let driven = Driven::start(Lab::shared()).await;
    let node = driven.node().await;
    let stop = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let nodes: Api<Node> = Api::all(driven.admin.clone());
            let (stop, written, name) = (Arc::clone(&stop), Arc::clone(&written), node.name.clone());
            tokio::spawn(async move {
                let key = format!("storm/writer-{writer}");
                let mut count = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    let value = (count + 1).to_string();
                    let done = if writer % 2 == 0 {
                        // As careful controllers do: read, change, write the whole object if nobody wrote in between.
                        let mut object = nodes.get(&name).await.expect("it is there");
                        object.metadata.annotations.get_or_insert_default().insert(key.clone(), value);
                        nodes.replace(&name, &PostParams::default(), &object).await.is_ok()
                    } else {
                        // As kubelets do: a patch of their own part, whatever else is written.
                        let body = json!({"metadata": {"annotations": {&key: value}}});
                        nodes.patch(&name, &PatchParams::default(), &Patch::Merge(&body)).await.is_ok()
                    };
                    count += u64::from(done);
                    written.fetch_add(u64::from(done), Ordering::Relaxed);
                }
                (key, count)
            })
        })
        .collect();

    let engine = driven.kubernetes();
    let mut shown = node.clone();
    for round in 0..ROUNDS {
        shown = engine.set_scheduling(&node.engine_node_id, drain(&shown, &format!("op-{round}"))).await.expect("no drain is lost");
        let read = engine.node(&node.engine_node_id).await.expect("read");
        assert_eq!((read.scheduling, &read.record), (Scheduling::Maintenance, &shown.record), "round {round}");
        shown = engine.set_scheduling(&node.engine_node_id, activate(&shown)).await.expect("no activation is lost");
        let read = engine.node(&node.engine_node_id).await.expect("read");
        assert_eq!((read.scheduling, read.record), (Scheduling::Schedulable, None), "round {round}");
    }
    stop.store(true, Ordering::Relaxed);
    let nodes: Api<Node> = Api::all(driven.admin.clone());
    let mut counts = Vec::new();
    for writer in writers {
        counts.push(writer.await.expect("a writer"));
    }
    let annotations = nodes.get(&node.name).await.expect("it is there").metadata.annotations.unwrap_or_default();
    for (key, count) in counts {
        // Who replaces whole objects may not have won once among so many.
        let wrote = (count > 0).then(|| count.to_string());
        assert_eq!(annotations.get(&key), wrote.as_ref(), "what {key} wrote last stands there");
    }
    eprintln!("MEASURED {ROUNDS} drains and {ROUNDS} activations among {} writes of {WRITERS} others", written.load(Ordering::Relaxed));
}
