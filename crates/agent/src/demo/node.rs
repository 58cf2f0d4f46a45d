//! One played node: who it is, what its next beat says, and its conversation with the control plane.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pitlane_api::{ContainersReport, Disk, EnrollRequest, HeartbeatRequest, HeartbeatResponse, Resources, ServiceReport, SignalState, Timestamp};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::watch;

use super::{
    Stage,
    cast::CURRENT,
    life::{Script, Wander},
    workloads::{Service, containers},
};
use crate::{
    client::CallError,
    collect::host::fingerprint,
    pace::{self, Backoff},
};

const GIB: u64 = 1 << 30;

/// A maintenance the story wants.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub reason: &'static str,
    pub back_in_minutes: Option<i64>,
}

/// Who a played node is.
#[derive(Debug, Clone)]
pub(crate) struct Character {
    pub name: String,
    pub region: &'static str,
    pub address: String,
    pub cores: u32,
    pub memory_gib: u64,
    pub disk_gib: u64,
    /// Percent.
    pub cpu: f64,
    /// Percent.
    pub memory: f64,
    /// Percent.
    pub disk: f64,
    pub agent_version: &'static str,
    pub script: Script,
    pub services: Vec<Service>,
    pub maintenance: Option<Plan>,
    /// Its first sign of life comes within this time of the demo's start.
    pub comes_within: Duration,
}

impl Character {
    /// An idle node of a usual size.
    pub fn new(name: &str, region: &'static str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            region,
            address: address.to_owned(),
            cores: 8,
            memory_gib: 32,
            disk_gib: 512,
            cpu: 5.0,
            memory: 20.0,
            disk: 20.0,
            agent_version: CURRENT,
            script: Script::Steady,
            services: Vec::new(),
            maintenance: None,
            comes_within: Duration::ZERO,
        }
    }

    fn enrollment(&self, token: &str, seed: u64) -> EnrollRequest {
        let role = self.name.split('-').next().unwrap_or_default();
        EnrollRequest {
            token: token.to_owned(),
            name: self.name.clone(),
            machine_id: fingerprint(&format!("pitlane-demo {seed} {}", self.name)),
            engine_node_id: None,
            region: Some(self.region.to_owned()),
            public_ip: None,
            overlay_ip: Some(self.address.clone()),
            labels: BTreeMap::from([("role".to_owned(), role.to_owned()), ("os".to_owned(), "Debian GNU/Linux 12 (bookworm)".to_owned())]),
            agent_version: self.agent_version.to_owned(),
            simulated: true,
        }
    }
}

/// A node in the middle of its life.
struct Player {
    character: Character,
    rng: StdRng,
    cpu: Wander,
    memory: Wander,
    containers: ContainersReport,
    /// Beats since the start, sent or not.
    beat: u64,
    /// Beats of this agent process.
    seq: u64,
    version: &'static str,
    send_containers: bool,
}

impl Player {
    fn new(character: Character, seed: u64, now: Timestamp) -> Self {
        let own = fingerprint(&character.name);
        let own = u64::from_str_radix(&own[..16], 16).unwrap_or_default();
        Self {
            rng: StdRng::seed_from_u64(seed ^ own),
            cpu: Wander::new(character.cpu, 7.0),
            memory: Wander::new(character.memory, 2.0),
            containers: containers(&character.name, &character.services, now),
            beat: 0,
            seq: 0,
            version: character.agent_version,
            send_containers: true,
            character,
        }
    }

    /// What this beat says; nothing while the node is away.
    fn next(&mut self, now: Timestamp) -> Option<HeartbeatRequest> {
        let beat = self.beat;
        self.beat += 1;
        let script = self.character.script;
        if !script.is_present(beat) {
            return None;
        }
        let was_answering = beat == 0 || script.docker_answers(beat - 1);
        if script.is_updated(beat) && self.version != CURRENT {
            // A new agent process: it counts from the start and sends everything.
            self.version = CURRENT;
            self.seq = 0;
        }
        self.seq += 1;
        let docker = script.docker_answers(beat);
        self.send_containers |= docker != was_answering || self.seq == 1;
        Some(HeartbeatRequest {
            seq: self.seq,
            boot_id: Some(format!("{}-{}", self.character.name, script.boots(beat))),
            clock: now,
            agent_version: self.version.to_owned(),
            resources: self.resources(beat),
            docker: if docker { works("28.5.2") } else { fails("the socket accepts a connection and nothing answers on it") },
            caddy: works("2.10.0"),
            containers: std::mem::take(&mut self.send_containers).then(|| self.containers(docker)),
            cannot_see: Vec::new(),
            labels: BTreeMap::new(),
            stopping: false,
        })
    }

