//! Asking for a bulk operation, ending it, going on with it.

use std::sync::Arc;

use pitlane_api::{
    ActivityKind, BulkItem, BulkItemState, BulkList, BulkOperation, BulkRequest, BulkResume, BulkState, NodeId, OperationKind, Timestamp, Words,
    rules, say,
};

use super::written;
use crate::{
    fleet::{
        Actor, Call, Error, Fleet, Result,
        accept::{entry_by, key},
    },
    store::{BulkAccepted, NewActivity, StoredBulk},
};

/// How many are listed.
pub(super) const LISTED: u32 = 50;

impl Fleet {
    /// The newest ones.
    pub async fn bulk_operations(&self) -> Result<BulkList> {
        let heads = self.store.bulk_heads(LISTED).await?;
        let operations = heads.into_iter().map(|head| rules::bulk_summary_of(&head.bulk, head.states)).collect();
        Ok(BulkList { operations, server_time: self.settings.clock.now() })
    }

    /// Accepts a bulk operation. Each node's own guards are asked when its turn comes; what is asked here is the wish, and the fleet
    /// after all of them.
    ///
    /// # Errors
    /// [`Error`]; where it is not `Ok`, nothing was kept.
    pub async fn accept_bulk(self: &Arc<Self>, request: BulkRequest, call: Call) -> Result<BulkOperation> {
        let fleet = self.clone();
        self.to_the_end(async move { fleet.keep_bulk(request, &call).await }).await
    }

    async fn keep_bulk(self: &Arc<Self>, request: BulkRequest, call: &Call) -> Result<BulkOperation> {
        let key = key(call);
        if let Some(key) = &key
            && let Some(earlier) = self.store.replay_bulk(key, self.settings.clock.now()).await?
        {
            return replayed(earlier);
        }
        let now = self.settings.clock.now();
        rules::check_bulk_request(&request, now)?;
        let ids: Vec<NodeId> = request.nodes.iter().map(|node| node.node_id.clone()).collect();
        let nodes = self.with_view_as_known(|view| view.all());
        let (capacity_now, capacity_after) = self.bulk_capacities(request.kind, &ids, &nodes).await?;
        rules::check_bulk_capacity(&capacity_now, &capacity_after, request.allow_last_schedulable)?;
        let bulk = self.new_bulk(request, &call.actor, now)?;
        let entry = entry_by(&call.actor, now, ActivityKind::BulkChanged, asked(&bulk));
        let entry = NewActivity { reason: bulk.reason.clone(), ..entry };
        let stored = StoredBulk { bulk, actor: written(&call.actor)? };
        match self.store.accept_bulk(&stored, key.as_ref(), &[entry]).await? {
            BulkAccepted::Stored(entries) => {
                self.announce(entries);
                self.know_bulk(&stored);
                self.bulk_moved(&stored.bulk);
                self.carry_bulk(&stored.bulk);
                Ok(stored.bulk)
            }
            earlier => replayed(earlier),
        }
    }

    fn new_bulk(&self, request: BulkRequest, actor: &Actor, now: Timestamp) -> Result<BulkOperation> {
        let drain = request.kind == OperationKind::Drain;
        let mut items = Vec::with_capacity(request.nodes.len());
        for node in request.nodes {
            items.push(BulkItem {
                node_name: self.node(&node.node_id)?.name,
                node_id: node.node_id,
                state: BulkItemState::Waiting,
                attempt: 0,
                operation_id: None,
                message: None,
                refusal: None,
                seen_stateful: node.seen_stateful,
                acknowledge_unread: node.acknowledge_unread,
            });
        }
        Ok(BulkOperation {
            id: uuid::Uuid::now_v7().to_string(),
            kind: request.kind,
            state: BulkState::Running,
            reason: request.reason.as_deref().filter(|_| drain).map(rules::check_reason).transpose()?,
            expected_back_at: request.expected_back_at.filter(|_| drain),
            at_once: request.at_once.unwrap_or(1),
            allow_last_schedulable: request.allow_last_schedulable,
            requested_by: actor.name.clone(),
            created_at: now,
            updated_at: now,
            finished_at: None,
            waiting_for: None,
            items,
        })
    }

