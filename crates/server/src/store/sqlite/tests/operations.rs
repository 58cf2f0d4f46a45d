//! Acceptance, idempotency, compare-and-swap.

use pitlane_api::{ActivityKind, NodeId, OperationId, OperationState};

use super::{Fixture, acceptance, accepted, at, entry, in_state, key, operation};
use crate::store::{Acceptance, Accepted, ActivityQuery, IdempotencyKey, Replay, Store};

const ALL: ActivityQuery = ActivityQuery { node: None, actor: None, kinds: Vec::new(), since: None, until: None, before: None, limit: 100 };

#[tokio::test]
async fn an_accepted_operation_is_kept_with_its_activity() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let drain = operation("op1", "n1", 0);
    let Accepted::Stored(entries) = store.accept(&acceptance(&drain)).await.unwrap() else { panic!("not stored") };
    assert_eq!(store.operation(&drain.id).await.unwrap().as_ref(), Some(&drain));
    assert_eq!(store.unfinished_operations().await.unwrap(), std::slice::from_ref(&drain));
    assert_eq!(store.last_operation(&drain.node_id).await.unwrap(), Some(drain));
    assert_eq!(store.activity(&ALL).await.unwrap(), entries);
    assert_eq!(store.operation(&OperationId::from("other")).await.unwrap(), None);
    assert_eq!(store.last_operation(&NodeId::from("other")).await.unwrap(), None);
}

#[tokio::test]
async fn a_node_has_one_unfinished_operation() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let first = operation("op1", "n1", 0);
    accepted(&store, &first).await;
    let answer = store.accept(&acceptance(&operation("op2", "n1", 1))).await.unwrap();
    assert_eq!(answer, Accepted::Unfinished(Box::new(first.clone())));
    assert_eq!(store.activity(&ALL).await.unwrap().len(), 1, "what was not accepted leaves no trace");
    accepted(&store, &operation("op3", "n2", 2)).await;

    let done = in_state(&first, OperationState::Completed, 3);
    store.save_operation(&first, &done, &[]).await.unwrap().expect("it was not changed meanwhile");
    accepted(&store, &operation("op4", "n1", 4)).await;
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_unfinished_operation() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    accepted(&store, &operation("op1", "n1", 0)).await;
    let forced = sqlx::query(
        "INSERT INTO operations (id, node_id, state, finished, attempt_count, updated_at, body) VALUES ('x', 'n1', 'pending', 0, 0, 0, '{}')",
    )
    .execute(&store.writer)
    .await;
    assert!(forced.unwrap_err().into_database_error().is_some_and(|error| error.is_unique_violation()));
}

