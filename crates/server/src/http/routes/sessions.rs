//! Who is signed in, from where and since when; and the end of it. Everybody's own, and everybody else's for an admin.

use axum::{extract::State, http::StatusCode, response::Response};
use pitlane_api::{Action, ActivityKind, EndedSessions, Envelope, OpenSessions, Timestamp, say};

use crate::{
    http::{
        App,
        auth::{Caller, Credential, MayRead},
        extract::SessionId,
        problem::{Problem, Result, ok, success},
        query::Query,
    },
    sessions,
    store::{NewActivity, SessionFilter, StoredSession},
};

/// Longest name that can be asked for, in characters.
const NAME_MAX: usize = 100;

/// The caller's own open sessions, newest first; for an admin also those of others.
#[utoipa::path(
    get, path = "/sessions", tag = "session", operation_id = "list_sessions",
    params(
        ("everyone" = Option<bool>, Query, description = "Those of everybody. Needs the admin role."),
        ("name" = Option<String>, Query, description = "Those of everybody with this name. Needs the admin role.", max_length = 100),
    ),
    responses((status = 200, description = "The sessions", body = Envelope<OpenSessions>)),
)]
pub async fn list(State(app): State<App>, MayRead(caller): MayRead, query: Query) -> Result<Response> {
    let now = Timestamp::now();
    let filter = SessionFilter { open_at: Some(now), ..asked(&caller, &query)? };
    let current = own_hash(&caller);
    let sessions = app.store.sessions(&filter).await?.into_iter();
    let sessions = sessions.map(|stored| {
        let is_current = current == Some(stored.hash);
        sessions::shown(stored, is_current, Some(&caller.owner))
    });
    Ok(ok(OpenSessions { sessions: sessions.collect(), server_time: now }))
}

/// Ends one session and its open streams. Somebody else's only as an admin: to anybody else it is not there.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "session", operation_id = "end_session",
    params(("id" = String, Path, description = "The session's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "Ended", body = Envelope<EndedSessions>)),
)]
pub async fn end_one(State(app): State<App>, MayRead(caller): MayRead, SessionId(id): SessionId) -> Result<Response> {
    let owner = (!caller.role.may(Action::ManageSessions)).then(|| caller.owner.clone());
    let filter = SessionFilter { id: Some(id), owner, open_at: Some(Timestamp::now()), ..SessionFilter::default() };
    match end(&app, &caller, &filter).await? {
        0 => Err(Problem::not_found(say!("There is no such session, or it has ended."))),
        ended => Ok(answer(ended)),
    }
}

/// Ends all of the caller's own sessions but the one that asks; for an admin also those of others, with the sign-in links that are not used yet.
#[utoipa::path(
    delete, path = "/sessions", tag = "session", operation_id = "end_sessions",
    params(
        ("everyone" = Option<bool>, Query, description = "Those of everybody but the one that asks. Needs the admin role."),
        ("name" = Option<String>, Query, description = "Those of everybody with this name. Needs the admin role.", max_length = 100),
    ),
    responses((status = 200, description = "Ended, as many as there were", body = Envelope<EndedSessions>)),
)]
pub async fn end_all(State(app): State<App>, MayRead(caller): MayRead, query: Query) -> Result<Response> {
    let filter = SessionFilter { except: own_hash(&caller), ..asked(&caller, &query)? };
    Ok(answer(end(&app, &caller, &filter).await?))
}

/// Whose sessions are meant.
fn asked(caller: &Caller, query: &Query) -> Result<SessionFilter> {
    let everyone = query.parsed::<bool>("everyone", "true or false")?.unwrap_or(false);
    let name = query.text("name", NAME_MAX)?;
    if everyone || name.is_some() {
        caller.require(Action::ManageSessions)?;
        return Ok(SessionFilter { name, ..SessionFilter::default() });
    }
    Ok(SessionFilter { owner: Some(caller.owner.clone()), ..SessionFilter::default() })
}

/// The session that asks. A token that asks has none.
fn own_hash(caller: &Caller) -> Option<crate::store::SecretHash> {
    match caller.credential {
        Credential::Session(hash) => Some(hash),
        Credential::Token(_) => None,
    }
}

async fn end(app: &App, caller: &Caller, filter: &SessionFilter) -> Result<usize> {
    let entry = |ended: &[StoredSession]| {
        vec![NewActivity {
            actor_kind: caller.kind(),
            actor: Some(caller.name.clone()),
            origin: caller.origin.clone(),
            ..NewActivity::by_system(Timestamp::now(), ActivityKind::SessionEnded, sessions::ended(ended))
        }]
    };
    let (ended, activity) = app.store.end_sessions(filter, &entry).await?;
    app.sessions_ended(&ended, activity);
    Ok(ended.len())
}

fn answer(ended: usize) -> Response {
    let ended = u32::try_from(ended).unwrap_or(u32::MAX);
    success(StatusCode::OK, "Ended.", EndedSessions { ended, server_time: Timestamp::now() })
}
