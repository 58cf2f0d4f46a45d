//! Reads what was given into [`Settings`], and refuses in words what cannot be.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use pitlane_api::{EngineKind, Thresholds};

use super::{Given, LogFormat, PrintLink, Settings, TABLE, Wrong, default_data_dir};

/// The address people and agents use: a scheme, a host and perhaps a port, nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Speaks TLS.
    pub https: bool,
    /// Host and port as they stand in a `Host` header, lower case.
    pub host: String,
}

impl PublicUrl {
    /// As it stands in an `Origin` header.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.host)
    }

    /// Whether this text, from a `Host` header or in front of a path, is this address's host. Its scheme's own port may stand there or not.
    pub fn is_host(&self, host: &str) -> bool {
        let port = if self.https { ":443" } else { ":80" };
        host.strip_suffix(port).unwrap_or(host).eq_ignore_ascii_case(&self.host)
    }

    /// Whether an `Origin` header names a page of this address.
    pub fn is_origin(&self, origin: &str) -> bool {
        let scheme = if self.https { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|host| self.is_host(host))
    }

    fn read(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(format!("{text:?} must begin with https:// (or http://), not {other}:")),
        };
        let host = url.host_str().ok_or_else(|| format!("{text:?} has no host"))?;
        let credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() || credentials {
            return Err(format!("{text:?} must be a scheme and a host only: Pitlane is served from the root of its host"));
        }
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { https, host })
    }
}

/// Reads "5", "5s", "2m", "12h" or "7d". A bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 30s, 5m, 2h or 7d");
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).filter(|d| d.as_secs() <= 3_650 * 86_400).ok_or_else(wrong)
}

