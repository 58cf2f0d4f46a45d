//! Drains, activations and their record; who wins when several write; what other people do.

use pitlane_api::{OperationId, Scheduling, Timestamp};

use super::harness::{During, Harness, Held, Placed, Verdict, activate, drain, drained, ensure, fresh, record, shows};
use crate::{Error, Record, SetScheduling};

/// The answer to a drain shows the node in maintenance with the record, and so does the next read.
pub async fn drain_is_confirmed_and_carries_the_record(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let before = fresh(harness).await?;
    let id = &before.engine_node_id;
    let answer = engine.set_scheduling(id, drain(&before, "op-drain")).await.during("draining")?;
    let read = engine.node(id).await.during("reading after a drain")?;
    for (what, node) in [("the answer to a drain", &answer), ("the read after a drain", &read)] {
        ensure!(node.scheduling == Scheduling::Maintenance, "{what} shows {}", node.scheduling);
        let Some(kept) = &node.record else { return Err(format!("{what} shows no record")) };
        let wanted = record("op-drain");
        ensure!(kept.since.is_some(), "{what} does not say since when");
        ensure!(Record { since: None, ..kept.clone() } == wanted, "{what} shows the record {kept:?}, and {wanted:?} was asked for");
        ensure!(node.revision() != before.revision(), "{what} shows the revision from before");
    }
    ensure!(answer.revision() == read.revision(), "the answer and the next read have different revisions");
    Ok(Held::Yes)
}

/// What people write comes back as it was: quotes, line breaks, other scripts, the longest reason.
pub async fn the_record_comes_back_letter_by_letter(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let at = Timestamp::from_second(1_900_000_000).map_err(|error| error.to_string())?;
    let long = "ü".repeat(pitlane_api::REASON_MAX);
    for reason in ["it's \"quoted\" \\ {json: [1]} $HOME `x` %41 <b>&amp;", "two\nlines\tand a tab", "日本語 العربية 🚧", &long] {
        let node = fresh(harness).await?;
        let wanted = Record {
            reason: Some(reason.into()),
            by: Some("Ömer O'Neil <omer@example.org>".into()),
            since: Some(at),
            expected_back_at: Some(at),
            operation_id: Some(OperationId::from("op-letters")),
        };
        let change = SetScheduling { target: Scheduling::Maintenance, record: Some(wanted.clone()), expected: node.revision() };
        engine.set_scheduling(&node.engine_node_id, change).await.during("draining with an unusual reason")?;
        let read = engine.node(&node.engine_node_id).await.during("reading an unusual reason")?;
        ensure!(read.record.as_ref() == Some(&wanted), "the record came back as {:?}, and was {wanted:?}", read.record);
    }
    Ok(Held::Yes)
}

/// A drain whose answer got lost can be repeated: it succeeds, and nothing has changed by it.
pub async fn draining_twice_is_one_effect(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let before = fresh(harness).await?;
    let id = &before.engine_node_id;
    let change = drain(&before, "op-twice");
    let first = engine.set_scheduling(id, change.clone()).await.during("draining")?;
    let second = engine.set_scheduling(id, change).await.during("repeating a drain word for word")?;
    ensure!(first.record == second.record, "repeating a drain changed the record from {:?} to {:?}", first.record, second.record);
    ensure!(first.revision() == second.revision(), "repeating a drain changed the revision");
    Ok(Held::Yes)
}

/// Reason and expected time can be changed while the node stays in maintenance.
pub async fn the_record_can_be_changed_in_maintenance(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = drained(harness, "op-extend").await?;
    let Some(kept) = node.record.clone() else { return Err("a drain left no record".into()) };
    let changed = Record { reason: Some("a disk as well".into()), expected_back_at: Some(Timestamp::UNIX_EPOCH), ..kept };
    let change = SetScheduling { target: Scheduling::Maintenance, record: Some(changed.clone()), expected: node.revision() };
    let after = engine.set_scheduling(&node.engine_node_id, change).await.during("changing the record")?;
    ensure!(after.scheduling == Scheduling::Maintenance, "changing the record made the node {}", after.scheduling);
    ensure!(after.record.as_ref() == Some(&changed), "the record is {:?}, and {changed:?} was asked for", after.record);
    ensure!(after.revision() != node.revision(), "a changed record has the old revision");
    Ok(Held::Yes)
}

