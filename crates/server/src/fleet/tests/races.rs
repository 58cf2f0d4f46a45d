//! Two at once.

use pitlane_api::Refusal;
use pitlane_api::*;

use super::world::*;
use crate::store::Store;

/// Two drains that together would empty the fleet: exactly one is accepted, however they interleave.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_drains_at_once_cannot_empty_the_fleet() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    for round in 0..60 {
        let drain = |host: &Host| {
            let (fleet, id) = (world.fleet.clone(), host.id.clone());
            tokio::spawn(async move { fleet.drain(&id, drain_request(), call("ada")).await })
        };
        let (one, other) = if round % 2 == 0 { (drain(&hosts[0]), drain(&hosts[1])) } else { (drain(&hosts[1]), drain(&hosts[0])) };
        let answers = [one.await.unwrap(), other.await.unwrap()];
        let accepted: Vec<&Operation> = answers.iter().flatten().collect();
        assert_eq!(accepted.len(), 1, "round {round}: {answers:?}");
        let refusal = answers.iter().find_map(|answer| answer.as_ref().err()).unwrap();
        assert_eq!(*refusal, crate::fleet::Error::Refused(Refusal::LastSchedulableNode { remaining: 0 }), "round {round}");

        let drained = world.reaches(&accepted[0].id, OperationState::Completed).await;
        let back = world.fleet.activate(&drained.node_id, overriding(), call("ada")).await.unwrap();
        world.reaches(&back.id, OperationState::Completed).await;
    }
    assert_eq!((world.count(ActivityKind::Drained).await, world.count(ActivityKind::Activated).await), (60, 60));
}

/// Each was let pass while the other still stood; before the write they are asked again, one after the other.
#[tokio::test]
async fn guards_are_asked_again_before_the_write() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(super::double::At::Set, super::double::Fault::Away, 0);
    let one = world.drain(&hosts[0]).await.unwrap();
    let other = world.drain(&hosts[1]).await.unwrap();
    world.reaches(&one.id, OperationState::WaitingReconcile).await;
    world.reaches(&other.id, OperationState::WaitingReconcile).await;
    // The third, on which both relied, goes away.
    let (two, _third) = hosts.split_at_mut(2);
    world.live(two, 40);
    assert_eq!(world.node(&hosts[2].id).health, Health::Offline);
    world.engine.heal();
    world.wait(0);
    world.fleet.retry(&hosts[0].id, &one.id).await.ok();
    world.fleet.retry(&hosts[1].id, &other.id).await.ok();
    assert!(world.until(async || world.store.unfinished_operations().await.unwrap().is_empty()).await);
    let mut states = Vec::new();
    for operation in [&one, &other] {
        states.push(world.store.operation(&operation.id).await.unwrap().unwrap().state);
    }
    states.sort();
    assert_eq!(states, [OperationState::Completed, OperationState::Failed]);
    assert_eq!(world.fleet.info().counts.takes_placements, 1);
}

/// Many people press many buttons: one unfinished operation per node, and the engine never sees a lost update.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_on_one_node() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let mut tasks = Vec::new();
    for n in 0..40 {
        let (fleet, id) = (world.fleet.clone(), hosts[0].id.clone());
        tasks.push(tokio::spawn(async move {
            match n % 2 {
                0 => fleet.drain(&id, drain_request(), call("ada")).await,
                _ => fleet.activate(&id, overriding(), call("bob")).await,
            }
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(crate::fleet::Error::Refused(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(accepted > 0);
    assert!(world.until(async || world.store.unfinished_operations().await.unwrap().is_empty()).await);
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0, "nobody but Pitlane was there");
    let shown = world.shown(&hosts[0]).await;
    assert_eq!(shown.scheduling, world.node(&hosts[0].id).scheduling);
    let ends = [ActivityKind::Drained, ActivityKind::Activated, ActivityKind::OperationAborted, ActivityKind::OperationFailed];
    let mut ended = 0;
    for kind in ends {
        ended += world.count(kind).await;
    }
    assert_eq!(ended, accepted, "each accepted operation ended once");
}
