//! Public links: what they show, to whom, and how they end.

use pitlane::store::Store as _;
use pitlane_api::Role;
use serde_json::{Value, json};

use crate::{
    events::Stream,
    world::{TestNode, World, eventually, heartbeat},
};

const REASON: &str = "Kernel 6.12 reboot";

/// A node in maintenance.
async fn drained(world: &World, name: &str, operator: &str) -> TestNode {
    let node = world.node(name, &["pgdata"]).await;
    let preview = world.get(&node.path("/drain-preview")).bearer(operator).send().await.data(200).clone();
    let body = json!({ "reason": REASON, "seen_stateful": [preview["stateful"][0]["identity"]], "allow_last_schedulable": true });
    world.post(&node.path("/drain")).bearer(operator).header("if-match", "*").json(&body).send().await.data(202);
    eventually("maintenance", async || {
        let shown = world.get(&node.path("")).bearer(operator).send().await;
        shown.body["data"]["scheduling"] == "maintenance" && shown.body["data"]["operation"].is_null()
    })
    .await;
    node
}

/// A link: its id, and the path it leads to.
async fn link(world: &World, node: &TestNode, token: &str, lifetime: &str) -> (String, String) {
    let made = world.post(&node.path("/share-links")).bearer(token).json(&json!({ "lifetime": lifetime })).send().await;
    let data = made.data(201);
    let path = data["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:7070").unwrap().to_owned();
    (data["link"]["id"].as_str().unwrap().to_owned(), path)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn it_shows_one_nodes_status_and_nothing_else() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = drained(&world, "edge-fra-02", &operator).await;
    world.node("edge-fra-01", &[]).await;
    let (_, path) = link(&world, &node, &operator, "1d").await;

    let status = world.get(&format!("/api/v1{path}")).send().await.data(200).clone();
    let known = ["health", "heartbeat", "last_heartbeat_at", "maintenance", "name", "scheduling", "server_time", "status"];
    assert_eq!(keys(&status), known);
    assert_eq!(keys(&status["maintenance"]), ["expected_back_at", "reason", "since"]);
    assert_eq!(status["maintenance"]["reason"], REASON);

    let page = world.get(&path).header("accept", "text/html").header("user-agent", "Mozilla/5.0").send().await;
    assert_eq!(page.status, 200);
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    for shown in ["edge-fra-02", REASON, "Maintenance", "Healthy", "property=\"og:title\" content=\"edge-fra-02: Maintenance, healthy\"", "og:image"]
    {
        assert!(text.contains(shown), "{shown} is missing: {text}");
    }
    let everything = format!("{text}{status}");
    for secret in ["postgres", "pgdata", "shop", "operator", "edge-fra-01", &node.id] {
        assert!(!everything.contains(secret), "{secret} is nobody's business");
    }
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!text.contains("style=") && !text.contains("<script>"), "the policy blocks what stands inline");
    for asset in text.split(['"', '\'']).filter(|part| part.starts_with("/shared/page")) {
        let file = world.get(asset).send().await;
        assert_eq!((file.status, file.header("cache-control")), (200, "public, max-age=31536000, immutable"), "{asset}");
    }
}

#[tokio::test]
async fn a_terminal_gets_text_a_runbook_a_badge_and_a_preview_its_picture() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = drained(&world, "edge-fra-02", &operator).await;
    let (_, path) = link(&world, &node, &operator, "1h").await;
    let text = world.get(&path).header("user-agent", "curl/8.5.0").header("accept", "*/*").send().await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert!(text.bytes.starts_with(b"edge-fra-02: maintenance, healthy\nreason         Kernel 6.12 reboot\n"), "{:?}", text.bytes);

    let badge = world.get(&format!("{path}/badge.svg")).send().await;
    assert_eq!((badge.status, badge.header("content-type"), badge.header("cache-control")), (200, "image/svg+xml", "public, max-age=10"));
    assert_eq!(badge.header("cross-origin-resource-policy"), "cross-origin", "other sites' pages may show it");
    assert!(String::from_utf8_lossy(&badge.bytes).contains("edge-fra-02: maintenance, healthy"));

    let picture = world.get(&format!("{path}/picture.png")).send().await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert!(picture.bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!((&picture.bytes[16..20], &picture.bytes[20..24]), (&1200_u32.to_be_bytes()[..], &630_u32.to_be_bytes()[..]));
    assert_eq!(picture.header("cache-control"), "public, max-age=10");

    let activate = json!({ "override": { "reason": "seen with my own eyes" } });
    world.post(&node.path("/activate")).bearer(&operator).header("if-match", "*").json(&activate).send().await.data(202);
    eventually("schedulable", async || world.get(&format!("/api/v1{path}")).send().await.body["data"]["scheduling"] == "schedulable").await;
    let (now, then) = (world.get(&format!("{path}/badge.svg")).send().await, String::from_utf8_lossy(&badge.bytes).into_owned());
    let now = String::from_utf8_lossy(&now.bytes).into_owned();
    assert!(now.contains("edge-fra-02: healthy") && now.contains("#3ecf8e") && then.contains("#ff9f1c"), "{now} {then}");
    assert_ne!(world.get(&format!("{path}/picture.png")).send().await.bytes, picture.bytes, "another state, another picture");
}

