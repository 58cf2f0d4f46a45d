//! Signing in and out. A session is a random cookie; the store knows only its hash.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use pitlane_api::{Action, ActivityKind, ActorKind, Role, Session, SessionRequest, Timestamp, Words, say};

use super::{
    App,
    auth::{self, Caller, Credential, Holder},
    extract::Body,
    guard,
    limits::Who,
    problem::{Problem, Result, envelope, ok, success},
};
use crate::{
    secret,
    settings::Settings,
    store::{NewActivity, SecretHash, StoredSession},
};

/// Who is signed in, for the wire.
fn session(name: String, role: Role, expires_at: Option<Timestamp>) -> Session {
    let may = Action::ALL.iter().copied().filter(|action| role.may(*action)).collect();
    Session { name, role, may, expires_at, server_time: Timestamp::now() }
}

/// The cookie's name: ports share cookies, so it carries the port.
pub fn cookie_name(settings: &Settings) -> String {
    let prefix = if secure(settings) { "__Host-" } else { "" };
    format!("{prefix}pitlane_{}", settings.listen.port())
}

fn secure(settings: &Settings) -> bool {
    settings.public_url.as_ref().is_some_and(|url| url.https)
}

fn set_cookie(app: &App, value: &str, max_age_s: u64) -> std::result::Result<HeaderValue, Problem> {
    let secure = if secure(&app.settings) { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}", app.cookie_name))
        .map_err(Problem::internal)
}

/// Sign in with a one-time code or a token; the answer sets the session's cookie.
#[utoipa::path(
    post, path = "/session", tag = "session", operation_id = "sign_in", security(()),
    request_body = SessionRequest,
    responses((status = 200, description = "Signed in", body = pitlane_api::Envelope<Session>, headers(("Set-Cookie" = String, description = "HttpOnly, SameSite=Strict")))),
)]
pub async fn sign_in(State(app): State<App>, parts: Parts, Body { value, .. }: Body<SessionRequest>) -> Result<Response> {
    guard::origin(&app, &parts, false)?;
    let address = guard::client(&app, &parts);
    app.limits.check(Who::Address(address))?;
    let now = Timestamp::now();
    let holder = match (value.code, value.token) {
        (Some(code), None) => {
            let code = app.store.spend_sign_in_code(&SecretHash::of(code.trim()), now).await?;
            code.map(|code| Holder { name: code.name, role: code.role, expires_at: None, token_id: None })
        }
        (None, Some(token)) => auth::look_up(&app, &Credential::Token(SecretHash::of(token.trim()))).await?,
        (Some(_), Some(_)) => return Err(Problem::field("token", Words::plain("give a code or a token, not both"))),
        (None, None) => return Err(Problem::field("code", Words::plain("give a code or a token"))),
    };
    let Some(holder) = holder else {
        app.limits.check(Who::Failing(address))?;
        return Err(Problem::unauthorized(say!(
            "This does not sign you in: a link works once and for ten minutes, and a token until it expires or is revoked. \
             `pitlane sign-in-link` makes a new link."
        )));
    };
    let cookie = secret::random();
    let ttl = jiff::SignedDuration::try_from(app.settings.session_ttl).map_err(Problem::internal)?;
    let end = now.checked_add(ttl).map_err(Problem::internal)?;
    let expires_at = holder.expires_at.map_or(end, |at| at.min(end));
    let stored = StoredSession {
        hash: SecretHash::of(&cookie),
        name: holder.name.clone(),
        role: holder.role,
        token_id: holder.token_id,
        created_at: now,
        expires_at,
    };
    app.store.create_session(&stored).await?;
    let entry = NewActivity {
        actor_kind: ActorKind::Person,
        actor: Some(holder.name.clone()),
        origin: address.map(|ip| ip.to_string()),
        ..NewActivity::by_system(now, ActivityKind::SignedIn, say!("Signed in."))
    };
    app.fleet.record(entry).await?;
    let mut response = success(StatusCode::OK, "Signed in.", session(holder.name, holder.role, Some(expires_at)));
    let max_age = pitlane_api::seconds_between(now, expires_at);
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&app, &cookie, max_age)?);
    Ok(response)
}

/// Who am I, and what may I do?
#[utoipa::path(get, path = "/session", tag = "session", operation_id = "who_am_i", responses((status = 200, body = pitlane_api::Envelope<Session>)))]
pub async fn who_am_i(caller: Caller) -> Response {
    ok(session(caller.name, caller.role, caller.expires_at))
}

/// Sign out. Signing out twice is a success.
#[utoipa::path(delete, path = "/session", tag = "session", operation_id = "sign_out", security(()), responses((status = 200, body = pitlane_api::Envelope<serde_json::Value>)))]
pub async fn sign_out(State(app): State<App>, headers: HeaderMap, parts: Parts) -> Result<Response> {
    if let Some(cookie) = auth::cookie(&headers, &app.cookie_name) {
        guard::origin(&app, &parts, true)?;
        let hash = SecretHash::of(cookie);
        app.store.end_session(&hash).await?;
        // Nobody listens where no stream is open: that is no error.
        let _ = app.ended.send(Credential::Session(hash));
    }
    let body = envelope(StatusCode::OK, Words::plain("Signed out."), Some(serde_json::json!({})), None);
    let mut response = super::problem::json(&body);
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&app, "", 0)?);
    Ok(response)
}
