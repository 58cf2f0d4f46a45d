//! Rule 2: what is stateful, where its data lives, and what becomes of it.

use std::collections::BTreeMap;

use crate::{ContainerReport, DataLives, Fate, Identity, MountKind, MountReport, Volume, VolumeKind, Workload, WorkloadKind, WorkloadState};

/// Folders of the host that are interfaces to the kernel or to a daemon, or configuration, not data.
const NOT_DATA: &[&str] = &[
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/lib/modules",
    "/usr/src",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/ssl",
    "/etc/ca-certificates",
    // The agent's own token, which can be made anew.
    "/var/lib/pitlane-agent",
];

/// Whether a mount holds data that a person would miss. Named and anonymous volumes do, and writable binds do;
/// Docker's socket, `/proc`, `/sys` and the like do not, nor does memory.
pub fn mount_holds_data(mount: &MountReport) -> bool {
    match mount.kind {
        MountKind::Volume => !is_agents_own(mount),
        MountKind::Cluster => true,
        MountKind::Bind => mount.writable && mount.source.as_deref().is_none_or(source_is_data),
        MountKind::Tmpfs | MountKind::Image => false,
        // A kind from a newer agent: better to warn once too often.
        MountKind::Unknown => mount.writable,
    }
}

/// The name and the place of the agent's own volume in `deploy/swarm/pitlane-agent.yml`. It holds a token, which can be made anew.
pub const AGENT_VOLUME: (&str, &str) = ("pitlane-agent", "/var/lib/pitlane-agent");

fn is_agents_own(mount: &MountReport) -> bool {
    (mount.name.as_deref().or(mount.source.as_deref()), mount.destination.as_str()) == (Some(AGENT_VOLUME.0), AGENT_VOLUME.1)
}

fn source_is_data(source: &str) -> bool {
    let source = source.trim_end_matches('/');
    let under = |folder: &str| source.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !source.ends_with(".sock") && !NOT_DATA.iter().any(|folder| under(folder))
}

/// File systems that other nodes reach too, as they stand in the options of the `local` driver.
const NETWORK_TYPES: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "glusterfs", "ceph", "lustre", "9p"];

/// Where the data of a mount lives.
fn data_lives(mount: &MountReport) -> DataLives {
    if mount.kind == MountKind::Cluster {
        return DataLives::NetworkVolume;
    }
    if mount.kind == MountKind::Bind {
        return DataLives::ThisNodeOnly;
    }
    volume_lives(mount.driver.as_deref().unwrap_or("local"), &mount.driver_options)
}

/// Where the data of a volume lives, by its driver and the driver's options. A driver other than `local` is taken for
/// a network volume only where its name says so; a driver nobody knows is not known, and counts as more local than a
/// network volume.
pub fn volume_lives(driver: &str, options: &BTreeMap<String, String>) -> DataLives {
    match driver {
        "local" | "" => {
            let option = |key: &str| options.get(key).map(|value| value.to_ascii_lowercase());
            let by_type = option("type").is_some_and(|kind| NETWORK_TYPES.contains(&kind.as_str()));
            let by_address = option("o").is_some_and(|o| o.split(',').any(|word| word.starts_with("addr=")));
            if by_type || by_address { DataLives::NetworkVolume } else { DataLives::ThisNodeOnly }
        }
        driver => {
            let driver = driver.to_ascii_lowercase();
            let known = ["nfs", "cifs", "glusterfs", "ceph", "rbd", "ebs", "rexray", "longhorn", "portworx", "sshfs", "s3", "azurefile", "vsphere"];
            if known.iter().any(|word| driver.contains(word)) { DataLives::NetworkVolume } else { DataLives::Unknown }
        }
    }
}

