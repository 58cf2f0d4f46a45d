//! Carrying a bulk operation out: settle what has ended, ask what comes next, do that, until it is over.

use std::{sync::Arc, time::Duration};

use pitlane_api::{
    ActivateRequest, ActivityKind, BulkItem, BulkItemState, BulkOperation, BulkState, DrainRequest, Operation, OperationKind,
    rules::{self, BulkNext},
    say,
};
use pitlane_supervisor::catch_panic;
use tokio::sync::Notify;

use super::{
    arrived::arrived_words,
    change::{done_of, in_words},
    read,
};
use crate::{
    fleet::{Call, Error, Fleet, Idempotency, IfMatch, Result, guards::only_just_started, lock},
    store::{NewActivity, SecretHash},
};

/// Operations tell when they end; this is only there should that be missed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What comes after a turn.
enum Turn {
    Again,
    /// Until something ends, or this long.
    Wait(Duration),
    Over,
}

impl Fleet {
    /// Begins to carry it out, unless that is being done already.
    pub(in crate::fleet) fn carry_bulk(self: &Arc<Self>, bulk: &BulkOperation) {
        let wake = {
            let mut runners = lock(&self.bulks.runners);
            if bulk.state.is_finished() || runners.contains_key(&bulk.id) {
                return;
            }
            let wake = Arc::new(Notify::new());
            runners.insert(bulk.id.clone(), wake.clone());
            wake
        };
        let (fleet, id) = (self.clone(), bulk.id.clone());
        self.spawn("fleet.bulk", async move {
            let mut failures = 0;
            loop {
                match fleet.bulk_turn(&id, &mut failures).await {
                    Turn::Again => {}
                    Turn::Wait(pause) => tokio::select! {
                        () = fleet.settings.clock.after(pause) => {}
                        () = wake.notified() => {}
                    },
                    Turn::Over => break,
                }
            }
            lock(&fleet.bulks.runners).remove(&id);
            // Resumed between the last look and leaving: nobody else would carry it out.
            if let Ok(bulk) = fleet.bulk(&id).await {
                fleet.carry_bulk(&bulk);
            }
        });
    }

    async fn bulk_turn(self: &Arc<Self>, id: &str, failures: &mut u32) -> Turn {
        let turn = catch_panic(self.try_bulk_turn(id)).await.unwrap_or_else(|panic| {
            self.supervisor.note_panic("fleet.bulk", &panic);
            Err(Error::Internal(panic))
        });
        match turn {
            Ok(turn) => {
                *failures = 0;
                turn
            }
            Err(Error::NotFound(_)) => Turn::Over,
            Err(error) => {
                *failures = failures.saturating_add(1);
                tracing::warn!(%error, bulk = id, "a bulk operation waits");
                let why = error.words();
                // A store that cannot be written is what is waited for, most likely.
                let told = self.change_bulk(id, |stored, _| {
                    stored.bulk.waiting_for = Some(why);
                    Ok(())
                });
                if let Err(error) = told.await {
                    tracing::debug!(%error, "why it waits could not be kept");
                }
                Turn::Wait(self.settings.backoff.wait(*failures, rand::random()))
            }
        }
    }

    async fn try_bulk_turn(self: &Arc<Self>, id: &str) -> Result<Turn> {
        let bulk = self.settle(id).await?;
        match rules::bulk_next(&bulk) {
            BulkNext::Start(at) => {
                self.begin(id, at).await?;
                Ok(Turn::Again)
            }
            BulkNext::Wait => Ok(Turn::Wait(LOOK_AGAIN)),
            BulkNext::End(state) => {
                self.end_bulk(id, state).await?;
                Ok(Turn::Over)
            }
        }
    }

    /// Takes over how the operations under way have ended, and stops them where a person wants an end.
    async fn settle(self: &Arc<Self>, id: &str) -> Result<BulkOperation> {
        let stored = self.stored_bulk(id).await?;
        let mut ended: Vec<(usize, BulkItemState, Operation)> = Vec::new();
        for (at, item) in stored.bulk.items.iter().enumerate().filter(|(_, item)| item.state == BulkItemState::Running) {
            let Some(operation_id) = &item.operation_id else { continue };
            let Some(mut operation) = self.store.operation(operation_id).await? else { continue };
            if stored.bulk.state == BulkState::Aborting && !operation.state.is_finished() {
                let call = Call { actor: read(&stored.actor)?, if_match: IfMatch::Any, idempotency: None };
                operation = match self.abort(&item.node_id, operation_id, call).await {
                    Ok(aborted) => aborted,
                    // It ended by itself meanwhile.
                    Err(Error::Refused(_)) => self.store.operation(operation_id).await?.unwrap_or(operation),
                    Err(error) => return Err(error),
                };
            }
            if self.arrived_all_the_same(&operation).await? {
                operation.last_error = Some(arrived_words());
                ended.push((at, BulkItemState::Done, operation));
            } else if let Some(state) = rules::bulk_settled(stored.bulk.kind, &operation) {
                ended.push((at, state, operation));
            }
        }
        if ended.is_empty() {
            return Ok(stored.bulk);
        }
        let changed = self.change_bulk(id, |stored, _| {
            for (at, state, operation) in ended {
                let of = |item: &&mut BulkItem| item.state == BulkItemState::Running && item.operation_id.as_ref() == Some(&operation.id);
                if let Some(item) = stored.bulk.items.get_mut(at).filter(of) {
                    item.state = state;
                    item.message = operation.last_error;
                    item.refusal = operation.refusal;
                }
            }
            Ok(())
        });
        changed.await
    }

