//! What goes into a store and comes out of it, beside the types of the contract.

use pitlane_api::{
    ActivityEntry, ActivityKind, ActorKind, BulkItemState, BulkOperation, NodeId, Operation, OperationId, PlannedDrain, Revision, Role, ShareLink,
    Timestamp, Words,
};

use super::SecretHash;

/// An entry of the activity log before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewActivity {
    /// By the server's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: ActivityKind,
    /// Who acted.
    pub actor_kind: ActorKind,
    /// Their name.
    pub actor: Option<String>,
    /// Where the request came from.
    pub origin: Option<String>,
    /// The node.
    pub node_id: Option<NodeId>,
    /// Its name at that time.
    pub node_name: Option<String>,
    /// The operation.
    pub operation_id: Option<OperationId>,
    /// One sentence for a person, without the actor's name.
    pub message: Words,
    /// The reason that was given.
    pub reason: Option<String>,
}

impl NewActivity {
    /// An entry by Pitlane itself about nothing in particular; fill in the rest.
    pub fn by_system(at: Timestamp, kind: ActivityKind, message: Words) -> Self {
        Self {
            at,
            kind,
            actor_kind: ActorKind::System,
            actor: None,
            origin: None,
            node_id: None,
            node_name: None,
            operation_id: None,
            message,
            reason: None,
        }
    }

    /// The entry under this id.
    pub fn with_id(&self, id: i64) -> ActivityEntry {
        ActivityEntry {
            id,
            at: self.at,
            kind: self.kind,
            actor_kind: self.actor_kind,
            actor: self.actor.clone(),
            origin: self.origin.clone(),
            node_id: self.node_id.clone(),
            node_name: self.node_name.clone(),
            operation_id: self.operation_id.clone(),
            message: self.message.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Which entries of the activity log. What is empty does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityQuery {
    /// Only of this node.
    pub node: Option<NodeId>,
    /// Only by whoever has this name.
    pub actor: Option<String>,
    /// Only of these kinds.
    pub kinds: Vec<ActivityKind>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Only older than the entry with this id.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// A request that may be repeated: one effect, one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// As the client sent it.
    pub key: String,
    /// Who sent it; keys of different people never meet.
    pub actor: String,
    /// Method and path.
    pub route: String,
    /// Hash of the body; the same key with another body is a mistake of the client's.
    pub body_hash: SecretHash,
}

/// An operation to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptance {
    /// The operation, not finished.
    pub operation: Operation,
    /// Its entries in the activity log.
    pub activity: Vec<NewActivity>,
    /// The request's key.
    pub idempotency: Option<IdempotencyKey>,
    /// The unfinished operation of the same node that this one ends (Activate aborts a pending drain): as it was
    /// read, and as it shall be, finished.
    pub supersedes: Option<(Operation, Operation)>,
    /// The planned drain of the same node that this operation begins or makes needless: the revision it was read at, and
    /// the plan as it shall be, ended. If it has moved on, nothing is kept.
    pub ends_plan: Option<(Revision, PlannedDrain)>,
}

/// What became of an acceptance.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// Kept; these are its entries in the activity log.
    Stored(Vec<ActivityEntry>),
    /// The key was used before with the same body: this is what it led to, as it stands now. Nothing was kept.
    Replayed(Box<Operation>),
    /// The key was used before with another body. Nothing was kept.
    Mismatch,
    /// The node has another operation that is not finished, or the one to be ended has moved on. Nothing was kept.
    Unfinished(Box<Operation>),
    /// The planned drain that was to be ended has moved on. Nothing was kept.
    PlanMoved,
}

/// What a key led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Replay {
    /// The key is new.
    New,
    /// It led to this operation, as it stands now.
    Replayed(Box<Operation>),
    /// It was used with another body.
    Mismatch,
}

