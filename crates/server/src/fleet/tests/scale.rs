//! Ten thousand nodes: what must stay cheap is counted, not timed.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use pitlane_api::*;
use pitlane_engine::NewHost;
use pitlane_engine_embedded::{EmbeddedEngine, MemoryRecords, Records, Settings};

use super::world::*;
use crate::{
    fleet::{Agents, Fleet, FleetSettings, NodeQuery},
    store::{Agent, SecretHash},
};

/// A fleet of `size` nodes, and the tokens of its agents. Enrolling them one by one would spend the test in the store.
async fn crowd(world: &World, size: usize) -> (FleetSettings, Arc<Fleet>, Vec<String>) {
    let settings = world.settings.clone();
    let (now, agents, records) = (settings.clock.now(), Arc::new(Agents::for_fleet(&settings)), Arc::new(MemoryRecords::new()));
    let mut tokens = Vec::new();
    for n in 0..size {
        let (id, engine_node_id, token) = (NodeId(format!("node-{n}")), format!("host-{n}"), format!("token-{n}"));
        let host = NewHost {
            engine_node_id: engine_node_id.clone(),
            id: id.clone(),
            name: format!("edge-{n:05}"),
            region: Some("fra".into()),
            source: NodeSource::Agent,
            public_ip: None,
            overlay_ip: None,
            labels: Default::default(),
            created_at: now,
        };
        records.admit(host).await.unwrap();
        agents.put(&Agent {
            node_id: id,
            engine_node_id,
            machine_id: format!("machine-{n}"),
            token: SecretHash::of(&token),
            created_at: now,
            updated_at: now,
            confirmed_at: Some(now),
            last_report: None,
            last_report_at: None,
        });
        tokens.push(token);
    }
    let engine = Arc::new(EmbeddedEngine::start(records, agents.clone(), Settings::default()));
    let fleet = Fleet::start(settings.clone(), world.store.clone(), engine, agents).await.unwrap();
    (settings, fleet, tokens)
}

#[tokio::test]
async fn ten_thousand_beats_are_one_frame_a_second() {
    let world = World::new().await;
    let (settings, fleet, tokens) = crowd(&world, 10_000).await;
    for token in &tokens {
        fleet.take_in_heartbeat(token, HeartbeatRequest { containers: None, ..clean_report() }).unwrap();
    }
    fleet.tick();
    let mut stream = fleet.subscribe(None);
    let mut whole = Vec::new();
    loop {
        let frame = stream.next().await.unwrap();
        let piece: SnapshotEvent = serde_json::from_str(&frame.data).unwrap();
        assert_eq!((piece.continued, piece.more), (!whole.is_empty(), frame.id.is_empty()), "only the last piece can be come back to");
        let most = if whole.is_empty() { 48 } else { 250 };
        assert!(piece.nodes.len() <= most, "a browser stands still to read {} nodes", piece.nodes.len());
        whole.extend(piece.nodes);
        if !piece.more {
            break;
        }
    }
    assert_eq!(whole.len(), 10_000);

    for second in 1..=10_u64 {
        settings.clock.advance(Duration::from_secs(1));
        for token in tokens.iter().skip((second as usize - 1) % 5).step_by(5) {
            fleet.take_in_heartbeat(token, HeartbeatRequest { seq: second, containers: None, ..clean_report() }).unwrap();
        }
        fleet.tick();
        let frames: Vec<_> = std::iter::from_fn(|| stream.next().now_or_never().flatten()).collect();
        let nodes: Vec<_> = frames.iter().filter(|frame| frame.event == EVENT_NODES).collect();
        assert_eq!(nodes.len(), 1, "one shared frame a second");
        let event: NodesEvent = serde_json::from_str(&nodes[0].data).unwrap();
        assert_eq!((event.beats.len(), event.nodes.len()), (2_000, 0), "second {second}");
        assert!(nodes[0].data.len() < 2_000 * 200, "{} bytes", nodes[0].data.len());
    }
    let page = fleet.list(&NodeQuery { limit: 50, ..NodeQuery::default() }).unwrap();
    assert_eq!((page.nodes.len(), page.total, page.facets["health"]["healthy"]), (50, 10_000, 10_000));
    fleet.crash().await;
}

