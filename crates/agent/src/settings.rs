//! What a person can set of an agent. Knows neither flags nor environment: the command line fills this in.

use std::{collections::BTreeMap, path::PathBuf};

use reqwest::Url;

/// A service whose absence can be a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The Docker engine.
    Docker,
    /// The Caddy server.
    Caddy,
}

impl std::str::FromStr for Service {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.trim().to_ascii_lowercase().as_str() {
            "docker" => Ok(Service::Docker),
            "caddy" => Ok(Service::Caddy),
            other => Err(format!("\"{other}\" is not a service the agent knows: docker, caddy")),
        }
    }
}

/// Settings of `pitlane agent`.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// The control plane, without `/api/v1`.
    pub server: Url,
    /// Enrolment token; needed until the agent has a token of its own.
    pub token: Option<String>,
    /// Where the agent keeps its own token, mode 0600. `None` is [`default_state_dir`].
    pub state_dir: Option<PathBuf>,
    /// The node's name. `None` is the host's name.
    pub name: Option<String>,
    /// Region or zone.
    pub region: Option<String>,
    /// Address seen from outside.
    pub public_ip: Option<String>,
    /// Address inside the fleet. `None` is the address this host uses towards the control plane.
    pub overlay_ip: Option<String>,
    /// The engine's own node id, where an engine with a scheduler of its own runs on the host.
    pub engine_node_id: Option<String>,
    /// Overrides the machine's own id, for hosts that were cloned with it.
    pub machine_id: Option<String>,
    /// Labels a person gave; they win over those the agent finds.
    pub labels: BTreeMap<String, String>,
    /// Docker's endpoint: a path, `unix://…` or `tcp://host:port`. `None` is `DOCKER_HOST`, else `/var/run/docker.sock`.
    pub docker: Option<String>,
    /// Caddy's admin endpoint: `http://host:port` or `unix://path`.
    pub caddy: String,
    /// Services whose absence is a fault from the first beat on. One that was seen once is expected ever after.
    pub expect: Vec<Service>,
    /// Services that are no longer expected although they were seen. Taken in at the agent's start.
    pub forget: Vec<Service>,
}

/// Caddy's admin endpoint unless told otherwise.
pub const DEFAULT_CADDY: &str = "http://127.0.0.1:2019";
/// Docker's endpoint unless told otherwise.
pub const DEFAULT_DOCKER: &str = "/var/run/docker.sock";

impl AgentSettings {
    /// Settings with nothing but what an agent cannot do without.
    pub fn new(server: Url, token: Option<String>) -> Self {
        Self {
            server,
            token,
            state_dir: None,
            name: None,
            region: None,
            public_ip: None,
            overlay_ip: None,
            engine_node_id: None,
            machine_id: None,
            labels: BTreeMap::new(),
            docker: None,
            caddy: DEFAULT_CADDY.to_owned(),
            expect: Vec::new(),
            forget: Vec::new(),
        }
    }
}

/// What keeps an agent from starting. Once it runs, nothing ends it but its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No state directory was given and none could be found.
    #[error("no place for the agent's state: set a state directory, or HOME")]
    NoStateDir,
    /// The state could not be kept.
    #[error("the agent's state at {path} cannot be kept: {source}")]
    State {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Never enrolled, and nothing to enrol with.
    #[error("this agent has never enrolled and has no enrolment token; make one with `pitlane token enroll` on the control plane")]
    NoToken,
    /// The address of the control plane cannot be used.
    #[error("the control plane's address {0}")]
    BadServer(String),
    /// Docker's or Caddy's endpoint cannot be used.
    #[error("{0}")]
    BadEndpoint(String),
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// `/var/lib/pitlane-agent` for root, else `pitlane-agent` in the user's state folder (XDG).
pub fn default_state_dir() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/pitlane-agent"));
    }
    let set = |key: &str| std::env::var_os(key).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state"))).map(|dir| dir.join("pitlane-agent"))
}
