//! Workloads: what is stateful, that a drain touches none of them, and that what was not read is said.

use std::time::Duration;

use pitlane_api::{NodeId, Workload, WorkloadList};

use super::harness::{During, Harness, Held, Verdict, activate, drain, ensure, fresh, within};

/// Reads the list until it holds what the harness started; agents and polls take a moment.
async fn list_with(harness: &dyn Harness, id: &str, names: &[&str]) -> Result<WorkloadList, String> {
    let engine = harness.engine();
    let node_id = NodeId::from("label-of-the-list");
    let look = async {
        loop {
            let list = engine.workloads(id, &node_id).await.during("listing workloads")?;
            if names.iter().all(|name| list.workloads.iter().any(|workload| workload.name == *name && workload.is_running())) {
                return Ok(list);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let list: Result<WorkloadList, String> = within(harness, "the workloads that were started are listed", look).await?;
    let list = list?;
    ensure!(list.node_id == node_id, "the list is labelled {} and not as asked", list.node_id);
    Ok(list)
}

fn named<'a>(list: &'a WorkloadList, name: &str) -> Result<&'a Workload, String> {
    list.workloads.iter().find(|workload| workload.name == name).ok_or_else(|| format!("{name} is not in the list"))
}

/// A workload with a named volume is stateful, with that volume and an identity; one without data is not.
pub async fn stateful_workloads_are_told_from_stateless_ones(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let stateful = harness.run_stateful(&node.engine_node_id).await?;
    let stateless = harness.run_stateless(&node.engine_node_id).await?;
    let list = list_with(harness, &node.engine_node_id, &[&stateful, &stateless]).await?;
    let with_data = named(&list, &stateful)?;
    ensure!(with_data.stateful, "{stateful} has a volume and is not stateful");
    ensure!(!with_data.volumes.is_empty(), "{stateful} is stateful and shows no volume");
    ensure!(!with_data.identity.volumes.is_empty(), "the identity of {stateful} does not name its volume");
    let without = named(&list, &stateless)?;
    ensure!(!without.stateful && without.volumes.is_empty(), "{stateless} has no data and counts as stateful");
    ensure!(with_data.identity != without.identity, "{stateful} and {stateless} share an identity");
    Ok(Held::Yes)
}

/// Rule 1: a drain and an activation leave every workload as it was, in the same state, since the same moment.
pub async fn nothing_that_runs_is_touched(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let names = [harness.run_stateful(id).await?, harness.run_stateless(id).await?];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = list_with(harness, id, &names).await?;
    let drained = engine.set_scheduling(id, drain(&node, "op-untouched")).await.during("draining")?;
    let during = list_with(harness, id, &names).await?;
    engine.set_scheduling(id, activate(&drained)).await.during("activating")?;
    let after = list_with(harness, id, &names).await?;
    for (what, list) in [("a drain", &during), ("an activation", &after)] {
        for name in &names {
            let (was, is) = (named(&before, name)?, named(list, name)?);
            ensure!(was.identity == is.identity, "{what} changed the identity of {name} from {} to {}", was.identity, is.identity);
            ensure!(was.state == is.state, "{what} changed {name} from {} to {}", was.state, is.state);
            ensure!(was.since == is.since, "{what} restarted {name}: since {:?}, was {:?}", is.since, was.since);
        }
    }
    Ok(Held::Yes)
}

/// A list that could not be read in full says so and why; it never just looks shorter.
pub async fn unread_workloads_are_said(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let name = harness.run_stateful(id).await?;
    let whole = list_with(harness, id, &[&name]).await?;
    if whole.complete {
        ensure!(whole.not_read.is_empty(), "a complete list says that something was not read: {:?}", whole.not_read);
    } else {
        ensure!(!whole.not_read.is_empty(), "an incomplete list does not say what was not read");
    }
    if !harness.hide_workloads(id).await? {
        return Ok(Held::NotHere("workloads can always be read"));
    }
    let engine = harness.engine();
    let node_id = NodeId::from("label-of-the-list");
    let look = async {
        loop {
            let list = engine.workloads(id, &node_id).await.during("listing workloads that cannot be read")?;
            if !list.complete {
                return Ok(list);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let list: Result<WorkloadList, String> = within(harness, "a list that cannot be read says that it is not complete", look).await?;
    let list = list?;
    ensure!(list.not_read.iter().any(|what| !what.is_empty()), "a list that could not be read does not say why");
    Ok(Held::Yes)
}
