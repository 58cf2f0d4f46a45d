//! Upkeep of a database with years in it: in small steps, beside people who do not notice.

use std::time::{Duration, Instant};

use pitlane_api::Timestamp;

use super::{Fixture, accepted, at, operation};
use crate::store::{Error, Prune, Store};

/// A step holds the writer for 50 ms at most. On a machine that builds and tests at once a disk or a processor may be away for longer than that.
const STEP_AT_MOST: Duration = Duration::from_millis(400);
/// What a person may have to wait for, on such a machine: one step and their own writing.
const WAIT_AT_MOST: Duration = Duration::from_millis(800);

const OLD: i64 = 200_000;

/// Buckets from 40 nodes, all before `at(0)` but for one of each, and activity beside.
async fn years(fixture: &Fixture) {
    let old = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1) \
               INSERT INTO samples (node_id, at, beats, expected, health) SELECT 'n' || (i % 40), ?2 - (1 + i / 40) * 300000000000, 60, 60, 'healthy' FROM n";
    let begin = i64::try_from(at(0).as_nanosecond()).unwrap();
    sqlx::query(old).bind(OLD).bind(begin).execute(&fixture.store.writer).await.unwrap();
    let young = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39) \
                 INSERT INTO samples (node_id, at, beats, expected, health) SELECT 'n' || i, ?1, 60, 60, 'healthy' FROM n";
    sqlx::query(young).bind(begin).execute(&fixture.store.writer).await.unwrap();
    let activity = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49999) \
                    INSERT INTO activity (at, kind, actor_kind, message) SELECT ?1 - i * 1000000000, 'drained', 'system', 'Drained.' FROM n";
    sqlx::query(activity).bind(begin).execute(&fixture.store.writer).await.unwrap();
}

async fn count(fixture: &Fixture, table: &'static str) -> i64 {
    let statement = match table {
        "samples" => "SELECT count(*) FROM samples",
        _ => "SELECT count(*) FROM activity",
    };
    sqlx::query_scalar(statement).fetch_one(&fixture.store.readers).await.unwrap()
}

fn all_old() -> Prune {
    Prune { now: at(0), samples_before: at(0), activity_before: at(0) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn years_of_samples_go_while_people_go_on_writing() {
    let fixture = Fixture::new().await;
    years(&fixture).await;
    let pruning = tokio::spawn({
        let store = fixture.store.clone();
        async move { store.prune(&all_old()).await }
    });
    let mut waits = Vec::new();
    while !pruning.is_finished() {
        let number = waits.len();
        let asked = Instant::now();
        accepted(&fixture.store, &operation(&format!("op{number}"), &format!("node{number}"), 1)).await;
        waits.push(asked.elapsed());
        // A person who looks before they go on, which takes a while.
        count(&fixture, "samples").await;
    }
    let gone = pruning.await.unwrap().unwrap();
    assert_eq!(gone, 249_999, "all the samples before, and all the entries but the one of this very moment");
    assert_eq!(count(&fixture, "samples").await, 40, "what is young stays");
    assert_eq!(count(&fixture, "activity").await, 1 + i64::try_from(waits.len()).unwrap());
    waits.sort_unstable();
    assert!(waits.len() > 3, "it was over before anybody wrote: {waits:?}");
    assert!(waits[waits.len() - 1] < WAIT_AT_MOST && waits[waits.len() / 2] < STEP_AT_MOST, "somebody waited too long: {waits:?}");
    assert!(fixture.store.steps.longest() < STEP_AT_MOST, "one step held the writer for {:?}", fixture.store.steps.longest());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pruning_that_is_interrupted_goes_on_later() {
    let fixture = Fixture::new().await;
    years(&fixture).await;
    let store = fixture.store.clone();
    let pruning = tokio::spawn(async move { store.prune(&all_old()).await });
    while count(&fixture, "samples").await == OLD + 40 {
        tokio::task::yield_now().await;
    }
    pruning.abort();
    assert!(pruning.await.unwrap_err().is_cancelled());
    let left = count(&fixture, "samples").await;
    assert!(left > 40 && left < OLD + 40, "{left} are left");
    accepted(&fixture.store, &operation("op", "n", 1)).await;
    fixture.store.prune(&all_old()).await.unwrap();
    assert_eq!(count(&fixture, "samples").await, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_does_not_hold_the_writer_while_another_process_has_the_lock() {
    use sqlx::Connection as _;
    let fixture = Fixture::new().await;
    years(&fixture).await;
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", fixture.file("pitlane.db").display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let store = fixture.store.clone();
    let pruning = tokio::spawn(async move { store.prune(&all_old()).await });
    let store = fixture.store.clone();
    let writing = tokio::spawn(async move { accepted(&store, &operation("op", "n", 1)).await });
    // Once the person waits, the other process is done; they need not wait for upkeep to give up first.
    while fixture.store.writer.num_idle() > 0 {
        tokio::task::yield_now().await;
    }
    let released = Instant::now();
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    writing.await.unwrap();
    assert!(released.elapsed() < Duration::from_secs(2), "{:?}", released.elapsed());
    pruning.await.unwrap().unwrap();
}

#[tokio::test]
async fn removing_a_node_removes_all_of_its_samples_in_steps() {
    let fixture = Fixture::new().await;
    years(&fixture).await;
    fixture.store.forget_node(&"n0".into()).await.unwrap();
    assert_eq!(fixture.store.samples(&"n0".into(), Timestamp::MIN).await.unwrap(), []);
    assert_eq!(count(&fixture, "samples").await, (OLD + 40) * 39 / 40);
}

#[tokio::test]
async fn what_a_start_asks_for_is_found_along_indexes() {
    let fixture = Fixture::new().await;
    for (statement, through) in [
        ("SELECT body FROM operations INDEXED BY operations_one_unfinished WHERE finished = 0 ORDER BY seq", "operations_one_unfinished"),
        ("SELECT seq FROM bulk_operations WHERE finished = 0 ORDER BY seq", "bulk_operations_unfinished"),
        ("SELECT EXISTS (SELECT 1 FROM samples WHERE at < 1)", "samples_by_time"),
        ("SELECT EXISTS (SELECT 1 FROM activity WHERE at < 1)", "activity_by_time"),
        ("SELECT EXISTS (SELECT 1 FROM sessions WHERE expires_at <= 1)", "sessions_by_end"),
        ("SELECT EXISTS (SELECT 1 FROM share_links WHERE ended_at IS NULL AND expires_at <= 1)", "share_links_by_end"),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(&fixture.store.readers).await.unwrap();
        let plan = plan.into_iter().map(|(_, _, _, step)| step).collect::<Vec<_>>().join("; ");
        assert!(plan.contains(through), "{statement}: {plan}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_says_so_to_upkeep_as_well() {
    let fixture = Fixture::new().await;
    years(&fixture).await;
    sqlx::query("CREATE TRIGGER full BEFORE DELETE ON samples BEGIN SELECT raise(ABORT, 'no'); END").execute(&fixture.store.writer).await.unwrap();
    assert!(matches!(fixture.store.prune(&all_old()).await, Err(Error::Other(_))));
    assert_eq!(count(&fixture, "samples").await, OLD + 40);
    accepted(&fixture.store, &operation("op", "n", 1)).await;
}
