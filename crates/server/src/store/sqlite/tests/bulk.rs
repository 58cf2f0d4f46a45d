//! Bulk operations: a row for each node, also for those that an earlier version kept as one body.

use pitlane_api::{BulkItem, BulkItemState, BulkOperation, BulkState, ErrorBody, OperationKind, Words, rules, say};
use sqlx::{Connection, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use super::{
    super::{convert, open::MIGRATIONS},
    *,
};
use crate::store::{BulkAccepted, Prune, StoredBulk};

fn item(number: usize, state: BulkItemState, message: Option<Words>) -> BulkItem {
    BulkItem {
        node_id: format!("n{number}").into(),
        node_name: format!("edge-{number}"),
        state,
        attempt: 1,
        operation_id: (state != BulkItemState::Waiting).then(|| OperationId(format!("op-{number}"))),
        message,
        refusal: None,
        seen_stateful: Vec::new(),
        acknowledge_unread: false,
    }
}

fn bulk(id: &str, state: BulkState, items: Vec<BulkItem>) -> StoredBulk {
    let bulk = BulkOperation {
        id: id.into(),
        kind: OperationKind::Drain,
        state,
        reason: Some("kernel update".into()),
        expected_back_at: None,
        at_once: 1,
        allow_last_schedulable: false,
        requested_by: "on-call".into(),
        created_at: at(0),
        updated_at: at(0),
        finished_at: None,
        waiting_for: Some(say!("The engine does not answer: {}", "it is away")),
        items,
    };
    StoredBulk { bulk, actor: "{}".into() }
}

fn waiting(count: usize) -> Vec<BulkItem> {
    (0..count).map(|number| item(number, BulkItemState::Waiting, None)).collect()
}

/// Rows that were written while this ran.
async fn rows_written(fixture: &Fixture, work: impl Future<Output = ()>) -> i64 {
    let written = || async { sqlx::query_scalar::<_, i64>("SELECT total_changes()").fetch_one(&fixture.store.writer).await.unwrap() };
    let before = written().await;
    work.await;
    written().await - before
}

#[tokio::test]
async fn a_step_of_one_node_writes_as_much_among_five_hundred_as_among_five() {
    let fixture = Fixture::new().await;
    let mut written = Vec::new();
    for count in [5, 500] {
        let mut stored = bulk(&format!("b{count}"), BulkState::Running, waiting(count));
        assert!(matches!(fixture.store.accept_bulk(&stored, None, &[]).await, Ok(BulkAccepted::Stored(_))));
        stored.bulk.items[3].state = BulkItemState::Starting;
        let note = NewActivity::by_system(at(1), ActivityKind::BulkChanged, say!("The node was removed."));
        let rows = rows_written(&fixture, async {
            fixture.store.save_bulk(&stored, &[3], &[note]).await.unwrap();
        });
        let rows = rows.await;
        let size: i64 = sqlx::query_scalar("SELECT length(body) FROM bulk_operations WHERE id = ?")
            .bind(&stored.bulk.id)
            .fetch_one(&fixture.store.readers)
            .await
            .unwrap();
        written.push((rows, size - i64::try_from(stored.bulk.id.len()).unwrap()));
        assert_eq!(fixture.store.bulk(&stored.bulk.id).await.unwrap(), Some(stored));
    }
    assert_eq!(written[0], written[1], "rows, and bytes of the whole");
    assert_eq!(written[0].0, 3, "the whole, the node, the entry");
}

#[tokio::test]
async fn a_list_counts_and_reads_no_items() {
    let fixture = Fixture::new().await;
    let done = item(1, BulkItemState::Done, None);
    let refused = item(2, BulkItemState::Refused, Some(say!("The node was removed.")));
    for stored in [
        bulk("b1", BulkState::Completed, vec![done.clone()]),
        bulk("b2", BulkState::Stopped, vec![done, refused, item(3, BulkItemState::Waiting, None)]),
    ] {
        fixture.store.accept_bulk(&stored, None, &[]).await.unwrap();
    }
    let heads = fixture.store.bulk_heads(10).await.unwrap();
    assert!(heads.iter().all(|head| head.bulk.items.is_empty()));
    let lines: Vec<_> = heads.into_iter().map(|head| rules::bulk_summary_of(&head.bulk, head.states)).collect();
    assert_eq!(
        lines.iter().map(|line| (line.id.as_str(), line.total, line.done, line.stopped)).collect::<Vec<_>>(),
        [("b2", 3, 1, 1), ("b1", 1, 1, 0)]
    );
    assert_eq!(fixture.store.bulk_heads(1).await.unwrap().len(), 1);
    assert_eq!(fixture.store.bulk_of_operation(&OperationId("op-2".into())).await.unwrap().map(|stored| stored.bulk.id), Some("b2".into()));
    assert_eq!(fixture.store.bulk_of_operation(&OperationId("op-9".into())).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_pruned_takes_its_nodes_along() {
    let fixture = Fixture::new().await;
    fixture.store.accept_bulk(&bulk("old", BulkState::Completed, waiting(3)), None, &[]).await.unwrap();
    fixture.store.accept_bulk(&bulk("open", BulkState::Running, waiting(3)), None, &[]).await.unwrap();
    let prune = Prune { now: at(100), samples_before: at(0), activity_before: at(50) };
    fixture.store.prune(&prune).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar("SELECT DISTINCT bulk_id FROM bulk_items").fetch_all(&fixture.store.readers).await.unwrap();
    assert_eq!(left, ["open"]);
}

/// A database as the version before kept it: each bulk operation one body, with what its sentences are made of beside them.
#[tokio::test]
async fn bodies_of_an_earlier_version_become_rows() {
    let fixture = Fixture::new().await;
    let path = fixture.store.path().with_file_name("earlier.db");
    let said = say!("Node {} already has an agent: an admin must allow the replacement with a token made for it.", "a \"quoted\" näme");
    let mut refused = item(1, BulkItemState::Refused, Some(said));
    refused.refusal = Some(ErrorBody::new("last_schedulable_node", &serde_json::json!({ "remaining": 0 })));
    let stopped = bulk("stopped", BulkState::Stopped, vec![item(0, BulkItemState::Done, None), refused, item(2, BulkItemState::Waiting, None)]);
    let running = bulk("running", BulkState::Running, waiting(500));
    {
        let earlier = Migrator {
            migrations: MIGRATIONS.iter().filter(|migration| migration.version < 8).cloned().collect::<Vec<_>>().into(),
            ..Migrator::DEFAULT
        };
        let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path).create_if_missing(true)).await.unwrap();
        sqlx::query("PRAGMA application_id = 1347701838").execute(&mut connection).await.unwrap();
        earlier.run_direct(None, &mut connection, false).await.unwrap();
        for stored in [&stopped, &running] {
            sqlx::query(
                "INSERT INTO bulk_operations (id, finished, updated_at, body, actor, key_actor, key, key_hash, key_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&stored.bulk.id)
            .bind(stored.bulk.state.is_finished())
            .bind(convert::nanos(at(0)))
            .bind(pitlane_api::to_json(&stored.bulk).unwrap())
            .bind(&stored.actor)
            .bind("person:ada")
            .bind(&stored.bulk.id)
            .bind(SecretHash::of("body").as_bytes())
            .bind(convert::nanos(at(0)))
            .execute(&mut connection)
            .await
            .unwrap();
        }
        connection.close().await.unwrap();
    }
    let store = SqliteStore::open(&path).await.unwrap();
    for stored in [&stopped, &running] {
        let read = store.bulk(&stored.bulk.id).await.unwrap().unwrap();
        assert_eq!(read.bulk, stored.bulk);
        assert_eq!(pitlane_api::to_json(&read.bulk).unwrap(), pitlane_api::to_json(&stored.bulk).unwrap(), "with what its sentences are made of");
        let length: i64 = sqlx::query_scalar("SELECT json_array_length(body, '$.items') FROM bulk_operations WHERE id = ?")
            .bind(&stored.bulk.id)
            .fetch_one(&store.readers)
            .await
            .unwrap();
        assert_eq!(length, 0);
    }
    assert_eq!(store.unfinished_bulks().await.unwrap(), std::slice::from_ref(&running.bulk));
    let key = IdempotencyKey { key: "running".into(), actor: "person:ada".into(), route: "POST /bulk".into(), body_hash: SecretHash::of("body") };
    assert_eq!(store.replay_bulk(&key, at(1)).await.unwrap(), Some(BulkAccepted::Replayed(Box::new(running.bulk))));
}
