//! Tokens, sessions, codes.

use pitlane_api::{ActivityKind, Role, Words};
use sqlx::{Connection as _, SqliteConnection};

use super::{Fixture, at, reopened};
use crate::store::{
    ActivityQuery, ApiToken, NewActivity, NewSession, OpenedSession, SecretHash, SessionFilter, SessionOwner, SignInCode, SignInProof, SqliteStore,
    Store, StoredSession,
};

fn token(id: &str) -> ApiToken {
    ApiToken {
        id: id.into(),
        hash: SecretHash::of(id),
        name: "deploy script".into(),
        role: Role::Operator,
        created_at: at(0),
        expires_at: Some(at(100)),
        revoked_at: None,
        last_used_at: None,
    }
}

/// A session of `proof` with the cookie `cookie`, opened at this second.
fn new(cookie: &str, proof: SignInProof, second: i64) -> NewSession {
    NewSession {
        id: format!("id-{cookie}"),
        hash: SecretHash::of(cookie),
        proof,
        origin: Some("10.0.0.1".into()),
        browser: Some("Firefox · Linux".into()),
        at: at(second),
        until: at(500),
        per_owner: 3,
        in_all: 5,
    }
}

fn code(text: &str, name: &str) -> SignInCode {
    SignInCode { hash: SecretHash::of(text), name: name.into(), role: Role::Admin, expires_at: at(600) }
}

fn entries(sessions: &[StoredSession]) -> Vec<NewActivity> {
    let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
    vec![NewActivity::by_system(at(0), ActivityKind::SessionEnded, Words::plain(ids.join(" ")))]
}

async fn by_token(store: &SqliteStore, cookie: &str, token: &str, second: i64) -> Option<OpenedSession> {
    store.open_session(&new(cookie, SignInProof::Token(SecretHash::of(token)), second), &entries).await.unwrap()
}

/// Signs in by a link for this name.
async fn by_link(store: &SqliteStore, cookie: &str, name: &str, second: i64) -> OpenedSession {
    store.create_sign_in_code(&code(cookie, name), &[]).await.unwrap();
    store.open_session(&new(cookie, SignInProof::Code(SecretHash::of(cookie)), second), &entries).await.unwrap().unwrap()
}

async fn ids(store: &SqliteStore, filter: SessionFilter) -> Vec<String> {
    store.sessions(&filter).await.unwrap().into_iter().map(|session| session.id).collect()
}

async fn log(store: &SqliteStore) -> Vec<String> {
    let query = ActivityQuery { node: None, actor: None, kinds: Vec::new(), since: None, until: None, before: None, limit: 1000 };
    store.activity(&query).await.unwrap().into_iter().map(|entry| entry.message.english().to_owned()).collect()
}

#[tokio::test]
async fn a_token_can_be_found_used_and_revoked() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_token(&token("a"), &[]).await.unwrap();
    store.create_token(&token("b"), &[]).await.unwrap();
    let found = store.token_by_hash(&SecretHash::of("a")).await.unwrap().unwrap();
    assert_eq!(found, token("a"));
    assert!(found.usable(at(99)) && !found.usable(at(100)));
    store.touch_token("a", at(7)).await.unwrap();
    assert!(store.revoke_token("a", at(8), &[]).await.unwrap());
    assert!(!store.revoke_token("a", at(9), &[]).await.unwrap(), "it is revoked already");
    assert!(!store.revoke_token("none", at(9), &[]).await.unwrap());
    let revoked = store.token_by_hash(&SecretHash::of("a")).await.unwrap().unwrap();
    assert_eq!((revoked.revoked_at, revoked.last_used_at, revoked.usable(at(8))), (Some(at(8)), Some(at(7)), false));
    let names: Vec<_> = store.tokens().await.unwrap().into_iter().map(|token| token.id).collect();
    assert_eq!(names, ["b", "a"]);
}

#[tokio::test]
async fn a_session_says_whose_it_is_from_where_and_since_when() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_token(&token("a"), &[]).await.unwrap();
    let opened = by_token(&store, "one", "a", 10).await.unwrap();
    let session = StoredSession {
        id: "id-one".into(),
        hash: SecretHash::of("one"),
        name: "deploy script".into(),
        role: Role::Operator,
        token_id: Some("a".into()),
        origin: Some("10.0.0.1".into()),
        browser: Some("Firefox · Linux".into()),
        created_at: at(10),
        last_used_at: Some(at(10)),
        expires_at: at(100),
    };
    assert_eq!(opened.session, session, "the token's own end is earlier");
    assert_eq!(store.token_by_hash(&SecretHash::of("a")).await.unwrap().unwrap().last_used_at, Some(at(10)));
    store.touch_session(&SecretHash::of("one"), at(70)).await.unwrap();
    let found = store.session(&SecretHash::of("one"), at(71)).await.unwrap();
    assert_eq!(found, Some(StoredSession { last_used_at: Some(at(70)), ..session }));
    assert_eq!(by_link(&store, "two", "ada", 11).await.session.expires_at, at(500));
    assert_eq!(log(&store).await, ["id-two", "id-one"]);
}

