//! What played nodes run: containers as Docker would list them.

use std::collections::BTreeMap;

use pitlane_api::{ContainerReport, ContainersReport, MountKind, MountReport, Timestamp};

use crate::collect::host::fingerprint;

/// Where a played volume's data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// A named volume on the node's disk.
    Local(&'static str, &'static str),
    /// A named volume on network storage.
    Network(&'static str, &'static str),
    /// A folder of the host, writable.
    Folder(&'static str, &'static str),
    /// Docker's own socket: not data.
    Socket,
}

/// A service of a compose project, in a number of copies.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub project: &'static str,
    pub name: &'static str,
    pub image: &'static str,
    /// Container numbers.
    pub copies: std::ops::RangeInclusive<u32>,
    pub days: i64,
    pub data: Vec<Data>,
}

/// A service without data, in `copies` from 1 on.
pub(crate) fn service(project: &'static str, name: &'static str, image: &'static str, copies: u32, days: i64) -> Service {
    Service { project, name, image, copies: 1..=copies, days, data: Vec::new() }
}

impl Service {
    /// The same with data.
    pub fn with(mut self, data: Data) -> Self {
        self.data.push(data);
        self
    }

    /// The same with these container numbers.
    pub fn numbered(mut self, copies: std::ops::RangeInclusive<u32>) -> Self {
        self.copies = copies;
        self
    }
}

/// The list of a node. `host` makes the ids differ from node to node.
pub(crate) fn containers(host: &str, services: &[Service], now: Timestamp) -> ContainersReport {
    let mut containers = Vec::new();
    for service in services {
        for number in service.copies.clone() {
            containers.push(container(host, service, number, now));
        }
    }
    ContainersReport { complete: true, not_read: Vec::new(), containers, orphaned_volumes: Vec::new() }
}

fn container(host: &str, service: &Service, number: u32, now: Timestamp) -> ContainerReport {
    let name = format!("{}-{}-{number}", service.project, service.name);
    let labels = [
        ("com.docker.compose.project", service.project.to_owned()),
        ("com.docker.compose.service", service.name.to_owned()),
        ("com.docker.compose.container-number", number.to_string()),
        ("com.docker.compose.oneoff", "False".to_owned()),
    ];
    ContainerReport {
        id: fingerprint(&format!("{host}/{name}")),
        name,
        image: service.image.to_owned(),
        state: "running".to_owned(),
        since: now.checked_sub(jiff::SignedDuration::from_hours(service.days * 24)).ok(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        mounts: service.data.iter().map(|data| mount(*data)).collect(),
        restart_policy: "unless-stopped".to_owned(),
        auto_remove: false,
    }
}

fn mount(data: Data) -> MountReport {
    let (kind, name, source, destination, options) = match data {
        Data::Local(name, destination) => (MountKind::Volume, Some(name), format!("/var/lib/docker/volumes/{name}/_data"), destination, vec![]),
        Data::Network(name, destination) => {
            let options = vec![("type", "nfs".to_owned()), ("o", "addr=10.4.0.2,rw,nfsvers=4".to_owned()), ("device", format!(":/export/{name}"))];
            (MountKind::Volume, Some(name), format!("/var/lib/docker/volumes/{name}/_data"), destination, options)
        }
        Data::Folder(source, destination) => (MountKind::Bind, None, source.to_owned(), destination, vec![]),
        Data::Socket => (MountKind::Bind, None, "/var/run/docker.sock".to_owned(), "/var/run/docker.sock", vec![]),
    };
    MountReport {
        driver: (kind == MountKind::Volume).then(|| "local".to_owned()),
        kind,
        name: name.map(str::to_owned),
        source: Some(source),
        destination: destination.to_owned(),
        writable: true,
        driver_options: options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>(),
    }
}