/// Docker names anonymous volumes by 64 hex digits.
fn is_anonymous(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn volume(mount: &MountReport) -> Volume {
    let name = mount.name.clone().or_else(|| mount.source.clone()).unwrap_or_else(|| mount.destination.clone());
    let kind = match mount.kind {
        MountKind::Bind => VolumeKind::Bind,
        _ if is_anonymous(&name) => VolumeKind::Anonymous,
        _ => VolumeKind::Named,
    };
    Volume {
        data_lives: data_lives(mount),
        kind,
        destination: Some(mount.destination.clone()),
        driver: mount.driver.clone().filter(|driver| driver != "local"),
        name,
    }
}

/// A container on a host without a scheduler of its own: Docker starts it again here, or nobody does.
///
/// The identity survives a restart: compose project, service and index where compose made it, else the name. An
/// anonymous volume is named by its destination there, because Docker gives it a new name when compose makes the
/// container anew.
pub fn workload_from_container(container: &ContainerReport) -> Workload {
    let label = |key: &str| container.labels.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let project = label("com.docker.compose.project");
    let (identity, name) = match (project, label("com.docker.compose.service")) {
        (Some(project), Some(service)) => {
            let index = label("com.docker.compose.container-number").unwrap_or("1");
            let name = if index == "1" { service.to_owned() } else { format!("{service}.{index}") };
            (Identity::new("compose", &[project, service, index]), name)
        }
        _ => (Identity::new("container", &[&container.name]), container.name.clone()),
    };
    let volumes: Vec<Volume> = container.mounts.iter().filter(|mount| mount_holds_data(mount)).map(volume).collect();
    let identity = volumes.iter().fold(identity, |identity, volume| {
        let name = match (volume.kind, &volume.destination) {
            (VolumeKind::Anonymous, Some(destination)) => destination,
            _ => &volume.name,
        };
        identity.with_volume(name, volume.data_lives)
    });
    let removes_anonymous = container.auto_remove && volumes.iter().any(|volume| volume.kind == VolumeKind::Anonymous);
    let (on_restart, on_node_down) = match container.restart_policy.as_str() {
        _ if removes_anonymous => (Fate::DataLost, Fate::DataLost),
        "always" | "unless-stopped" => (Fate::HereWithData, Fate::WaitsForNode),
        // Docker starts these again after a crash, and after a reboot only where they had failed.
        "on-failure" => (Fate::HereWithData, Fate::StaysStopped),
        _ => (Fate::StaysStopped, Fate::StaysStopped),
    };
    Workload {
        identity,
        name,
        stack: project.map(str::to_owned),
        image: Some(container.image.clone()).filter(|image| !image.is_empty()),
        kind: WorkloadKind::Container,
        state: match container.state.as_str() {
            "running" => WorkloadState::Running,
            "restarting" => WorkloadState::Starting,
            "paused" => WorkloadState::Paused,
            "exited" | "created" | "removing" => WorkloadState::Stopped,
            "dead" => WorkloadState::Failed,
            _ => WorkloadState::Unknown,
        },
        since: container.since,
        stateful: !volumes.is_empty(),
        belongs_to_node: false,
        volumes,
        on_restart,
        on_node_down,
        remarks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: MountKind, name: Option<&str>, source: Option<&str>, writable: bool) -> MountReport {
        MountReport {
            kind,
            name: name.map(Into::into),
            source: source.map(Into::into),
            destination: "/data".into(),
            writable,
            driver: None,
            driver_options: BTreeMap::new(),
        }
    }

    fn container(labels: &[(&str, &str)], mounts: Vec<MountReport>) -> ContainerReport {
        ContainerReport {
            id: "c1".into(),
            name: "shop-postgres-1".into(),
            image: "postgres:17".into(),
            state: "running".into(),
            since: None,
            labels: labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            mounts,
            restart_policy: "unless-stopped".into(),
            auto_remove: false,
        }
    }

    #[test]
    fn what_is_data() {
        let bind = |source, writable| mount_holds_data(&mount(MountKind::Bind, None, Some(source), writable));
        assert!(bind("/srv/mail", true));
        assert!(!bind("/srv/mail", false));
        for not_data in ["/var/run/docker.sock", "/run/docker.sock", "/proc", "/proc/", "/sys/fs/cgroup", "/dev/dri", "/etc/localtime", "/srv/x.sock"]
        {
            assert!(!bind(not_data, true), "{not_data}");
        }
        assert!(bind("/process", true), "a folder that merely begins like one");
        assert!(mount_holds_data(&mount(MountKind::Volume, Some("pg"), None, false)), "a volume is data even where this container only reads it");
        assert!(!mount_holds_data(&mount(MountKind::Tmpfs, None, None, true)));
    }

    #[test]
    fn where_it_lives() {
        let lives = |driver: Option<&str>, options: &[(&str, &str)]| {
            let mut mount = mount(MountKind::Volume, Some("v"), None, true);
            mount.driver = driver.map(Into::into);
            mount.driver_options = options.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
            data_lives(&mount)
        };
        assert_eq!(lives(None, &[]), DataLives::ThisNodeOnly);
        assert_eq!(lives(Some("local"), &[("type", "nfs"), ("o", "addr=10.0.0.9,rw")]), DataLives::NetworkVolume);
        assert_eq!(lives(Some("local"), &[("type", "none"), ("o", "bind"), ("device", "/srv/pg")]), DataLives::ThisNodeOnly);
        assert_eq!(lives(Some("rexray/ebs"), &[]), DataLives::NetworkVolume);
        assert_eq!(lives(Some("some-driver"), &[]), DataLives::Unknown);
    }

    #[test]
    fn compose_identities_survive_a_new_container() {
        let labels =
            [("com.docker.compose.project", "shop"), ("com.docker.compose.service", "postgres"), ("com.docker.compose.container-number", "1")];
        let one = workload_from_container(&container(&labels, vec![mount(MountKind::Volume, Some("shop_pgdata"), None, true)]));
        let mut again = container(&labels, vec![mount(MountKind::Volume, Some("shop_pgdata"), None, true)]);
        again.id = "c2".into();
        again.name = "renamed".into();
        assert_eq!(one.identity, workload_from_container(&again).identity);
        assert_eq!(one.identity.to_string(), "compose:shop/postgres/1|shop_pgdata@node");
        assert_eq!((one.name.as_str(), one.stack.as_deref()), ("postgres", Some("shop")));
    }

    #[test]
    fn an_anonymous_volume_that_gets_a_new_name_is_still_the_same() {
        let with = |name: &str| workload_from_container(&container(&[], vec![mount(MountKind::Volume, Some(name), None, true)]));
        assert_eq!(with(&"a1".repeat(32)).identity, with(&"b2".repeat(32)).identity);
        assert_eq!(with(&"a1".repeat(32)).volumes[0].kind, VolumeKind::Anonymous);
    }

    #[test]
    fn what_becomes_of_it() {
        let fates = |policy: &str, auto_remove: bool| {
            let mut container = container(&[], vec![mount(MountKind::Volume, Some(&"a1".repeat(32)), None, true)]);
            container.restart_policy = policy.into();
            container.auto_remove = auto_remove;
            let workload = workload_from_container(&container);
            (workload.on_restart, workload.on_node_down)
        };
        assert_eq!(fates("unless-stopped", false), (Fate::HereWithData, Fate::WaitsForNode));
        assert_eq!(fates("no", false), (Fate::StaysStopped, Fate::StaysStopped));
        assert_eq!(fates("no", true), (Fate::DataLost, Fate::DataLost));
    }
}
