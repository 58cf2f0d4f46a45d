//! `pitlane status`: the fleet, or one node, in a terminal.

use std::process::ExitCode;

use clap::Args;
use pitlane_api::{FleetInfo, Health, Node, NodePage, NodeSource, Scheduling, Timestamp, WorkloadList};

use super::{
    client::{Client, Remote, encode},
    exit::{Failure, REFUSED},
    text,
};

/// Arguments of `pitlane status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// A node's name or id; without it the whole fleet.
    node: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Shows it. Exit code 1 where something needs attention.
pub async fn run(args: StatusArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    match &args.node {
        Some(name) => node(&client, name, args.remote.json).await,
        None => fleet(&client, args.remote.json).await,
    }
}

/// Somebody ought to look: not because of a drain, but because something is wrong.
fn needs_attention(node: &Node, now: Timestamp) -> bool {
    let overdue = node.maintenance.as_ref().is_some_and(|maintenance| maintenance.overdue(now));
    let sick = matches!(node.health, Health::Degraded | Health::Offline | Health::Failed);
    let expected = node.scheduling == Scheduling::Maintenance && node.health == Health::Offline;
    let stuck = node.operation.as_ref().is_some_and(|operation| operation.last_error.is_some());
    overdue || stuck || (sick && !expected)
}

async fn every_node(client: &Client) -> Result<Vec<Node>, Failure> {
    let (mut nodes, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let after = cursor.map(|cursor| format!("&cursor={}", encode(&cursor))).unwrap_or_default();
        let page: NodePage = client.get(&format!("/nodes?limit=1000{after}")).await?;
        nodes.extend(page.nodes);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(nodes),
        }
    }
}

async fn fleet(client: &Client, json: bool) -> Result<ExitCode, Failure> {
    let info: FleetInfo = client.get("/fleet").await?;
    let nodes = every_node(client).await?;
    let real = |node: &&Node| node.node_source != NodeSource::Simulated;
    let attention = nodes.iter().filter(real).any(|node| needs_attention(node, info.server_time)) || !info.engine.reachable;
    if json {
        text::json(&serde_json::json!({ "fleet": info, "nodes": nodes, "needs_attention": attention }));
    } else {
        print_fleet(client, &info, &nodes);
    }
    Ok(if attention { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

fn print_fleet(client: &Client, info: &FleetInfo, nodes: &[Node]) {
    let mark = if info.production { " (production)" } else { "" };
    println!("{}{mark} at {}, {}", text::line(&info.name), client.base(), info.engine.kind.describe());
    if !info.engine.reachable {
        println!("The engine does not answer: {}", text::line(info.engine.message.as_deref().unwrap_or("no reason given")));
    }
    if nodes.is_empty() {
        println!("No nodes yet. `pitlane token enroll` makes a token that an agent enrols with.");
        return;
    }
    println!("{} nodes, {} take placements, {} in maintenance", info.counts.total, info.counts.takes_placements, info.counts.maintenance);
    if let Some(simulated) = &info.simulated {
        println!(
            "Simulated, counted apart: {} nodes, {} take placements, {} in maintenance",
            simulated.total, simulated.takes_placements, simulated.maintenance
        );
    }
    println!();
    let mut rows = vec![["NODE", "STATUS", "HEARTBEAT", "WORKLOADS", "REMARK"].map(str::to_owned).to_vec()];
    rows.extend(nodes.iter().map(|node| row(node, info.server_time)));
    print!("{}", text::table(&rows));
}

fn row(node: &Node, now: Timestamp) -> Vec<String> {
    let both = if node.scheduling == Scheduling::Maintenance && node.health != Health::Healthy {
        format!("{}, {}", node.scheduling, node.health)
    } else {
        node.status.to_string()
    };
    let heartbeat = node.last_heartbeat_at.map_or_else(|| node.heartbeat.state.to_string().replace('_', " "), |at| text::age(at, now));
    let counted = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    let workloads = format!("{} ({} stateful)", counted(node.workload_counts.total), counted(node.workload_counts.stateful));
    let simulated = if node.node_source == NodeSource::Simulated { "simulated  " } else { "" };
    vec![node.name.clone(), both, heartbeat, workloads, format!("{simulated}{}", remark(node, now))]
}

fn remark(node: &Node, now: Timestamp) -> String {
    if let Some(operation) = node.operation.as_ref() {
        let error = operation.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        return format!("{} {}{error}", operation.kind, operation.state.as_str().replace('_', " "));
    }
    if let Some(maintenance) = &node.maintenance {
        let by = maintenance.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let since = maintenance.since.map(|since| format!(", {}", text::age(since, now))).unwrap_or_default();
        let overdue = if maintenance.overdue(now) { ", OVERDUE" } else { "" };
        return format!("{}{by}{since}{overdue}", maintenance.reason.as_deref().unwrap_or("set outside Pitlane"));
    }
    let bad: Vec<String> = node
        .signals
        .iter()
        .filter(|signal| signal.state == pitlane_api::SignalState::Bad)
        .map(|signal| format!("{}: {}", signal.name, signal.detail))
        .collect();
    bad.join("; ")
}

async fn node(client: &Client, wanted: &str, json: bool) -> Result<ExitCode, Failure> {
    let node = client.node(wanted).await?;
    let info: FleetInfo = client.get("/fleet").await?;
    let workloads: WorkloadList = client.get(&format!("/nodes/{}/workloads", encode(node.id.as_str()))).await?;
    let attention = needs_attention(&node, info.server_time);
    if json {
        text::json(&serde_json::json!({ "node": node, "workloads": workloads, "needs_attention": attention }));
    } else {
        print_node(&node, &workloads, info.server_time);
    }
    Ok(if attention { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

fn print_node(node: &Node, workloads: &WorkloadList, now: Timestamp) {
    print!("{}", text::table(&[row(node, now)]));
    println!(
        "id {}   revision {}   takes placements: {}",
        text::line(node.id.as_str()),
        node.revision,
        if node.takes_placements { "yes" } else { "no" }
    );
    println!();
    let signals: Vec<Vec<String>> =
        node.signals.iter().map(|signal| vec![signal.name.clone(), signal.state.as_str().replace('_', " "), signal.detail.to_string()]).collect();
    print!("{}", text::table(&signals));
    println!();
    for missing in &workloads.not_read {
        println!("not evaluated: {}", text::line(missing));
    }
    let rows: Vec<Vec<String>> = workloads
        .workloads
        .iter()
        .map(|workload| {
            let kind = if workload.stateful { "stateful" } else { "" };
            let volumes: Vec<String> = workload.volumes.iter().map(|volume| format!("{} ({})", volume.name, volume.data_lives.describe())).collect();
            vec![workload.name.clone(), workload.state.to_string(), kind.into(), volumes.join(", ")]
        })
        .collect();
    print!("{}", text::table(&rows));
}