#[tokio::test]
async fn revoking_a_token_ends_the_sessions_it_opened_and_no_other() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_token(&token("a"), &[]).await.unwrap();
    by_token(&store, "by-token", "a", 0).await.unwrap();
    let by_code = by_link(&store, "by-code", "deploy script", 0).await.session;
    store.revoke_token("a", at(1), &[]).await.unwrap();
    assert_eq!(store.session(&SecretHash::of("by-token"), at(2)).await.unwrap(), None);
    assert_eq!(store.session(&SecretHash::of("by-code"), at(2)).await.unwrap(), Some(by_code));
    assert_eq!(by_token(&store, "late", "a", 3).await, None, "it was looked up before it was revoked");
}

#[tokio::test]
async fn revoking_every_token_leaves_one_and_nobody_signed_in() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    for name in ["a", "b", "kept"] {
        store.create_token(&token(name), &[]).await.unwrap();
    }
    by_token(&store, "one", "a", 0).await.unwrap();
    by_token(&store, "two", "kept", 0).await.unwrap();
    by_link(&store, "three", "ada", 0).await;
    store.create_sign_in_code(&code("waits", "ada"), &[]).await.unwrap();
    let entry = NewActivity::by_system(at(0), ActivityKind::TokenChanged, Words::plain("every token"));
    let gone = store.revoke_every_token(Some(&SecretHash::of("kept")), at(1), std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(gone, (2, 3));
    assert_eq!(ids(&store, SessionFilter::default()).await, [""; 0]);
    assert!(store.open_session(&new("x", SignInProof::Code(SecretHash::of("waits")), 2), &entries).await.unwrap().is_none());
    let usable: Vec<_> = store.tokens().await.unwrap().into_iter().filter(|token| token.usable(at(2))).map(|token| token.id).collect();
    assert_eq!(usable, ["kept"]);
    assert_eq!(log(&store).await[0], "every token");
    assert_eq!(store.revoke_every_token(None, at(2), &[entry]).await.unwrap(), (1, 0));
}

#[tokio::test]
async fn a_session_ends_by_time_and_by_its_cookie() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    by_link(&store, "c", "ada", 0).await;
    store.create_sign_in_code(&code("waits", "ada"), &[]).await.unwrap();
    let hash = SecretHash::of("c");
    assert!(store.session(&hash, at(499)).await.unwrap().is_some());
    assert_eq!(store.session(&hash, at(500)).await.unwrap(), None);
    let filter = SessionFilter { hash: Some(hash), ..SessionFilter::default() };
    let (ended, activity) = store.end_sessions(&filter, &entries).await.unwrap();
    assert_eq!((ended.len(), activity.len()), (1, 1));
    let (ended, activity) = store.end_sessions(&filter, &entries).await.unwrap();
    assert_eq!((ended.len(), activity.len()), (0, 0), "nothing happened, and nothing is told");
    assert_eq!(store.session(&hash, at(1)).await.unwrap(), None);
    assert!(store.open_session(&new("x", SignInProof::Code(SecretHash::of("waits")), 2), &entries).await.unwrap().is_some(), "the link still works");
}

#[tokio::test]
async fn sessions_are_found_and_ended_by_owner_by_name_and_all() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    // A token whose name is that of a person is not that person.
    store.create_token(&ApiToken { name: "ada".into(), ..token("a") }, &[]).await.unwrap();
    let open = async || {
        by_token(&store, "token", "a", 1).await.unwrap();
        by_link(&store, "link-1", "ada", 2).await;
        by_link(&store, "link-2", "ada", 3).await;
        by_link(&store, "bob", "bob", 4).await;
        store.create_sign_in_code(&code("ada-waits", "ada"), &[]).await.unwrap();
        store.create_sign_in_code(&code("bob-waits", "bob"), &[]).await.unwrap();
    };
    let all = SessionFilter::default;
    let links = || SessionFilter { owner: Some(SessionOwner::Links("ada".into())), ..all() };
    let end = async |filter: SessionFilter| {
        let mut ended: Vec<_> = store.end_sessions(&filter, &entries).await.unwrap().0.into_iter().map(|session| session.id).collect();
        ended.sort();
        ended
    };
    let signs_in = async |code: &str| {
        let proof = SignInProof::Code(SecretHash::of(code));
        store.open_session(&new(code, proof, 9), &entries).await.unwrap().is_some()
    };

    open().await;
    assert_eq!(ids(&store, all()).await, ["id-bob", "id-link-2", "id-link-1", "id-token"]);
    assert_eq!(ids(&store, links()).await, ["id-link-2", "id-link-1"]);
    assert_eq!(ids(&store, SessionFilter { owner: Some(SessionOwner::Token("a".into())), ..all() }).await, ["id-token"]);
    assert_eq!(ids(&store, SessionFilter { name: Some("ada".into()), ..all() }).await, ["id-link-2", "id-link-1", "id-token"]);
    assert_eq!(ids(&store, SessionFilter { open_at: Some(at(100)), ..all() }).await, ["id-bob", "id-link-2", "id-link-1"]);
    assert_eq!(end(SessionFilter { id: Some("id-bob".into()), ..links() }).await, [""; 0], "not theirs");
    assert_eq!(end(SessionFilter { except: Some(SecretHash::of("link-1")), ..links() }).await, ["id-link-2"]);
    assert!(signs_in("ada-waits").await, "ending one's own leaves links alone");
    assert_eq!(end(SessionFilter { name: Some("ada".into()), ..all() }).await, ["id-ada-waits", "id-link-1", "id-token"]);
    assert_eq!(ids(&store, all()).await, ["id-bob"]);
    assert!(signs_in("bob-waits").await);

    end(all()).await;
    open().await;
    end(SessionFilter { name: Some("ada".into()), ..all() }).await;
    assert!(!signs_in("ada-waits").await && signs_in("bob-waits").await);
    end(all()).await;
    open().await;
    assert_eq!(end(SessionFilter { except: Some(SecretHash::of("bob")), ..all() }).await, ["id-link-1", "id-link-2", "id-token"]);
    assert!(!signs_in("ada-waits").await && !signs_in("bob-waits").await);
    assert_eq!(ids(&store, all()).await, ["id-bob"]);
}

