//! The conformance suite has teeth: a driver with a fault that loses data, or that leaves people in the dark, fails the
//! check that is there for it, in words.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may say so by a panic, its helpers too")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use pitlane_api::{Capabilities, EngineKind, Node, NodeId, PlacementRequest, Scheduling, WorkloadList, WorkloadState};
use pitlane_engine::{
    Change, Engine, EngineNode, NewHost, Placing, Result, SetScheduling,
    conformance::{ALL, Harness, Held, Placed},
};
use pitlane_engine_embedded::harness::{EmbeddedHarness, MemoryBackend};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    WritesNoRecord,
    ShortensTheReason,
    OverwritesBlindly,
    SaysDoneAndDoesNothing,
    LosesLabels,
    MovesWhatRuns,
    PlacesAnyway,
    EmptyWhenAway,
    WatchSeesNothing,
    UnreadLooksComplete,
    UnknownIsMade,
    RemovesNothing,
    KeepsTheRecord,
}

/// The embedded engine with one fault.
struct Faulty {
    inner: Arc<dyn Engine>,
    fault: Fault,
}

#[async_trait]
impl Engine for Faulty {
    fn kind(&self) -> EngineKind {
        self.inner.kind()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn version(&self) -> Result<Option<String>> {
        self.inner.version().await
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        let nodes = self.inner.nodes().await;
        if self.fault == Fault::EmptyWhenAway { Ok(nodes.unwrap_or_default()) } else { nodes }
    }

    async fn node(&self, id: &str) -> Result<EngineNode> {
        let mut node = self.inner.node(id).await?;
        if self.fault == Fault::LosesLabels && node.scheduling == Scheduling::Maintenance {
            node.labels.clear();
        }
        Ok(node)
    }

    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        if self.fault == Fault::WatchSeesNothing { stream::pending().boxed() } else { self.inner.watch() }
    }

    async fn workloads(&self, id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        let mut list = self.inner.workloads(id, node_id).await?;
        if self.fault == Fault::UnreadLooksComplete {
            list.complete = true;
            list.not_read.clear();
        }
        if self.fault == Fault::MovesWhatRuns && self.node(id).await?.scheduling == Scheduling::Maintenance {
            list.workloads.retain(|workload| workload.stateful);
            list.workloads.iter_mut().for_each(|workload| workload.state = WorkloadState::Stopped);
        }
        Ok(list)
    }

    async fn set_scheduling(&self, id: &str, mut change: SetScheduling) -> Result<EngineNode> {
        match self.fault {
            Fault::WritesNoRecord => change.record = None,
            Fault::ShortensTheReason => {
                if let Some(record) = &mut change.record {
                    record.reason = record.reason.as_ref().map(|reason| reason.chars().take(100).collect());
                }
            }
            Fault::OverwritesBlindly => change.expected = self.inner.node(id).await?.revision(),
            Fault::SaysDoneAndDoesNothing => {
                let node = self.inner.node(id).await?;
                return Ok(EngineNode { scheduling: change.target, record: change.record, ..node });
            }
            Fault::UnknownIsMade if self.inner.node(id).await.is_err() => return self.inner.node("host-0").await,
            _ => {}
        }
        let mut node = self.inner.set_scheduling(id, change).await?;
        if self.fault == Fault::LosesLabels {
            node.labels.clear();
        }
        if self.fault == Fault::KeepsTheRecord && node.scheduling == Scheduling::Schedulable {
            node.record = Some(Default::default());
        }
        Ok(node)
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        self.inner.equivalent_commands(node, target)
    }

    async fn admit(&self, host: NewHost) -> Result<EngineNode> {
        self.inner.admit(host).await
    }

    async fn remove(&self, id: &str) -> Result<()> {
        if self.fault == Fault::RemovesNothing { Ok(()) } else { self.inner.remove(id).await }
    }

    async fn place(&self, request: &PlacementRequest, nodes: Vec<Node>) -> Result<Placing> {
        self.inner.place(request, nodes).await
    }
}

struct FaultyHarness {
    inner: EmbeddedHarness,
    fault: Fault,
}

