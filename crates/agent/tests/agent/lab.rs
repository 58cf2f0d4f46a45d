//! Real daemons, started by the test in a place of their own and ended with it.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Patience with a daemon.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Says why a test cannot run here, past the capture of test output; where `CI` is set that is a failure.
pub fn cannot_run(why: &str) {
    let _ = writeln!(std::io::stderr(), "\n*** NOT RUN: {why} ***\n");
    assert!(std::env::var_os("CI").is_none(), "cannot run, and CI is set: {why}");
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub fn have(program: &str) -> bool {
    let found = |dir: &Path| dir.join(program).is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| found(&dir)) || found(Path::new("/usr/sbin"))
}

/// A folder of its own that is removed with the test.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(what: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pitlane-{what}-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Looks again and again until something is there; a test never waits for a clock.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let (_tx, rx) = std::sync::mpsc::channel::<()>();
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        let _ = rx.recv_timeout(Duration::from_millis(50));
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Docker engine of its own: data, socket, mount, network and process namespace.
#[derive(Debug)]
pub struct Dockerd {
    folder: Folder,
    outer: Option<Child>,
}

impl Dockerd {
    /// `None` where this machine cannot run one; said loudly.
    pub fn start() -> Option<Self> {
        if !is_root() {
            cannot_run("the agent against a real Docker engine needs root");
            return None;
        }
        for program in ["dockerd", "docker", "unshare", "tini", "busybox", "tar"] {
            if !have(program) {
                cannot_run(&format!("the agent against a real Docker engine needs {program}: apt-get install docker.io busybox-static tini"));
                return None;
            }
        }
        let mut lab = Self { folder: Folder::new("dockerd"), outer: None };
        lab.up();
        lab.import_image();
        Some(lab)
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.0.join("docker.sock")
    }

