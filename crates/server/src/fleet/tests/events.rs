//! The event stream: snapshot, resume, coalescing, bounds, end.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream::BoxStream};
use pitlane_api::*;

use super::world::*;
use crate::fleet::Frame;

/// What has arrived, without waiting.
fn arrived(stream: &mut BoxStream<'static, Arc<Frame>>) -> Vec<Arc<Frame>> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten()).collect()
}

fn of<'a>(frames: &'a [Arc<Frame>], event: &str) -> Vec<&'a Frame> {
    frames.iter().map(AsRef::as_ref).filter(|frame| frame.event == event).collect()
}

#[tokio::test]
async fn it_begins_with_a_snapshot_that_the_contract_can_read() {
    let world = World::new().await;
    let hosts = world.hosts(&["b", "a"]).await;
    let mut stream = world.fleet.subscribe(None);
    let frames = arrived(&mut stream);
    assert_eq!((frames.len(), frames[0].event), (1, EVENT_SNAPSHOT));
    let snapshot: SnapshotEvent = serde_json::from_str(&frames[0].data).unwrap();
    assert_eq!(snapshot.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(snapshot.fleet.counts.healthy, 2);
    assert_eq!(snapshot.nodes[1], world.node(&hosts[0].id));
}

#[tokio::test]
async fn a_beat_is_a_beat_and_a_change_is_a_node() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let mut stream = world.fleet.subscribe(None);
    arrived(&mut stream);
    world.live(&mut hosts, 5);
    let frames = arrived(&mut stream);
    let nodes: Vec<NodesEvent> = of(&frames, EVENT_NODES).iter().map(|frame| serde_json::from_str(&frame.data).unwrap()).collect();
    let beats: Vec<&Beat> = nodes.iter().flat_map(|event| &event.beats).collect();
    assert_eq!((beats.len(), nodes.iter().map(|event| event.nodes.len()).sum::<usize>()), (2, 0));
    assert_eq!((beats[0].beat, beats[0].cpu_percent), (100, Some(10.0)));

    hosts[0].report.caddy = service(SignalState::Ok);
    world.live(&mut hosts, 5);
    let frames = arrived(&mut stream);
    let nodes: Vec<NodesEvent> = of(&frames, EVENT_NODES).iter().map(|frame| serde_json::from_str(&frame.data).unwrap()).collect();
    let changed: Vec<&NodeId> = nodes.iter().flat_map(|event| &event.nodes).map(|node| &node.id).collect();
    assert_eq!(changed, [&hosts[0].id]);
}

/// The row of beats as a client keeps it that is told of beats, of the lack of them, and of whole nodes.
fn follow(row: &mut Vec<u8>, event: &NodesEvent) {
    for node in &event.nodes {
        row.clone_from(&node.heartbeat.recent);
    }
    row.extend(event.beats.iter().map(|beat| beat.beat));
    for missed in &event.missed {
        let known = row.iter().rev().take_while(|beat| **beat == 0).count();
        row.extend(std::iter::repeat_n(0, usize::from(missed.beats).saturating_sub(known)));
    }
}

#[tokio::test]
async fn a_beat_that_does_not_come_is_no_whole_node() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    world.live(&mut hosts, 5);
    let mut row = world.node(&hosts[0].id).heartbeat.recent;
    let mut stream = world.fleet.subscribe(None);
    arrived(&mut stream);
    let mut told = (0, 0);
    let mut take = |row: &mut Vec<u8>| {
        for frame in of(&arrived(&mut stream), EVENT_NODES) {
            let event: NodesEvent = serde_json::from_str(&frame.data).unwrap();
            told = (told.0 + event.nodes.len(), told.1 + event.missed.len());
            follow(row, &event);
        }
        told
    };
    world.wait(9);
    assert_eq!(take(&mut row), (0, 1), "a miss, as a miss");
    assert_eq!((row.last(), &row), (Some(&0), &world.node(&hosts[0].id).heartbeat.recent));
    world.live(&mut hosts, 5);
    take(&mut row);
    assert_eq!(row, world.node(&hosts[0].id).heartbeat.recent, "and the beat after it");

    // A look at the node in between notices the miss before anybody is told of it, and then the beat comes after all.
    world.live(&mut hosts, 5);
    take(&mut row);
    world.settings.clock.advance(std::time::Duration::from_secs(8));
    world.fleet.rebuild(&mut world.fleet.view_mut(), &hosts[0].id, &mut Vec::new());
    world.beat(&mut hosts);
    world.fleet.tick();
    take(&mut row);
    assert_eq!(row, world.node(&hosts[0].id).heartbeat.recent, "both in one second");
}

