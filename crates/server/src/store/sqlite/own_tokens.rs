//! Tokens that the server makes for itself. Which they are is noted by their ids: a name is anybody's.

use sqlx::SqliteConnection;

use super::{SqliteStore, convert::nanos, sign_in};
use crate::store::{ApiToken, Result, SecretHash};

impl SqliteStore {
    /// Keeps a token of the server's own in the place of the one that it made for the same purpose, which is the token's name, at its last start: that
    /// one is revoked with its sessions. `earlier` is that token where an older version did not note which it was.
    ///
    /// # Errors
    /// Where the store cannot be written; then nothing was changed.
    pub async fn renew_own_token(&self, token: &ApiToken, earlier: Option<&SecretHash>) -> Result<()> {
        let note = format!("own token: {}", token.name);
        let mut tx = self.begin().await?;
        let mut last: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE key = ?").bind(&note).fetch_optional(&mut *tx).await?;
        if last.is_none()
            && let Some(hash) = earlier
        {
            let found = sqlx::query_scalar("SELECT id FROM api_tokens WHERE hash = ? AND name = ?");
            last = found.bind(hash.as_bytes()).bind(&token.name).fetch_optional(&mut *tx).await?;
        }
        if let Some(id) = last {
            revoke(&mut tx, &id, nanos(token.created_at)).await?;
        }
        sign_in::insert_token(&mut tx, token).await?;
        sqlx::query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
            .bind(&note)
            .bind(&token.id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn revoke(connection: &mut SqliteConnection, id: &str, at: i64) -> Result<()> {
    sqlx::query("UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL").bind(at).bind(id).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM sessions WHERE token_id = ?").bind(id).execute(connection).await?;
    Ok(())
}
