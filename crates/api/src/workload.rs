//! Workloads: what runs on a node, and what would become of its data.

use crate::{Identity, NodeId, Timestamp, Words};

words! {
    /// What kind of thing runs.
    WorkloadKind {
        /// A container started by hand or by compose.
        Container = "container",
        /// A task of a Swarm service.
        Task = "task",
        /// A Kubernetes pod.
        Pod = "pod",
        /// A Nomad allocation.
        Allocation = "allocation",
    }
}

words! {
    /// What it does just now.
    WorkloadState {
        /// Runs.
        Running = "running",
        /// About to run, or restarting.
        Starting = "starting",
        /// Paused with its memory kept.
        Paused = "paused",
        /// Ended; its data may still be here.
        Stopped = "stopped",
        /// Ended with an error.
        Failed = "failed",
    }
}

words! {
    /// The kind of a volume.
    VolumeKind {
        /// A volume with a name of its own.
        Named = "named",
        /// A volume that Docker named.
        Anonymous = "anonymous",
        /// A folder of the host, writable.
        Bind = "bind",
        /// A persistent volume claim.
        Pvc = "pvc",
        /// A folder of the host, in Kubernetes' words.
        HostPath = "host_path",
        /// Scratch space that lives as long as the pod.
        EmptyDir = "empty_dir",
        /// A host volume of Nomad.
        HostVolume = "host_volume",
    }
}

words! {
    /// Where a volume's data lives.
    DataLives {
        /// On this node's own disk and nowhere else.
        ThisNodeOnly = "this_node_only",
        /// On storage that other nodes reach too.
        NetworkVolume = "network_volume",
    }
}

impl DataLives {
    /// How local the data is; more is worse. Unknown counts as more local than a network volume.
    pub const fn locality(self) -> u8 {
        match self {
            DataLives::NetworkVolume => 0,
            DataLives::Unknown => 1,
            DataLives::ThisNodeOnly => 2,
        }
    }

    /// The words on the screen.
    pub const fn describe(self) -> &'static str {
        match self {
            DataLives::ThisNodeOnly => "this node only",
            DataLives::NetworkVolume => "network volume",
            DataLives::Unknown => "not known",
        }
    }
}

words! {
    /// What the engine does with a workload in a given case.
    Fate {
        /// Starts again on this node, with its data.
        HereWithData = "here_with_data",
        /// Does not start by itself; its data stays on this node.
        StaysStopped = "stays_stopped",
        /// Waits until this node is back; its data stays here.
        WaitsForNode = "waits_for_node",
        /// Starts on another node and its data follows.
        ElsewhereWithData = "elsewhere_with_data",
        /// Starts on another node with a new, empty volume.
        ElsewhereEmpty = "elsewhere_empty",
        /// Starts on another node; it has no data to lose.
        Elsewhere = "elsewhere",
        /// Is removed, and its data with it.
        DataLost = "data_lost",
    }
}

impl Fate {
    /// The words on the screen.
    pub const fn describe(self) -> &'static str {
        match self {
            Fate::HereWithData => "starts here again, with its data",
            Fate::StaysStopped => "stays stopped, data stays here",
            Fate::WaitsForNode => "waits for this node",
            Fate::ElsewhereWithData => "starts elsewhere, data follows",
            Fate::ElsewhereEmpty => "starts elsewhere, empty",
            Fate::Elsewhere => "starts elsewhere",
            Fate::DataLost => "is removed with its data",
            Fate::Unknown => "not known",
        }
    }

    /// Whether data is lost or left behind without a word.
    pub const fn loses_data(self) -> bool {
        matches!(self, Fate::ElsewhereEmpty | Fate::DataLost)
    }
}

wire! {
    /// A volume of a workload that holds data.
    #[derive(Eq)]
    pub struct Volume {
        /// The volume's name, or the host's folder.
        pub name: String,
        /// What kind.
        pub kind: VolumeKind,
        /// Where the data lives.
        pub data_lives: DataLives,
        /// Where the workload sees it.
        #[serde(default)]
        pub destination: Option<String>,
        /// The driver, where it is not the local one.
        #[serde(default)]
        pub driver: Option<String>,
    }
}

wire! {
    /// Something that runs, or ran and left data, on a node.
    #[derive(Eq)]
    pub struct Workload {
        /// What survives a restart; sent back in `seen_stateful`.
        pub identity: Identity,
        /// For a person: "postgres", "web.3".
        pub name: String,
        /// Compose project, Swarm stack or namespace.
        #[serde(default)]
        pub stack: Option<String>,
        /// Image it runs.
        #[serde(default)]
        pub image: Option<String>,
        /// What kind of thing it is.
        pub kind: WorkloadKind,
        /// What it does just now.
        pub state: WorkloadState,
        /// Since when it has been in that state.
        #[serde(default)]
        pub since: Option<Timestamp>,
        /// Has data on this node or on a volume.
        pub stateful: bool,
        /// Belongs to the node itself (a DaemonSet's pod, the agent) and goes nowhere else.
        #[serde(default)]
        pub belongs_to_node: bool,
        /// Volumes that hold data.
        #[serde(default)]
        pub volumes: Vec<Volume>,
        /// If it restarts while the node is in maintenance.
        pub on_restart: Fate,
        /// If the host reboots or goes away.
        pub on_node_down: Fate,
        /// What else the engine knows of it, for a person: owner, restarts, disruption budgets, "could run nowhere else".
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub remarks: Vec<Words>,
    }
}

impl Workload {
    /// Whether it runs or is about to, as opposed to having ended.
    pub fn is_running(&self) -> bool {
        matches!(self.state, WorkloadState::Running | WorkloadState::Starting | WorkloadState::Paused | WorkloadState::Unknown)
    }
}

wire! {
    /// Everything that is on a node.
    pub struct WorkloadList {
        /// The node.
        pub node_id: NodeId,
        /// When this was read at its source, by the server's clock.
        pub read_at: Timestamp,
        /// Whether the whole list could be read. `false` is "not evaluated", never "none".
        pub complete: bool,
        /// What could not be read and why, for a person.
        #[serde(default)]
        pub not_read: Vec<Words>,
        /// Running and stopped.
        #[serde(default)]
        pub workloads: Vec<Workload>,
        /// Local volumes on the node that no workload uses. They may hold the only good copy.
        #[serde(default)]
        pub orphaned_volumes: Vec<String>,
        /// What the engine's driver found beside that, for a person: "the data of mail_spool is still here, and mail
        /// now runs empty on n3".
        #[serde(default)]
        pub notes: Vec<Words>,
    }
}

impl WorkloadList {
    /// Those that run and have data, in the order of the list: what a person must see before a drain.
    pub fn running_stateful(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(|workload| workload.stateful && workload.is_running())
    }
}
