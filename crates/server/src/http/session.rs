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
    extract::StrangersBody,
    guard,
    limits::Who,
    problem::{Problem, Result, envelope, ok, success},
};
use crate::{
    secret,
    settings::Settings,
    store::{NewActivity, SecretHash, StoredSession},
};

/// Longest body of a sign-in, in bytes: one secret of ours has less than 100.
const SIGN_IN_MAX: usize = 2 << 10;

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
pub async fn sign_in(
    State(app): State<App>,
    parts: Parts,
    body: std::result::Result<StrangersBody<SessionRequest, SIGN_IN_MAX>, Problem>,
) -> Result<Response> {
    let address = guard::client(&app, &parts);
    let (in_vain, failing) = (Who::Address(address), Who::Failing(address));
    // Who is refused for what is not the secret has asked in vain as well.
    let asked = body.and_then(|StrangersBody(value)| guard::origin(&app, &parts, false).map(|()| value));
    let value = asked.or_else(|problem| app.limits.check(in_vain.clone()).and(Err(problem)))?;
    let now = Timestamp::now();
    let holder = match (value.code, value.token) {
        (Some(code), None) => {
            let secret = SecretHash::of(code.trim());
            let look = async { app.store.spend_sign_in_code(&secret, now).await.map_err(Problem::from) };
            let code = app.codes.find(&app.limits, failing, secret, look).await?;
            code.map(|code| Holder { name: code.name, role: code.role, expires_at: None, token_id: None })
        }
        (None, Some(token)) => {
            let secret = SecretHash::of(token.trim());
            let look = async { auth::look_up(&app, &Credential::Token(secret)).await.map_err(Problem::from) };
            let holder = app.secrets.find(&app.limits, failing, secret, look).await?;
            if holder.is_some() {
                app.limits.check(Who::Caller(Credential::Token(secret)))?;
            }
            holder
        }
        (Some(_), Some(_)) => {
            app.limits.check(in_vain)?;
            return Err(Problem::field("token", Words::plain("give a code or a token, not both")));
        }
        (None, None) => {
            app.limits.check(in_vain)?;
            return Err(Problem::field("code", Words::plain("give a code or a token")));
        }
    };
    let Some(holder) = holder else {
        return Err(Problem::unauthorized(say!(
            "This does not sign you in: a link works once and for ten minutes, and a token until it expires or is revoked. \
             `pitlane sign-in-link` makes a new link."
        )));
    };
    guard::known(&parts);
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
    app.fleet.note(NewActivity {
        actor_kind: ActorKind::Person,
        actor: Some(holder.name.clone()),
        origin: address.map(|ip| ip.to_string()),
        ..NewActivity::by_system(now, ActivityKind::SignedIn, say!("Signed in."))
    });
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
    let address = guard::client(&app, &parts);
    let Some(cookie) = auth::cookie(&headers, &app.cookie_name) else {
        app.limits.check(Who::Address(address))?;
        return signed_out(&app);
    };
    if let Err(problem) = guard::origin(&app, &parts, true) {
        return app.limits.check(Who::Address(address)).and(Err(problem));
    }
    let hash = SecretHash::of(cookie);
    let credential = Credential::Session(hash);
    let look = async { auth::look_up(&app, &credential).await.map_err(Problem::from) };
    if app.secrets.find(&app.limits, Who::Unknown(address), hash, look).await?.is_some() {
        app.limits.check(Who::Caller(credential))?;
        app.store.end_session(&hash).await?;
        // Nobody listens where no stream is open: that is no error.
        let _ = app.ended.send(Credential::Session(hash));
    }
    signed_out(&app)
}

fn signed_out(app: &App) -> Result<Response> {
    let body = envelope(StatusCode::OK, Words::plain("Signed out."), Some(serde_json::json!({})), None);
    let mut response = super::problem::json(&body);
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app, "", 0)?);
    Ok(response)
}
