//! Hosts that die, cables that are pulled, managers that go away and come back.

use std::time::{Duration, Instant};

use futures::StreamExt;
use pitlane_api::{Scheduling, WorkloadState};
use pitlane_engine::{Change, Error, conformance::Harness};

use crate::{
    hands::{Lab, eventually},
    harness::{OnTheLab, drain},
};

async fn reachable(on: &OnTheLab, number: u32, id: &str) -> Option<bool> {
    let node = on.engine().node(id).await.unwrap();
    assert_eq!(node.name, format!("n{number}"));
    node.report.reachable
}

#[tokio::test]
async fn a_worker_that_dies_is_shown_down_and_can_be_drained_all_the_same() {
    let on = OnTheLab::start().await;
    on.lab.service("spool", &["--constraint", "node.hostname==n3", "--mount", "type=volume,source=spool,target=/data"]).await;
    let id = on.lab.id(3).await;
    let started = Instant::now();
    on.lab.run(&["crash", "3"]).await;
    eventually("n3 is not reached", 40, async || reachable(&on, 3, &id).await == Some(false)).await;
    println!("MEASURED crash of a worker to down: {:.1} s", started.elapsed().as_secs_f32());

    // What ran there may run on for all anybody knows.
    let list = on.engine().workloads(&id, &"here".into()).await.unwrap();
    assert!(!list.complete);
    let task = list.workloads.iter().find(|workload| workload.name == "spool.1").unwrap();
    assert_eq!(task.state, WorkloadState::Unknown);
    assert!(task.is_running() && task.stateful);
    assert!(list.not_read.iter().any(|what| what.contains("Swarm does not reach this node")), "{:?}", list.not_read);

    let node = on.engine().node(&id).await.unwrap();
    let drained = on.engine().set_scheduling(&id, drain(&node, "op-dead")).await.unwrap();
    assert_eq!(drained.scheduling, Scheduling::Maintenance);
    on.lab.run(&["start", "3"]).await;
    eventually("n3 is back", 40, async || reachable(&on, 3, &id).await == Some(true)).await;
    assert_eq!(on.engine().node(&id).await.unwrap().record, drained.record, "in maintenance as before, with the record");
    assert!(on.lab.places("spool").await.is_empty(), "nothing comes to a node in maintenance, not even what is pinned there");
    let activated = on.activate(3).await;
    assert_eq!(activated.scheduling, Scheduling::Schedulable);
    eventually("what was pinned there is back", 40, async || on.lab.places("spool").await == ["n3"]).await;
}

#[tokio::test]
async fn a_worker_behind_a_pulled_cable_is_down_and_comes_back_as_it_was() {
    let on = OnTheLab::start().await;
    let drained = on.drain(2, "op-cut").await;
    let id = drained.engine_node_id.clone();
    on.lab.run(&["cut", "2"]).await;
    eventually("n2 is not reached", 60, async || reachable(&on, 2, &id).await == Some(false)).await;
    on.lab.run(&["heal", "2"]).await;
    eventually("n2 is back", 60, async || reachable(&on, 2, &id).await == Some(true)).await;
    assert_eq!(on.engine().node(&id).await.unwrap().record, drained.record);
}

/// Waits for the watch to say that the manager went away, and that it is back.
async fn told_away_and_back(on: &OnTheLab, away: impl AsyncFnOnce(), back: impl AsyncFnOnce()) -> Error {
    on.engine().nodes().await.unwrap();
    let mut watch = on.engine().watch();
    away().await;
    let patience = on.patience();
    let went = async {
        loop {
            if let Some(Err(error)) = watch.next().await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(patience, went).await.expect("the watch does not say that the manager went away");
    let listed = on.engine().nodes().await;
    assert!(matches!(listed, Err(Error::Unreachable { .. })), "no manager is not an empty fleet: {listed:?}");
    back().await;
    let came = async { while watch.next().await != Some(Ok(Change::Reset)) {} };
    tokio::time::timeout(patience, came).await.expect("the watch does not say that the manager is back");
    error
}

#[tokio::test]
async fn the_only_manager_goes_and_comes_back_with_every_record() {
    let on = OnTheLab::start().await;
    let drained = on.drain(2, "op-manager").await;
    for (away, words) in [("stop", "does not answer"), ("crash", "does not answer")] {
        let error = told_away_and_back(
            &on,
            async || {
                on.lab.run(&[away, "1"]).await;
            },
            async || {
                on.lab.run(&["start", "1"]).await;
            },
        )
        .await;
        assert!(error.is_transient() && error.to_string().contains(words), "{error}");
        let after = on.engine().node(&drained.engine_node_id).await.unwrap();
        assert_eq!((after.scheduling, &after.record), (Scheduling::Maintenance, &drained.record));
        assert_eq!(after.revision(), drained.revision());
    }
}

#[tokio::test]
async fn a_swarm_without_quorum_says_so_and_a_drain_waits() {
    let on = OnTheLab::on(Lab::of_managers().await);
    let manager = on.node(2).await;
    assert!(manager.report.signals.iter().any(|signal| signal.name == "Manager" && signal.detail == "reachable"), "{:?}", manager.report.signals);
    assert_eq!(manager.report.holds_engine_data, Some(true));
    let notes = on.engine().drain_notes(&manager.engine_node_id, &[]).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("2 of 3 managers remain, which is just the 2")), "{notes:?}");

    // One manager away: the swarm goes on, and the arithmetic changes.
    on.lab.run(&["crash", "3"]).await;
    let arithmetic = async || on.engine().drain_notes(&manager.engine_node_id, &[]).await.is_ok_and(|notes| notes[0].contains("loses its quorum"));
    eventually("the preview says that n2 may not go as well", 60, arithmetic).await;

    let drained = on.drain(1, "op-before").await;
    let error = told_away_and_back(
        &on,
        async || {
            on.lab.run(&["crash", "2"]).await;
        },
        async || {
            let refused = on.engine().set_scheduling(&manager.engine_node_id, drain(&manager, "op-quorum")).await;
            assert!(matches!(&refused, Err(error) if error.is_transient()), "{refused:?}");
            on.lab.run(&["start", "2"]).await;
        },
    )
    .await;
    assert!(["no leader", "has not answered", "does not answer"].iter().any(|words| error.to_string().contains(words)), "{error}");
    assert_eq!(on.node(1).await.record, drained.record, "the record has outlived the quorum");
    // The operation that waited is carried out.
    eventually("the drain goes through", 30, async || {
        on.engine().set_scheduling(&manager.engine_node_id, drain(&manager, "op-quorum")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_manager_that_hangs_is_given_up_on_in_time() {
    let on = OnTheLab::start().await;
    let error = told_away_and_back(&on, async || on.proxy.freeze(), async || on.proxy.plug()).await;
    assert!(error.to_string().contains("answer"), "{error}");
    on.proxy.freeze();
    let started = Instant::now();
    let answer = on.engine().nodes().await;
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "it took {:?}", started.elapsed());
    on.proxy.plug();
}
