//! The agent's side of the protocol. Sorts answers by what the agent can do about them; decides nothing itself.

use std::{sync::Once, time::Duration};

use pitlane_api::{BASE_PATH, EnrollRequest, EnrollResponse, Envelope, HeartbeatRequest, HeartbeatResponse};
use reqwest::{Method, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};

use crate::settings::StartError;

/// Time for one call, from connecting to the last byte.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
const ANSWER_MAX: usize = 1 << 20;

/// An answer that is not the one that was hoped for, by what the agent can do.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody answered, in time or at all: try again.
    #[error("no answer: {0}")]
    Away(String),
    /// The token is not known: enrol again where possible.
    #[error("the control plane does not know this token: {0}")]
    Unauthorized(String),
    /// The control plane cannot now (5xx, 429): try again, not before it asked to.
    #[error("the control plane answered {status}: {message}")]
    Busy {
        /// HTTP status.
        status: u16,
        /// Its words.
        message: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The request was too large (413): send less.
    #[error("the report is too large for the control plane: {0}")]
    TooLarge(String),
    /// The control plane refuses (other 4xx): only a person can help.
    #[error("the control plane refuses ({status} {code}): {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The code of the envelope.
        code: String,
        /// Its words.
        message: String,
    },
    /// Something answered, but not a control plane of Pitlane.
    #[error("that is not an answer of a Pitlane control plane: {0}")]
    Nonsense(String),
}

/// A control plane, reached over HTTP.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    http: reqwest::Client,
    base: Url,
}

/// Makes ring the process's TLS provider, once; whoever came first is kept.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error only says that somebody has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A client builder with Pitlane's bounds. Redirects are not followed: a token goes to the server it was made for.
///
/// For plain http no roots are loaded, so that a host without a certificate store can still talk to itself.
pub fn builder(url: &Url) -> reqwest::ClientBuilder {
    install_tls();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("pitlane-agent/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(CALL_TIMEOUT)
        .connect_timeout(Duration::from_secs(5));
    if url.scheme() == "https" { builder } else { builder.tls_certs_only([]) }
}

impl ControlPlane {
    /// A control plane at `server`, which may have a path in front of `/api/v1`.
    ///
    /// # Errors
    /// The address is not http(s) or carries a password, or the TLS roots cannot be read.
    pub fn new(server: &Url) -> Result<Self, StartError> {
        let bad = |why: &str| StartError::BadServer(format!("{}://{} {why}", server.scheme(), server.host_str().unwrap_or("?")));
        if !matches!(server.scheme(), "http" | "https") || server.host_str().is_none() {
            return Err(bad("must begin with http:// or https:// and name a host"));
        }
        if !server.username().is_empty() || server.password().is_some() {
            return Err(bad("must not carry a user or password"));
        }
        let mut base = server.clone();
        base.set_query(None);
        base.set_fragment(None);
        base.set_path(&format!("{}{BASE_PATH}/", server.path().trim_end_matches('/')));
        let http = builder(server).build().map_err(|error| StartError::Client(chain(&error)))?;
        Ok(Self { http, base })
    }

    /// The base of every call, ending in a slash.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// `POST /agents/enroll`
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn enroll(&self, request: &EnrollRequest) -> Result<EnrollResponse, CallError> {
        self.call(Method::POST, "agents/enroll", None, &[], Some(request)).await
    }

    /// `POST /agents/heartbeat`
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn beat(&self, token: &str, request: &HeartbeatRequest) -> Result<HeartbeatResponse, CallError> {
        self.call(Method::POST, "agents/heartbeat", Some(token), &[], Some(request)).await
    }

    /// Any call of the API; `path` is relative to `/api/v1/`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&B>,
    ) -> Result<T, CallError> {
        let url = self.base.join(path).map_err(|error| CallError::Nonsense(error.to_string()))?;
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| CallError::Away(chain(&error)))?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let body = read_bounded(response, ANSWER_MAX).await?;
        sort(status, retry_after, &body)
    }
}

