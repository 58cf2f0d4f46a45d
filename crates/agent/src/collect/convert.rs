//! From Docker's words to those of the wire, as pure functions. Bounds every list and every text.

use std::collections::{BTreeMap, HashMap, HashSet};

use bollard::models::{ContainerInspectResponse, ContainerSummary, MountPoint, RestartPolicyNameEnum, Volume};
use pitlane_api::{
    ContainerReport, DataLives, MountKind, MountReport, Timestamp,
    rules::{AGENT_VOLUME, report_bounds::MOUNTS_MAX, volume_lives},
};

/// Most bytes of labels that are sent per container.
const LABEL_BYTES: usize = 4096;
/// Longest value of a label, in characters.
const LABEL_CHARS: usize = 256;

/// What only an inspection tells of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Docker's word.
    pub restart_policy: String,
    /// Removed when it ends.
    pub auto_remove: bool,
    /// Since when it is in its state.
    pub since: Option<Timestamp>,
}

/// Reads an inspection.
pub fn inspected(response: &ContainerInspectResponse) -> Inspected {
    let host = response.host_config.as_ref();
    let policy = host.and_then(|host| host.restart_policy.as_ref()).and_then(|policy| policy.name);
    let state = response.state.as_ref();
    let running = state.and_then(|state| state.running).unwrap_or(false);
    let moment = state.and_then(|state| if running { state.started_at.as_deref() } else { state.finished_at.as_deref() });
    Inspected {
        restart_policy: match policy {
            Some(RestartPolicyNameEnum::ALWAYS) => "always",
            Some(RestartPolicyNameEnum::UNLESS_STOPPED) => "unless-stopped",
            Some(RestartPolicyNameEnum::ON_FAILURE) => "on-failure",
            Some(RestartPolicyNameEnum::NO | RestartPolicyNameEnum::EMPTY) | None => "no",
        }
        .to_owned(),
        auto_remove: host.and_then(|host| host.auto_remove).unwrap_or(false),
        since: moment.and_then(time),
    }
}

/// Docker's zero time is no time.
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|at| at.as_second() > 0)
}

/// One container. `inspected` is absent where it could not be inspected.
pub fn container(summary: &ContainerSummary, inspected: Option<&Inspected>, volumes: &HashMap<&str, &Volume>) -> ContainerReport {
    let id = summary.id.clone().unwrap_or_default();
    let names = summary.names.as_deref().unwrap_or_default();
    // Links of old add names with a second slash; the container's own has none.
    let name = names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
    let created = summary.created.and_then(|second| Timestamp::from_second(second).ok());
    let mut mounts: Vec<MountReport> = summary.mounts.iter().flatten().take(MOUNTS_MAX).map(|point| mount(point, volumes)).collect();
    mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
    ContainerReport {
        name: name.map_or_else(|| id.chars().take(12).collect(), str::to_owned),
        image: summary.image.clone().unwrap_or_default(),
        state: summary.state.map(|state| state.to_string()).unwrap_or_default(),
        since: inspected.and_then(|inspected| inspected.since).or(created),
        labels: labels(summary.labels.as_ref()),
        mounts,
        restart_policy: inspected.map(|inspected| inspected.restart_policy.clone()).unwrap_or_default(),
        auto_remove: inspected.is_some_and(|inspected| inspected.auto_remove),
        id,
    }
}

fn mount(point: &MountPoint, volumes: &HashMap<&str, &Volume>) -> MountReport {
    let name = point.name.clone().filter(|name| !name.is_empty());
    let volume = name.as_deref().and_then(|name| volumes.get(name));
    MountReport {
        kind: point.typ.as_deref().map_or(MountKind::Unknown, MountKind::from_word),
        source: point.source.clone().filter(|source| !source.is_empty()),
        destination: point.destination.clone().unwrap_or_default(),
        // What is not said is taken for the worse.
        writable: point.rw.unwrap_or(true),
        driver: volume.map(|volume| volume.driver.clone()).or_else(|| point.driver.clone()).filter(|driver| !driver.is_empty()),
        driver_options: volume.map(|volume| options(&volume.options)).unwrap_or_default(),
        name,
    }
}

/// The options of a volume, without the passwords that `cifs` and others carry in them.
pub fn options(options: &HashMap<String, String>) -> BTreeMap<String, String> {
    options.iter().map(|(key, value)| (key.clone(), if is_secret(key) { "***".to_owned() } else { without_secrets(value) })).collect()
}

fn without_secrets(value: &str) -> String {
    let word = |word: &str| match word.split_once('=') {
        Some((key, _)) if is_secret(key) => format!("{key}=***"),
        _ => word.to_owned(),
    };
    value.split(',').map(word).collect::<Vec<_>>().join(",")
}

fn is_secret(key: &str) -> bool {
    let key = key.trim().to_ascii_lowercase();
    ["pass", "secret", "token", "credential", "key"].iter().any(|word| key.contains(word)) || key == "cred"
}

/// Labels, those of compose and Swarm first, as many as fit.
fn labels(labels: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    let mut all: Vec<(&String, &String)> = labels.into_iter().flatten().collect();
    all.sort_by_key(|(key, _)| (!is_essential(key), !key.starts_with("com.docker."), key.as_str()));
    let mut left = LABEL_BYTES;
    let mut kept = BTreeMap::new();
    for (key, value) in all {
        let value: String = value.chars().take(LABEL_CHARS).collect();
        let Some(rest) = left.checked_sub(key.len() + value.len()) else { break };
        left = rest;
        kept.insert(key.clone(), value);
    }
    kept
}

