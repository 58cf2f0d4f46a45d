//! Every way a request can be wrong gets its own clear answer, in the envelope, and changes nothing.

use pitlane_api::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn nobody_is_answered_without_a_token() {
    let world = World::new().await;
    for path in
        ["/fleet", "/nodes", "/nodes/x", "/nodes/x/workloads", "/nodes/x/drain-preview", "/activity", "/events", "/session", "/nodes/x/share-links"]
    {
        let answer = world.get(&format!("/api/v1{path}")).send().await;
        answer.refused(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"pitlane\"");
    }
    world.get("/api/v1/fleet").bearer("pl_wrong").send().await.refused(401, "unauthorized");
    world.get("/api/v1/fleet").header("authorization", "Basic YTpi").send().await.refused(401, "unauthorized");
    world.get("/api/v1/fleet").header("cookie", "pitlane_7070=wrong").send().await.refused(401, "unauthorized");
    world.post("/api/v1/agents/heartbeat").json(&crate::world::heartbeat(1, &[])).send().await.refused(401, "unauthorized");
}

#[tokio::test]
async fn unknown_calls_and_methods_are_json() {
    let world = World::new().await;
    for path in ["/api/v1/nope", "/api", "/api/v2/nodes", "/api/v1/nodes/a/b/c/d"] {
        world.get(path).header("accept", "text/html").send().await.refused(404, "not_found");
    }
    let answer = world.call("PUT", "/api/v1/nodes/x").send().await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET") && answer.header("allow").contains("DELETE"), "{}", answer.header("allow"));
    let answer = world.post("/nodes/x").send().await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_body_is_refused_for_what_is_wrong_with_it() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    let operator = world.token(Role::Operator).await;
    let drain = || world.post(&node.path("/drain")).bearer(&operator).header("if-match", "*");

    drain().text("application/json", "{\"reason\": ").send().await.refused(400, "malformed");
    drain().text("application/json", "{\"reason\": \"reboot\"} x").send().await.refused(400, "malformed");
    drain().text("text/plain", "{}").send().await.refused(415, "unsupported_media_type");
    drain().send().await.refused(415, "unsupported_media_type");
    let long = json!({ "reason": "x".repeat(300 << 10) });
    drain().json(&long).send().await.refused(413, "too_large");

    for (body, field) in [
        (json!({}), "reason"),
        (json!([]), "body"),
        (json!({ "reason": 7 }), "reason"),
        (json!({ "reason": "no" }), "reason"),
        (json!({ "reason": "x".repeat(501) }), "reason"),
        (json!({ "reason": "reboot", "seen_stateful": ["compose:a/b/1", 7] }), "seen_stateful[1]"),
        (json!({ "reason": "reboot", "seen_stateful": ["nonsense"] }), "seen_stateful[0]"),
        (json!({ "reason": "reboot", "expected_back_at": "tomorrow" }), "expected_back_at"),
        (json!({ "reason": "reboot", "expected_back_at": "2001-01-01T00:00:00Z" }), "expected_back_at"),
        (json!({ "reason": "reboot", "acknowledge_unread": "yes" }), "acknowledge_unread"),
    ] {
        let answer = drain().json(&body).send().await;
        answer.refused(422, "invalid_field");
        assert_eq!(answer.body["error"]["details"]["field"], field, "{}", answer.body);
        assert!(!answer.body["message"].as_str().unwrap().contains("at line"), "{}", answer.body);
    }
    let shown = world.get(&node.path("")).bearer(&operator).send().await;
    assert_eq!(shown.data(200)["scheduling"], "schedulable");
    assert_eq!(shown.data(200)["operation"], json!(null));
}

