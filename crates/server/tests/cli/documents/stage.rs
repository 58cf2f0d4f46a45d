//! A fleet of its own, and a folder in which commands of documents run as they stand: `pitlane` is the real program, `/var/lib/pitlane` the data
//! folder of a real server, `edge-fra-01` a node that beats. What cannot run is stood in for (see the table).

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    found::{Found, fill, pattern, root},
    table::{CANNOT_RUN, ONLY_READ, TOOLS},
};
use crate::world::Server;

/// Patience with one command.
const PATIENCE: Duration = Duration::from_secs(60);
/// The nodes that documents speak of, and one that nobody drains: somebody has to be left.
const NODES: &[&str] = &["edge-fra-01", "edge-fra-02", "edge-ams-01", "edge-spare-01"];
/// Records how it was called, and looks at what can be looked at.
const STAND_IN: &str = r#"#!/bin/sh
name=$(basename "$0")
[ -p /dev/stdin ] && cat >/dev/null
say() { echo "$name $*" >&2; exit 9; }
last=
for word in "$@"; do
  case $name:$last in kubectl:-k|kubectl:-f) ;; kubectl:*) last=$word; continue ;; esac
  case $word in deploy/*|tests/*|scripts/*|docs/*|crates/*) [ -e "$word" ] || say "$word is not there" ;; esac
  [ "$name" = cargo ] && [ "$last" = -p ] && { grep -q "^name = \"$word\"" Cargo.toml crates/*/Cargo.toml || say "no package $word"; }
  [ "$name" = make ] && { grep -q "^$word:" Makefile || say "no target $word"; }
  last=$word
