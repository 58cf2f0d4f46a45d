//! Serves the console: its files, and its page for the console's own routes. Knows no data.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use pitlane_api::Words;

use super::{App, guard, limits::Who, problem::Problem};
use crate::assets::{Encoding, File};

/// Paths of the console's pages, as `src/route.rs` of the console has them; `*` is any one part. Anything else is not
/// found, and says so with its status, while the console's page shows it.
const PAGES: &[&[&str]] = &[&[], &["nodes"], &["nodes", "*"], &["activity"], &["bulk"], &["bulk", "*"], &["sessions"], &["sign-in"]];

/// What no route of the API took.
pub async fn fallback(State(app): State<App>, request: Request) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let path = uri.path().trim_start_matches('/');
    let api = path == "api" || path.starts_with("api/");
    let address = guard::client_of(&app, &request);
    if let Err(too_many) = app.limits.check(if api { Who::Address(address) } else { Who::Files(address) }) {
        return too_many.into_response();
    }
    if api {
        return Problem::not_found(Words::plain("There is no such call. GET /api/v1/openapi.json lists them all.")).into_response();
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", Words::plain("Only GET and HEAD here."));
        return ([(header::ALLOW, "GET,HEAD")], problem).into_response();
    }
    let accept = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wanted = percent_decoded(path);
    if path != "index.html"
        && let Some(file) = app.console.file(&wanted, accept)
    {
        return file_or_unchanged(file, headers);
    }
    if is_page(uri) {
        return send(app.console.index(accept), StatusCode::OK, Some(&app.content_security_policy));
    }
    // A person who mistyped a page gets the console's own "not found"; a program or a missing file gets JSON.
    let wants_page = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if wants_page {
        return send(app.console.index(accept), StatusCode::NOT_FOUND, Some(&app.content_security_policy));
    }
    Problem::not_found(Words::plain("There is no such page.")).into_response()
}

/// A file that may change is asked for each time, and sent only if it did.
fn file_or_unchanged(file: File, request: &HeaderMap) -> Response {
    if file.immutable {
        return send(file, StatusCode::OK, None);
    }
    let tag = file.tag();
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|known| known.contains(&tag));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { send(file, StatusCode::OK, None) };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn is_page(uri: &Uri) -> bool {
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    PAGES.iter().any(|page| page.len() == parts.len() && page.iter().zip(&parts).all(|(expected, part)| *expected == "*" || expected == part))
}

/// File names of the console are plain; only what a browser escapes needlessly is undone.
fn percent_decoded(path: &str) -> String {
    path.replace("%20", " ").replace("%7E", "~").replace("%2D", "-").replace("%5F", "_")
}

fn send(file: File, status: StatusCode, policy: Option<&HeaderValue>) -> Response {
    let cache = if file.immutable { "public, max-age=31536000, immutable" } else { "no-store" };
    let mut response = Response::new(match file.bytes {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let encoding = match file.encoding {
        Encoding::Brotli => Some("br"),
        Encoding::Gzip => Some("gzip"),
        Encoding::Plain => None,
    };
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn only_the_consoles_routes_are_pages() {
        for page in ["/", "/nodes", "/nodes/abc", "/activity", "/activity/", "/sessions", "/sessions?everyone=yes", "/sign-in"] {
            assert!(is_page(&page.parse().unwrap()), "{page}");
        }
        for other in ["/nodes/a/b", "/shared/xyz/more", "/wp-login.php", "/style.css", "/index.html"] {
            assert!(!is_page(&other.parse().unwrap()), "{other}");
        }
    }
}
