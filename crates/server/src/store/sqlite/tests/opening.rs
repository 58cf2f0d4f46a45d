//! What lies where the database should be is said in words, and left as it is.

use std::{path::Path, time::Duration};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{Fixture, accepted, operation, reopened};
use crate::store::{Error, SqliteStore, Store};

/// Every file in a folder, with what is in it.
fn files(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
        .collect();
    found.sort();
    found
}

/// Opens what lies there, which must be refused, and nothing may have changed in the folder.
#[track_caller]
fn assert_untouched(before: &[(std::ffi::OsString, Vec<u8>)], folder: &Path) {
    let after = files(folder);
    let names = |files: &[(std::ffi::OsString, Vec<u8>)]| files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect::<Vec<_>>();
    assert!(after == before, "{:?} became {:?}", names(before), names(&after));
}

async fn refused(path: &Path) -> Error {
    let folder = path.parent().unwrap();
    let before = files(folder);
    let error = SqliteStore::open(path).await.expect_err("it was opened");
    assert_untouched(&before, folder);
    assert_eq!(SqliteStore::look_at(path).await.unwrap_err(), error);
    error
}

/// A database that was closed.
async fn closed() -> Fixture {
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("op1", "n1", 0)).await;
    fixture.store.close().await;
    fixture
}

async fn change(fixture: &Fixture, statement: &str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", fixture.file("pitlane.db").display())).await.unwrap();
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn an_empty_file_is_no_new_fleet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pitlane.db");
    std::fs::write(&path, "").unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, Error::Empty(_)), "{error:?}");
    assert!(error.to_string().contains("pitlane.db is empty") && error.to_string().contains("to begin anew, remove the file"), "{error}");
}

#[tokio::test]
async fn a_database_without_tables_is_no_new_fleet_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pitlane.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    sqlx::query("PRAGMA application_id = 1347701838").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(refused(&path).await, Error::Empty(_)));
}

#[tokio::test]
async fn one_of_a_newer_version_is_refused_without_a_trace_also_where_that_stands_in_its_log_only() {
    const LATER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9000, 'later', 1, x'00', 0)";
    let fixture = closed().await;
    change(&fixture, LATER).await;
    let error = refused(&fixture.file("pitlane.db")).await;
    assert!(matches!(error, Error::Newer { found: 9000, .. }), "{error:?}");

    // The newer version was killed: what it changed has not reached the file.
    let killed = Fixture::new().await;
    sqlx::query(LATER).execute(&killed.store.writer).await.unwrap();
    let path = killed.snapshot("killed");
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9000, .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn one_without_its_tables_is_refused() {
    for table in ["meta", "api_tokens", "_sqlx_migrations"] {
        let fixture = closed().await;
        change(&fixture, &format!("DROP TABLE {table}")).await;
        let error = refused(&fixture.file("pitlane.db")).await;
        assert!(matches!(error, Error::Corrupt(_)) && error.to_string().contains("restore a backup"), "{table}: {error:?}");
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_short_is_refused_wherever_that_was() {
    let fixture = closed().await;
    let whole = std::fs::read(fixture.file("pitlane.db")).unwrap();
    for bytes in [1, 15, 16, 60, 99, 100, 4_095, 4_096, 5_000, whole.len() / 2, whole.len() - 1] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pitlane.db");
        std::fs::write(&path, &whole[..bytes]).unwrap();
        let error = refused(&path).await;
        assert!(matches!(&error, Error::Corrupt(words) if words.contains("cut short")), "{bytes} bytes: {error:?}");
    }
}

#[tokio::test]
async fn a_backup_that_was_put_beside_the_log_of_another_is_refused() {
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("op1", "n1", 0)).await;
    let backup = fixture.file("backup.db");
    fixture.store.backup(&backup).await.unwrap();
    accepted(&fixture.store, &operation("op2", "n2", 0)).await;
    let path = fixture.snapshot("restored");
    std::fs::copy(&backup, &path).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, Error::ForeignLog(_)) && error.to_string().contains("-wal"), "{error:?}");
    std::fs::remove_file(path.with_extension("db-wal")).unwrap();
    assert_eq!(reopened(&path).await.unfinished_operations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_log_without_its_database_does_not_become_that_of_a_new_one() {
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("op1", "n1", 0)).await;
    let path = fixture.snapshot("lost");
    std::fs::remove_file(&path).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, Error::ForeignLog(_)) && error.to_string().contains("is missing"), "{error:?}");
}