#[tokio::test]
async fn an_operation_is_sent_at_once_with_its_node() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let mut stream = world.fleet.subscribe(None);
    arrived(&mut stream);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    let frames = arrived(&mut stream);
    let moves: Vec<OperationEvent> = of(&frames, EVENT_OPERATION).iter().map(|frame| serde_json::from_str(&frame.data).unwrap()).collect();
    assert_eq!(moves.first().unwrap().operation.state, OperationState::Pending);
    assert!(!moves.first().unwrap().node.as_ref().unwrap().takes_placements);
    let last = moves.last().unwrap();
    assert_eq!((last.operation.state, last.node.as_ref().unwrap().scheduling), (OperationState::Completed, Scheduling::Maintenance));
    world.activity().await;
    world.fleet.tick();
    let mut frames = frames;
    frames.extend(arrived(&mut stream));
    let told: Vec<ActivityEvent> = of(&frames, EVENT_ACTIVITY).iter().map(|frame| serde_json::from_str(&frame.data).unwrap()).collect();
    let kinds: Vec<ActivityKind> = told.iter().flat_map(|event| &event.entries).map(|entry| entry.kind).collect();
    assert!(kinds.contains(&ActivityKind::DrainRequested) && kinds.contains(&ActivityKind::Drained), "{kinds:?}");
}

/// Waits for a frame of nodes while the fleet's clock stands still, and gives back which it carries.
async fn next_nodes(stream: &mut BoxStream<'static, Arc<Frame>>) -> Vec<(NodeId, Scheduling)> {
    let wait = std::time::Duration::from_secs(10);
    loop {
        let frame = tokio::time::timeout(wait, stream.next()).await.expect("a frame without waiting for the second").unwrap();
        if frame.event == EVENT_NODES {
            let event: NodesEvent = serde_json::from_str(&frame.data).unwrap();
            assert!(event.beats.is_empty(), "beats wait for their second");
            return event.nodes.into_iter().map(|node| (node.id, node.scheduling)).collect();
        }
    }
}

#[tokio::test]
async fn what_somebody_did_at_the_engine_is_sent_at_once_and_a_storm_of_it_in_one_more_frame() {
    let world = World::new().await;
    let names: Vec<String> = (0..20).map(|number| format!("n{number:02}")).collect();
    let mut hosts = world.hosts(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.live(&mut hosts, 5);
    let mut stream = world.fleet.subscribe(None);
    arrived(&mut stream);
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    assert_eq!(next_nodes(&mut stream).await, [(hosts[0].id.clone(), Scheduling::Maintenance)]);
    assert_eq!(world.fleet.info().counts.maintenance, 1, "counts come with it");

    for host in &hosts[1..] {
        world.outside(host, Scheduling::Maintenance).await;
    }
    for host in &hosts[1..] {
        while world.node(&host.id).scheduling != Scheduling::Maintenance {
            tokio::task::yield_now().await;
        }
    }
    assert!(of(&arrived(&mut stream), EVENT_NODES).is_empty(), "they gather while the clock stands");
    world.settings.clock.advance(std::time::Duration::from_millis(250));
    assert_eq!(next_nodes(&mut stream).await.len(), hosts.len() - 1);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let mut stream = world.fleet.subscribe(None);
    world.live(&mut hosts, 10);
    let seen = arrived(&mut stream);
    let last = seen.last().unwrap().id.clone();
    drop(stream);
    world.live(&mut hosts, 10);

    let mut back = world.fleet.subscribe(Some(&last));
    let missed = arrived(&mut back);
    assert!(!missed.is_empty() && missed.iter().all(|frame| frame.event != EVENT_SNAPSHOT));
    let seq = |id: &str| id.rsplit_once('-').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(seq(&missed[0].id), seq(&last) + 1, "nothing is left out, nothing comes twice");
    let mut from_the_middle = world.fleet.subscribe(Some(&missed[0].id));
    assert_eq!(arrived(&mut from_the_middle).len(), missed.len() - 1);

    for unknown in ["", "nonsense", "another-7", &format!("{}9", missed.last().unwrap().id)] {
        let mut stream = world.fleet.subscribe(Some(unknown));
        assert_eq!(arrived(&mut stream)[0].event, EVENT_SNAPSHOT, "{unknown}");
    }
    // So long ago that it is not kept any more.
    for _ in 0..600 {
        world.live(&mut hosts, 5);
    }
    let mut stream = world.fleet.subscribe(Some(&last));
    assert_eq!(arrived(&mut stream)[0].event, EVENT_SNAPSHOT);
}

#[tokio::test]
async fn snapshot_and_deltas_fit_together() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let mut first = world.fleet.subscribe(None);
    let snapshot = arrived(&mut first).remove(0);
    hosts[0].report.caddy = service(SignalState::Ok);
    world.live(&mut hosts, 5);
    // A second subscriber of the same second shares the snapshot, and gets what came since.
    let mut second = world.fleet.subscribe(Some(&snapshot.id));
    let mut state: Vec<Node> = serde_json::from_str::<SnapshotEvent>(&snapshot.data).unwrap().nodes;
    for frame in arrived(&mut second).iter().filter(|frame| frame.event == EVENT_NODES) {
        for node in serde_json::from_str::<NodesEvent>(&frame.data).unwrap().nodes {
            state.retain(|known| known.id != node.id);
            state.push(node);
        }
    }
    let caddy = |node: &Node| node.signals.iter().find(|signal| signal.kind == SignalKind::Caddy).unwrap().state;
    assert_eq!(caddy(state.iter().find(|node| node.id == hosts[0].id).unwrap()), SignalState::Ok);
}

