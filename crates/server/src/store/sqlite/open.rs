//! Opening: is it ours, is it readable by this version, bring it up to date.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Connection, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{BUSY_TIMEOUT, SqliteStore};
use crate::store::{Error, Result};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// `PRAGMA application_id` of Pitlane's files: "PTLN".
const APPLICATION_ID: i64 = 0x5054_4c4e;

/// Held by the one server that works on a store; let go when dropped, or by the kernel when the process ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl SqliteStore {
    /// Opens the store at `path`, making the file if there is none and bringing its schema up to date. The folder must
    /// exist.
    ///
    /// # Errors
    /// [`Error::Foreign`] and [`Error::Newer`] leave the file as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path.as_ref(), BUSY_TIMEOUT).await
    }

    pub(super) async fn open_with(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let _turn = turn(path).await?;
        create_private(path)?;
        let options = options(path, busy_timeout);
        let mut first = SqliteConnection::connect_with(&options).await?;
        check_ours(&mut first, path).await?;
        check_not_newer(&mut first).await?;
        first.close().await?;

        let durable = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let wait = busy_timeout * 2;
        let writer = pool(1, wait).connect_with(durable.clone()).await?;
        MIGRATIONS.run(&writer).await.map_err(|error| Error::from(sqlx::Error::from(error)))?;
        let readers = pool(4, wait).connect_with(durable.pragma("query_only", "on")).await?;
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Claims the store for one server: two of them would carry out every operation twice. Commands that only look
    /// or add a token need no claim.
    ///
    /// # Errors
    /// [`Error::InUse`] where another server has it.
    pub fn claim(&self) -> Result<ServeLock> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let io = |error: std::io::Error| Error::Io(format!("{}: {error}", path.display()));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(self.path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Writes what is in the log back into the file and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// One opening of a new store at a time: two that create tables at once get into each other's way. The lock is on the
/// folder, so that no file is left behind, and ends with the handle.
async fn turn(path: &Path) -> Result<Option<File>> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let locked = tokio::task::spawn_blocking(move || {
        let handle = File::open(&folder).map_err(|error| Error::Io(format!("{}: {error}", folder.display())))?;
        match handle.lock() {
            Ok(()) => Ok(Some(handle)),
            // Some file systems know no locks; then it is as if nobody else were there.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(Error::Io(format!("{}: {error}", folder.display()))),
        }
    });
    locked.await.map_err(|error| Error::Other(error.to_string()))?
}

fn pool(connections: u32, wait: Duration) -> SqlitePoolOptions {
    // Nothing is gained by closing a connection to a file and opening it again, but for one case: on a full disk SQLite
    // ends the transaction by itself, and the connection goes on believing that it is in one.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(wait)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

fn options(path: &Path, busy_timeout: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).busy_timeout(busy_timeout)
}

/// Makes the file readable by its owner only; SQLite gives the log the same rights.
fn create_private(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied || error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
            Err(Error::ReadOnly(format!("{}: {error}", path.display())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Err(Error::Full(format!("{}: {error}", path.display()))),
        Err(error) => Err(Error::Io(format!("{}: {error}", path.display()))),
    }
}

async fn check_ours(connection: &mut SqliteConnection, path: &Path) -> Result<()> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master").fetch_one(&mut *connection).await?;
    if id != 0 || tables != 0 {
        return Err(Error::Foreign(path.display().to_string()));
    }
    // 0x50544c4e; a pragma takes no parameters.
    sqlx::query("PRAGMA application_id = 1347701838").execute(connection).await?;
    Ok(())
}

async fn check_not_newer(connection: &mut SqliteConnection) -> Result<()> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let has_any: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'").fetch_one(&mut *connection).await?;
    if has_any == 0 {
        return Ok(());
    }
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(connection).await?;
    if found > known { Err(Error::Newer { found, known }) } else { Ok(()) }
}

/// An empty database of an older version of Pitlane: with those migrations only that `wanted` picks by their number.
#[cfg(test)]
pub(super) async fn up_to(path: &Path, wanted: impl Fn(i64) -> bool) {
    let mut connection = SqliteConnection::connect_with(&options(path, BUSY_TIMEOUT)).await.unwrap();
    check_ours(&mut connection, path).await.unwrap();
    let older = MIGRATIONS.iter().filter(|migration| wanted(migration.version)).cloned().collect::<Vec<_>>();
    Migrator { migrations: older.into(), ..Migrator::DEFAULT }.run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pragma_spells_the_application_id() {
        assert_eq!(super::APPLICATION_ID, 1_347_701_838);
    }
}
