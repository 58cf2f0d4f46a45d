//! Housekeeping: pruning, whether it can be written, backups.

use std::{ffi::OsString, fs::File, path::Path};

use pitlane_api::Timestamp;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::{SqliteStore, convert::nanos, operations::oldest_key};
use crate::store::{Error, Prune, Result};

pub(super) async fn prune(store: &SqliteStore, prune: &Prune) -> Result<u64> {
    let now = nanos(prune.now);
    let activity_before = nanos(prune.activity_before);
    let mut tx = store.begin().await?;
    let mut gone = 0;
    for (statement, limit) in [
        ("DELETE FROM samples WHERE at < ?", nanos(prune.samples_before)),
        ("DELETE FROM activity WHERE at < ?", activity_before),
        (
            "DELETE FROM operations WHERE finished = 1 AND updated_at < ? AND seq NOT IN (SELECT max(seq) FROM operations GROUP BY node_id)",
            activity_before,
        ),
        ("DELETE FROM bulk_operations WHERE finished = 1 AND updated_at < ?", activity_before),
        ("DELETE FROM planned_drains WHERE open = 0 AND updated_at < ?", activity_before),
        ("DELETE FROM idempotency WHERE created_at <= ?", oldest_key(prune.now)),
        ("DELETE FROM sessions WHERE expires_at <= ?", now),
        ("DELETE FROM sign_in_codes WHERE expires_at <= ?", now),
        ("DELETE FROM enrolment_tokens WHERE expires_at <= ?", now),
        ("DELETE FROM share_links WHERE expires_at <= ? OR ended_at IS NOT NULL", now),
    ] {
        gone += sqlx::query(statement).bind(limit).execute(&mut *tx).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(gone)
}

pub(super) async fn check_writable(store: &SqliteStore) -> Result<()> {
    let now = nanos(Timestamp::now()).to_string();
    let mut tx = store.begin().await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('checked_at', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(&now)
        .execute(&mut *tx)
        .await?;
    let kept: String = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'checked_at'").fetch_one(&mut *tx).await?;
    tx.commit().await?;
    if kept == now { Ok(()) } else { Err(Error::Corrupt("what was written is not what is read".into())) }
}

pub(super) async fn backup(store: &SqliteStore, to: &Path) -> Result<()> {
    let io = |what: &Path, error: std::io::Error| Error::Io(format!("{}: {error}", what.display()));
    // `VACUUM INTO` writes the copy under a name of its own first: what bears the final name is whole.
    let mut partial = OsString::from(to);
    partial.push(".partial");
    let partial = Path::new(&partial);
    let Some(name) = partial.to_str() else { return Err(Error::Io(format!("{}: the name is not UTF-8", to.display()))) };
    if to.try_exists().map_err(|error| io(to, error))? {
        return Err(Error::Io(format!("{} exists already, and a backup overwrites nothing", to.display())));
    }
    if partial.try_exists().map_err(|error| io(partial, error))? {
        std::fs::remove_file(partial).map_err(|error| io(partial, error))?;
    }
    // A connection of its own: a long copy must keep neither writers nor readers waiting.
    let mut connection = store.readers.connect_options().as_ref().clone().pragma("query_only", "off").connect().await?;
    let copied = sqlx::query(AssertSqlSafe(format!("VACUUM INTO '{}'", name.replace('\'', "''")))).execute(&mut connection).await;
    sqlx::Connection::close(connection).await?;
    if let Err(error) = copied {
        // What is left of the copy is of no use; that it may not be there is no news.
        drop(std::fs::remove_file(partial));
        return Err(error.into());
    }
    let file = File::options().write(true).open(partial).map_err(|error| io(partial, error))?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(|error| io(partial, error))?;
    file.sync_all().map_err(|error| io(partial, error))?;
    // A hard link fails where the name has been taken meanwhile; a rename would overwrite it.
    std::fs::hard_link(partial, to).map_err(|error| io(to, error))?;
    std::fs::remove_file(partial).map_err(|error| io(partial, error))
}