/// An enrolment token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentToken {
    /// Names it in lists and logs.
    pub id: String,
    /// Its secret, hashed.
    pub hash: SecretHash,
    /// May be used many times until it expires.
    pub multi_use: bool,
    /// An admin allowed it to take a node over from the agent that has it.
    pub allow_replace: bool,
    /// Only for this node.
    pub engine_node_id: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// Made.
    pub created_at: Timestamp,
    /// Not valid from then on.
    pub expires_at: Timestamp,
    /// First used.
    pub used_at: Option<Timestamp>,
}

/// An agent that enrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The token it came with.
    pub enrolment_token: SecretHash,
    /// The node.
    pub node_id: NodeId,
    /// The node's id at its engine.
    pub engine_node_id: String,
    /// The machine.
    pub machine_id: String,
    /// The agent's own token from now on.
    pub agent_token: SecretHash,
    /// By the server's clock.
    pub at: Timestamp,
    /// Take the node over from the agent that has it.
    pub replace: bool,
    /// Written together with it.
    pub activity: Vec<NewActivity>,
}

/// What became of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrolled {
    /// Kept; these are its entries in the activity log.
    Done(Vec<ActivityEntry>),
    /// No such token, or it has expired.
    TokenInvalid,
    /// The single-use token is spent.
    TokenSpent,
    /// The token is bound to another node.
    TokenForAnotherNode,
    /// Another agent has this node; taking it over needs an admin.
    Claimed(Box<Agent>),
}

/// An agent that is bound to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The node.
    pub node_id: NodeId,
    /// The node's id at its engine.
    pub engine_node_id: String,
    /// The machine.
    pub machine_id: String,
    /// The agent's own token, hashed.
    pub token: SecretHash,
    /// Enrolled first.
    pub created_at: Timestamp,
    /// Enrolled last.
    pub updated_at: Timestamp,
    /// First clean heartbeat ever.
    pub confirmed_at: Option<Timestamp>,
    /// The last report that was kept, as JSON; the store does not read it.
    pub last_report: Option<String>,
    /// When it arrived.
    pub last_report_at: Option<Timestamp>,
}

/// A report to keep across restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// The node.
    pub node_id: NodeId,
    /// JSON; the store does not read it.
    pub report: String,
    /// When it arrived.
    pub at: Timestamp,
}

/// A token of a person or script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Names it in lists and logs.
    pub id: String,
    /// Its secret, hashed.
    pub hash: SecretHash,
    /// Whose it is, or what it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Made.
    pub created_at: Timestamp,
    /// Not valid from then on.
    pub expires_at: Option<Timestamp>,
    /// Not valid since.
    pub revoked_at: Option<Timestamp>,
    /// Last noted use.
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether it may be used at `now`.
    pub fn usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Names it in lists and logs. Not its secret.
    pub id: String,
    /// The cookie's value, hashed.
    pub hash: SecretHash,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The token they signed in with; revoking it ends the session. `None`: a sign-in link.
    pub token_id: Option<String>,
    /// The address they signed in from, where it is known.
    pub origin: Option<String>,
    /// The browser they signed in with, where it is known; bounded and without control characters.
    pub browser: Option<String>,
    /// Signed in.
    pub created_at: Timestamp,
    /// Last noted use, where it is known.
    pub last_used_at: Option<Timestamp>,
    /// Must sign in again from then on.
    pub expires_at: Timestamp,
}

impl StoredSession {
    /// Whose it is.
    pub fn owner(&self) -> SessionOwner {
        SessionOwner::of(&self.name, self.token_id.clone())
    }
}

/// Whose a session is. A name alone is nobody: anybody's token may bear it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SessionOwner {
    /// Whoever holds the token with this id.
    Token(String),
    /// Whoever signs in by links that were made for this name.
    Links(String),
}

impl SessionOwner {
    /// Of a session of this name that was opened with this token or, without one, by a link.
    pub fn of(name: &str, token_id: Option<String>) -> Self {
        token_id.map_or_else(|| Self::Links(name.to_owned()), Self::Token)
    }
}