#[async_trait]
impl Harness for FaultyHarness {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(Faulty { inner: self.inner.engine(), fault: self.fault })
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(300)
    }

    async fn add_node(&self) -> std::result::Result<String, String> {
        self.inner.add_node().await
    }

    async fn run_stateful(&self, node: &str) -> std::result::Result<String, String> {
        self.inner.run_stateful(node).await
    }

    async fn run_stateless(&self, node: &str) -> std::result::Result<String, String> {
        self.inner.run_stateless(node).await
    }

    async fn hide_workloads(&self, node: &str) -> std::result::Result<bool, String> {
        self.inner.hide_workloads(node).await
    }

    async fn set_scheduling_outside(&self, node: &str, scheduling: Scheduling) -> std::result::Result<(), String> {
        self.inner.set_scheduling_outside(node, scheduling).await
    }

    async fn label_outside(&self, node: &str, key: &str, value: &str) -> std::result::Result<(), String> {
        self.inner.label_outside(node, key, value).await
    }

    async fn try_to_place_on(&self, node: &str) -> std::result::Result<Placed, String> {
        if self.fault == Fault::PlacesAnyway { Ok(Placed::There) } else { self.inner.try_to_place_on(node).await }
    }

    async fn disconnect(&self) -> std::result::Result<(), String> {
        self.inner.disconnect().await
    }

    async fn reconnect(&self) -> std::result::Result<(), String> {
        self.inner.reconnect().await
    }

    async fn restart_driver(&self) -> std::result::Result<(), String> {
        self.inner.restart_driver().await
    }
}

/// What the check says about the driver with this fault.
async fn said(check: &str, fault: Fault) -> String {
    let inner = EmbeddedHarness::start(MemoryBackend::default()).await.unwrap();
    let (_, run) = ALL.iter().find(|(name, _)| *name == check).unwrap();
    match run(&FaultyHarness { inner, fault }).await {
        Err(words) => words,
        Ok(Held::Yes) => panic!("{check} lets a driver pass that has the fault {fault:?}"),
        Ok(Held::NotHere(why)) => panic!("{check} is not asked: {why}"),
    }
}

macro_rules! teeth {
    ($($name:ident: $check:literal, $fault:ident, $words:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let said = said($check, Fault::$fault).await;
                assert!(said.contains($words), "{said}");
            }
        )*
    };
}

teeth! {
    a_lost_record: "drain_is_confirmed_and_carries_the_record", WritesNoRecord, "was asked for";
    a_shortened_reason: "the_record_comes_back_letter_by_letter", ShortensTheReason, "the record came back as";
    a_stale_revision_that_is_taken: "stale_revision_is_a_conflict_and_changes_nothing", OverwritesBlindly, "a drain with a stale revision gives Ok";
    a_person_who_is_fought: "an_outside_change_makes_the_revision_stale", OverwritesBlindly, "decided before an outside change gives Ok";
    two_winners: "two_writers_one_wins", OverwritesBlindly, "both of two drains at once succeeded";
    done_before_it_is_done: "drain_is_confirmed_and_carries_the_record", SaysDoneAndDoesNothing, "does not say since when";
    gone_after_a_restart: "record_survives_restart_of_driver", SaysDoneAndDoesNothing, "after a restart the node is schedulable";
    lost_labels: "other_labels_untouched", LosesLabels, "a drain changed the labels";
    evicted_workloads: "nothing_that_runs_is_touched", MovesWhatRuns, "are listed: not seen within";
    a_placement_in_maintenance: "takes_no_new_placements_while_in_maintenance", PlacesAnyway, "placed on a node in maintenance";
    an_empty_fleet: "unreachable_is_unreachable_not_empty", EmptyWhenAway, "from an engine that is away gives Ok";
    a_blind_watch: "outside_change_is_seen_by_the_watch", WatchSeesNothing, "maintenance set outside: not seen within";
    a_watch_that_misses_the_outage: "the_watch_tells_that_the_engine_went_and_came_back", WatchSeesNothing, "went away: not seen within";
    a_list_that_hides_what_was_not_read: "unread_workloads_are_said", UnreadLooksComplete, "says that it is not complete: not seen";
    a_drain_of_nothing: "an_unknown_node_is_not_found", UnknownIsMade, "draining an unknown node succeeds";
    a_removal_that_is_none: "a_removed_node_is_gone", RemovesNothing, "a removed node can still be read";
    a_record_that_stays: "activate_removes_the_record", KeepsTheRecord, "shows the record";
}

#[test]
fn every_check_has_a_name_of_its_own() {
    let mut names: Vec<_> = ALL.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}
