//! What every request must pass before anything else: the right Host, and for changes a browser sends, the right Origin.

use pitlane_api::{Words, say};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderName, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, address, connections::Connection, limits::Who, problem::Problem};
use crate::settings::Settings;

/// What may stand in a request once. Two of one are two opinions about where it goes or who sends it, and a proxy may have believed the other.
static ONCE: [HeaderName; 3] = [header::HOST, header::AUTHORIZATION, header::ORIGIN];

/// Refuses a Host that is neither loopback, nor the public one, nor the address it listens on, so that no foreign name can be pointed at this server
/// (DNS rebinding). Health and metrics are exempt: probes come by address, and give away nothing that a name protects.
pub async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    let refused = match requested_host(&app.settings, request.headers(), request.uri()) {
        Err(problem) => problem,
        Ok(host) => {
            let exempt = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
            if exempt || host.is_some_and(|host| host_allowed(&app.settings, &host)) {
                return next.run(request).await;
            }
            Problem::forbidden(
                "host_refused",
                say!("Pitlane does not answer to this host name. Use the address it was started with; --public-url names another one."),
            )
        }
    };
    match app.limits.check(Who::Address(address_of(&app.settings, request.headers(), request.extensions()))) {
        Ok(()) => refused.into_response(),
        Err(too_many) => too_many.into_response(),
    }
}

/// The host that is asked for, in lower case and without the port that the public address's scheme has anyway.
fn requested_host(settings: &Settings, headers: &HeaderMap, uri: &Uri) -> Result<Option<String>, Problem> {
    if let Some(name) = ONCE.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(Problem::malformed(format!("The header {name} may stand in a request once.")));
    }
    // Where one body ends and the next request begins must not be a matter of opinion either.
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Err(Problem::malformed("A request has a length or is chunked, not both."));
    }
    let plain = |host: &str| match &settings.public_url {
        Some(url) if url.is_host(host) => url.host.clone(),
        _ => host.to_ascii_lowercase(),
    };
    let header = headers.get(header::HOST).map(|value| value.to_str().map(plain)).transpose();
    let header = header.map_err(|_| Problem::malformed("The header host cannot be read."))?;
    // HTTP/2's `:authority`, or the whole address in the first line of HTTP/1.
    let named = uri.authority().map(|authority| plain(authority.as_str()));
    match (named, header) {
        (Some(named), Some(header)) if named != header => Err(Problem::malformed("The address and the header host name different hosts.")),
        (named, header) => Ok(named.or(header)),
    }
}

fn host_allowed(settings: &Settings, host: &str) -> bool {
    // Its own address is a number, which no foreign name server can point elsewhere.
    is_loopback(host) || host == settings.listen.to_string() || settings.public_url.as_ref().is_some_and(|url| url.is_host(host))
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
    let public = app.settings.public_url.as_ref().is_some_and(|url| url.is_origin(origin));
    let host = requested_host(&app.settings, &parts.headers, &parts.uri)?;
    let local = host.is_some_and(|host| is_loopback(&host) && origin == format!("http://{host}"));
    if public || local { Ok(()) } else { refuse(say!("This change comes from another site's page.")) }
}

/// Where a request comes from: its peer, or what a trusted proxy says.
pub fn client(app: &App, parts: &Parts) -> Option<IpAddr> {
    address_of(&app.settings, &parts.headers, &parts.extensions)
}

/// As [`client`], of a request as a whole.
pub fn client_of(app: &App, request: &Request) -> Option<IpAddr> {
    address_of(&app.settings, request.headers(), request.extensions())
}

fn address_of(settings: &Settings, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(address::client(&settings.trusted_proxies, peer.ip(), headers))
}

/// From here on the connection is not a stranger's.
pub fn known(parts: &Parts) {
    if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
        connection.is_known();
    }
}

/// Somebody who need not say who they are, charged by their address.
pub struct Anybody;

/// A probe, charged apart from everybody else at its address.
pub struct Probe;

/// Anybody who asks for a file that is ready in memory.
pub struct Reader;

macro_rules! charged {
    ($($name:ident => $who:ident;)*) => {$(
        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                app.limits.check(Who::$who(client(app, parts)))?;
                Ok(Self)
            }
        }
    )*};
}

charged! {
    Anybody => Address;
    Probe => Probe;
    Reader => Files;
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