    fn containers(&self, docker: bool) -> ContainersReport {
        let mut report = self.containers.clone();
        if !docker {
            report.complete = false;
            report.not_read = vec!["containers of Docker, shown as they were last read: Docker does not answer".to_owned()];
        }
        report
    }

    fn resources(&mut self, beat: u64) -> Resources {
        let character = &self.character;
        let of = |whole: u64, percent: f64| (whole as f64 * percent / 100.0) as u64;
        let (memory, disk) = (character.memory_gib * GIB, character.disk_gib * GIB);
        Resources {
            cpu_cores: Some(f64::from(character.cores)),
            cpu_percent: Some(self.cpu.step(&mut self.rng)),
            memory_total_bytes: Some(memory),
            memory_used_bytes: Some(of(memory, self.memory.step(&mut self.rng))),
            disks: vec![Disk {
                role: "root".to_owned(),
                mount: "/".to_owned(),
                total_bytes: disk,
                used_bytes: of(disk, character.script.disk(character.disk, beat)),
            }],
            cpu_cores_reserved: None,
            memory_reserved_bytes: None,
        }
    }

    /// The time to the next beat where the control plane wants one every `every_s` seconds.
    fn wait(&mut self, every_s: u64) -> Duration {
        let every = Duration::from_secs(every_s.clamp(1, 300));
        every.mul_f64(self.character.script.rhythm(&mut self.rng)).max(pace::SHORTEST)
    }
}

fn works(version: &str) -> ServiceReport {
    ServiceReport { state: SignalState::Ok, expected: true, version: Some(version.to_owned()), detail: String::new() }
}

fn fails(detail: &str) -> ServiceReport {
    ServiceReport { state: SignalState::Bad, expected: true, version: None, detail: detail.to_owned() }
}

/// Plays one node until the demo ends, then says goodbye.
pub(crate) async fn play(stage: Arc<Stage>, character: Character, seed: u64, mut ended: watch::Receiver<bool>) {
    let mut player = Player::new(character, seed, Timestamp::now());
    let mut last = None;
    tokio::select! {
        () = live(&stage, &mut player, seed, &mut last) => {}
        // An error would mean that the demo is gone; that is an end too.
        _ = ended.wait_for(|ended| *ended) => {}
    }
    let Some(mut goodbye): Option<HeartbeatRequest> = last else { return };
    let Some(credentials) = stage.roster.credentials(&player.character.name) else { return };
    goodbye.seq = player.seq + 1;
    goodbye.containers = None;
    goodbye.stopping = true;
    if let Ok(_permit) = stage.permits.acquire().await {
        // Nobody is left to do anything about an answer.
        let _ = stage.plane.beat(&credentials.agent_token, &goodbye).await;
    }
}

