//! Planned drains, on the wire.

use pitlane_api::{Role, Timestamp};
use serde_json::{Value, json};

use crate::{events::Stream, world::World};

fn ahead(seconds: i64) -> String {
    Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap().to_string()
}

#[tokio::test]
async fn a_drain_is_planned_shown_changed_cancelled_and_begins() {
    let world = World::new().await;
    let (operator, viewer) = (world.token(Role::Operator).await, world.token(Role::Viewer).await);
    let (one, _two) = (world.node("edge-1", &["pgdata"]).await, world.node("edge-2", &[]).await);
    let path = one.path("/planned-drain");
    let preview = world.get(&one.path("/drain-preview")).bearer(&viewer).send().await.data(200).clone();
    let seen = json!([preview["stateful"][0]["identity"]]);
    let wish = |seconds: i64| json!({ "reason": "Kernel reboot", "starts_at": ahead(seconds), "seen_stateful": seen });
    let body = wish(3600);
    let ask = |token: &str, body: &Value| world.post(&path).bearer(token).header("if-match", "*").json(body);
    ask(&viewer, &body).send().await.refused(403, "role");
    world.post(&path).bearer(&operator).json(&body).send().await.refused(428, "if_match_required");
    let mut stream = Stream::of(world.get("/api/v1/events").bearer(&viewer).open().await);
    let plan = ask(&operator, &body).header("idempotency-key", "k").send().await.data(201).clone();
    assert_eq!(ask(&operator, &body).header("idempotency-key", "k").send().await.data(201)["id"], plan["id"], "a repeat is no second plan");
    ask(&operator, &wish(7200)).send().await.refused(409, "already_planned");
    // Everybody sees it at once, and in the list.
    loop {
        let event = stream.next().await.unwrap();
        if event.name == "nodes" && event.data["nodes"].as_array().is_some_and(|nodes| nodes.iter().any(|node| node["planned"]["id"] == plan["id"])) {
            break;
        }
    }
    let listed = world.get("/api/v1/planned-drains").bearer(&viewer).send().await.data(200).clone();
    assert_eq!((&listed["plans"][0]["id"], &listed["plans"][0]["state"]), (&plan["id"], &json!("waiting")));

    let revision = |plan: &Value| format!("\"{}\"", plan["revision"].as_str().unwrap());
    let change = |body: Value, plan: &Value| world.call("PATCH", &path).bearer(&operator).header("if-match", &revision(plan)).json(&body);
    let changed = change(json!({ "starts_at": ahead(7200), "reason": "BIOS update" }), &plan).send().await.data(200).clone();
    assert_eq!(changed["reason"], "BIOS update");
    change(json!({ "reason": "Kernel" }), &plan).send().await.refused(409, "revision_conflict");
    for body in [json!({}), json!({ "starts_at": ahead(-5) }), json!({ "expected_back_at": ahead(60) })] {
        change(body, &changed).send().await.refused(422, "invalid_field");
    }
    let cancel = world.call("DELETE", &path).bearer(&operator).header("if-match", &revision(&changed)).send().await;
    assert_eq!(cancel.data(200)["state"], "cancelled");
    world.call("DELETE", &path).bearer(&operator).header("if-match", "*").send().await.refused(404, "not_found");

    ask(&operator, &wish(1)).send().await.data(201);
    loop {
        let event = stream.next().await.unwrap();
        let drained = |node: &Value| node["scheduling"] == "maintenance" && node["planned"].is_null() && node["operation"].is_null();
        if event.name == "operation" && drained(&event.data["node"]) {
            break;
        }
    }
    let log = world.get(&format!("/api/v1/activity?node={}", one.id)).bearer(&viewer).send().await.data(200).clone();
    let mut kinds: Vec<&str> = log["entries"].as_array().unwrap().iter().filter_map(|entry| entry["kind"].as_str()).collect();
    kinds.reverse();
    let of_plans = ["drain_planned", "plan_changed", "plan_cancelled", "drain_planned", "drain_requested", "plan_started", "drained"];
    assert_eq!(kinds.into_iter().filter(|kind| of_plans.contains(kind)).collect::<Vec<_>>(), of_plans);
}
