//! Who gets in, by which door, and what a page of another site cannot do.

use pitlane::store::Store as _;
use pitlane_api::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_link_signs_in_once_and_the_cookie_is_kept_from_scripts_and_other_sites() {
    let world = World::new().await;
    let code = world.code(Role::Operator).await;
    let answer = world.post("/api/v1/session").header("origin", "http://127.0.0.1:7070").json(&json!({ "code": code })).send().await;
    let data = answer.data(200);
    assert_eq!(data["name"], "ada");
    assert_eq!(data["role"], "operator");
    assert_eq!(data["may"], json!(["read", "drain", "activate", "share", "place"]));
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("pitlane_7070="), "{cookie}");
    for flag in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=604"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");

    world.post("/api/v1/session").json(&json!({ "code": code })).send().await.refused(401, "unauthorized");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(world.get("/api/v1/session").header("cookie", session).send().await.data(200)["name"], "ada");
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let world = World::with(&[("public-url", "https://pitlane.example.org")]).await;
    let code = world.code(Role::Viewer).await;
    let call = world.post("/api/v1/session").header("host", "pitlane.example.org").header("origin", "https://pitlane.example.org");
    let answer = call.json(&json!({ "code": code })).send().await;
    answer.data(200);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-pitlane_7070=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Viewer).await;
    let answer = world.call("DELETE", "/api/v1/session").cookie(&cookie).send().await;
    answer.data(200);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    world.get("/api/v1/session").header("cookie", &cookie).send().await.refused(401, "unauthorized");
    world.call("DELETE", "/api/v1/session").send().await.data(200);
}

#[tokio::test]
async fn a_token_signs_in_and_takes_its_sessions_with_it_when_it_is_revoked() {
    let world = World::new().await;
    let token = world.token(Role::Admin).await;
    let answer = world.post("/api/v1/session").json(&json!({ "token": token })).send().await;
    assert_eq!(answer.data(200)["role"], "admin");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    world.get("/api/v1/fleet").header("cookie", &cookie).send().await.data(200);

    let id = world.store.tokens().await.unwrap().remove(0).id;
    world.store.revoke_token(&id, jiff::Timestamp::now(), &[]).await.unwrap();
    world.get("/api/v1/fleet").bearer(&token).send().await.refused(401, "unauthorized");
    world.get("/api/v1/fleet").header("cookie", &cookie).send().await.refused(401, "unauthorized");
    world.post("/api/v1/session").json(&json!({ "token": token })).send().await.refused(401, "unauthorized");
}

#[tokio::test]
async fn sign_in_takes_a_code_or_a_token() {
    let world = World::new().await;
    world.post("/api/v1/session").json(&json!({})).send().await.refused(422, "invalid_field");
    world.post("/api/v1/session").json(&json!({ "code": "a", "token": "b" })).send().await.refused(422, "invalid_field");
    world.post("/api/v1/session").json(&json!({ "code": 7 })).send().await.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_change_by_cookie_needs_the_pages_own_origin_and_a_bearer_does_not() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let cookie = world.sign_in(Role::Operator).await;
    let drain = || world.post(&node.path("/drain")).header("if-match", "*").json(&json!({ "reason": "Kernel reboot" }));

    drain().cookie(&cookie).without("origin").send().await.refused(403, "origin_refused");
    for origin in ["http://evil.example", "http://127.0.0.1:3000", "https://127.0.0.1:7070", "null", "http://127.0.0.1:7070.evil.example"] {
        drain().cookie(&cookie).header("origin", origin).send().await.refused(403, "origin_refused");
    }
    world.call("DELETE", "/api/v1/session").cookie(&cookie).header("origin", "http://evil.example").send().await.refused(403, "origin_refused");
    let code = world.code(Role::Viewer).await;
    let elsewhere = world.post("/api/v1/session").header("origin", "http://evil.example").json(&json!({ "code": code }));
    elsewhere.send().await.refused(403, "origin_refused");
    // Reading is not a change, and a bearer token is no ambient authority.
    world.get("/api/v1/fleet").header("cookie", &cookie).send().await.data(200);
    let operator = world.token(Role::Operator).await;
    drain().bearer(&operator).header("origin", "http://evil.example").send().await.data(202);
}

