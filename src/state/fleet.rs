//! The fleet as the event stream tells it: a signal per node, so that a change of one node touches one card.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use pitlane_api::{FleetInfo, Node, NodeId, Operation, OperationId, PlannedDrain, SnapshotEvent, Timestamp};

use crate::model::counts::HeadCounts;
use crate::model::entry::Entry;
use crate::model::fold::Message;
use crate::model::fold::Pulse;
use crate::model::fold::announcement;
use crate::model::group::{Group, Placed, arrange};
use crate::model::query::{Facet, Query};

/// One node. Cards hold it and read what they need.
#[derive(Clone, PartialEq)]
pub struct Row {
    /// Everything but the last beats.
    pub node: ArcRwSignal<Node>,
    /// What a heartbeat changes.
    pub pulse: ArcRwSignal<Pulse>,
}

impl Row {
    fn new(node: Node) -> Self {
        Self { pulse: ArcRwSignal::new(Pulse::of(&node)), node: ArcRwSignal::new(node) }
    }

    /// Takes a whole node in. Whoever reads it is told only where it differs.
    fn set(&self, node: Node) {
        let pulse = Pulse::of(&node);
        if self.pulse.with_untracked(|before| *before != pulse) {
            self.pulse.set(pulse);
        }
        if self.node.with_untracked(|before| *before != node) {
            self.node.set(node);
        }
    }
}

/// A row, and what is asked of its node when all are searched, counted and sorted.
struct Slot {
    row: Row,
    entry: Arc<Entry>,
}

/// In the context, made at the root.
#[derive(Clone, Copy)]
pub struct FleetStore {
    info: RwSignal<Option<FleetInfo>>,
    rows: StoredValue<BTreeMap<NodeId, Slot>>,
    /// Ids of the snapshot that is arriving in pieces.
    arriving: StoredValue<BTreeSet<NodeId>>,
    /// Moves with every change that may change which cards are shown, or in what order.
    revision: RwSignal<u64>,
    loaded: RwSignal<bool>,
    /// Operations that were heard of since the page was opened, for the sheets that follow one.
    operations: RwSignal<BTreeMap<OperationId, Operation>>,
}

/// How many operations are remembered; ids grow with time, so the oldest go first.
const OPERATIONS: usize = 100;

