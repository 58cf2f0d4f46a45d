//! What lies at a database's path, found out without changing anything there: nothing, a database of ours that this version reads, or
//! something that must not be opened, in words.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::open::{APPLICATION_ID, MIGRATIONS};
use crate::store::{Error, Result};

/// How a file begins that SQLite wrote; https://sqlite.org/fileformat.html
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes of the header.
const HEADER: usize = 100;
/// Without these tables nothing works, whichever version wrote the file.
const NEEDED: [&str; 5] = ["meta", "operations", "activity", "agents", "api_tokens"];

/// What may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No file: a first start makes one.
    Nothing,
    /// A database of ours.
    Ours {
        /// An older version wrote it: its schema has to be brought up to date first.
        older: bool,
    },
}

/// Looks at the file at `path`. Waits at most `busy_timeout` for a process that is writing its schema.
///
/// # Errors
/// [`Error::Empty`], [`Error::Foreign`], [`Error::Newer`], [`Error::Corrupt`] and [`Error::ForeignLog`] say why it must not be opened;
/// the file and its log are as they were.
pub(super) async fn look(path: &Path, busy_timeout: Duration) -> Result<Found> {
    let log_bytes = match std::fs::metadata(beside(path, "-wal")) {
        Ok(metadata) => Some(metadata.len()),
        Err(_) => None,
    };
    let Some(header) = header(path, log_bytes.unwrap_or(0))? else {
        return match log_bytes {
            // SQLite would take the log for that of the new file.
            Some(1..) => Err(Error::ForeignLog(format!("{} is missing, but its log {} is there", path.display(), beside(path, "-wal").display()))),
            _ => Ok(Found::Nothing),
        };
    };
    let application_id = i64::from(header.number(68));
    if application_id != APPLICATION_ID && application_id != 0 {
        return Err(Error::Foreign(path.display().to_string()));
    }
    // What is in the log has not reached the header yet, so a log has to be read as well. Without one nobody has the file open, and it is
    // read as it is: SQLite leaves no files beside it then.
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(log_bytes.is_none()).busy_timeout(busy_timeout);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let found = schema(&mut connection, path, application_id).await;
    connection.close().await?;
    found
}

async fn schema(connection: &mut SqliteConnection, path: &Path, application_id: i64) -> Result<Found> {
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut *connection).await?;
    if tables.is_empty() {
        return Err(Error::Empty(path.display().to_string()));
    }
    if application_id == 0 {
        return Err(Error::Foreign(path.display().to_string()));
    }
    let has = |name: &str| tables.iter().any(|table| table == name);
    if !has("_sqlx_migrations") {
        return Err(Error::Corrupt(format!("{}: the table of its schema's versions is missing", path.display())));
    }
    let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(connection).await?;
    let known = || MIGRATIONS.iter().map(|migration| migration.version);
    if let Some(found) = versions.iter().copied().filter(|version| known().all(|known| known != *version)).max() {
        return Err(Error::Newer { found, known: known().max().unwrap_or(0) });
    }
    if let Some(missing) = NEEDED.into_iter().find(|name| !has(name)) {
        return Err(Error::Corrupt(format!("{}: the table {missing} is missing", path.display())));
    }
    Ok(Found::Ours { older: known().any(|known| !versions.contains(&known)) })
}

struct Header([u8; HEADER]);

impl Header {
    /// Four bytes, the most significant first.
    fn number(&self, at: usize) -> u32 {
        self.0.iter().skip(at).take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
    }

    fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    /// Bytes the whole file must have; `None` where the header does not say.
    fn whole(&self) -> Option<u64> {
        let page = match (u64::from(self.byte(16)) << 8) | u64::from(self.byte(17)) {
            1 => 65_536,
            page => page,
        };
        // The count of pages is right only where these two agree.
        (self.number(24) == self.number(92)).then(|| page * u64::from(self.number(28)))
    }
}

/// Reads the file's header. `None`: there is no file. To be called before this process has it open through SQLite: by closing a file a process loses
/// its locks on it (https://sqlite.org/howtocorrupt.html, 2.2).
fn header(path: &Path, log_bytes: u64) -> Result<Option<Header>> {
    let io = |error: std::io::Error| Error::Io(format!("{}: {error}", path.display()));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(Error::Foreign(path.display().to_string()));
    }
    if metadata.len() == 0 {
        return Err(Error::Empty(path.display().to_string()));
    }
    let mut bytes = Vec::with_capacity(HEADER);
    file.by_ref().take(HEADER as u64).read_to_end(&mut bytes).map_err(io)?;
    if !bytes.starts_with(MAGIC.get(..bytes.len().min(MAGIC.len())).unwrap_or_default()) {
        return Err(Error::Corrupt(format!("{} is not an SQLite database", path.display())));
    }
    let cut_short = |whole: u64| Error::Corrupt(format!("{} is cut short: it has {} of {whole} bytes", path.display(), metadata.len()));
    let header = Header(bytes.try_into().map_err(|_| cut_short(HEADER as u64))?);
    // A log that is there may hold what the file lacks.
    if log_bytes == 0
        && let Some(whole) = header.whole()
        && metadata.len() < whole
    {
        return Err(cut_short(whole));
    }
    // 1: the file is not one that is written through a log, as backups are. Then the log beside it belongs to another.
    if header.byte(18) == 1 && log_bytes > 0 {
        return Err(Error::ForeignLog(format!("{} was put beside {}, the log of another database", path.display(), beside(path, "-wal").display())));
    }
    Ok(Some(header))
}

/// The file beside `path` whose name is the same with `ending` behind it.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    PathBuf::from(name)
}
