//! `pitlane drain` and `pitlane activate` of several nodes: one bulk operation, with the same preview as in the console.

use std::{process::ExitCode, time::Instant};

use pitlane_api::{BulkNode, BulkOperation, BulkPreview, BulkPreviewNode, BulkPreviewRequest, BulkRequest, BulkState, NodeId, OperationKind};
use reqwest::Method;

use super::{
    changes::{LOOK_EVERY, Wait, explain, key, print_stateful},
    client::{Change, Client, encode},
    exit::{FAILED, Failure, TIMED_OUT},
    text,
};

/// What the command line says about the whole set.
pub struct Wish {
    pub kind: OperationKind,
    pub reason: Option<String>,
    pub expected_back_at: Option<pitlane_api::Timestamp>,
    pub at_once: u32,
    pub acknowledge_stateful: bool,
    pub acknowledge_unread: bool,
    pub allow_last: bool,
}

/// Asks for it, and with `--wait` follows it to its end.
pub async fn run(client: &Client, names: &[String], wish: Wish, wait: &Wait, json: bool) -> Result<ExitCode, Failure> {
    let mut nodes: Vec<NodeId> = Vec::new();
    for name in names {
        let id = client.node(name).await?.id;
        if !nodes.contains(&id) {
            nodes.push(id);
        }
    }
    let ask = BulkPreviewRequest { kind: wish.kind, nodes };
    let change = Change { body: Some(&ask), if_match: None, idempotency_key: None };
    let preview: BulkPreview = client.send(Method::POST, "/bulk-operations/preview", change).await?.map_err(explain)?;
    if !json {
        print_preview(&preview);
    }
    let ready: Vec<&BulkPreviewNode> = preview.nodes.iter().filter(|node| node.ready).collect();
    if ready.is_empty() {
        return Err(Failure::refused(format!("nothing to {}: each node says why", wish.kind)));
    }
    let missing = missing(&wish, &preview, &ready);
    if !missing.is_empty() {
        return Err(Failure::refused(missing.join("\n")));
    }
    let seen = |node: &BulkPreviewNode| BulkNode {
        node_id: node.node_id.clone(),
        seen_stateful: node.stateful.iter().map(|workload| workload.identity.clone()).collect(),
        acknowledge_unread: wish.acknowledge_unread,
    };
    let request = BulkRequest {
        kind: wish.kind,
        nodes: ready.into_iter().map(seen).collect(),
        reason: wish.reason,
        expected_back_at: wish.expected_back_at,
        at_once: Some(wish.at_once),
        allow_last_schedulable: wish.allow_last,
    };
    let change = Change { body: Some(&request), if_match: None, idempotency_key: Some(key()) };
    let bulk: BulkOperation = client.send(Method::POST, "/bulk-operations", change).await?.map_err(explain)?;
    follow(client, bulk, wait, json).await
}

fn missing(wish: &Wish, preview: &BulkPreview, ready: &[&BulkPreviewNode]) -> Vec<&'static str> {
    let demands = [
        (
            ready.iter().any(|node| !node.stateful.is_empty()) && !wish.acknowledge_stateful,
            "stateful workloads stay on these nodes (add --acknowledge-stateful once you have read the list)",
        ),
        (
            ready.iter().any(|node| !node.not_read.is_empty()) && !wish.acknowledge_unread,
            "not every workload could be read (add --acknowledge-unread to drain them all the same)",
        ),
        (preview.takes_the_last && !wish.allow_last, "no node would take placements after them (add --allow-last if you mean it)"),
    ];
    demands.into_iter().filter(|(missing, _)| *missing).map(|(_, words)| words).collect()
}

fn print_preview(preview: &BulkPreview) {
    if preview.kind == OperationKind::Drain {
        println!("The scheduler places nothing new on these nodes. Nothing is moved or stopped; it stops at the first refusal.");
        println!("Nodes that take placements: {} now, {} after all of them.", preview.capacity_now.nodes, preview.capacity_after.nodes);
    }
    for node in &preview.nodes {
        let state = node.blocked.as_ref().filter(|_| !node.ready).map_or_else(String::new, |why| format!(", left out: {why}"));
        println!("{}{}", text::line(&node.node_name), text::line(&state));
        for line in node.notes.iter().chain(&node.not_read) {
            println!("  - {}", text::line(line));
        }
        if node.ready {
            print_stateful(&node.stateful);
        }
    }
}

async fn follow(client: &Client, mut bulk: BulkOperation, wait: &Wait, json: bool) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let path = format!("/bulk-operations/{}", encode(&bulk.id));
    while wait.wait && !bulk.state.is_finished() {
        if started.elapsed() >= wait.timeout {
            let waited = text::span(wait.timeout.as_secs());
            return Err(Failure::new(TIMED_OUT, format!("not done after {waited}. It goes on by itself; see {}/bulk/{}.", client.base(), bulk.id)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        bulk = client.get(&path).await?;
    }
    if json {
        text::json(&bulk);
    } else {
        for item in bulk.items.iter().filter(|_| wait.wait) {
            let why = item.message.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            println!("{}: {}{}", text::line(&item.node_name), item.state, text::line(&why));
        }
        println!("{} of {} nodes {}; see {}/bulk/{}", bulk.kind, bulk.items.len(), bulk.state, client.base(), bulk.id);
    }
    match bulk.state {
        BulkState::Stopped | BulkState::Aborted => Ok(ExitCode::from(FAILED)),
        _ => Ok(ExitCode::SUCCESS),
    }
}
