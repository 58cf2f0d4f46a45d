//! Rule 8: the engine is the truth. What it shows is folded into the view; what changed without Pitlane is told.
//!
//! The watch may lag behind what Pitlane itself read or wrote. So a change of scheduling or record that the watch
//! brings is never believed as it is: the node is read from the engine again, while nobody else writes it.

use std::sync::Arc;

use futures::StreamExt;
use pitlane_api::{ActivityKind, ActorKind, NodeId, Operation, OperationKind, Refusal, Scheduling, Words, say};
use pitlane_engine::{Change, EngineNode, SetScheduling};

use super::{
    Fleet, lock,
    view::{self, View},
};
use crate::store::NewActivity;

/// What a node's change means.
enum Meaning {
    /// Nothing that anybody decides about.
    Nothing,
    /// Pitlane's own write showed.
    Own,
    /// The write of an operation that was aborted meanwhile showed.
    Late(Box<Operation>),
    /// Somebody else.
    Outside(Words),
}

impl Fleet {
    /// Follows the engine's watch. `changes` was opened before the first list, so that nothing falls between.
    pub(super) async fn follow(self: Arc<Self>, mut changes: futures::stream::BoxStream<'static, pitlane_engine::Result<Change>>) {
        while let Some(change) = changes.next().await {
            match self.heard_of_all(change) {
                Ok(Change::Node(node)) => self.seen(*node),
                Ok(Change::Removed(engine_node_id)) => self.look_soon(engine_node_id),
                Ok(Change::Reset) => self.relist().await,
                Err(error) => tracing::debug!(%error, "the watch of the engine"),
            }
        }
        tracing::debug!("the engine's watch ended");
    }

    /// Lists every node anew. Errors are noted with the engine's state; the next answer brings another list.
    pub(super) async fn relist(self: &Arc<Self>) {
        let Ok(nodes) = self.heard_of_all(self.engine.nodes().await) else { return };
        let listed: std::collections::HashSet<String> = nodes.iter().map(|node| node.engine_node_id.clone()).collect();
        for node in nodes {
            self.seen(node);
        }
        let gone: Vec<String> = self.view().engine_node_ids().into_iter().filter(|id| !listed.contains(id)).collect();
        for engine_node_id in gone {
            self.look_soon(engine_node_id);
        }
        if !std::mem::replace(&mut lock(&self.engine_state).listed, true) {
            let fleet = self.clone();
            self.spawn("fleet.settle_bulks", async move { fleet.settle_what_arrived().await });
            self.look_after_intents();
        }
    }

    /// A list or the watch shows this.
    fn seen(self: &Arc<Self>, node: EngineNode) {
        if self.view().by_engine_node(&node.engine_node_id).is_some_and(|entry| entry.engine == node) {
            return;
        }
        let id = view::node_id(&node);
        // Judged and put in one step: what somebody wrote meanwhile is newer than this.
        let mut view = self.view_mut();
        let moved = view.by_engine_node(&node.engine_node_id).is_some_and(|entry| entry.engine.revision() != node.revision());
        if moved || has_stale_record(&node) {
            drop(view);
            self.look_soon(node.engine_node_id);
        } else {
            let happenings = self.put_into(&mut view, node);
            drop(view);
            self.tell(&id, happenings);
        }
    }

    /// Puts what the engine shows into the view.
    pub(super) fn put(&self, node: EngineNode) {
        let id = view::node_id(&node);
        let happenings = self.put_into(&mut self.view_mut(), node);
        self.tell(&id, happenings);
    }

    fn put_into(&self, view: &mut View, node: EngineNode) -> Vec<view::Happening> {
        let facts = self.agents.facts(&node.engine_node_id);
        let happenings = view.put(node, facts, self.moment());
        if view.is_urgent() {
            self.urgent.notify_one();
        }
        happenings
    }

    /// What the agent of a node says now. Asked while the view is held, so that nobody folds in what is newer in between.
    pub(super) fn facts_of(&self, view: &View, id: &NodeId) -> Option<super::agents::Facts> {
        view.get(id).and_then(|entry| self.agents.facts(&entry.engine.engine_node_id))
    }

