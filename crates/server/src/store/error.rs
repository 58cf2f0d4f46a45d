//! The error of a store: its variants are what the caller can do about it.

use pitlane_api::{Words, say};

/// What a store gives back.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the store did not do it. Nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Somebody else holds the lock. Try again shortly.
    #[error("the database is busy: another process is writing to it ({0})")]
    Busy(String),
    /// It can be read and not written. A person has to change a right or a mount.
    #[error("the database is read-only: check the rights of the data directory ({0})")]
    ReadOnly(String),
    /// No room. A person has to make some.
    #[error("the database is full: make room on the disk of the data directory ({0})")]
    Full(String),
    /// The disk or the file does not answer as it should.
    #[error("the database cannot be read or written: {0}")]
    Io(String),
    /// What is there is damaged. Restore a backup.
    #[error("the database is damaged: restore a backup made with `pitlane backup` ({0})")]
    Corrupt(String),
    /// A newer Pitlane wrote it.
    #[error(
        "the database was written by a newer version of Pitlane (schema {found}, this version knows {known}): start that version, or restore a backup"
    )]
    Newer {
        /// Schema version found.
        found: i64,
        /// Newest schema version this build knows.
        known: i64,
    },
    /// A server of an older version works on it, and this version would change its tables.
    #[error("a Pitlane server of an older version uses {0}: start this version of the server first, it brings the database up to date")]
    OlderInUse(String),
    /// A file without anything in it: not a first start, which makes its file whole or not at all.
    #[error(
        "{0} is empty: a disk that failed or a copy that was cut short leaves such a file, and a fleet that was kept there would be forgotten. \
         Restore a backup made with `pitlane backup`; to begin anew, remove the file"
    )]
    Empty(String),
    /// The log beside the file is not the file's own.
    #[error(
        "{0}: together they would be a damaged database. Put both files back as they were; or, if a backup was restored, \
         remove the files that end in -wal and -shm"
    )]
    ForeignLog(String),
    /// It is not a database of Pitlane's.
    #[error("{0} is not a database of Pitlane's: choose another data directory")]
    Foreign(String),
    /// Another server works on it.
    #[error("another Pitlane server uses {0}: stop it, or choose another data directory")]
    InUse(String),
    /// Anything else, for the log.
    #[error("the database failed: {0}")]
    Other(String),
}

impl Error {
    /// For a person.
    pub fn words(&self) -> Words {
        match self {
            Self::Busy(why) => say!("the database is busy: another process is writing to it ({})", why),
            Self::ReadOnly(why) => say!("the database is read-only: check the rights of the data directory ({})", why),
            Self::Full(why) => say!("the database is full: make room on the disk of the data directory ({})", why),
            Self::Io(why) => say!("the database cannot be read or written: {}", why),
            Self::Corrupt(why) => say!("the database is damaged: restore a backup made with `pitlane backup` ({})", why),
            Self::Newer { .. } | Self::OlderInUse(_) | Self::Empty(_) | Self::ForeignLog(_) | Self::Foreign(_) | Self::InUse(_) | Self::Other(_) => {
                say!("the database failed: {}", self.to_string())
            }
        }
    }

    /// Whether the same call may succeed shortly without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}
