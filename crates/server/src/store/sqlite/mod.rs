//! The store on SQLite: one file, write-ahead log, every commit on the disk before it returns.
//!
//! One connection writes and a few read, so that a reader never waits for a writer and two writers of this process
//! queue instead of colliding. Another process (`pitlane token create`, `pitlane backup`) may use the file as well.

mod activity;
mod agents;
mod bulk;
mod convert;
mod holder;
mod intents;
mod look;
mod open;
mod operations;
mod own_tokens;
mod plans;
mod records;
mod samples;
mod sessions;
mod shares;
mod sign_in;
mod steps;
#[cfg(test)]
mod tests;
mod upkeep;

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use pitlane_api::{ActivityEntry, BulkItemState, BulkOperation, NodeId, Operation, OperationId, PlannedDrain, Revision, Sample, Timestamp};
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::{
    Acceptance, Accepted, ActivityQuery, Agent, ApiToken, BulkAccepted, Enrolled, Enrolment, EnrolmentToken, FirstBeat, IdempotencyKey, Intent,
    NewActivity, NewSession, OpenedSession, PlanAccepted, Prune, Replay, Result, SecretHash, SessionEntries, SessionFilter, SignInCode, Store,
    StoredBulk, StoredBulkHead, StoredPlan, StoredReport, StoredSession, StoredShareLink,
};

pub use look::Found;
pub use open::{ServeLock, patiently};

/// How long a write waits for another process before it is [`super::Error::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The store on SQLite. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    steps: steps::Steps,
    paces: std::sync::Arc<Paces>,
}

/// How large the steps of each kind of upkeep are; see [`steps`].
#[derive(Debug)]
struct Paces {
    samples: steps::Pace,
    reports: steps::Pace,
    old_samples: steps::Pace,
    old_activity: steps::Pace,
    old_keys: steps::Pace,
    old_operations: steps::Pace,
    old_bulks: steps::Pace,
    old_plans: steps::Pace,
    expired: steps::Pace,
}

impl Default for Paces {
    fn default() -> Self {
        let pace = steps::Pace::default;
        Self {
            samples: pace(),
            reports: pace(),
            old_samples: pace(),
            old_activity: pace(),
            old_keys: pace(),
            old_operations: pace(),
            // Each goes with its items, up to 500 of them.
            old_bulks: steps::Pace::of_large_rows(),
            old_plans: pace(),
            expired: pace(),
        }
    }
}