    /// Reads a node again once nobody writes it.
    fn look_soon(self: &Arc<Self>, engine_node_id: String) {
        let fleet = self.clone();
        self.spawn("fleet.look", async move {
            let known = fleet.view().by_engine_node(&engine_node_id).map(|entry| entry.node.id.clone());
            let id = known.unwrap_or_else(|| view::derived_id(&engine_node_id));
            let _writing = fleet.lock_node(&id).await;
            // An absence is noted with the engine's state; the next list looks again.
            let _ = fleet.look(&engine_node_id).await;
        });
    }

    /// An operation is over: a record that it left on a schedulable node has served its purpose.
    pub(super) fn look_after(self: &Arc<Self>, id: &NodeId) {
        let stale = self.view().get(id).filter(|entry| has_stale_record(&entry.engine)).map(|entry| entry.engine.engine_node_id.clone());
        if let Some(engine_node_id) = stale {
            self.look_soon(engine_node_id);
        }
    }

    /// Reads a node from the engine itself, folds it into the view, and tells what changed outside. The caller holds
    /// the node's lock.
    pub(super) async fn look(self: &Arc<Self>, engine_node_id: &str) -> pitlane_engine::Result<EngineNode> {
        let node = match self.heard(self.engine.node(engine_node_id).await) {
            Ok(node) => node,
            Err(error) => {
                if matches!(error, pitlane_engine::Error::NotFound(_)) {
                    if self.settle_by(engine_node_id, None).await.by_us {
                        self.removed_by_us(engine_node_id);
                    }
                    self.gone(engine_node_id);
                }
                return Err(error);
            }
        };
        let settled = self.settle_by(engine_node_id, Some(&node)).await;
        let before = self.view().by_engine_node(engine_node_id).map(|entry| (entry.engine.clone(), entry.operation.clone()));
        let meaning = match &before {
            Some((before, _)) if settled.by_us && before.revision() != node.revision() => Meaning::Own,
            Some((before, operation)) => self.meaning(before, &node, operation.as_ref()).await,
            None => Meaning::Nothing,
        };
        self.put(node.clone());
        self.tell_meaning(&node, meaning);
        if has_stale_record(&node) && self.has_no_operation(&view::node_id(&node)).await {
            return self.remove_stale_record(node).await;
        }
        Ok(node)
    }

    /// Whether the node has no unfinished operation. The store is asked, not the view: just after a start the view does
    /// not know yet, and the record of an unfinished operation tells its next attempt that somebody took it back.
    async fn has_no_operation(&self, id: &NodeId) -> bool {
        match self.store.last_operation(id).await {
            Ok(operation) => operation.is_none_or(|operation| operation.state.is_finished()),
            Err(_) => false,
        }
    }

    async fn meaning(&self, before: &EngineNode, now: &EngineNode, operation: Option<&Operation>) -> Meaning {
        if before.revision() == now.revision() {
            return Meaning::Nothing;
        }
        let written_by = now.record.as_ref().filter(|_| now.scheduling == Scheduling::Maintenance).and_then(|record| record.operation_id.as_ref());
        let unfinished = operation.filter(|operation| !operation.state.is_finished());
        if let Some(operation) = unfinished {
            let own = match operation.kind {
                OperationKind::Drain => written_by == Some(&operation.id),
                _ => now.scheduling == Scheduling::Schedulable,
            };
            if own {
                return Meaning::Own;
            }
        }
        let known_before = before.record.as_ref().and_then(|record| record.operation_id.as_ref());
        if let Some(id) = written_by.filter(|id| known_before != Some(*id))
            && let Ok(Some(operation)) = self.store.operation(id).await
        {
            return Meaning::Late(Box::new(operation));
        }
        Meaning::Outside(match (before.scheduling, now.scheduling) {
            (Scheduling::Maintenance, Scheduling::Maintenance) => say!("Changed outside Pitlane: the maintenance record is another one now."),
            (_, Scheduling::Maintenance) => say!("Changed outside Pitlane: it was put into maintenance."),
            _ => say!("Changed outside Pitlane: it is schedulable again."),
        })
    }