#[tokio::test]
async fn a_removed_node_is_told() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let pending = world.enrol("never").await;
    let mut stream = world.fleet.subscribe(None);
    arrived(&mut stream);
    world.fleet.remove(&pending.id, None, call("ada")).await.unwrap();
    world.fleet.tick();
    let frames = arrived(&mut stream);
    let removed: RemovedEvent = serde_json::from_str(&of(&frames, EVENT_REMOVED)[0].data).unwrap();
    assert_eq!(removed.ids, [pending.id]);
    assert_eq!(world.fleet.info().counts.total, hosts.len() as u32);
}

/// Removed and enrolled again within a second, and told of at once because of what was asked of it.
#[tokio::test]
async fn a_node_that_went_and_came_back_is_not_told_to_be_gone() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let pending = world.enrol("c").await;
    world.fleet.tick();
    let mut stream = world.fleet.subscribe(None);
    // From here on what is urgent gathers, since the clock stands still.
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    stream.by_ref().filter(|frame| std::future::ready(frame.event == EVENT_NODES)).next().await;
    world.fleet.remove(&pending.id, None, call("ada")).await.unwrap();
    hosts.push(world.enrol("c").await);
    assert_eq!(hosts[2].id, pending.id);
    world.beat(&mut hosts);
    world.drain(&hosts[2]).await.unwrap();
    let mut frames = Vec::new();
    while !frames.last().is_some_and(|frame: &Arc<Frame>| frame.event == EVENT_OPERATION && frame.data.contains("completed")) {
        frames.push(stream.next().await.unwrap());
    }
    world.fleet.tick();
    frames.extend(arrived(&mut stream));
    let (mut there, mut told) = (true, Vec::new());
    for frame in &frames {
        told.push(frame.event);
        match frame.event {
            EVENT_REMOVED => there = false,
            EVENT_OPERATION => there = true,
            _ => there |= frame.event == EVENT_NODES && frame.data.contains(pending.id.as_str()),
        }
    }
    assert!(there, "whoever reads the stream has lost it: {told:?}");
}

#[tokio::test]
async fn a_slow_subscriber_is_cut_off_and_holds_nothing() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    let slow = world.fleet.subscribe(None);
    let mut quick = world.fleet.subscribe(None);
    let mut seen = 0;
    for _ in 0..500 {
        world.live(&mut hosts, 5);
        seen += arrived(&mut quick).len();
        tokio::task::yield_now().await;
    }
    assert!(seen >= 500, "one that keeps up misses nothing");
    let got = slow.map(|frame| frame.data.len()).collect::<Vec<_>>().await;
    assert_eq!(got.len(), 1, "the snapshot, and then the end: it has to come back");
    assert_eq!(world.fleet.subscribers(), 1);
}

#[tokio::test]
async fn streams_end_at_shutdown() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    let stream = world.fleet.subscribe(None);
    world.live(&mut hosts, 5);
    world.fleet.shutdown().await;
    let frames: Vec<_> = stream.collect().await;
    assert!(frames.len() >= 2, "what was on its way is still handed over");
    assert_eq!(world.fleet.subscribe(None).collect::<Vec<_>>().await.len(), 1);
    assert!(matches!(world.drain(&hosts[0]).await, Err(crate::fleet::Error::ShuttingDown)));
}