fn words<'a, T: Copy>(text: &str, words: &'a [(&'a str, T)]) -> Result<T, String> {
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| format!("{text:?} is not one of {}", words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")))
}

fn flag(text: &str) -> Result<bool, String> {
    words(text, &[("true", true), ("false", false), ("1", true), ("0", false), ("yes", true), ("no", false)])
}

fn within(low: u64, high: u64) -> impl Fn(&str) -> Result<u64, String> {
    move |text| {
        let number = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
        if (low..=high).contains(&number) { Ok(number) } else { Err(format!("{number} is not between {low} and {high}")) }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (1.0..=100.0).contains(&number) { Ok(number) } else { Err(format!("{text} is not between 1 and 100")) }
}

fn seconds(text: &str) -> Result<u64, String> {
    match parse_duration(text)?.as_secs() {
        0 => Err("must be at least one second".into()),
        n if n > 86_400 => Err(format!("{text} is longer than a day")),
        n => Ok(n),
    }
}

fn long(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|d| if d.is_zero() { Err("must be at least one second".into()) } else { Ok(d) })
}

fn engine(text: &str) -> Result<EngineKind, String> {
    match EngineKind::from_word(text) {
        known @ (EngineKind::Embedded | EngineKind::Swarm | EngineKind::Kubernetes) => Ok(known),
        EngineKind::Unknown => Err(format!("{text:?} is not an engine; this version has: embedded, swarm, kubernetes")),
        other => Err(format!("the driver for {} is not in this version; it has: embedded, swarm, kubernetes", other.describe())),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.replace("localhost:", "127.0.0.1:")
        .parse()
        .map_err(|_| format!("{text:?} is not an address and a port such as 127.0.0.1:7070 or [::1]:7070"))
}

/// Reads addresses and networks such as `10.0.0.7, 10.1.0.0/16, fd00::/8`.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let given = text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
    given
        .map(|part| {
            let network = match part.parse::<IpAddr>() {
                Ok(address) => IpNet::from(address.to_canonical()),
                Err(_) => {
                    part.parse::<IpNet>().map_err(|_| format!("{part:?} is not an address or a network such as 10.0.0.7 or 10.1.0.0/16"))?.trunc()
                }
            };
            match network.prefix_len() {
                0 => Err(format!("{part:?} is everybody: whoever is named here is believed about where requests come from")),
                _ => Ok(network),
            }
        })
        .collect()
}

/// This machine itself.
fn loopback() -> Vec<IpNet> {
    [IpNet::new(Ipv4Addr::LOCALHOST.into(), 8), IpNet::new(Ipv6Addr::LOCALHOST.into(), 128)]
        .into_iter()
        .flatten()
        .map(|network| network.trunc())
        .collect()
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        1..=60 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err("must have 1 to 60 characters".into()),
    }
}

impl Settings {
    /// Reads what was given. Every refusal names the setting, where it was given, and what would do.
    pub fn read(given: Given) -> Result<Self, Wrong> {
        let given = given.with_file()?;
        let read = Reader(&given);
        let scheduler = read.value("engine", engine)?;
        // A kubelet renews its lease every ten seconds; agents beat every five.
        let beats = match scheduler {
            EngineKind::Kubernetes => (10, 25, 40),
            _ => (5, 15, 30),
        };
        let tls_terminated_upstream = read.value("tls-terminated-upstream", flag)?;
        let max_connections = read.value("max-connections", within(10, 1_000_000))? as usize;
        let max_streams = read.value("max-streams", within(1, 1_000_000))? as usize;
        let settings = Self {
            listen: read.value("listen", address)?,
            data_dir: match given.get("data-dir") {
                Some(value) if value.text.is_empty() => return Err(Wrong(format!("{} is empty", value.from))),
                Some(value) => PathBuf::from(&value.text),
                None => default_data_dir(),
            },
            fleet_name: read.value("fleet-name", name)?,
            production: read.value("production", flag)?,
            public_url: read.optional("public-url", PublicUrl::read)?,
            tls_terminated_upstream,
            trusted_proxies: match read.optional("trusted-proxies", networks)? {
                Some(named) => named,
                // The proxy of the documented set-up runs on the same machine.
                None if tls_terminated_upstream => loopback(),
                None => Vec::new(),
            },
            engine: scheduler,
            swarm_host: read.optional("swarm-host", |text| Ok(text.to_owned()))?,
            kubeconfig: read.optional("kubeconfig", |text| Ok(PathBuf::from(text)))?,
            kube_context: read.optional("kube-context", |text| Ok(text.to_owned()))?,
            thresholds: Thresholds {
                heartbeat_every_s: read.optional("heartbeat-every", seconds)?.unwrap_or(beats.0),
                late_after_s: read.optional("late-after", seconds)?.unwrap_or(beats.1),
                offline_after_s: read.optional("offline-after", seconds)?.unwrap_or(beats.2),
                settle_s: read.value("settle", |text| parse_duration(text).map(|d| d.as_secs()))?,
                disk_bad_percent: read.value("disk-bad-percent", percent)?,
                memory_bad_percent: read.value("memory-bad-percent", percent)?,
                clock_skew_s: read.value("clock-skew", seconds)? as f64,
            },
            retry_first: read.value("retry-first", long)?,
            retry_max: read.value("retry-max", long)?,
            session_ttl: read.value("session-ttl", long)?,
            rate_per_second: read.value("rate-per-second", within(1, 1_000_000))? as u32,
            rate_burst: read.value("rate-burst", within(1, 1_000_000))? as u32,
            heartbeat_rate_per_second: read.value("heartbeat-rate-per-second", within(1, 1_000_000))? as u32,
            max_streams,
            max_streams_per_caller: match read.optional("max-streams-per-caller", within(1, 1_000_000))? {
                Some(given) => given as usize,
                None => max_streams.div_ceil(4),
            },
            max_connections,
            max_connections_per_address: match read.optional("max-connections-per-address", within(1, 1_000_000))? {
                Some(given) => given as usize,
                None => max_connections.div_ceil(2).min(1_000),
            },
            request_timeout: read.value("request-timeout", long)?,
            log_format: read.value("log-format", |text| words(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)]))?,
            log_level: read.value("log-level", |text| {
                tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| format!("{text:?}: {error}"))
            })?,
            print_link: read
                .value("print-link", |text| words(text, &[("auto", PrintLink::Auto), ("always", PrintLink::Always), ("never", PrintLink::Never)]))?,
            with_agent: read.value("with-agent", flag)?,
            with_demo: read.value("with-demo", flag)?,
        };
        settings.check()?;
        Ok(settings)
    }

    /// What only shows when settings are seen together.
    fn check(&self) -> Result<(), Wrong> {
        let t = &self.thresholds;
        let wrong = |text: String| Err(Wrong(text));
        if t.late_after_s <= t.heartbeat_every_s {
            return wrong(format!(
                "--late-after ({} s) must be longer than --heartbeat-every ({} s): else every node is late",
                t.late_after_s, t.heartbeat_every_s
            ));
        }
        if t.offline_after_s <= t.late_after_s {
            return wrong(format!("--offline-after ({} s) must be longer than --late-after ({} s)", t.offline_after_s, t.late_after_s));
        }
        if t.settle_s > 86_400 {
            return wrong(format!("--settle ({} s) is longer than a day: nothing could be activated", t.settle_s));
        }
        if self.retry_max < self.retry_first {
            return wrong("--retry-max must not be shorter than --retry-first".into());
        }
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if !self.tls_terminated_upstream {
            return wrong(format!(
                "--listen {} is reachable from outside, and Pitlane itself speaks no TLS: sign-ins and tokens could be read on the way. \
                 Put a proxy with TLS in front and say so with --tls-terminated-upstream, or listen on 127.0.0.1.",
                self.listen
            ));
        }
        if self.public_url.is_none() {
            return wrong(format!(
                "--listen {} is reachable from outside, so Pitlane must know its own address: give --public-url https://…",
                self.listen
            ));
        }
        Ok(())
    }
}

struct Reader<'a>(&'a Given);

impl Reader<'_> {
    fn value<T>(&self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Wrong> {
        match self.0.get(name) {
            Some(value) => read(&value.text).map_err(|why| Wrong(format!("{}: {why}", value.from))),
            None => {
                let default = TABLE.iter().find(|setting| setting.name == name).map(|setting| setting.default).unwrap_or_default();
                read(default).map_err(|why| Wrong(format!("the default of --{name}: {why}")))
            }
        }
    }

    fn optional<T>(&self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Wrong> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        read(&value.text).map(Some).map_err(|why| Wrong(format!("{}: {why}", value.from)))
    }
}

#[cfg(test)]
mod tests;