    /// Begins a node, or finds out whether it was begun before a crash.
    async fn begin(self: &Arc<Self>, id: &str, at: usize) -> Result<()> {
        let starting = self.change_bulk(id, |stored, _| {
            if let Some(item) = stored.bulk.items.get_mut(at).filter(|item| item.state == BulkItemState::Waiting) {
                item.state = BulkItemState::Starting;
                item.attempt = item.attempt.saturating_add(1);
            }
            Ok(())
        });
        let bulk = starting.await?;
        let Some(item) = bulk.items.get(at) else { return Ok(()) };
        let outcome = self.ask(&bulk, item, &self.stored_bulk(id).await?.actor).await;
        let (state, operation, message, refusal) = match outcome {
            Ok(Some(operation)) => (BulkItemState::Running, Some(operation.id), None, None),
            // Somebody wanted an end before it was begun.
            Ok(None) => (BulkItemState::Aborted, None, None, None),
            Err(Error::Refused(refusal)) if self.only_just_started(bulk.created_at, &refusal) => {
                let message = only_just_started(&refusal);
                return Err(Error::EngineUnavailable { message, retry_after_s: 1 });
            }
            Err(Error::Refused(refusal)) => (rules::bulk_refused(bulk.kind, &refusal), None, Some(refusal.message()), Some(refusal.body())),
            // The engine or the store is away: that is no refusal, and it is tried again.
            Err(error @ (Error::EngineUnavailable { .. } | Error::StoreUnavailable { .. } | Error::ShuttingDown | Error::Internal(_))) => {
                return Err(error);
            }
            Err(error) => (BulkItemState::Refused, None, Some(error.words()), None),
        };
        let begun = self.change_bulk(id, |stored, _| {
            stored.bulk.waiting_for = None;
            if let Some(item) = stored.bulk.items.get_mut(at) {
                *item = BulkItem { state, operation_id: operation, message, refusal, ..item.clone() };
            }
            Ok(())
        });
        begun.await?;
        Ok(())
    }

    /// Asks for one node's drain or activation as a person would. `None`: it was not begun and shall not be.
    async fn ask(self: &Arc<Self>, bulk: &BulkOperation, item: &BulkItem, actor: &str) -> Result<Option<Operation>> {
        let idempotency = Idempotency {
            key: format!("{}/{}", bulk.id, item.attempt),
            route: format!("bulk {} {}", bulk.kind, item.node_id),
            body_hash: SecretHash::of(&bulk.id),
        };
        let call = Call { actor: read(actor)?, if_match: IfMatch::Any, idempotency: Some(idempotency) };
        if !rules::bulk_may_begin(bulk) {
            return self.replayed(&call).await;
        }
        let operation = match bulk.kind {
            OperationKind::Drain => {
                let request = DrainRequest {
                    reason: bulk.reason.clone().unwrap_or_default(),
                    expected_back_at: bulk.expected_back_at,
                    seen_stateful: item.seen_stateful.clone(),
                    acknowledge_unread: item.acknowledge_unread,
                    allow_last_schedulable: bulk.allow_last_schedulable,
                };
                self.drain(&item.node_id, request, call).await?
            }
            _ => self.activate(&item.node_id, ActivateRequest::default(), call).await?,
        };
        Ok(Some(operation))
    }

    async fn end_bulk(self: &Arc<Self>, id: &str, state: BulkState) -> Result<()> {
        let now = self.settings.clock.now();
        let ended = self.change_bulk(id, |stored, activity| {
            let bulk = &mut stored.bulk;
            if bulk.state.is_finished() {
                return Ok(());
            }
            (bulk.state, bulk.finished_at, bulk.waiting_for) = (state, Some(now), None);
            let why = bulk
                .items
                .iter()
                .find_map(|item| item.message.as_ref().filter(|_| item.state != BulkItemState::Skipped).map(|why| (&item.node_name, why)));
            let activates = bulk.kind == OperationKind::Activate;
            let message = match (state, why) {
                (BulkState::Completed, _) if activates => say!("Done with the activation of {}.", in_words(bulk)),
                (BulkState::Completed, _) => say!("Done with the drain of {}.", in_words(bulk)),
                (BulkState::Aborted, _) if activates => say!("The activation of {} has ended, as was asked: {}.", in_words(bulk), done_of(bulk)),
                (BulkState::Aborted, _) => say!("The drain of {} has ended, as was asked: {}.", in_words(bulk), done_of(bulk)),
                (_, Some((node, why))) if activates => say!("Stopped the activation of {} at {}: {}", in_words(bulk), node, why),
                (_, Some((node, why))) => say!("Stopped the drain of {} at {}: {}", in_words(bulk), node, why),
                _ if activates => say!("Stopped the activation of {}.", in_words(bulk)),
                _ => say!("Stopped the drain of {}.", in_words(bulk)),
            };
            activity.push(NewActivity::by_system(now, ActivityKind::BulkChanged, message));
            Ok(())
        });
        ended.await?;
        Ok(())
    }
}
