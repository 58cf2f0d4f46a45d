//! `pitlane drain`, `activate`, `abort` and `retry`: the same calls and the same questions as the console.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use pitlane_api::{
    ActivateRequest, ActivationChecks, CheckOutcome, DrainPreview, DrainRequest, GuardDemand, GuardKind, Node, Operation, OperationKind,
    OperationState, Override, PlanRequest, Refusal, Timestamp, Workload,
};
use reqwest::Method;

use super::{
    client::{Change, Client, Refused, Remote, encode},
    exit::{FAILED, Failure, TIMED_OUT, USAGE},
    several::{self, Wish},
    text,
};
use crate::settings::parse_duration;

/// How often `--wait` looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Arguments of `pitlane drain`.
#[derive(Debug, Args)]
pub struct DrainArgs {
    /// The node's name or id; several are drained one after another, until one is refused.
    #[arg(required = true, value_name = "NODE")]
    nodes: Vec<String>,
    /// Of several, how many at a time: 1 to 10.
    #[arg(long, value_name = "N", default_value_t = 1)]
    at_once: u32,
    /// Why, for everybody who asks: 3 to 500 characters.
    #[arg(long)]
    reason: String,
    /// When the node is expected back: in 30m, 2h or 1d, or at a time such as 2030-01-31T18:00:00Z.
    #[arg(long, value_name = "WHEN")]
    expected_back: Option<String>,
    /// Begins later, by itself: in +30m, 2h or 1d, or at a time such as 2030-01-31T18:00:00Z. See `pitlane plan`.
    #[arg(long, value_name = "WHEN", conflicts_with = "wait")]
    at: Option<String>,
    /// I have read which stateful workloads stay on the node, with their data.
    #[arg(long)]
    acknowledge_stateful: bool,
    /// I know that the list of workloads could not be read in full.
    #[arg(long)]
    acknowledge_unread: bool,
    /// Drain it although no other node takes placements.
    #[arg(long)]
    allow_last: bool,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    remote: Remote,
}

/// Arguments of `pitlane activate`.
#[derive(Debug, Args)]
pub struct ActivateArgs {
    /// The node's name or id; of several, those whose checks are clean are activated.
    #[arg(required = true, value_name = "NODE")]
    nodes: Vec<String>,
    /// Activate although checks are blocked; why, 3 to 500 characters. It is kept in the activity log.
    #[arg(long, value_name = "REASON", id = "override")]
    override_: Option<String>,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    remote: Remote,
}

/// Arguments of `pitlane abort` and `pitlane retry`.
#[derive(Debug, Args)]
pub struct AbortArgs {
    /// The node's name or id.
    node: String,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Waits until the engine has confirmed it. `activate` of one node also waits for its checks to turn clean first.
    #[arg(long)]
    pub(super) wait: bool,
    /// Gives up waiting after this long, with exit code 4. The operation goes on.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    pub(super) timeout: Duration,
}

/// Drains a node.
pub async fn drain(args: DrainArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let expected_back_at = args.expected_back.as_deref().map(|text| moment("--expected-back", text)).transpose()?;
    let starts_at = args.at.as_deref().map(|text| moment("--at", text)).transpose()?;
    if starts_at.is_some() && args.nodes.len() > 1 {
        return Err(Failure::new(USAGE, "--at is for one node at a time"));
    }
    let [node] = args.nodes.as_slice() else {
        let wish = Wish {
            kind: OperationKind::Drain,
            reason: Some(args.reason),
            expected_back_at,
            at_once: args.at_once,
            acknowledge_stateful: args.acknowledge_stateful,
            acknowledge_unread: args.acknowledge_unread,
            allow_last: args.allow_last,
        };
        return several::run(&client, &args.nodes, wish, &args.wait, args.remote.json).await;
    };
    let node = client.node(node).await?;
    let preview: DrainPreview = client.get(&format!("/nodes/{}/drain-preview", encode(node.id.as_str()))).await?;
    if !args.remote.json {
        print_preview(&node, &preview);
    }
    let missing = missing_acknowledgements(&args, &preview);
    if !missing.is_empty() {
        return Err(Failure::refused(missing.join("\n")));
    }
    let seen_stateful = preview.stateful.iter().map(|workload| workload.identity.clone()).collect();
    if let Some(starts_at) = starts_at {
        let request = PlanRequest {
            reason: args.reason,
            starts_at,
            expected_back_at,
            seen_stateful,
            acknowledge_unread: args.acknowledge_unread,
            allow_last_schedulable: args.allow_last,
        };
        return super::plan::plan(&client, &node, &request, preview.revision.quoted(), args.remote.json).await;
    }
    let request = DrainRequest {
        reason: args.reason,
        expected_back_at,
        seen_stateful,
        acknowledge_unread: args.acknowledge_unread,
        allow_last_schedulable: args.allow_last,
    };
    let change = Change { body: Some(&request), if_match: Some(preview.revision.quoted()), idempotency_key: Some(key()) };
    let path = format!("/nodes/{}/drain", encode(node.id.as_str()));
    let operation: Operation = client.send(Method::POST, &path, change).await?.map_err(explain)?;
    finish(&client, &node, operation, &args.wait, args.remote.json, Instant::now()).await
}