/// Which sessions are meant: those of which everything that is given holds. The default means every session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// The one with this id.
    pub id: Option<String>,
    /// The one with this cookie.
    pub hash: Option<SecretHash>,
    /// Those of this owner.
    pub owner: Option<SessionOwner>,
    /// Those of this name, whoever they are.
    pub name: Option<String>,
    /// All but the one with this cookie.
    pub except: Option<SecretHash>,
    /// Those that are not expired at this time.
    pub open_at: Option<Timestamp>,
}

/// What somebody signs in with. It is looked up, and a code is spent, in the transaction that keeps the session: a token that is
/// revoked meanwhile opens none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProof {
    /// A one-time code.
    Code(SecretHash),
    /// A token.
    Token(SecretHash),
}

/// A session that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// See [`StoredSession::id`].
    pub id: String,
    /// The cookie's value, hashed.
    pub hash: SecretHash,
    /// Says who it is.
    pub proof: SignInProof,
    /// See [`StoredSession::origin`].
    pub origin: Option<String>,
    /// See [`StoredSession::browser`].
    pub browser: Option<String>,
    /// Now.
    pub at: Timestamp,
    /// When it ends at the latest; a token that expires earlier ends it earlier.
    pub until: Timestamp,
    /// Most sessions that one owner may have with this one. Those that were used longest ago make room.
    pub per_owner: u32,
    /// Most sessions of everybody together, in the same way.
    pub in_all: u32,
}

/// A session that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSession {
    /// The session.
    pub session: StoredSession,
    /// Those that made room for it.
    pub ended: Vec<StoredSession>,
    /// Its entries in the activity log.
    pub activity: Vec<ActivityEntry>,
}

/// The entries of sessions that are opened or ended, worded inside the transaction, where it is known which they are.
pub type SessionEntries<'a> = &'a (dyn Fn(&[StoredSession]) -> Vec<NewActivity> + Send + Sync);

/// A one-time code for signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInCode {
    /// The code, hashed.
    pub hash: SecretHash,
    /// The name of who signs in with it.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Not valid from then on.
    pub expires_at: Timestamp,
}

/// A public link with what is kept of its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredShareLink {
    /// As it is listed.
    pub link: ShareLink,
    /// Its secret, hashed.
    pub hash: SecretHash,
    /// Revoked, or served, before its time.
    pub ended_at: Option<Timestamp>,
}

/// A bulk operation, and who asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBulk {
    /// As it goes over the wire.
    pub bulk: BulkOperation,
    /// Who asked, as JSON; the store does not read it.
    pub actor: String,
}

/// A bulk operation in a line.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBulkHead {
    /// As it goes over the wire, without its items.
    pub bulk: BulkOperation,
    /// How many items are in which state.
    pub states: Vec<(BulkItemState, u32)>,
}

/// What became of a bulk operation that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum BulkAccepted {
    /// Kept; these are its entries in the activity log.
    Stored(Vec<ActivityEntry>),
    /// The key was used before with the same body: this is what it led to, as it stands now. Nothing was kept.
    Replayed(Box<BulkOperation>),
    /// The key was used before with another body. Nothing was kept.
    Mismatch,
}

/// A planned drain, and who asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPlan {
    /// As it goes over the wire.
    pub plan: PlannedDrain,
    /// Who asked, as JSON; the store does not read it.
    pub actor: String,
}

/// What became of a planned drain that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanAccepted {
    /// Kept; these are its entries in the activity log.
    Stored(Vec<ActivityEntry>),
    /// The key was used before with the same body: this is what it led to, as it stands now. Nothing was kept.
    Replayed(Box<PlannedDrain>),
    /// The key was used before with another body. Nothing was kept.
    Mismatch,
    /// The node has another one that is open. Nothing was kept.
    Open(Box<PlannedDrain>),
}

/// What is past its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// Sessions, codes, enrolment tokens, public links and idempotency keys that have expired by then are removed.
    pub now: Timestamp,
    /// Samples before this time.
    pub samples_before: Timestamp,
    /// Activity before this time, and operations that finished before it unless they are their node's last.
    pub activity_before: Timestamp,
}
