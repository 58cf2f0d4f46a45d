//! The watch: own changes, other people's, several receivers, an engine that goes and comes back.

use futures::StreamExt;
use pitlane_api::Scheduling;

use super::harness::{During, Harness, Held, Verdict, activate, drain, drained, ensure, fresh, watched, within};
use crate::Change;

/// What the driver itself wrote comes through its watch.
pub async fn own_change_is_seen_by_the_watch(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let mut watch = engine.watch();
    let after = engine.set_scheduling(id, drain(&node, "op-watched")).await.during("draining")?;
    watched(harness, &mut watch, id, "our own drain", |seen| seen.revision() == after.revision()).await?;
    engine.set_scheduling(id, activate(&after)).await.during("activating")?;
    watched(harness, &mut watch, id, "our own activation", |seen| seen.revision() == node.revision()).await?;
    Ok(Held::Yes)
}

/// What somebody else did comes through the watch, in both directions.
pub async fn outside_change_is_seen_by_the_watch(harness: &dyn Harness) -> Verdict {
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let mut watch = harness.engine().watch();
    harness.set_scheduling_outside(id, Scheduling::Maintenance).await?;
    watched(harness, &mut watch, id, "maintenance set outside", |seen| seen.scheduling == Scheduling::Maintenance && seen.record.is_none()).await?;
    harness.set_scheduling_outside(id, Scheduling::Schedulable).await?;
    watched(harness, &mut watch, id, "an activation outside", |seen| seen.scheduling == Scheduling::Schedulable).await?;
    Ok(Held::Yes)
}

/// Several receivers each see every change.
pub async fn every_receiver_of_the_watch_sees_a_change(harness: &dyn Harness) -> Verdict {
    let engine = harness.engine();
    let node = fresh(harness).await?;
    let id = &node.engine_node_id;
    let (mut first, mut second) = (engine.watch(), engine.watch());
    let after = engine.set_scheduling(id, drain(&node, "op-both")).await.during("draining")?;
    for watch in [&mut first, &mut second] {
        watched(harness, watch, id, "a drain, by one of two receivers", |seen| seen.revision() == after.revision()).await?;
    }
    Ok(Held::Yes)
}

/// The watch says that the engine went away, goes on, and says `Reset` when it is back.
pub async fn the_watch_tells_that_the_engine_went_and_came_back(harness: &dyn Harness) -> Verdict {
    let node = drained(harness, "op-while-away").await?;
    let mut watch = harness.engine().watch();
    harness.disconnect().await?;
    let went = within(harness, "the watch says that the engine went away", async {
        while let Some(change) = watch.next().await {
            if change.is_err() {
                return true;
            }
        }
        false
    })
    .await;
    harness.reconnect().await?;
    ensure!(went?, "the watch ended when the engine went away");
    let came_back = within(harness, "the watch says that the engine came back", async {
        while let Some(change) = watch.next().await {
            if change == Ok(Change::Reset) {
                return true;
            }
        }
        false
    });
    ensure!(came_back.await?, "the watch ended instead of saying that the engine came back");
    let after = harness.engine().node(&node.engine_node_id).await.during("reading after the engine came back")?;
    ensure!(after.revision() == node.revision(), "the node changed while the engine was away");
    Ok(Held::Yes)
}