#[tokio::test]
async fn the_public_origin_counts_behind_a_proxy() {
    let world = World::with(&[("public-url", "https://pitlane.example.org")]).await;
    let cookie = world.sign_in(Role::Viewer).await;
    let sign_out = || world.call("DELETE", "/api/v1/session").header("cookie", &cookie).header("host", "pitlane.example.org");
    sign_out().header("origin", "http://pitlane.example.org").send().await.refused(403, "origin_refused");
    sign_out().header("origin", "https://pitlane.example.org").send().await.data(200);
}

#[tokio::test]
async fn only_the_right_host_is_answered() {
    let world = World::with(&[("public-url", "https://pitlane.example.org")]).await;
    for host in ["evil.example", "evil.example:7070", "localhost.evil.example", "10.0.0.1:7070", "pitlane.example.org:8443"] {
        world.get("/").header("host", host).send().await.refused(403, "host_refused");
        world.get("/api/v1/fleet").header("host", host).send().await.refused(403, "host_refused");
    }
    world.get("/").without("host").send().await.refused(403, "host_refused");
    let elsewhere =
        World::with(&[("listen", "10.0.0.1:7070"), ("tls-terminated-upstream", "true"), ("public-url", "https://pitlane.example.org")]).await;
    assert_eq!(elsewhere.get("/").header("host", "10.0.0.1:7070").send().await.status, 200, "its own address");
    elsewhere.get("/").header("host", "10.0.0.2:7070").send().await.refused(403, "host_refused");
    for host in ["localhost:7070", "127.0.0.1:9999", "[::1]:7070", "pitlane.example.org", "PITLANE.example.org"] {
        assert_eq!(world.get("/").header("host", host).send().await.status, 200, "{host}");
    }
    assert_eq!(world.get("/healthz").header("host", "10.0.0.1:7070").send().await.status, 200);
}

#[tokio::test]
async fn each_role_may_do_its_part_and_no_more() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let (viewer, operator, admin) = (world.token(Role::Viewer).await, world.token(Role::Operator).await, world.token(Role::Admin).await);
    let drain = json!({ "reason": "Kernel reboot" });
    let place = json!({ "strategy": "least_loaded" });

    for path in ["/drain", "/activate", "/operations/x/abort", "/operations/x/retry", "/share-links"] {
        let answer = world.post(&node.path(path)).bearer(&viewer).header("if-match", "*").json(&drain).send().await;
        answer.refused(403, "role");
        assert_eq!(answer.body["error"]["details"]["needs"], "operator");
    }
    world.call("PATCH", &node.path("/maintenance")).bearer(&viewer).header("if-match", "*").json(&drain).send().await.refused(403, "role");
    world.post("/api/v1/placements").bearer(&viewer).json(&place).send().await.refused(403, "role");
    // Who may not is told so before anything else is looked at.
    world.post(&node.path("/drain")).bearer(&viewer).send().await.refused(403, "role");
    for role in [&viewer, &operator] {
        world.call("DELETE", &node.path("")).bearer(role).header("if-match", "*").send().await.refused(403, "role");
    }
    world.get("/api/v1/nodes").bearer(&viewer).send().await.data(200);
    world.post("/api/v1/placements").bearer(&operator).json(&place).send().await.data(200);
    world.call("DELETE", &node.path("")).bearer(&admin).header("if-match", "*").send().await.refused(409, "deletion_blocked");
}

#[tokio::test]
async fn who_signed_in_stands_in_the_activity_log() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Viewer).await;
    crate::world::eventually("the entry", async || {
        let answer = world.get("/api/v1/activity").header("cookie", &cookie).send().await;
        answer.data(200)["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["kind"] == "signed_in" && entry["actor"] == "ada" && entry["origin"] == "127.0.0.1")
    })
    .await;
}
