//! Signing in and out. A session is a random cookie; the store knows only its hash.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use pitlane_api::{Action, ActivityKind, ActorKind, Role, Session, SessionRequest, Timestamp, Words, say};

use super::{
    App,
    auth::{self, Caller, Credential},
    extract::StrangersBody,
    guard,
    limits::Who,
    problem::{Problem, Result, envelope, ok, success},
};
use crate::{
    secret, sessions,
    settings::Settings,
    store::{NewActivity, NewSession, SecretHash, SessionFilter, SignInProof, StoredSession},
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

/// What somebody signs in with.
fn proof(asked: SessionRequest) -> Result<SignInProof> {
    match (asked.code, asked.token) {
        (Some(code), None) => Ok(SignInProof::Code(SecretHash::of(code.trim()))),
        (None, Some(token)) => Ok(SignInProof::Token(SecretHash::of(token.trim()))),
        (Some(_), Some(_)) => Err(Problem::field("token", Words::plain("give a code or a token, not both"))),
        (None, None) => Err(Problem::field("code", Words::plain("give a code or a token"))),
    }
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
    let asked = body.and_then(|StrangersBody(value)| guard::origin(&app, &parts, false).and(proof(value)));
    let proof = asked.or_else(|problem| app.limits.check(in_vain).and(Err(problem)))?;
    let (now, cookie) = (Timestamp::now(), secret::random());
    let ttl = jiff::SignedDuration::try_from(app.settings.session_ttl).map_err(Problem::internal)?;
    let origin = address.map(|ip| ip.to_string());
    let new = NewSession {
        id: sessions::new_id(),
        hash: SecretHash::of(&cookie),
        proof,
        origin: origin.clone(),
        browser: parts.headers.get(header::USER_AGENT).and_then(|value| sessions::browser(&String::from_utf8_lossy(value.as_bytes()))),
        at: now,
        until: now.checked_add(ttl).map_err(Problem::internal)?,
        per_owner: sessions::PER_OWNER,
        in_all: sessions::IN_ALL,
    };
    let entry = NewActivity { actor_kind: ActorKind::Person, origin, ..NewActivity::by_system(now, ActivityKind::SignedIn, Words::default()) };
    let open = async { Ok(app.store.open_session(&new, &|concerned| sessions::opened(concerned, &entry)).await?) };
    let opened = match proof {
        // To look a code up is to spend it.
        SignInProof::Code(code) => app.codes.find(&app.limits, failing, code, open).await?,
        SignInProof::Token(token) => {
            let credential = Credential::Token(token);
            let look = async { auth::look_up(&app, &credential).await.map_err(Problem::from) };
            // A token that nobody has is kept from the store's one writer.
            if app.secrets.find(&app.limits, failing, token, look).await?.is_some() {
                app.limits.check(Who::Caller(credential))?;
                open.await?
            } else {
                None
            }
        }
    };
    let Some(opened) = opened else {
        return Err(Problem::unauthorized(say!(
            "This does not sign you in: a link works once and for ten minutes, and a token until it expires or is revoked. \
             `pitlane sign-in-link` makes a new link."
        )));
    };
    guard::known(&parts);
    app.sessions_ended(&opened.ended, opened.activity);
    let StoredSession { name, role, expires_at, .. } = opened.session;
    let mut response = success(StatusCode::OK, "Signed in.", session(name, role, Some(expires_at)));
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
        let filter = SessionFilter { hash: Some(hash), ..SessionFilter::default() };
        let origin = address.map(|ip| ip.to_string());
        let entry = |ended: &[StoredSession]| {
            let by = |session: &StoredSession| NewActivity {
                actor_kind: ActorKind::Person,
                actor: Some(session.name.clone()),
                origin: origin.clone(),
                ..NewActivity::by_system(Timestamp::now(), ActivityKind::SessionEnded, say!("Signed out."))
            };
            ended.iter().map(by).collect()
        };
        let (ended, activity) = app.store.end_sessions(&filter, &entry).await?;
        app.sessions_ended(&ended, activity);
    }
    signed_out(&app)
}

fn signed_out(app: &App) -> Result<Response> {
    let body = envelope(StatusCode::OK, Words::plain("Signed out."), Some(serde_json::json!({})), None);
    let mut response = super::problem::json(&body);
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app, "", 0)?);
    Ok(response)
}
