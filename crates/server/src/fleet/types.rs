//! What goes into the fleet's use cases beside the wire types, and what comes out when they do not succeed.

use std::time::Duration;

use pitlane_api::{ActorKind, Refusal, Revision, Role, Thresholds, Words, rules::FieldError, say};

use pitlane_supervisor::RestartPolicy;

use super::Clock;
use crate::store::{self, SecretHash};

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Their name, as the activity log keeps it.
    pub name: String,
    /// Person, token, …
    pub kind: ActorKind,
    /// What they may do. `http` has refused already what the route needs; only overrides are asked here.
    pub role: Role,
    /// Address the request came from.
    pub origin: Option<String>,
}

/// The `If-Match` of a change. `http` answers 428 where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`
    Any,
    /// The revision the person looked at.
    Is(Revision),
}

/// A request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// `Idempotency-Key` as the client sent it.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// Of the body.
    pub body_hash: SecretHash,
}

/// What comes with every change.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub actor: Actor,
    /// At which revision.
    pub if_match: IfMatch,
    /// Whether it may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// How long to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// After the first attempt; doubles from there.
    pub first: Duration,
    /// Never longer.
    pub max: Duration,
    /// Share by which each wait is shortened or lengthened at random, 0 to 1.
    pub jitter: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), max: Duration::from_secs(60), jitter: 0.2 }
    }
}

impl Backoff {
    /// The wait after `attempt` attempts; `random` is between 0 and 1.
    pub fn wait(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX)).min(self.max);
        doubled.mul_f64((1.0 + self.jitter * (2.0 * random - 1.0)).max(0.0))
    }
}

/// Settings of the fleet.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// The fleet's name.
    pub name: String,
    /// A production fleet carries a mark.
    pub production: bool,
    /// What is late, stale, bad and settled.
    pub thresholds: Thresholds,
    /// Between attempts of an operation.
    pub backoff: Backoff,
    /// Version of this server; agents behind it are asked to update.
    pub server_version: String,
    /// The machine id of the host this server runs on, to know its own node. The same string its agent enrols with.
    pub machine_id: Option<String>,
    /// Activity older than this is removed.
    pub keep_activity: Duration,
    /// When background tasks are started again, and from when on they count as failing.
    pub restarts: RestartPolicy,
    /// Tells the time.
    pub clock: Clock,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            name: "fleet".into(),
            production: false,
            thresholds: Thresholds::default(),
            backoff: Backoff::default(),
            server_version: env!("CARGO_PKG_VERSION").into(),
            machine_id: None,
            keep_activity: Duration::from_secs(90 * 24 * 3600),
            restarts: RestartPolicy::default(),
            clock: Clock::system(),
        }
    }
}

/// What the fleet gives back.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did not succeed: the variants are what the caller can do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is no such thing; for a person.
    #[error("{0}")]
    NotFound(Words),
    /// A rule refused it.
    #[error("{}", .0.message())]
    Refused(Refusal),
    /// A field is wrong.
    #[error("{message}")]
    Invalid {
        /// Its name on the wire.
        field: String,
        /// For a person.
        message: Words,
    },
    /// The idempotency key was used with another body.
    #[error("this Idempotency-Key was used before with another body")]
    IdempotencyMismatch,
    /// The engine does not answer. Nothing was stored.
    #[error("{message}")]
    EngineUnavailable {
        /// For a person.
        message: Words,
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// The engine refuses for good: a right is missing.
    #[error("{0}")]
    EngineRefused(Words),
    /// This engine cannot do that.
    #[error("{0}")]
    Unsupported(Words),
    /// The store cannot keep anything now. Nothing was changed, neither there nor at the engine.
    #[error("{message}")]
    StoreUnavailable {
        /// For a person.
        message: Words,
    },
    /// The token of an agent or of an enrolment is not valid; for a person.
    #[error("{0}")]
    Unauthorized(Words),
    /// Only a role above the actor's may do this; for a person.
    #[error("{0}")]
    Forbidden(Words),
    /// Another agent has this node; an admin has to allow the replacement.
    #[error("node {node_name} already has an agent: an admin must allow the replacement with a token made for it")]
    AlreadyClaimed {
        /// The node's name, or id where it has none yet.
        node_name: String,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// A mistake of ours, for the log.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// For a person.
    pub fn words(&self) -> Words {
        match self {
            Error::NotFound(words)
            | Error::EngineRefused(words)
            | Error::Unsupported(words)
            | Error::Unauthorized(words)
            | Error::Forbidden(words) => words.clone(),
            Error::Refused(refusal) => refusal.message(),
            Error::Invalid { message, .. } | Error::EngineUnavailable { message, .. } | Error::StoreUnavailable { message } => message.clone(),
            Error::IdempotencyMismatch => say!("This Idempotency-Key was used before with another body. Make a new key for a new wish."),
            Error::AlreadyClaimed { node_name } => {
                say!("Node {} already has an agent: an admin must allow the replacement with a token made for it.", node_name)
            }
            Error::ShuttingDown => say!("Pitlane is shutting down."),
            Error::Internal(_) => say!("Pitlane failed at this. Its log says more under the request's id."),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid { field: error.field.to_owned(), message: error.message }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Other(message) => Self::Internal(message),
            error => Self::StoreUnavailable { message: error.words() },
        }
    }
}

/// Says what an engine's error means for whoever asked for a change.
pub(super) fn from_engine(error: pitlane_engine::Error) -> Error {
    use pitlane_engine::Error as E;
    match error {
        E::Unreachable { message, retry_after } => Error::EngineUnavailable {
            message: say!("The engine does not answer: {}.", said(message)),
            retry_after_s: retry_after.map_or(5, |after| after.as_secs().max(1)),
        },
        E::Conflict => Error::EngineUnavailable { message: say!("The node keeps changing at the engine; try again."), retry_after_s: 1 },
        E::NotFound(node) => Error::NotFound(say!("The engine has no node {}.", node)),
        E::Refused(message) => Error::EngineRefused(sentence(message)),
        E::Failed(panic) => Error::Internal(format!("the driver of the engine panicked: {panic}")),
        E::Unsupported(what) => Error::Unsupported(say!("This engine does not offer {}.", what)),
    }
}

/// What a driver said, as a sentence among others.
fn sentence(words: Words) -> Words {
    if words.made_of().is_some() {
        return say!("The engine refuses: {}.", words);
    }
    let mut letters = words.trim_end_matches('.').chars();
    Words::plain(letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default())
}

/// What a driver said, within a sentence that has a full stop of its own.
fn said(words: Words) -> Words {
    if words.made_of().is_some() { words } else { Words::plain(words.trim_end_matches('.')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_jitters_around_it() {
        let backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60), jitter: 0.2 };
        let waits: Vec<u64> = [1, 2, 3, 7, 40, 4000].into_iter().map(|attempt| backoff.wait(attempt, 0.5).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 60, 60, 60]);
        assert_eq!(backoff.wait(1, 0.0), Duration::from_millis(800));
        assert_eq!(backoff.wait(1, 1.0), Duration::from_millis(1200));
    }
}
