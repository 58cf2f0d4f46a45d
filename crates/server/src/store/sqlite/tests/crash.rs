//! What is left after the process, or the power, went at any moment.

use pitlane_api::{ActivityKind, OperationState};

use super::{Fixture, accepted, at, entry, in_state, operation, reopened};
use crate::store::{ActivityQuery, Replay, Store};

const ALL: ActivityQuery = ActivityQuery { node: None, actor: None, kinds: Vec::new(), since: None, until: None, before: None, limit: 1000 };

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill() {
    let fixture = Fixture::new().await;
    let drain = operation("op1", "n1", 0);
    let acceptance = crate::store::Acceptance { idempotency: Some(super::key("k", "body")), ..super::acceptance(&drain) };
    fixture.store.accept(&acceptance).await.unwrap();
    // The store is not closed: nothing but the files survives.
    let store = reopened(&fixture.snapshot("after-accept")).await;
    assert_eq!(store.unfinished_operations().await.unwrap(), std::slice::from_ref(&drain));
    assert_eq!(store.replay(&super::key("k", "body"), at(1)).await.unwrap(), Replay::Replayed(Box::new(drain.clone())));

    let done = in_state(&drain, OperationState::Completed, 2);
    fixture.store.save_operation(&drain, &done, &[entry(ActivityKind::Drained, &done)]).await.unwrap();
    let store = reopened(&fixture.snapshot("after-save")).await;
    assert_eq!(store.unfinished_operations().await.unwrap(), []);
    assert_eq!(store.activity(&ALL).await.unwrap().len(), 2);
}

#[tokio::test]
async fn wherever_the_log_is_torn_a_final_state_and_its_entry_are_together() {
    let fixture = Fixture::new().await;
    for number in 0..12 {
        let drain = operation(&format!("op{number}"), &format!("n{number}"), number);
        accepted(&fixture.store, &drain).await;
        let done = in_state(&drain, OperationState::Completed, number + 1);
        fixture.store.save_operation(&drain, &done, &[entry(ActivityKind::Drained, &done)]).await.unwrap();
    }
    let whole = fixture.snapshot("whole");
    let log = std::fs::read(whole.with_extension("db-wal")).unwrap();
    let mut most = 0;
    for step in 0..=40 {
        let torn = fixture.snapshot(&format!("torn-{step}"));
        std::fs::write(torn.with_extension("db-wal"), &log[..log.len() * step / 40]).unwrap();
        let store = reopened(&torn).await;
        let entries = store.activity(&ALL).await.unwrap();
        let of_kind = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
        let operations = store.last_operations().await.unwrap();
        assert_eq!(operations.len(), of_kind(ActivityKind::DrainRequested), "torn at {step}/40");
        let finished = operations.iter().filter(|operation| operation.state.is_finished()).count();
        assert_eq!(finished, of_kind(ActivityKind::Drained), "torn at {step}/40");
        assert!(operations.len() >= most, "more of the log shows less");
        most = operations.len();
        store.close().await;
    }
    assert_eq!(most, 12);
}

#[tokio::test]
async fn a_call_that_is_dropped_half_way_leaves_nothing_and_blocks_nobody() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let mut tx = store.begin().await.unwrap();
    sqlx::query("INSERT INTO meta (key, value) VALUES ('half', 'done')").execute(&mut *tx).await.unwrap();
    drop(tx);
    accepted(&store, &operation("op1", "n1", 0)).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM meta WHERE key = 'half'").fetch_one(&store.readers).await.unwrap();
    assert_eq!(left, 0);
}
