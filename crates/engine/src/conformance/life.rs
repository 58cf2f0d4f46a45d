//! Nodes as such: listing, reading, removing; restarts of the driver and an engine that is away.

use pitlane_api::{NodeId, PlacementNeeds, PlacementRequest, Scheduling, Strategy};

use super::harness::{During, Harness, Held, Verdict, activate, drain, drained, ensure, fresh, record};
use crate::{Error, SetScheduling};

/// The list and the single read agree, and every node has an id and a name.
pub async fn a_node_is_listed_as_it_is_read(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let other = fresh(harness).await?;
    ensure!(node.engine_node_id != other.engine_node_id, "two nodes share the id {}", node.engine_node_id);
    let nodes = harness.engine().nodes().await.during("listing nodes")?;
    for wanted in [&node, &other] {
        let found: Vec<_> = nodes.iter().filter(|listed| listed.engine_node_id == wanted.engine_node_id).collect();
        let [listed] = found[..] else { return Err(format!("{} is listed {} times", wanted.name, found.len())) };
        ensure!(listed.revision() == wanted.revision(), "{} is listed with another revision than it is read with", wanted.name);
        ensure!(listed.name == wanted.name && listed.id == wanted.id, "{} is listed as {}", wanted.name, listed.name);
        ensure!(!listed.name.is_empty(), "node {} has no name", listed.engine_node_id);
    }
    Ok(Held::Yes)
}

/// Every call about a node that is not there says so, and makes none.
pub async fn an_unknown_node_is_not_found(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let id = "no-such-node";
    let known = fresh(harness).await?;
    let not_found = |what: &str, error: Option<Error>| match error {
        Some(Error::NotFound(_)) => Ok(()),
        Some(other) => Err(format!("{what} an unknown node is {other:?}")),
        None => Err(format!("{what} an unknown node succeeds")),
    };
    not_found("reading", engine.node(id).await.err())?;
    not_found("listing the workloads of", engine.workloads(id, &NodeId::from(id)).await.err())?;
    let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record("op-unknown")), expected: known.revision() };
    not_found("draining", engine.set_scheduling(id, change).await.err())?;
    if engine.capabilities().remove {
        not_found("removing", engine.remove(id).await.err())?;
    }
    let nodes = engine.nodes().await.during("listing nodes")?;
    ensure!(nodes.iter().all(|node| node.engine_node_id != id), "a call about an unknown node has made it");
    Ok(Held::Yes)
}

/// A capability that is absent is answered with `Unsupported`, and one that is present is not.
pub async fn what_it_cannot_do_it_says(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let can = engine.capabilities();
    let node = fresh(harness).await?;
    let request = PlacementRequest {
        strategy: Strategy::LeastLoaded,
        selector_tags: Vec::new(),
        node_id: None,
        requests: PlacementNeeds::default(),
        simulated: false,
    };
    let placed = engine.place(&request, Vec::new()).await;
    ensure!(matches!(placed, Err(Error::Unsupported(_))) != can.place, "capabilities say place: {}, and placing answers {placed:?}", can.place);
    if !can.remove {
        let removed = engine.remove(&node.engine_node_id).await;
        ensure!(matches!(removed, Err(Error::Unsupported(_))), "capabilities say remove: false, and removing answers {removed:?}");
        engine.node(&node.engine_node_id).await.during("reading a node that cannot be removed")?;
    }
    Ok(Held::Yes)
}

/// For the day Pitlane is down there is a command for both directions, and it names the node.
pub async fn the_same_from_a_terminal_names_the_node(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    for target in [Scheduling::Maintenance, Scheduling::Schedulable] {
        let commands = harness.engine().equivalent_commands(&node, target);
        ensure!(!commands.is_empty(), "there is no command for {target}");
        let named = commands.iter().any(|command| command.contains(&node.name) || command.contains(&node.engine_node_id));
        ensure!(named, "no command for {target} names the node {}: {commands:?}", node.name);
    }
    Ok(Held::Yes)
}

/// A node that was removed is neither listed nor read, and cannot be removed again.
pub async fn a_removed_node_is_gone(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    if !engine.capabilities().remove {
        return Ok(Held::NotHere("this engine does not remove nodes"));
    }
    let node = drained(harness, "op-remove").await?;
    let stays = fresh(harness).await?;
    let id = &node.engine_node_id;
    engine.remove(id).await.during("removing a node in maintenance")?;
    ensure!(matches!(engine.node(id).await, Err(Error::NotFound(_))), "a removed node can still be read");
    let nodes = engine.nodes().await.during("listing nodes")?;
    ensure!(nodes.iter().all(|node| node.engine_node_id != *id), "a removed node is still listed");
    ensure!(nodes.iter().any(|node| node.engine_node_id == stays.engine_node_id), "removing one node took another with it");
    ensure!(matches!(engine.remove(id).await, Err(Error::NotFound(_))), "removing it again is not NotFound");
    Ok(Held::Yes)
}

/// Scheduling and record live with the engine: a driver that was started anew shows what the one before it wrote.
pub async fn record_survives_restart_of_driver(harness: &dyn Harness) -> Verdict {
    let before = drained(harness, "op-restart").await?;
    harness.restart_driver().await?;
    let after = harness.engine().node(&before.engine_node_id).await.during("reading after a restart")?;
    ensure!(after.scheduling == Scheduling::Maintenance, "after a restart the node is {}", after.scheduling);
    ensure!(after.record == before.record, "after a restart the record is {:?}, and was {:?}", after.record, before.record);
    ensure!(after.revision() == before.revision(), "a restart changed the revision");
    let back = harness.engine().set_scheduling(&after.engine_node_id, activate(&after)).await.during("activating after a restart")?;
    ensure!(back.scheduling == Scheduling::Schedulable, "after an activation the node is {}", back.scheduling);
    Ok(Held::Yes)
}

/// An engine that does not answer is an error that says so, never an empty fleet; and nothing is written meanwhile.
pub async fn unreachable_is_unreachable_not_empty(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    harness.disconnect().await?;
    let listed = engine.nodes().await.map(|nodes| nodes.len());
    let read = engine.node(id).await.map(|node| node.scheduling);
    let drained = engine.set_scheduling(id, drain(&node, "op-away")).await.map(|node| node.scheduling);
    harness.reconnect().await?;
    ensure!(matches!(listed, Err(Error::Unreachable { .. })), "listing from an engine that is away gives {listed:?}");
    ensure!(matches!(read, Err(Error::Unreachable { .. })), "reading from an engine that is away gives {read:?}");
    ensure!(matches!(drained, Err(Error::Unreachable { .. })), "draining at an engine that is away gives {drained:?}");
    for error in [listed.err(), read.err(), drained.err()].into_iter().flatten() {
        ensure!(error.is_transient() && !error.to_string().is_empty(), "the error of an engine that is away has no words: {error:?}");
    }
    let after = super::harness::shows(harness, id, "reading after the engine came back", |_| true).await?;
    ensure!(after.revision() == node.revision(), "a drain that was answered with an error has been carried out");
    Ok(Held::Yes)
}