done
# `kubectl exec … -- pitlane …`: what is said behind the dashes runs here.
while [ $# -gt 0 ]; do
  if [ "$1" = -- ] && [ "$2" = pitlane ]; then shift; exec "$@"; fi
  shift
done
"#;

/// A server with nodes, and the folder.
pub struct Stage {
    server: Server,
    data: PathBuf,
    has_nodes: bool,
    /// Counts what needs a name or a folder of its own.
    next: std::cell::Cell<u32>,
    /// Where fleets are played: their nodes have names that the real ones have as well.
    simulated: std::cell::OnceCell<Box<Stage>>,
}

impl Stage {
    /// Starts the server, enrols the nodes, and makes the folder.
    pub fn start() -> Self {
        Self::with(NODES)
    }

    fn with(nodes: &[&str]) -> Self {
        let server = Server::start(&["--settle", "1s", "--disk-bad-percent", "100", "--memory-bad-percent", "100", "--rate-burst", "5000"]);
        for name in nodes {
            server.node(name, &[]);
        }
        let folder = &server.folder.0;
        for made in ["bin", "cwd", "etc/systemd/system", "etc/pitlane", "run/secrets", "usr/local/bin", "var/backups", "var/lib", ".local/share"] {
            fs::create_dir_all(folder.join(made)).unwrap();
        }
        let link = |from: PathBuf, to: &str| std::os::unix::fs::symlink(from, folder.join(to)).unwrap();
        let data = folder.join("data");
        // Where commands find it that are told no data folder.
        link(data.clone(), ".local/share/pitlane");
        for to in ["bin/pitlane", "usr/local/bin/pitlane"] {
            link(PathBuf::from(env!("CARGO_BIN_EXE_pitlane")), to);
        }
        for tool in TOOLS.iter().chain(&["basename"]) {
            let places = ["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"];
            if let Some(place) = places.iter().map(|place| PathBuf::from(place).join(tool)).find(|place| place.exists()) {
                link(place, &format!("bin/{tool}"));
            }
        }
        // A person reads the refusal that curl prints; a test wants to be told.
        fs::rename(folder.join("bin/curl"), folder.join("bin/curl-itself")).unwrap();
        let curl = ("curl", "#!/bin/sh\nexec curl-itself --fail-with-body \"$@\"\n");
        for (program, text) in CANNOT_RUN.iter().map(|(program, _)| (*program, STAND_IN)).chain([curl]) {
            let file = folder.join("bin").join(program);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        // What a document names by its place in the checkout.
        for entry in fs::read_dir(root()).unwrap().map(Result::unwrap) {
            link(entry.path(), &format!("cwd/{}", entry.file_name().to_str().unwrap()));
        }
        Self { server, data, has_nodes: !nodes.is_empty(), next: std::cell::Cell::new(0), simulated: std::cell::OnceCell::new() }
    }

    /// Puts an enrolment token where a command looks for it.
    pub fn write_token(&self, path: &str) {
        fs::write(self.server.folder.0.join(path), self.server.ok(&["token", "enroll"])).unwrap();
    }

    /// Runs commands in their order, each once; gives back what is wrong with them.
    pub fn run_all(&self, commands: &[Found]) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let fresh = commands.iter().filter(|found| seen.insert((found.text.clone(), found.before.clone())));
        fresh
            .filter_map(|found| {
                self.run(found).err().map(|why| format!("{}: `{}`\n      {}", found.place, found.text, why.trim().replace('\n', "\n      ")))
            })
            .collect()
    }

    /// Runs one command; the error says what a person would have seen.
    pub fn run(&self, found: &Found) -> Result<(), String> {
        let words: Vec<&str> = found.text.split_whitespace().skip_while(|word| !word.ends_with("pitlane")).collect();
        if words.first() == Some(&found.text.split_whitespace().next().unwrap_or_default()) && names_a_command(&words)? {
            return Ok(());
        }
        let lasting = pattern(r"(^|\s|/)pitlane (serve|agent|demo)\b").captures(&found.text).map(|verb| verb[2].to_owned());
        if lasting.as_deref() == Some("demo") && self.has_nodes {
            return self.simulated.get_or_init(|| Box::new(Self::with(&[]))).run(found);
        }
        let line = self.filled(&found.text);
        if ONLY_READ.iter().any(|(part, _)| found.text.contains(part)) {
            return read_only(&line);
        }
        self.make_ready(&format!("{} {line}", found.before));
        let (name, before) = (self.number("node"), self.filled(&found.before));
        let mut command = self.bash(&format!("set -o pipefail\n{before}\n{line}"), &name);
        if lasting.as_deref() == Some("serve") {
            let own = self.server.folder.path(&self.number("serve"));
            command.env("PITLANE_DATA_DIR", &own).env("PITLANE_LISTEN", "127.0.0.1:0");
        }
        if format!("{before}{line}").contains("$PITLANE_TOKEN") {
            command.env("PITLANE_TOKEN", self.server.ok(&["token", "create", "--role", "operator", "--name", &name]).trim());
        }
        let log = self.server.folder.0.join(self.number("log"));
        let out = fs::File::create(&log).unwrap();
        let mut process = command.stdout(out.try_clone().unwrap()).stderr(out).process_group(0).spawn().unwrap();
        let said = || fs::read_to_string(&log).unwrap();
        let code = match lasting {
            None => wait(&mut process, &|| false),
            Some(verb) => {
                let given = pattern(r"(--name |PITLANE_NODE_NAME=)'?([\w-]+)")
                    .captures(&format!("{before} {line}"))
                    .map_or(name, |given| given[2].to_owned());
                let code = wait(&mut process, &|| self.has_begun(&verb, &given, &said()));
                if verb == "agent" && code == Some(0) {
                    // It is gone now, and nobody shall wonder.
                    self.server.run(&[
                        "drain",
                        &given,
                        "--reason",
                        "was started by a document",
                        "--acknowledge-unread",
                        "--acknowledge-stateful",
                        "--wait",
                    ]);
                }
                code
            }
        };
        match code {
            // Within a substitution a missing program ends nothing.
            Some(0) if !said().contains("command not found") => Ok(()),
            Some(code) => Err(format!("ended with {code}: {}", said())),
            None => Err(format!("did not end, or did not begin its work, within {} s: {}", PATIENCE.as_secs(), said())),
        }
    }

    /// With what a person would fill in, in the folder of the test instead of the machine.
    fn filled(&self, text: &str) -> String {
        let url = &self.server.url;
        let here = |text: &str| {
            let text = text.replace("/var/lib/pitlane-agent", &self.server.folder.path(&self.number("agent")));
            // A server has a data folder for itself.
            let data = if text.contains("pitlane serve") { self.server.folder.path(&self.number("data")) } else { self.data.display().to_string() };
            let text = pattern(r"/var/lib/pitlane\b|(?P<before>\s)/data\b").replace_all(&text, format!("${{before}}{data}")).into_owned();
            let text = pattern(r#"(?P<before>^|[\s"'=>])/(?P<top>etc|var|usr|run)/"#)
                .replace_all(&text, format!("${{before}}{}/${{top}}/", self.server.folder.0.display()))
                .into_owned();
            let text = if text.contains("pitlane serve") { text } else { text.replace("https://pitlane.example.org", url) };
            text.replace("http://127.0.0.1:7070", url).replace("0.0.0.0:7070", "127.0.0.1:0")
        };
        let value = |before: &str, _: &str| match before {
            "--server" | "PITLANE_SERVER=" => url.clone(),
            "--token" | "PITLANE_TOKEN=" => self.server.ok(&["token", "enroll", "--multi-use"]).trim().to_owned(),
            "--data-dir" => self.data.display().to_string(),
            "--reason" | "--override" => "'Kernel reboot'".to_owned(),
            "--role" => "viewer".to_owned(),
            "--name" => "on-call".to_owned(),
            "PITLANE_NODE_NAME=" | "PITLANE_ENGINE_NODE_ID=" => self.number("node"),
            flag => first_choice(flag).unwrap_or_else(|| NODES[0].to_owned()),
        };
        fill(&here(text), value)
    }

    fn number(&self, what: &str) -> String {
        self.next.set(self.next.get() + 1);
        format!("{what}-{}", self.next.get())
    }

    /// A shell that has the programs of the table and nothing of this machine's environment.
    fn bash(&self, line: &str, name: &str) -> Command {
        let nothing = |what: &str| format!("unix://{}", self.server.folder.path(what));
        let mut command = Command::new("/bin/bash");
        command.args(["--noprofile", "--norc", "-c", line]).current_dir(self.server.folder.0.join("cwd")).stdin(Stdio::null()).env_clear();
        command.env("PATH", self.server.folder.0.join("bin")).env("HOME", &self.server.folder.0).env("USER", "ada").env("LC_ALL", "C.UTF-8");
        // An agent that a document starts is a node of its own, and meets neither Docker nor Caddy of this machine.
        command.env("DOCKER_HOST", nothing("no-docker.sock")).env("PITLANE_CADDY", nothing("no-caddy.sock"));
        command.env("PITLANE_MACHINE_ID", name).env("PITLANE_NODE_NAME", name).env("PITLANE_STATE_DIR", self.server.folder.path(name));
        command
    }

    /// Brings the nodes that a line names into the state that it starts from.
    fn make_ready(&self, line: &str) {
        let named: Vec<&str> = NODES.iter().copied().filter(|name| line.contains(name)).collect();
        let verb = pattern(r"(\spitlane |/)(drain|activate|plan --cancel)(-preview)?(\s|$)").captures(line).map(|verb| verb[2].to_owned());
        let Some(verb) = verb else { return };
        for name in named {
            // What a line before began without waiting for it.
            let node = (0..500).find_map(|_| self.nodes().into_iter().find(|node| node["name"] == *name && node["operation"].is_null()));
            let node = node.unwrap_or_else(|| panic!("an operation of {name} does not end"));
            let (drained, planned) = (node["scheduling"] == "maintenance", !node["planned"].is_null());
            let reason = ["--reason", "made ready by the test"];
            match verb.as_str() {
                "activate" if !drained => drop(self.server.ok(&[&["drain", name, "--allow-last", "--wait"], &reason[..]].concat())),
                "drain" | "plan --cancel" if drained => drop(self.server.ok(&["activate", name, "--override", reason[1], "--wait"])),
                _ => {}
            }
            match verb.as_str() {
                "plan --cancel" if !planned => drop(self.server.ok(&[&["drain", name, "--at", "+2h"], &reason[..]].concat())),
                "drain" if planned => drop(self.server.ok(&["plan", "--cancel", name])),
                _ => {}
            }
        }
    }

    fn nodes(&self) -> Vec<Value> {
        let mut fleet: Value = serde_json::from_str(&self.server.run(&["status", "--json"]).out).unwrap();
        fleet["nodes"].as_array_mut().unwrap().drain(..).collect()
    }

    /// Whether a program that goes on for ever does what it is for.
    fn has_begun(&self, verb: &str, name: &str, said: &str) -> bool {
        match verb {
            "serve" => said.contains("serves the fleet"),
            _ => {
                let nodes = self.nodes();
                let simulated = nodes.iter().filter(|node| node["node_source"] == "simulated");
                if verb == "demo" {
                    simulated.count() > 7
                } else {
                    nodes.iter().any(|node| node["name"] == name && !node["last_heartbeat_at"].is_null())
                }
            }
        }
    }
}

/// Waits until it ends, or until it has begun what it does for ever; then it is told to end. `None`: neither.
fn wait(process: &mut Child, begun: &dyn Fn() -> bool) -> Option<i32> {
    let (_tx, rx) = mpsc::channel::<()>();
    let (since, mut told) = (Instant::now(), false);
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status.code().or(told.then_some(0));
        }
        if !told && begun() {
            told = true;
            signal(process, "-TERM");
        }
        if since.elapsed() > PATIENCE {
            signal(process, "-KILL");
            process.wait().unwrap();
            return None;
        }
        let _ = rx.recv_timeout(Duration::from_millis(20));
    }
}

