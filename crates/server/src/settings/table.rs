//! The table of settings: names, defaults and what each is for.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// As in `--listen`; the variable is `PITLANE_LISTEN`, the key of the file `listen`.
    pub name: &'static str,
    /// What a value looks like; `None` is a switch.
    pub value: Option<&'static str>,
    /// Used where nobody says anything; for a person.
    pub default: &'static str,
    /// For a person, one sentence or two.
    pub help: &'static str,
}

impl Setting {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("PITLANE_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// The key in the file.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }
}

const fn value(name: &'static str, value: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, value: Some(value), default, help }
}

const fn switch(name: &'static str, help: &'static str) -> Setting {
    Setting { name, value: None, default: "false", help }
}

/// Every setting of `pitlane serve`, in the order of the documentation.
pub const TABLE: &[Setting] = &[
    value("config", "FILE", "", "A TOML file with settings; its keys are these names with underscores. Flags and variables win over it."),
    value("listen", "ADDRESS:PORT", "127.0.0.1:7070", "Where to listen. Beyond loopback it needs --tls-terminated-upstream and --public-url."),
    value(
        "data-dir",
        "FOLDER",
        "$XDG_DATA_HOME/pitlane, else ~/.local/share/pitlane",
        "Where the database lives. Made with mode 0700 where it is missing.",
    ),
    value("fleet-name", "NAME", "Fleet", "The fleet's name, 1 to 60 characters."),
    switch("production", "Marks the fleet as a production fleet in the console."),
    value(
        "public-url",
        "URL",
        "",
        "How browsers and agents reach Pitlane from outside, such as https://pitlane.example.org. Requests for any other host but loopback are refused; with https the session cookie is Secure.",
    ),
    switch(
        "tls-terminated-upstream",
        "TLS ends before me: a proxy in front speaks TLS, sets Host and X-Forwarded-For, and nobody else can reach this port.",
    ),
    value(
        "trusted-proxies",
        "ADDRESSES",
        "",
        "The proxies in front, as addresses and networks with commas between them (in the file also a list). Only from them X-Forwarded-For, or Forwarded, is believed: limits count by the address it names. With --tls-terminated-upstream and nothing here it is loopback.",
    ),
    value("engine", "ENGINE", "embedded", "What schedules. This version has: embedded, swarm, kubernetes."),
    value(
        "swarm-host",
        "ADDRESS",
        "",
        "With --engine swarm: a manager's unix:///path or tcp://host:port. Without it DOCKER_HOST, else Docker's socket; DOCKER_CERT_PATH and DOCKER_TLS_VERIFY as with Docker's own client.",
    ),
    value("kubeconfig", "FILE", "", "For Kubernetes: the kubeconfig; else $KUBECONFIG, else in a pod its service account, else ~/.kube/config."),
    value("kube-context", "NAME", "", "For Kubernetes: the context of the kubeconfig, else its current one."),
    value("heartbeat-every", "DURATION", "5s", "How often an agent beats."),
    value("late-after", "DURATION", "15s", "A heartbeat older than this is late."),
    value("offline-after", "DURATION", "30s", "A heartbeat older than this is stale, and its node offline."),
    value("settle", "DURATION", "60s", "How long everything must have been clean before a node is activated."),
    value("disk-bad-percent", "PERCENT", "90", "Disk use from here on is a bad signal."),
    value("memory-bad-percent", "PERCENT", "95", "Memory use from here on is a bad signal."),
    value("clock-skew", "DURATION", "30s", "A node's clock that is off by more is said on its card."),
    value("retry-first", "DURATION", "1s", "First pause before a failed attempt of a drain or activation is repeated; it doubles from try to try."),
    value("retry-max", "DURATION", "1m", "Longest pause between two attempts."),
    value("session-ttl", "DURATION", "7d", "How long a sign-in lasts."),
    value("rate-per-second", "N", "50", "Requests a second that one person, token or address may make in the long run."),
    value("rate-burst", "N", "200", "Requests it may make at once."),
    value("heartbeat-rate-per-second", "N", "5", "Heartbeats a second that one agent may send; bounded apart from people's requests."),
    value("max-streams", "N", "1000", "Open event streams, all together; one address may have half of them."),
    value("max-streams-per-caller", "N", "a quarter of max-streams", "Open event streams of one person or token."),
    value("max-connections", "N", "12000", "Open connections, all together. Where the system allows fewer open files, fewer."),
    value(
        "max-connections-per-address",
        "N",
        "1000, at most half of max-connections",
        "Connections of one address (IPv6: of one /64) that have shown no valid token, session or link; beyond that the oldest is closed. Proxies that are named by --trusted-proxies are not bounded by it.",
    ),
    value("request-timeout", "DURATION", "30s", "How long a request may take; event streams are not bounded by it."),
    value("log-format", "text|json", "text", "How the log is written, to standard error."),
    value("log-level", "FILTER", "info", "What is logged: error, warn, info, debug, trace, or a filter such as info,pitlane::http=debug."),
    value(
        "print-link",
        "auto|always|never",
        "auto",
        "Whether a sign-in link is printed at start. auto: only when standard output is a terminal, so that no link ends up in a log.",
    ),
    switch("with-agent", "Runs this machine's own agent inside the server."),
    switch("with-demo", "Plays a fleet of simulated nodes beside the real ones."),
];

/// The table as it stands in docs/operating.md, where a test holds it.
pub fn markdown() -> String {
    let mut out = String::from("| flag | variable | key in the file | default | what |\n|---|---|---|---|---|\n");
    for setting in TABLE {
        let value = setting.value.map(|value| format!(" {}", value.replace('|', "\\|"))).unwrap_or_default();
        let key = if setting.name == "config" { String::new() } else { format!("`{}`", setting.key()) };
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        out.push_str(&format!(
            "| `--{}{value}` | `{}` | {key} | {default} | {} |\n",
            setting.name,
            setting.variable(),
            setting.help.replace('|', "\\|")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(
            text.contains(&markdown()),
            "docs/operating.md does not contain the table of settings as the code has it; `pitlane settings` prints it:\n\n{}",
            markdown()
        );
    }

    #[test]
    fn names_are_words_and_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|setting| setting.name).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}
