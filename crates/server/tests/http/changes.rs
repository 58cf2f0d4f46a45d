//! A drain and back, on the wire.

use pitlane_api::Role;
use serde_json::{Value, json};

use crate::world::{TestNode, World, eventually, heartbeat};

async fn shown(world: &World, node: &TestNode, token: &str) -> Value {
    world.get(&node.path("")).bearer(token).send().await.data(200).clone()
}

async fn until_scheduling(world: &World, node: &TestNode, token: &str, word: &str) {
    eventually(word, async || {
        let node = shown(world, node, token).await;
        node["scheduling"] == word && node["operation"].is_null()
    })
    .await;
}

#[tokio::test]
async fn drain_place_and_activate() {
    let world = World::new().await;
    let (one, two) = (world.node("edge-1", &["pgdata"]).await, world.node("edge-2", &[]).await);
    let token = world.token(Role::Operator).await;
    let place = async || {
        let body = json!({ "strategy": "least_loaded" });
        world.post("/api/v1/placements").bearer(&token).json(&body).send().await.data(200)["node_id"].clone()
    };

    let preview = world.get(&one.path("/drain-preview")).bearer(&token).send().await.data(200).clone();
    assert_eq!(preview["complete"], true);
    let seen = preview["stateful"][0]["identity"].clone();
    assert!(seen.as_str().unwrap().contains("pgdata"), "{seen}");
    let body = json!({ "reason": "Kernel reboot", "seen_stateful": [seen] });
    let revision = format!("\"{}\"", preview["revision"].as_str().unwrap());
    let drained = world.post(&one.path("/drain")).bearer(&token).header("if-match", &revision).json(&body).send().await;
    let operation = drained.data(202).clone();
    assert_eq!(operation["kind"], "drain");
    until_scheduling(&world, &one, &token, "maintenance").await;
    let ended = world.get(&one.path(&format!("/operations/{}", operation["id"].as_str().unwrap()))).bearer(&token).send().await;
    assert_eq!(ended.data(200)["state"], "completed");
    for _ in 0..5 {
        assert_eq!(place().await, two.id);
    }
    let pinned = json!({ "strategy": "pinned", "node_id": one.id });
    world.post("/api/v1/placements").bearer(&token).json(&pinned).send().await.refused(409, "placement_blocked");

    let patch =
        json!({ "reason": "Kernel reboot, then a new disk", "expected_back_at": jiff::Timestamp::now() + std::time::Duration::from_secs(3_600) });
    let patched = world.call("PATCH", &one.path("/maintenance")).bearer(&token).header("if-match", "*").json(&patch).send().await;
    assert_eq!(patched.data(200)["maintenance"]["reason"], "Kernel reboot, then a new disk");
    assert_eq!(patched.header("etag").trim_matches('"'), patched.data(200)["revision"].as_str().unwrap());

    let checks = world.get(&one.path("/activation-checks")).bearer(&token).send().await.data(200).clone();
    assert_eq!(checks["clean"], false, "the settle window has not passed");
    let blocked = world.post(&one.path("/activate")).bearer(&token).header("if-match", "*").send().await;
    blocked.refused(409, "activation_blocked");
    assert!(blocked.body["error"]["details"]["checks"]["checks"].is_array(), "{}", blocked.body);
    let activate = json!({ "override": { "reason": "the rack is needed" } });
    world.post(&one.path("/activate")).bearer(&token).header("if-match", "*").json(&activate).send().await.data(202);
    until_scheduling(&world, &one, &token, "schedulable").await;

    let log = world.get(&format!("/api/v1/activity?node={}&limit=100", one.id)).bearer(&token).send().await.data(200).clone();
    let kinds: Vec<&str> = log["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    for kind in ["drain_requested", "drained", "maintenance_changed", "activate_requested", "activated"] {
        assert_eq!(kinds.iter().filter(|found| **found == kind).count(), 1, "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_one_answer() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let (token, other) = (world.token(Role::Operator).await, world.token(Role::Admin).await);
    let drain = |token: &str, key: &str, reason: &str| {
        let body = json!({ "reason": reason });
        world.post(&node.path("/drain")).bearer(token).header("if-match", "*").header("idempotency-key", key).json(&body).send()
    };
    let first = drain(&token, "key-1", "Kernel reboot").await.data(202)["id"].clone();
    assert_eq!(drain(&token, "key-1", "Kernel reboot").await.data(202)["id"], first);
    until_scheduling(&world, &node, &token, "maintenance").await;
    assert_eq!(drain(&token, "key-1", "Kernel reboot").await.data(202)["id"], first, "also once it is done");
    let mismatch = drain(&token, "key-1", "Another reason").await;
    mismatch.refused(422, "idempotency_key_reused");
    drain(&token, "key-2", "Kernel reboot").await.refused(409, "already_in_maintenance");
    drain(&other, "key-1", "Kernel reboot").await.refused(409, "already_in_maintenance");
    drain(&token, "with space", "Kernel reboot").await.refused(400, "malformed");
    drain(&token, &"k".repeat(201), "Kernel reboot").await.refused(400, "malformed");
}

#[tokio::test]
async fn rules_refuse_with_what_a_person_needs() {
    let world = World::new().await;
    let node = world.node("edge-1", &["pgdata"]).await;
    let token = world.token(Role::Operator).await;
    let drain = |body: Value| world.post(&node.path("/drain")).bearer(&token).header("if-match", "*").json(&body).send();

    let last = drain(json!({ "reason": "Kernel reboot", "allow_last_schedulable": true })).await;
    last.refused(409, "stateful_workloads_changed");
    assert_eq!(last.body["error"]["details"]["now"][0]["stateful"], true);
    let seen = last.body["error"]["details"]["added"].clone();
    let last = drain(json!({ "reason": "Kernel reboot", "seen_stateful": seen })).await;
    last.refused(409, "last_schedulable_node");
    assert_eq!(last.body["error"]["details"]["remaining"], 0);
    drain(json!({ "reason": "Kernel reboot", "seen_stateful": seen, "allow_last_schedulable": true })).await.data(202);
    until_scheduling(&world, &node, &token, "maintenance").await;
}

#[tokio::test]
async fn a_finished_operation_cannot_be_stopped_and_a_strange_node_has_none() {
    let world = World::new().await;
    let (one, two) = (world.node("edge-1", &[]).await, world.node("edge-2", &[]).await);
    let token = world.token(Role::Operator).await;
    let drain = world.post(&one.path("/drain")).bearer(&token).header("if-match", "*").json(&json!({ "reason": "Kernel reboot" })).send().await;
    let id = drain.data(202)["id"].as_str().unwrap().to_owned();
    until_scheduling(&world, &one, &token, "maintenance").await;
    world.post(&one.path(&format!("/operations/{id}/abort"))).bearer(&token).send().await.refused(409, "operation_finished");
    world.post(&one.path(&format!("/operations/{id}/retry"))).bearer(&token).send().await.refused(409, "operation_finished");
    world.get(&two.path(&format!("/operations/{id}"))).bearer(&token).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn an_empty_node_in_maintenance_can_be_removed() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let admin = world.token(Role::Admin).await;
    world.post(&node.path("/drain")).bearer(&admin).header("if-match", "*").json(&json!({ "reason": "Scrapped" })).send().await.data(202);
    until_scheduling(&world, &node, &admin, "maintenance").await;
    world.call("DELETE", &node.path("")).bearer(&admin).header("if-match", "*").send().await.data(200);
    world.get(&node.path("")).bearer(&admin).send().await.refused(404, "not_found");
    let beat = world.post("/api/v1/agents/heartbeat").bearer(&node.token).json(&heartbeat(2, &[])).send().await;
    beat.refused(401, "unauthorized");
}

#[tokio::test]
async fn an_enrolment_token_works_once_and_a_node_has_one_agent() {
    let world = World::new().await;
    let token = world.enrolment_token().await;
    let enroll = |token: &str, name: &str, machine: &str| {
        let body = json!({ "token": token, "name": name, "machine_id": machine, "agent_version": "0.1.0" });
        world.post("/api/v1/agents/enroll").json(&body).send()
    };
    enroll("ple_wrong", "edge-1", "m1").await.refused(401, "unauthorized");
    let enrolled = enroll(&token, "edge-1", "m1").await.data(200).clone();
    enroll(&token, "edge-2", "m2").await.refused(401, "unauthorized");
    enroll(&world.enrolment_token().await, "", "m3").await.refused(422, "invalid_field");
    let agent = enrolled["agent_token"].as_str().unwrap();
    let beat = world.post("/api/v1/agents/heartbeat").bearer(agent).json(&heartbeat(1, &[])).send().await;
    assert_eq!(beat.data(200)["heartbeat_every_s"], 5);
    enroll(&world.enrolment_token().await, "edge-1-again", "m1").await.refused(409, "already_claimed");
    // An agent's token opens nothing else, and a person's no heartbeat.
    world.get("/api/v1/fleet").bearer(agent).send().await.refused(401, "unauthorized");
    let admin = world.token(Role::Admin).await;
    world.post("/api/v1/agents/heartbeat").bearer(&admin).json(&heartbeat(1, &[])).send().await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_namesake_gets_neither_anothers_answer_nor_anothers_links() {
    let world = World::new().await;
    let (one, two) = (world.node("edge-1", &[]).await, world.node("edge-2", &[]).await);
    world.node("edge-3", &[]).await;
    // Tokens of a role are called alike here.
    let (token, namesake) = (world.token(Role::Operator).await, world.token(Role::Operator).await);
    let bulk = |token: &str, node: &str| {
        let body = json!({ "kind": "drain", "reason": "Kernel reboot", "nodes": [{ "node_id": node }] });
        world.post("/api/v1/bulk-operations").bearer(token).header("idempotency-key", "key-1").json(&body).send()
    };
    let first = bulk(&token, &one.id).await;
    assert!(first.status < 300, "{}", first.body);
    assert_eq!(bulk(&token, &one.id).await.body["data"]["id"], first.body["data"]["id"]);
    let other = bulk(&namesake, &two.id).await;
    assert!(other.status < 300, "another's key was taken for the namesake's own: {}", other.body);
    assert_ne!(other.body["data"]["id"], first.body["data"]["id"]);

    let link = world.post(&one.path("/share-links")).bearer(&token).json(&json!({ "lifetime": "1h" })).send().await.data(201)["link"]["id"].clone();
    let revoke = |token: &str| world.call("DELETE", &one.path(&format!("/share-links/{}", link.as_str().unwrap()))).bearer(token).send();
    assert_eq!(revoke(&namesake).await.status, 403);
    assert_eq!(revoke(&token).await.status, 200);
}
