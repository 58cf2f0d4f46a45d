//! Docker by its API: version, containers, volumes. Read-only, bounded in time and size.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bollard::{ClientVersion, Docker, errors::Error as DockerError, models::ContainerSummary, query_parameters::ListContainersOptionsBuilder};
use futures::StreamExt;
use pitlane_api::{ContainersReport, rules::report_bounds::MOUNTS_MAX};
use tokio::time::Instant;

use super::{
    Look,
    convert::{self, Inspected},
};
use crate::settings::{DEFAULT_DOCKER, StartError};

/// Time for one look, all questions together.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time to get a connection at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Most containers that are reported; beyond that the list says that it is not whole.
pub const CONTAINERS_MAX: usize = 1000;
/// Most orphaned volumes that are reported by name.
const ORPHANS_MAX: usize = 1000;
/// Inspections that run at once.
const INSPECTIONS: usize = 8;
/// An inspection is repeated after this time, since `docker update` changes a restart policy without a trace in the list.
const INSPECT_AGAIN: Duration = Duration::from_secs(60);
/// Where Docker keeps its data unless told otherwise; its presence says that Docker has run here.
const USUAL_DATA_ROOT: &str = "/var/lib/docker";

/// Where Docker is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket.
    Unix(PathBuf),
    /// `host:port`, without TLS.
    Tcp(String),
    /// `DOCKER_HOST` names something this agent cannot use; in words.
    Unusable(String),
}

impl Endpoint {
    /// The setting where there is one, else `DOCKER_HOST`, else the usual socket.
    ///
    /// # Errors
    /// The setting is not an endpoint. A `DOCKER_HOST` that is not one is reported instead, for it may be meant for others.
    pub fn choose(setting: Option<&str>, docker_host: Option<&str>) -> Result<Self, StartError> {
        if let Some(setting) = setting.filter(|setting| !setting.is_empty()) {
            return Self::parse(setting).map_err(StartError::BadEndpoint);
        }
        Ok(match docker_host.filter(|host| !host.is_empty()) {
            Some(host) => Self::parse(host).unwrap_or_else(|why| Endpoint::Unusable(format!("DOCKER_HOST: {why}"))),
            None => Endpoint::Unix(PathBuf::from(DEFAULT_DOCKER)),
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix://") {
            return Ok(Endpoint::Unix(PathBuf::from(path)));
        }
        if let Some(host) = text.strip_prefix("tcp://").or_else(|| text.strip_prefix("http://")) {
            return Ok(Endpoint::Tcp(host.trim_end_matches('/').to_owned()));
        }
        if text.starts_with('/') {
            return Ok(Endpoint::Unix(PathBuf::from(text)));
        }
        Err(format!("Docker's endpoint \"{text}\" must be a path, unix://… or tcp://host:port"))
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "{}", path.display()),
            Endpoint::Tcp(host) => f.write_str(host),
            Endpoint::Unusable(why) => f.write_str(why),
        }
    }
}

/// What Docker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerFacts {
    /// Of the engine.
    pub version: String,
    /// Where it keeps its data.
    pub data_root: Option<PathBuf>,
    /// What it runs.
    pub containers: ContainersReport,
    /// The node's id at the swarm it is part of.
    pub swarm_node_id: Option<String>,
}

/// Looks at one Docker, and remembers inspections.
#[derive(Debug)]
pub struct DockerProbe {
    endpoint: Endpoint,
    link: Option<Link>,
    inspections: HashMap<String, (Option<String>, Instant, Inspected)>,
}

/// A connection with what was agreed on it.
#[derive(Debug, Clone)]
struct Link {
    docker: Docker,
    version: String,
    data_root: Option<PathBuf>,
    swarm_node_id: Option<String>,
}

