//! `pitlane doctor`: what is wrong with this set-up, in words, and what to do about it.

use std::{path::Path, process::ExitCode};

use clap::Args;
use pitlane_api::{FleetInfo, Timestamp};

use super::{
    client::{Client, Remote},
    data_dir,
    exit::{Failure, REFUSED, UNREACHABLE},
    text,
};
use crate::{
    descriptors::Descriptors,
    settings::{Given, Settings},
};

/// Arguments of `pitlane doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Note,
    Wrong,
}

#[derive(Debug, serde::Serialize)]
struct Finding {
    verdict: Verdict,
    what: &'static str,
    says: String,
}

fn ok(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Ok, what, says: says.into() }
}

fn note(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Note, what, says: says.into() }
}

fn wrong(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Wrong, what, says: says.into() }
}

/// Looks at everything it can see from here. Exit code 1: something is wrong.
pub async fn run(args: DoctorArgs) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(&args.remote.data)?;
    let mut findings = Vec::new();
    // Against another machine's server, this machine's data directory says nothing.
    if args.remote.server.is_none() {
        findings.extend(settings(&args.remote.data.0));
        findings.push(open_files(&args.remote.data.0));
        findings.extend(data(&data_dir));
    }
    findings.extend(server(&args.remote).await);
    findings.push(docker().await);
    if args.remote.json {
        text::json(&findings);
    } else {
        for finding in &findings {
            let mark = match finding.verdict {
                Verdict::Ok => "ok   ",
                Verdict::Note => "note ",
                Verdict::Wrong => "WRONG",
            };
            println!("{mark}  {:<15} {}", finding.what, text::line(&finding.says));
        }
    }
    let any_wrong = findings.iter().any(|finding| finding.verdict == Verdict::Wrong);
    Ok(if any_wrong { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

/// The file with the settings, where one is named: it is read as `serve` would.
fn settings(given: &Given) -> Option<Finding> {
    let file = &given.get("config")?.text;
    Some(match Settings::read(given.clone()) {
        Ok(settings) => ok("settings", format!("{file}: listens at {}, people come to {}", settings.listen, settings.browse_url())),
        Err(why) => wrong("settings", why.to_string()),
    })
}

/// Whether the system allows as many open files as connections need. The server raises its own bound as far as it may.
fn open_files(given: &Given) -> Finding {
    // Settings that cannot be read are a finding of their own.
    let wanted = Settings::read(given.clone()).or_else(|_| Settings::read(Given::default())).map_or(0, |settings| settings.max_connections);
    let descriptors = Descriptors::read();
    let most = Descriptors { allowed: descriptors.at_most, ..descriptors };
    let allowed = descriptors.at_most.map_or_else(|| "as many as it likes".to_owned(), |most| most.to_string());
    match most.connections(wanted) {
        enough if enough >= wanted => ok("open files", format!("a server of this user may open {allowed}: enough for {wanted} connections")),
        fewer => note(
            "open files",
            format!(
                "a server of this user may open {allowed}: {fewer} connections, not {wanted}. Raise LimitNOFILE (systemd) or `ulimit -Hn`, or lower --max-connections."
            ),
        ),
    }
}

fn data(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    let Ok(metadata) = std::fs::metadata(folder) else {
        return vec![note("data directory", format!("{shown} is not there yet. `pitlane serve` makes it; --data-dir names another one."))];
    };
    let mut findings = Vec::new();
    if !metadata.is_dir() {
        return vec![wrong("data directory", format!("{shown} is not a folder. Move it away, or choose another with --data-dir."))];
    }
    findings.push(rights(folder, &metadata));
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    findings.push(match std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => ok("writable", format!("files can be written in {shown}")),
        Err(error) => {
            wrong("writable", format!("nothing can be written in {shown}: {error}. Run this as the server's user, make room, or mount it writable."))
        }
    });
    let database = folder.join("pitlane.db");
    findings.push(match std::fs::File::open(&database) {
        Ok(file) => {
            let bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
            ok("database", format!("{} ({} KiB)", database.display(), bytes / 1024))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => note("database", "not made yet; the server makes it at its first start"),
        Err(error) => wrong("database", format!("{}: {error}. It belongs to the server's user; run this as that user.", database.display())),
    });
    findings
}

#[cfg(unix)]
fn rights(folder: &Path, metadata: &std::fs::Metadata) -> Finding {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        ok("data directory", format!("{} (mode {mode:o})", folder.display()))
    } else {
        wrong("data directory", format!("others can look into {} (mode {mode:o}): chmod 700 {}", folder.display(), folder.display()))
    }
}

#[cfg(not(unix))]
fn rights(folder: &Path, _: &std::fs::Metadata) -> Finding {
    ok("data directory", folder.display().to_string())
}

async fn server(remote: &Remote) -> Vec<Finding> {
    let client = match remote.client() {
        Ok(client) => client,
        Err(failure) => return vec![wrong("server", failure.message)],
    };
    let info: FleetInfo = match client.get("/fleet").await {
        Ok(info) => info,
        Err(failure) if failure.code == UNREACHABLE => return vec![absent(&client, failure.message).await],
        Err(failure) => return vec![ok("server", format!("{} answers", client.base())), wrong("token", failure.message)],
    };
    let mut findings = vec![ok("server", format!("{} answers, version {}, fleet {}", client.base(), info.server_version, info.name))];
    if info.server_version != env!("CARGO_PKG_VERSION") {
        findings.push(note("version", format!("this command is {}, the server {}", env!("CARGO_PKG_VERSION"), info.server_version)));
    }
    let off = Timestamp::now().as_second() - info.server_time.as_second();
    findings.push(if off.abs() as f64 > info.thresholds.clock_skew_s {
        wrong("clock", format!("this machine's clock is {off} s off the server's: set up time synchronisation (timedatectl set-ntp true)"))
    } else {
        ok("clock", "agrees with the server's")
    });
    findings.push(if info.engine.reachable {
        ok("engine", info.engine.kind.describe())
    } else {
        wrong("engine", format!("{} does not answer: {}", info.engine.kind.describe(), info.engine.message.as_deref().unwrap_or("no reason given")))
    });
    findings.push(match (info.counts.total, info.counts.takes_placements) {
        (0, _) => note("nodes", "none yet: `pitlane token create --enroll` makes a token that an agent enrols with"),
        (total, 0) => wrong("nodes", format!("none of {total} takes placements: nothing new can start anywhere")),
        (total, takes) => {
            ok("nodes", format!("{takes} of {total} take placements, {} in maintenance, {} offline", info.counts.maintenance, info.counts.offline))
        }
    });
    if info.counts.overdue > 0 {
        findings.push(wrong("overdue", format!("{} nodes are in maintenance past the time they were expected back", info.counts.overdue)));
    }
    findings
}

/// Nobody answers as a Pitlane there: is it off, or does somebody else have the port?
async fn absent(client: &Client, message: String) -> Finding {
    let address = client.base().rsplit("://").next().unwrap_or_default().to_owned();
    match tokio::time::timeout(std::time::Duration::from_secs(3), tokio::net::TcpStream::connect(&address)).await {
        Ok(Ok(_)) => wrong("server", format!("something answers at {address}, but not as a Pitlane should: {message}")),
        _ => wrong("server", format!("nobody listens at {address}: start `pitlane serve`, or name the server with --server. ({message})")),
    }
}

#[cfg(unix)]
async fn docker() -> Finding {
    let path = match std::env::var("DOCKER_HOST") {
        Ok(host) => match host.strip_prefix("unix://") {
            Some(path) => path.to_owned(),
            None => return note("docker", format!("DOCKER_HOST is {host}; the agent asks there")),
        },
        Err(_) => pitlane_agent::DEFAULT_DOCKER.to_owned(),
    };
    match tokio::net::UnixStream::connect(&path).await {
        Ok(_) => ok("docker", format!("{path} can be asked")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            note("docker", format!("no Docker at {path}: an agent here reports it as not present"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => wrong(
            "docker",
            format!("this user may not ask {path}: an agent that runs as this user sees no containers. Add the user to the group docker."),
        ),
        Err(error) => wrong("docker", format!("{path} is there and does not answer ({error}): start Docker, or remove the file")),
    }
}

#[cfg(not(unix))]
async fn docker() -> Finding {
    note("docker", "not looked for on this system")
}
