//! The lab's script, and what an operator does with the `docker` command. Knows nothing of the driver.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{process::Command, sync::Mutex, sync::MutexGuard};

/// The lab belongs to one test at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// The label of everything a test starts.
const OURS: &str = "pitlane.test=1";

/// The lab, while it is this test's turn.
pub struct Lab {
    _turn: MutexGuard<'static, ()>,
    folder: PathBuf,
    /// Brought up for this test alone, and taken down with it.
    own: bool,
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/labs/swarm/lab.sh");

impl Drop for Lab {
    fn drop(&mut self) {
        if self.own {
            // Nobody waits for a test that is over; what is left behind shows in `ip netns`.
            drop(std::process::Command::new(SCRIPT).arg("down").env("PITLANE_LAB", &self.folder).status());
        }
    }
}

impl Lab {
    /// Waits for the turn, and sets right whatever the test before left: every node up, connected, active, without labels
    /// or services.
    pub async fn take() -> Self {
        let folder = PathBuf::from(std::env::var_os("PITLANE_LAB").expect("PITLANE_LAB: bring a lab up with tests/labs/swarm/lab.sh up"));
        let lab = Self { _turn: TURN.lock().await, folder, own: false };
        lab.run(&["restore"]).await;
        lab.remove_services().await;
        lab.empty_volumes().await;
        lab
    }

    /// A swarm of its own whose three nodes are all managers. Two managers cannot be made one again without the risk that
    /// the swarm stands still, so this is not done to the lab that others use.
    pub async fn of_managers() -> Self {
        let turn = TURN.lock().await;
        let folder = std::env::temp_dir().join(format!("pitlane-lab-managers-{}", std::process::id()));
        let lab = Self { _turn: turn, folder, own: true };
        lab.run(&["up"]).await;
        lab
    }

    async fn remove_services(&self) {
        for service in self.docker(1, &["service", "ls", "-q"]).await.lines() {
            self.docker(1, &["service", "rm", service]).await;
        }
    }

    /// Containers and volumes of the tests before.
    async fn empty_volumes(&self) {
        for node in 1..=3 {
            for container in self.docker(node, &["ps", "-aq"]).await.lines() {
                // Swarm removes its own meanwhile, so one that is gone is fine.
                drop(self.try_run(&["docker", &node.to_string(), "rm", "-fv", container]).await);
            }
            for volume in self.docker(node, &["volume", "ls", "-q"]).await.lines() {
                drop(self.try_run(&["docker", &node.to_string(), "volume", "rm", volume]).await);
            }
        }
    }

    /// The lab's script.
    pub async fn try_run(&self, args: &[&str]) -> Result<String, String> {
        let managers = if self.own { "3" } else { "1" };
        let command = Command::new(SCRIPT).args(args).env("PITLANE_LAB", &self.folder).env("MANAGERS", managers).output();
        let output = tokio::time::timeout(Duration::from_secs(200), command).await.map_err(|_| format!("lab.sh {args:?} hangs"))?;
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(format!("lab.sh {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)))
        }
    }

    #[track_caller]
    pub fn run<'a>(&'a self, args: &'a [&'a str]) -> impl Future<Output = String> + 'a {
        let at = std::panic::Location::caller();
        async move { self.try_run(args).await.unwrap_or_else(|error| panic!("{at}: {error}")) }
    }

    /// The docker command on a node.
    pub async fn docker(&self, node: u32, args: &[&str]) -> String {
        let node = node.to_string();
        let args: Vec<&str> = ["docker", &node].into_iter().chain(args.iter().copied()).collect();
        self.run(&args).await
    }

    /// Where the lab keeps its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn socket(&self, node: u32) -> PathBuf {
        self.folder().join(format!("n{node}/docker.sock"))
    }

    /// The node's id at the swarm.
    pub async fn id(&self, node: u32) -> String {
        self.docker(node, &["info", "--format", "{{.Swarm.NodeID}}"]).await
    }

    /// Starts a service and waits until every replica runs.
    pub async fn service(&self, name: &str, args: &[&str]) {
        let mut all = vec!["service", "create", "--detach=false", "-q", "--name", name, "--label", OURS, "--stop-grace-period", "1s"];
        all.extend(["--no-resolve-image", "--restart-delay", "100ms"]);
        all.extend(args);
        all.push("lab:1");
        self.docker(1, &all).await;
    }

    /// The names of the nodes on which tasks of a service run, sorted.
    pub async fn places(&self, service: &str) -> Vec<String> {
        let listed =
            self.docker(1, &["service", "ps", service, "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}"]).await;
        let mut nodes: Vec<String> = listed
            .lines()
            .filter_map(|line| line.split_once(' ').filter(|(_, state)| state.starts_with("Running")))
            .map(|(node, _)| node.to_owned())
            .collect();
        nodes.sort();
        nodes
    }

    /// The ids of the containers that run on a node for a service.
    pub async fn containers(&self, node: u32, service: &str) -> Vec<String> {
        let filter = format!("label=com.docker.swarm.service.name={service}");
        self.docker(node, &["ps", "-q", "--no-trunc", "--filter", &filter]).await.lines().map(str::to_owned).collect()
    }

    /// A node's availability in Swarm's words.
    pub async fn availability(&self, node: u32) -> String {
        self.docker(1, &["node", "inspect", &format!("n{node}"), "--format", "{{.Spec.Availability}}"]).await
    }

    pub async fn set_availability(&self, node: u32, word: &str) {
        self.docker(1, &["node", "update", "--availability", word, &format!("n{node}")]).await;
    }
}

/// Waits until a condition holds.
#[track_caller]
pub fn eventually<F: AsyncFnMut() -> bool>(what: &str, seconds: u64, mut holds: F) -> impl Future<Output = ()> {
    let at = std::panic::Location::caller();
    async move {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        let wait = async {
            while !holds().await {
                again.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(seconds), wait).await.unwrap_or_else(|_| panic!("{at}: {what}: not within {seconds} s"));
    }
}