impl DockerProbe {
    /// A probe of one endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, link: None, inspections: HashMap::new() }
    }

    /// One look.
    pub async fn look(&mut self) -> Look<DockerFacts> {
        if let Err(look) = self.knock().await {
            self.link = None;
            return look;
        }
        let deadline = Instant::now() + TIMEOUT;
        match tokio::time::timeout_at(deadline, self.read(deadline)).await {
            Ok(Ok(facts)) => Look::Answered(facts),
            Ok(Err(error)) => {
                self.link = None;
                Look::Broken(format!("Docker at {}: {}", self.endpoint, crate::client::chain(&error)))
            }
            Err(_) => {
                self.link = None;
                Look::Broken(format!("Docker at {} does not answer within {} s", self.endpoint, TIMEOUT.as_secs()))
            }
        }
    }

    /// Connects and hangs up: only the kernel's own answer tells "not there" from "may not".
    async fn knock(&self) -> Result<(), Look<DockerFacts>> {
        let connected = async {
            match &self.endpoint {
                Endpoint::Unix(path) => tokio::net::UnixStream::connect(path).await.map(drop),
                Endpoint::Tcp(host) => tokio::net::TcpStream::connect(host).await.map(drop),
                Endpoint::Unusable(why) => Err(io::Error::new(io::ErrorKind::Unsupported, why.clone())),
            }
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connected).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.sort(&error)),
            Err(_) => Err(Look::Broken(format!("Docker at {} does not accept a connection within {} s", self.endpoint, CONNECT_TIMEOUT.as_secs()))),
        }
    }

    fn sort(&self, error: &io::Error) -> Look<DockerFacts> {
        let endpoint = &self.endpoint;
        match error.kind() {
            io::ErrorKind::NotFound => Look::NotThere(format!("no socket at {endpoint}")),
            io::ErrorKind::ConnectionRefused => Look::NotThere(format!("nothing listens on {endpoint}")),
            io::ErrorKind::PermissionDenied => Look::Denied(format!("permission denied on {endpoint}; add the agent's user to group docker")),
            io::ErrorKind::Unsupported => Look::Denied(endpoint.to_string()),
            _ => Look::Broken(format!("Docker at {endpoint}: {error}")),
        }
    }

    async fn read(&mut self, deadline: Instant) -> Result<DockerFacts, DockerError> {
        let link = match &self.link {
            Some(link) => link.clone(),
            None => self.link.insert(connect(&self.endpoint).await?).clone(),
        };
        let all = ListContainersOptionsBuilder::default().all(true).build();
        let mut listed = link.docker.list_containers(Some(all)).await?;
        let volumes = link.docker.list_volumes(None::<bollard::query_parameters::ListVolumesOptions>).await?;
        let mut not_read: Vec<String> = volumes.warnings.unwrap_or_default().into_iter().map(|warning| format!("volumes: {warning}")).collect();
        let volumes = volumes.volumes.unwrap_or_default();

        let mut orphaned_volumes = convert::orphans(&listed, &volumes);
        if orphaned_volumes.len() > ORPHANS_MAX {
            not_read.push(format!("{} more orphaned volumes", orphaned_volumes.len() - ORPHANS_MAX));
            orphaned_volumes.truncate(ORPHANS_MAX);
        }
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        if listed.len() > CONTAINERS_MAX {
            not_read.push(format!("{} more containers", listed.len() - CONTAINERS_MAX));
            listed.truncate(CONTAINERS_MAX);
        }
        if listed.iter().any(|container| container.mounts.as_ref().is_some_and(|mounts| mounts.len() > MOUNTS_MAX)) {
            not_read.push(format!("more than {MOUNTS_MAX} mounts of one container"));
        }

        // A little before the end, so that what was inspected by then is kept and the next look goes on from there.
        let gone = self.inspect(&link.docker, &listed, deadline - Duration::from_secs(2)).await;
        listed.retain(|container| container.id.as_ref().is_none_or(|id| !gone.contains(id)));

        let by_name: HashMap<&str, _> = volumes.iter().map(|volume| (volume.name.as_str(), volume)).collect();
        let inspected =
            |container: &ContainerSummary| container.id.as_ref().and_then(|id| self.inspections.get(id)).map(|(_, _, inspected)| inspected);
        let uninspected = listed.iter().filter(|container| inspected(container).is_none()).count();
        if uninspected > 0 {
            not_read.push(format!("what happens to {uninspected} containers at a restart"));
        }
        let containers = listed.iter().map(|container| convert::container(container, inspected(container), &by_name)).collect();
        let containers = ContainersReport { complete: not_read.is_empty(), not_read, containers, orphaned_volumes };
        Ok(DockerFacts { version: link.version, data_root: link.data_root, containers, swarm_node_id: link.swarm_node_id })
    }

    /// Inspects what is new, has changed its state or was not inspected for a while. Gives the ids that are gone.
    async fn inspect(&mut self, docker: &Docker, listed: &[ContainerSummary], deadline: Instant) -> HashSet<String> {
        let state = |container: &ContainerSummary| container.state.map(|state| state.to_string());
        let present: HashSet<&String> = listed.iter().filter_map(|container| container.id.as_ref()).collect();
        self.inspections.retain(|id, _| present.contains(id));
        let fresh = |id: &String, container: &ContainerSummary| {
            self.inspections.get(id).is_some_and(|(known, at, _)| *known == state(container) && at.elapsed() < INSPECT_AGAIN)
        };
        let wanted: Vec<(String, Option<String>)> = listed
            .iter()
            .filter_map(|container| container.id.clone().map(|id| (id, container)))
            .filter(|(id, container)| !fresh(id, container))
            .map(|(id, container)| (id, state(container)))
            .collect();
        let mut answers = futures::stream::iter(wanted)
            .map(|(id, state)| async move {
                let answer = docker.inspect_container(&id, None::<bollard::query_parameters::InspectContainerOptions>).await;
                (id, state, answer)
            })
            .buffer_unordered(INSPECTIONS);
        let mut gone = HashSet::new();
        while let Ok(Some((id, state, answer))) = tokio::time::timeout_at(deadline, answers.next()).await {
            match answer {
                Ok(answer) => {
                    self.inspections.insert(id, (state, Instant::now(), convert::inspected(&answer)));
                }
                Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => {
                    gone.insert(id);
                }
                Err(error) => {
                    tracing::debug!(%id, %error, "a container could not be inspected");
                    self.inspections.remove(&id);
                }
            }
        }
        gone
    }
}

