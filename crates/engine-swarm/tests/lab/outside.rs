//! What people do with `docker node update` while Pitlane watches, and two Pitlanes on one swarm.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream::BoxStream};
use pitlane_api::{DataLives, Scheduling};
use pitlane_engine::{Change, EngineNode, Error, Result, conformance::Harness};

use crate::{
    hands::eventually,
    harness::{OnTheLab, drain, driver},
};

/// Reads a watch until a node is as wanted.
async fn seen(watch: &mut BoxStream<'static, Result<Change>>, wanted: impl Fn(&EngineNode) -> bool) {
    let look = async {
        while let Some(change) = watch.next().await {
            if let Ok(Change::Node(node)) = change
                && wanted(&node)
            {
                return;
            }
        }
        panic!("the watch ended");
    };
    tokio::time::timeout(Duration::from_secs(20), look).await.expect("not seen within 20 s");
}

#[tokio::test]
async fn a_change_outside_is_seen_within_two_seconds() {
    let on = OnTheLab::start().await;
    let id = on.lab.id(2).await;
    let mut watch = on.engine().watch();
    // The first list is behind us once a node has been read.
    on.engine().nodes().await.unwrap();
    let mut times = Vec::new();
    for round in 0..20 {
        let (word, scheduling) = if round % 2 == 0 { ("pause", Scheduling::Maintenance) } else { ("active", Scheduling::Schedulable) };
        on.lab.set_availability(2, word).await;
        // Counted from when the command has returned: whatever it takes is the operator's.
        let started = Instant::now();
        seen(&mut watch, |node| node.engine_node_id == id && node.scheduling == scheduling).await;
        times.push(started.elapsed());
    }
    times.sort();
    println!("MEASURED outside change to watch: median {} ms, worst {} ms, of 20", times[10].as_millis(), times[19].as_millis());
    assert!(times[19] < Duration::from_secs(2), "the slowest of 20 took {:?}", times[19]);
}

#[tokio::test]
async fn swarms_own_drain_is_maintenance_with_a_note_and_can_be_activated() {
    let on = OnTheLab::start().await;
    on.lab.service("db", &["--constraint", "node.role==worker", "--mount", "type=volume,source=db_data,target=/data"]).await;
    let here = if on.lab.places("db").await == ["n2"] { 2 } else { 3 };
    on.lab.set_availability(here, "drain").await;
    let node = on.node(here).await;
    assert_eq!(node.scheduling, Scheduling::Maintenance);
    assert!(node.record.is_none());
    assert!(node.note.as_deref().is_some_and(|note| note.contains("Swarm has stopped the tasks")), "{:?}", node.note);
    eventually("Swarm has moved the task", 30, async || on.lab.places("db").await == [format!("n{}", 5 - here)]).await;
    let list = on.workloads(here).await;
    assert!(list.notes.iter().any(|note| note.contains("The data of db_data is still here")), "{list:?}");
    assert_eq!(list.workloads[0].volumes[0].data_lives, DataLives::ThisNodeOnly);

    // Pitlane puts its record there and leaves the availability to whoever set it.
    let ours = on.drain(here, "op-over").await;
    assert_eq!(ours.record.and_then(|record| record.reason).as_deref(), Some("kernel update"));
    assert_eq!(on.lab.availability(here).await, "drain");
    let back = on.activate(here).await;
    assert_eq!((back.scheduling, back.record), (Scheduling::Schedulable, None));
    assert_eq!(on.lab.availability(here).await, "active");
}

#[tokio::test]
async fn a_node_that_somebody_removed_is_gone() {
    let on = OnTheLab::start().await;
    let id = on.lab.id(3).await;
    on.engine().nodes().await.unwrap();
    let mut watch = on.engine().watch();
    on.lab.docker(1, &["node", "rm", "--force", &id]).await;
    let gone = async {
        while let Some(change) = watch.next().await {
            match change {
                Ok(Change::Removed(removed)) if removed == id => return,
                Ok(Change::Reset) if on.engine().nodes().await.unwrap().iter().all(|node| node.engine_node_id != id) => return,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("a removed node is still shown after 10 s");
    assert!(matches!(on.engine().node(&id).await, Err(Error::NotFound(_))));
    assert!(matches!(on.engine().node("n2").await, Err(Error::NotFound(_))), "a node is found by its id alone");
}

#[tokio::test]
async fn a_manager_is_not_removed_and_it_says_why() {
    let on = OnTheLab::start().await;
    let refused = on.engine().remove(&on.lab.id(1).await).await;
    assert!(matches!(&refused, Err(Error::Refused(words)) if words.contains("demoted")), "{refused:?}");
}

#[tokio::test]
async fn two_pitlanes_on_one_swarm_see_the_same_and_one_wins() {
    let on = OnTheLab::start().await;
    let (left, right) = (on.engine(), driver(&on.proxy, &on.agents));
    let id = on.lab.id(2).await;
    for round in 0..10 {
        let (seen_left, seen_right) = (left.node(&id).await.unwrap(), right.node(&id).await.unwrap());
        assert_eq!(seen_left.revision(), seen_right.revision());
        let names = [format!("op-left-{round}"), format!("op-right-{round}")];
        // Somebody keeps changing labels meanwhile: the node's object version moves, the revision does not.
        let label = format!("churn=v{round}");
        let relabel = ["node", "update", "--label-add", &label, &id];
        let churn = on.lab.docker(1, &relabel);
        let (a, b, _) =
            tokio::join!(left.set_scheduling(&id, drain(&seen_left, &names[0])), right.set_scheduling(&id, drain(&seen_right, &names[1])), churn);
        let winner = match (a, b) {
            (Ok(_), Err(Error::Conflict)) => &names[0],
            (Err(Error::Conflict), Ok(_)) => &names[1],
            other => panic!("both were answered alike: {other:?}"),
        };
        for engine in [&left, &right] {
            let node = engine.node(&id).await.unwrap();
            assert_eq!(node.record.as_ref().and_then(|record| record.operation_id.as_ref()).map(|id| id.as_str()), Some(winner.as_str()));
            assert_eq!(node.labels.get("churn"), Some(&format!("v{round}")));
        }
        on.activate(2).await;
    }
}

#[tokio::test]
async fn from_the_call_to_the_swarms_own_inspect() {
    let on = OnTheLab::start().await;
    let mut times = Vec::new();
    for round in 0..20 {
        let node = on.node(3).await;
        let started = Instant::now();
        on.engine().set_scheduling(&node.engine_node_id, drain(&node, &format!("op-{round}"))).await.unwrap();
        times.push(started.elapsed());
        assert_eq!(on.lab.availability(3).await, "pause");
        on.activate(3).await;
    }
    times.sort();
    println!(
        "MEASURED drain at the driver, read back from the manager: median {} ms, worst {} ms, of 20",
        times[10].as_millis(),
        times[19].as_millis()
    );
}
