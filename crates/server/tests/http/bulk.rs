//! Bulk operations, on the wire.

use pitlane_api::Role;
use serde_json::{Value, json};

use crate::{
    events::Stream,
    world::{TestNode, World, eventually},
};

fn nodes(set: &[&TestNode]) -> Value {
    set.iter().map(|node| json!({ "node_id": node.id })).collect()
}

#[tokio::test]
async fn a_set_is_previewed_drained_followed_and_listed() {
    let world = World::new().await;
    let (operator, viewer) = (world.token(Role::Operator).await, world.token(Role::Viewer).await);
    let (one, two, three) = (world.node("edge-1", &["pgdata"]).await, world.node("edge-2", &[]).await, world.node("edge-3", &[]).await);
    let ask = json!({ "kind": "drain", "nodes": [one.id, two.id] });
    let preview = world.post("/api/v1/bulk-operations/preview").bearer(&viewer).json(&ask).send().await.data(200).clone();
    assert_eq!(
        (&preview["capacity_now"]["nodes"], &preview["capacity_after"]["nodes"], &preview["takes_the_last"]),
        (&json!(3), &json!(1), &json!(false))
    );
    let seen = preview["nodes"][0]["stateful"][0]["identity"].clone();
    assert!(seen.as_str().unwrap().contains("pgdata"));

    let mut stream = Stream::of(world.get("/api/v1/events").bearer(&viewer).open().await);
    let wish =
        json!({ "kind": "drain", "reason": "Kernel reboot", "nodes": [{ "node_id": one.id, "seen_stateful": [seen] }, { "node_id": two.id }] });
    world.post("/api/v1/bulk-operations").bearer(&viewer).json(&wish).send().await.refused(403, "role");
    let accepted = world.post("/api/v1/bulk-operations").bearer(&operator).header("idempotency-key", "k1").json(&wish).send().await.data(202).clone();
    let again = world.post("/api/v1/bulk-operations").bearer(&operator).header("idempotency-key", "k1").json(&wish).send().await.data(202).clone();
    assert_eq!(accepted["id"], again["id"]);
    let path = format!("/api/v1/bulk-operations/{}", accepted["id"].as_str().unwrap());
    eventually("the set to be drained", async || world.get(&path).bearer(&viewer).send().await.data(200)["state"] == "completed").await;
    for node in [&one, &two] {
        assert_eq!(world.get(&node.path("")).bearer(&viewer).send().await.data(200)["scheduling"], "maintenance");
    }
    assert_eq!(world.get(&three.path("")).bearer(&viewer).send().await.data(200)["scheduling"], "schedulable");
    loop {
        let event = stream.next().await.unwrap();
        if event.name == "bulk" && event.data["operations"][0]["state"] == "completed" {
            assert_eq!((&event.data["operations"][0]["done"], &event.data["operations"][0]["total"]), (&json!(2), &json!(2)));
            break;
        }
    }
    let listed = world.get("/api/v1/bulk-operations").bearer(&viewer).send().await.data(200).clone();
    assert_eq!(listed["operations"][0]["id"], accepted["id"]);
    world.post(&format!("{path}/abort")).bearer(&operator).send().await.refused(409, "bulk_finished");
    world.post(&format!("{path}/resume")).bearer(&operator).send().await.refused(409, "bulk_finished");
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_is_named() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let (one, two) = (world.node("edge-1", &[]).await, world.node("edge-2", &[]).await);
    let ask = async |body: Value| world.post("/api/v1/bulk-operations").bearer(&operator).json(&body).send().await;
    let wish = |set: Value| json!({ "kind": "drain", "reason": "Kernel reboot", "nodes": set });
    let field = |answer: &crate::world::Answer| answer.refused(422, "invalid_field").body["error"]["details"]["field"].clone();
    assert_eq!(field(&ask(wish(json!([]))).await), "nodes");
    assert_eq!(field(&ask(wish(nodes(&[&one, &one]))).await), "nodes");
    assert_eq!(field(&ask(json!({ "kind": "drain", "nodes": nodes(&[&one]) })).await), "reason");
    assert_eq!(field(&ask(json!({ "kind": "evict", "reason": "abc", "nodes": nodes(&[&one]) })).await), "kind");
    ask(wish(json!([{ "node_id": "none" }]))).await.refused(404, "not_found");
    ask(wish(nodes(&[&one, &two]))).await.refused(409, "last_schedulable_node");
    for call in ["", "/abort", "/resume"] {
        let method = if call.is_empty() { "GET" } else { "POST" };
        world.call(method, &format!("/api/v1/bulk-operations/none{call}")).bearer(&operator).send().await.refused(404, "not_found");
    }
}
