//! Removing a node for good. Guarded.

use std::sync::Arc;

use pitlane_api::{ActivityKind, Health, NodeId, rules, say};

use super::{
    Call, Error, Fleet, Result,
    accept::{about, check_revision, entry_by},
    intents::{Change, Wanted},
    lock,
    types::from_engine,
};
use crate::store::NewActivity;

impl Fleet {
    /// Removes a node. `override_reason`: go on although its workloads could not be read.
    ///
    /// # Errors
    /// [`pitlane_api::Refusal::DeletionBlocked`] with the blockers; [`Error::Unsupported`] on engines that cannot.
    pub async fn remove(self: &Arc<Self>, id: &NodeId, override_reason: Option<String>, call: Call) -> Result<()> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.remove_to_the_end(&id, override_reason, &call).await }).await
    }

    async fn remove_to_the_end(self: &Arc<Self>, id: &NodeId, override_reason: Option<String>, call: &Call) -> Result<()> {
        if !self.engine.capabilities().remove {
            return Err(Error::Unsupported(say!("This engine does not let Pitlane remove nodes.")));
        }
        let reason = override_reason.as_deref().map(rules::check_reason).transpose()?;
        let engine_node_id = self.engine_node_id(id)?;
        let _writing = self.lock_node(id).await;
        let engine_node = self.look(&engine_node_id).await.map_err(from_engine)?;
        check_revision(call, &engine_node.revision())?;
        let list = self.read_list(&engine_node).await?;
        let facts = || self.agents.facts(&engine_node_id);
        let name = self.with_view_as_known(|view| -> Result<String> {
            let entry = view.get(id).ok_or_else(|| self.no_such_node(id))?;
            let name = entry.node.name.clone();
            // On a node that never sent a heartbeat nothing was left unread.
            let reported = entry.heartbeat_before || entry.node.health != Health::Pending;
            rules::check_deletion(&rules::DeletionInput {
                health: entry.node.health,
                scheduling: engine_node.scheduling,
                operation: entry.operation.as_ref(),
                list: list.as_ref().filter(|_| reported),
                overridden: reason.is_some(),
            })?;
            Ok(name)
        })?;
        self.settle_before_the_next(id, &engine_node).await;
        let message = if reason.is_some() { say!("Removed the node, although its workloads could not be read.") } else { say!("Removed the node.") };
        let entry = entry_by(&call.actor, self.settings.clock.now(), ActivityKind::NodeRemoved, message);
        let change = Change { engine_node_id: Some(engine_node_id.clone()), wanted: Wanted::Removed };
        // Nothing is removed at the engine that is not written down before.
        let intent = self.intend(change, NewActivity { reason, ..about(entry, id, &name) }).await?;
        self.view_mut().set_deleting(id, true, facts(), self.moment());
        if let Err(error) = self.heard(self.engine.remove(&engine_node_id).await) {
            self.view_mut().set_deleting(id, false, facts(), self.moment());
            self.intent_failed(&intent, &error).await;
            return Err(from_engine(error));
        }
        self.end_plan_of(id, say!("The node was removed.")).await;
        self.intent_carried_out(&intent, Some(id)).await;
        self.removed_by_us(&engine_node_id);
        Ok(())
    }

    /// The engine has the node no more, because that was asked of it here.
    pub(super) fn removed_by_us(&self, engine_node_id: &str) {
        self.agents.forget(engine_node_id);
        let removed = self.view_mut().remove(engine_node_id, self.settings.clock.now());
        if let Some(entry) = removed {
            self.urgent.notify_one();
            lock(&self.lists).remove(&entry.node.id);
            self.wake_node(&entry.node.id);
        }
    }
}
