//! Samples, pruning, backups.

use pitlane_api::{ActivityKind, Health, NodeId, OperationState, Role, Sample, SignalState};

use super::{Fixture, accepted, at, entry, in_state, operation, reopened};
use crate::store::{Acceptance, ActivityQuery, Error, NewSession, Prune, Replay, SecretHash, SignInCode, SignInProof, Store};

const ALL: ActivityQuery = ActivityQuery { node: None, actor: None, kinds: Vec::new(), since: None, until: None, before: None, limit: 1000 };

fn sample(second: i64, beats: u32) -> Sample {
    Sample {
        at: at(second),
        beats,
        expected: 60,
        cpu_percent: Some(12.5),
        memory_percent: None,
        disk_percent: Some(91.0),
        health: Health::Degraded,
        maintenance: beats.is_multiple_of(2),
        signals: [("Docker".to_owned(), SignalState::Bad), ("Caddy".to_owned(), SignalState::NotPresent)].into(),
    }
}

#[tokio::test]
async fn a_bucket_is_replaced_and_read_back() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let (a, b) = (NodeId::from("a"), NodeId::from("b"));
    store.put_samples(&[(a.clone(), sample(0, 1)), (b.clone(), sample(0, 2)), (a.clone(), sample(300, 3))]).await.unwrap();
    store.put_samples(&[(a.clone(), sample(300, 4))]).await.unwrap();
    assert_eq!(store.samples(&a, at(0)).await.unwrap(), [sample(0, 1), sample(300, 4)]);
    assert_eq!(store.samples(&a, at(1)).await.unwrap(), [sample(300, 4)]);
    store.forget_node(&a).await.unwrap();
    assert_eq!(store.samples(&a, at(0)).await.unwrap(), []);
    assert_eq!(store.samples(&b, at(0)).await.unwrap(), [sample(0, 2)]);
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_nothing_else() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let node = NodeId::from("n1");
    store.put_samples(&[(node.clone(), sample(0, 1)), (node.clone(), sample(300, 1))]).await.unwrap();
    for (number, id) in ["old", "last"].into_iter().enumerate() {
        let second = i64::try_from(number).unwrap();
        let one = operation(id, "n1", second);
        let key = Some(super::key(id, "body"));
        store.accept(&Acceptance { idempotency: key, ..super::acceptance(&one) }).await.unwrap();
        let done = in_state(&one, OperationState::Completed, second);
        // The state differs, so the save is one although the second is the same.
        store.save_operation(&one, &done, &[entry(ActivityKind::Drained, &done)]).await.unwrap().unwrap();
    }
    accepted(&store, &operation("runs", "n2", 0)).await;
    let session = async |cookie: &str, second| {
        let code = SignInCode { hash: SecretHash::of(cookie), name: "a".into(), role: Role::Viewer, expires_at: at(1) };
        store.create_sign_in_code(&code, &[]).await.unwrap();
        let new = NewSession {
            id: cookie.into(),
            hash: SecretHash::of(cookie),
            proof: SignInProof::Code(SecretHash::of(cookie)),
            origin: None,
            browser: None,
            at: at(0),
            until: at(second),
            per_owner: 10,
            in_all: 10,
        };
        store.open_session(&new, &|_| Vec::new()).await.unwrap().unwrap();
    };
    session("short", 10).await;
    session("long", 1_000_000).await;
    let code = SignInCode { hash: SecretHash::of("c"), name: "a".into(), role: Role::Viewer, expires_at: at(10) };
    store.create_sign_in_code(&code, &[]).await.unwrap();

    let day = 24 * 3600;
    let gone = store.prune(&Prune { now: at(day + 1), samples_before: at(300), activity_before: at(1) }).await.unwrap();
    // One sample, three entries, one operation, two keys, one session, one code.
    assert_eq!(gone, 9);
    assert_eq!(store.samples(&node, at(0)).await.unwrap(), [sample(300, 1)]);
    let ids: Vec<_> = store.last_operations().await.unwrap().into_iter().map(|operation| operation.id.0).collect();
    assert_eq!(ids, ["last", "runs"], "the last operation of a node and an unfinished one stay");
    assert_eq!(store.operation(&"old".into()).await.unwrap(), None);
    assert_eq!(store.activity(&ALL).await.unwrap().len(), 2);
    assert_eq!(store.replay(&super::key("last", "body"), at(2)).await.unwrap(), Replay::New);
    assert!(store.session(&SecretHash::of("long"), at(day)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_backup_is_whole_while_the_store_is_written() {
    let fixture = Fixture::new().await;
    accepted(&fixture.store, &operation("before", "before", 0)).await;
    let writer = {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            for number in 0..50 {
                accepted(&store, &operation(&format!("op{number}"), &format!("n{number}"), number)).await;
            }
        })
    };
    let to = fixture.file("it's a copy.db");
    fixture.store.backup(&to).await.unwrap();
    writer.await.unwrap();
    let copy = reopened(&to).await;
    let operations = copy.last_operations().await.unwrap();
    assert_eq!(operations[0].id.as_str(), "before");
    assert_eq!(operations.len(), copy.activity(&ALL).await.unwrap().len());
    copy.check_writable().await.unwrap();
    assert!(!fixture.file("it's a copy.db.partial").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let fixture = Fixture::new().await;
    let to = fixture.file("precious.txt");
    std::fs::write(&to, "precious").unwrap();
    let error = fixture.store.backup(&to).await.unwrap_err();
    assert!(matches!(&error, Error::Io(words) if words.contains("exists already")), "{error:?}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "precious");
    assert!(fixture.store.backup(&fixture.file("no/such/folder.db")).await.is_err());
}
