//! Tokens, sessions, codes.

use pitlane_api::Role;

use super::{Fixture, at};
use crate::store::{ApiToken, SecretHash, SignInCode, Store, StoredSession};

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

fn session(cookie: &str, token_id: Option<&str>) -> StoredSession {
    StoredSession {
        hash: SecretHash::of(cookie),
        name: "on-call".into(),
        role: Role::Admin,
        token_id: token_id.map(Into::into),
        created_at: at(0),
        expires_at: at(50),
    }
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
async fn revoking_a_token_ends_the_sessions_it_opened_and_no_other() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_token(&token("a"), &[]).await.unwrap();
    store.create_session(&session("by-token", Some("a"))).await.unwrap();
    store.create_session(&session("by-code", None)).await.unwrap();
    store.revoke_token("a", at(1), &[]).await.unwrap();
    assert_eq!(store.session(&SecretHash::of("by-token"), at(2)).await.unwrap(), None);
    assert_eq!(store.session(&SecretHash::of("by-code"), at(2)).await.unwrap(), Some(session("by-code", None)));
}

#[tokio::test]
async fn a_session_ends_by_time_and_by_signing_out() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_session(&session("c", None)).await.unwrap();
    let hash = SecretHash::of("c");
    assert!(store.session(&hash, at(49)).await.unwrap().is_some());
    assert_eq!(store.session(&hash, at(50)).await.unwrap(), None);
    store.end_session(&hash).await.unwrap();
    store.end_session(&hash).await.unwrap();
    assert_eq!(store.session(&hash, at(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_sign_in_code_works_once_and_in_time() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let code = |text: &str| SignInCode { hash: SecretHash::of(text), name: "admin".into(), role: Role::Admin, expires_at: at(600) };
    store.create_sign_in_code(&code("x")).await.unwrap();
    store.create_sign_in_code(&code("late")).await.unwrap();
    let tries = (0..10).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.spend_sign_in_code(&SecretHash::of("x"), at(1)).await.unwrap() })
    });
    let got: Vec<_> = futures::future::join_all(tries).await.into_iter().filter_map(|answer| answer.unwrap()).collect();
    assert_eq!(got, [code("x")]);
    assert_eq!(store.spend_sign_in_code(&SecretHash::of("late"), at(600)).await.unwrap(), None);
    assert_eq!(store.spend_sign_in_code(&SecretHash::of("never"), at(1)).await.unwrap(), None);
}
