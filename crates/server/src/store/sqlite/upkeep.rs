//! Housekeeping: pruning, whether it can be written, backups.

use std::{ffi::OsString, fs::File, path::Path, time::Duration};

use pitlane_api::Timestamp;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::{
    SqliteStore,
    convert::{nanos, time},
    open::create_private,
    operations::oldest_key,
    steps::Pace,
};
use crate::store::{Error, Prune, Result};

/// Pages that wait in the log at most while upkeep goes on: 64 MiB.
const LOG_PAGES_AT_MOST: u64 = 16_384;
/// Steps after which the log is copied into the database.
const COPY_EVERY: u32 = 10;

/// Rows that are removed by their time, oldest first, along an index: is there any, and remove some.
struct ByTime {
    any: &'static str,
    remove: &'static str,
}

/// A table that is walked along its key, a stretch at a time, since what is past its time may lie anywhere in it: where a stretch ends, is there
/// anything to remove in it, and remove that.
struct Walked {
    stretch: &'static str,
    any: &'static str,
    remove: &'static str,
}

macro_rules! by_time {
    ($table:literal, $key:literal, $time:literal, $past:literal) => {
        ByTime {
            any: concat!("SELECT EXISTS (SELECT 1 FROM ", $table, " WHERE ", $time, $past, "?)"),
            remove: concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $time,
                $past,
                "? ORDER BY ",
                $time,
                " LIMIT ?)"
            ),
        }
    };
}

macro_rules! walked {
    ($table:literal, $key:literal, $where:literal) => {
        Walked {
            stretch: concat!("SELECT max(k) FROM (SELECT ", $key, " AS k FROM ", $table, " WHERE ", $key, " > ? ORDER BY ", $key, " LIMIT ?)"),
            any: concat!("SELECT EXISTS (SELECT 1 FROM ", $table, " AS t WHERE ", $key, " > ? AND ", $key, " <= ? AND ", $where, ")"),
            remove: concat!("DELETE FROM ", $table, " AS t WHERE ", $key, " > ? AND ", $key, " <= ? AND ", $where),
        }
    };
}

const SAMPLES: ByTime = by_time!("samples", "node_id, at", "at", " < ");
const ACTIVITY: ByTime = by_time!("activity", "id", "at", " < ");
const KEYS: ByTime = by_time!("idempotency", "actor, route, key", "created_at", " <= ");
const ENROLMENT_TOKENS: ByTime = by_time!("enrolment_tokens", "id", "expires_at", " <= ");
const OPERATIONS: Walked = walked!(
    "operations",
    "seq",
    "finished = 1 AND updated_at < ? AND EXISTS (SELECT 1 FROM operations later WHERE later.node_id = t.node_id AND later.seq > t.seq)"
);
const BULKS: Walked = walked!("bulk_operations", "seq", "finished = 1 AND updated_at < ?");
const PLANS: Walked = walked!("planned_drains", "seq", "open = 0 AND updated_at < ?");
const LINKS: Walked = walked!("share_links", "seq", "(expires_at <= ? OR ended_at IS NOT NULL)");

/// Removes what is past its time, in steps; see [`super::steps`]. One that is interrupted left whole rows only, and the next one goes on.
pub(super) async fn prune(store: &SqliteStore, prune: &Prune) -> Result<u64> {
    let (now, activity_before) = (nanos(prune.now), nanos(prune.activity_before));
    let mut gone = 0;
    for (table, before, pace) in [
        (&SAMPLES, nanos(prune.samples_before), &store.paces.old_samples),
        (&ACTIVITY, activity_before, &store.paces.old_activity),
        (&KEYS, oldest_key(prune.now), &store.paces.old_keys),
        (&ENROLMENT_TOKENS, now, &store.paces.expired),
    ] {
        gone += remove_oldest(store, table, before, pace).await?;
    }
    for (table, before, pace) in [
        (&OPERATIONS, activity_before, &store.paces.old_operations),
        (&BULKS, activity_before, &store.paces.old_bulks),
        (&PLANS, activity_before, &store.paces.old_plans),
        (&LINKS, now, &store.paces.expired),
    ] {
        gone += remove_along(store, table, before, pace).await?;
    }
    gone += remove_expired(store, now).await?;
    store.copy_log().await?;
    Ok(gone)
}

async fn any(store: &SqliteStore, table: &ByTime, before: i64) -> Result<bool> {
    Ok(sqlx::query_scalar(table.any).bind(before).fetch_one(&store.readers).await?)
}

async fn remove_oldest(store: &SqliteStore, table: &ByTime, before: i64, pace: &Pace) -> Result<u64> {
    let mut gone = 0;
    // A look by a reader costs nobody anything.
    if !any(store, table, before).await? {
        return Ok(gone);
    }
    for number in 1_u32.. {
        let rows = pace.rows();
        let mut step = store.step().await?;
        let removed = sqlx::query(table.remove).bind(before).bind(rows).execute(step.connection()).await?.rows_affected();
        step.done(pace, rows.min(u32::try_from(removed).unwrap_or(rows))).await?;
        gone += removed;
        if removed < u64::from(rows) {
            break;
        }
        if number.is_multiple_of(COPY_EVERY) {
            shorten_log(store).await?;
        }
    }
    Ok(gone)
}

