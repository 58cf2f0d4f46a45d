//! What Pitlane keeps for itself: operations, activity, agents, samples, sign-in.
//!
//! [`Store`] is written so that SQLite (one server) and later PostgreSQL (several) implement it alike. Every write is
//! durable before it returns, and what belongs together is one call and one transaction: an operation's final state
//! and its entry in the activity log cannot come apart.
//!
//! A store must not know: the rules of maintenance (it keeps what `fleet` decided), HTTP, or a secret in the clear
//! (only [`SecretHash`]es come in). The nodes of the embedded engine are not part of this trait: that driver has a
//! port of its own, `pitlane_engine_embedded::Records`, which the SQLite store implements on the same file.

mod error;
mod intents;
mod secret;
mod sqlite;
mod types;

use std::path::Path;

use async_trait::async_trait;
use pitlane_api::{ActivityEntry, BulkItemState, BulkOperation, NodeId, Operation, OperationId, PlannedDrain, Revision, Sample, Timestamp};

pub use error::{Error, Result};
pub use intents::{FirstBeat, Intent};
pub use secret::SecretHash;
pub use sqlite::{Found, ServeLock, SqliteStore, patiently};
pub use types::*;

/// What Pitlane keeps for itself.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- operations ---

    /// Keeps an accepted operation with its activity and, where there is one, its idempotency key, and ends the
    /// operation it takes the place of and the planned drain it makes needless. All or nothing; see [`Accepted`] for why it may keep nothing.
    async fn accept(&self, acceptance: &Acceptance) -> Result<Accepted>;

    /// What a request with this key was answered before. Looked up first, before any rule. Keys older than 24 h at
    /// `now` are as if they had never been.
    async fn replay(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Replay>;

    /// Replaces `before` by `after` and writes the activity, in one transaction. `None`, and nothing is written, when
    /// what is kept is not `before` any more (compared by state, attempt count and `updated_at`, so every save must
    /// change one of them) or is finished.
    async fn save_operation(&self, before: &Operation, after: &Operation, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>>;

    /// One operation.
    async fn operation(&self, id: &OperationId) -> Result<Option<Operation>>;

    /// Every operation that is not finished, oldest first: where a restarted server goes on.
    async fn unfinished_operations(&self) -> Result<Vec<Operation>>;

    /// The newest operation of a node, finished or not.
    async fn last_operation(&self, node: &NodeId) -> Result<Option<Operation>>;

    /// The newest operation of every node that ever had one.
    async fn last_operations(&self) -> Result<Vec<Operation>>;

    // --- changes at an engine beside operations ---

    /// Keeps what is about to be asked of an engine, before it is asked.
    async fn keep_intent(&self, intent: &Intent) -> Result<()>;

    /// Those that are not settled, oldest first: what a restarted server finds out from the engine.
    async fn open_intents(&self) -> Result<Vec<Intent>>;

    /// Settles an intent: writes what became of it and, where `forget` names a node that was removed, forgets what
    /// [`Store::forget_node`] does, in one transaction. `None`, and nothing is written: it was settled before.
    async fn settle_intent(&self, id: &str, activity: &[NewActivity], forget: Option<&NodeId>) -> Result<Option<Vec<ActivityEntry>>>;

    /// The same as [`Store::save_operation`], with the intent to find out what the engine made of what it may have already.
    async fn abort_operation(
        &self,
        before: &Operation,
        after: &Operation,
        activity: &[NewActivity],
        intent: Option<&Intent>,
    ) -> Result<Option<Vec<ActivityEntry>>>;

    // --- activity ---

    /// Appends entries, in order, and gives them back with their ids.
    async fn append_activity(&self, entries: &[NewActivity]) -> Result<Vec<ActivityEntry>>;

    /// Entries, newest first.
    async fn activity(&self, query: &ActivityQuery) -> Result<Vec<ActivityEntry>>;

    // --- agents ---

    /// Keeps an enrolment token with its activity.
    async fn create_enrolment_token(&self, token: &EnrolmentToken, activity: &[NewActivity]) -> Result<()>;

    /// The enrolment token with this hash, spent and expired ones too: the caller says which is the matter.
    async fn enrolment_token(&self, hash: &SecretHash) -> Result<Option<EnrolmentToken>>;

    /// Spends an enrolment token and binds an agent to its node, in one transaction. A single-use token may be used
    /// again by the very machine that spent it until its agent has reported once, since the first answer may have
    /// been lost on its way.
    async fn enroll(&self, enrolment: &Enrolment) -> Result<Enrolled>;

    /// The agent with this token.
    async fn agent_by_token(&self, hash: &SecretHash) -> Result<Option<Agent>>;

    /// Every agent, to begin with.
    async fn agents(&self) -> Result<Vec<Agent>>;

    /// Notes the first clean heartbeat that each of these nodes ever had. Only the first call for an agent counts.
    async fn confirm_agents(&self, nodes: &[NodeId], at: Timestamp) -> Result<()>;

    /// Keeps the first reports of many agents since they enrolled: from then on a single-use token is spent for good. `false`: this
    /// agent is not there any more, or another one has taken its place; nothing was kept of it.
    async fn keep_first_beats(&self, beats: &[FirstBeat]) -> Result<Vec<bool>>;

    /// Keeps the last reports of many agents at once, so that a restarted server knows what was said last.
    async fn save_reports(&self, reports: &[StoredReport]) -> Result<()>;

    /// Forgets the agent, the samples and the public links of a node that was removed. Its operations and activity stay.
    async fn forget_node(&self, node: &NodeId) -> Result<()>;

    // --- samples ---

    /// Keeps buckets of many nodes; one that is there already is replaced, unless it was watched for longer: what ended a bucket must not
    /// be overwritten by a look at it that was on its way.
    async fn put_samples(&self, samples: &[(NodeId, Sample)]) -> Result<()>;

    /// Buckets of a node from `since` on, oldest first.
    async fn samples(&self, node: &NodeId, since: Timestamp) -> Result<Vec<Sample>>;

    // --- sign-in ---

    /// Keeps a token for people or scripts, with its activity.
    async fn create_token(&self, token: &ApiToken, activity: &[NewActivity]) -> Result<()>;

    /// The token with this hash, expired and revoked ones too: see [`ApiToken::usable`].
    async fn token_by_hash(&self, hash: &SecretHash) -> Result<Option<ApiToken>>;

    /// Every token, newest first.
    async fn tokens(&self) -> Result<Vec<ApiToken>>;

    /// Revokes a token and ends every session that was opened with it, with its activity. `false`, and no activity is written: there is no
    /// such token, or it was revoked.
    async fn revoke_token(&self, id: &str, at: Timestamp, activity: &[NewActivity]) -> Result<bool>;

    /// Revokes every token that is not revoked but the one with the hash `except`, ends every session, and takes back every sign-in code, with the activity: all
    /// or nothing. Gives back how many tokens and how many sessions those were.
    async fn revoke_every_token(&self, except: Option<&SecretHash>, at: Timestamp, activity: &[NewActivity]) -> Result<(u64, u64)>;

    /// Notes that a token was used. The caller does this seldom (once a minute is plenty), not at every request.
    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<()>;

    /// Opens a session with what somebody signs in with, together with the activity that `entries` makes of it (first) and of those that
    /// made room for it. `None`, and nothing is kept but that a code is spent: the code is unknown, spent or expired, or the token is
    /// unknown, expired or revoked. Of any number of callers with one code exactly one gets a session.
    async fn open_session(&self, new: &NewSession, entries: SessionEntries<'_>) -> Result<Option<OpenedSession>>;

    /// The session with this hash, unless it has expired at `now`.
    async fn session(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredSession>>;

    /// The sessions that are meant, newest first.
    async fn sessions(&self, filter: &SessionFilter) -> Result<Vec<StoredSession>>;

    /// Notes that sessions were used. The caller does this seldom, not at every request.
    async fn touch_session(&self, hash: &SecretHash, at: Timestamp) -> Result<()>;

    /// Ends the sessions that are meant, with the activity that `entries` makes of them, which is not asked where there are none. Where the
    /// filter means everybody, or everybody of a name, the sign-in codes that are not spent yet go with them.
    async fn end_sessions(&self, filter: &SessionFilter, entries: SessionEntries<'_>) -> Result<(Vec<StoredSession>, Vec<ActivityEntry>)>;

    /// Keeps a one-time sign-in code, with its activity.
    async fn create_sign_in_code(&self, code: &SignInCode, activity: &[NewActivity]) -> Result<()>;

    // --- bulk operations ---

    /// Keeps a bulk operation with its activity and, where there is one, its idempotency key. All or nothing.
    async fn accept_bulk(&self, bulk: &StoredBulk, key: Option<&IdempotencyKey>, activity: &[NewActivity]) -> Result<BulkAccepted>;

    /// What a request with this key was answered before; `None` where it is new, or older than 24 h at `now`.
    async fn replay_bulk(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<BulkAccepted>>;

    /// Keeps a bulk operation as it is now, with its activity, in one transaction. Of its items only those at the positions `changed` are
    /// written. There is one writer.
    async fn save_bulk(&self, bulk: &StoredBulk, changed: &[usize], activity: &[NewActivity]) -> Result<Vec<ActivityEntry>>;

    /// One bulk operation.
    async fn bulk(&self, id: &str) -> Result<Option<StoredBulk>>;

    /// Those that are not finished, oldest first: where a restarted server goes on.
    async fn unfinished_bulks(&self) -> Result<Vec<BulkOperation>>;

    /// The newest ones, newest first, each in a line.
    async fn bulk_heads(&self, limit: u32) -> Result<Vec<StoredBulkHead>>;

    /// The bulk operation that began this operation.
    async fn bulk_of_operation(&self, operation: &OperationId) -> Result<Option<StoredBulk>>;

    /// The operations of items in one of these states, of the newest `limit` bulk operations.
    async fn operations_of_bulk_items(&self, states: &[BulkItemState], limit: u32) -> Result<Vec<Operation>>;

    // --- planned drains ---

    /// Keeps a planned drain with its activity and, where there is one, its idempotency key, in the place of `replaces`: the
    /// revision that one was read at, and how it ends. All or nothing.
    async fn accept_plan(
        &self,
        plan: &StoredPlan,
        replaces: Option<&(Revision, PlannedDrain)>,
        key: Option<&IdempotencyKey>,
        activity: &[NewActivity],
    ) -> Result<PlanAccepted>;

    /// What a request with this key was answered before; `None` where it is new, or older than 24 h at `now`.
    async fn replay_plan(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<PlanAccepted>>;

    /// Keeps a planned drain as it is now, with its activity. `None`, and nothing is written: what is kept is not `before`
    /// any more, or is not open.
    async fn save_plan(&self, before: &Revision, after: &StoredPlan, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>>;

    /// Those that are open, oldest first: where a restarted server goes on.
    async fn open_plans(&self) -> Result<Vec<StoredPlan>>;

    // --- overdue ---

    /// Nodes that were told to be overdue, and since when each was.
    async fn told_overdue(&self) -> Result<Vec<(NodeId, Timestamp)>>;

    /// Writes that a node is overdue since `at`. `None`, and nothing is written: that was told before.
    async fn tell_overdue(&self, node: &NodeId, at: Timestamp, entry: &NewActivity) -> Result<Option<Vec<ActivityEntry>>>;

    // --- public links ---

    /// Keeps a public link with its activity, unless its node has `limit` links that work at `created_at`: then `None`, and
    /// nothing is kept.
    async fn create_share_link(&self, link: &StoredShareLink, limit: u32, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>>;

    /// The links of a node that work at `now`, newest first.
    async fn share_links(&self, node: &NodeId, now: Timestamp) -> Result<Vec<StoredShareLink>>;

    /// The link with this hash, if it works at `now`.
    async fn share_link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredShareLink>>;

    /// The links that work at `now` and end when their node is activated.
    async fn share_links_until_activated(&self, now: Timestamp) -> Result<Vec<StoredShareLink>>;

    /// Ends a link before its time, with its activity. `None`, and nothing is written: it is not there, or has ended.
    async fn end_share_link(&self, id: &str, at: Timestamp, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>>;

    // --- housekeeping ---

    /// Removes what is past its time; see [`Prune`]. Gives back how many rows went. Goes in small steps and lets whoever waits to write go first;
    /// one that is interrupted leaves the rest to the next.
    async fn prune(&self, prune: &Prune) -> Result<u64>;

    /// Ends for good what has expired by `now` (sessions, sign-in codes, tokens, public links), so that it stays expired when a clock is set back.
    /// Gives back how many ended.
    async fn end_expired(&self, now: Timestamp) -> Result<u64>;

    /// The time that was noted last. `None`: never.
    async fn latest_time(&self) -> Result<Option<Timestamp>>;

    /// Notes the time, so that the next start knows how far the clock has moved since.
    async fn note_time(&self, now: Timestamp) -> Result<()>;

    /// Writes something small and reads it back: an `Err` says why the store cannot keep anything now.
    async fn check_writable(&self) -> Result<()>;

    /// Writes a consistent copy to `to` while the store is in use. Refuses to overwrite a file.
    async fn backup(&self, to: &Path) -> Result<()>;
}