#[tokio::test]
async fn a_query_is_refused_by_its_parameter() {
    let world = World::new().await;
    let viewer = world.token(Role::Viewer).await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("health=sick", "health"),
        ("status=healthy,ill", "status"),
        ("scheduling=unknown", "scheduling"),
        ("sort=colour", "sort"),
        ("cursor=nonsense", "cursor"),
    ] {
        let answer = world.get(&format!("/api/v1/nodes?{query}")).bearer(&viewer).send().await;
        answer.refused(422, "invalid_field");
        assert_eq!(answer.body["error"]["details"]["field"], field);
    }
    world.get("/api/v1/activity?cursor=x").bearer(&viewer).send().await.refused(422, "invalid_field");
    world.get("/api/v1/activity?limit=501").bearer(&viewer).send().await.refused(422, "invalid_field");
    let node = world.node("edge-1", &[]).await;
    world.get(&node.path("/samples?since=yesterday")).bearer(&viewer).send().await.refused(422, "invalid_field");
    world.get(&node.path("/samples?since=2026-01-01T00:00:00Z")).bearer(&viewer).send().await.data(200);
}

#[tokio::test]
async fn a_change_must_say_which_revision_it_saw() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    let (operator, admin) = (world.token(Role::Operator).await, world.token(Role::Admin).await);
    let body = json!({ "reason": "Kernel reboot" });
    world.post(&node.path("/drain")).bearer(&operator).json(&body).send().await.refused(428, "if_match_required");
    world.post(&node.path("/activate")).bearer(&operator).send().await.refused(428, "if_match_required");
    world.call("PATCH", &node.path("/maintenance")).bearer(&operator).json(&body).send().await.refused(428, "if_match_required");
    world.call("DELETE", &node.path("")).bearer(&admin).send().await.refused(428, "if_match_required");
    for wrong in ["abc", "\"a\", \"b\"", "\"\"", ""] {
        world.post(&node.path("/drain")).bearer(&operator).header("if-match", wrong).json(&body).send().await.refused(400, "malformed");
    }
    let stale = world.post(&node.path("/drain")).bearer(&operator).header("if-match", "\"0000000000000000\"").json(&body).send().await;
    stale.refused(409, "revision_conflict");
    let shown = world.get(&node.path("")).bearer(&operator).send().await;
    assert_eq!(stale.body["error"]["details"]["current"], shown.data(200)["revision"]);
    assert_eq!(shown.header("etag"), format!("\"{}\"", shown.data(200)["revision"].as_str().unwrap()));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let (viewer, operator) = (world.token(Role::Viewer).await, world.token(Role::Operator).await);
    let long = format!("/api/v1/nodes/{}", "n".repeat(500));
    for path in ["/api/v1/nodes/nobody", "/api/v1/nodes/nobody/workloads", "/api/v1/nodes/nobody/activation-checks", "/api/v1/nodes/%00", &long] {
        world.get(path).bearer(&viewer).send().await.refused(404, "not_found");
    }
    let node = world.node("edge-1", &[]).await;
    world.get(&node.path("/operations/nothing")).bearer(&viewer).send().await.refused(404, "not_found");
    world.post(&node.path("/operations/nothing/abort")).bearer(&operator).send().await.refused(404, "not_found");
    world.post(&node.path("/operations/nothing/retry")).bearer(&operator).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let world = World::with(&[("rate-per-second", "1"), ("rate-burst", "3")]).await;
    let (one, other) = (world.token(Role::Viewer).await, world.token(Role::Viewer).await);
    for _ in 0..3 {
        world.get("/api/v1/fleet").bearer(&one).send().await.data(200);
    }
    world.get("/api/v1/fleet").bearer(&one).send().await.refused(429, "rate_limited");
    world.get("/api/v1/fleet").bearer(&other).send().await.data(200);
    for _ in 0..3 {
        world.get("/api/v1/fleet").send().await.refused(401, "unauthorized");
    }
    world.get("/api/v1/fleet").send().await.refused(429, "rate_limited");
    // Files of the console and probes are not people.
    assert_eq!(world.get("/").send().await.status, 200);
    assert_eq!(world.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn an_agent_cannot_flood_and_does_not_share_a_bound_with_people() {
    let world = World::with(&[("heartbeat-rate-per-second", "1"), ("rate-burst", "1"), ("rate-per-second", "1")]).await;
    let token = world.enrolment_token().await;
    let request = json!({ "token": token, "name": "edge-1", "machine_id": "m1", "agent_version": "0.1.0" });
    let enrolled = world.post("/api/v1/agents/enroll").json(&request).send().await;
    let agent = enrolled.data(200)["agent_token"].as_str().unwrap().to_owned();
    for seq in 1..=4 {
        world.post("/api/v1/agents/heartbeat").bearer(&agent).json(&crate::world::heartbeat(seq, &[])).send().await.data(200);
    }
    world.post("/api/v1/agents/heartbeat").bearer(&agent).json(&crate::world::heartbeat(5, &[])).send().await.refused(429, "rate_limited");
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let world = World::with(&[("rate-burst", "1000000"), ("rate-per-second", "1000000")]).await;
    let mut statuses = Vec::new();
    for _ in 0..62 {
        statuses.push(world.post("/api/v1/session").json(&json!({ "code": "guess" })).send().await.status);
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[61], 429);
    // Whoever has a valid code still gets in.
    world.sign_in(Role::Viewer).await;
}

#[tokio::test]
async fn a_request_id_goes_all_the_way_and_nonsense_does_not() {
    let world = World::new().await;
    let answer = world.get("/api/v1/fleet").header("x-request-id", "0198c0de-cafe-7000").send().await;
    assert_eq!(answer.body["request_id"], "0198c0de-cafe-7000");
    let answer = world.get("/api/v1/fleet").header("x-request-id", "no spaces here").send().await;
    assert_ne!(answer.header("x-request-id"), "no spaces here");
    answer.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_store_that_cannot_keep_refuses_with_503() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    let operator = world.token(Role::Operator).await;
    assert_eq!(world.get("/readyz").send().await.status, 200);
    world.store.close().await;
    // Looked at once a second; until then the engine, whose nodes are in the same file, may be what is missed.
    crate::world::eventually("the probe to notice", async || world.get("/readyz").send().await.body["error"]["code"] == "store_unavailable").await;
    world.get("/readyz").send().await.refused(503, "store_unavailable");
    assert_eq!(world.get("/healthz").send().await.status, 200);
    let body = json!({ "reason": "Kernel reboot" });
    let refused = world.post(&node.path("/drain")).bearer(&operator).header("if-match", "*").json(&body).send().await;
    // The embedded engine keeps its nodes in the same file, and may be the first to notice.
    let code = refused.body["error"]["code"].as_str().unwrap();
    assert!(["store_unavailable", "engine_unavailable"].contains(&code), "{}", refused.body);
    refused.refused(503, code);
}

#[tokio::test]
async fn large_answers_are_compressed_when_asked() {
    let world = World::new().await;
    let plain = world.get("/api/v1/openapi.json").send().await;
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["gzip", "br"] {
        let answer = world.get("/api/v1/openapi.json").header("accept-encoding", encoding).send().await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert!(answer.bytes.len() < plain.bytes.len() / 3);
    }
}

#[tokio::test]
async fn diagnostics_are_plain_text_for_whoever_may_read() {
    let world = World::new().await;
    let node = world.node("edge-1", &["pgdata"]).await;
    let viewer = world.token(Role::Viewer).await;
    world.get(&node.path("/diagnostics")).send().await.refused(401, "unauthorized");
    world.get("/api/v1/nodes/nobody/diagnostics").bearer(&viewer).send().await.refused(404, "not_found");
    let answer = world.get(&node.path("/diagnostics")).bearer(&viewer).send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    assert!(text.contains("Pitlane diagnostics of edge-1") && text.contains("Stateful, running    1"), "{text}");
    assert!(!text.contains(&viewer) && !text.contains(&node.token), "{text}");
}
