//! Sessions: opened, looked up, listed, ended.

use pitlane_api::{ActivityEntry, Role, Timestamp};
use sqlx::{FromRow, QueryBuilder, Sqlite, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{hash, maybe_time, nanos, time},
    sign_in,
};
use crate::store::{NewSession, OpenedSession, Result, SecretHash, SessionEntries, SessionFilter, SessionOwner, SignInProof, StoredSession};

#[derive(FromRow)]
struct Row {
    id: String,
    hash: Vec<u8>,
    name: String,
    role: String,
    token_id: Option<String>,
    origin: Option<String>,
    browser: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: i64,
}

impl Row {
    fn read(self) -> Result<StoredSession> {
        Ok(StoredSession {
            id: self.id,
            hash: hash(&self.hash)?,
            name: self.name,
            role: Role::from_word(&self.role),
            token_id: self.token_id,
            origin: self.origin,
            browser: self.browser,
            created_at: time(self.created_at)?,
            last_used_at: maybe_time(self.last_used_at)?,
            expires_at: time(self.expires_at)?,
        })
    }
}

pub(super) async fn open(store: &SqliteStore, new: &NewSession, entries: SessionEntries<'_>) -> Result<Option<OpenedSession>> {
    // What is not known must not cost a turn of the one writer.
    let known = match &new.proof {
        SignInProof::Code(hash) => sign_in::has_code(store, hash).await?,
        SignInProof::Token(hash) => sign_in::token_by_hash(store, hash).await?.is_some_and(|token| token.usable(new.at)),
    };
    if !known {
        return Ok(None);
    }
    let mut tx = store.begin().await?;
    let Some(session) = proven(&mut tx, new).await? else {
        // An expired code stays spent whatever the clock says next.
        tx.commit().await?;
        return Ok(None);
    };
    insert(&mut tx, &session).await?;
    let ended = make_room(&mut tx, &session, new).await?;
    let concerned: Vec<StoredSession> = std::iter::once(&session).chain(&ended).cloned().collect();
    let activity = activity::insert(&mut tx, &entries(&concerned)).await?;
    tx.commit().await?;
    Ok(Some(OpenedSession { session, ended, activity }))
}

/// The session that a proof is good for. A code is spent by it.
async fn proven(connection: &mut SqliteConnection, new: &NewSession) -> Result<Option<StoredSession>> {
    let (name, role, token_id, end) = match &new.proof {
        SignInProof::Code(hash) => {
            let Some(code) = sign_in::spend_code(connection, hash, new.at).await? else { return Ok(None) };
            (code.name, code.role, None, None)
        }
        SignInProof::Token(hash) => {
            let Some(token) = sign_in::token_by_hash_in(connection, hash).await?.filter(|token| token.usable(new.at)) else { return Ok(None) };
            sqlx::query("UPDATE api_tokens SET last_used_at = ? WHERE id = ?").bind(nanos(new.at)).bind(&token.id).execute(connection).await?;
            (token.name, token.role, Some(token.id), token.expires_at)
        }
    };
    Ok(Some(StoredSession {
        id: new.id.clone(),
        hash: new.hash,
        name,
        role,
        token_id,
        origin: new.origin.clone(),
        browser: new.browser.clone(),
        created_at: new.at,
        last_used_at: Some(new.at),
        expires_at: end.map_or(new.until, |at| at.min(new.until)),
    }))
}

