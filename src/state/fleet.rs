//! The fleet as the event stream tells it: a signal per node, so that a change of one node touches one card.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use leptos::prelude::*;
use pitlane_api::{FleetInfo, Node, NodeId, Operation, OperationId};

use crate::model::fold::Message;
use crate::model::fold::Pulse;
use crate::model::fold::announcement;

/// One node. Cards hold it and read what they need.
#[derive(Clone)]
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

/// In the context, made at the root.
#[derive(Clone, Copy)]
pub struct FleetStore {
    info: RwSignal<Option<FleetInfo>>,
    rows: StoredValue<BTreeMap<NodeId, Row>>,
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
            revision: RwSignal::new(0),
            loaded: RwSignal::new(false),
            operations: RwSignal::new(BTreeMap::new()),
        }
    }

    /// Name, engine, counts, capacity.
    pub fn info(self) -> Signal<Option<FleetInfo>> {
        self.info.into()
    }

    /// Whether a snapshot has arrived.
    pub fn loaded(self) -> Signal<bool> {
        self.loaded.into()
    }

    /// One node's row; `None` where there is no such node. Reactive on the fleet, not on the node.
    pub fn row(self, id: &NodeId) -> Option<Row> {
        self.revision.track();
        self.rows.with_value(|rows| rows.get(id).cloned())
    }

    /// The same, once: for the inside of a keyed list.
    pub fn row_untracked(self, id: &NodeId) -> Option<Row> {
        self.rows.with_value(|rows| rows.get(id).cloned())
    }

    /// The node as it is just now; not reactive.
    pub fn peek(self, id: &NodeId) -> Option<Node> {
        self.rows.with_value(|rows| rows.get(id).map(|row| row.node.get_untracked()))
    }

    /// Reads all nodes at once. Run again when any of them changes, by more than a heartbeat.
    pub fn with_all<T>(self, read: impl FnOnce(&[&Node]) -> T) -> T {
        self.revision.track();
        self.rows.with_value(|rows| {
            let guards: Vec<_> = rows.values().map(|row| row.node.read_untracked()).collect();
            let nodes: Vec<&Node> = guards.iter().map(|guard| &**guard).collect();
            read(&nodes)
        })
    }

    /// The same, once.
    pub fn with_all_untracked<T>(self, read: impl FnOnce(&[&Node]) -> T) -> T {
        untrack(|| self.with_all(read))
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
            Message::Snapshot(event) => {
                self.info.set(Some(event.fleet));
                let before: Vec<NodeId> = self.rows.with_value(|rows| rows.keys().cloned().collect());
                let mut known = BTreeSet::new();
                for node in &event.nodes {
                    known.insert(node.id.clone());
                }
                for id in before.iter().filter(|id| !known.contains(*id)) {
                    self.rows.update_value(|rows| {
                        rows.remove(id);
                    });
                }
                for node in event.nodes {
                    self.put(node);
                }
                self.loaded.set(true);
                self.touch();
            }
            Message::Nodes(event) => {
                if event.fleet.is_some() {
                    self.info.set(event.fleet);
                }
                for beat in &event.beats {
                    if let Some(row) = self.rows.with_value(|rows| rows.get(&beat.id).cloned()) {
                        row.pulse.update(|pulse| pulse.beat(beat));
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

    fn put(self, node: Node) -> Option<String> {
        match self.rows.with_value(|rows| rows.get(&node.id).cloned()) {
            Some(row) => {
                let said = row.node.with_untracked(|before| announcement(before, &node));
                row.set(node);
                said
            }
            None => {
                self.rows.update_value(|rows| {
                    rows.insert(node.id.clone(), Row::new(node));
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
