//! The agent: enrols, beats, and never gives up. Decides when and with which token; what it reports comes from `report`.

use std::{collections::BTreeMap, future::Future, time::Duration};

use pitlane_api::{ContainersReport, EnrollRequest, HeartbeatResponse};
use tokio::pin;

use crate::{
    client::{CallError, ControlPlane},
    collect::{
        Probes,
        caddy::CaddyProbe,
        docker::{DockerProbe, Endpoint},
        host,
    },
    fit::fit_enrollment,
    pace::{self, Backoff},
    report::Reporter,
    settings::{AgentSettings, StartError, default_state_dir},
    state::{AgentState, StateFile},
};

/// Patience with the first look at Docker and Caddy before the first beat.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// Patience with the control plane when saying goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often to beat until the control plane has said so, in seconds.
const BEAT_UNTIL_TOLD_S: u64 = 5;
/// The agent's version: that of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs an agent until `shutdown` is done. Once it has started, no answer of any server ends it.
///
/// # Errors
/// Only what is wrong before the first try: see [`StartError`].
pub async fn run(settings: AgentSettings, shutdown: impl Future<Output = ()> + Send) -> Result<(), StartError> {
    pin!(shutdown);
    let mut agent = Agent::start(settings).await?;
    loop {
        let wait = tokio::select! {
            wait = agent.turn() => wait,
            () = &mut shutdown => break,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = &mut shutdown => break,
        }
    }
    agent.goodbye().await;
    Ok(())
}

struct Agent {
    settings: AgentSettings,
    plane: ControlPlane,
    file: StateFile,
    state: AgentState,
    reporter: Reporter,
    backoff: Backoff,
    every_s: u64,
    /// The control plane did not know our token: try to enrol before the next beat.
    rejected: bool,
    /// The list of containers the control plane has, so that it is sent only when it changed.
    acknowledged: Option<ContainersReport>,
    /// The trouble that was logged last.
    said: String,
    /// The control plane's remark that was logged last.
    remark: String,
}

impl Agent {
    async fn start(settings: AgentSettings) -> Result<Self, StartError> {
        let plane = ControlPlane::new(&settings.server)?;
        let dir = settings.state_dir.clone().or_else(default_state_dir).ok_or(StartError::NoStateDir)?;
        let kept = |source| StartError::State { path: dir.clone(), source };
        let file = StateFile::in_dir(&dir, "agent.json").map_err(kept)?;
        let mut state: AgentState = file.load().map_err(kept)?;
        if state.server != plane.base().as_str() {
            // A token belongs to the control plane that gave it and goes to no other.
            state.agent_token = None;
            state.node_id = None;
            state.server = plane.base().to_string();
        }
        if state.agent_token.is_none() && settings.token.is_none() {
            return Err(StartError::NoToken);
        }
        for service in &settings.forget {
            state.set_seen(*service, false);
        }
        // Also finds out, before a single-use token is spent, whether the answer can be kept.
        file.save(&state).map_err(kept)?;
        let docker = Endpoint::choose(settings.docker.as_deref(), std::env::var("DOCKER_HOST").ok().as_deref())?;
        let mut probes = Probes::start(DockerProbe::new(docker), CaddyProbe::new(&settings.caddy)?);
        probes.first(FIRST_LOOK).await;
        let reporter = Reporter::new(probes, settings.expect.clone(), labels(&settings)).map_err(StartError::Client)?;
        tracing::info!(server = %plane.base(), state = %file.path().display(), "agent {VERSION} starts");
        Ok(Self {
            settings,
            plane,
            file,
            state,
            reporter,
            backoff: Backoff::default(),
            every_s: BEAT_UNTIL_TOLD_S,
            rejected: false,
            acknowledged: None,
            said: String::new(),
            remark: String::new(),
        })
    }

    /// One try. Gives the time to wait before the next.
    async fn turn(&mut self) -> Duration {
        match self.state.agent_token.clone() {
            Some(agent_token) if !self.rejected => self.beat(&agent_token).await,
            _ => self.enroll().await,
        }
    }

    async fn enroll(&mut self) -> Duration {
        let was_rejected = std::mem::take(&mut self.rejected);
        let Some(token) = self.settings.token.clone() else {
            self.say("the control plane does not know this agent any more and there is no enrolment token to enrol again with; trying on, slowly");
            return pace::spread(pace::SLOW, 0.8, 1.2);
        };
        let request = self.enrollment(&token).await;
        match self.plane.enroll(&request).await {
            Ok(answer) => {
                self.every_s = answer.heartbeat_every_s;
                self.state.node_id = Some(answer.node_id.to_string());
                self.state.agent_token = Some(answer.agent_token);
                self.state.enrolled_with = Some(host::fingerprint(&token));
                self.acknowledged = None;
                self.said.clear();
                tracing::info!(node = %answer.node_id, name = %request.name, "enrolled");
                self.keep();
                // A server that enrols and then rejects must not be hammered: after that only a beat that is taken ends the backoff.
                if was_rejected {
                    self.backoff.next(None)
                } else {
                    self.backoff.reset();
                    pace::SHORTEST
                }
            }
            Err(CallError::Unauthorized(words)) => {
                let spent = self.state.enrolled_with.as_deref() == Some(host::fingerprint(&token).as_str());
                self.say(&match (was_rejected, spent) {
                    (true, true) => format!("this agent's own token was revoked, and its enrolment token is used up ({words}); give it a new one. Trying on, slowly"),
                    _ => format!("the enrolment token is not accepted ({words}): it is used up, expired or mistyped; give the agent a new one. Trying on, slowly"),
                });
                pace::spread(pace::SLOW, 0.8, 1.2)
            }
            Err(error @ CallError::Refused { .. }) => {
                self.say(&format!("cannot enrol: {error}. Trying on, slowly"));
                pace::spread(pace::SLOW, 0.8, 1.2)
            }
            Err(error) => {
                // Not an answer about the token: the next turn may beat again with the one we have.
                self.say(&format!("cannot enrol yet: {error}"));
                self.backoff.next(asked(&error))
            }
        }
    }

