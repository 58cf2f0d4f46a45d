//! The embedded engine's records on this store, beyond what the conformance suite asks.

use pitlane_api::{NodeSource, Scheduling};
use pitlane_engine::{EngineNode, Error, NewHost, Record, SetScheduling};
use pitlane_engine_embedded::Records;

use super::{Fixture, at, reopened};

fn host(id: &str) -> NewHost {
    NewHost {
        engine_node_id: id.into(),
        id: format!("node-{id}").into(),
        name: id.into(),
        region: Some("fra".into()),
        source: NodeSource::Simulated,
        public_ip: Some("192.0.2.1".into()),
        overlay_ip: None,
        labels: [("tier".to_owned(), "edge".to_owned())].into(),
        created_at: at(0),
    }
}

fn drain(node: &EngineNode, operation: &str) -> SetScheduling {
    let record = Record { reason: Some("kernel".into()), operation_id: Some(operation.into()), ..Record::default() };
    SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: node.revision() }
}

#[tokio::test]
async fn a_host_and_its_maintenance_survive_a_kill() {
    let fixture = Fixture::new().await;
    let node: EngineNode = fixture.store.admit(host("a")).await.unwrap().into();
    let drained = fixture.store.set_scheduling("a", &drain(&node, "op1")).await.unwrap();
    let store = reopened(&fixture.snapshot("killed")).await;
    assert_eq!(store.get("a").await.unwrap().as_ref(), Some(&drained));
    assert_eq!(drained.host, host("a"));
    assert_eq!(store.all().await.unwrap(), [drained]);
}

#[tokio::test]
async fn of_two_processes_one_wins() {
    let fixture = Fixture::new().await;
    let other = reopened(&fixture.file("pitlane.db")).await;
    for round in 0..20 {
        let node: EngineNode = fixture.store.admit(host(&format!("host-{round}"))).await.unwrap().into();
        let (left, right) = (drain(&node, "left"), drain(&node, "right"));
        let (left, right) =
            tokio::join!(fixture.store.set_scheduling(&node.engine_node_id, &left), other.set_scheduling(&node.engine_node_id, &right));
        let winners = [&left, &right].into_iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(winners, 1, "{left:?} {right:?}");
        assert!([left, right].contains(&Err(Error::Conflict)));
    }
}

#[tokio::test]
async fn changes_are_told_once_in_order_whoever_made_them() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    store.admit(host("a")).await.unwrap();
    let start = store.changes(None).await.unwrap();
    assert!(start.nodes.is_empty() && start.removed.is_empty());
    assert_eq!(store.changes(Some(start.upto)).await.unwrap(), start, "nothing has changed");

    store.admit(host("a")).await.unwrap();
    assert_eq!(store.changes(Some(start.upto)).await.unwrap(), start, "renewing a host with the same words is no change");

    let other = reopened(&fixture.file("pitlane.db")).await;
    other.admit(host("b")).await.unwrap();
    store.admit(host("c")).await.unwrap();
    sqlx::query("UPDATE engine_nodes SET scheduling = 'maintenance' WHERE engine_node_id = 'a'").execute(&other.writer).await.unwrap();
    assert!(store.remove("c").await.unwrap());
    assert!(!store.remove("c").await.unwrap());
    let changes = store.changes(Some(start.upto)).await.unwrap();
    let ids: Vec<_> = changes.nodes.iter().map(|node| (node.host.name.as_str(), node.scheduling)).collect();
    assert_eq!(ids, [("b", Scheduling::Schedulable), ("a", Scheduling::Maintenance)]);
    assert_eq!(changes.removed, ["c"]);
    assert!(store.changes(Some(changes.upto)).await.unwrap().nodes.is_empty());
}

#[tokio::test]
async fn a_store_that_fails_is_an_engine_that_is_away() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let node: EngineNode = store.admit(host("a")).await.unwrap().into();
    sqlx::query("PRAGMA query_only = on").execute(&store.writer).await.unwrap();
    let Err(Error::Unreachable { message, .. }) = store.set_scheduling("a", &drain(&node, "op1")).await else { panic!("it was written") };
    assert!(message.starts_with("the database is read-only"), "{message}");
    store.close().await;
    assert!(matches!(store.all().await, Err(Error::Unreachable { .. })));
}
