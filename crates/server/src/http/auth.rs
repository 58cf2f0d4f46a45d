//! Who is asking: a session cookie or a Bearer token, and what their role allows.
//!
//! Handlers take one of the `May…` extractors, so that nobody who may not is answered about anything else first.
//! Secrets are hashed on arrival and never logged.

use std::net::IpAddr;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use pitlane_api::{Action, ActorKind, Role, Timestamp, say};

use super::{App, guard, limits::Who, problem::Problem};
use crate::store::{SecretHash, SessionOwner};

/// What somebody showed to be let in; names them for limits and streams.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A session cookie.
    Session(SecretHash),
    /// A Bearer token.
    Token(SecretHash),
}

/// Somebody who is let in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// What they showed.
    pub credential: Credential,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The address the request came from.
    pub address: Option<IpAddr>,
    /// The same as text, for the activity log.
    pub origin: Option<String>,
    /// Whose sessions are theirs.
    pub owner: SessionOwner,
}

impl Caller {
    /// How the activity log calls them.
    pub fn kind(&self) -> ActorKind {
        match self.credential {
            Credential::Session(_) => ActorKind::Person,
            Credential::Token(_) => ActorKind::Token,
        }
    }

    /// Refuses what their role does not allow.
    pub fn require(&self, action: Action) -> Result<(), Problem> {
        match self.role.why_not(action) {
            None => Ok(()),
            Some(why) => Err(Problem::forbidden("role", why).details(serde_json::json!({ "needs": action.needs(), "role": self.role }))),
        }
    }
}

/// Whom a credential stands for.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The token's id, where it is one, or where the session was opened with one.
    pub token_id: Option<String>,
}

/// Looks a credential up. `None`: unknown, expired or revoked.
pub async fn look_up(app: &App, credential: &Credential) -> Result<Option<Holder>, crate::store::Error> {
    let now = Timestamp::now();
    match credential {
        Credential::Session(hash) => {
            let Some(session) = app.store.session(hash, now).await? else { return Ok(None) };
            note_use(app, credential, None, session.last_used_at, now);
            Ok(Some(Holder { name: session.name, role: session.role, expires_at: Some(session.expires_at), token_id: session.token_id }))
        }
        Credential::Token(hash) => {
            let Some(token) = app.store.token_by_hash(hash).await?.filter(|token| token.usable(now)) else { return Ok(None) };
            note_use(app, credential, Some(&token.id), token.last_used_at, now);
            Ok(Some(Holder { name: token.name, role: token.role, expires_at: token.expires_at, token_id: Some(token.id) }))
        }
    }
}

/// Notes that a token (by its id) or a session was used, beside the request: a store that is busy writing, or that cannot write, keeps nobody from
/// reading. Once a minute is plenty, and of all requests of one credential that come meanwhile, one does it.
fn note_use(app: &App, credential: &Credential, token_id: Option<&str>, last: Option<Timestamp>, now: Timestamp) {
    let again = last.is_none_or(|at| pitlane_api::seconds_between(at, now) >= 60);
    if !again || !app.noting.lock().is_ok_and(|mut noting| noting.insert(credential.clone())) {
        return;
    }
    let (app, credential, token_id) = (app.clone(), credential.clone(), token_id.map(str::to_owned));
    app.fleet.clone().supervisor().once("http.note_use", async move {
        let noted = match (&credential, &token_id) {
            (Credential::Session(hash), _) => app.store.touch_session(hash, now).await,
            (Credential::Token(_), Some(id)) => app.store.touch_token(id, now).await,
            (Credential::Token(_), None) => Ok(()),
        };
        if let Err(error) = noted {
            tracing::debug!(%error, "the use of a token or a session was not noted");
        }
        if let Ok(mut noting) = app.noting.lock() {
            noting.remove(&credential);
        }
    });
}

/// The secret behind `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What the request shows. A token wins over a cookie.
pub fn shown(app: &App, headers: &HeaderMap) -> Option<Credential> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Some(Credential::Token(SecretHash::of(bearer(headers).unwrap_or_default())));
    }
    cookie(headers, &app.cookie_name).map(|secret| Credential::Session(SecretHash::of(secret)))
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let address = guard::client(app, parts);
        let Some(credential) = shown(app, &parts.headers) else {
            app.limits.check(Who::Address(address))?;
            return Err(Problem::unauthorized(say!("Sign in first: by the link that `pitlane sign-in-link` prints, or with a token.")));
        };
        let (Credential::Session(secret) | Credential::Token(secret)) = credential;
        let look = async { look_up(app, &credential).await.map_err(Problem::from) };
        let Some(holder) = app.secrets.find(&app.limits, Who::Unknown(address), secret, look).await? else {
            return Err(Problem::unauthorized(match credential {
                Credential::Session(_) => say!("You are not signed in any more. Sign in again."),
                Credential::Token(_) => say!("This token is not valid: it is unknown, expired or revoked."),
            }));
        };
        guard::known(parts);
        app.limits.check(Who::Caller(credential.clone()))?;
        if matches!(credential, Credential::Session(_)) && !parts.method.is_safe() {
            guard::origin(app, parts, true)?;
        }
        let Holder { name, role, expires_at, token_id } = holder;
        let owner = SessionOwner::of(&name, token_id);
        Ok(Self { name, role, credential, expires_at, address, origin: address.map(|ip| ip.to_string()), owner })
    }
}

macro_rules! may {
    ($($(#[$meta:meta])* $name:ident $(($caller:ident))? = $action:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name $((pub $caller))?;

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, app).await?;
                caller.require(Action::$action)?;
                Ok(Self $(({ let caller: $caller = caller; caller }))?)
            }
        }
    )*};
}

may! {
    /// Somebody who may look.
    MayRead(Caller) = Read;
    /// Somebody who may drain, abort, retry and change a maintenance.
    MayDrain(Caller) = Drain;
    /// Somebody who may activate.
    MayActivate(Caller) = Activate;
    /// Somebody who may remove a node.
    MayRemove(Caller) = Remove;
    /// Somebody who may make links.
    MayShare(Caller) = Share;
    /// Somebody who may ask for a placement.
    MayPlace = Place;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_and_bearers_are_found() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; pitlane_7070=secret; b=2".parse().unwrap());
        headers.insert(header::AUTHORIZATION, "bearer  abc ".parse().unwrap());
        assert_eq!(cookie(&headers, "pitlane_7070"), Some("secret"));
        assert_eq!(cookie(&headers, "pitlane"), None);
        assert_eq!(bearer(&headers), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(bearer(&headers), None);
    }
}