/// Seconds of a `Retry-After`; the form with a date is not used by Pitlane.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Reads an answer that may not be larger than `max` bytes.
///
/// # Errors
/// It is larger, or breaks off.
pub async fn read_bounded(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| CallError::Away(chain(&error)))? {
        if body.len() + chunk.len() > max {
            return Err(CallError::Nonsense(format!("the answer is larger than {max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What to make of an answer.
fn sort<T: DeserializeOwned>(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Result<T, CallError> {
    if status.is_success() {
        let envelope: Envelope<T> = serde_json::from_slice(body).map_err(|error| CallError::Nonsense(error.to_string()))?;
        return envelope.data.ok_or_else(|| CallError::Nonsense("the envelope is empty".into()));
    }
    let envelope: Option<Envelope<serde_json::Value>> = serde_json::from_slice(body).ok();
    let message = envelope.as_ref().map(|envelope| envelope.message.to_string()).filter(|message| !message.is_empty());
    let message = message.unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_owned());
    Err(match status {
        StatusCode::UNAUTHORIZED => CallError::Unauthorized(message),
        StatusCode::PAYLOAD_TOO_LARGE => CallError::TooLarge(message),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => CallError::Busy { status: status.as_u16(), message, retry_after },
        status if status.is_server_error() => CallError::Busy { status: status.as_u16(), message, retry_after },
        status if status.is_client_error() && envelope.is_some() => {
            let code = envelope.and_then(|envelope| envelope.error).map(|error| error.code).unwrap_or_default();
            CallError::Refused { status: status.as_u16(), code, message }
        }
        status => CallError::Nonsense(format!("HTTP {status}")),
    })
}

/// An error with its causes, each said once; reqwest keeps the useful part in the causes. URLs carry no secrets here.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, body: &str) -> Result<EnrollResponse, CallError> {
        sort(StatusCode::from_u16(status).unwrap(), Some(Duration::from_secs(7)), body.as_bytes())
    }

    #[test]
    fn answers_are_sorted_by_what_can_be_done() {
        assert!(matches!(sorted(401, ""), Err(CallError::Unauthorized(_))));
        assert!(matches!(sorted(413, ""), Err(CallError::TooLarge(_))));
        assert!(matches!(sorted(503, "<html>"), Err(CallError::Busy { status: 503, retry_after: Some(_), .. })));
        assert!(matches!(sorted(429, "{}"), Err(CallError::Busy { status: 429, .. })));
        assert!(matches!(sorted(404, "<html>nothing here"), Err(CallError::Nonsense(_))));
        assert!(matches!(sorted(302, ""), Err(CallError::Nonsense(_))));
        assert!(matches!(sorted(200, "[]"), Err(CallError::Nonsense(_))));
        assert!(matches!(sorted(200, r#"{"success":true,"status":"OK","status_code":200,"message":""}"#), Err(CallError::Nonsense(_))));
    }

    #[test]
    fn a_refusal_keeps_its_words() {
        let body = r#"{"success":false,"status":"Conflict","status_code":409,"message":"claimed already","error":{"code":"already_claimed"}}"#;
        match sorted(409, body) {
            Err(CallError::Refused { status, code, message }) => {
                assert_eq!((status, code.as_str(), message.as_str()), (409, "already_claimed", "claimed already"))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn addresses_that_cannot_be_used_are_refused_in_words() {
        for (bad, word) in [("ftp://host", "http://"), ("http://user:secret@host", "password"), ("unix:///x", "http://")] {
            let error = ControlPlane::new(&bad.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(word) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_path_in_front_is_kept() {
        let base = |server: &str| ControlPlane::new(&server.parse().unwrap()).unwrap().base.to_string();
        assert_eq!(base("http://127.0.0.1:7070"), "http://127.0.0.1:7070/api/v1/");
        assert_eq!(base("http://host/pitlane/?x#y"), "http://host/pitlane/api/v1/");
    }
}