/// Nobody overwrites blindly: a change that expects what is no longer so is refused, and nothing is written.
pub async fn stale_revision_is_a_conflict_and_changes_nothing(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let before = fresh(harness).await?;
    let id = &before.engine_node_id;
    let after = engine.set_scheduling(id, drain(&before, "op-first")).await.during("draining")?;
    let late = engine.set_scheduling(id, drain(&before, "op-late")).await;
    ensure!(matches!(late, Err(Error::Conflict)), "a drain with a stale revision gives {:?}", late.map(|node| node.record));
    let late = engine.set_scheduling(id, activate(&before)).await;
    ensure!(matches!(late, Err(Error::Conflict)), "an activation with a stale revision gives {:?}", late.map(|node| node.scheduling));
    let read = engine.node(id).await.during("reading after two conflicts")?;
    ensure!(read.record == after.record && read.scheduling == after.scheduling, "a refused change changed the node to {:?}", read.record);
    Ok(Held::Yes)
}

/// Of two drains at the same moment, both of which saw the same node, one wins and the other is told.
pub async fn two_writers_one_wins(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    for round in 0..5 {
        let node = fresh(harness).await?;
        let id = &node.engine_node_id;
        let names = [format!("op-left-{round}"), format!("op-right-{round}")];
        let (left, right) = futures::join!(engine.set_scheduling(id, drain(&node, &names[0])), engine.set_scheduling(id, drain(&node, &names[1])));
        let winner = match (&left, &right) {
            (Ok(_), Err(Error::Conflict)) => &names[0],
            (Err(Error::Conflict), Ok(_)) => &names[1],
            (Ok(_), Ok(_)) => return Err("both of two drains at once succeeded: one of them was overwritten".into()),
            (left, right) => return Err(format!("two drains at once gave {:?} and {:?}", left.as_ref().err(), right.as_ref().err())),
        };
        let read = engine.node(id).await.during("reading after two drains at once")?;
        let kept = read.record.and_then(|record| record.operation_id);
        ensure!(kept.as_ref().map(OperationId::as_str) == Some(winner.as_str()), "{winner} was told that it won, and the record is of {kept:?}");
    }
    Ok(Held::Yes)
}

/// An activation leaves the node exactly as it was before the drain.
pub async fn activate_removes_the_record(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let before = fresh(harness).await?;
    let id = &before.engine_node_id;
    let drained = engine.set_scheduling(id, drain(&before, "op-there-and-back")).await.during("draining")?;
    let answer = engine.set_scheduling(id, activate(&drained)).await.during("activating")?;
    let read = engine.node(id).await.during("reading after an activation")?;
    for (what, node) in [("the answer to an activation", &answer), ("the read after an activation", &read)] {
        ensure!(node.scheduling == Scheduling::Schedulable, "{what} shows {}", node.scheduling);
        ensure!(node.record.is_none(), "{what} shows the record {:?}", node.record);
        ensure!(node.revision() == before.revision(), "{what} has another revision than before the drain");
    }
    Ok(Held::Yes)
}

/// Activating a node that is schedulable writes nothing and succeeds.
pub async fn activating_a_schedulable_node_is_a_success(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let after = harness.engine().set_scheduling(&node.engine_node_id, activate(&node)).await.during("activating a schedulable node")?;
    ensure!(after.revision() == node.revision(), "activating a schedulable node changed it");
    Ok(Held::Yes)
}

/// What other people keep on the node stays there through a drain and an activation.
pub async fn other_labels_untouched(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    harness.label_outside(id, "rack", "r12").await?;
    let has = |node: &crate::EngineNode| node.labels.get("rack").map(String::as_str) == Some("r12");
    let labelled = shows(harness, id, "a label that somebody set", has).await?;
    let drained = engine.set_scheduling(id, drain(&labelled, "op-labels")).await.during("draining")?;
    ensure!(drained.labels == labelled.labels, "a drain changed the labels from {:?} to {:?}", labelled.labels, drained.labels);
    let back = engine.set_scheduling(id, activate(&drained)).await.during("activating")?;
    ensure!(back.labels == labelled.labels, "an activation changed the labels from {:?} to {:?}", labelled.labels, back.labels);
    Ok(Held::Yes)
}