#[tokio::test]
async fn the_session_used_longest_ago_makes_room_for_a_new_one() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_token(&token("a"), &[]).await.unwrap();
    for (second, cookie) in ["one", "two", "three"].into_iter().enumerate() {
        by_token(&store, cookie, "a", i64::try_from(second).unwrap()).await.unwrap();
    }
    store.touch_session(&SecretHash::of("one"), at(9)).await.unwrap();
    let ended = |opened: OpenedSession| opened.ended.into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(ended(by_token(&store, "four", "a", 10).await.unwrap()), ["id-two"]);
    assert_eq!(log(&store).await[0], "id-four id-two");
    assert_eq!(ended(by_link(&store, "ada", "ada", 11).await), [""; 0], "another owner");
    assert_eq!(ended(by_link(&store, "bob", "bob", 12).await), [""; 0]);
    // Five in all: a sixth ends whichever was used longest ago.
    assert_eq!(ended(by_link(&store, "cy", "cy", 13).await), ["id-three"]);
    assert_eq!(ids(&store, SessionFilter::default()).await, ["id-cy", "id-bob", "id-ada", "id-four", "id-one"]);
}

#[tokio::test]
async fn sessions_from_before_they_had_ids_can_be_listed_and_ended() {
    let fixture = Fixture::new().await;
    fixture.store.close().await;
    let file = fixture.file("old.db");
    let before = |version: i64| version < 7;
    super::super::open::up_to(&file, before).await;
    let mut old = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for cookie in ["one", "two"] {
        sqlx::query("INSERT INTO sessions (hash, name, role, token_id, created_at, expires_at) VALUES (?, 'ada', 'admin', NULL, ?, ?)")
            .bind(SecretHash::of(cookie).as_bytes())
            .bind(super::super::convert::nanos(at(1)))
            .bind(super::super::convert::nanos(at(50)))
            .execute(&mut old)
            .await
            .unwrap();
    }
    old.close().await.unwrap();

    let store = reopened(&file).await;
    let kept = store.session(&SecretHash::of("one"), at(2)).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.role, kept.created_at, kept.expires_at), ("ada", Role::Admin, at(1), at(50)));
    assert_eq!((&kept.origin, &kept.browser, kept.last_used_at), (&None, &None, None), "nobody knows");
    let ids = ids(&store, SessionFilter::default()).await;
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids.iter().all(|id| id.len() == 12), "{ids:?}");
    store.end_sessions(&SessionFilter { id: Some(kept.id), ..SessionFilter::default() }, &entries).await.unwrap();
    assert_eq!(store.session(&SecretHash::of("one"), at(2)).await.unwrap(), None);
    assert!(store.session(&SecretHash::of("two"), at(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sign_in_code_works_once_and_in_time() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_sign_in_code(&code("x", "ada"), &[]).await.unwrap();
    store.create_sign_in_code(&code("late", "ada"), &[]).await.unwrap();
    let tries = (0..10).map(|n| {
        let store = store.clone();
        tokio::spawn(
            async move { store.open_session(&new(&format!("cookie-{n}"), SignInProof::Code(SecretHash::of("x")), 1), &entries).await.unwrap() },
        )
    });
    let got: Vec<_> = futures::future::join_all(tries).await.into_iter().filter_map(|answer| answer.unwrap()).collect();
    assert!(matches!(got.as_slice(), [opened] if opened.session.name == "ada"), "{got:?}");
    let late = async |second| store.open_session(&new("l", SignInProof::Code(SecretHash::of("late")), second), &entries).await.unwrap();
    assert_eq!(late(600).await, None);
    assert_eq!(late(1).await, None, "tried too late, it stays spent when the clock is set back");
    let never = store.open_session(&new("n", SignInProof::Code(SecretHash::of("never")), 1), &entries).await.unwrap();
    assert_eq!(never, None);
}
