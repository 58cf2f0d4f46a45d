//! Planned drains, and what was told of overdue nodes.

use pitlane_api::{PlanState, PlannedDrain};

use super::*;
use crate::store::{PlanAccepted, StoredPlan};

fn plan(id: &str, node: &str, revision: &str) -> StoredPlan {
    let plan = PlannedDrain {
        id: id.into(),
        node_id: node.into(),
        node_name: format!("{node}.example"),
        revision: revision.into(),
        state: PlanState::Waiting,
        reason: "kernel update".into(),
        starts_at: at(600),
        expected_back_at: None,
        seen_stateful: Vec::new(),
        acknowledge_unread: false,
        allow_last_schedulable: false,
        by: "on-call".into(),
        created_at: at(0),
        updated_at: at(0),
        message: None,
        last_refusal: None,
        operation_id: None,
    };
    StoredPlan { plan, actor: "{}".into() }
}

fn note(node: &str) -> NewActivity {
    NewActivity { node_id: Some(node.into()), ..NewActivity::by_system(at(0), ActivityKind::DrainPlanned, pitlane_api::say!("Planned.")) }
}

impl Fixture {
    async fn plan(&self, plan: &StoredPlan) -> PlanAccepted {
        self.store.accept_plan(plan, None, None, &[note(plan.plan.node_id.as_str())]).await.unwrap()
    }
}

#[tokio::test]
async fn a_node_has_one_open_plan_and_a_key_leads_to_its_own() {
    let fixture = Fixture::new().await;
    let first = plan("p1", "n1", "r1");
    let kept = fixture.store.accept_plan(&first, None, Some(&key("k", "body")), &[note("n1")]).await.unwrap();
    assert!(matches!(kept, PlanAccepted::Stored(ref entries) if entries.len() == 1));
    assert_eq!(fixture.plan(&plan("p2", "n1", "r1")).await, PlanAccepted::Open(Box::new(first.plan.clone())));
    let replayed = |body: &'static str| {
        let store = &fixture.store;
        async move { store.replay_plan(&key("k", body), at(1)).await.unwrap() }
    };
    assert_eq!(replayed("body").await, Some(PlanAccepted::Replayed(Box::new(first.plan.clone()))));
    assert_eq!(replayed("other").await, Some(PlanAccepted::Mismatch));
    assert_eq!(fixture.store.replay_plan(&key("k", "body"), at(25 * 3600)).await.unwrap(), None);
    let again = fixture.store.accept_plan(&plan("p3", "n3", "r1"), None, Some(&key("k", "body")), &[]).await.unwrap();
    assert_eq!(again, PlanAccepted::Replayed(Box::new(first.plan.clone())));
    assert_eq!(fixture.store.open_plans().await.unwrap(), [first]);
}

#[tokio::test]
async fn only_the_revision_that_was_read_is_changed() {
    let fixture = Fixture::new().await;
    fixture.plan(&plan("p1", "n1", "r1")).await;
    let moved = plan("p1", "n1", "r2");
    assert!(fixture.store.save_plan(&"r1".into(), &moved, &[]).await.unwrap().is_some());
    assert!(fixture.store.save_plan(&"r1".into(), &plan("p1", "n1", "r3"), &[note("n1")]).await.unwrap().is_none());
    assert_eq!(fixture.store.open_plans().await.unwrap(), std::slice::from_ref(&moved));
    let over = StoredPlan { plan: PlannedDrain { state: PlanState::Cancelled, ..moved.plan }, ..moved };
    fixture.store.save_plan(&"r2".into(), &over, &[]).await.unwrap();
    assert!(fixture.store.save_plan(&"r2".into(), &plan("p1", "n1", "r4"), &[]).await.unwrap().is_none(), "what is over stays over");
    assert!(matches!(fixture.plan(&plan("p2", "n1", "r1")).await, PlanAccepted::Stored(_)));
}

#[tokio::test]
async fn a_drain_and_the_end_of_its_plan_are_one_step() {
    let fixture = Fixture::new().await;
    let StoredPlan { plan: waiting, .. } = plan("p1", "n1", "r1");
    fixture.plan(&plan("p1", "n1", "r1")).await;
    let started = PlannedDrain { state: PlanState::Started, ..waiting };
    let with = |revision: &str| Acceptance { ends_plan: Some((revision.into(), started.clone())), ..acceptance(&operation("op1", "n1", 1)) };
    assert_eq!(fixture.store.accept(&with("r0")).await.unwrap(), Accepted::PlanMoved);
    assert!(fixture.store.unfinished_operations().await.unwrap().is_empty(), "neither the one nor the other");
    assert!(matches!(fixture.store.accept(&with("r1")).await.unwrap(), Accepted::Stored(_)));
    assert!(fixture.store.open_plans().await.unwrap().is_empty());
}

#[tokio::test]
async fn overdue_is_told_once_for_each_time() {
    let fixture = Fixture::new().await;
    let tell = async |second| fixture.store.tell_overdue(&"n1".into(), at(second), &note("n1")).await.unwrap().is_some();
    assert_eq!((tell(1).await, tell(1).await, tell(2).await, tell(2).await), (true, false, true, false));
    assert_eq!(fixture.store.told_overdue().await.unwrap(), [("n1".into(), at(2))]);
    fixture.store.forget_node(&"n1".into()).await.unwrap();
    assert!(fixture.store.told_overdue().await.unwrap().is_empty());
}