/// The engine's own version may move by a label; the revision a person's change carries does not, and a drain goes through.
pub async fn a_label_does_not_change_the_revision(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    harness.label_outside(id, "floor", "2").await?;
    let labelled = shows(harness, id, "a label that somebody set", |node| node.labels.contains_key("floor")).await?;
    ensure!(labelled.revision() == node.revision(), "a label changed the revision");
    let drained = engine.set_scheduling(id, drain(&node, "op-label")).await.during("draining a node that was labelled since it was read")?;
    ensure!(drained.labels.contains_key("floor"), "a drain lost a label that was set since the node was read");
    Ok(Held::Yes)
}

/// The one thing a drain is for, asked of the engine's own scheduler: before, during and after.
pub async fn takes_no_new_placements_while_in_maintenance(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let before = harness.try_to_place_on(id).await?;
    ensure!(before == Placed::There, "a schedulable node takes nothing: {before:?}");
    let drained = engine.set_scheduling(id, drain(&node, "op-placements")).await.during("draining")?;
    let during = harness.try_to_place_on(id).await?;
    ensure!(during != Placed::There, "the scheduler placed on a node in maintenance");
    engine.set_scheduling(id, activate(&drained)).await.during("activating")?;
    let after = harness.try_to_place_on(id).await?;
    ensure!(after == Placed::There, "an activated node takes nothing: {after:?}");
    Ok(Held::Yes)
}

/// Maintenance that somebody set without Pitlane is maintenance, with no record of ours; Pitlane can put its record there.
pub async fn maintenance_set_outside_has_no_record_and_can_be_taken_over(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    harness.set_scheduling_outside(id, Scheduling::Maintenance).await?;
    let outside = shows(harness, id, "maintenance set outside", |node| node.scheduling == Scheduling::Maintenance).await?;
    ensure!(outside.record.is_none(), "maintenance set outside shows the record {:?}", outside.record);
    let ours = harness.engine().set_scheduling(id, drain(&outside, "op-over")).await.during("draining what was drained outside")?;
    let operation = ours.record.and_then(|record| record.operation_id);
    ensure!(operation == Some(OperationId::from("op-over")), "the record is of {operation:?}");
    Ok(Held::Yes)
}

/// A node that somebody activated without Pitlane is schedulable, and activating it here removes what our drain left.
pub async fn activation_outside_leaves_nothing_that_stays(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = drained(harness, "op-left-behind").await?;
    let id = &node.engine_node_id;
    harness.set_scheduling_outside(id, Scheduling::Schedulable).await?;
    let outside = shows(harness, id, "an activation outside", |node| node.scheduling == Scheduling::Schedulable).await?;
    let clean = engine.set_scheduling(id, activate(&outside)).await.during("removing a stale record")?;
    ensure!(clean.record.is_none() && clean.scheduling == Scheduling::Schedulable, "what a drain left stays: {:?}", clean.record);
    let read = engine.node(id).await.during("reading after a stale record was removed")?;
    ensure!(read.record.is_none(), "what a drain left is there again: {:?}", read.record);
    // Maintenance by somebody else must not inherit our old reason.
    harness.set_scheduling_outside(id, Scheduling::Maintenance).await?;
    let again = shows(harness, id, "maintenance set outside", |node| node.scheduling == Scheduling::Maintenance).await?;
    ensure!(again.record.is_none(), "maintenance set outside shows our old record {:?}", again.record);
    Ok(Held::Yes)
}

/// Pitlane never fights a person: what was decided before somebody changed the node is not written after it.
pub async fn an_outside_change_makes_the_revision_stale(harness: &dyn Harness) -> Verdict {
    let node = drained(harness, "op-ours").await?;
    let id = &node.engine_node_id;
    harness.set_scheduling_outside(id, Scheduling::Schedulable).await?;
    shows(harness, id, "an activation outside", |node| node.scheduling == Scheduling::Schedulable).await?;
    let late = harness.engine().set_scheduling(id, drain(&node, "op-decided-before")).await;
    ensure!(matches!(late, Err(Error::Conflict)), "a drain decided before an outside change gives {:?}", late.map(|node| node.scheduling));
    let read = harness.engine().node(id).await.during("reading after a conflict")?;
    ensure!(read.scheduling == Scheduling::Schedulable, "Pitlane fought a person and made the node {}", read.scheduling);
    Ok(Held::Yes)
}