#[tokio::test]
async fn details_that_move_with_every_beat_come_bit_by_bit() {
    let world = World::new().await;
    let (settings, fleet, tokens) = crowd(&world, 600).await;
    let beat = |second: u64| {
        for token in &tokens {
            let report = clean_report();
            let resources = Resources { cpu_percent: Some(second as f64 / 5.0), ..report.resources.clone() };
            fleet.take_in_heartbeat(token, HeartbeatRequest { seq: second, containers: None, resources, ..report }).unwrap();
        }
    };
    beat(0);
    fleet.tick();
    let mut stream = fleet.subscribe(None);
    // The snapshot of so many is encoded by a thread of its own.
    while stream.next().await.unwrap().id.is_empty() {}
    // After a minute the details of all nodes are due at once.
    let mut refreshed = std::collections::BTreeSet::new();
    for second in 1..=100_u64 {
        settings.clock.advance(Duration::from_secs(1));
        if second % 5 == 0 {
            beat(second);
        }
        fleet.tick();
        for frame in std::iter::from_fn(|| stream.next().now_or_never().flatten()).filter(|frame| frame.event == EVENT_NODES) {
            let event: NodesEvent = serde_json::from_str(&frame.data).unwrap();
            assert!(event.nodes.len() <= 100, "second {second}: a browser stands still to read {} nodes", event.nodes.len());
            refreshed.extend(event.nodes.into_iter().map(|node| node.id));
        }
    }
    assert_eq!(refreshed.len(), tokens.len(), "and all of them come");
    fleet.crash().await;
}

/// Whoever asks for many nodes, or for a snapshot, keeps the others waiting for a few walks through the fleet at most. That no driver is called and no frame
/// is encoded under the view's lock is asserted by every test: see `view_lock`.
#[tokio::test]
async fn a_set_of_five_hundred_walks_through_the_fleet_a_few_times() {
    let world = World::new().await;
    let (_, fleet, tokens) = crowd(&world, 2_000).await;
    for token in &tokens {
        fleet.take_in_heartbeat(token, HeartbeatRequest { containers: None, ..clean_report() }).unwrap();
    }
    fleet.tick();
    let walks = || fleet.view().walks.load(std::sync::atomic::Ordering::Relaxed);
    let nodes: Vec<NodeId> = (0..500).map(|n| NodeId(format!("node-{n}"))).collect();
    for kind in [OperationKind::Drain, OperationKind::Activate] {
        let before = walks();
        let preview = fleet.bulk_preview(&BulkPreviewRequest { kind, nodes: nodes.clone() }).await.unwrap();
        assert_eq!((preview.nodes.len(), preview.capacity_now.nodes), (500, 2_000));
        assert!(walks() - before <= 30, "{kind}: {} walks", walks() - before);
    }
    let before = walks();
    let page = fleet.list(&NodeQuery { q: Some("edge-0001".into()), ..NodeQuery::default() }).unwrap();
    assert_eq!(page.total, 10);
    assert_eq!(walks() - before, 1);
    fleet.crash().await;
}

/// What is numbered while others subscribe, and encoded later, comes to each of them once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_come_at_once_share_a_snapshot_and_miss_nothing() {
    let world = World::new().await;
    let (settings, fleet, tokens) = crowd(&world, 600).await;
    let beat = |second: u64| {
        for token in &tokens {
            fleet.take_in_heartbeat(token, HeartbeatRequest { seq: second, containers: None, ..clean_report() }).unwrap();
        }
    };
    beat(0);
    fleet.tick();
    let mut readers = Vec::new();
    for second in 1..=20_u64 {
        for _ in 0..5 {
            let mut stream = fleet.subscribe(None);
            readers.push(tokio::spawn(async move {
                let mut snapshot = stream.next().await.unwrap();
                while snapshot.id.is_empty() {
                    snapshot = stream.next().await.unwrap();
                }
                let seq = |id: &str| id.rsplit_once('-').unwrap().1.parse::<u64>().unwrap();
                let mut last = seq(&snapshot.id);
                while let Some(frame) = stream.next().await {
                    assert_eq!(seq(&frame.id), last + 1);
                    last += 1;
                }
                last
            }));
        }
        settings.clock.advance(Duration::from_secs(1));
        beat(second);
        fleet.tick();
    }
    fleet.shutdown().await;
    let mut ends = Vec::new();
    for reader in readers {
        ends.push(reader.await.unwrap());
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}
