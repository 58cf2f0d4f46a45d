//! What has expired once stays so, whatever the clock says afterwards; and a namesake is nobody else.

use pitlane_api::{NodeId, Role, ShareLifetime, ShareLink};

use super::{Fixture, at, reopened};
use crate::store::{
    ApiToken, Enrolled, Enrolment, EnrolmentToken, NewSession, SecretHash, SignInCode, SignInProof, SqliteStore, Store, StoredShareLink,
};

fn token(id: &str, name: &str, ends: Option<i64>) -> ApiToken {
    let expires_at = ends.map(at);
    ApiToken {
        id: id.into(),
        hash: SecretHash::of(id),
        name: name.into(),
        role: Role::Operator,
        created_at: at(0),
        expires_at,
        revoked_at: None,
        last_used_at: None,
    }
}

/// Signs in by a link.
async fn sign_in(store: &SqliteStore, cookie: &str, second: i64, ends: i64) {
    let code = SignInCode { hash: SecretHash::of("link"), name: "ada".into(), role: Role::Admin, expires_at: at(second + 1) };
    store.create_sign_in_code(&code, &[]).await.unwrap();
    let new = NewSession {
        id: format!("id-{cookie}"),
        hash: SecretHash::of(cookie),
        proof: SignInProof::Code(code.hash),
        origin: None,
        browser: None,
        at: at(second),
        until: at(ends),
        per_owner: 10,
        in_all: 10,
    };
    store.open_session(&new, &|_| Vec::new()).await.unwrap().unwrap();
}

async fn has_code(store: &SqliteStore, hash: &SecretHash) -> bool {
    super::super::sign_in::has_code(store, hash).await.unwrap()
}

fn link(id: &str, ends: i64) -> StoredShareLink {
    let link = ShareLink {
        id: id.into(),
        node_id: NodeId::from("n1"),
        lifetime: ShareLifetime::Hour,
        created_by: "ada".into(),
        created_at: at(0),
        expires_at: at(ends),
    };
    StoredShareLink { link, hash: SecretHash::of(id), ended_at: None, owner: Some("person:ada".into()) }
}

fn enrolment_token(id: &str, ends: i64) -> EnrolmentToken {
    EnrolmentToken {
        id: id.into(),
        hash: SecretHash::of(id),
        multi_use: true,
        allow_replace: false,
        engine_node_id: None,
        created_by: "ada".into(),
        created_at: at(0),
        expires_at: at(ends),
        used_at: None,
    }
}

fn enrolment(token: &str, second: i64) -> Enrolment {
    Enrolment {
        enrolment_token: SecretHash::of(token),
        node_id: NodeId::from("n1"),
        engine_node_id: "e1".into(),
        machine_id: "m1".into(),
        agent_token: SecretHash::of("agent"),
        at: at(second),
        replace: false,
        activity: Vec::new(),
    }
}

#[tokio::test]
async fn what_was_seen_expired_stays_expired_when_the_clock_is_set_back() {
    let Fixture { store, folder } = Fixture::new().await;
    for (id, ends) in [("short", 100), ("long", 10_000)] {
        sign_in(&store, id, 0, ends).await;
        store.create_share_link(&link(id, ends), 50, &[]).await.unwrap().unwrap();
        store.create_token(&token(id, "ci", Some(ends)), &[]).await.unwrap();
        store.create_enrolment_token(&enrolment_token(id, ends), &[]).await.unwrap();
        let code = SignInCode { hash: SecretHash::of(id), name: "ada".into(), role: Role::Admin, expires_at: at(ends) };
        store.create_sign_in_code(&code, &[]).await.unwrap();
    }
    store.create_token(&token("for ever", "ci", None), &[]).await.unwrap();
    assert_eq!(store.end_expired(at(99)).await.unwrap(), 0);
    assert_eq!(store.end_expired(at(100)).await.unwrap(), 5);
    assert_eq!(store.end_expired(at(101)).await.unwrap(), 0, "once");
    store.close().await;

    // Another run, and a clock that was set back to before all of it ended.
    let store = reopened(&folder.path().join("pitlane.db")).await;
    let (gone, works) = (SecretHash::of("short"), SecretHash::of("long"));
    assert_eq!(store.session(&gone, at(1)).await.unwrap(), None);
    assert_eq!(store.share_link(&gone, at(1)).await.unwrap(), None);
    assert!(!has_code(&store, &gone).await);
    assert!(!store.token_by_hash(&gone).await.unwrap().unwrap().usable(at(1)));
    assert!(store.enrolment_token(&gone).await.unwrap().unwrap().expires_at < at(1));
    assert_eq!(store.enroll(&enrolment("short", 1)).await.unwrap(), Enrolled::TokenInvalid);
    assert!(store.session(&works, at(1)).await.unwrap().is_some());
    assert!(store.share_link(&works, at(1)).await.unwrap().is_some());
    assert!(store.token_by_hash(&works).await.unwrap().unwrap().usable(at(1)));
    assert!(store.token_by_hash(&SecretHash::of("for ever")).await.unwrap().unwrap().usable(at(1_000_000)));
    assert!(has_code(&store, &works).await);
    assert_eq!(store.enroll(&enrolment("long", 1)).await.unwrap(), Enrolled::Done(Vec::new()));
    // And what is made from then on works: nobody is locked out by a clock that was wrong.
    sign_in(&store, "new", 0, 60).await;
    assert!(store.session(&SecretHash::of("new"), at(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn the_time_is_noted_for_the_next_start() {
    let Fixture { store, folder } = Fixture::new().await;
    assert_eq!(store.latest_time().await.unwrap(), None);
    store.note_time(at(7)).await.unwrap();
    store.note_time(at(8)).await.unwrap();
    store.close().await;
    assert_eq!(reopened(&folder.path().join("pitlane.db")).await.latest_time().await.unwrap(), Some(at(8)));
}

#[tokio::test]
async fn the_servers_own_token_is_renewed_and_a_namesake_of_it_is_left_alone() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let usable = async |id: &str| store.token_by_hash(&SecretHash::of(id)).await.unwrap().unwrap().usable(at(1));
    store.create_token(&token("a person's", "the demo", None), &[]).await.unwrap();
    // An older version made this one and noted nothing; its secret is in local.json.
    store.create_token(&token("first", "the demo", None), &[]).await.unwrap();
    store.renew_own_token(&token("second", "the demo", None), Some(&SecretHash::of("first"))).await.unwrap();
    assert!(!usable("first").await && usable("second").await && usable("a person's").await);
    store.renew_own_token(&token("third", "the demo", None), Some(&SecretHash::of("a person's"))).await.unwrap();
    assert!(!usable("second").await && usable("third").await && usable("a person's").await);
}
