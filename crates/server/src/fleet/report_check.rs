//! Refuses enrolments and heartbeats with a field that is out of its bounds, and remembers for which node that happened: its agent is alive, and
//! its node will be offline all the same, so the log, the metrics and the activity log say why.

use pitlane_api::{
    EnrollRequest, HeartbeatRequest, Words,
    rules::report_bounds::{BoundError, check_enrolment, check_heartbeat},
};

use super::{Error, Fleet, Result, enroll::unknown_agent};
use crate::store::SecretHash;

/// Checks every field of an enrolment.
///
/// # Errors
/// [`Error::Invalid`] with the first field that is out of its bounds.
pub(super) fn check_enrolment_request(request: &EnrollRequest) -> Result<()> {
    check_enrolment(request).map_err(refusal)
}

impl Fleet {
    /// Checks every field of a heartbeat.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first field that is out of its bounds, [`Error::Unauthorized`] where nobody has this token either.
    pub(super) fn check_report(&self, agent_token: &str, beat: &HeartbeatRequest) -> Result<()> {
        let Err(error) = check_heartbeat(beat) else { return Ok(()) };
        let Some(noted) = self.agents.note_refusal(&SecretHash::of(agent_token), &error.field) else {
            return Err(unknown_agent());
        };
        metrics::counter!("pitlane_heartbeats_refused_total").increment(1);
        if noted.is_due_in_log {
            tracing::warn!(
                node = %noted.node_id,
                field = %error.field,
                refused = noted.count,
                "the heartbeats of an agent are refused, so its node goes offline: {}", error.message
            );
        }
        Err(refusal(error))
    }
}

/// Told to an agent, which shows it in its log: plain English.
fn refusal(error: BoundError) -> Error {
    Error::Invalid { field: error.field, message: Words::plain(error.message) }
}
