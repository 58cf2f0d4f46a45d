//! The settings of `pitlane serve`: one table, read from flags, the environment and a file, in that order.
//!
//! [`TABLE`] is the only place that names a setting; flags, `PITLANE_` variables, keys of the file, the help text and
//! the table in docs/operating.md all come from it. This module does not know what the settings are used for.

mod given;
mod parse;
mod table;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use pitlane_api::{EngineKind, Thresholds};

pub use given::{DataDirOnly, Given, ServeGiven};
pub use parse::{PublicUrl, parse_duration};
pub use table::{Setting, TABLE, markdown};

/// A setting that cannot be used, in words: what was given, where, and what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(pub String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    Text,
    /// One JSON object per line.
    Json,
}

/// Whether the sign-in link is printed at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintLink {
    /// To a terminal only, so that no link ends up in a log file.
    Auto,
    /// Always. For scripts that read it.
    Always,
    /// Never. `pitlane sign-in-link` makes one when it is needed.
    Never,
}

/// Everything `pitlane serve` can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where the database and the local token live.
    pub data_dir: PathBuf,
    /// The fleet's name.
    pub fleet_name: String,
    /// A production fleet carries a mark.
    pub production: bool,
    /// How browsers and agents reach it from outside.
    pub public_url: Option<PublicUrl>,
    /// A proxy in front ends TLS.
    pub tls_terminated_upstream: bool,
    /// Who is believed about where a request comes from (`X-Forwarded-For`, `Forwarded`). Loopback where nothing is given and a proxy ends TLS.
    pub trusted_proxies: Vec<IpNet>,
    /// What schedules.
    pub engine: EngineKind,
    /// A manager of the swarm, as Docker writes addresses; `None` is what Docker's own client would take.
    pub swarm_host: Option<String>,
    /// The kubeconfig to use, for Kubernetes.
    pub kubeconfig: Option<PathBuf>,
    /// The context of it, for Kubernetes.
    pub kube_context: Option<String>,
    /// What is late, stale, bad and settled.
    pub thresholds: Thresholds,
    /// First pause before a failed attempt of an operation is repeated.
    pub retry_first: Duration,
    /// Longest pause between two attempts.
    pub retry_max: Duration,
    /// How long a sign-in lasts.
    pub session_ttl: Duration,
    /// Requests a second that one person, token or address may make, in the long run.
    pub rate_per_second: u32,
    /// Requests it may make at once.
    pub rate_burst: u32,
    /// Heartbeats a second of one agent.
    pub heartbeat_rate_per_second: u32,
    /// Open event streams, all together.
    pub max_streams: usize,
    /// Open event streams of one person or token.
    pub max_streams_per_caller: usize,
    /// Open connections, all together.
    pub max_connections: usize,
    /// Open connections of one address that have not shown a valid secret.
    pub max_connections_per_address: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged, in the words of tracing-subscriber's `EnvFilter`.
    pub log_level: String,
    /// Whether the sign-in link is printed.
    pub print_link: PrintLink,
    /// Run this machine's own agent too.
    pub with_agent: bool,
    /// Play a simulated fleet too.
    pub with_demo: bool,
}

impl Settings {
    /// Where a browser on this machine finds the console, without a slash at the end.
    pub fn local_url(&self) -> String {
        let host = match self.listen.ip() {
            ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        format!("http://{host}:{}", self.listen.port())
    }

    /// Where people find the console: the public address if there is one.
    pub fn browse_url(&self) -> String {
        self.public_url.as_ref().map_or_else(|| self.local_url(), |url| url.origin())
    }

    /// Whether a proxy must be in front, on another machine, and nobody said which it is.
    pub fn proxy_is_not_named(&self) -> bool {
        let elsewhere = self.trusted_proxies.iter().any(|network| !network.addr().is_loopback());
        self.tls_terminated_upstream && !self.listen.ip().is_loopback() && !elsewhere
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("pitlane.db")
    }
}

/// The default data directory, by the XDG rules.
pub fn default_data_dir() -> PathBuf {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match (absolute("XDG_DATA_HOME"), absolute("HOME")) {
        (Some(data), _) => data.join("pitlane"),
        (None, Some(home)) => home.join(".local/share/pitlane"),
        (None, None) => PathBuf::from("pitlane-data"),
    }
}