async fn connect(endpoint: &Endpoint) -> Result<Link, DockerError> {
    let docker = match negotiated(endpoint, bollard::API_DEFAULT_VERSION).await {
        // An engine older than the client refuses even the question for its version, and names the newest it speaks.
        Err(DockerError::DockerResponseServerError { status_code: 400, message }) if newest_spoken(&message).is_some() => {
            let version = newest_spoken(&message).unwrap_or(*bollard::API_DEFAULT_VERSION);
            negotiated(endpoint, &version).await?
        }
        docker => docker?,
    };
    let version = docker.version().await?.version.unwrap_or_default();
    let info = docker.info().await?;
    let data_root = info.docker_root_dir.filter(|root| !root.is_empty()).map(PathBuf::from);
    let swarm_node_id = info.swarm.and_then(|swarm| swarm.node_id).filter(|id| !id.is_empty());
    Ok(Link { docker, version, data_root, swarm_node_id })
}

async fn negotiated(endpoint: &Endpoint, version: &ClientVersion) -> Result<Docker, DockerError> {
    let seconds = TIMEOUT.as_secs();
    let docker = match endpoint {
        Endpoint::Unix(path) => Docker::connect_with_unix(&path.display().to_string(), seconds, version)?,
        Endpoint::Tcp(host) => Docker::connect_with_http(host, seconds, version)?,
        Endpoint::Unusable(why) => return Err(DockerError::UnsupportedURISchemeError { uri: why.clone() }),
    };
    docker.negotiate_version().await
}

