//! The binary under test, as a person would run it.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use pitlane_agent::client::ControlPlane;
use pitlane_api::{ActivityEntry, Node, NodeId};
use reqwest::Method;
use serde::de::DeserializeOwned;

/// Patience with a process.
const PATIENCE: Duration = Duration::from_secs(90);

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitlane"));
    // What is set on the machine the test runs on is not meant for these.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PITLANE_") || name == "DOCKER_HOST") {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Looks again and again until something is there; a test never waits for a clock.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let (_tx, rx) = mpsc::channel::<()>();
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        let _ = rx.recv_timeout(Duration::from_millis(100));
    }
}

/// A folder of its own that is removed with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("pitlane-agents-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that ends with the test, its log in a file.
pub struct Process(Child);

impl Process {
    fn start(mut command: Command, log: PathBuf) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        Self(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }

    /// Ends it as `systemctl stop` does, and gives its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = until("a process to end", || self.0.try_wait().unwrap());
        ended.code()
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `pitlane serve` on a port of its own, beating every second.
pub struct Server {
    // Before the folder, so that it has ended when that is removed.
    process: Process,
    pub folder: Folder,
    listen: String,
}

impl Server {
    pub fn start(more: &[&str]) -> Self {
        let folder = Folder::new();
        let listen = format!("127.0.0.1:{}", free_port());
        let process = Self::serve(&folder, &listen, more);
        Self { folder, process, listen }
    }

    fn serve(folder: &Folder, listen: &str, more: &[&str]) -> Process {
        let mut command = binary();
        command.arg("serve").args(["--listen", listen, "--data-dir"]).arg(folder.0.join("data"));
        command.args(["--heartbeat-every", "1s", "--late-after", "3s", "--offline-after", "6s", "--settle", "2s"]).args(more);
        let process = Process::start(command, folder.0.join("serve.log"));
        until("the server to listen", || std::net::TcpStream::connect(listen).ok());
        process
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// `kill -9`, and up again on the same port and data.
    pub fn crash_and_restart(&mut self) {
        self.process.kill();
        self.process = Self::serve(&self.folder, &self.listen, &[]);
    }

    pub fn stop(&mut self) -> Option<i32> {
        self.process.stop()
    }

    /// What a command of `pitlane` prints, on this server's data.
    pub fn command(&self, args: &[&str]) -> String {
        let output = binary().args(args).arg("--data-dir").arg(self.folder.0.join("data")).output().unwrap();
        assert!(output.status.success(), "pitlane {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// An enrolment token; it stands last in what is printed.
    pub fn enrolment_token(&self, more: &[&str]) -> String {
        let printed = self.command(&[&["token", "create", "--enroll"], more].concat());
        printed.split_whitespace().last().unwrap().to_owned()
    }

    /// `pitlane agent` with its own state folder, meeting neither Docker nor Caddy of this machine.
    pub fn agent(&self, name: &str, token: Option<&str>, more: &[&str]) -> Process {
        let mut command = binary();
        let nothing = |what: &str| self.folder.0.join(what).display().to_string();
        command.args(["agent", "--server", &self.url(), "--name", name, "--machine-id", name, "--state-dir"]).arg(self.folder.0.join(name));
        command.args(["--docker", &nothing("no-docker.sock"), "--caddy", &format!("unix://{}", nothing("no-caddy.sock"))]);
        if let Some(token) = token {
            command.args(["--token", token]);
        }
        command.args(more);
        Process::start(command, self.folder.0.join(format!("{name}.log")))
    }

    /// A call as this machine's own administrator. `None` where it was not answered well.
    fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&serde_json::Value>) -> Option<T> {
        let local: serde_json::Value = serde_json::from_str(&self.folder.text("data/local.json")).ok()?;
        let plane = ControlPlane::new(&self.url().parse().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(plane.call(method, path, local["token"].as_str(), &[("If-Match", "*")], body)).ok()
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        self.call(Method::GET, path, None)
    }

    /// Removes a node although its workloads could not be read.
    pub fn remove(&self, node: &NodeId) {
        let body = serde_json::json!({"override": {"reason": "is replaced"}});
        let answer: Option<serde_json::Value> = self.call(Method::DELETE, &format!("nodes/{node}"), Some(&body));
        assert!(answer.is_some(), "{node} could not be removed");
    }

    pub fn nodes(&self) -> Vec<Node> {
        self.get::<pitlane_api::NodePage>("nodes").map(|page| page.nodes).unwrap_or_default()
    }

    /// The first time a node looks like this.
    pub fn node_where(&self, name: &str, what: &str, fits: impl Fn(&Node) -> bool) -> Node {
        until(&format!("{name}: {what}"), || self.nodes().into_iter().find(|node| node.name == name && fits(node)))
    }

    pub fn activity(&self) -> Vec<ActivityEntry> {
        self.get::<pitlane_api::ActivityPage>("activity").map(|page| page.entries).unwrap_or_default()
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
