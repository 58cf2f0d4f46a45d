//! Starts `pitlane serve` and runs other commands beside it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};

/// A folder that goes when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("pitlane-cli-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary with nothing of this machine's environment.
pub fn pitlane(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitlane"));
    command.env_clear().env("HOME", &folder.0).env("PITLANE_DATA_DIR", folder.path("data")).env("USER", "ada");
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a command to its end.
pub fn run(folder: &Folder, args: &[&str]) -> Ended {
    pitlane(folder).args(args).output().unwrap().into()
}

/// A server; it ends with the test.
pub struct Server {
    pub folder: Folder,
    pub child: Child,
    pub url: String,
    /// What it printed until the sign-in link.
    pub printed: String,
    agents: Mutex<Vec<(mpsc::Sender<()>, JoinHandle<()>)>>,
}

impl Server {
    pub fn start(args: &[&str]) -> Self {
        let folder = Folder::new();
        let mut command = pitlane(&folder);
        command.args(["serve", "--listen", "127.0.0.1:0", "--print-link", "always"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        let url = loop {
            let line = lines.next().expect("the server ended before it printed a link").unwrap();
            printed.push_str(&line);
            printed.push('\n');
            if let Some((url, _)) = line.trim().split_once("/sign-in#") {
                break url.to_owned();
            }
        };
        // Nobody reads on, and a closed pipe must not end the server: keep it open until it ends.
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, child, url, printed, agents: Mutex::default() }
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        run(&self.folder, args)
    }

    /// Runs a command that must succeed; gives back what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        ended.out
    }

    /// Runs a command that must end with this code; gives back what it said to standard error.
    #[track_caller]
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, code, "{args:?}: {ended:?}");
        ended.err
    }

    /// Signs in as a browser does, with `{"code": …}` or `{"token": …}`; gives back the cookie, or nothing where that is refused.
    pub fn sign_in(&self, with: &Value) -> Option<String> {
        let answer = request(&self.url, "POST", "session", "User-Agent: curl/8.5.0\r\n", &with.to_string());
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        cookie.split(';').next().map(str::to_owned)
    }

    /// The code of a new sign-in link for this name.
    pub fn code(&self, name: &str) -> String {
        let link = self.ok(&["sign-in-link", "--role", "viewer", "--name", name]);
        link.trim().split_once('#').unwrap().1.to_owned()
    }

    /// Whether this cookie still lets somebody in.
    pub fn lets_in(&self, cookie: &str) -> bool {
        request(&self.url, "GET", "session", &format!("Cookie: {cookie}\r\n"), "").starts_with("HTTP/1.1 200")
    }

    /// Enrols a node that beats until the test ends, with these volumes in use.
    pub fn node(&self, name: &str, volumes: &[&str]) {
        let token = self.ok(&["token", "create", "--enroll"]).trim().to_owned();
        let enrolled = post(&self.url, "agents/enroll", None, &json!({ "token": token, "name": name, "machine_id": name, "agent_version": "0.1.0" }));
        let agent = enrolled["data"]["agent_token"].as_str().unwrap().to_owned();
        let (url, volumes): (String, Vec<String>) = (self.url.clone(), volumes.iter().map(|name| (*name).to_owned()).collect());
        let (stop, stopped) = mpsc::channel::<()>();
        let beating = std::thread::spawn(move || {
            for seq in 1.. {
                beat(&url, &agent, seq, &volumes);
                if stopped.recv_timeout(Duration::from_millis(500)) != Err(mpsc::RecvTimeoutError::Timeout) {
                    break;
                }
            }
        });
        self.agents.lock().unwrap().push((stop, beating));
        // Each look takes a process of its own, so this is no busy loop.
        let seen = (0..500).any(|_| {
            let status: Value = serde_json::from_str(&self.run(&["status", "--json"]).out).unwrap();
            status["nodes"].as_array().unwrap().iter().any(|node| node["name"] == name && node["takes_placements"] == true)
        });
        assert!(seen, "{name} does not take placements");
    }
}

fn beat(url: &str, agent: &str, seq: u64, volumes: &[String]) {
    let mounts: Vec<Value> =
        volumes.iter().map(|name| json!({ "kind": "volume", "name": name, "destination": "/data", "writable": true, "driver": "local" })).collect();
    let containers: Vec<Value> =
        if mounts.is_empty() { Vec::new() } else { vec![json!({ "id": "c1", "name": "db", "state": "running", "mounts": mounts })] };
    let beat = json!({
        "seq": seq, "clock": jiff::Timestamp::now(), "agent_version": "0.1.0",
        "resources": { "cpu_cores": 4, "cpu_percent": 5, "memory_total_bytes": 8_000_000_000_u64, "memory_used_bytes": 1_000_000_000 },
        "docker": { "state": "ok", "expected": true }, "caddy": { "state": "not_present" },
        "containers": { "complete": true, "containers": containers },
    });
    assert_eq!(post(url, "agents/heartbeat", Some(agent), &beat)["success"], true);
}

fn post(url: &str, path: &str, bearer: Option<&str>, body: &Value) -> Value {
    let token = bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    serde_json::from_str(request(url, "POST", path, &token, &body.to_string()).split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

/// A request as small as can be: std has no HTTP client, and this needs no more. Gives back the whole answer.
fn request(url: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    use std::io::Write as _;
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "{method} /api/v1/{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

impl Drop for Server {
    fn drop(&mut self) {
        for (stop, beating) in self.agents.lock().unwrap().drain(..) {
            drop(stop);
            let _ = beating.join();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
