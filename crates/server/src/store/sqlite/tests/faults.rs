//! A database that is locked, read-only, full, damaged, newer, somebody else's, or in use says so and keeps nothing.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{Fixture, acceptance, accepted, operation, reopened};
use crate::store::{ActivityQuery, Error, SqliteStore, Store};

const ALL: ActivityQuery = ActivityQuery { node: None, actor: None, kinds: Vec::new(), since: None, until: None, before: None, limit: 1000 };

async fn outside(fixture: &Fixture) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", fixture.file("pitlane.db").display())).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::query(statement).execute(connection).await.unwrap();
}

#[tokio::test]
async fn a_locked_database_is_busy_and_works_again_afterwards() {
    let mut fixture = Fixture::new().await;
    fixture.store.close().await;
    fixture.store = SqliteStore::open_with(&fixture.file("pitlane.db"), Duration::from_millis(50)).await.unwrap();
    let mut other = outside(&fixture).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let drain = operation("op1", "n1", 0);
    let error = fixture.store.accept(&acceptance(&drain)).await.unwrap_err();
    assert!(matches!(error, Error::Busy(_)) && error.is_transient(), "{error:?}");
    assert!(error.to_string().starts_with("the database is busy"), "{error}");
    assert!(matches!(fixture.store.check_writable().await, Err(Error::Busy(_))));
    assert_eq!(fixture.store.unfinished_operations().await.unwrap(), [], "readers do not wait for writers");
    run(&mut other, "ROLLBACK").await;
    fixture.store.check_writable().await.unwrap();
    accepted(&fixture.store, &drain).await;
}

#[tokio::test]
async fn a_read_only_database_says_so_and_can_still_be_read() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    accepted(&store, &operation("op1", "n1", 0)).await;
    sqlx::query("PRAGMA query_only = on").execute(&store.writer).await.unwrap();
    let error = store.accept(&acceptance(&operation("op2", "n2", 0))).await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly(_)) && !error.is_transient(), "{error:?}");
    assert!(error.to_string().starts_with("the database is read-only"), "{error}");
    assert!(matches!(store.check_writable().await, Err(Error::ReadOnly(_))));
    assert_eq!(store.unfinished_operations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_database_says_so_and_keeps_nothing_by_halves() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&store.writer).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 2))).execute(&store.writer).await.unwrap();
    let mut kept = 0;
    let error = loop {
        let mut drain = operation(&format!("op{kept}"), &format!("n{kept}"), 0);
        drain.reason = Some("x".repeat(500));
        match store.accept(&acceptance(&drain)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Full(_)), "{error:?}");
    assert!(error.to_string().starts_with("the database is full"), "{error}");
    assert_eq!(store.unfinished_operations().await.unwrap().len(), kept);
    assert_eq!(store.activity(&ALL).await.unwrap().len(), kept, "an operation without its entry was kept");
    // The limit was one of the connection, which the store has given up: there is room again, without a restart.
    store.check_writable().await.unwrap();
    accepted(&store, &operation("after", "after", 0)).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("op1", "n1", 0)).await;
    fixture.store.close().await;
    let mut other = outside(&fixture).await;
    run(&mut other, "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9000, 'later', 1, x'00', 0)")
        .await;
    let error = SqliteStore::open(fixture.file("pitlane.db")).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9000, .. }), "{error:?}");
    assert!(error.to_string().contains("newer version of Pitlane"), "{error}");
    run(&mut other, "DELETE FROM _sqlx_migrations WHERE version = 9000").await;
    other.close().await.unwrap();
    assert_eq!(reopened(&fixture.file("pitlane.db")).await.unfinished_operations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn somebody_elses_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    run(&mut other, "CREATE TABLE bookmarks (url TEXT)").await;
    other.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Foreign(_)), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, ".repeat(100)).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), "not a database, ".repeat(100).as_bytes());
}

#[tokio::test]
async fn a_damaged_row_is_said_and_does_not_end_the_server() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    accepted(&store, &operation("op1", "n1", 0)).await;
    sqlx::query("UPDATE operations SET body = '{'").execute(&store.writer).await.unwrap();
    assert!(matches!(store.unfinished_operations().await, Err(Error::Corrupt(_))));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("pitlane.db");
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(&error, Error::Io(words) if words.contains("missing")), "{error:?}");
}

#[tokio::test]
async fn two_servers_cannot_work_on_one_store() {
    let fixture = Fixture::new().await;
    let first = fixture.store.claim().unwrap();
    let second = reopened(&fixture.file("pitlane.db")).await;
    assert!(matches!(second.claim(), Err(Error::InUse(_))));
    second.check_writable().await.expect("a command may still use it");
    drop(first);
    second.claim().expect("the first server has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_store_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let opens = (0..6).map(|_| {
            let path = folder.path().join("pitlane.db");
            tokio::spawn(async move { SqliteStore::open(path).await })
        });
        for opened in futures::future::join_all(opens).await {
            opened.unwrap().unwrap().check_writable().await.unwrap();
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("op1", "n1", 0)).await;
    for file in ["pitlane.db", "pitlane.db-wal"] {
        let mode = std::fs::metadata(fixture.file(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} has mode {mode:o}");
    }
}
