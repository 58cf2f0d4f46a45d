//! `pitlane drain --at` and `pitlane plan`: drains that begin later.

use std::process::ExitCode;

use clap::Args;
use pitlane_api::{PlanRequest, PlannedDrain, PlannedDrains, Timestamp, seconds_between};
use reqwest::Method;

use super::{
    client::{Change, Client, Remote, encode},
    exit::Failure,
    text,
};

/// Arguments of `pitlane plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Cancels the planned drain of this node, or dismisses one that was refused or missed.
    #[arg(long, value_name = "NODE")]
    cancel: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Lists what is planned, or cancels one.
pub async fn run(args: PlanArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    match args.cancel {
        None => list(&client, args.remote.json).await,
        Some(node) => cancel(&client, &node, args.remote.json).await,
    }
}

async fn list(client: &Client, json: bool) -> Result<ExitCode, Failure> {
    let planned: PlannedDrains = client.get("/planned-drains").await?;
    if json {
        text::json(&planned);
        return Ok(ExitCode::SUCCESS);
    }
    if planned.plans.is_empty() {
        println!("No drain is planned.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["NODE", "BEGINS", "AT", "STATE", "BY", "REASON"].map(str::to_owned).to_vec()];
    rows.extend(planned.plans.iter().map(|plan| {
        let state = plan.state.as_str().replace('_', " ");
        vec![
            plan.node_name.clone(),
            away(plan.starts_at, planned.server_time),
            format!("{:.0}", plan.starts_at),
            state,
            plan.by.clone(),
            plan.reason.clone(),
        ]
    }));
    print!("{}", text::table(&rows));
    for plan in &planned.plans {
        if let Some(message) = &plan.message {
            println!("{}: {}", text::line(&plan.node_name), text::line(message));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `in 3 h`, or `2 min ago`.
fn away(at: Timestamp, now: Timestamp) -> String {
    match seconds_between(now, at) {
        0 => format!("{} ago", text::span(seconds_between(at, now))),
        ahead => format!("in {}", text::span(ahead)),
    }
}

async fn cancel(client: &Client, node: &str, json: bool) -> Result<ExitCode, Failure> {
    let node = client.node(node).await?;
    let Some(plan) = &node.planned else { return Err(Failure::refused(format!("no drain of {} is planned", node.name))) };
    let path = format!("/nodes/{}/planned-drain", encode(node.id.as_str()));
    let change = Change { body: None, if_match: Some(plan.revision.quoted()), idempotency_key: None };
    let cancelled: PlannedDrain = client.send::<(), _>(Method::DELETE, &path, change).await??;
    if json {
        text::json(&cancelled);
    } else {
        println!("{}: the planned drain is cancelled.", text::line(&node.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Plans a drain; `revision` is the one the preview was read at.
pub async fn plan(client: &Client, node: &pitlane_api::Node, request: &PlanRequest, revision: String, json: bool) -> Result<ExitCode, Failure> {
    let change = Change { body: Some(request), if_match: Some(revision), idempotency_key: Some(uuid::Uuid::new_v4().to_string()) };
    let path = format!("/nodes/{}/planned-drain", encode(node.id.as_str()));
    let plan: PlannedDrain = client.send(Method::POST, &path, change).await?.map_err(super::changes::explain)?;
    if json {
        text::json(&plan);
    } else {
        println!("{}: a drain is planned for {:.0}. Every guard is asked again then.", text::line(&node.name), plan.starts_at);
    }
    Ok(ExitCode::SUCCESS)
}
