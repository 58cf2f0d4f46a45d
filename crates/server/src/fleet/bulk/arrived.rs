//! What was aborted may arrive all the same: it was with the engine already, and nothing is undone. Then the node is done, and that is told: at once where the
//! engine's answer comes, and else where the engine shows it, after a lost answer or a restart.

use pitlane_api::{ActivityKind, BulkItem, BulkItemState, Operation, OperationKind, OperationState, Words, say};

use super::change::{LISTED, done_of, in_words};
use crate::{
    fleet::{Fleet, Result, reconcile::arrived},
    store::{ActivityQuery, NewActivity, StoredBulk},
};

pub(super) fn arrived_words() -> Words {
    say!("It arrived although it was aborted: the engine had it already.")
}

/// The operation of an item in one of these states may have been aborted and have arrived.
const OPEN_TO_IT: [BulkItemState; 2] = [BulkItemState::Running, BulkItemState::Aborted];

impl Fleet {
    /// Once the engine's nodes are known after a start: the server may have been killed between an abort and the engine's answer.
    pub(in crate::fleet) async fn settle_what_arrived(&self) {
        if let Err(error) = self.try_to_settle_what_arrived().await {
            tracing::warn!(%error, "whether aborted operations arrived could not be found out");
        }
    }

    async fn try_to_settle_what_arrived(&self) -> Result<()> {
        for operation in self.store.operations_of_bulk_items(&OPEN_TO_IT, LISTED).await? {
            self.settle_if_arrived(&operation).await?;
        }
        Ok(())
    }

    pub(in crate::fleet) async fn settle_if_arrived(&self, operation: &Operation) -> Result<()> {
        if self.arrived_all_the_same(operation).await? { self.bulk_arrived(operation).await } else { Ok(()) }
    }

    /// Whether an operation that was aborted was carried out. Of a drain the engine's record proves it. Of an activation nothing stays at the engine: it
    /// was, where the node is schedulable, nothing was asked of it since, and nobody else was seen to change it.
    pub(super) async fn arrived_all_the_same(&self, operation: &Operation) -> Result<bool> {
        let shown = self.view().get(&operation.node_id).map(|entry| entry.engine.clone());
        if operation.state != OperationState::Aborted || operation.attempt_count == 0 || !shown.is_some_and(|node| arrived(operation, &node)) {
            return Ok(false);
        }
        if operation.kind == OperationKind::Drain {
            return Ok(true);
        }
        let outside = ActivityQuery {
            node: Some(operation.node_id.clone()),
            kinds: vec![ActivityKind::ChangedOutside],
            since: Some(operation.created_at),
            limit: 1,
            ..ActivityQuery::default()
        };
        // What was seen may be on its way to the log.
        self.scribe_now().await;
        let last = self.store.last_operation(&operation.node_id).await?;
        Ok(last.is_some_and(|last| last.id == operation.id) && self.store.activity(&outside).await?.is_empty())
    }

    /// A drain or an activation that was with the engine when it was aborted arrived all the same. Nothing of it is undone, so its node is done.
    pub(in crate::fleet) async fn bulk_arrived(&self, operation: &Operation) -> Result<()> {
        let of = |item: &BulkItem| OPEN_TO_IT.contains(&item.state) && item.operation_id.as_ref() == Some(&operation.id);
        let Some(StoredBulk { bulk, .. }) = self.store.bulk_of_operation(&operation.id).await? else { return Ok(()) };
        if !bulk.items.iter().any(of) {
            return Ok(());
        }
        let now = self.settings.clock.now();
        let arrived = self.change_bulk(&bulk.id, |stored, activity| {
            let bulk = &mut stored.bulk;
            let Some(item) = bulk.items.iter_mut().find(|item| of(item)) else { return Ok(()) };
            (item.state, item.refusal) = (BulkItemState::Done, None);
            item.message = Some(arrived_words());
            let (name, all, done) = (&operation.node_name, in_words(bulk), done_of(bulk));
            let message = match bulk.kind {
                OperationKind::Activate => {
                    say!("{} arrived although the activation of {} was aborted: the engine had it already. {}.", name, all, done)
                }
                _ => say!("{} arrived although the drain of {} was aborted: the engine had it already. {}.", name, all, done),
            };
            activity.push(NewActivity::by_system(now, ActivityKind::BulkChanged, message));
            Ok(())
        });
        arrived.await?;
        Ok(())
    }
}
