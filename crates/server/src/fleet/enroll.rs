//! Agents enrol and beat.

use std::sync::Arc;

use pitlane_api::{
    ActivityKind, ActorKind, EngineKind, EnrollRequest, EnrollResponse, HeartbeatRequest, HeartbeatResponse, NodeId, NodeSource, Words, say,
};
use pitlane_engine::NewHost;
use sha2::{Digest, Sha256};

use super::{Error, Fleet, Result, agents::UnkeptBeat, report_check::check_enrolment_request, types::from_engine, view};
use crate::store::{Enrolled, Enrolment, EnrolmentToken, NewActivity, SecretHash};

impl Fleet {
    /// Binds an agent to its node and gives it a token of its own. `origin`: address it came from.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for a token that is not valid (any more), [`Error::AlreadyClaimed`] where another agent
    /// has the node and the token does not allow taking over.
    pub async fn enroll(self: &Arc<Self>, request: EnrollRequest, origin: Option<String>) -> Result<EnrollResponse> {
        check_enrolment_request(&request)?;
        let fleet = self.clone();
        self.to_the_end(async move { fleet.enroll_to_the_end(request, origin).await }).await
    }

    async fn enroll_to_the_end(self: &Arc<Self>, request: EnrollRequest, origin: Option<String>) -> Result<EnrollResponse> {
        let enrolment_token = SecretHash::of(&request.token);
        let token = self.store.enrolment_token(&enrolment_token).await?.ok_or_else(|| unauthorized("This enrolment token is not known."))?;
        let embedded = self.engine.kind() == EngineKind::Embedded;
        let engine_node_id = self.find_engine_node(&request, &token, embedded)?;
        let node_id =
            self.view().by_engine_node(&engine_node_id).map(|entry| entry.node.id.clone()).unwrap_or_else(|| view::derived_id(&engine_node_id));

        let _writing = self.lock_node(&node_id).await;
        // The store lets a machine ask again whose first answer got lost; one that has beaten got its answer.
        let has_beaten = self.agents.facts(&engine_node_id).is_some_and(|agent| agent.report_at.is_some());
        if has_beaten && !token.allow_replace {
            return Err(self.claimed(&node_id));
        }
        let now = self.settings.clock.now();
        let agent_token = new_secret();
        let agent_hash = SecretHash::of(&agent_token);
        let message = if token.allow_replace {
            say!("An agent enrolled, and took the place of the one before it, if any.")
        } else {
            say!("An agent enrolled.")
        };
        let enrolment = Enrolment {
            enrolment_token,
            node_id: node_id.clone(),
            engine_node_id: engine_node_id.clone(),
            machine_id: request.machine_id.clone(),
            agent_token: agent_hash,
            at: now,
            replace: token.allow_replace,
            activity: vec![NewActivity {
                actor_kind: ActorKind::Agent,
                actor: Some(request.name.clone()),
                origin,
                node_id: Some(node_id.clone()),
                node_name: Some(request.name.clone()),
                ..NewActivity::by_system(now, ActivityKind::NodeEnrolled, message)
            }],
        };
        match self.store.enroll(&enrolment).await? {
            Enrolled::Done(entries) => self.announce(entries),
            Enrolled::TokenInvalid => return Err(unauthorized("This enrolment token has expired.")),
            Enrolled::TokenSpent => return Err(unauthorized("This enrolment token was used already.")),
            Enrolled::TokenForAnotherNode => return Err(unauthorized("This enrolment token was made for another node.")),
            Enrolled::Claimed(agent) => return Err(self.claimed(&agent.node_id)),
        }
        if embedded {
            let admitted = self.heard(self.engine.admit(host(request, &engine_node_id, &node_id, now)).await).map_err(from_engine)?;
            self.take_in_agent(&agent_hash).await?;
            self.put(admitted);
        } else {
            self.take_in_agent(&agent_hash).await?;
            let _ = self.look(&engine_node_id).await;
        }
        Ok(EnrollResponse { node_id, agent_token, heartbeat_every_s: self.settings.thresholds.heartbeat_every_s, server_time: now })
    }

    fn claimed(&self, id: &NodeId) -> Error {
        let known = self.view().get(id).map(|entry| entry.node.name.clone());
        Error::AlreadyClaimed { node_name: known.unwrap_or_else(|| id.to_string()) }
    }