async fn insert(connection: &mut SqliteConnection, session: &StoredSession) -> Result<()> {
    sqlx::query(
        "INSERT INTO sessions (id, hash, name, role, token_id, origin, browser, created_at, last_used_at, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&session.id)
    .bind(session.hash.as_bytes())
    .bind(&session.name)
    .bind(session.role.as_str())
    .bind(&session.token_id)
    .bind(&session.origin)
    .bind(&session.browser)
    .bind(nanos(session.created_at))
    .bind(session.last_used_at.map(nanos))
    .bind(nanos(session.expires_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends what is over the bounds: of the owner first, then of everybody; the one just opened never.
async fn make_room(connection: &mut SqliteConnection, opened: &StoredSession, new: &NewSession) -> Result<Vec<StoredSession>> {
    let mut ended = Vec::new();
    for (owner, limit) in [(Some(opened.owner()), new.per_owner), (None, new.in_all)] {
        let filter = SessionFilter { owner, except: Some(opened.hash), ..SessionFilter::default() };
        let mut query = QueryBuilder::new("DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE ");
        condition(&mut query, &filter);
        query.push(" ORDER BY coalesce(last_used_at, created_at) DESC, created_at DESC LIMIT -1 OFFSET ");
        query.push_bind(i64::from(limit.saturating_sub(1)));
        query.push(") RETURNING *");
        let rows: Vec<Row> = query.build_query_as().fetch_all(&mut *connection).await?;
        for row in rows {
            ended.push(row.read()?);
        }
    }
    Ok(ended)
}

pub(super) async fn by_hash(store: &SqliteStore, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredSession>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM sessions WHERE hash = ? AND expires_at > ?")
        .bind(hash.as_bytes())
        .bind(nanos(now))
        .fetch_optional(&store.readers)
        .await?;
    row.map(Row::read).transpose()
}

/// What a filter means, as a condition.
fn condition(query: &mut QueryBuilder<Sqlite>, filter: &SessionFilter) {
    query.push("1 = 1");
    if let Some(id) = &filter.id {
        query.push(" AND id = ").push_bind(id.clone());
    }
    if let Some(hash) = &filter.hash {
        query.push(" AND hash = ").push_bind(hash.as_bytes().to_vec());
    }
    match &filter.owner {
        Some(SessionOwner::Token(id)) => {
            query.push(" AND token_id = ").push_bind(id.clone());
        }
        Some(SessionOwner::Links(name)) => {
            query.push(" AND token_id IS NULL AND name = ").push_bind(name.clone());
        }
        None => {}
    }
    if let Some(name) = &filter.name {
        query.push(" AND name = ").push_bind(name.clone());
    }
    if let Some(hash) = &filter.except {
        query.push(" AND hash <> ").push_bind(hash.as_bytes().to_vec());
    }
    if let Some(at) = filter.open_at {
        query.push(" AND expires_at > ").push_bind(nanos(at));
    }
}

pub(super) async fn list(store: &SqliteStore, filter: &SessionFilter) -> Result<Vec<StoredSession>> {
    let mut query = QueryBuilder::new("SELECT * FROM sessions WHERE ");
    condition(&mut query, filter);
    query.push(" ORDER BY created_at DESC, id");
    let rows: Vec<Row> = query.build_query_as().fetch_all(&store.readers).await?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) async fn touch(store: &SqliteStore, hash: &SecretHash, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE sessions SET last_used_at = ? WHERE hash = ?").bind(nanos(at)).bind(hash.as_bytes()).execute(&store.writer).await?;
    Ok(())
}

pub(super) async fn end(
    store: &SqliteStore,
    filter: &SessionFilter,
    entries: SessionEntries<'_>,
) -> Result<(Vec<StoredSession>, Vec<ActivityEntry>)> {
    let mut tx = store.begin().await?;
    let mut query = QueryBuilder::new("DELETE FROM sessions WHERE ");
    condition(&mut query, filter);
    query.push(" RETURNING *");
    let rows: Vec<Row> = query.build_query_as().fetch_all(&mut *tx).await?;
    let mut ended = rows.into_iter().map(Row::read).collect::<Result<Vec<_>>>()?;
    ended.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    if filter.id.is_none() && filter.hash.is_none() && filter.owner.is_none() {
        // A link that waits to be used would open the next session.
        let mut query = QueryBuilder::new("DELETE FROM sign_in_codes WHERE 1 = 1");
        if let Some(name) = &filter.name {
            query.push(" AND name = ").push_bind(name.clone());
        }
        query.build().execute(&mut *tx).await?;
    }
    let activity = if ended.is_empty() { Vec::new() } else { activity::insert(&mut tx, &entries(&ended)).await? };
    tx.commit().await?;
    Ok((ended, activity))
}