    async fn enrollment(&mut self, token: &str) -> EnrollRequest {
        let engine_node_id = match self.settings.engine_node_id.clone() {
            Some(id) => Some(id),
            None => self.reporter.swarm_node_id(FIRST_LOOK).await,
        };
        let settings = &self.settings;
        let machine_id = settings.machine_id.clone().or_else(host::machine_id).or_else(|| self.state.machine_id.clone());
        let machine_id = machine_id.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
        let overlay_ip = match &settings.overlay_ip {
            Some(ip) => Some(ip.clone()),
            None => host::address(&settings.server).await.map(|ip| ip.to_string()),
        };
        let mut request = EnrollRequest {
            token: token.to_owned(),
            name: settings.name.clone().or_else(host::name).unwrap_or_else(|| format!("node-{}", machine_id.chars().take(8).collect::<String>())),
            machine_id: machine_id.clone(),
            engine_node_id,
            region: settings.region.clone(),
            public_ip: settings.public_ip.clone(),
            overlay_ip,
            labels: labels(settings),
            agent_version: VERSION.to_owned(),
            simulated: false,
        };
        fit_enrollment(&mut request);
        self.state.machine_id = Some(machine_id);
        request
    }

    async fn beat(&mut self, agent_token: &str) -> Duration {
        let (request, containers) = self.reporter.report(&mut self.state, self.acknowledged.as_ref(), false).await;
        if self.reporter.take_news() {
            self.keep();
        }
        match self.plane.beat(agent_token, &request).await {
            Ok(answer) => {
                if !self.said.is_empty() {
                    tracing::info!("the control plane takes beats again");
                    self.said.clear();
                }
                self.backoff.reset();
                self.take_in(&answer);
                self.acknowledged = (!answer.send_containers).then_some(containers);
                pace::beat(self.every_s)
            }
            Err(CallError::Unauthorized(words)) => {
                self.rejected = self.settings.token.is_some();
                self.say(&format!("the control plane does not know this agent's token ({words}): it was removed there or its token revoked"));
                if self.rejected { self.backoff.next(None) } else { pace::spread(pace::SLOW, 0.8, 1.2) }
            }
            Err(CallError::TooLarge(words)) => {
                self.reporter.send_less();
                self.say(&format!("the report is too large for the control plane ({words}); sending less of each container"));
                self.backoff.next(None)
            }
            Err(error @ CallError::Refused { .. }) => {
                self.say(&format!("the control plane does not take the beat: {error}"));
                self.acknowledged = None;
                self.backoff.next(Some(Duration::from_secs(self.every_s)))
            }
            Err(error) => {
                self.say(&format!("the beat did not arrive: {error}"));
                // The control plane may have started anew and forgotten the list.
                self.acknowledged = None;
                self.backoff.next(asked(&error))
            }
        }
    }

    fn take_in(&mut self, answer: &HeartbeatResponse) {
        self.every_s = answer.heartbeat_every_s;
        self.reporter.look_every(self.every_s);
        let skewed = answer.clock_offset_s.filter(|offset| offset.abs() > 30.0);
        let remark = answer.message.clone().or_else(|| skewed.map(|_| "this host's clock is off against the control plane's".to_owned()));
        if let Some(words) = remark.as_deref().filter(|words| !same_but_for_figures(words, &self.remark)) {
            tracing::warn!(offset_s = skewed, "{words}");
        }
        self.remark = remark.unwrap_or_default();
    }

    /// A last beat, so that the node is not taken for lost.
    async fn goodbye(&mut self) {
        let Some(agent_token) = self.state.agent_token.clone() else { return };
        let last = async {
            let (request, _) = self.reporter.report(&mut self.state, self.acknowledged.as_ref(), true).await;
            self.plane.beat(&agent_token, &request).await
        };
        match tokio::time::timeout(GOODBYE, last).await {
            Ok(Ok(_)) => tracing::info!("agent ends; the control plane knows"),
            Ok(Err(error)) => tracing::info!(%error, "agent ends; the control plane could not be told"),
            Err(_) => tracing::info!("agent ends; the control plane did not answer in time"),
        }
    }

    fn keep(&self) {
        if let Err(error) = self.file.save(&self.state) {
            tracing::error!(path = %self.file.path().display(), %error, "the agent's state cannot be kept; after a restart this agent must enrol anew");
        }
    }

    /// To the log, once for each new thing to say: a server that is away for a night is one line, not thousands.
    fn say(&mut self, words: &str) {
        if self.said == words {
            tracing::debug!("{words}");
        } else {
            tracing::warn!("{words}");
            words.clone_into(&mut self.said);
        }
    }
}

/// "off by 31 s" is no news after "off by 32 s".
fn same_but_for_figures(a: &str, b: &str) -> bool {
    let words = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    words(a) == words(b)
}

/// What the agent finds, and what a person gave, which wins.
fn labels(settings: &AgentSettings) -> BTreeMap<String, String> {
    let mut labels = host::labels();
    labels.extend(settings.labels.clone());
    labels
}

fn asked(error: &CallError) -> Option<Duration> {
    match error {
        CallError::Busy { retry_after, .. } => *retry_after,
        _ => None,
    }
}
