//! Tokens and one-time codes.

use pitlane_api::{Role, Timestamp};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{hash, maybe_time, nanos, time},
};
use crate::store::{ApiToken, NewActivity, Result, SecretHash, SignInCode};

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
    insert_token(&mut tx, token).await?;
    activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps a token within a transaction of the caller's.
pub(super) async fn insert_token(connection: &mut SqliteConnection, token: &ApiToken) -> Result<()> {
    sqlx::query("INSERT INTO api_tokens (id, hash, name, role, created_at, expires_at, revoked_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&token.id)
        .bind(token.hash.as_bytes())
        .bind(&token.name)
        .bind(token.role.as_str())
        .bind(nanos(token.created_at))
        .bind(token.expires_at.map(nanos))
        .bind(token.revoked_at.map(nanos))
        .bind(token.last_used_at.map(nanos))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn token_by_hash(store: &SqliteStore, hash: &SecretHash) -> Result<Option<ApiToken>> {
    token_by_hash_in(&mut *store.readers.acquire().await?, hash).await
}

/// The same within a transaction of the caller's.
pub(super) async fn token_by_hash_in(connection: &mut SqliteConnection, hash: &SecretHash) -> Result<Option<ApiToken>> {
    let row: Option<TokenRow> = sqlx::query_as("SELECT * FROM api_tokens WHERE hash = ?").bind(hash.as_bytes()).fetch_optional(connection).await?;
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

pub(super) async fn revoke_every_token(
    store: &SqliteStore,
    except: Option<&SecretHash>,
    at: Timestamp,
    entries: &[NewActivity],
) -> Result<(u64, u64)> {
    let mut tx = store.begin().await?;
    let tokens = sqlx::query("UPDATE api_tokens SET revoked_at = ? WHERE revoked_at IS NULL AND hash IS NOT ?")
        .bind(nanos(at))
        .bind(except.map(|hash| hash.as_bytes().to_vec()))
        .execute(&mut *tx)
        .await?;
    let sessions = sqlx::query("DELETE FROM sessions").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM sign_in_codes").execute(&mut *tx).await?;
    activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok((tokens.rows_affected(), sessions.rows_affected()))
}

pub(super) async fn touch_token(store: &SqliteStore, id: &str, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE api_tokens SET last_used_at = ? WHERE id = ?").bind(nanos(at)).bind(id).execute(&store.writer).await?;
    Ok(())
}

pub(super) async fn create_code(store: &SqliteStore, code: &SignInCode, entries: &[NewActivity]) -> Result<()> {
    let mut tx = store.begin().await?;
    sqlx::query("INSERT INTO sign_in_codes (hash, name, role, expires_at) VALUES (?, ?, ?, ?)")
        .bind(code.hash.as_bytes())
        .bind(&code.name)
        .bind(code.role.as_str())
        .bind(nanos(code.expires_at))
        .execute(&mut *tx)
        .await?;
    activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(())
}

/// Spends a code within a transaction of the caller's. `None`: unknown, spent, or expired at `now`.
pub(super) async fn spend_code(connection: &mut SqliteConnection, hash: &SecretHash, now: Timestamp) -> Result<Option<SignInCode>> {
    // One statement finds and removes it, so that of two callers one gets it.
    let row: Option<(String, String, i64)> = sqlx::query_as("DELETE FROM sign_in_codes WHERE hash = ? RETURNING name, role, expires_at")
        .bind(hash.as_bytes())
        .fetch_optional(connection)
        .await?;
    let Some((name, role, expires_at)) = row else { return Ok(None) };
    let code = SignInCode { hash: *hash, name, role: Role::from_word(&role), expires_at: time(expires_at)? };
    Ok((now < code.expires_at).then_some(code))
}

/// Whether there is such a code, spent ones not: a look that needs no writer.
pub(super) async fn has_code(store: &SqliteStore, hash: &SecretHash) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM sign_in_codes WHERE hash = ?").bind(hash.as_bytes()).fetch_optional(&store.readers).await?;
    Ok(found.is_some())
}
