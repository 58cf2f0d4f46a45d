//! Under stress nothing gets lost on the way to whoever looks: many nodes that beat without a pause, many drains, aborts and activations, changes behind
//! Pitlane's back, nodes that come and go, and readers that come at any moment, are slow, or leave in the middle. Each folds what it gets as the console
//! does. Once all is quiet every picture is what `GET /nodes` says, what is shown of an operation is what the store has, and the engine agrees.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures::StreamExt;
use pitlane_api::*;
use pitlane_engine::{Engine, SetScheduling};
use tokio::sync::watch;

use super::world::*;
use crate::{
    fleet::{Fleet, Frame, NodeQuery},
    store::Store,
};

const NODES: usize = 330;
const FOR: Duration = Duration::from_secs(3);
/// So many drains and activations at least, however busy the machine is.
const ACCEPTED: u32 = 60;

/// How somebody reads.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Keen,
    /// Falls behind until it is cut off, and comes back.
    Slow,
    /// Leaves after some frames, in the middle of a snapshot too, and comes back.
    Fickle,
}

/// What the event stream makes of the fleet: the console's fold.
#[derive(Default)]
struct Picture {
    nodes: BTreeMap<NodeId, Node>,
    arriving: Vec<NodeId>,
    last: Option<String>,
    cut_off: u32,
    snapshots: u32,
}

impl Picture {
    fn fold(&mut self, frame: &Frame) {
        match frame.event {
            EVENT_SNAPSHOT => {
                let event: SnapshotEvent = read_json(&frame.data).expect("the console reads it");
                self.snapshots += u32::from(!event.continued);
                if !event.continued {
                    self.arriving.clear();
                }
                self.arriving.extend(event.nodes.iter().map(|node| node.id.clone()));
                event.nodes.into_iter().for_each(|node| self.put(node));
                if !event.more {
                    let arrived = std::mem::take(&mut self.arriving);
                    self.nodes.retain(|id, _| arrived.contains(id));
                }
            }
            EVENT_NODES => {
                let event: NodesEvent = read_json(&frame.data).expect("the console reads it");
                for beat in event.beats {
                    if let Some(node) = self.nodes.get_mut(&beat.id).filter(|node| node.last_heartbeat_at.is_none_or(|at| at < beat.at)) {
                        node.last_heartbeat_at = Some(beat.at);
                        node.resources.cpu_percent = beat.cpu_percent.or(node.resources.cpu_percent);
                        node.resources.memory_used_bytes = beat.memory_used_bytes.or(node.resources.memory_used_bytes);
                    }
                }
                event.nodes.into_iter().for_each(|node| self.put(node));
            }
            EVENT_REMOVED => {
                let event: RemovedEvent = read_json(&frame.data).expect("the console reads it");
                self.nodes.retain(|id, _| !event.ids.contains(id));
            }
            EVENT_OPERATION => {
                let event: OperationEvent = read_json(&frame.data).expect("the console reads it");
                event.node.into_iter().for_each(|node| self.put(node));
            }
            _ => {}
        }
        if !frame.id.is_empty() {
            self.last = Some(frame.id.clone());
        }
    }

    fn put(&mut self, node: Node) {
        self.nodes.insert(node.id.clone(), node);
    }
}

/// What a beat does not carry, and what is therefore sent once a minute or with the next change only.
fn comparable(mut node: Node) -> Node {
    node.heartbeat.recent.clear();
    node.heartbeat.clock_offset_s = None;
    for signal in &mut node.signals {
        signal.detail = Words::default();
    }
    for disk in &mut node.resources.disks {
        disk.used_bytes = 0;
    }
    node
}

