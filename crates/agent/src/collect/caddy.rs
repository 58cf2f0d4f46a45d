//! Caddy by its admin endpoint. Reads only that it answers and how much it serves; the configuration stays on the host.
//!
//! Caddy writes a line to its log for every request to its admin endpoint but those to `/metrics`, so that is where it
//! is asked whether it is well, and for its configuration only now and then.

use std::{collections::BTreeMap, io, time::Duration};

use reqwest::{StatusCode, Url, header::HOST};
use serde::{Deserialize, de::IgnoredAny};
use tokio::time::Instant;

use super::Look;
use crate::{
    client::{builder, chain, read_bounded},
    settings::StartError,
};

/// Time for Caddy to answer.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Longest configuration that is read, in bytes. A longer one only goes uncounted.
const CONFIG_MAX: usize = 4 << 20;
/// Longest page of metrics that is searched for a version, in bytes.
const METRICS_MAX: usize = 1 << 20;
/// How long an answer about the configuration is good for while Caddy is well.
const CONFIG_GOOD_FOR: Duration = Duration::from_secs(300);

/// What Caddy says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaddyFacts {
    /// Its version, where this build of Caddy says so (in the build information of its metrics).
    pub version: Option<String>,
    /// For a person: how much it serves.
    pub serves: String,
}

/// Looks at one admin endpoint.
#[derive(Debug)]
pub struct CaddyProbe {
    http: reqwest::Client,
    base: Url,
    shown: String,
    /// A socket has no host to be named.
    is_socket: bool,
    known: Option<(CaddyFacts, Instant)>,
}

impl CaddyProbe {
    /// A probe of `http://host:port` or `unix://path`.
    ///
    /// # Errors
    /// The endpoint is neither.
    pub fn new(endpoint: &str) -> Result<Self, StartError> {
        let bad = |why: &str| StartError::BadEndpoint(format!("Caddy's admin endpoint \"{endpoint}\" {why}"));
        let socket = endpoint.strip_prefix("unix://");
        let base = match socket {
            Some(_) => "http://localhost/".to_owned(),
            None => format!("{}/", endpoint.trim_end_matches('/').trim_end_matches("/config")),
        };
        let base: Url = base.parse().map_err(|_| bad("is not an address"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad("must begin with http://, https:// or unix://"));
        }
        let client = builder(&base).timeout(TIMEOUT).no_proxy();
        let client = match socket {
            Some(path) => client.unix_socket(path),
            None => client,
        };
        let http = client.build().map_err(|error| StartError::Client(chain(&error)))?;
        Ok(Self { http, base, shown: endpoint.to_owned(), is_socket: socket.is_some(), known: None })
    }

    /// One look.
    pub async fn look(&mut self) -> Look<CaddyFacts> {
        if let Some((facts, at)) = self.known.clone()
            && at.elapsed() < CONFIG_GOOD_FOR
            && self.get("metrics").await.is_ok_and(|response| response.status().is_success())
        {
            return Look::Answered(facts);
        }
        let look = self.look_closely().await;
        self.known = match &look {
            Look::Answered(facts) => Some((facts.clone(), Instant::now())),
            _ => None,
        };
        look
    }

    async fn look_closely(&self) -> Look<CaddyFacts> {
        let response = match self.get("config/").await {
            Ok(response) => response,
            Err(error) => return sort_failure(&error, &self.shown),
        };
        let status = response.status();
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Look::Denied(format!("Caddy's admin endpoint {} refuses this agent ({status})", self.shown));
            }
            status if status.is_server_error() => return Look::Broken(format!("{} answers {status}", self.shown)),
            status => return Look::NotThere(format!("what answers at {} is not Caddy ({status})", self.shown)),
        }
        let serves = match read_bounded(response, CONFIG_MAX).await {
            Ok(config) => match serves(&config) {
                Some(serves) => serves,
                None => return Look::NotThere(format!("what answers at {} is not Caddy", self.shown)),
            },
            Err(crate::client::CallError::Nonsense(_)) => "a large configuration".to_owned(),
            Err(error) => return Look::Broken(error.to_string()),
        };
        Look::Answered(CaddyFacts { version: self.version().await, serves })
    }

    async fn get(&self, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        let url = self.base.join(path).unwrap_or_else(|_| self.base.clone());
        let request = self.http.get(url);
        // Caddy takes requests on a socket only with an empty host (or, from 2.7 on, with a loopback one).
        let request = if self.is_socket { request.header(HOST, "") } else { request };
        request.send().await
    }

    async fn version(&self) -> Option<String> {
        let response = self.get("metrics").await.ok().filter(|response| response.status().is_success())?;
        let text = read_bounded(response, METRICS_MAX).await.ok()?;
        version_in(&String::from_utf8_lossy(&text))
    }
}