async fn live(stage: &Stage, player: &mut Player, seed: u64, last: &mut Option<HeartbeatRequest>) {
    let mut backoff = Backoff::default();
    let mut every_s = 5;
    // The cast comes at once; a crowd does not come in step.
    let first = player.rng.random_range(0.0..1.0) * player.character.comes_within.as_secs_f64();
    tokio::time::sleep(Duration::from_secs_f64(first)).await;
    loop {
        let name = player.character.name.clone();
        let Some(credentials) = stage.roster.credentials(&name) else {
            let wait = match enroll(stage, &player.character, seed).await {
                Ok(asked_every_s) => {
                    every_s = asked_every_s;
                    player.send_containers = true;
                    Duration::ZERO
                }
                Err(wait) => wait.unwrap_or_else(|| backoff.next(None)),
            };
            tokio::time::sleep(wait).await;
            continue;
        };
        let Some(beat) = player.next(Timestamp::now()) else {
            *last = None;
            let wait = player.wait(every_s);
            tokio::time::sleep(wait).await;
            continue;
        };
        let wait = match send(stage, &credentials.agent_token, &beat).await {
            Ok(answer) => {
                backoff.reset();
                every_s = answer.heartbeat_every_s;
                player.send_containers |= answer.send_containers;
                *last = Some(beat);
                player.wait(every_s)
            }
            Err(error) => {
                player.send_containers = true;
                let asked = match &error {
                    CallError::Busy { retry_after, .. } => *retry_after,
                    CallError::Unauthorized(_) if stage.token.is_some() => {
                        stage.roster.forget(&name);
                        None
                    }
                    CallError::Unauthorized(_) | CallError::Refused { .. } => Some(pace::SLOW),
                    _ => None,
                };
                stage.roster.say(format!("simulated nodes: {error}"));
                backoff.next(asked)
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Gives how often to beat, else how long to wait where only a person can help.
async fn enroll(stage: &Stage, character: &Character, seed: u64) -> Result<u64, Option<Duration>> {
    let Some(token) = &stage.token else { return Err(Some(pace::SLOW)) };
    let Ok(_permit) = stage.permits.acquire().await else { return Err(None) };
    match stage.plane.enroll(&character.enrollment(token, seed)).await {
        Ok(answer) => {
            stage.roster.enrolled(&character.name, answer.node_id.to_string(), answer.agent_token);
            Ok(answer.heartbeat_every_s)
        }
        Err(error) => {
            stage.roster.say(format!("simulated nodes cannot enrol: {error}"));
            match error {
                CallError::Busy { retry_after, .. } => Err(retry_after.map(|asked| pace::spread(asked, 1.0, 2.0))),
                CallError::Unauthorized(_) | CallError::Refused { .. } => Err(Some(pace::spread(pace::SLOW, 0.8, 1.2))),
                _ => Err(None),
            }
        }
    }
}

async fn send(stage: &Stage, agent_token: &str, beat: &HeartbeatRequest) -> Result<HeartbeatResponse, CallError> {
    let _permit = stage.permits.acquire().await.map_err(|error| CallError::Away(error.to_string()))?;
    stage.plane.beat(agent_token, beat).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::cast;
    use pitlane_api::{SignalKind, Thresholds, rules::signals_from_report};

    fn player(name: &str) -> Player {
        let character = cast().into_iter().find(|character| character.name == name).unwrap();
        Player::new(character, 1, Timestamp::UNIX_EPOCH)
    }

    fn state(beat: &HeartbeatRequest, kind: SignalKind) -> SignalState {
        let signals = signals_from_report(beat, &Thresholds::default(), None, None, &[], Timestamp::UNIX_EPOCH);
        signals.iter().find(|signal| signal.kind == kind).map(|signal| signal.state).unwrap()
    }

    #[test]
    fn one_node_is_degraded_by_its_disk_and_asks_for_an_update() {
        let mut player = player("edge-ams-01");
        let beats: Vec<HeartbeatRequest> = (0..10).filter_map(|_| player.next(Timestamp::UNIX_EPOCH)).collect();
        assert_eq!(state(&beats[0], SignalKind::Disk), SignalState::Ok, "confirmed by a clean beat first");
        assert_eq!(state(&beats[9], SignalKind::Disk), SignalState::Bad);
        assert_eq!(beats[9].agent_version, "1.7.9");
    }

    #[test]
    fn one_node_loses_docker_and_its_list_is_not_called_whole_any_more() {
        let mut player = player("edge-ams-02");
        let beats: Vec<HeartbeatRequest> = (0..8).filter_map(|_| player.next(Timestamp::UNIX_EPOCH)).collect();
        assert_eq!(state(&beats[0], SignalKind::Docker), SignalState::Ok);
        assert!(beats[0].containers.as_ref().is_some_and(|list| list.complete && list.containers.len() == 3));
        assert!(beats[1].containers.is_none(), "unchanged");
        let failed = beats.iter().find(|beat| beat.docker.state == SignalState::Bad).unwrap();
        assert!(failed.containers.as_ref().is_some_and(|list| !list.complete));
    }

    #[test]
    fn one_node_is_never_heard_of() {
        let mut player = player("edge-mad-01");
        assert!((0..100).all(|_| player.next(Timestamp::UNIX_EPOCH).is_none()));
    }

    #[test]
    fn an_updated_agent_is_a_new_process_and_sends_everything() {
        let mut player = player("edge-ams-01");
        let beats: Vec<HeartbeatRequest> = (0..200).filter_map(|_| player.next(Timestamp::UNIX_EPOCH)).collect();
        let first = beats.iter().find(|beat| beat.agent_version == CURRENT).unwrap();
        assert_eq!(first.seq, 1);
        assert!(first.containers.is_some());
    }

    #[test]
    fn everything_that_is_played_says_so() {
        for character in cast() {
            assert!(character.enrollment("t", 1).simulated);
        }
    }
}