impl FleetStore {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            info: RwSignal::new(None),
            rows: StoredValue::new(BTreeMap::new()),
            arriving: StoredValue::new(BTreeSet::new()),
            revision: RwSignal::new(0),
            loaded: RwSignal::new(false),
            operations: RwSignal::new(BTreeMap::new()),
        }
    }

    /// Name, engine, counts, capacity.
    pub fn info(self) -> Signal<Option<FleetInfo>> {
        self.info.into()
    }

    /// Whether a whole snapshot has arrived. The first nodes of it can be shown before.
    pub fn loaded(self) -> Signal<bool> {
        self.loaded.into()
    }

    /// One node's row; `None` where there is no such node. Reactive on the fleet, not on the node.
    pub fn row(self, id: &NodeId) -> Option<Row> {
        self.revision.track();
        self.rows.with_value(|rows| rows.get(id).map(|slot| slot.row.clone()))
    }

    /// The same, once: for the inside of a keyed list.
    pub fn row_untracked(self, id: &NodeId) -> Option<Row> {
        self.rows.with_value(|rows| rows.get(id).map(|slot| slot.row.clone()))
    }

    /// The node as it is just now; not reactive.
    pub fn peek(self, id: &NodeId) -> Option<Node> {
        self.rows.with_value(|rows| rows.get(id).map(|slot| slot.row.node.get_untracked()))
    }

    /// Goes through what is asked of every node. Run again when any of them changes, by more than a heartbeat.
    pub fn with_entries<T>(self, read: impl FnOnce(&mut dyn Iterator<Item = &Entry>) -> T) -> T {
        self.revision.track();
        self.rows.with_value(|rows| read(&mut rows.values().map(|slot| &*slot.entry)))
    }

    /// All counts; run again when a node changes.
    pub fn counts(self, now: Timestamp) -> HeadCounts {
        let mut counts = HeadCounts::default();
        self.with_entries(|entries| entries.for_each(|entry| counts.add(entry, now)));
        counts
    }

    /// The planned drains, the next one first; run again when one of them changes.
    pub fn planned(self) -> Vec<PlannedDrain> {
        self.revision.track();
        let is_planned = |slot: &&Slot| slot.entry.shows(Facet::Planned, Timestamp::UNIX_EPOCH);
        let plan = |slot: &Slot| slot.row.node.with(|node| node.planned.as_deref().cloned());
        let mut plans: Vec<PlannedDrain> = self.rows.with_value(|rows| rows.values().filter(is_planned).filter_map(plan).collect());
        plans.sort_by(|a, b| (a.starts_at, &a.node_name).cmp(&(b.starts_at, &b.node_name)));
        plans
    }

    /// The nodes that a query shows, in order and in groups; run again when a node changes.
    pub fn arrange(self, query: &Query, now: Timestamp) -> Vec<Group> {
        self.revision.track();
        let filter = query.filter(now);
        let placed = self.rows.with_value(|rows| {
            let kept = rows.values().filter(|slot| filter.keeps(&slot.entry));
            let place = |slot: &Slot| {
                let pulse = slot.row.pulse.read_untracked();
                Placed::of(query, &slot.entry, &slot.row.node.read_untracked(), &pulse, now)
            };
            kept.map(place).collect()
        });
        arrange(query, placed, now)
    }

    /// The keys of all labels, to group by; not reactive.
    pub fn label_keys(self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        self.rows.with_value(|rows| {
            for slot in rows.values() {
                slot.row.node.with_untracked(|node| {
                    for key in node.labels.keys() {
                        if let Err(at) = keys.binary_search(key) {
                            keys.insert(at, key.clone());
                        }
                    }
                });
            }
        });
        keys
    }

    /// Whether any node beats, so that silence would be strange; not reactive.
    pub fn any_beats(self) -> bool {
        self.rows.with_value(|rows| rows.values().any(|slot| slot.row.node.with_untracked(|node| node.last_heartbeat_at.is_some())))
    }

    /// An operation that was heard of; reactive.
    pub fn operation(self, id: &OperationId) -> Option<Operation> {
        self.operations.with(|operations| operations.get(id).cloned())
    }

    /// Takes in what is known of an operation, unless more is known already.
    pub fn put_operation(self, operation: Operation) {
        self.operations.update(|operations| {
            let newer = operations.get(&operation.id).is_none_or(|known| known.updated_at <= operation.updated_at);
            if newer {
                operations.insert(operation.id.clone(), operation);
            }
            while operations.len() > OPERATIONS {
                operations.pop_first();
            }
        });
    }

    /// Takes one message in and answers with what should be said aloud.
    pub fn fold(self, message: Message) -> Vec<String> {
        let mut said = Vec::new();
        match message {
            Message::Snapshot(event) => self.begin(event),
            Message::Nodes(event) => {
                if event.fleet.is_some() {
                    self.info.set(event.fleet);
                }
                for beat in &event.beats {
                    if let Some(row) = self.row_untracked(&beat.id) {
                        row.pulse.update(|pulse| pulse.beat(beat));
                    }
                }
                for missed in event.missed {
                    if let Some(row) = self.row_untracked(&missed.id) {
                        row.pulse.update(|pulse| pulse.missed(missed.beats));
                    }
                }
                let changed = !event.nodes.is_empty();
                said.extend(event.nodes.into_iter().filter_map(|node| self.put(node)));
                if changed {
                    self.touch();
                }
            }
            Message::Removed(event) => {
                self.rows.update_value(|rows| rows.retain(|id, _| !event.ids.contains(id)));
                self.touch();
            }
            Message::Operation(event) => {
                self.put_operation(event.operation);
                if let Some(node) = event.node {
                    said.extend(self.put(node));
                    self.touch();
                }
            }
            Message::Activity(_) | Message::Bulk(_) => {}
        }
        said
    }

    /// Takes in a snapshot, or a piece of a large one. Its first nodes are shown at once; what the fleet no longer has goes with the last.
    fn begin(self, event: SnapshotEvent) {
        self.info.set(Some(event.fleet));
        if !event.continued {
            self.arriving.update_value(BTreeSet::clear);
        }
        self.arriving.update_value(|ids| ids.extend(event.nodes.iter().map(|node| node.id.clone())));
        for node in event.nodes {
            self.put(node);
        }
        if !event.more {
            let arrived = self.arriving.try_update_value(std::mem::take).unwrap_or_default();
            self.rows.update_value(|rows| rows.retain(|id, _| arrived.contains(id)));
            self.loaded.set(true);
        }
        if !event.continued || !event.more {
            self.touch();
        }
    }

    fn put(self, node: Node) -> Option<String> {
        let entry = Arc::new(Entry::of(&node));
        match self.row_untracked(&node.id) {
            Some(row) => {
                self.rows.update_value(|rows| {
                    if let Some(slot) = rows.get_mut(&node.id) {
                        slot.entry = entry;
                    }
                });
                let said = row.node.with_untracked(|before| announcement(before, &node));
                row.set(node);
                said
            }
            None => {
                self.rows.update_value(|rows| {
                    rows.insert(node.id.clone(), Slot { row: Row::new(node), entry });
                });
                None
            }
        }
    }

    fn touch(self) {
        self.revision.update(|revision| *revision = revision.wrapping_add(1));
    }
}

impl Default for FleetStore {
    fn default() -> Self {
        Self::new()
    }
}