#[tokio::test]
async fn of_many_drains_at_once_one_is_accepted() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let tries = (0..20).map(|number| {
        let (store, drain) = (store.clone(), operation(&format!("op{number}"), "n1", number));
        tokio::spawn(async move { store.accept(&acceptance(&drain)).await.unwrap() })
    });
    let mut stored = 0;
    for answer in futures::future::join_all(tries).await {
        match answer.unwrap() {
            Accepted::Stored(_) => stored += 1,
            Accepted::Unfinished(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stored, 1);
    assert_eq!(store.activity(&ALL).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_one_answer() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let first = operation("op1", "n1", 0);
    let with_key = |id: &str, key: IdempotencyKey| Acceptance { idempotency: Some(key), ..acceptance(&operation(id, "n1", 1)) };
    assert_eq!(store.replay(&key("k", "body"), at(0)).await.unwrap(), Replay::New);
    store.accept(&Acceptance { idempotency: Some(key("k", "body")), ..acceptance(&first) }).await.unwrap();

    assert_eq!(store.replay(&key("k", "body"), at(1)).await.unwrap(), Replay::Replayed(Box::new(first.clone())));
    assert_eq!(store.replay(&key("k", "another body"), at(1)).await.unwrap(), Replay::Mismatch);
    assert_eq!(store.replay(&IdempotencyKey { actor: "somebody else".into(), ..key("k", "body") }, at(1)).await.unwrap(), Replay::New);
    assert_eq!(store.replay(&IdempotencyKey { route: "POST /nodes/n2/drain".into(), ..key("k", "body") }, at(1)).await.unwrap(), Replay::New);

    // Two that passed the look-up at the same moment meet again here.
    assert_eq!(store.accept(&with_key("op2", key("k", "body"))).await.unwrap(), Accepted::Replayed(Box::new(first.clone())));
    assert_eq!(store.accept(&with_key("op2", key("k", "another body"))).await.unwrap(), Accepted::Mismatch);
    assert_eq!(store.operation(&OperationId::from("op2")).await.unwrap(), None);

    // The answer is the operation as it stands now.
    let done = in_state(&first, OperationState::Completed, 5);
    store.save_operation(&first, &done, &[]).await.unwrap();
    assert_eq!(store.replay(&key("k", "body"), at(6)).await.unwrap(), Replay::Replayed(Box::new(done)));
}

#[tokio::test]
async fn a_refusal_is_not_remembered_under_its_key() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    accepted(&store, &operation("op1", "n1", 0)).await;
    let refused = Acceptance { idempotency: Some(key("k", "body")), ..acceptance(&operation("op2", "n1", 1)) };
    assert!(matches!(store.accept(&refused).await.unwrap(), Accepted::Unfinished(_)));
    assert_eq!(store.replay(&key("k", "body"), at(1)).await.unwrap(), Replay::New);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let first = operation("op1", "n1", 0);
    store.accept(&Acceptance { idempotency: Some(key("k", "body")), ..acceptance(&first) }).await.unwrap();
    let day = 24 * 3600;
    assert!(matches!(store.replay(&key("k", "body"), at(day - 1)).await.unwrap(), Replay::Replayed(_)));
    assert_eq!(store.replay(&key("k", "other"), at(day)).await.unwrap(), Replay::New);
    store.save_operation(&first, &in_state(&first, OperationState::Aborted, 9), &[]).await.unwrap();
    let second = Acceptance { idempotency: Some(key("k", "other")), ..acceptance(&operation("op2", "n1", day)) };
    assert!(matches!(store.accept(&second).await.unwrap(), Accepted::Stored(_)));
    assert!(matches!(store.replay(&key("k", "other"), at(day + 1)).await.unwrap(), Replay::Replayed(_)));
}

#[tokio::test]
async fn a_save_of_what_has_moved_on_writes_nothing() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let first = operation("op1", "n1", 0);
    accepted(&store, &first).await;
    let second = in_state(&first, OperationState::InProgress, 1);
    assert!(store.save_operation(&first, &second, &[]).await.unwrap().is_some());

    let late = in_state(&first, OperationState::Aborted, 2);
    let note = [entry(ActivityKind::OperationAborted, &late)];
    assert_eq!(store.save_operation(&first, &late, &note).await.unwrap(), None);
    assert_eq!(store.operation(&first.id).await.unwrap(), Some(second.clone()));

    let done = in_state(&second, OperationState::Completed, 3);
    let note = [entry(ActivityKind::Drained, &done)];
    let written = store.save_operation(&second, &done, &note).await.unwrap().unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!(store.save_operation(&second, &done, &note).await.unwrap(), None, "a final state is written once");
    assert_eq!(store.save_operation(&done, &in_state(&done, OperationState::Failed, 4), &[]).await.unwrap(), None, "and stays");
    let kinds: Vec<_> = store.activity(&ALL).await.unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [ActivityKind::Drained, ActivityKind::DrainRequested]);
}

#[tokio::test]
async fn an_activation_ends_the_pending_drain_in_the_same_step() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let drain = operation("drain", "n1", 0);
    accepted(&store, &drain).await;
    let aborted = in_state(&drain, OperationState::Aborted, 1);
    let activate = operation("activate", "n1", 1);
    let takes_over = Acceptance { supersedes: Some((drain.clone(), aborted.clone())), ..acceptance(&activate) };
    assert!(matches!(store.accept(&takes_over).await.unwrap(), Accepted::Stored(_)));
    assert_eq!(store.operation(&drain.id).await.unwrap(), Some(aborted));
    assert_eq!(store.unfinished_operations().await.unwrap(), std::slice::from_ref(&activate));
    assert_eq!(store.last_operations().await.unwrap(), [activate]);
}

#[tokio::test]
async fn an_activation_does_not_end_a_drain_that_moved_on() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let drain = operation("drain", "n1", 0);
    accepted(&store, &drain).await;
    let done = in_state(&drain, OperationState::Completed, 1);
    store.save_operation(&drain, &done, &[]).await.unwrap();
    let aborted = in_state(&drain, OperationState::Aborted, 2);
    let takes_over = Acceptance { supersedes: Some((drain.clone(), aborted)), ..acceptance(&operation("activate", "n1", 2)) };
    assert_eq!(store.accept(&takes_over).await.unwrap(), Accepted::Unfinished(Box::new(done.clone())));
    assert_eq!(store.operation(&drain.id).await.unwrap(), Some(done));
    assert_eq!(store.operation(&OperationId::from("activate")).await.unwrap(), None);
}

#[tokio::test]
async fn the_last_operation_of_each_node_is_the_newest() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    for (number, node) in ["n1", "n2", "n1"].into_iter().enumerate() {
        let accepted_one = operation(&format!("op{number}"), node, 0);
        accepted(&store, &accepted_one).await;
        store.save_operation(&accepted_one, &in_state(&accepted_one, OperationState::Completed, 1), &[]).await.unwrap();
    }
    let last: Vec<_> = store.last_operations().await.unwrap().into_iter().map(|operation| operation.id.0).collect();
    assert_eq!(last, ["op1", "op2"]);
}