/// The labels that identities are made of.
pub fn is_essential(key: &str) -> bool {
    ["com.docker.compose.project", "com.docker.compose.service", "com.docker.compose.container-number"].contains(&key)
        || key.starts_with("com.docker.swarm.")
        || key.starts_with("com.docker.stack.")
}

/// Volumes that no container mounts, running or stopped, unless their data is known to live on the network. An agent that
/// runs as a container leaves its own behind while it is replaced: a token, which nobody would miss.
pub fn orphans(containers: &[ContainerSummary], volumes: &[Volume]) -> Vec<String> {
    let mounted = containers.iter().flat_map(|container| container.mounts.iter().flatten()).filter_map(|mount| mount.name.as_deref());
    let mounted: HashSet<&str> = mounted.collect();
    let is_elsewhere = |volume: &Volume| volume_lives(&volume.driver, &options(&volume.options)) == DataLives::NetworkVolume;
    let left = volumes.iter().filter(|volume| !mounted.contains(volume.name.as_str()) && !is_elsewhere(volume) && volume.name != AGENT_VOLUME.0);
    let mut names: Vec<String> = left.map(|volume| volume.name.clone()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn volume(name: &str, driver: &str, pairs: &[(&str, &str)]) -> Volume {
        Volume { name: name.into(), driver: driver.into(), options: map(pairs), ..Volume::default() }
    }

    fn summary(json: serde_json::Value) -> ContainerSummary {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_container_of_compose_is_told_with_its_volumes() {
        let summary = summary(serde_json::json!({
            "Id": "abc", "Names": ["/other/pg", "/shop-postgres-1"], "Image": "postgres:17", "State": "running", "Created": 1_700_000_000,
            "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "postgres"},
            "Mounts": [
                {"Type": "volume", "Name": "shop_pgdata", "Source": "/var/lib/docker/volumes/shop_pgdata/_data", "Destination": "/var/lib/postgresql/data", "Driver": "local", "RW": true},
                {"Type": "bind", "Source": "/etc/pg", "Destination": "/etc/pg", "RW": false}
            ]
        }));
        let pgdata = volume("shop_pgdata", "local", &[("type", "nfs"), ("o", "addr=10.0.0.9,rw")]);
        let volumes = HashMap::from([("shop_pgdata", &pgdata)]);
        let inspected = Inspected { restart_policy: "unless-stopped".into(), auto_remove: false, since: None };
        let report = container(&summary, Some(&inspected), &volumes);
        assert_eq!((report.name.as_str(), report.state.as_str(), report.restart_policy.as_str()), ("shop-postgres-1", "running", "unless-stopped"));
        assert_eq!(report.since.map(|at| at.as_second()), Some(1_700_000_000));
        assert_eq!(report.mounts[0].kind, MountKind::Bind);
        assert!(!report.mounts[0].writable);
        assert_eq!(report.mounts[1].driver_options["type"], "nfs");
    }

    #[test]
    fn passwords_in_volume_options_stay_on_the_host() {
        let shown =
            options(&map(&[("type", "cifs"), ("o", "username=bob,password=hunter2,addr=nas"), ("access_key", "AKIA"), ("device", "//nas/x")]));
        let text = format!("{shown:?}");
        assert!(!text.contains("hunter2") && !text.contains("AKIA"), "{text}");
        assert_eq!(shown["o"], "username=bob,password=***,addr=nas");
        assert_eq!(shown["device"], "//nas/x");
    }

    #[test]
    fn an_orphan_is_local_and_nobody_mounts_it() {
        let running = summary(serde_json::json!({"Id": "a", "Mounts": [{"Type": "volume", "Name": "used", "Destination": "/x"}]}));
        let volumes = [
            volume("used", "local", &[]),
            volume("pitlane-agent", "local", &[]),
            volume("left", "local", &[]),
            volume("share", "local", &[("type", "nfs"), ("o", "addr=nas")]),
        ];
        assert_eq!(orphans(&[running], &volumes), ["left"]);
    }

    #[test]
    fn inspections_of_running_and_ended_containers() {
        let read = |json: serde_json::Value| inspected(&serde_json::from_value(json).unwrap());
        let runs = read(serde_json::json!({
            "State": {"Running": true, "StartedAt": "2026-11-23T00:31:26.123456789Z", "FinishedAt": "0001-01-01T00:00:00Z"},
            "HostConfig": {"AutoRemove": true, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}
        }));
        assert_eq!((runs.restart_policy.as_str(), runs.auto_remove), ("on-failure", true));
        assert_eq!(runs.since.unwrap().to_string(), "2026-11-23T00:31:26.123456789Z");
        let never = read(
            serde_json::json!({"State": {"Running": false, "FinishedAt": "0001-01-01T00:00:00Z"}, "HostConfig": {"RestartPolicy": {"Name": ""}}}),
        );
        assert_eq!((never.since, never.restart_policy.as_str()), (None, "no"));
    }

    proptest! {
        #[test]
        fn labels_are_bounded_and_identities_survive(many in prop::collection::hash_map(".{0,20}", ".{0,400}", 0..60)) {
            let mut many = many;
            many.insert("com.docker.compose.service".into(), "postgres".into());
            let kept = labels(Some(&many));
            let bytes: usize = kept.iter().map(|(key, value)| key.len() + value.len()).sum();
            prop_assert!(bytes <= LABEL_BYTES);
            prop_assert_eq!(kept.get("com.docker.compose.service").map(String::as_str), Some("postgres"));
        }
    }
}
