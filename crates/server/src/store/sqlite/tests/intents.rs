//! What is about to be asked of an engine, over kills and moved operations.

use pitlane_api::{ActivityKind, NodeId, OperationState, say};

use super::{Fixture, accepted, at, entry, in_state, operation, reopened};
use crate::store::{ActivityQuery, Enrolment, FirstBeat, Intent, NewActivity, SecretHash, Store};

fn intent(id: &str) -> Intent {
    let message = say!("Changed when the node is expected back: {}.", at(60));
    let entry = NewActivity {
        actor: Some("ada".into()),
        node_id: Some(NodeId::from("n1")),
        ..NewActivity::by_system(at(1), ActivityKind::NodeRemoved, message)
    };
    Intent { id: id.into(), change: "{}".into(), entry }
}

async fn told(store: &impl Store) -> usize {
    store.activity(&ActivityQuery { limit: 100, ..ActivityQuery::default() }).await.unwrap().len()
}

#[tokio::test]
async fn an_intent_is_there_after_a_kill_and_is_settled_once() {
    let fixture = Fixture::new().await;
    fixture.store.keep_intent(&intent("one")).await.unwrap();
    fixture.store.keep_intent(&intent("two")).await.unwrap();
    let store = reopened(&fixture.snapshot("kept")).await;
    let kept = store.open_intents().await.unwrap();
    assert_eq!(kept, [intent("one"), intent("two")], "oldest first");
    assert!(kept[0].entry.message.made_of().is_some(), "it can still be said in other languages");
    assert_eq!(told(&store).await, 0, "it is no entry yet");

    let entries = store.settle_intent("one", &[intent("one").entry], None).await.unwrap().unwrap();
    assert_eq!((entries.len(), entries[0].actor.as_deref()), (1, Some("ada")));
    assert_eq!(store.settle_intent("one", &[intent("one").entry], None).await.unwrap(), None);
    assert_eq!((store.open_intents().await.unwrap().len(), told(&store).await), (1, 1));
}

#[tokio::test]
async fn a_removal_and_what_it_forgets_are_one_step() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let token = super::agents::token("t");
    store.create_enrolment_token(&token, &[]).await.unwrap();
    let enrolment: Enrolment = super::agents::enrolment("t", "n1", "m1", 1);
    store.enroll(&enrolment).await.unwrap();
    store.keep_intent(&intent("one")).await.unwrap();
    store.settle_intent("one", &[intent("one").entry], Some(&NodeId::from("n1"))).await.unwrap().unwrap();
    assert_eq!(store.agents().await.unwrap(), []);
    assert_eq!(told(&store).await, 1);
}

#[tokio::test]
async fn an_abort_that_came_too_late_leaves_no_intent() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let drain = operation("op1", "n1", 0);
    accepted(&store, &drain).await;
    let done = in_state(&drain, OperationState::Completed, 2);
    store.save_operation(&drain, &done, &[entry(ActivityKind::Drained, &done)]).await.unwrap().unwrap();
    let aborted = in_state(&drain, OperationState::Aborted, 3);
    let late = [entry(ActivityKind::OperationAborted, &aborted)];
    assert_eq!(store.abort_operation(&drain, &aborted, &late, Some(&intent("one"))).await.unwrap(), None);
    assert_eq!(store.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_first_beat_of_an_agent_that_was_replaced_is_not_kept() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&super::agents::token("t"), &[]).await.unwrap();
    let enrolment = super::agents::enrolment("t", "n1", "m1", 1);
    store.enroll(&enrolment).await.unwrap();
    let beat = |token: SecretHash| FirstBeat { node_id: NodeId::from("n1"), token, report: "{}".into(), at: at(2), confirms: true };
    let kept = store.keep_first_beats(&[beat(SecretHash::of("another")), beat(enrolment.agent_token)]).await.unwrap();
    assert_eq!(kept, [false, true]);
    let agent = store.agents().await.unwrap().remove(0);
    assert_eq!((agent.last_report_at, agent.confirmed_at), (Some(at(2)), Some(at(2))));
}