#[tokio::test]
async fn a_first_start_that_was_killed_leaves_nothing_that_the_next_one_stumbles_over() {
    for left in ["", "not a database"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pitlane.db");
        for ending in ["new", "new-journal", "new-wal"] {
            std::fs::write(path.with_extension(format!("db.{ending}")), left).unwrap();
        }
        let store = reopened(&path).await;
        store.check_writable().await.unwrap();
        store.close().await;
        let names: Vec<_> = files(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["pitlane.db"]);
    }
}

#[tokio::test]
async fn an_older_one_is_brought_up_to_date_but_not_under_a_server_that_runs() {
    let fixture = Fixture::new().await;
    let path = fixture.file("pitlane.db");
    let server = fixture.store.claim().unwrap();
    // As before the last migration: what it made is made again.
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .execute(&fixture.store.writer)
        .await
        .unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::OlderInUse(_)), "{error:?}");
    drop(server);
    assert!(!matches!(SqliteStore::open(&path).await, Err(Error::OlderInUse(_))));
}

#[tokio::test]
async fn keys_from_before_go_to_the_one_who_has_the_name_and_to_nobody_where_there_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pitlane.db");
    super::super::open::up_to(&path, |version| version < 11).await;
    let mut old = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    for statement in [
        "INSERT INTO api_tokens (id, hash, name, role, created_at) VALUES ('t1', x'01', 'deploy', 'operator', 1), ('t2', x'02', 'ci', 'operator', 1), ('t3', x'03', 'ci', 'operator', 1)",
        "INSERT INTO sessions (hash, id, name, role, created_at, expires_at) VALUES (x'AABBCCDDEEFF00112233', 's1', 'ada', 'admin', 1, 2)",
        // With the token of that name, and the key that the token itself has used: that one is not taken over.
        "INSERT INTO sessions (hash, id, name, role, token_id, created_at, expires_at) VALUES (x'02', 's2', 'deploy', 'operator', 't1', 1, 2)",
        "INSERT INTO idempotency (actor, route, key, body_hash, operation_id, created_at) VALUES \
         ('token:deploy', 'r', 'k', x'00', 'o1', 1), ('person:deploy', 'r', 'k', x'00', 'o2', 1), ('token:ci', 'r', 'k', x'00', 'o3', 1), \
         ('person:ada', 'r', 'k', x'00', 'o4', 1)",
    ] {
        sqlx::query(statement).execute(&mut old).await.unwrap();
    }
    old.close().await.unwrap();
    let store = reopened(&path).await;
    let keys: Vec<(String, String)> =
        sqlx::query_as("SELECT actor, operation_id FROM idempotency ORDER BY operation_id").fetch_all(&store.readers).await.unwrap();
    let keys: Vec<_> = keys.iter().map(|(actor, operation)| (actor.as_str(), operation.as_str())).collect();
    assert_eq!(keys, [("token#t1", "o1"), ("person:deploy", "o2"), ("token:ci", "o3"), ("session#aabbccddeeff0011", "o4")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_whoever_writes_and_says_so() {
    let fixture = Fixture::new().await;
    fixture.store.close().await;
    let path = fixture.file("pitlane.db");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::query("PRAGMA locking_mode = EXCLUSIVE").execute(&mut other).await.unwrap();
    sqlx::query("CREATE TABLE held (x)").execute(&mut other).await.unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let opening = tokio::spawn({
        let path = path.clone();
        async move {
            let open = || SqliteStore::open_with(&path, Duration::from_millis(50));
            super::super::open::patiently(&path, Duration::from_secs(60), |words| said.send(words).unwrap(), open).await
        }
    });
    let words = tokio::task::spawn_blocking(move || heard.recv().unwrap()).await.unwrap();
    assert!(words.contains("pitlane.db is busy: waiting until"), "{words}");
    other.close().await.unwrap();
    opening.await.unwrap().unwrap().check_writable().await.unwrap();
}

#[tokio::test]
async fn a_wait_has_an_end() {
    let fixture = Fixture::new().await;
    let path = fixture.file("pitlane.db");
    let busy = || async { Err::<(), _>(Error::Busy("test".into())) };
    let mut said = 0;
    let error = super::super::open::patiently(&path, Duration::from_millis(300), |_| said += 1, busy).await.unwrap_err();
    assert!(error.is_transient() && said == 1, "{error:?}, said {said} times");
}