async fn remove_along(store: &SqliteStore, table: &Walked, before: i64, pace: &Pace) -> Result<u64> {
    let (mut gone, mut from) = (0, 0_i64);
    for number in 1_u32.. {
        let rows = pace.rows();
        let upto: Option<i64> = sqlx::query_scalar(table.stretch).bind(from).bind(rows).fetch_one(&store.readers).await?;
        let Some(upto) = upto else { break };
        let any: bool = sqlx::query_scalar(table.any).bind(from).bind(upto).bind(before).fetch_one(&store.readers).await?;
        if any {
            let mut step = store.step().await?;
            gone += sqlx::query(table.remove).bind(from).bind(upto).bind(before).execute(step.connection()).await?.rows_affected();
            step.done(pace, rows).await?;
            if number.is_multiple_of(COPY_EVERY) {
                shorten_log(store).await?;
            }
        }
        from = upto;
    }
    Ok(gone)
}

/// Copies the log into the database. Where a long look, such as a backup, keeps it from being used anew, upkeep waits and lets it grow no more.
async fn shorten_log(store: &SqliteStore) -> Result<()> {
    while store.copy_log().await? > LOG_PAGES_AT_MOST {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// What ends at a time of its own: whether any of it is past that at a moment, and the statements that end it for good.
const ANY_EXPIRED: &str = "SELECT EXISTS (SELECT 1 FROM sessions WHERE expires_at <= ?1) \
     OR EXISTS (SELECT 1 FROM sign_in_codes WHERE expires_at <= ?1) \
     OR EXISTS (SELECT 1 FROM enrolment_tokens WHERE expires_at > 0 AND expires_at <= ?1) \
     OR EXISTS (SELECT 1 FROM share_links WHERE ended_at IS NULL AND expires_at <= ?1) \
     OR EXISTS (SELECT 1 FROM api_tokens WHERE revoked_at IS NULL AND expires_at <= ?1)";
const EXPIRE: [&str; 5] = [
    "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    "DELETE FROM sign_in_codes WHERE hash IN (SELECT hash FROM sign_in_codes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    // Kept until it is pruned, so that whoever comes with it is told what is the matter with it.
    "UPDATE enrolment_tokens SET expires_at = 0 WHERE id IN \
     (SELECT id FROM enrolment_tokens WHERE expires_at > 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?)",
    "UPDATE share_links SET ended_at = expires_at WHERE seq IN \
     (SELECT seq FROM share_links WHERE ended_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)",
    "UPDATE api_tokens SET revoked_at = expires_at WHERE seq IN \
     (SELECT seq FROM api_tokens WHERE revoked_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)",
];

/// Ends for good what has expired by `now`, so that it stays expired whatever the clock says later.
pub(super) async fn end_expired(store: &SqliteStore, now: Timestamp) -> Result<u64> {
    let now = nanos(now);
    let any: bool = sqlx::query_scalar(ANY_EXPIRED).bind(now).fetch_one(&store.readers).await?;
    if any { remove_expired(store, now).await } else { Ok(0) }
}

async fn remove_expired(store: &SqliteStore, now: i64) -> Result<u64> {
    let pace = &store.paces.expired;
    let mut ended = 0;
    for statement in EXPIRE {
        loop {
            let rows = pace.rows();
            let mut step = store.step().await?;
            let some = sqlx::query(statement).bind(now).bind(rows).execute(step.connection()).await?.rows_affected();
            step.done(pace, u32::try_from(some).unwrap_or(rows)).await?;
            ended += some;
            if some < u64::from(rows) {
                break;
            }
        }
    }
    Ok(ended)
}

/// The latest time that a server noted here.
pub(super) async fn latest_time(store: &SqliteStore) -> Result<Option<Timestamp>> {
    let kept: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'latest_time'").fetch_optional(&store.readers).await?;
    // What cannot be read was not noted, as far as anybody knows.
    kept.and_then(|text| text.parse().ok()).map(time).transpose()
}

/// Notes the time, for the next start.
pub(super) async fn note_time(store: &SqliteStore, now: Timestamp) -> Result<()> {
    let mut step = store.step().await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('latest_time', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(nanos(now).to_string())
        .execute(step.connection())
        .await?;
    step.done(&store.paces.expired, 1).await
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
    // Nobody else may read it, from its first byte on; SQLite takes a file that is empty.
    create_private(partial)?;
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
    file.sync_all().map_err(|error| io(partial, error))?;
    // A hard link fails where the name has been taken meanwhile; a rename would overwrite it.
    std::fs::hard_link(partial, to).map_err(|error| io(to, error))?;
    std::fs::remove_file(partial).map_err(|error| io(partial, error))
}
