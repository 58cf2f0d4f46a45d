//! Tokens, sessions and one-time codes.

use pitlane_api::{Role, Timestamp};
use sqlx::FromRow;

use super::{
    SqliteStore, activity,
    convert::{hash, maybe_time, nanos, time},
};
use crate::store::{ApiToken, NewActivity, Result, SecretHash, SignInCode, StoredSession};

#[derive(FromRow)]
struct TokenRow {
    id: String,
    hash: Vec<u8>,
    name: String,
    role: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl TokenRow {
    fn read(self) -> Result<ApiToken> {
        Ok(ApiToken {
            id: self.id,
            hash: hash(&self.hash)?,
            name: self.name,
            role: Role::from_word(&self.role),
            created_at: time(self.created_at)?,
            expires_at: maybe_time(self.expires_at)?,
            revoked_at: maybe_time(self.revoked_at)?,
            last_used_at: maybe_time(self.last_used_at)?,
        })
    }
}

pub(super) async fn create_token(store: &SqliteStore, token: &ApiToken, entries: &[NewActivity]) -> Result<()> {
    let mut tx = store.begin().await?;
    sqlx::query("INSERT INTO api_tokens (id, hash, name, role, created_at, expires_at, revoked_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&token.id)
        .bind(token.hash.as_bytes())
        .bind(&token.name)
        .bind(token.role.as_str())
        .bind(nanos(token.created_at))
        .bind(token.expires_at.map(nanos))
        .bind(token.revoked_at.map(nanos))
        .bind(token.last_used_at.map(nanos))
        .execute(&mut *tx)
        .await?;
    activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn token_by_hash(store: &SqliteStore, hash: &SecretHash) -> Result<Option<ApiToken>> {
    let row: Option<TokenRow> =
        sqlx::query_as("SELECT * FROM api_tokens WHERE hash = ?").bind(hash.as_bytes()).fetch_optional(&store.readers).await?;
    row.map(TokenRow::read).transpose()
}

pub(super) async fn tokens(store: &SqliteStore) -> Result<Vec<ApiToken>> {
    let rows: Vec<TokenRow> = sqlx::query_as("SELECT * FROM api_tokens ORDER BY seq DESC").fetch_all(&store.readers).await?;
    rows.into_iter().map(TokenRow::read).collect()
}

pub(super) async fn revoke_token(store: &SqliteStore, id: &str, at: Timestamp, entries: &[NewActivity]) -> Result<bool> {
    let mut tx = store.begin().await?;
    let done =
        sqlx::query("UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL").bind(nanos(at)).bind(id).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM sessions WHERE token_id = ?").bind(id).execute(&mut *tx).await?;
    let revoked = done.rows_affected() == 1;
    if revoked {
        activity::insert(&mut tx, entries).await?;
    }
    tx.commit().await?;
    Ok(revoked)
}

pub(super) async fn touch_token(store: &SqliteStore, id: &str, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE api_tokens SET last_used_at = ? WHERE id = ?").bind(nanos(at)).bind(id).execute(&store.writer).await?;
    Ok(())
}

#[derive(FromRow)]
struct SessionRow {
    hash: Vec<u8>,
    name: String,
    role: String,
    token_id: Option<String>,
    created_at: i64,
    expires_at: i64,
}

impl SessionRow {
    fn read(self) -> Result<StoredSession> {
        Ok(StoredSession {
            hash: hash(&self.hash)?,
            name: self.name,
            role: Role::from_word(&self.role),
            token_id: self.token_id,
            created_at: time(self.created_at)?,
            expires_at: time(self.expires_at)?,
        })
    }
}

pub(super) async fn create_session(store: &SqliteStore, session: &StoredSession) -> Result<()> {
    sqlx::query("INSERT INTO sessions (hash, name, role, token_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(session.hash.as_bytes())
        .bind(&session.name)
        .bind(session.role.as_str())
        .bind(&session.token_id)
        .bind(nanos(session.created_at))
        .bind(nanos(session.expires_at))
        .execute(&store.writer)
        .await?;
    Ok(())
}

pub(super) async fn session(store: &SqliteStore, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredSession>> {
    let row: Option<SessionRow> = sqlx::query_as("SELECT * FROM sessions WHERE hash = ? AND expires_at > ?")
        .bind(hash.as_bytes())
        .bind(nanos(now))
        .fetch_optional(&store.readers)
        .await?;
    row.map(SessionRow::read).transpose()
}

pub(super) async fn end_session(store: &SqliteStore, hash: &SecretHash) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(hash.as_bytes()).execute(&store.writer).await?;
    Ok(())
}

pub(super) async fn create_code(store: &SqliteStore, code: &SignInCode) -> Result<()> {
    sqlx::query("INSERT INTO sign_in_codes (hash, name, role, expires_at) VALUES (?, ?, ?, ?)")
        .bind(code.hash.as_bytes())
        .bind(&code.name)
        .bind(code.role.as_str())
        .bind(nanos(code.expires_at))
        .execute(&store.writer)
        .await?;
    Ok(())
}

pub(super) async fn spend_code(store: &SqliteStore, hash: &SecretHash, now: Timestamp) -> Result<Option<SignInCode>> {
    // One statement finds and removes it, so that of two callers one gets it.
    let row: Option<(String, String, i64)> = sqlx::query_as("DELETE FROM sign_in_codes WHERE hash = ? RETURNING name, role, expires_at")
        .bind(hash.as_bytes())
        .fetch_optional(&store.writer)
        .await?;
    let Some((name, role, expires_at)) = row else { return Ok(None) };
    let code = SignInCode { hash: *hash, name, role: Role::from_word(&role), expires_at: time(expires_at)? };
    Ok((now < code.expires_at).then_some(code))
}
