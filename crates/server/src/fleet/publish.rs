//! What is sent to browsers. Under the view's lock a frame gets its number and handles of its nodes; it is encoded once the view is
//! free again, without copying nodes.

use pitlane_api::{
    ActivityEvent, Beat, EVENT_ACTIVITY, EVENT_NODES, EVENT_OPERATION, EVENT_REMOVED, EVENT_SNAPSHOT, FleetInfo, Missed, Node, NodeId, Operation,
    RemovedEvent, Status, Timestamp,
};
use serde::{Serialize, Serializer};
use std::{sync::Arc, time::Duration};

use futures::stream::BoxStream;

use super::{
    Fleet, Frame,
    hub::Source,
    view::{Changes, View},
};

// The same shapes as `SnapshotEvent`, `NodesEvent` and `OperationEvent` of the contract, with handles of nodes: a fleet
// of ten thousand is not copied to be written down. The tests read them back as the contract's.
#[derive(Serialize)]
struct Snapshot<'a> {
    fleet: &'a FleetInfo,
    #[serde(serialize_with = "handles")]
    nodes: &'a [Arc<Node>],
    continued: bool,
    more: bool,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct Nodes {
    #[serde(serialize_with = "handles")]
    nodes: Vec<Arc<Node>>,
    beats: Vec<Beat>,
    missed: Vec<Missed>,
    fleet: Option<FleetInfo>,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct Moved {
    operation: Operation,
    #[serde(serialize_with = "handle")]
    node: Option<Arc<Node>>,
    server_time: Timestamp,
}

fn handles<S: Serializer>(nodes: &(impl AsRef<[Arc<Node>]> + ?Sized), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nodes.as_ref().iter().map(AsRef::<Node>::as_ref))
}

fn handle<S: Serializer>(node: &Option<Arc<Node>>, serializer: S) -> Result<S::Ok, S::Error> {
    node.as_deref().serialize(serializer)
}

/// Nodes in one piece of a snapshot: as many as a browser reads between two frames of its screen.
const PIECE: usize = 250;
/// In its first piece: as many as a screen shows, so that they are on it while the rest is read.
const FIRST: usize = 48;

/// What needs a person comes first, so that it is on the screen while the rest is on its way.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Failed => 0,
        Status::Offline => 1,
        Status::Degraded => 2,
        Status::Maintenance => 3,
        Status::Pending => 4,
        Status::Deleting | Status::Unknown => 5,
        Status::Healthy => 6,
    }
}

/// At most four frames a second beside the one that carries the beats.
const GATHER: Duration = Duration::from_millis(250);

impl Fleet {
    /// Sends a frame. The view must not be locked by this thread.
    pub(super) fn send(&self, event: &'static str, frame: impl Serialize + Send + 'static) {
        self.queue(event, frame);
        self.hub.flush();
    }

    /// Gives a frame its place among the others. It goes out with the next `flush`.
    fn queue(&self, event: &'static str, frame: impl Serialize + Send + 'static) {
        self.hub.queue(event, move || pitlane_api::to_json(&frame));
    }

    /// What a client missed, or a snapshot, and everything from now on. Ends at shutdown, or where the client falls too
    /// far behind; it comes back with the id of the last frame it got.
    pub fn subscribe(&self, last_event_id: Option<&str>) -> BoxStream<'static, Arc<Frame>> {
        // Frames get their numbers under the view's write lock, so that no change falls between snapshot and subscription.
        let view = self.view();
        self.hub.subscribe(last_event_id, EVENT_SNAPSHOT, || {
            let (nodes, fleet, server_time) = (view.all(), self.fleet_info(&view), self.settings.clock.now());
            let at_once = nodes.len() <= PIECE;
            Source::new(at_once, move || pieces(&nodes, &fleet, server_time))
        })
    }

    /// The second's frame of nodes, and the nodes that are gone.
    pub(super) fn publish_changes(&self, view: &mut View) {
        let changes = view.take_changes();
        self.publish(view, changes);
    }

    /// Sends what the engine says anew about scheduling as soon as it is known: somebody ran `kubectl cordon` and looks
    /// at the card. Many at once become a few frames: the first goes out at once, the next ones gather for [`GATHER`].
    pub(super) async fn publish_urgent_on(self: Arc<Self>) {
        loop {
            self.urgent.notified().await;
            {
                let mut view = self.view_mut();
                if view.is_urgent() {
                    view.recount(self.settings.clock.now());
                    let changes = view.take_urgent();
                    self.publish(&view, changes);
                }
            }
            self.hub.flush();
            self.settings.clock.after(GATHER).await;
        }
    }

    fn publish(&self, view: &View, changes: Changes) {
        let Changes { nodes, beats, missed, removed, totals } = changes;
        let server_time = self.settings.clock.now();
        if !removed.is_empty() {
            self.queue(EVENT_REMOVED, RemovedEvent { ids: removed, server_time });
        }
        if nodes.is_empty() && beats.is_empty() && missed.is_empty() && !totals {
            return;
        }
        let frame = Nodes {
            nodes: nodes.iter().filter_map(|id| view.get(id)).map(|entry| entry.node.clone()).collect(),
            beats: beats.iter().filter_map(|id| view.get(id)).filter_map(beat).collect(),
            missed: missed.into_iter().filter_map(|id| Some(Missed { beats: view.get(&id)?.missed(), id })).collect(),
            fleet: totals.then(|| self.fleet_info(view)),
            server_time,
        };
        self.queue(EVENT_NODES, frame);
    }

    /// An operation moved: sent with the next `flush`, which comes at once.
    pub(super) fn publish_operation(&self, view: &mut View, id: &NodeId, operation: &Operation) {
        let node = view.get(id).map(|entry| entry.node.clone());
        self.queue(EVENT_OPERATION, Moved { operation: operation.clone(), node, server_time: self.settings.clock.now() });
        view.sent(id);
    }

    /// The activity that was written since the last second.
    pub(super) fn publish_activity(&self) {
        let entries = self.take_announcements();
        if !entries.is_empty() {
            self.send(EVENT_ACTIVITY, ActivityEvent { entries, server_time: self.settings.clock.now() });
        }
    }
}

/// The frames of a snapshot: what needs a person first.
fn pieces(nodes: &[Arc<Node>], fleet: &FleetInfo, server_time: Timestamp) -> serde_json::Result<Vec<String>> {
    let mut nodes = nodes.to_vec();
    nodes.sort_by(|a, b| (urgency(a.status), &a.name, &a.id).cmp(&(urgency(b.status), &b.name, &b.id)));
    let (first, rest) = nodes.split_at(nodes.len().min(FIRST));
    let pieces: Vec<&[Arc<Node>]> = std::iter::once(first).chain(rest.chunks(PIECE)).collect();
    let last = pieces.len() - 1;
    let piece =
        |(at, nodes): (usize, &&[Arc<Node>])| pitlane_api::to_json(&Snapshot { fleet, nodes, continued: at > 0, more: at < last, server_time });
    pieces.iter().enumerate().map(piece).collect()
}

fn beat(entry: &super::view::Entry) -> Option<Beat> {
    Some(Beat {
        id: entry.node.id.clone(),
        at: entry.node.last_heartbeat_at?,
        beat: entry.score,
        cpu_percent: entry.node.resources.cpu_percent,
        memory_used_bytes: entry.node.resources.memory_used_bytes,
    })
}