async fn read(fleet: Arc<Fleet>, manner: Manner, mut over: watch::Receiver<bool>) -> Picture {
    let mut picture = Picture::default();
    let comes = fleet.settings().clock.after(Duration::from_millis(rand::random_range(0..30_000)));
    tokio::select! { () = comes => {}, _ = over.changed() => {} }
    loop {
        let mut frames = fleet.subscribe(picture.last.as_deref());
        let mut left = match manner {
            Manner::Fickle => rand::random_range(1..40),
            _ => u32::MAX,
        };
        loop {
            if *over.borrow() {
                // All is quiet: what is on its way is all there is. A snapshot is encoded by a thread of its own.
                loop {
                    match tokio::time::timeout(Duration::from_secs(2), frames.next()).await {
                        Ok(Some(frame)) => picture.fold(&frame),
                        // It was cut off just before, and comes back once more.
                        Ok(None) => break,
                        Err(_) => return picture,
                    }
                }
                break;
            }
            let frame = tokio::select! {
                frame = frames.next() => frame,
                _ = over.changed() => continue,
            };
            let Some(frame) = frame else {
                picture.cut_off += 1;
                break;
            };
            picture.fold(&frame);
            if matches!(manner, Manner::Slow) && rand::random_range(0..4) == 0 {
                let nap = fleet.settings().clock.after(Duration::from_millis(rand::random_range(0..40_000)));
                tokio::select! { () = nap => {}, _ = over.changed() => {} }
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
}

/// Beats for some hosts, which fall ill and get well again.
async fn beat(fleet: Arc<Fleet>, mut hosts: Vec<Host>, mut over: watch::Receiver<bool>) -> Vec<Host> {
    while !*over.borrow() {
        for host in &mut hosts {
            host.seq += 1;
            host.report.resources.cpu_percent = Some(f64::from(rand::random_range(0..100_u8)));
            host.report.caddy = service(if rand::random_range(0..300) == 0 { SignalState::Bad } else { SignalState::Ok });
            let clock = fleet.settings().clock.now();
            fleet.take_in_heartbeat(&host.token, HeartbeatRequest { seq: host.seq, clock, ..host.report.clone() }).unwrap();
            tokio::task::yield_now().await;
        }
        let pause = fleet.settings().clock.after(Duration::from_millis(rand::random_range(1_000..5_000)));
        tokio::select! { () = pause => {}, _ = over.changed() => {} }
    }
    hosts
}

/// Asks for one thing after another, of nodes of its own and of those of others.
async fn operate(world: Arc<World>, hosts: Vec<Host>, accepted: Arc<AtomicU32>, over: watch::Receiver<bool>) {
    while !*over.borrow() {
        let host = &hosts[rand::random_range(0..hosts.len())];
        let fleet = &world.fleet;
        let away = world.node(&host.id).scheduling == Scheduling::Maintenance;
        let asked = match rand::random_range(0..10) {
            0..9 if away => fleet.activate(&host.id, overriding(), call("ada")).await,
            0..9 => world.drain(host).await,
            _ => {
                let target = if away { Scheduling::Schedulable } else { Scheduling::Maintenance };
                let engine_node_id = world.node(&host.id).engine_node_id;
                let expected = world.engine.inner.node(&engine_node_id).await.unwrap().revision();
                let change = SetScheduling { target, record: None, expected };
                // Pitlane may have been faster.
                let _ = world.engine.inner.set_scheduling(&engine_node_id, change).await;
                continue;
            }
        };
        let Ok(operation) = asked else { continue };
        accepted.fetch_add(1, Ordering::Relaxed);
        if rand::random_range(0..3) == 0 {
            for _ in 0..rand::random_range(0..200) {
                tokio::task::yield_now().await;
            }
            let _ = fleet.abort(&host.id, &operation.id, call("bob")).await;
        }
    }
}

/// Nodes that enrol, are never heard of, and are removed.
async fn come_and_go(world: Arc<World>, over: watch::Receiver<bool>) {
    let mut at = 0;
    while !*over.borrow() {
        at += 1;
        let host = world.enrol(&format!("guest-{at}")).await;
        if at % 3 != 0 {
            world.fleet.remove(&host.id, None, call("ada")).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_stress_every_reader_sees_what_is() {
    let world = Arc::new(World::new().await);
    let names: Vec<String> = (0..NODES).map(|n| format!("edge-{n:04}")).collect();
    let hosts = world.hosts(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (done, over) = watch::channel(false);
    let (read_on, quiet) = watch::channel(false);
    let manners = [Manner::Keen, Manner::Keen, Manner::Slow, Manner::Slow, Manner::Fickle, Manner::Fickle, Manner::Fickle];
    let readers: Vec<_> = manners.into_iter().map(|manner| (manner, tokio::spawn(read(world.fleet.clone(), manner, quiet.clone())))).collect();
    let beating: Vec<_> = hosts.chunks(NODES / 2).map(|some| tokio::spawn(beat(world.fleet.clone(), some.to_vec(), over.clone()))).collect();
    let accepted = Arc::new(AtomicU32::new(0));
    let operating: Vec<_> = (0..6).map(|_| tokio::spawn(operate(world.clone(), hosts[..40].to_vec(), accepted.clone(), over.clone()))).collect();
    let guests = tokio::spawn(come_and_go(world.clone(), over.clone()));

    // A fleet's minutes in a few seconds.
    let (begun, mut lived, mut turn) = (Instant::now(), 0, tokio::time::interval(Duration::from_millis(10)));
    while begun.elapsed() < FOR || (accepted.load(Ordering::Relaxed) < ACCEPTED && begun.elapsed() < 20 * FOR) {
        turn.tick().await;
        world.settings.clock.advance(Duration::from_millis(100));
        lived += 1;
    }
    done.send_replace(true);
    for task in operating {
        task.await.unwrap();
    }
    guests.await.unwrap();
    for task in beating {
        task.await.unwrap();
    }
    let accepted = accepted.load(Ordering::Relaxed);
    assert!(accepted >= ACCEPTED, "there was hardly any stress: {accepted}");

    // Until everything that was begun is over, and the engine's last word has been heard.
    let agrees = async || {
        world.settings.clock.advance(Duration::from_secs(1));
        world.fleet.wake_all();
        if !world.store.unfinished_operations().await.unwrap().is_empty() {
            return false;
        }
        for host in &hosts {
            if world.shown(host).await.revision() != world.node(&host.id).revision {
                return false;
            }
        }
        true
    };
    assert!(world.until(agrees).await, "it never became quiet");
    world.fleet.tick();
    let page = NodeQuery { limit: 500, ..NodeQuery::default() };
    let mut is = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = world.fleet.list(&NodeQuery { cursor, ..page.clone() }).unwrap();
        is.extend(page.nodes.into_iter().map(|node| (node.id.clone(), comparable(node))));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    read_on.send_replace(true);

    for (id, node) in &is {
        let kept = world.store.last_operation(id).await.unwrap();
        let kept = kept.filter(|operation| !operation.state.is_finished() || operation.state == OperationState::Failed);
        assert_eq!(node.operation, kept, "what is shown of the operation of {id} is not what is kept");
    }
    for (manner, reader) in readers {
        let picture = reader.await.unwrap();
        println!("{manner:?}: {} nodes, {} snapshots, cut off {} times", picture.nodes.len(), picture.snapshots, picture.cut_off);
        let sees: BTreeMap<NodeId, Node> = picture.nodes.into_iter().map(|(id, node)| (id, comparable(node))).collect();
        assert!(sees.keys().eq(is.keys()), "{manner:?}: {} nodes are seen, {} are there", sees.len(), is.len());
        for (id, node) in &is {
            assert_eq!(sees.get(id), Some(node), "{manner:?} sees something else");
        }
    }
    println!("{accepted} operations in {} s of the fleet's time, {} nodes at the end", lived / 10, is.len());
}
