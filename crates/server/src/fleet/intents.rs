//! Changes at an engine that are no operations, and aborts of operations that an engine may have already.
//!
//! The store keeps what is about to be asked before the engine is asked. Where the answer comes, the intent is settled together with its
//! entry in the activity log. Where it does not (the server is killed, the answer gets lost on its way), whatever looks at the node next
//! settles it by what the engine shows, in the name of whoever asked; so it is never taken for a change made outside.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use pitlane_api::{ActivityKind, EngineKind, NodeId, Operation, OperationId, Refusal, Revision, Scheduling, Timestamp, Words, say};
use pitlane_engine::{EngineNode, Record};
use serde::{Deserialize, Serialize};

use super::{
    Fleet, Result,
    accept::about,
    lock,
    observe::shows,
    overdue::whole,
    reconcile::arrived,
    view::{derived_id, node_id},
};
use crate::store::{Intent, NewActivity};

/// So long an engine over a network may still carry out a call whose answer did not come. Drivers give up on a call earlier than that.
const MAY_STILL_ARRIVE: Duration = Duration::from_secs(30);
/// An intent that is not settled is looked after this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The same where the one who looks did not come back: the node is held by a call that hangs.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What is about to be asked of an engine, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The engine's own id of the node; absent where the engine has not shown the node yet.
    pub engine_node_id: Option<String>,
    pub wanted: Wanted,
}

/// What shall be, and what is needed to find out whether it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    /// The node shall be gone.
    Removed,
    /// The node shall have this record.
    Maintenance { before: Revision, record: Record },
    /// This operation was aborted when the engine may have had it already. `seen`: what the engine showed then, where it said so.
    Aborted { operation: OperationId, seen: Option<Scheduling> },
}

/// What became of what was wanted.
#[derive(Debug, PartialEq, Eq)]
enum Became {
    CarriedOut,
    NotCarriedOut,
    /// The engine shows something else by now.
    NotKnown(Words),
}

/// An intent that is not settled.
#[derive(Debug, Clone)]
struct Open {
    intent: Intent,
    change: Change,
    /// Since when the answer is waited for, by the monotonic clock.
    since: Duration,
    /// When it is looked after next, by the monotonic clock.
    next_look: Duration,
}

/// The intents that are not settled, as the store has them.
#[derive(Default)]
pub(super) struct Intents {
    open: Mutex<Vec<Open>>,
}

/// What looking at a node settled.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    /// What the engine shows is what was asked of it here.
    pub by_us: bool,
}

impl Intents {
    fn put(&self, intent: Intent, change: Change, now: Duration) {
        lock(&self.open).push(Open { intent, change, since: now, next_look: now });
    }

    fn take_out(&self, id: &str) {
        lock(&self.open).retain(|open| open.intent.id != id);
    }

    fn of_node(&self, id: &NodeId) -> Vec<Open> {
        lock(&self.open).iter().filter(|open| open.intent.entry.node_id.as_ref() == Some(id)).cloned().collect()
    }

    /// Whether anything of this node is not settled.
    pub(super) fn has_open(&self, id: &NodeId) -> bool {
        lock(&self.open).iter().any(|open| open.intent.entry.node_id.as_ref() == Some(id))
    }
}

fn became(wanted: &Wanted, shown: Option<&EngineNode>) -> Became {
    match (wanted, shown) {
        (Wanted::Removed, None) => Became::CarriedOut,
        (Wanted::Removed, Some(_)) => Became::NotCarriedOut,
        (_, None) => Became::NotKnown(say!("the engine has no such node any more")),
        (Wanted::Maintenance { record, .. }, Some(node)) if has_record(node, record) => Became::CarriedOut,
        (Wanted::Maintenance { before, .. }, Some(node)) if node.revision() == *before => Became::NotCarriedOut,
        (_, Some(_)) => Became::NotKnown(say!("the engine shows another one by now")),
    }
}

/// Whether the engine shows what was to be written. It may keep whole seconds only.
fn has_record(node: &EngineNode, wanted: &Record) -> bool {
    let known = |record: &Record| (record.reason.clone(), record.operation_id.clone(), record.expected_back_at.map(whole));
    node.scheduling == Scheduling::Maintenance && node.record.as_ref().map(known) == Some(known(wanted))
}

/// The intent itself; it is neither kept nor remembered yet.
pub(super) fn new_intent(change: &Change, entry: NewActivity) -> Result<Intent> {
    let change = serde_json::to_string(change).map_err(|error| super::Error::Internal(error.to_string()))?;
    Ok(Intent { id: uuid::Uuid::now_v7().to_string(), change, entry })
}

impl Fleet {
    /// Takes up what an earlier run of the server did not settle.
    pub(super) async fn take_up_intents(&self) -> Result<()> {
        for intent in self.store.open_intents().await? {
            match serde_json::from_str::<Change>(&intent.change) {
                Ok(change) => self.intents.put(intent, change, self.settings.clock.elapsed()),
                Err(error) => tracing::warn!(%error, intent = intent.id, "what was about to be asked of the engine cannot be read"),
            }
        }
        Ok(())
    }

