//! Agents and how they enrol.

use pitlane_api::{NodeId, Timestamp};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{hash, maybe_time, nanos, time},
    samples,
};
use crate::store::{Agent, Enrolled, Enrolment, EnrolmentToken, FirstBeat, NewActivity, Result, SecretHash, StoredReport};

#[derive(FromRow)]
struct TokenRow {
    id: String,
    hash: Vec<u8>,
    multi_use: bool,
    allow_replace: bool,
    engine_node_id: Option<String>,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    used_by_machine: Option<String>,
}

impl TokenRow {
    fn read(self) -> Result<EnrolmentToken> {
        Ok(EnrolmentToken {
            id: self.id,
            hash: hash(&self.hash)?,
            multi_use: self.multi_use,
            allow_replace: self.allow_replace,
            engine_node_id: self.engine_node_id,
            created_by: self.created_by,
            created_at: time(self.created_at)?,
            expires_at: time(self.expires_at)?,
            used_at: maybe_time(self.used_at)?,
        })
    }
}

#[derive(FromRow)]
struct AgentRow {
    node_id: String,
    engine_node_id: String,
    machine_id: String,
    token: Vec<u8>,
    created_at: i64,
    updated_at: i64,
    confirmed_at: Option<i64>,
    last_report: Option<String>,
    last_report_at: Option<i64>,
}

impl AgentRow {
    fn read(self) -> Result<Agent> {
        Ok(Agent {
            node_id: self.node_id.into(),
            engine_node_id: self.engine_node_id,
            machine_id: self.machine_id,
            token: hash(&self.token)?,
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
            confirmed_at: maybe_time(self.confirmed_at)?,
            last_report: self.last_report,
            last_report_at: maybe_time(self.last_report_at)?,
        })
    }
}

pub(super) async fn create_enrolment_token(store: &SqliteStore, token: &EnrolmentToken, entries: &[NewActivity]) -> Result<()> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "INSERT INTO enrolment_tokens (id, hash, multi_use, allow_replace, engine_node_id, created_by, created_at, expires_at, used_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&token.id)
    .bind(token.hash.as_bytes())
    .bind(token.multi_use)
    .bind(token.allow_replace)
    .bind(&token.engine_node_id)
    .bind(&token.created_by)
    .bind(nanos(token.created_at))
    .bind(nanos(token.expires_at))
    .bind(token.used_at.map(nanos))
    .execute(&mut *tx)
    .await?;
    activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn enrolment_token(store: &SqliteStore, hash: &SecretHash) -> Result<Option<EnrolmentToken>> {
    token_row(&mut *store.readers.acquire().await?, hash).await?.map(TokenRow::read).transpose()
}

async fn token_row(connection: &mut SqliteConnection, hash: &SecretHash) -> Result<Option<TokenRow>> {
    Ok(sqlx::query_as("SELECT * FROM enrolment_tokens WHERE hash = ?").bind(hash.as_bytes()).fetch_optional(connection).await?)
}