fn missing_acknowledgements(args: &DrainArgs, preview: &DrainPreview) -> Vec<String> {
    let mut missing = Vec::new();
    for guard in preview.guards.iter().filter(|guard| guard.demand != GuardDemand::Informs) {
        let (given, flag) = match guard.kind {
            GuardKind::StatefulWorkloads => (args.acknowledge_stateful, "add --acknowledge-stateful once you have read the list"),
            GuardKind::UnreadWorkloads => (args.acknowledge_unread, "add --acknowledge-unread to drain it all the same"),
            // Whether it is the last one then, nobody knows today.
            GuardKind::LastSchedulableNode if args.at.is_some() => (true, ""),
            GuardKind::LastSchedulableNode => (args.allow_last, "add --allow-last if you mean it"),
            // The server refuses these with its own words, or newer ones this version does not know.
            _ => (true, ""),
        };
        if !given {
            missing.push(format!("{} ({flag})", guard.message));
        }
    }
    let listed = preview.guards.iter().any(|guard| guard.kind == GuardKind::StatefulWorkloads);
    if !preview.stateful.is_empty() && !listed && !args.acknowledge_stateful {
        missing.push("stateful workloads stay on this node (add --acknowledge-stateful once you have read the list)".into());
    }
    missing
}

fn print_preview(node: &Node, preview: &DrainPreview) {
    println!("Drain {}: the scheduler places nothing new here. Nothing is moved or stopped.", text::line(&node.name));
    let running = preview.workloads_running.map_or_else(|| "not evaluated".to_owned(), |count| count.to_string());
    println!(
        "Workloads running: {running}. Nodes that take placements: {} now, {} after. Risk: {}.",
        preview.capacity_now.nodes, preview.capacity_after.nodes, preview.risk
    );
    for reason in preview.risk_reasons.iter().chain(&preview.not_read) {
        println!("  - {}", text::line(reason));
    }
    print_stateful(&preview.stateful);
}

pub(super) fn print_stateful(workloads: &[Workload]) {
    if workloads.is_empty() {
        return;
    }
    println!("These stay, with their data:");
    let mut rows = vec![["  WORKLOAD", "VOLUMES", "IF IT RESTARTS", "IF THE HOST GOES AWAY"].map(str::to_owned).to_vec()];
    rows.extend(workloads.iter().map(|workload| {
        let volumes: Vec<String> = workload.volumes.iter().map(|volume| format!("{} ({})", volume.name, volume.data_lives.describe())).collect();
        vec![format!("  {}", workload.name), volumes.join(", "), workload.on_restart.describe().into(), workload.on_node_down.describe().into()]
    }));
    print!("{}", text::table(&rows));
}