    /// Keeps what is about to be asked of the engine. `entry` becomes an entry of the activity log when it was carried out. The caller
    /// holds the node's lock.
    pub(super) async fn intend(&self, change: Change, entry: NewActivity) -> Result<Intent> {
        let intent = new_intent(&change, entry)?;
        self.store.keep_intent(&intent).await?;
        self.remember_intent(intent.clone(), change);
        Ok(intent)
    }

    /// The store has it.
    pub(super) fn remember_intent(&self, intent: Intent, change: Change) {
        self.intents.put(intent, change, self.settings.clock.elapsed());
    }

    /// The engine carried it out. Where the store would not have that, the intent stays, and is settled by what the engine shows.
    pub(super) async fn intent_carried_out(&self, intent: &Intent, forget: Option<&NodeId>) {
        let entry = NewActivity { at: self.settings.clock.now(), ..intent.entry.clone() };
        self.settle_intent(&intent.id, &[entry], forget).await;
    }

    /// The engine refused, so that nothing was done; or it did not say (it is away, or its driver panicked), and then the intent stays until that
    /// is known.
    pub(super) async fn intent_failed(&self, intent: &Intent, error: &pitlane_engine::Error) {
        if matches!(error, pitlane_engine::Error::Unreachable { .. } | pitlane_engine::Error::Failed(_)) {
            let now = self.settings.clock.elapsed();
            for open in lock(&self.intents.open).iter_mut().filter(|open| open.intent.id == intent.id) {
                (open.since, open.next_look) = (now, now + LOOK_EVERY);
            }
        } else {
            self.settle_intent(&intent.id, &[], None).await;
        }
    }

    async fn settle_intent(&self, id: &str, entries: &[NewActivity], forget: Option<&NodeId>) -> bool {
        match self.store.settle_intent(id, entries, forget).await {
            Ok(written) => {
                self.intents.take_out(id);
                self.announce(written.unwrap_or_default());
                true
            }
            Err(error) => {
                tracing::warn!(%error, intent = id, "what became of a change at the engine could not be kept yet");
                false
            }
        }
    }

    /// Settles what is open of a node by what the engine shows of it now; `None`: it has no such node. The caller holds the node's lock,
    /// so that nobody here is asking the engine for anything.
    pub(super) async fn settle_by(self: &Arc<Self>, engine_node_id: &str, shown: Option<&EngineNode>) -> Settled {
        let known = || self.view().by_engine_node(engine_node_id).map(|entry| entry.node.id.clone());
        let id = shown.map(node_id).or_else(known).unwrap_or_else(|| derived_id(engine_node_id));
        let mut settled = Settled::default();
        for open in self.intents.of_node(&id) {
            let for_sure = self.nothing_is_on_its_way(&open);
            settled.by_us |= match &open.change.wanted {
                Wanted::Aborted { operation, seen } => self.settle_aborted(&open, operation, *seen, shown, for_sure).await,
                wanted => self.settle_change(&open, became(wanted, shown), for_sure).await,
            };
        }
        settled
    }

    /// Settles what is open of a node before something else is asked of it, so that each has an outcome of its own.
    pub(super) async fn settle_before_the_next(self: &Arc<Self>, id: &NodeId, shown: &EngineNode) {
        for open in self.intents.of_node(id).iter().filter(|open| !matches!(open.change.wanted, Wanted::Aborted { .. })) {
            self.settle_change(open, became(&open.change.wanted, Some(shown)), true).await;
        }
    }

    /// A call within this process ended with the process, or with its answer. One over a network may still arrive.
    fn nothing_is_on_its_way(&self, open: &Open) -> bool {
        self.engine.kind() == EngineKind::Embedded || self.settings.clock.elapsed().saturating_sub(open.since) >= MAY_STILL_ARRIVE
    }

    async fn settle_change(self: &Arc<Self>, open: &Open, became: Became, for_sure: bool) -> bool {
        let Open { intent, change, .. } = open;
        let asked = &intent.entry;
        let who = asked.actor.as_deref().unwrap_or_default();
        let removal = change.wanted == Wanted::Removed;
        let message = match became {
            Became::CarriedOut => {
                let forget = asked.node_id.as_ref().filter(|_| removal);
                if let Some(id) = forget {
                    self.end_plan_of(id, say!("The node was removed.")).await;
                }
                // When it was asked for is when it happened: it may have been found out much later.
                self.settle_intent(&intent.id, std::slice::from_ref(asked), forget).await;
                return true;
            }
            _ if !for_sure => return false,
            Became::NotCarriedOut if removal => say!("The removal that {} had asked for was not carried out: the engine still has the node.", who),
            Became::NotCarriedOut => {
                say!("The change of the maintenance that {} had asked for was not carried out: the engine shows it as it was.", who)
            }
            Became::NotKnown(why) => say!("Whether the change of the maintenance that {} had asked for was carried out is not known: {}.", who, why),
        };
        self.settle_intent(&intent.id, &[self.told_later(intent, ActivityKind::OperationFailed, message)], None).await;
        false
    }