/// Nobody listens: not there. May not connect: denied. Anything else: broken.
fn sort_failure(error: &reqwest::Error, shown: &str) -> Look<CaddyFacts> {
    match io_kind(error) {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Look::NotThere(format!("nothing listens at {shown}")),
        Some(io::ErrorKind::PermissionDenied) => Look::Denied(format!("permission denied on {shown}; let the agent's user write to that socket")),
        _ if error.is_timeout() => Look::Broken(format!("{shown} does not answer within {} s", TIMEOUT.as_secs())),
        _ => Look::Broken(format!("{shown}: {}", chain(error))),
    }
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    apps: Option<Apps>,
}

#[derive(Deserialize)]
struct Apps {
    #[serde(default)]
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    #[serde(default)]
    servers: Option<BTreeMap<String, IgnoredAny>>,
}

/// How much a configuration serves, for a person; `None` where it is not a configuration of Caddy's.
fn serves(config: &[u8]) -> Option<String> {
    let config: Option<Config> = serde_json::from_slice(config).ok()?;
    Some(match config {
        None => "no configuration loaded".to_owned(),
        Some(config) => match config.apps.and_then(|apps| apps.http).and_then(|http| http.servers).map_or(0, |servers| servers.len()) {
            0 => "serves no HTTP".to_owned(),
            1 => "1 HTTP server".to_owned(),
            n => format!("{n} HTTP servers"),
        },
    })
}

/// `go_build_info{checksum="",path="github.com/caddyserver/caddy/v2",version="v2.10.0"}`; distributions that build
/// without module information (Debian) leave it empty, and then the version is not known.
fn version_in(metrics: &str) -> Option<String> {
    let line = metrics.lines().find(|line| line.starts_with("go_build_info{"))?;
    let (_, rest) = line.split_once("version=\"")?;
    let version = rest.split('"').next()?.strip_prefix('v')?;
    Some(version.to_owned()).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_caddy_serves() {
        assert_eq!(serves(b"null").as_deref(), Some("no configuration loaded"));
        assert_eq!(serves(br#"{"admin":{"listen":"x"}}"#).as_deref(), Some("serves no HTTP"));
        assert_eq!(serves(br#"{"apps":{"http":{"servers":{"srv0":{"listen":[":80"]}}}}}"#).as_deref(), Some("1 HTTP server"));
        assert_eq!(serves(br#"{"apps":{"http":{"servers":{"a":{},"b":{}}},"tls":{}}}"#).as_deref(), Some("2 HTTP servers"));
        assert_eq!(serves(b"<html>"), None);
        assert_eq!(serves(b"[1]"), None);
    }

    #[test]
    fn a_version_is_said_only_where_the_build_knows_it() {
        let line =
            |version: &str| format!("# HELP x\ngo_build_info{{checksum=\"\",path=\"github.com/caddyserver/caddy/v2\",version=\"{version}\"}} 1\n");
        assert_eq!(version_in(&line("v2.10.0")).as_deref(), Some("2.10.0"));
        assert_eq!(version_in(&line("")), None);
        assert_eq!(version_in(&line("(devel)")), None);
        assert_eq!(version_in(""), None);
    }

    #[test]
    fn endpoints() {
        for good in ["http://127.0.0.1:2019", "http://127.0.0.1:2019/config/", "unix:///run/caddy/admin.sock"] {
            let probe = CaddyProbe::new(good).unwrap();
            assert!(probe.base.as_str().ends_with('/') && !probe.base.as_str().contains("config"), "{}", probe.base);
        }
        for bad in ["", "ftp://x", "127.0.0.1:2019"] {
            assert!(CaddyProbe::new(bad).is_err(), "{bad}");
        }
    }
}