/// Activates a node. With `--wait` the checks are waited for first.
pub async fn activate(args: ActivateArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let started = Instant::now();
    let [node] = args.nodes.as_slice() else {
        if args.override_.is_some() {
            return Err(Failure::new(USAGE, "--override is for one node at a time: its reason is for that node's checks"));
        }
        let wish = Wish {
            kind: OperationKind::Activate,
            reason: None,
            expected_back_at: None,
            at_once: 1,
            acknowledge_stateful: false,
            acknowledge_unread: false,
            allow_last: false,
        };
        return several::run(&client, &args.nodes, wish, &args.wait, args.remote.json).await;
    };
    let node = client.node(node).await?;
    let request = ActivateRequest { override_: args.override_.map(|reason| Override { reason }) };
    let id = encode(node.id.as_str());
    // One key for one wish: a try whose answer was lost must not become two activations.
    let key = key();
    let mut said = Vec::new();
    loop {
        let checks: ActivationChecks = client.get(&format!("/nodes/{id}/activation-checks")).await?;
        let blocked = blocked(&checks);
        let go = checks.clean || request.override_.is_some() || !args.wait.wait;
        if go {
            if !args.remote.json {
                print_checks(&checks);
            }
            let change = Change { body: Some(&request), if_match: Some(checks.revision.quoted()), idempotency_key: Some(key.clone()) };
            match client.send::<_, Operation>(Method::POST, &format!("/nodes/{id}/activate"), change).await? {
                Ok(operation) => return finish(&client, &node, operation, &args.wait, args.remote.json, started).await,
                // Clean a moment ago and not any more: that is what waiting is for.
                Err(refused) if args.wait.wait && matches!(refused.refusal(), Some(Refusal::ActivationBlocked { .. })) => {}
                Err(refused) => return Err(explain(refused)),
            }
        } else if !args.remote.json && names(&checks) != said {
            println!("Waiting for: {blocked}");
            said = names(&checks);
        }
        if started.elapsed() >= args.wait.timeout {
            return Err(Failure::new(TIMED_OUT, format!("{} is not ready after {}: {blocked}", node.name, text::span(args.wait.timeout.as_secs()))));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn blocked(checks: &ActivationChecks) -> String {
    let blocked = checks.checks.iter().filter(|check| check.outcome == CheckOutcome::Blocked);
    text::line(&blocked.map(|check| format!("{} ({})", check.name, check.detail)).collect::<Vec<_>>().join(", "))
}

/// Which checks are blocked. Their details change every second.
fn names(checks: &ActivationChecks) -> Vec<String> {
    checks.checks.iter().filter(|check| check.outcome == CheckOutcome::Blocked).map(|check| check.name.to_string()).collect()
}

fn print_checks(checks: &ActivationChecks) {
    let rows: Vec<Vec<String>> =
        checks.checks.iter().map(|check| vec![check.outcome.as_str().replace('_', " "), check.name.to_string(), check.detail.to_string()]).collect();
    print!("{}", text::table(&rows));
    if let Some(notice) = &checks.notice {
        println!("{}", text::line(notice));
    }
}

/// Aborts or retries the unfinished operation of a node.
pub async fn abort(args: AbortArgs, verb: &str) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let node = client.node(&args.node).await?;
    let Some(operation) = &node.operation else {
        return Err(Failure::refused(format!("{} has no operation that could be stopped or tried again", node.name)));
    };
    let path = format!("/nodes/{}/operations/{}/{verb}", encode(node.id.as_str()), encode(operation.id.as_str()));
    let change = Change { body: Some(&serde_json::json!({})), if_match: Some(node.revision.quoted()), idempotency_key: Some(key()) };
    let operation: Operation = client.send(Method::POST, &path, change).await?.map_err(explain)?;
    say(&node, &operation, args.remote.json);
    Ok(ExitCode::SUCCESS)
}

/// Reports an accepted operation, and with `--wait` how it ends.
async fn finish(client: &Client, node: &Node, mut operation: Operation, wait: &Wait, json: bool, started: Instant) -> Result<ExitCode, Failure> {
    let id = operation.id.clone();
    while wait.wait && !operation.state.is_finished() {
        if started.elapsed() >= wait.timeout {
            let why = operation.last_error.as_ref().map_or_else(|| operation.state.as_str().replace('_', " "), |why| why.to_string());
            return Err(Failure::new(
                TIMED_OUT,
                format!(
                    "not confirmed after {}: {why}. It goes on by itself; see `pitlane status {}`.",
                    text::span(wait.timeout.as_secs()),
                    node.name
                ),
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        operation = client.get(&format!("/nodes/{}/operations/{}", encode(node.id.as_str()), encode(id.as_str()))).await?;
    }
    say(node, &operation, json);
    match operation.state {
        OperationState::Failed | OperationState::Aborted => Ok(ExitCode::from(FAILED)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn say(node: &Node, operation: &Operation, json: bool) {
    if json {
        return text::json(operation);
    }
    let error = operation.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    println!("{}: {} {}{}", text::line(&node.name), operation.kind, operation.state.as_str().replace('_', " "), text::line(&error));
}

/// A refusal in words, with what a person needs beyond its sentence.
pub(super) fn explain(refused: Refused) -> Failure {
    let mut more = Vec::new();
    match refused.refusal() {
        Some(Refusal::StatefulWorkloadsChanged { now, .. }) => print_stateful(&now),
        Some(Refusal::ActivationBlocked { checks }) => {
            let blocked = checks.checks.iter().filter(|check| check.outcome == CheckOutcome::Blocked);
            more.extend(blocked.map(|check| format!("{}: {}", check.name, check.detail)));
            more.push("Wait for it with --wait, or activate all the same with --override \"<reason>\".".to_owned());
        }
        Some(Refusal::LastSchedulableNode { .. }) => more.push("Add --allow-last if you mean it.".to_owned()),
        Some(Refusal::UnreadWorkloads { .. }) => more.push("Add --acknowledge-unread if you mean it.".to_owned()),
        _ => {}
    }
    let mut failure = Failure::from(refused);
    for line in more {
        failure.message.push_str("\n  ");
        failure.message.push_str(&line);
    }
    failure
}

pub(super) fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// "2h" or "+2h" from now, or a time; `flag` gave it.
fn moment(flag: &str, text: &str) -> Result<Timestamp, Failure> {
    let wrong = |why: String| Failure::new(USAGE, format!("{flag}: {why}"));
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let span = parse_duration(text.strip_prefix('+').unwrap_or(text))
        .map_err(|_| wrong(format!("{text:?} is neither a span such as 30m, 2h or 1d nor a time such as 2030-01-31T18:00:00Z")))?;
    let span = jiff::SignedDuration::try_from(span).map_err(|error| wrong(error.to_string()))?;
    Timestamp::now().checked_add(span).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_a_span_or_a_time() {
        let moment = |text| moment("--at", text);
        assert!(moment("2h").unwrap() > jiff::Timestamp::now());
        assert!(moment("+2h").unwrap() > jiff::Timestamp::now());
        assert_eq!(moment("2030-01-31T18:00:00Z").unwrap().to_string(), "2030-01-31T18:00:00Z");
        assert!(moment("tomorrow").is_err());
    }
}