#[tokio::test]
async fn the_page_speaks_the_readers_language_and_the_preview_english() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = drained(&world, "edge-fra-02", &operator).await;
    let (_, path) = link(&world, &node, &operator, "1h").await;
    let page = async |language: &str| {
        let page = world.get(&path).header("accept", "text/html").header("accept-language", language).send().await;
        assert!(page.header("vary").contains("accept-language"));
        String::from_utf8_lossy(&page.bytes).into_owned()
    };
    let shows = |page: &str, words: &[&str]| assert!(words.iter().all(|words| page.contains(words)), "{words:?}: {page}");
    shows(
        &page("de-AT,en;q=0.5").await,
        &["<html lang=\"de\" dir=\"ltr\">", "Wartung", "Grund", "Letzter Heartbeat", "aktuell", "Kernel 6.12 reboot"],
    );
    shows(&page("ar").await, &["<html lang=\"ar\" dir=\"rtl\">", "صيانة", "السبب", "content=\"edge-fra-02: Maintenance, healthy\""]);
    shows(&page("fr").await, &["<html lang=\"en\" dir=\"ltr\">", "Last heartbeat"]);
    let gone = world.get("/shared/none").header("accept", "text/html").header("accept-language", "de").send().await;
    assert!(String::from_utf8_lossy(&gone.bytes).contains("Dieser Link zeigt nichts"));
}

#[tokio::test]
async fn a_private_link_pasted_says_the_products_name_alone() {
    let world = World::new().await;
    let node = world.node("edge-fra-02", &[]).await;
    let page = world.get(&format!("/nodes/{}", node.id)).header("accept", "*/*").header("user-agent", "Slackbot 1.0").send().await;
    assert_eq!(page.status, 200);
    assert!(!String::from_utf8_lossy(&page.bytes).contains("edge-fra-02"));
    // What a preview may use of the console's page is its name. (Tests are built before the console; this is the page it starts from.)
    let page = include_str!("../../../../index.html");
    assert!(page.contains("<title>Pitlane</title>") && page.contains("<meta property=\"og:title\" content=\"Pitlane\" />"));
    assert!(!page.contains("description") && page.matches("og:").count() == 1, "a preview would show it");
}

#[tokio::test]
async fn it_is_live_and_ends_at_once_when_it_is_revoked() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = drained(&world, "edge-fra-02", &operator).await;
    let ((id, path), (_, other)) = (link(&world, &node, &operator, "7d").await, link(&world, &node, &operator, "7d").await);
    let mut stream = Stream::of(world.get(&format!("/api/v1{path}/events")).open().await);
    let mut stays = Stream::of(world.get(&format!("/api/v1{other}/events")).open().await);
    let first = stream.next().await.unwrap();
    stays.next().await.unwrap();
    assert_eq!((first.name.as_str(), &first.data["maintenance"]["reason"]), ("status", &json!(REASON)));

    let patch = json!({ "reason": "A new disk" });
    world.call("PATCH", &node.path("/maintenance")).bearer(&operator).header("if-match", "*").json(&patch).send().await.data(200);
    let changed = stream.next().await.unwrap();
    assert_eq!(changed.data["maintenance"]["reason"], "A new disk");
    assert_ne!(changed.id, first.id);

    world.call("DELETE", &node.path(&format!("/share-links/{id}"))).bearer(&operator).send().await.data(200);
    assert_eq!(stream.next().await.unwrap().name, "ended");
    assert!(stream.next().await.is_none());
    world.get(&format!("/api/v1{path}")).send().await.refused(404, "not_found");
    let gone = world.get(&path).header("accept", "text/html").send().await;
    assert_eq!(gone.status, 404);
    let text = String::from_utf8_lossy(&gone.bytes).into_owned();
    assert!(text.contains("This link shows nothing") && !text.contains("edge-fra"), "{text}");
    let badge = world.get(&format!("{path}/badge.svg")).send().await;
    assert_eq!((badge.status, badge.header("cache-control")), (404, "public, max-age=10"));
    let drawn = String::from_utf8_lossy(&badge.bytes).into_owned();
    assert!(drawn.contains("pitlane: link ended") && !drawn.contains("edge-fra"), "{drawn}");
    world.get(&format!("{path}/picture.png")).send().await.refused(404, "not_found");

    world.post("/api/v1/agents/heartbeat").bearer(&node.token).json(&heartbeat(2, &["pgdata"])).send().await.data(200);
    assert_eq!(stays.next().await.unwrap().name, "status", "the other link goes on");
}

