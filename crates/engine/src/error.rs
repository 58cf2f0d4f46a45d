//! The error of a driver: its variants are what the caller can do about it.

use std::time::Duration;

use pitlane_api::Words;

/// What a driver gives back.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the engine did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The engine does not answer, is overloaded, or has no leader: keep what is known, try again later.
    #[error("{message}")]
    Unreachable {
        /// For a person.
        message: Words,
        /// When the engine asked to be left alone until.
        retry_after: Option<Duration>,
    },
    /// The node is no longer what the caller expected: read it again and decide again.
    #[error("the node was changed at the engine meanwhile")]
    Conflict,
    /// There is no such node.
    #[error("the engine has no node {0}")]
    NotFound(String),
    /// The engine refuses: a right is missing, the credentials expired. Another try does not help by itself.
    #[error("{0}")]
    Refused(Words),
    /// The driver itself failed at this call: it panicked. A fault of Pitlane's own, that the log has; another try may succeed.
    #[error("the driver of the engine failed: {0}")]
    Failed(String),
    /// This engine cannot do that.
    #[error("this engine does not offer {0}")]
    Unsupported(&'static str),
}

impl Error {
    /// The engine does not answer, and says nothing about when it will.
    pub fn unreachable(message: Words) -> Self {
        Self::Unreachable { message, retry_after: None }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Conflict | Self::Failed(_))
    }
}