/// "client version 1.53 is too new. Maximum supported API version is 1.41"
fn newest_spoken(message: &str) -> Option<ClientVersion> {
    let (_, version) = message.split_once("Maximum supported API version is ")?;
    let (major, minor) = version.trim().trim_end_matches('.').split_once('.')?;
    Some(ClientVersion { major_version: major.parse().ok()?, minor_version: minor.parse().ok()? })
}

/// Nothing runs where Docker is not there. But where its data lies about, or where this agent sits in a container and
/// cannot see the host's socket, nobody can say that: not read is never none.
pub fn absent_report() -> ContainersReport {
    absent(Path::new(USUAL_DATA_ROOT).exists(), in_container())
}

fn absent(data_is_there: bool, in_container: bool) -> ContainersReport {
    let data = data_is_there.then(|| format!("Docker does not run, but {USUAL_DATA_ROOT} is there: what it holds cannot be read"));
    let container = in_container
        .then(|| "this agent runs in a container and sees no Docker; where the host runs one, mount its socket into the container".to_owned());
    let not_read: Vec<String> = data.into_iter().chain(container).collect();
    ContainersReport { complete: not_read.is_empty(), not_read, ..ContainersReport::default() }
}

/// Files that Docker and Podman put into every container.
fn in_container() -> bool {
    Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_wins_over_the_environment() {
        let choose = |setting, host| Endpoint::choose(setting, host).unwrap();
        assert_eq!(choose(None, None), Endpoint::Unix("/var/run/docker.sock".into()));
        assert_eq!(choose(None, Some("unix:///run/user/1000/docker.sock")), Endpoint::Unix("/run/user/1000/docker.sock".into()));
        assert_eq!(choose(Some("/a/b.sock"), Some("tcp://x:1")), Endpoint::Unix("/a/b.sock".into()));
        assert_eq!(choose(None, Some("tcp://10.0.0.1:2375/")), Endpoint::Tcp("10.0.0.1:2375".into()));
        assert!(Endpoint::choose(Some("ssh://host"), None).is_err());
        assert!(matches!(choose(None, Some("ssh://host")), Endpoint::Unusable(why) if why.contains("DOCKER_HOST")));
    }

    #[test]
    fn an_old_engine_names_what_it_speaks() {
        let version = newest_spoken("client version 1.53 is too new. Maximum supported API version is 1.41").unwrap();
        assert_eq!((version.major_version, version.minor_version), (1, 41));
        assert!(newest_spoken("client version 1.12 is too old. Minimum supported API version is 1.44").is_none());
    }

    #[test]
    fn the_kernels_answers_are_told_apart() {
        let probe = DockerProbe::new(Endpoint::Unix("/var/run/docker.sock".into()));
        let sort = |kind: io::ErrorKind| probe.sort(&io::Error::from(kind));
        assert!(matches!(sort(io::ErrorKind::NotFound), Look::NotThere(_)));
        assert!(matches!(sort(io::ErrorKind::ConnectionRefused), Look::NotThere(_)));
        match sort(io::ErrorKind::PermissionDenied) {
            Look::Denied(why) => assert_eq!(why, "permission denied on /var/run/docker.sock; add the agent's user to group docker"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_docker_is_no_containers_only_where_that_can_be_known() {
        assert!(absent(false, false).complete);
        for unknown in [absent(true, false), absent(false, true)] {
            assert!(!unknown.complete && unknown.not_read.len() == 1);
        }
    }

    #[tokio::test]
    async fn nothing_there_is_said_as_such() {
        let mut probe = DockerProbe::new(Endpoint::Unix("/no/such/docker.sock".into()));
        assert!(matches!(probe.look().await, Look::NotThere(_)));
    }
}