#[tokio::test]
async fn until_activated_ends_with_the_maintenance() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = drained(&world, "edge-fra-02", &operator).await;
    let (_, path) = link(&world, &node, &operator, "until_activated").await;
    let mut stream = Stream::of(world.get(&format!("/api/v1{path}/events")).open().await);
    let body = json!({ "override": { "reason": "seen with my own eyes" } });
    world.post(&node.path("/activate")).bearer(&operator).header("if-match", "*").json(&body).send().await.data(202);
    while stream.next().await.is_some_and(|event| event.name == "status") {}
    world.get(&format!("/api/v1{path}")).send().await.refused(404, "not_found");
    let again = world.post(&node.path("/share-links")).bearer(&operator).json(&json!({ "lifetime": "until_activated" })).send().await;
    assert_eq!(again.refused(422, "invalid_field").body["error"]["details"]["field"], "lifetime");
}

#[tokio::test]
async fn links_are_listed_without_their_secret_and_revoked_by_whom_they_belong_to() {
    let world = World::new().await;
    let (viewer, operator, admin) = (world.token(Role::Viewer).await, world.token(Role::Operator).await, world.token(Role::Admin).await);
    let node = world.node("edge-1", &[]).await;
    world.post(&node.path("/share-links")).bearer(&viewer).json(&json!({ "lifetime": "1h" })).send().await.refused(403, "role");
    world.post(&node.path("/share-links")).bearer(&operator).json(&json!({ "lifetime": "for ever" })).send().await.refused(422, "invalid_field");
    world.post("/api/v1/nodes/none/share-links").bearer(&operator).json(&json!({ "lifetime": "1h" })).send().await.refused(404, "not_found");
    let (mine, path) = link(&world, &node, &operator, "1h").await;
    let (admins, _) = link(&world, &node, &admin, "1h").await;

    let listed = world.get(&node.path("/share-links")).bearer(&viewer).send().await.data(200).clone();
    assert_eq!(listed["links"].as_array().unwrap().len(), 2);
    assert_eq!(listed["links"][1]["created_by"], "operator");
    assert!(!listed.to_string().contains(path.rsplit('/').next().unwrap()));

    let revoke = async |id: &str, token: &str| world.call("DELETE", &node.path(&format!("/share-links/{id}"))).bearer(token).send().await;
    revoke(&admins, &operator).await.refused(403, "role");
    revoke(&mine, &viewer).await.refused(403, "role");
    revoke(&mine, &admin).await.data(200);
    revoke(&mine, &admin).await.refused(404, "not_found");
    let told = world.get("/api/v1/activity").bearer(&viewer).send().await.data(200).to_string();
    assert!(told.contains("Revoked the public link that operator had made."), "{told}");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_a_secret_is_kept_as_a_hash() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = world.node("edge-1", &[]).await;
    let (_, path) = link(&world, &node, &operator, "1h").await;
    let secret = path.rsplit('/').next().unwrap();
    assert!(secret.len() >= 43);
    let file = std::fs::read(world.store.path()).unwrap();
    let log = std::fs::read(world.store.path().with_extension("db-wal")).unwrap_or_default();
    assert!([file, log].iter().all(|bytes| !bytes.windows(secret.len()).any(|part| part == secret.as_bytes())));
    let mut refused = 0;
    for guess in 0..100 {
        refused += usize::from(world.get(&format!("/api/v1/shared/guess{guess}")).send().await.status == 429);
    }
    assert!(refused >= 30, "only {refused} of 100 guesses were refused");
    world.get(&format!("/api/v1{path}")).send().await.data(200);
}

#[tokio::test]
async fn a_node_has_only_so_many_links() {
    let world = World::new().await;
    let operator = world.token(Role::Operator).await;
    let node = world.node("edge-1", &[]).await;
    for _ in 0..50 {
        link(&world, &node, &operator, "1h").await;
    }
    let more = world.post(&node.path("/share-links")).bearer(&operator).json(&json!({ "lifetime": "1h" })).send().await;
    assert_eq!(more.refused(409, "too_many_share_links").body["error"]["details"]["limit"], 50);
    assert_eq!(world.store.share_links(&node.id.as_str().into(), jiff::Timestamp::now()).await.unwrap().len(), 50);
}

#[tokio::test]
async fn shared_pages_do_not_take_the_consoles_streams() {
    let world = World::with(&[("max-streams", "4")]).await;
    let operator = world.token(Role::Operator).await;
    let node = world.node("edge-1", &[]).await;
    let (_, path) = link(&world, &node, &operator, "1h").await;
    let events = format!("/api/v1{path}/events");
    let _open = world.get(&events).open().await;
    world.get(&events).send().await.refused(503, "too_many_streams");
    assert_eq!(world.get("/api/v1/events").bearer(&operator).open().await.status(), 200);
}
