//! What the embedded driver promises beyond the conformance suite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may say so by a panic, its helpers too")]

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use pitlane_api::{
    ContainersReport, NodeId, NodeSource, PlacementNeeds, PlacementRequest, Refusal, Resources, Scheduling, SignalState, Strategy, Timestamp,
};
use pitlane_engine::{Change, Engine, Error, NewHost, Record, Reports, SetScheduling};
use pitlane_engine_embedded::{
    Changes, EmbeddedEngine, MemoryRecords, Records, Settings, StoredNode,
    harness::{ToldReports, as_seen},
};

fn host(id: &str) -> NewHost {
    NewHost {
        engine_node_id: id.into(),
        id: format!("node-of-{id}").into(),
        name: id.into(),
        region: None,
        source: NodeSource::Agent,
        public_ip: None,
        overlay_ip: None,
        labels: Default::default(),
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

struct Fixture {
    engine: EmbeddedEngine,
    reports: Arc<ToldReports>,
}

fn fixture() -> Fixture {
    on(Arc::new(MemoryRecords::new()), Settings::default())
}

fn on(records: Arc<dyn Records>, settings: Settings) -> Fixture {
    let reports = Arc::new(ToldReports::default());
    Fixture { engine: EmbeddedEngine::start(records, Arc::clone(&reports) as Arc<dyn Reports>, settings), reports }
}

async fn drain(engine: &dyn Engine, id: &str) {
    let expected = engine.node(id).await.unwrap().revision();
    let record = Some(Record { reason: Some("kernel".into()), ..Record::default() });
    engine.set_scheduling(id, SetScheduling { target: Scheduling::Maintenance, record, expected }).await.unwrap();
}

fn least_loaded() -> PlacementRequest {
    PlacementRequest {
        strategy: Strategy::LeastLoaded,
        selector_tags: Vec::new(),
        node_id: None,
        requests: PlacementNeeds::default(),
        simulated: false,
    }
}

#[tokio::test]
async fn enrolling_again_renews_the_host_and_keeps_its_maintenance() {
    let Fixture { engine, .. } = fixture();
    let first = engine.admit(host("a")).await.unwrap();
    drain(&engine, "a").await;
    let drained = engine.node("a").await.unwrap();
    let again = NewHost { name: "a.new".into(), id: "another".into(), created_at: Timestamp::now(), ..host("a") };
    let again = engine.admit(again).await.unwrap();
    assert_eq!(again.name, "a.new");
    assert_eq!((&again.id, again.created_at), (&first.id, first.created_at), "what identifies it stays");
    assert_eq!(again.revision(), drained.revision(), "its maintenance stays");
}

#[tokio::test]
async fn the_least_loaded_node_is_chosen_and_never_one_in_maintenance() {
    let Fixture { engine, .. } = fixture();
    for id in ["a", "b"] {
        engine.admit(host(id)).await.unwrap();
    }
    // The view is older than the drain: it still shows `a` as schedulable, and as the emptier one.
    let mut view: Vec<_> = engine.nodes().await.unwrap().into_iter().map(as_seen).collect();
    for (node, used) in view.iter_mut().zip([1, 7]) {
        node.resources = Resources { memory_total_bytes: Some(10), memory_used_bytes: Some(used), ..Resources::default() };
    }
    let placed = engine.place(&least_loaded(), view.clone()).await.unwrap().unwrap().unwrap();
    assert_eq!(placed.node_name, "a");
    drain(&engine, "a").await;
    let placed = engine.place(&least_loaded(), view.clone()).await.unwrap().unwrap().unwrap();
    assert_eq!(placed.node_name, "b");
    drain(&engine, "b").await;
    let Err(Refusal::PlacementBlocked { passed_over }) = engine.place(&least_loaded(), view).await.unwrap().unwrap() else {
        panic!("placed on a node in maintenance");
    };
    assert_eq!(passed_over.len(), 2, "every node is passed over with its reason");
}

#[tokio::test]
async fn a_node_nobody_reported_from_is_not_evaluated() {
    let Fixture { engine, .. } = fixture();
    engine.admit(host("a")).await.unwrap();
    let list = engine.workloads("a", &NodeId::from("n")).await.unwrap();
    assert!(!list.complete && list.workloads.is_empty());
    assert_eq!(list.not_read, ["no agent has reported from this node yet"]);
}

#[tokio::test]
async fn what_the_agent_could_not_read_is_said() {
    let Fixture { engine, reports } = fixture();
    engine.admit(host("a")).await.unwrap();
    let node_id = NodeId::from("n");

    reports.tell("a", |report| report.containers = Some(ContainersReport { complete: true, ..ContainersReport::default() }));
    let list = engine.workloads("a", &node_id).await.unwrap();
    assert!(list.complete && list.not_read.is_empty());

    reports.tell("a", |report| report.containers = None);
    let list = engine.workloads("a", &node_id).await.unwrap();
    assert!(!list.complete);
    assert_eq!(list.not_read, ["the agent has not sent its containers yet"]);

    reports.tell("a", |report| report.containers = Some(ContainersReport::default()));
    let list = engine.workloads("a", &node_id).await.unwrap();
    assert!(!list.complete && !list.not_read.is_empty(), "incomplete without a reason still says something");

    reports.tell("a", |report| {
        report.docker.state = SignalState::NotPresent;
        report.containers = Some(ContainersReport { complete: true, orphaned_volumes: vec!["old".into()], ..ContainersReport::default() });
    });
    let list = engine.workloads("a", &node_id).await.unwrap();
    assert!(list.complete, "no Docker is no workloads, and that is known: {:?}", list.not_read);
    assert_eq!(list.orphaned_volumes, ["old"]);
}

/// Records that never answer.
struct Hanging;

#[async_trait::async_trait]
impl Records for Hanging {
    async fn all(&self) -> pitlane_engine::Result<Vec<StoredNode>> {
        std::future::pending().await
    }
    async fn get(&self, _: &str) -> pitlane_engine::Result<Option<StoredNode>> {
        std::future::pending().await
    }
    async fn admit(&self, _: NewHost) -> pitlane_engine::Result<StoredNode> {
        std::future::pending().await
    }
    async fn set_scheduling(&self, _: &str, _: &SetScheduling) -> pitlane_engine::Result<StoredNode> {
        std::future::pending().await
    }
    async fn remove(&self, _: &str) -> pitlane_engine::Result<bool> {
        std::future::pending().await
    }
    async fn changes(&self, _: Option<u64>) -> pitlane_engine::Result<Changes> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_hang_are_unreachable_and_the_watch_says_so() {
    let Fixture { engine, .. } = on(Arc::new(Hanging), Settings { bound: Duration::from_secs(3), ..Settings::default() });
    let mut watch = engine.watch();
    let Err(Error::Unreachable { message, .. }) = engine.nodes().await else { panic!("a call that hangs must end") };
    assert_eq!(message, "the store has not answered within 3 s");
    assert!(matches!(watch.next().await, Some(Err(Error::Unreachable { .. }))));
}

#[tokio::test]
async fn a_receiver_that_lags_is_told_to_list_again() {
    let Fixture { engine, .. } = on(Arc::new(MemoryRecords::new()), Settings { look_every: Duration::from_millis(1), ..Settings::default() });
    let mut slow = engine.watch();
    // A second receiver that keeps up proves that everything has been sent before the slow one begins to read.
    let mut quick = engine.watch();
    assert_eq!(quick.next().await, Some(Ok(Change::Reset)), "the watch has begun");
    assert_eq!(slow.next().await, Some(Ok(Change::Reset)));
    for number in 0..6000 {
        engine.admit(host(&format!("host-{number}"))).await.unwrap();
    }
    while let Some(change) = quick.next().await {
        if matches!(&change, Ok(Change::Node(node)) if node.engine_node_id == "host-5999") {
            break;
        }
    }
    assert_eq!(slow.next().await, Some(Ok(Change::Reset)));
}

#[tokio::test]
async fn the_watch_ends_when_the_driver_is_dropped() {
    let Fixture { engine, .. } = fixture();
    let watch = engine.watch();
    drop(engine);
    let left: Vec<_> = watch.collect().await;
    assert!(left.iter().all(|change| *change == Ok(Change::Reset)), "nothing but the first word: {left:?}");
}

#[tokio::test]
async fn the_command_for_the_day_pitlane_is_down_is_one_a_shell_takes() {
    let Fixture { engine, .. } = fixture();
    let node = engine.admit(NewHost { name: "edge fra's".into(), ..host("a") }).await.unwrap();
    assert_eq!(engine.equivalent_commands(&node, Scheduling::Maintenance), [r"pitlane drain 'edge fra'\''s' --reason '{reason}' --wait"]);
    assert_eq!(engine.equivalent_commands(&node, Scheduling::Schedulable), [r"pitlane activate 'edge fra'\''s' --wait"]);
}
