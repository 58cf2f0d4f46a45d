//! What every request must pass before anything else: the right Host, and for changes a browser sends, the right Origin.

use pitlane_api::{Words, say};
use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, problem::Problem};
use crate::settings::Settings;

/// Refuses a Host that is neither loopback, nor the public one, nor the address it listens on, so that no foreign name can be pointed at this server
/// (DNS rebinding). Health and metrics are exempt: probes come by address, and give away nothing that a name protects.
pub async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    let exempt = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    let allowed = requested_host(request.headers(), request.uri()).is_some_and(|host| host_allowed(&app.settings, &host));
    if exempt || allowed {
        return next.run(request).await;
    }
    Problem::forbidden(
        "host_refused",
        say!("Pitlane does not answer to this host name. Use the address it was started with; --public-url names another one."),
    )
    .into_response()
}

fn requested_host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let named = uri.authority().map(|authority| authority.as_str());
    named.or_else(|| headers.get(header::HOST)?.to_str().ok()).map(str::to_ascii_lowercase)
}

fn host_allowed(settings: &Settings, host: &str) -> bool {
    // Its own address is a number, which no foreign name server can point elsewhere.
    is_loopback(host) || host == settings.listen.to_string() || settings.public_url.as_ref().is_some_and(|url| url.host == host)
}

/// Whether a Host header names this machine, on any port: a tunnel may come out at another one.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

/// Refuses a change whose Origin is not exactly the page's own. `required`: a missing one is refused too, as for every
/// change that a cookie vouches for.
pub fn origin(app: &App, parts: &Parts, required: bool) -> Result<(), Problem> {
    let refuse = |message: Words| Err(Problem::forbidden("origin_refused", message));
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return if required { refuse(say!("A change by cookie must carry the Origin of Pitlane's own page.")) } else { Ok(()) };
    };
    let origin = origin.to_str().unwrap_or_default();
    let public = app.settings.public_url.as_ref().is_some_and(|url| url.origin() == origin);
    let local = requested_host(&parts.headers, &parts.uri).is_some_and(|host| is_loopback(&host) && origin == format!("http://{host}"));
    if public || local { Ok(()) } else { refuse(say!("This change comes from another site's page.")) }
}

/// Where a request comes from. Behind a proxy that ends TLS it is the last address the proxy noted.
pub fn client(app: &App, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    if !app.settings.tls_terminated_upstream {
        return peer;
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse::<IpAddr>().ok())
        .or(peer)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_by_every_name_and_nothing_else() {
        for host in ["localhost", "localhost:7070", "127.0.0.1:7070", "127.0.0.2", "[::1]:7070", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "evil.example:7070", "10.0.0.1:7070", "", ":7070", "127.0.0.1.evil.example", "::1:x"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