    /// Begins no other node and stops what is under way. What is done stays done. One that a refusal stopped is left at that: until then
    /// everybody is told that it waits for a person.
    ///
    /// # Errors
    /// [`Error::Refused`] where it is over already.
    pub async fn abort_bulk(self: &Arc<Self>, id: &str, actor: Actor) -> Result<BulkOperation> {
        let (fleet, id) = (self.clone(), id.to_owned());
        let work = async move {
            let now = fleet.settings.clock.now();
            let changed = fleet.change_bulk(&id, |stored, activity| {
                let bulk = &mut stored.bulk;
                match bulk.state {
                    BulkState::Running => bulk.state = BulkState::Aborting,
                    BulkState::Stopped => (bulk.state, bulk.finished_at) = (BulkState::Aborted, Some(now)),
                    BulkState::Aborting => return Ok(()),
                    state => return Err(pitlane_api::Refusal::BulkFinished { state }.into()),
                }
                let message = match bulk.kind {
                    OperationKind::Activate => say!("Aborted the activation of {}.", in_words(bulk)),
                    _ => say!("Aborted the drain of {}.", in_words(bulk)),
                };
                activity.push(entry_by(&actor, now, ActivityKind::BulkChanged, message));
                Ok(())
            });
            let bulk = changed.await?;
            fleet.carry_bulk(&bulk);
            fleet.wake_bulk(&id);
            Ok(bulk)
        };
        self.to_the_end(work).await
    }

    /// Goes on with one that was stopped or aborted: what is done is not done again.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is nothing to go on with.
    pub async fn resume_bulk(self: &Arc<Self>, id: &str, resume: BulkResume, actor: Actor) -> Result<BulkOperation> {
        let (fleet, id) = (self.clone(), id.to_owned());
        let work = async move {
            let now = fleet.settings.clock.now();
            let asker = written(&actor)?;
            let changed = fleet.change_bulk(&id, |stored, activity| {
                if !rules::can_resume(&stored.bulk) {
                    return Err(pitlane_api::Refusal::BulkFinished { state: stored.bulk.state }.into());
                }
                stored.bulk = rules::bulk_resumed(&stored.bulk, &resume, &actor.name, now);
                stored.actor = asker;
                let message = match stored.bulk.kind {
                    OperationKind::Activate => say!("Went on with the activation of {}.", in_words(&stored.bulk)),
                    _ => say!("Went on with the drain of {}.", in_words(&stored.bulk)),
                };
                activity.push(entry_by(&actor, now, ActivityKind::BulkChanged, message));
                Ok(())
            });
            let bulk = changed.await?;
            fleet.carry_bulk(&bulk);
            Ok(bulk)
        };
        self.to_the_end(work).await
    }
}

fn replayed(earlier: BulkAccepted) -> Result<BulkOperation> {
    match earlier {
        BulkAccepted::Replayed(bulk) => Ok(*bulk),
        BulkAccepted::Mismatch => Err(Error::IdempotencyMismatch),
        BulkAccepted::Stored(_) => Err(Error::Internal("an answer that nobody gives".into())),
    }
}

fn asked(bulk: &BulkOperation) -> Words {
    match bulk.kind {
        OperationKind::Activate => say!("Asked for an activation of {}.", in_words(bulk)),
        _ => say!("Asked for a drain of {}.", in_words(bulk)),
    }
}

/// `3 nodes (a, b, c)`
pub(super) fn in_words(bulk: &BulkOperation) -> Words {
    const NAMED: usize = 5;
    let names: Vec<&str> = bulk.items.iter().take(NAMED).map(|item| item.node_name.as_str()).collect();
    let more = bulk.items.len().saturating_sub(NAMED);
    let names = if more > 0 { say!("{} and {} more", names.join(", "), more) } else { Words::plain(names.join(", ")) };
    say!("1 node ({})" | "{n} nodes ({})" % bulk.items.len(), names)
}

/// `2 of 3 done`
pub(super) fn done_of(bulk: &BulkOperation) -> Words {
    let summary = rules::bulk_summary(bulk);
    say!("{} of {} done", summary.done, summary.total)
}
