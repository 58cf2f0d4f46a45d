//! Who is signed in, and the end of it: one's own, and everybody's for an admin.

use pitlane::store::{ApiToken, SecretHash, SessionFilter, SignInCode, Store as _};
use pitlane_api::Role;
use serde_json::{Value, json};

use crate::{
    events::Stream,
    world::{Answer, World},
};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Signs in by a link for this name; gives back the cookie.
async fn by_link(world: &World, name: &str, role: Role) -> String {
    let secret = uuid::Uuid::new_v4().to_string();
    let expires_at = jiff::Timestamp::now() + std::time::Duration::from_secs(600);
    world.store.create_sign_in_code(&SignInCode { hash: SecretHash::of(&secret), name: name.into(), role, expires_at }, &[]).await.unwrap();
    cookie(&world.post("/api/v1/session").header("user-agent", FIREFOX).json(&json!({ "code": secret })).send().await)
}

async fn by_token(world: &World, token: &str) -> String {
    cookie(&world.post("/api/v1/session").json(&json!({ "token": token })).send().await)
}

/// A token of this name; gives back its id and its secret.
async fn token_of(world: &World, name: &str, role: Role) -> (String, String) {
    let secret = format!("pl_{}", uuid::Uuid::new_v4().simple());
    let token = ApiToken {
        id: uuid::Uuid::new_v4().to_string(),
        hash: SecretHash::of(&secret),
        name: name.into(),
        role,
        created_at: jiff::Timestamp::now(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    world.store.create_token(&token, &[]).await.unwrap();
    (token.id, secret)
}

fn cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn listed(world: &World, cookie: &str, query: &str) -> Vec<Value> {
    let answer = world.get(&format!("/api/v1/sessions{query}")).cookie(cookie).send().await;
    answer.data(200)["sessions"].as_array().unwrap().clone()
}

async fn id_of(world: &World, cookie: &str) -> String {
    let all = listed(world, cookie, "").await;
    all.iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap().to_owned()
}

async fn is_signed_in(world: &World, cookie: &str) -> bool {
    let answer = world.get("/api/v1/session").cookie(cookie).send().await;
    if answer.status != 200 {
        answer.refused(401, "unauthorized");
    }
    answer.status == 200
}

/// What the log says of sessions, newest first.
async fn log(world: &World) -> Vec<(String, String)> {
    let token = world.token(Role::Viewer).await;
    let answer = world.get("/api/v1/activity?kind=signed_in,session_ended").bearer(&token).send().await;
    let entries = answer.data(200)["entries"].as_array().unwrap().clone();
    entries.into_iter().map(|entry| (entry["actor"].as_str().unwrap().to_owned(), entry["message"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn everybody_sees_their_own_sessions_with_where_from_and_since_when() {
    let world = World::new().await;
    let (one, two) = (by_link(&world, "ada", Role::Viewer).await, by_link(&world, "ada", Role::Viewer).await);
    by_link(&world, "bob", Role::Viewer).await;
    let sessions = listed(&world, &two, "").await;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let newest = &sessions[0];
    assert_eq!((&newest["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
    for (field, value) in [
        ("name", json!("ada")),
        ("role", json!("viewer")),
        ("signed_in_with", json!("link")),
        ("token_id", json!(null)),
        ("origin", json!("127.0.0.1")),
        ("browser", json!("Firefox · Linux")),
        ("own", json!(true)),
    ] {
        assert_eq!(newest[field], value, "{field}");
    }
    for time in ["created_at", "last_used_at", "expires_at"] {
        newest[time].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    let text = format!("{sessions:?}");
    let secret = |cookie: &str| cookie.split('=').nth(1).unwrap().to_owned();
    assert!(!text.contains(&secret(&one)) && !text.contains(&secret(&two)), "a secret is in the list");
}

#[tokio::test]
async fn a_namesake_is_not_the_same_person() {
    let world = World::new().await;
    let ((first_id, first), (_, second)) = (token_of(&world, "ada", Role::Viewer).await, token_of(&world, "ada", Role::Viewer).await);
    let by_link = by_link(&world, "ada", Role::Viewer).await;
    let (by_first, by_second) = (by_token(&world, &first).await, by_token(&world, &second).await);
    for cookie in [&by_link, &by_first, &by_second] {
        let sessions = listed(&world, cookie, "").await;
        assert_eq!(sessions.len(), 1, "{sessions:?}");
    }
    assert_eq!(listed(&world, &by_first, "").await[0]["token_id"], first_id);
    // The token itself sees and ends what was opened with it.
    let answer = world.get("/api/v1/sessions").bearer(&first).send().await;
    assert_eq!(answer.data(200)["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(answer.data(200)["sessions"][0]["current"], false);
    let ended = world.call("DELETE", "/api/v1/sessions").bearer(&first).send().await;
    assert_eq!(ended.data(200)["ended"], 1);
    assert!(!is_signed_in(&world, &by_first).await);
    assert!(is_signed_in(&world, &by_second).await && is_signed_in(&world, &by_link).await);
}

#[tokio::test]
async fn one_session_is_ended_with_its_stream_at_once() {
    let world = World::new().await;
    let (here, there) = (by_link(&world, "ada", Role::Viewer).await, by_link(&world, "ada", Role::Viewer).await);
    let (mine, theirs) =
        (Stream::of(world.get("/api/v1/events").cookie(&here).open().await), Stream::of(world.get("/api/v1/events").cookie(&there).open().await));
    let path = format!("/api/v1/sessions/{}", id_of(&world, &there).await);
    let started = std::time::Instant::now();
    world.call("DELETE", &path).cookie(&here).send().await.data(200);
    theirs.end().await;
    // An open stream looks for itself every five seconds: this one was told.
    assert!(started.elapsed() < std::time::Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(!is_signed_in(&world, &there).await && is_signed_in(&world, &here).await);
    assert_eq!(log(&world).await[0], ("ada".into(), "Ended the session of ada from 127.0.0.1.".into()), "written before it was answered");
    world.call("DELETE", &path).cookie(&here).send().await.refused(404, "not_found");

    // One's own, too: the page then leads to the sign-in.
    let own = format!("/api/v1/sessions/{}", id_of(&world, &here).await);
    world.call("DELETE", &own).cookie(&here).send().await.data(200);
    mine.end().await;
    assert!(!is_signed_in(&world, &here).await);
}

#[tokio::test]
async fn all_others_of_ones_own_are_ended_and_the_one_that_asks_stays() {
    let world = World::new().await;
    let here = by_link(&world, "ada", Role::Operator).await;
    let others = [by_link(&world, "ada", Role::Operator).await, by_link(&world, "ada", Role::Viewer).await];
    let bob = by_link(&world, "bob", Role::Operator).await;
    let end = async || world.call("DELETE", "/api/v1/sessions").cookie(&here).send().await.data(200)["ended"].clone();
    assert_eq!(end().await, 2);
    for other in &others {
        assert!(!is_signed_in(&world, other).await);
    }
    assert!(is_signed_in(&world, &here).await && is_signed_in(&world, &bob).await);
    assert_eq!(log(&world).await[0], ("ada".into(), "Ended 2 sessions of ada.".into()));
    let before = log(&world).await.len();
    assert_eq!(end().await, 0, "again is as good");
    assert_eq!(log(&world).await.len(), before, "what did not happen is not told");
}

#[tokio::test]
async fn other_peoples_sessions_are_an_admins_business() {
    let world = World::new().await;
    let admin = by_link(&world, "root", Role::Admin).await;
    let (viewer, operator) = (by_link(&world, "ada", Role::Viewer).await, by_link(&world, "bob", Role::Operator).await);
    let victim = id_of(&world, &admin).await;
    for cookie in [&viewer, &operator] {
        for query in ["?everyone=true", "?name=root"] {
            let path = format!("/api/v1/sessions{query}");
            for method in ["GET", "DELETE"] {
                let answer = world.call(method, &path).cookie(cookie).send().await;
                answer.refused(403, "role");
                assert_eq!(answer.body["error"]["details"]["needs"], "admin");
            }
        }
        let foreign = world.call("DELETE", &format!("/api/v1/sessions/{victim}")).cookie(cookie).send().await;
        foreign.refused(404, "not_found");
        let unknown = world.call("DELETE", "/api/v1/sessions/nobody").cookie(cookie).send().await;
        unknown.refused(404, "not_found");
        assert_eq!(foreign.body["message"], unknown.body["message"], "whether it exists is not told");
        assert_eq!(listed(&world, cookie, "?everyone=false").await.len(), 1);
    }
    assert!(is_signed_in(&world, &admin).await);

    let all = listed(&world, &admin, "?everyone=true").await;
    let of = |field: &str| all.iter().map(|session| session[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("name"), ["bob", "ada", "root"]);
    assert_eq!(of("own"), [false, false, true]);
    assert_eq!(listed(&world, &admin, "").await.len(), 1, "an admin's own are their own");
    assert_eq!(listed(&world, &admin, "?name=ada").await.len(), 1);
    let ada = id_of(&world, &viewer).await;
    world.call("DELETE", &format!("/api/v1/sessions/{ada}")).cookie(&admin).send().await.data(200);
    assert!(!is_signed_in(&world, &viewer).await && is_signed_in(&world, &operator).await);
}

#[tokio::test]
async fn an_admin_ends_everybodys_with_links_that_wait() {
    let world = World::new().await;
    let admin = by_link(&world, "root", Role::Admin).await;
    let people = [by_link(&world, "ada", Role::Viewer).await, by_link(&world, "bob", Role::Operator).await];
    let streams = [
        Stream::of(world.get("/api/v1/events").cookie(&people[0]).open().await),
        Stream::of(world.get("/api/v1/events").cookie(&people[1]).open().await),
    ];
    let (_, token) = token_of(&world, "script", Role::Viewer).await;
    let waiting = world.code(Role::Viewer).await;
    let answer = world.call("DELETE", "/api/v1/sessions?everyone=true").cookie(&admin).send().await;
    assert_eq!(answer.data(200)["ended"], 2);
    for stream in streams {
        stream.end().await;
    }
    assert_eq!(listed(&world, &admin, "?everyone=true").await.len(), 1, "the one that asks stays");
    world.post("/api/v1/session").json(&json!({ "code": waiting })).send().await.refused(401, "unauthorized");
    world.get("/api/v1/fleet").bearer(&token).send().await.data(200);
    assert_eq!(log(&world).await[0], ("root".into(), "Ended 2 sessions of ada, bob.".into()));

    // A script has no session of its own to be spared.
    let (_, admins) = token_of(&world, "root", Role::Admin).await;
    let answer = world.call("DELETE", "/api/v1/sessions?name=root").bearer(&admins).send().await;
    assert_eq!(answer.data(200)["ended"], 1);
    assert!(!is_signed_in(&world, &admin).await);
}

#[tokio::test]
async fn bad_requests_are_refused_and_end_nothing() {
    let world = World::new().await;
    let (here, there) = (by_link(&world, "ada", Role::Admin).await, by_link(&world, "ada", Role::Admin).await);
    let id = id_of(&world, &there).await;
    let one = format!("/api/v1/sessions/{id}");
    for path in ["/api/v1/sessions", "/api/v1/sessions?everyone=true", &one] {
        world.call("DELETE", path).send().await.refused(401, "unauthorized");
        world.call("DELETE", path).cookie("pitlane_7070=nonsense").send().await.refused(401, "unauthorized");
        world.call("DELETE", path).cookie(&here).without("origin").send().await.refused(403, "origin_refused");
        world.call("DELETE", path).cookie(&here).header("origin", "http://evil.example").send().await.refused(403, "origin_refused");
        assert_eq!(world.post(path).cookie(&here).send().await.status, 405);
    }
    world.get("/api/v1/sessions").send().await.refused(401, "unauthorized");
    for query in ["everyone=perhaps", "everyone=1"] {
        let answer = world.call("DELETE", &format!("/api/v1/sessions?{query}")).cookie(&here).send().await;
        answer.refused(422, "invalid_field");
        assert_eq!(answer.body["error"]["details"]["field"], "everyone");
    }
    let long = format!("/api/v1/sessions?name={}", "x".repeat(101));
    world.get(&long).cookie(&here).send().await.refused(422, "invalid_field");
    for id in ["%00", &"x".repeat(129), "a%2Fb"] {
        world.call("DELETE", &format!("/api/v1/sessions/{id}")).cookie(&here).send().await.refused(404, "not_found");
    }
    assert!(is_signed_in(&world, &there).await);
}

#[tokio::test]
async fn a_revoked_token_takes_the_streams_of_its_sessions_with_it() {
    let world = World::new().await;
    let (id, token) = token_of(&world, "ada", Role::Viewer).await;
    let cookie = by_token(&world, &token).await;
    let streams =
        [Stream::of(world.get("/api/v1/events").cookie(&cookie).open().await), Stream::of(world.get("/api/v1/events").bearer(&token).open().await)];
    // As `pitlane token revoke` does it, in another process.
    world.store.revoke_token(&id, jiff::Timestamp::now(), &[]).await.unwrap();
    for stream in streams {
        stream.end().await;
    }
    assert!(!is_signed_in(&world, &cookie).await);
    assert_eq!(world.store.sessions(&SessionFilter::default()).await.unwrap(), []);
}

#[tokio::test]
async fn signing_in_and_out_is_in_the_log_before_it_is_answered() {
    let world = World::new().await;
    let cookie = by_link(&world, "ada", Role::Viewer).await;
    assert_eq!(log(&world).await, [("ada".to_owned(), "Signed in.".to_owned())]);
    for _ in 0..2 {
        world.call("DELETE", "/api/v1/session").cookie(&cookie).send().await.data(200);
        assert_eq!(log(&world).await[0], ("ada".to_owned(), "Signed out.".to_owned()));
        assert_eq!(log(&world).await.len(), 2);
    }
}

#[tokio::test]
async fn a_person_has_fifty_sessions_at_most() {
    let world = World::with(&[("rate-burst", "1000")]).await;
    let first = by_link(&world, "ada", Role::Viewer).await;
    let stream = Stream::of(world.get("/api/v1/events").cookie(&first).open().await);
    let mut last = String::new();
    for _ in 0..50 {
        last = by_link(&world, "ada", Role::Viewer).await;
    }
    stream.end().await;
    assert!(!is_signed_in(&world, &first).await);
    assert_eq!(listed(&world, &last, "").await.len(), 50);
    assert_eq!(log(&world).await[0], ("ada".into(), "Too many sessions were open: ended the one of ada that was used longest ago.".into()));
}
