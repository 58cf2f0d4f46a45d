//! Opening: is it ours, is it readable by this version, bring it up to date.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    Connection, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    BUSY_TIMEOUT, SqliteStore,
    holder::holder,
    look::{Found, beside, look},
    steps::Steps,
};
use crate::store::{Error, Result};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// `PRAGMA application_id` of Pitlane's files: "PTLN".
pub(super) const APPLICATION_ID: i64 = 0x5054_4c4e;
/// Pages in the log at which a commit copies them into the file itself, which takes time that a person waits for: far above what
/// [`SqliteStore::checkpoint`] leaves there, so that it is upkeep's work and no commit's.
const LOG_PAGES: &str = "10000";
/// The log's file is cut back to so many bytes once everything in it is in the database.
const LOG_KEPT_BYTES: &str = "16777216";
/// A wait is said again this often.
const SAY_EVERY: Duration = Duration::from_secs(15);

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
    /// [`Error::Empty`], [`Error::Foreign`], [`Error::ForeignLog`], [`Error::Newer`] and [`Error::OlderInUse`] leave the file as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path.as_ref(), BUSY_TIMEOUT).await
    }

    /// As [`SqliteStore::open`], but waits up to `patience` while another process keeps the database busy; `say` is told now and then what is
    /// waited for, in a sentence.
    ///
    /// # Errors
    /// As with [`SqliteStore::open`], and [`Error::Busy`] once `patience` has gone by.
    pub async fn open_patiently(path: impl AsRef<Path>, patience: Duration, say: impl FnMut(String)) -> Result<Self> {
        let path = path.as_ref();
        patiently(path, patience, say, || Self::open_with(path, BUSY_TIMEOUT)).await
    }

    pub(super) async fn open_with(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let _turn = turn(path, busy_timeout).await?;
        let older = match look(path, busy_timeout).await? {
            Found::Ours { older } => older,
            Found::Nothing => {
                create(path, &MIGRATIONS).await?;
                false
            }
        };
        let options = options(path).busy_timeout(busy_timeout).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let durable = options.pragma("wal_autocheckpoint", LOG_PAGES).pragma("journal_size_limit", LOG_KEPT_BYTES);
        let wait = busy_timeout * 2;
        let writer = pool(1, wait).connect_with(durable.clone()).await?;
        if older {
            // A server of an older version would go on with tables it does not know.
            let _claim = claim(path).map_err(|error| match error {
                Error::InUse(path) => Error::OlderInUse(path),
                error => error,
            })?;
            migrate(&mut *writer.acquire().await?, &MIGRATIONS).await?;
        }
        let upkeep = pool(1, wait).connect_with(durable.clone().busy_timeout(Duration::ZERO)).await?;
        let readers = pool(4, wait).connect_with(durable.pragma("query_only", "on")).await?;
        Ok(Self { path: path.to_owned(), writer, readers, steps: Steps::new(upkeep), paces: std::sync::Arc::default() })
    }

    /// Looks at what lies at `path` without opening it for writing.
    ///
    /// # Errors
    /// As with [`SqliteStore::open`].
    pub async fn look_at(path: impl AsRef<Path>) -> Result<Found> {
        look(path.as_ref(), BUSY_TIMEOUT).await
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
        claim(&self.path)
    }

    /// Writes what is in the log back into the file and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.steps.close().await;
        self.writer.close().await;
    }
}

/// Does `work` again as long as another process keeps the database at `path` busy, but at most for `patience`; `say` is told now and then what
/// is waited for.
///
/// # Errors
/// What `work` failed with last.
pub async fn patiently<T, F: Future<Output = Result<T>>>(
    path: &Path,
    patience: Duration,
    mut say: impl FnMut(String),
    mut work: impl FnMut() -> F,
) -> Result<T> {
    let begun = Instant::now();
    let mut said: Option<Instant> = None;
    loop {
        let error = match work().await {
            Err(error) if error.is_transient() && begun.elapsed() < patience => error,
            done => return done,
        };
        if said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            said = Some(Instant::now());
            let by = holder(path).map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
            say(format!(
                "{} is busy: waiting until {by} has finished writing to it, for at most {} s ({error})",
                path.display(),
                patience.saturating_sub(begun.elapsed()).as_secs()
            ));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Brings the schema up to date.
async fn migrate(connection: &mut SqliteConnection, migrations: &Migrator) -> Result<()> {
    // What `Migrator::run` calls: with that itself the compiler cannot tell that opening may move between threads.
    migrations.run_direct(None, connection, false).await.map_err(|error| Error::from(sqlx::Error::from(error)))
}

fn claim(path: &Path) -> Result<ServeLock> {
    let name = beside(path, ".lock");
    let io = |error: std::io::Error| Error::Io(format!("{}: {error}", name.display()));
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(ServeLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// One opening of a new store at a time: two that create tables at once get into each other's way. The lock is on the
/// folder, so that no file is left behind, and ends with the handle.
async fn turn(path: &Path, wait: Duration) -> Result<Option<File>> {
    let folder = folder_of(path);
    let io = |error: std::io::Error| Error::Io(format!("{}: {error}", folder.display()));
    let handle = File::open(&folder).map_err(io)?;
    let begun = Instant::now();
    loop {
        match handle.try_lock() {
            Ok(()) => return Ok(Some(handle)),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= wait => return Err(Error::Busy("another process is opening it".into())),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(10)).await,
            // Some file systems know no locks; then it is as if nobody else were there.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
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

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false)
}

/// Makes a new database with its schema. It is made under another name and gets its own once it is whole and on the disk, so that whatever bears
/// the name is a database: a first start that is killed leaves nothing that the next one could take for a damaged one.
async fn create(path: &Path, migrations: &Migrator) -> Result<()> {
    let fresh = beside(path, ".new");
    for ending in ["", "-journal", "-wal", "-shm"] {
        let left = beside(&fresh, ending);
        match std::fs::remove_file(&left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(from_io(&left, &error)),
            _ => {}
        }
    }
    create_private(&fresh)?;
    // Nobody else knows this name, and nothing of it counts before it is whole: there is nothing that a journal could save.
    let options = options(&fresh).journal_mode(SqliteJournalMode::Memory).synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    // 0x50544c4e; a pragma takes no parameters.
    sqlx::query("PRAGMA application_id = 1347701838").execute(&mut connection).await?;
    migrate(&mut connection, migrations).await?;
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
    connection.close().await?;
    File::open(&fresh).and_then(|file| file.sync_all()).map_err(|error| from_io(&fresh, &error))?;
    std::fs::rename(&fresh, path).map_err(|error| from_io(path, &error))?;
    // The name is on the disk with its folder. Some file systems know no such thing; then it is there sooner or later.
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Makes the file readable by its owner only; SQLite gives the log the same rights.
pub(super) fn create_private(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| from_io(path, &error))
}

fn from_io(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let words = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::ReadOnly(words),
        ErrorKind::StorageFull => Error::Full(words),
        _ => Error::Io(words),
    }
}

/// An empty database of an older version of Pitlane: with those migrations only that `wanted` picks by their number.
#[cfg(test)]
pub(super) async fn up_to(path: &Path, wanted: impl Fn(i64) -> bool) {
    let older = MIGRATIONS.iter().filter(|migration| wanted(migration.version)).cloned().collect::<Vec<_>>();
    create(path, &Migrator { migrations: older.into(), ..Migrator::DEFAULT }).await.unwrap();
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pragma_spells_the_application_id() {
        assert_eq!(super::APPLICATION_ID, 1_347_701_838);
    }
}