pub(super) async fn enroll(store: &SqliteStore, enrolment: &Enrolment) -> Result<Enrolled> {
    let mut tx = store.begin().await?;
    let Some(token) = token_row(&mut tx, &enrolment.enrolment_token).await? else { return Ok(Enrolled::TokenInvalid) };
    if nanos(enrolment.at) >= token.expires_at {
        return Ok(Enrolled::TokenInvalid);
    }
    if token.engine_node_id.as_ref().is_some_and(|bound| *bound != enrolment.engine_node_id) {
        return Ok(Enrolled::TokenForAnotherNode);
    }
    let standing: Vec<AgentRow> = sqlx::query_as("SELECT * FROM agents WHERE node_id = ? OR engine_node_id = ?")
        .bind(enrolment.node_id.as_str())
        .bind(&enrolment.engine_node_id)
        .fetch_all(&mut *tx)
        .await?;
    // The answer to its first enrolment was lost on the way: the same machine, bound by this very token, silent since.
    let repeated = !standing.is_empty()
        && token.used_by_machine.as_deref() == Some(&enrolment.machine_id)
        && standing.iter().all(|agent| agent.machine_id == enrolment.machine_id && agent.last_report_at.is_none());
    if token.used_at.is_some() && !token.multi_use && !repeated {
        return Ok(Enrolled::TokenSpent);
    }
    let mut standing = standing.into_iter();
    let known = standing.next().map(AgentRow::read).transpose()?;
    if let Some(known) = &known
        && !enrolment.replace
        && !repeated
    {
        return Ok(Enrolled::Claimed(Box::new(known.clone())));
    }
    sqlx::query("DELETE FROM agents WHERE node_id = ? OR engine_node_id = ?")
        .bind(enrolment.node_id.as_str())
        .bind(&enrolment.engine_node_id)
        .execute(&mut *tx)
        .await?;
    // Another machine under the same node has to show a clean heartbeat of its own before it counts as confirmed.
    let confirmed_at = known.as_ref().filter(|known| known.machine_id == enrolment.machine_id).and_then(|known| known.confirmed_at);
    sqlx::query("INSERT INTO agents (node_id, engine_node_id, machine_id, token, created_at, updated_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(enrolment.node_id.as_str())
        .bind(&enrolment.engine_node_id)
        .bind(&enrolment.machine_id)
        .bind(enrolment.agent_token.as_bytes())
        .bind(nanos(known.as_ref().map_or(enrolment.at, |known| known.created_at)))
        .bind(nanos(enrolment.at))
        .bind(confirmed_at.map(nanos))
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE enrolment_tokens SET used_at = coalesce(used_at, ?), used_by_machine = ? WHERE id = ?")
        .bind(nanos(enrolment.at))
        .bind(&enrolment.machine_id)
        .bind(&token.id)
        .execute(&mut *tx)
        .await?;
    let entries = activity::insert(&mut tx, &enrolment.activity).await?;
    tx.commit().await?;
    Ok(Enrolled::Done(entries))
}

pub(super) async fn by_token(store: &SqliteStore, hash: &SecretHash) -> Result<Option<Agent>> {
    let row: Option<AgentRow> = sqlx::query_as("SELECT * FROM agents WHERE token = ?").bind(hash.as_bytes()).fetch_optional(&store.readers).await?;
    row.map(AgentRow::read).transpose()
}

pub(super) async fn all(store: &SqliteStore) -> Result<Vec<Agent>> {
    let rows: Vec<AgentRow> = sqlx::query_as("SELECT * FROM agents ORDER BY node_id").fetch_all(&store.readers).await?;
    rows.into_iter().map(AgentRow::read).collect()
}

pub(super) async fn confirm(store: &SqliteStore, nodes: &[NodeId], at: Timestamp) -> Result<()> {
    let mut tx = store.begin().await?;
    for node in nodes {
        sqlx::query("UPDATE agents SET confirmed_at = ? WHERE node_id = ? AND confirmed_at IS NULL")
            .bind(nanos(at))
            .bind(node.as_str())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(super) async fn keep_first_beats(store: &SqliteStore, beats: &[FirstBeat]) -> Result<Vec<bool>> {
    let mut tx = store.begin().await?;
    let mut known = Vec::with_capacity(beats.len());
    for beat in beats {
        let done = sqlx::query(
            "UPDATE agents SET last_report = ?, last_report_at = ?, confirmed_at = coalesce(confirmed_at, ?) WHERE node_id = ? AND token = ?",
        )
        .bind(&beat.report)
        .bind(nanos(beat.at))
        .bind(beat.confirms.then(|| nanos(beat.at)))
        .bind(beat.node_id.as_str())
        .bind(beat.token.as_bytes())
        .execute(&mut *tx)
        .await?;
        known.push(done.rows_affected() == 1);
    }
    tx.commit().await?;
    Ok(known)
}

pub(super) async fn save_reports(store: &SqliteStore, reports: &[StoredReport]) -> Result<()> {
    let pace = &store.paces.reports;
    let mut left = reports;
    while !left.is_empty() {
        let (some, rest) = left.split_at(left.len().min(pace.rows() as usize));
        let mut step = store.step().await?;
        for report in some {
            sqlx::query("UPDATE agents SET last_report = ?, last_report_at = ? WHERE node_id = ?")
                .bind(&report.report)
                .bind(nanos(report.at))
                .bind(report.node_id.as_str())
                .execute(step.connection())
                .await?;
        }
        step.done(pace, some.len() as u32).await?;
        left = rest;
    }
    Ok(())
}

pub(super) async fn forget_node(store: &SqliteStore, node: &NodeId) -> Result<()> {
    // Samples may be many, and are removed in steps. First, so that whoever is interrupted here does it again: the agent is still there.
    samples::forget(store, node).await?;
    let mut tx = store.begin().await?;
    forget(&mut tx, node).await?;
    tx.commit().await?;
    Ok(())
}

/// The same within a transaction of the caller's.
pub(super) async fn forget(connection: &mut SqliteConnection, node: &NodeId) -> Result<()> {
    for statement in [
        "DELETE FROM agents WHERE node_id = ?",
        "DELETE FROM samples WHERE node_id = ?",
        "DELETE FROM overdue_told WHERE node_id = ?",
        "DELETE FROM share_links WHERE node_id = ?",
    ] {
        sqlx::query(statement).bind(node.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}