    /// An operation was aborted when the engine may have had it. What the engine shows now is the truth, and is told where it is not what
    /// was said then.
    async fn settle_aborted(
        self: &Arc<Self>,
        open: &Open,
        operation: &OperationId,
        seen: Option<Scheduling>,
        shown: Option<&EngineNode>,
        for_sure: bool,
    ) -> bool {
        let Some(node) = shown else {
            self.settle_intent(&open.intent.id, &[], None).await;
            return false;
        };
        let (operation, is_last) = match self.with_last(operation).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.settle_intent(&open.intent.id, &[], None).await;
                return false;
            }
            Err(error) => {
                tracing::warn!(%error, "whether an aborted operation arrived could not be found out yet");
                return false;
            }
        };
        // Of a drain the engine's record proves it. Of an activation nothing stays at the engine: another operation may have done it since.
        let arrived = arrived(&operation, node) && (is_last || node.record.is_some());
        if !arrived && !for_sure {
            return false;
        }
        let is_news = if arrived { seen != Some(node.scheduling) } else { seen.is_none() && is_last };
        let entries: Vec<NewActivity> = is_news.then(|| self.entry_of_aborted(open, &operation, node)).into_iter().collect();
        if arrived && let Err(error) = self.bulk_arrived(&operation).await {
            tracing::warn!(%error, "that an aborted operation arrived could not be kept with its bulk operation");
        }
        self.settle_intent(&open.intent.id, &entries, None).await;
        arrived
    }

    fn entry_of_aborted(&self, open: &Open, operation: &Operation, node: &EngineNode) -> NewActivity {
        let finished = Refusal::OperationFinished { operation: Box::new(operation.clone()) }.message();
        let text = say!("{} It was with the engine meanwhile: {}.", finished, shows(node));
        self.told_later(&open.intent, ActivityKind::OperationAborted, text)
    }

    async fn with_last(&self, id: &OperationId) -> crate::store::Result<Option<(Operation, bool)>> {
        let Some(operation) = self.store.operation(id).await? else { return Ok(None) };
        let last = self.store.last_operation(&operation.node_id).await?;
        Ok(Some((operation, last.is_some_and(|last| last.id == *id))))
    }

    /// What Pitlane itself found out of what somebody had asked for.
    fn told_later(&self, intent: &Intent, kind: ActivityKind, message: Words) -> NewActivity {
        let asked = &intent.entry;
        let now: Timestamp = self.settings.clock.now();
        let entry =
            NewActivity { operation_id: asked.operation_id.clone(), reason: asked.reason.clone(), ..NewActivity::by_system(now, kind, message) };
        match (&asked.node_id, &asked.node_name) {
            (Some(id), Some(name)) => about(entry, id, name),
            _ => entry,
        }
    }

    /// Called every second, and once when the engine's nodes are known after a start: looks at the nodes of which something is open.
    pub(super) fn look_after_intents(self: &Arc<Self>) {
        if lock(&self.intents.open).is_empty() || !lock(&self.engine_state).listed {
            return;
        }
        let now = self.settings.clock.elapsed();
        let mut due = Vec::new();
        for open in lock(&self.intents.open).iter_mut().filter(|open| open.next_look <= now) {
            open.next_look = now + LOOK_AGAIN;
            due.push(open.clone());
        }
        for open in due {
            let fleet = self.clone();
            self.spawn("fleet.settle_intents", async move {
                fleet.look_after_intent(&open).await;
                let next = fleet.settings.clock.elapsed() + LOOK_EVERY;
                for looked in lock(&fleet.intents.open).iter_mut().filter(|looked| looked.intent.id == open.intent.id) {
                    looked.next_look = next;
                }
            });
        }
    }

    /// The same for every one of them at once, and waits for it.
    pub(super) async fn settle_what_is_open(self: &Arc<Self>) {
        let all = lock(&self.intents.open).clone();
        for open in all {
            self.look_after_intent(&open).await;
        }
    }

    async fn look_after_intent(self: &Arc<Self>, open: &Open) {
        let Some(id) = &open.intent.entry.node_id else { return };
        let _writing = self.lock_node(id).await;
        if !self.intents.has_open(id) {
            return;
        }
        let known = self.view().get(id).map(|entry| entry.engine.engine_node_id.clone());
        match known.or_else(|| open.change.engine_node_id.clone()) {
            // An absence is noted with the engine's state; the next look tries again.
            Some(engine_node_id) => drop(self.look(&engine_node_id).await),
            // The engine was listed and does not have it.
            None => drop(self.settle_intent(&open.intent.id, &[], None).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_read_as_it_was_written() {
        for wanted in [
            Wanted::Removed,
            Wanted::Maintenance { before: Revision::from("r"), record: Record { reason: Some("disk".into()), ..Record::default() } },
            Wanted::Aborted { operation: OperationId::from("o"), seen: Some(Scheduling::Maintenance) },
        ] {
            let change = Change { engine_node_id: Some("host-1".into()), wanted };
            let json = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change, "{json}");
        }
    }
}