impl SqliteStore {
    /// A transaction that holds the write lock from its beginning, so that what it read is still true when it writes.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, acceptance: &Acceptance) -> Result<Accepted> {
        operations::accept(self, acceptance).await
    }

    async fn replay(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Replay> {
        operations::replay(&mut *self.readers.acquire().await?, key, now).await
    }

    async fn save_operation(&self, before: &Operation, after: &Operation, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
        operations::save(self, before, after, activity).await
    }

    async fn operation(&self, id: &OperationId) -> Result<Option<Operation>> {
        operations::by_id(&mut *self.readers.acquire().await?, id).await
    }

    async fn unfinished_operations(&self) -> Result<Vec<Operation>> {
        operations::unfinished(self).await
    }

    async fn last_operation(&self, node: &NodeId) -> Result<Option<Operation>> {
        operations::last_of(self, node).await
    }

    async fn last_operations(&self) -> Result<Vec<Operation>> {
        operations::last_of_each(self).await
    }

    async fn keep_intent(&self, intent: &Intent) -> Result<()> {
        intents::keep(self, intent).await
    }

    async fn open_intents(&self) -> Result<Vec<Intent>> {
        intents::open(self).await
    }

    async fn settle_intent(&self, id: &str, activity: &[NewActivity], forget: Option<&NodeId>) -> Result<Option<Vec<ActivityEntry>>> {
        intents::settle(self, id, activity, forget).await
    }

    async fn abort_operation(
        &self,
        before: &Operation,
        after: &Operation,
        activity: &[NewActivity],
        intent: Option<&Intent>,
    ) -> Result<Option<Vec<ActivityEntry>>> {
        intents::abort(self, before, after, activity, intent).await
    }

    async fn append_activity(&self, entries: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
        activity::append(self, entries).await
    }

    async fn activity(&self, query: &ActivityQuery) -> Result<Vec<ActivityEntry>> {
        activity::page(self, query).await
    }

    async fn create_enrolment_token(&self, token: &EnrolmentToken, activity: &[NewActivity]) -> Result<()> {
        agents::create_enrolment_token(self, token, activity).await
    }

    async fn enrolment_token(&self, hash: &SecretHash) -> Result<Option<EnrolmentToken>> {
        agents::enrolment_token(self, hash).await
    }

    async fn enroll(&self, enrolment: &Enrolment) -> Result<Enrolled> {
        agents::enroll(self, enrolment).await
    }

    async fn agent_by_token(&self, hash: &SecretHash) -> Result<Option<Agent>> {
        agents::by_token(self, hash).await
    }

    async fn agents(&self) -> Result<Vec<Agent>> {
        agents::all(self).await
    }

    async fn confirm_agents(&self, nodes: &[NodeId], at: Timestamp) -> Result<()> {
        agents::confirm(self, nodes, at).await
    }

    async fn keep_first_beats(&self, beats: &[FirstBeat]) -> Result<Vec<bool>> {
        agents::keep_first_beats(self, beats).await
    }

    async fn save_reports(&self, reports: &[StoredReport]) -> Result<()> {
        agents::save_reports(self, reports).await
    }

    async fn forget_node(&self, node: &NodeId) -> Result<()> {
        agents::forget_node(self, node).await
    }

    async fn put_samples(&self, samples: &[(NodeId, Sample)]) -> Result<()> {
        samples::put(self, samples).await
    }

    async fn samples(&self, node: &NodeId, since: Timestamp) -> Result<Vec<Sample>> {
        samples::since(self, node, since).await
    }

    async fn create_token(&self, token: &ApiToken, activity: &[NewActivity]) -> Result<()> {
        sign_in::create_token(self, token, activity).await
    }

    async fn token_by_hash(&self, hash: &SecretHash) -> Result<Option<ApiToken>> {
        sign_in::token_by_hash(self, hash).await
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>> {
        sign_in::tokens(self).await
    }

    async fn revoke_token(&self, id: &str, at: Timestamp, activity: &[NewActivity]) -> Result<bool> {
        sign_in::revoke_token(self, id, at, activity).await
    }

    async fn revoke_every_token(&self, except: Option<&SecretHash>, at: Timestamp, activity: &[NewActivity]) -> Result<(u64, u64)> {
        sign_in::revoke_every_token(self, except, at, activity).await
    }

    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<()> {
        sign_in::touch_token(self, id, at).await
    }

    async fn open_session(&self, new: &NewSession, entries: SessionEntries<'_>) -> Result<Option<OpenedSession>> {
        sessions::open(self, new, entries).await
    }

    async fn session(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredSession>> {
        sessions::by_hash(self, hash, now).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<Vec<StoredSession>> {
        sessions::list(self, filter).await
    }

    async fn touch_session(&self, hash: &SecretHash, at: Timestamp) -> Result<()> {
        sessions::touch(self, hash, at).await
    }

    async fn end_sessions(&self, filter: &SessionFilter, entries: SessionEntries<'_>) -> Result<(Vec<StoredSession>, Vec<ActivityEntry>)> {
        sessions::end(self, filter, entries).await
    }

    async fn create_sign_in_code(&self, code: &SignInCode, activity: &[NewActivity]) -> Result<()> {
        sign_in::create_code(self, code, activity).await
    }

    async fn accept_bulk(&self, bulk: &StoredBulk, key: Option<&IdempotencyKey>, activity: &[NewActivity]) -> Result<BulkAccepted> {
        bulk::accept(self, bulk, key, activity).await
    }

    async fn replay_bulk(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<BulkAccepted>> {
        bulk::replay(&mut *self.readers.acquire().await?, key, now).await
    }

    async fn save_bulk(&self, bulk: &StoredBulk, changed: &[usize], activity: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
        bulk::save(self, bulk, changed, activity).await
    }

    async fn bulk(&self, id: &str) -> Result<Option<StoredBulk>> {
        bulk::by_id(self, id).await
    }

    async fn unfinished_bulks(&self) -> Result<Vec<BulkOperation>> {
        bulk::unfinished(self).await
    }

    async fn bulk_heads(&self, limit: u32) -> Result<Vec<StoredBulkHead>> {
        bulk::newest(self, limit).await
    }

    async fn bulk_of_operation(&self, operation: &OperationId) -> Result<Option<StoredBulk>> {
        bulk::of_operation(self, operation).await
    }

    async fn operations_of_bulk_items(&self, states: &[BulkItemState], limit: u32) -> Result<Vec<Operation>> {
        bulk::operations_of_items(self, states, limit).await
    }

    async fn accept_plan(
        &self,
        plan: &StoredPlan,
        replaces: Option<&(Revision, PlannedDrain)>,
        key: Option<&IdempotencyKey>,
        activity: &[NewActivity],
    ) -> Result<PlanAccepted> {
        plans::accept(self, plan, replaces, key, activity).await
    }

    async fn replay_plan(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<PlanAccepted>> {
        plans::replay(&mut *self.readers.acquire().await?, key, now).await
    }

    async fn save_plan(&self, before: &Revision, after: &StoredPlan, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
        plans::save(self, before, after, activity).await
    }

    async fn open_plans(&self) -> Result<Vec<StoredPlan>> {
        plans::open(self).await
    }

    async fn told_overdue(&self) -> Result<Vec<(NodeId, Timestamp)>> {
        plans::told_overdue(self).await
    }

    async fn tell_overdue(&self, node: &NodeId, at: Timestamp, entry: &NewActivity) -> Result<Option<Vec<ActivityEntry>>> {
        plans::tell_overdue(self, node, at, entry).await
    }

    async fn create_share_link(&self, link: &StoredShareLink, limit: u32, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
        shares::create(self, link, limit, activity).await
    }

    async fn share_links(&self, node: &NodeId, now: Timestamp) -> Result<Vec<StoredShareLink>> {
        shares::of_node(self, node, now).await
    }

    async fn share_link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredShareLink>> {
        shares::by_hash(self, hash, now).await
    }

    async fn share_links_until_activated(&self, now: Timestamp) -> Result<Vec<StoredShareLink>> {
        shares::until_activated(self, now).await
    }

    async fn end_share_link(&self, id: &str, at: Timestamp, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
        shares::end(self, id, at, activity).await
    }

    async fn prune(&self, prune: &Prune) -> Result<u64> {
        upkeep::prune(self, prune).await
    }

    async fn end_expired(&self, now: Timestamp) -> Result<u64> {
        upkeep::end_expired(self, now).await
    }

    async fn latest_time(&self) -> Result<Option<Timestamp>> {
        upkeep::latest_time(self).await
    }

    async fn note_time(&self, now: Timestamp) -> Result<()> {
        upkeep::note_time(self, now).await
    }

    async fn check_writable(&self) -> Result<()> {
        upkeep::check_writable(self).await
    }

    async fn backup(&self, to: &std::path::Path) -> Result<()> {
        upkeep::backup(self, to).await
    }
}
