//! The story's operator: takes nodes into maintenance through the API, as a person would, having read what stays.

use std::{sync::Arc, time::Duration};

use pitlane_api::{DrainPreview, DrainRequest, Health, Node, Operation, Scheduling, Timestamp};
use reqwest::Method;

use super::{Stage, node::Plan};
use crate::{client::CallError, pace::Backoff};

/// Tries until it is given up; the demo goes on without that maintenance.
const TRIES: u32 = 40;
/// How often to look whether the node has been heard of.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Drains one node once in its life. What people do with it after that is theirs.
pub(crate) async fn take_out(stage: Arc<Stage>, token: String, name: String, plan: Plan) {
    let mut backoff = Backoff::default();
    for _ in 0..TRIES {
        match attempt(&stage, &token, &name, &plan).await {
            Ok(true) => return,
            Ok(false) => tokio::time::sleep(LOOK_EVERY).await,
            Err(error) => {
                stage.roster.say(format!("simulated operator: {name} could not be drained: {error}"));
                tokio::time::sleep(backoff.next(None)).await;
            }
        }
    }
}

/// Whether nothing is left to do; not while the node has not been heard of.
async fn attempt(stage: &Stage, token: &str, name: &str, plan: &Plan) -> Result<bool, CallError> {
    let Some(credentials) = stage.roster.credentials(name) else { return Ok(false) };
    if credentials.taken_out {
        return Ok(true);
    }
    let path = format!("nodes/{}", credentials.node_id);
    let none: Option<&()> = None;
    let node: Node = stage.plane.call(Method::GET, &path, Some(token), &[], none).await?;
    if node.scheduling != Scheduling::Schedulable {
        stage.roster.taken_out(name);
        return Ok(true);
    }
    if !matches!(node.health, Health::Healthy | Health::Degraded) {
        return Ok(false);
    }
    let preview: DrainPreview = stage.plane.call(Method::GET, &format!("{path}/drain-preview"), Some(token), &[], none).await?;
    let request = DrainRequest {
        reason: plan.reason.to_owned(),
        expected_back_at: plan.back_in_minutes.and_then(|minutes| Timestamp::now().checked_add(jiff::SignedDuration::from_mins(minutes)).ok()),
        seen_stateful: preview.stateful.iter().map(|workload| workload.identity.clone()).collect(),
        acknowledge_unread: !preview.complete,
        allow_last_schedulable: false,
    };
    let key = format!("demo-{}", credentials.node_id);
    let revision = preview.revision.quoted();
    let headers = [("If-Match", revision.as_str()), ("Idempotency-Key", key.as_str())];
    let operation: Operation = stage.plane.call(Method::POST, &format!("{path}/drain"), Some(token), &headers, Some(&request)).await?;
    tracing::debug!(node = name, operation = %operation.id, "the story's maintenance was asked for");
    stage.roster.taken_out(name);
    Ok(true)
}
