//! What a public link leads to: a page for people, text for terminals, a preview for whoever pastes it, a picture and a badge.
//!
//! Nobody is signed in here. All that is known of the node is [`pitlane_api::SharedStatus`]; this module cannot reach more.

mod face;
mod letters;
mod page;
mod picture;
mod speech;

use std::net::IpAddr;

use axum::{
    Router,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use pitlane_api::{ShareLink, SharedStatus, Words, say};

use super::{App, guard, limits::Who, problem::Problem};
use crate::store::SecretHash;
use face::{Face, Tone};
pub use picture::Studio;

/// The page may load its own sheet, face and script, and listen to its own server. Nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Badge and picture are as fresh as this, in seconds: runbooks are opened when something is the matter.
const FRESH: &str = "public, max-age=10";
/// Longest secret that is looked up at all.
const SECRET_MAX: usize = 128;

const GONE: &str = "It has expired, was revoked, or never was. Ask whoever sent it for a new one.";

/// Everything below `/shared`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/shared/page.css", get(|_: guard::Reader| file("text/css; charset=utf-8", page::STYLE)))
        .route("/shared/page.js", get(|_: guard::Reader| file("text/javascript; charset=utf-8", page::SCRIPT)))
        .route("/shared/mark.svg", get(|_: guard::Reader| file("image/svg+xml", include_str!("../../../../../assets/favicon.svg"))))
        .route("/shared/{token}", get(status))
        .route("/shared/{token}/picture.png", get(picture))
        .route("/shared/{token}/badge.svg", get(badge))
}

/// A public link that works, with what it shows.
pub struct Shared {
    /// The link.
    pub link: ShareLink,
    /// What it shows.
    pub status: SharedStatus,
    /// Where whoever looks at it is.
    pub address: Option<IpAddr>,
    /// As it stands in the path.
    secret: String,
}

impl Shared {
    async fn find(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let address = guard::client(app, parts);
        let path = axum::extract::Path::<String>::from_request_parts(parts, app).await;
        let secret = path.map(|axum::extract::Path(secret)| secret).unwrap_or_default();
        let sane = secret.len() <= SECRET_MAX && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let hash = SecretHash::of(&secret);
        // 256 bits cannot be guessed; this keeps the log and the database quiet.
        let look = async { if sane { Ok(app.fleet.shared_link(&hash).await?) } else { Ok(None) } };
        let Some(link) = app.secrets.find(&app.limits, Who::Failing(address), hash, look).await? else {
            return Err(Problem::not_found(Words::plain(format!("This link shows nothing. {GONE}"))));
        };
        guard::known(parts);
        app.limits.check(Who::Link(hash, address))?;
        let status = app.fleet.shared_status(&link)?;
        Ok(Self { link, status, secret, address })
    }
}

impl FromRequestParts<App> for Shared {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::find(parts, app).await
    }
}

/// Names what a status says, without what moves with every heartbeat.
pub fn version(status: &SharedStatus) -> String {
    Face::of(status).version
}

/// The address of a public link.
pub fn address(app: &App, secret: &str) -> String {
    format!("{}/shared/{secret}", app.settings.browse_url())
}

async fn status(State(app): State<App>, headers: HeaderMap, shared: Result<Shared, Problem>) -> Response {
    let plain = wants_text(&headers);
    let language = speech::of(&headers);
    let (code, body) = match &shared {
        Ok(shared) => {
            let face = Face::of(&shared.status);
            let body = if plain { face.text() } else { page::status(&face, &address(&app, &shared.secret), language).into_string() };
            (StatusCode::OK, body)
        }
        Err(problem) => {
            let code = problem.status();
            let (title, text) = match code {
                StatusCode::NOT_FOUND => {
                    (say!("This link shows nothing"), say!("It has expired, was revoked, or never was. Ask whoever sent it for a new one."))
                }
                StatusCode::TOO_MANY_REQUESTS => (say!("Too many requests"), say!("Wait a moment, then load the page again.")),
                _ => (say!("The status is not known now"), say!("Pitlane cannot tell at the moment. Load the page again in a while.")),
            };
            (code, if plain { format!("{}. {}\n", title.english(), text.english()) } else { page::nothing(&title, &text, language).into_string() })
        }
    };
    let kind = if plain { "text/plain; charset=utf-8" } else { "text/html; charset=utf-8" };
    let mut response = (
        code,
        [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY), (header::VARY, "accept, accept-language, user-agent")],
        body,
    )
        .into_response();
    retry_later(&mut response);
    response
}

/// Says when another try makes sense, where it does.
fn retry_later(response: &mut Response) {
    if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    }
}

/// A terminal gets text. Whoever previews links says `*/*` as well, so it is known by its name, or by asking for text alone.
fn wants_text(headers: &HeaderMap) -> bool {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let accept = header(header::ACCEPT);
    if accept.contains("text/html") {
        return false;
    }
    let agent = header(header::USER_AGENT);
    accept.contains("text/plain") || ["curl/", "wget/", "httpie/", "xh/"].iter().any(|name| agent.starts_with(name))
}

async fn picture(State(app): State<App>, shared: Shared) -> Result<Response, Problem> {
    let picture = app.studio.picture(&Face::of(&shared.status)).await.map_err(Problem::internal)?;
    Ok(image("image/png", picture))
}

async fn badge(shared: Result<Shared, Problem>) -> Response {
    match shared {
        Ok(shared) => {
            let face = Face::of(&shared.status);
            let state = format!("{}{}", face.states().to_lowercase(), if face.overdue { ", overdue" } else { "" });
            image("image/svg+xml", picture::small(&face.name, &state, face.tone()))
        }
        Err(problem) => {
            let words = if problem.status() == StatusCode::NOT_FOUND { "link ended" } else { "unknown" };
            let mut response = image("image/svg+xml", picture::small("pitlane", words, Tone::Neutral));
            *response.status_mut() = problem.status();
            retry_later(&mut response);
            response
        }
    }
}

/// An image that other sites' pages may show: that is what it is for.
fn image(kind: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(FRESH)),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    (headers, body).into_response()
}

/// A file whose address changes with its content.
async fn file(kind: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], content).into_response()
}

#[cfg(test)]
mod tests;