/// To the shell and what it started, which are a group of their own.
fn signal(process: &Child, which: &str) {
    let _ = Command::new("kill").args([which, "--", &format!("-{}", process.id())]).stderr(Stdio::null()).status();
}

/// Whether these words only name a command, or flags of it ("see `pitlane token create`", "by `pitlane drain --at`"), that cannot run without more, or
/// goes on for ever.
fn names_a_command(words: &[&str]) -> Result<bool, String> {
    let (mut command, mut depth) = (pitlane::cli::command_line(), 1);
    while let Some(child) = words.get(depth).and_then(|word| command.find_subcommand(word)).cloned() {
        (command, depth) = (child, depth + 1);
    }
    if depth == 1 && words.len() > 1 && !words[1].starts_with('-') {
        return Err(format!("there is no command `pitlane {}`", words[1]));
    }
    let rest = &words[depth..];
    let flags = rest.iter().all(|word| word.strip_prefix("--").is_some_and(|name| command.get_arguments().any(|arg| arg.get_long() == Some(name))));
    if !rest.is_empty() && flags && pitlane::cli::command_line().try_get_matches_from(words).is_err() {
        return Ok(true);
    }
    let alone = rest.is_empty() || rest == ["…"];
    let lasting = ["serve", "agent", "demo"].contains(&command.get_name());
    let lacks = pitlane::cli::command_line().try_get_matches_from(&words[..depth]).is_err();
    Ok(alone && (lasting || lacks))
}

/// The first of the values that a flag takes, where it takes one of a few.
fn first_choice(flag: &str) -> Option<String> {
    fn within(command: &clap::Command, name: &str) -> Option<String> {
        let own = command
            .get_arguments()
            .filter(|arg| arg.get_long() == Some(name))
            .find_map(|arg| Some(arg.get_possible_values().first()?.get_name().to_owned()));
        own.or_else(|| command.get_subcommands().find_map(|child| within(child, name)))
    }
    within(&pitlane::cli::command_line(), flag.strip_prefix("--")?)
}

/// The flags of a command that does not run.
fn read_only(line: &str) -> Result<(), String> {
    let words = line.split_whitespace().skip_while(|word| *word != "pitlane");
    pitlane::cli::command_line().try_get_matches_from(words).map(drop).map_err(|error| error.to_string())
}