    pub fn data_root(&self) -> PathBuf {
        self.folder.0.join("data")
    }

    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Starts the engine; also after [`Dockerd::kill`].
    pub fn up(&mut self) {
        let dir = &self.folder.0;
        let _ = fs::remove_dir_all(dir.join("exec"));
        let _ = fs::remove_file(dir.join("docker.pid"));
        let _ = fs::remove_file(self.socket());
        let log = fs::File::create(dir.join("log")).unwrap();
        // Its own mounts, so that none leak out; its own network, so that it touches no interface of the host; its own
        // processes, so that ending the first ends the containers too. tini reaps what containers leave behind.
        let outer = Command::new("unshare")
            .args(["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"])
            .arg("mount -t tmpfs none /run && exec tini -- \"$@\"")
            .args(["sh", "dockerd", "--bridge=none", "--iptables=false", "--cgroup-parent", &self.cgroup(), "--data-root"])
            .arg(self.data_root())
            .arg("--exec-root")
            .arg(dir.join("exec"))
            .arg("--pidfile")
            .arg(dir.join("docker.pid"))
            .arg("-H")
            .arg(format!("unix://{}", self.socket().display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.outer = Some(outer);
        until("dockerd to answer", || self.try_docker(&["version"]));
    }

    /// As if the machine lost power: no goodbye of the engine or of any container.
    pub fn kill(&mut self) {
        if let Some(mut outer) = self.outer.take() {
            let _ = outer.kill();
            self.groups().iter().for_each(|group| thaw(group));
            let _ = outer.wait();
        }
    }

    fn cgroup(&self) -> String {
        format!("/{}", self.folder.0.file_name().unwrap().to_string_lossy())
    }

    fn try_docker(&self, args: &[&str]) -> Option<String> {
        let host = format!("unix://{}", self.socket().display());
        let output = Command::new("docker").arg("-H").arg(host).args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The `docker` of the command line.
    pub fn docker(&self, args: &[&str]) -> String {
        self.try_docker(args).unwrap_or_else(|| panic!("docker {args:?} failed; the engine's log:\n{}", self.log()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
    }

    /// An image without a registry: busybox and nothing else.
    fn import_image(&self) {
        let root = self.folder.0.join("image");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::copy(
            until("busybox", || ["/usr/bin/busybox", "/bin/busybox"].map(PathBuf::from).into_iter().find(|path| path.is_file())),
            root.join("bin/busybox"),
        )
        .unwrap();
        for applet in ["sh", "sleep", "true"] {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        let tar = self.folder.0.join("image.tar");
        assert!(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status().unwrap().success());
        self.docker(&["import", "-c", "ENV PATH=/bin", &tar.display().to_string(), "bb:1"]);
    }

    /// Runs a container that stays; `args` go before the image.
    pub fn run(&self, name: &str, args: &[&str]) -> String {
        let begin = ["run", "-d", "--name", name, "--network", "none"];
        let all: Vec<&str> = begin.iter().chain(args).chain(&["bb:1", "sleep", "100000"]).copied().collect();
        self.docker(&all)
    }
}

impl Dockerd {
    /// The control groups of the containers: one tree (cgroup 2), or one per controller.
    fn groups(&self) -> Vec<PathBuf> {
        let own = self.cgroup();
        let trees = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten().map(|tree| tree.path());
        let within = trees.map(|tree| tree.join(own.trim_start_matches('/')));
        within.chain([PathBuf::from(format!("/sys/fs/cgroup{own}"))]).filter(|group| group.is_dir()).collect()
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        self.kill();
        self.groups().iter().for_each(|group| remove_groups(group));
    }
}

/// What is paused cannot even be killed.
fn thaw(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    entries.flatten().filter(|entry| entry.path().is_dir()).for_each(|entry| thaw(&entry.path()));
    let _ = fs::write(dir.join("freezer.state"), "THAWED");
    let _ = fs::write(dir.join("cgroup.freeze"), "0");
}

/// The kernel gives a group back only once the last process in it is gone.
fn remove_groups(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    entries.flatten().filter(|entry| entry.path().is_dir()).for_each(|entry| remove_groups(&entry.path()));
    until("a control group to be empty", || match fs::remove_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => None,
        _ => Some(()),
    });
}

/// A Caddy of its own.
#[derive(Debug)]
pub struct Caddy {
    folder: Folder,
    process: Option<Child>,
    admin: String,
    serves: u16,
}

impl Caddy {
    /// With its admin endpoint at `admin` (`127.0.0.1:port` or `unix//path`). `None` where this machine has no Caddy.
    pub fn start(admin: impl FnOnce(&Path) -> String) -> Option<Self> {
        if !have("caddy") {
            cannot_run("the agent against a real Caddy needs caddy: apt-get install caddy");
            return None;
        }
        let folder = Folder::new("caddy");
        let admin = admin(&folder.0);
        let mut caddy = Self { folder, process: None, admin, serves: free_port() };
        caddy.up();
        Some(caddy)
    }

    /// Starts it; also after [`Caddy::kill`].
    pub fn up(&mut self) {
        let dir = &self.folder.0;
        let config = serde_json::json!({
            "admin": {"listen": self.admin},
            "apps": {"http": {"servers": {"site": {"listen": [format!("127.0.0.1:{}", self.serves)], "automatic_https": {"disable": true},
                "routes": [{"handle": [{"handler": "static_response", "body": "hello"}]}]}}}}
        });
        let file = dir.join("caddy.json");
        fs::write(&file, config.to_string()).unwrap();
        let log = fs::File::create(dir.join("log")).unwrap();
        let process = Command::new("caddy")
            .args(["run", "--config"])
            .arg(&file)
            .env("HOME", dir)
            .env("XDG_CONFIG_HOME", dir)
            .env("XDG_DATA_HOME", dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        until("caddy to serve", || std::net::TcpStream::connect(("127.0.0.1", self.serves)).ok());
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        self.kill();
    }
}