    fn tell_meaning(self: &Arc<Self>, node: &EngineNode, meaning: Meaning) {
        let id = view::node_id(node);
        let now = self.settings.clock.now();
        let entry = |kind, message: Words| NewActivity {
            node_id: Some(id.clone()),
            node_name: Some(node.name.clone()),
            reason: node.record.as_ref().and_then(|record| record.reason.clone()),
            ..NewActivity::by_system(now, kind, message)
        };
        match meaning {
            Meaning::Nothing => return,
            Meaning::Own => {}
            Meaning::Late(operation) => {
                let message =
                    say!("{} It had reached the engine: {}.", Refusal::OperationFinished { operation: operation.clone() }.message(), shows(node));
                self.note(NewActivity { operation_id: Some(operation.id.clone()), ..entry(ActivityKind::Drained, message) });
                let fleet = self.clone();
                self.spawn("fleet.settle_bulks", async move {
                    if let Err(error) = fleet.settle_if_arrived(&operation).await {
                        tracing::warn!(%error, "that an aborted operation arrived could not be kept with its bulk operation");
                    }
                });
            }
            Meaning::Outside(message) => {
                self.note(NewActivity { actor_kind: ActorKind::Outside, ..entry(ActivityKind::ChangedOutside, message) });
            }
        }
        self.wake_node(&id);
    }

    /// A record on a schedulable node is stale: it says something that is not so any more.
    async fn remove_stale_record(self: &Arc<Self>, node: EngineNode) -> pitlane_engine::Result<EngineNode> {
        let change = SetScheduling { target: Scheduling::Schedulable, record: None, expected: node.revision() };
        match self.heard(self.engine.set_scheduling(&node.engine_node_id, change).await) {
            Ok(clean) => {
                tracing::info!(node = %node.name, "removed the stale maintenance record of a schedulable node");
                self.put(clean.clone());
                Ok(clean)
            }
            // It does not stand in anybody's way; the next look tries again.
            Err(error) => {
                tracing::warn!(%error, node = %node.name, "a stale maintenance record could not be removed");
                Ok(node)
            }
        }
    }

    /// The engine has no such node any more.
    fn gone(self: &Arc<Self>, engine_node_id: &str) {
        let removed = self.view_mut().remove(engine_node_id, self.settings.clock.now());
        if let Some(entry) = removed {
            self.urgent.notify_one();
            lock(&self.lists).remove(&entry.node.id);
            let message = say!("The engine has no such node any more.");
            self.note(NewActivity {
                actor_kind: ActorKind::Outside,
                node_id: Some(entry.node.id.clone()),
                node_name: Some(entry.node.name.clone()),
                ..NewActivity::by_system(self.settings.clock.now(), ActivityKind::NodeRemoved, message.clone())
            });
            self.wake_node(&entry.node.id);
            let (fleet, id) = (self.clone(), entry.node.id.clone());
            self.spawn("fleet.end_plan", async move { fleet.end_plan_of(&id, message).await });
        }
    }

    /// The engine's id of a node.
    pub(super) fn engine_node_id(&self, id: &NodeId) -> super::Result<String> {
        match self.view().get(id) {
            Some(entry) => Ok(entry.engine.engine_node_id.clone()),
            None => Err(self.no_such_node(id)),
        }
    }

    /// Before the engine was listed once, a node that is not there may be there.
    pub(super) fn no_such_node(&self, id: &NodeId) -> super::Error {
        if lock(&self.engine_state).listed {
            super::Error::NotFound(say!("There is no node {}.", id.as_str()))
        } else {
            let message = say!("The engine has not answered since the start of the server: its nodes are not known yet.");
            super::Error::EngineUnavailable { message, retry_after_s: 5 }
        }
    }
}

fn has_stale_record(node: &EngineNode) -> bool {
    node.scheduling == Scheduling::Schedulable && node.record.is_some()
}

/// What the engine shows of a node, in words.
pub(super) fn shows(node: &EngineNode) -> Words {
    match node.scheduling {
        Scheduling::Maintenance => say!("the engine shows the node in maintenance"),
        Scheduling::Schedulable => say!("the engine shows the node as schedulable"),
        Scheduling::Unknown => say!("the engine shows a state this version does not know"),
    }
}
