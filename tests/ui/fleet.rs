//! The fleet page fed by messages of the stream: one node's change touches one card, and cards never lose the focus.

use leptos::prelude::*;
use pitlane_api::SnapshotEvent;
use pitlane_console::model::fold::Message;
use pitlane_console::model::query::{Facet, Query};
use pitlane_console::model::sort::Sort;
use pitlane_console::pages::context::App;
use pitlane_console::pages::fleet::FleetPage;
use pitlane_console::route::Route;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, focused, settle};

const NOW: &str = "2026-01-01T00:00:00Z";

fn node(name: &str, health: &str) -> Value {
    json!({
        "id": name, "name": name, "status": health, "node_source": "agent", "created_at": NOW, "updated_at": NOW,
        "revision": "r", "health": health, "scheduling": "schedulable", "takes_placements": true, "engine_node_id": name,
        "heartbeat": {"state": "fresh", "recent": [100]}, "last_heartbeat_at": NOW,
        "resources": {"cpu_percent": 10.0}, "workload_counts": {"total": 3, "stateful": 1}
    })
}

fn snapshot(nodes: &[Value]) -> Message {
    let fleet = json!({
        "name": "test", "engine": {"kind": "embedded", "reachable": true, "capabilities": {"remove": true, "place": true, "heartbeat": true, "workloads": true}},
        "counts": serde_json::to_value(pitlane_api::Counts::default()).unwrap(),
        "capacity": {"nodes": 0, "basis": "measured"},
        "thresholds": serde_json::to_value(pitlane_api::Thresholds::default()).unwrap(),
        "server_version": "0", "server_time": NOW
    });
    message("snapshot", json!({"fleet": fleet, "nodes": nodes, "server_time": NOW}))
}

/// A piece of a larger one.
fn piece(nodes: &[Value], continued: bool, more: bool) -> Message {
    match snapshot(nodes) {
        Message::Snapshot(event) => Message::Snapshot(SnapshotEvent { continued, more, ..event }),
        other => other,
    }
}

fn message(event: &str, data: Value) -> Message {
    Message::decode(event, &data.to_string()).unwrap().unwrap()
}

async fn page() -> (Stage, App) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let stage = Stage::mount(move || {
        let app = App::start();
        app.nav.replace(Route::fleet());
        provide_context(app.clock);
        provide_context(app);
        provide_context(app.announcer);
        sender.send(app).unwrap();
        view! { <FleetPage /> }
    })
    .await;
    (stage, receiver.recv().unwrap())
}

#[wasm_bindgen_test]
async fn a_change_of_one_node_touches_one_card() {
    let (stage, app) = page().await;
    app.live.fleet.fold(snapshot(&[node("a", "healthy"), node("b", "healthy")]));
    settle().await;
    let cards = stage.all("article");
    let untouched = cards[1].inner_html();
    let drain = stage.find("article[aria-label=a] .card-actions .button:last-of-type");
    drain.focus().unwrap();

    let mut changed = node("a", "healthy");
    changed["workload_counts"]["total"] = json!(9);
    app.live.fleet.fold(message("nodes", json!({"nodes": [changed], "server_time": NOW})));
    settle().await;
    assert!(stage.find("article[aria-label=a]").text_content().unwrap().contains("9 workloads"));
    assert!(stage.all("article")[0].is_same_node(Some(&cards[0])), "the card was changed in place");
    assert!(focused(&drain), "whoever was on its button still is");
    assert_eq!(cards[1].inner_html(), untouched);
}

#[wasm_bindgen_test]
async fn the_first_cards_stay_when_the_rest_of_a_large_fleet_arrives() {
    let (stage, app) = page().await;
    app.live.fleet.fold(piece(&[node("a", "healthy")], false, true));
    settle().await;
    let card = stage.all("article")[0].clone();
    let link = stage.find(".card-name");
    link.focus().unwrap();
    app.live.fleet.fold(piece(&[node("b", "healthy")], true, false));
    settle().await;
    assert_eq!(stage.names("article"), ["a", "b"]);
    assert!(stage.all("article")[0].is_same_node(Some(&card)), "the card that stood there still does");
    assert!(focused(&link), "whoever was on it still is");
}

#[wasm_bindgen_test]
async fn a_node_that_went_and_came_back_in_one_breath_is_followed() {
    let (stage, app) = page().await;
    app.live.fleet.fold(snapshot(&[node("a", "healthy"), node("b", "healthy")]));
    settle().await;
    app.live.fleet.fold(message("removed", json!({"ids": ["a"], "server_time": NOW})));
    app.live.fleet.fold(message("nodes", json!({"nodes": [node("a", "healthy")], "server_time": NOW})));
    settle().await;
    app.live.fleet.fold(message("nodes", json!({"nodes": [node("a", "degraded")], "server_time": NOW})));
    settle().await;
    assert!(stage.find("article[aria-label=a]").text_content().unwrap().contains("Degraded"));
}

#[wasm_bindgen_test]
async fn a_beat_reaches_the_meters_and_the_strip_only() {
    let (stage, app) = page().await;
    app.live.fleet.fold(snapshot(&[node("a", "healthy")]));
    settle().await;
    let name = stage.find(".card-name");
    app.live.fleet.fold(message(
        "nodes",
        json!({"beats": [{"id": "a", "at": "2026-01-01T00:00:05Z", "beat": 100, "cpu_percent": 77.0}], "server_time": "2026-01-01T00:00:05Z"}),
    ));
    settle().await;
    assert!(stage.find(".card-meters").text_content().unwrap().contains("77%"));
    assert!(stage.find(".card-name").is_same_node(Some(&name)));
}

#[wasm_bindgen_test]
async fn cards_move_and_are_not_made_anew() {
    let (stage, app) = page().await;
    app.live.fleet.fold(snapshot(&[node("a", "healthy"), node("b", "healthy"), node("c", "healthy")]));
    settle().await;
    assert_eq!(stage.names("article"), ["a", "b", "c"]);
    let c = stage.all("article")[2].clone();

    // Attention first: the one that failed comes to the front.
    app.live.fleet.fold(message("nodes", json!({"nodes": [node("c", "failed")], "server_time": NOW})));
    settle().await;
    assert_eq!(stage.names("article"), ["c", "a", "b"]);
    assert!(stage.all("article")[0].is_same_node(Some(&c)));

    app.nav.replace(Route::Fleet { query: Query { sort: Sort::Name, ..Query::default() }, sheet: None });
    settle().await;
    assert_eq!(stage.names("article"), ["a", "b", "c"]);

    app.nav.replace(Route::Fleet { query: Query::default().toggled(Facet::Failed), sheet: None });
    settle().await;
    assert_eq!(stage.names("article"), ["c"]);

    app.live.fleet.fold(message("removed", json!({"ids": ["c"], "server_time": NOW})));
    settle().await;
    assert_eq!(stage.names("article"), Vec::<String>::new());
    assert!(stage.root.text_content().unwrap().contains("No node matches"));
}

#[wasm_bindgen_test]
async fn an_empty_fleet_says_how_to_begin() {
    let (stage, app) = page().await;
    assert!(stage.maybe("[aria-busy=true]").is_some(), "a skeleton until the fleet is known");
    app.live.fleet.fold(snapshot(&[]));
    settle().await;
    let text = stage.root.text_content().unwrap();
    assert!(text.contains("No nodes yet") && text.contains("pitlane token enroll"), "{text}");
}