    async fn take_in_agent(&self, token: &SecretHash) -> Result<()> {
        let agent = self.store.agent_by_token(token).await?;
        let agent = agent.ok_or_else(|| Error::Internal("an agent that enrolled just now is not in the store".into()))?;
        self.agents.put(&agent);
        Ok(())
    }

    /// The engine's node this agent speaks for.
    fn find_engine_node(&self, request: &EnrollRequest, token: &EnrolmentToken, embedded: bool) -> Result<String> {
        if embedded {
            // A token that was made for a node lets new hardware take its place; else the machine makes the node.
            return Ok(token.engine_node_id.clone().unwrap_or_else(|| host_id(&request.machine_id)));
        }
        let claimed = request.engine_node_id.as_deref().unwrap_or(&request.machine_id);
        if self.view().by_engine_node(claimed).is_none() {
            let message =
                format!("The engine has no node {claimed}: an agent enrols on a node that the engine knows, with the engine's own node id.");
            return Err(invalid("engine_node_id", message));
        }
        Ok(claimed.to_owned())
    }

    /// Takes in a heartbeat. The first one since the agent enrolled, its host booted or its version changed is on the disk before this
    /// returns; any other costs no store write, and the view folds it in a moment later.
    ///
    /// # Errors
    /// [`Error::Unauthorized`]: nobody has this token, the agent must enrol again. [`Error::StoreUnavailable`]: a first beat could not be
    /// kept, the agent must send it again. [`Error::Invalid`]: a field is out of its bounds.
    pub async fn heartbeat(self: &Arc<Self>, agent_token: &str, beat: HeartbeatRequest) -> Result<HeartbeatResponse> {
        let (answer, unkept) = self.take_in_heartbeat(agent_token, beat)?;
        if let Some(beat) = unkept {
            self.keep_first_beat(beat).await?;
        }
        Ok(answer)
    }

    /// Takes in a heartbeat, in memory. Gives back what must be kept before it is answered.
    pub(super) fn take_in_heartbeat(&self, agent_token: &str, beat: HeartbeatRequest) -> Result<(HeartbeatResponse, Option<UnkeptBeat>)> {
        self.check_report(agent_token, &beat)?;
        let taken = self.agents.beat(&SecretHash::of(agent_token), beat);
        let taken = taken.ok_or_else(unknown_agent)?;
        let skew = taken.clock_offset_s.filter(|offset| offset.abs() > self.settings.thresholds.clock_skew_s);
        let message = skew.map(|offset| format!("This host's clock is off by {offset:.0} s against the server's."));
        let answer = HeartbeatResponse {
            heartbeat_every_s: self.settings.thresholds.heartbeat_every_s,
            send_containers: taken.send_containers,
            clock_offset_s: taken.clock_offset_s,
            message,
            server_time: self.settings.clock.now(),
        };
        Ok((answer, taken.unkept))
    }
}

/// Nobody has the token that came with a heartbeat.
pub(super) fn unknown_agent() -> Error {
    unauthorized("This agent's token is not known: enrol again.")
}

pub(super) fn too_many_first_beats() -> Error {
    Error::StoreUnavailable { message: Words::plain("the database is busy: too many agents have enrolled at once") }
}

impl Fleet {
    /// Whether this is the token of an agent, so that it is known whose beat is read before it is.
    pub fn knows_agent(&self, agent_token: &SecretHash) -> bool {
        self.agents.knows(agent_token)
    }
}

fn unauthorized(message: &str) -> Error {
    Error::Unauthorized(Words::plain(message))
}

/// Two random UUIDs: 244 bits nobody guesses.
fn new_secret() -> String {
    format!("pla_{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// The machine's id itself is not shown to everybody: it is nobody's business, and systemd asks not to.
fn host_id(machine_id: &str) -> String {
    let digest = Sha256::digest(format!("pitlane host {machine_id}").as_bytes());
    let hex: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("host-{hex}")
}

fn host(request: EnrollRequest, engine_node_id: &str, id: &NodeId, now: pitlane_api::Timestamp) -> NewHost {
    NewHost {
        engine_node_id: engine_node_id.to_owned(),
        id: id.clone(),
        name: request.name,
        region: request.region,
        source: if request.simulated { NodeSource::Simulated } else { NodeSource::Agent },
        public_ip: request.public_ip,
        overlay_ip: request.overlay_ip,
        labels: request.labels,
        created_at: now,
    }
}

/// Told to an agent, which shows it in its log: plain English.
fn invalid(field: &str, message: String) -> Error {
    Error::Invalid { field: field.to_owned(), message: Words::plain(message) }
}
