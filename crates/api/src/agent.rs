//! What agents and the control plane say to each other.

use std::collections::BTreeMap;

use crate::{NodeId, Resources, SignalState, Timestamp};

wire! {
    /// `POST /agents/enroll`
    pub struct EnrollRequest {
        /// The enrolment token.
        #[cfg_attr(feature = "openapi", schema(max_length = 200))]
        pub token: String,
        /// The host's name, 1 to 128 bytes. This and every other bound of a text is counted in bytes as it stands in JSON.
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
        pub name: String,
        /// What stays the same across restarts of the agent: the machine id, or the engine's own node id.
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 253))]
        pub machine_id: String,
        /// The engine's own node id, where an engine runs on the host.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 253))]
        pub engine_node_id: Option<String>,
        /// Region or zone.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
        pub region: Option<String>,
        /// Address seen from outside.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
        pub public_ip: Option<String>,
        /// Address inside the fleet.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
        pub overlay_ip: Option<String>,
        /// Labels, tags: at most 64, and 768 bytes together.
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        /// The agent's version.
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 32))]
        pub agent_version: String,
        /// `pitlane demo` plays this node.
        #[serde(default)]
        pub simulated: bool,
    }
}

wire! {
    /// The answer to an enrolment.
    pub struct EnrollResponse {
        /// The node's id from now on.
        pub node_id: NodeId,
        /// The agent's own token; it is shown this once.
        pub agent_token: String,
        /// How often to beat, in seconds.
        pub heartbeat_every_s: u64,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// What an agent found of a service on its host.
    #[derive(Eq)]
    pub struct ServiceReport {
        /// `unknown` is: could not be seen, and `detail` says why.
        pub state: SignalState,
        /// Whether it ought to be there. Not expected and not there is `not_present`.
        #[serde(default)]
        pub expected: bool,
        /// Its version.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 32))]
        pub version: Option<String>,
        /// For a person.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 200))]
        pub detail: String,
    }
}

words! {
    /// The kind of a mount, in Docker's words.
    MountKind {
        /// A volume that Docker manages.
        Volume = "volume",
        /// A folder of the host.
        Bind = "bind",
        /// Memory.
        Tmpfs = "tmpfs",
        /// A cluster volume.
        Cluster = "cluster",
        /// An image.
        Image = "image",
    }
}

wire! {
    /// One mount of a container.
    #[derive(Eq)]
    pub struct MountReport {
        /// What kind.
        pub kind: MountKind,
        /// The volume's name, where it has one.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 512))]
        pub name: Option<String>,
        /// The host's folder.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
        pub source: Option<String>,
        /// Where the container sees it.
        #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
        pub destination: String,
        /// Whether the container may write to it.
        pub writable: bool,
        /// The volume's driver: "local", "nfs", …
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 512))]
        pub driver: Option<String>,
        /// The driver's options as the volume has them; a `local` volume with `type=nfs` is a network volume.
        #[serde(default)]
        pub driver_options: BTreeMap<String, String>,
    }
}

wire! {
    /// One container of the host.
    #[derive(Eq)]
    pub struct ContainerReport {
        /// Docker's id.
        #[cfg_attr(feature = "openapi", schema(max_length = 253))]
        pub id: String,
        /// Its name, without the leading slash.
        #[cfg_attr(feature = "openapi", schema(max_length = 512))]
        pub name: String,
        /// Its image.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 512))]
        pub image: String,
        /// Docker's word: "running", "exited", "paused", "restarting", "created", "dead".
        #[cfg_attr(feature = "openapi", schema(max_length = 32))]
        pub state: String,
        /// Since when.
        #[serde(default)]
        pub since: Option<Timestamp>,
        /// Its labels; compose and Swarm say there what it belongs to.
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        /// Its mounts.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_items = 128))]
        pub mounts: Vec<MountReport>,
        /// Docker's word: "no", "always", "unless-stopped", "on-failure".
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 32))]
        pub restart_policy: String,
        /// Removed when it ends, with its anonymous volumes.
        #[serde(default)]
        pub auto_remove: bool,
    }
}

wire! {
    /// Everything Docker runs on the host.
    #[derive(Default, Eq)]
    pub struct ContainersReport {
        /// Whether all of it could be read. Where Docker is not present this is true and the list empty.
        pub complete: bool,
        /// What could not be read and why.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_items = 64))]
        pub not_read: Vec<String>,
        /// Running and stopped.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_items = 2000))]
        pub containers: Vec<ContainerReport>,
        /// Local volumes that no container uses.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_items = 2000))]
        pub orphaned_volumes: Vec<String>,
    }
}

wire! {
    /// `POST /agents/heartbeat`
    pub struct HeartbeatRequest {
        /// Counts the agent's beats since its start.
        pub seq: u64,
        /// Changes when the host boots.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 253))]
        pub boot_id: Option<String>,
        /// The node's clock.
        pub clock: Timestamp,
        /// The agent's version.
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 32))]
        pub agent_version: String,
        /// Has and uses.
        #[serde(default)]
        pub resources: Resources,
        /// Docker on the host.
        pub docker: ServiceReport,
        /// Caddy on the host.
        pub caddy: ServiceReport,
        /// Containers; absent is: unchanged since the last beat of this agent process.
        #[serde(default)]
        pub containers: Option<ContainersReport>,
        /// What the agent cannot see, for a person.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_items = 64))]
        pub cannot_see: Vec<String>,
        /// Labels as they are now: a kernel's version changes with the reboot it was drained for. Empty: as enrolled.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub labels: BTreeMap<String, String>,
        /// The agent is about to end on purpose.
        #[serde(default)]
        pub stopping: bool,
    }
}

wire! {
    /// The answer to a heartbeat.
    pub struct HeartbeatResponse {
        /// How often to beat, in seconds.
        pub heartbeat_every_s: u64,
        /// Send the containers with the next beat, whether they changed or not.
        #[serde(default)]
        pub send_containers: bool,
        /// The node's clock less the server's, in seconds.
        #[serde(default)]
        pub clock_offset_s: Option<f64>,
        /// For the agent's log, from the server.
        #[serde(default)]
        pub message: Option<String>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
