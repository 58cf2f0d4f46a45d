//! What probes and Prometheus see.

use pitlane_api::Role;

use crate::world::{World, eventually};

#[tokio::test]
async fn counts_are_open_on_loopback() {
    let world = World::new().await;
    world.node("edge-1", &[]).await;
    let answer = world.get("/metrics").send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    for line in
        ["pitlane_nodes{realm=\"real\",health=\"healthy\"}", "pitlane_engine_reachable 1", "pitlane_heartbeats_total", "pitlane_http_requests_total{"]
    {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("/api/v1/nodes/node-"), "a path would make a label for each node:\n{text}");
}

#[tokio::test]
async fn behind_a_proxy_counts_want_a_token() {
    let world = World::with(&[("tls-terminated-upstream", "true"), ("public-url", "https://pitlane.example.org")]).await;
    world.get("/metrics").send().await.refused(401, "unauthorized");
    let viewer = world.token(Role::Viewer).await;
    assert_eq!(world.get("/metrics").bearer(&viewer).send().await.status, 200);
}

#[tokio::test]
async fn ready_means_that_store_and_engine_answer() {
    let world = World::new().await;
    assert_eq!(world.get("/readyz").send().await.data(200)["store"], true);
    assert_eq!(world.get("/healthz").send().await.data(200)["alive"], true);
}

#[tokio::test]
async fn a_background_task_that_keeps_failing_is_named_and_alive_is_not_ready() {
    let world = World::new().await;
    world.fleet.supervisor().keep("test.broken", || async { panic!("the secret inside") });
    eventually("not ready", async || world.get("/readyz").send().await.status == 503).await;
    let answer = world.get("/readyz").send().await;
    let said = answer.refused(503, "tasks_failing").body["message"].as_str().unwrap().to_owned();
    assert!(said.contains("test.broken") && !said.contains("secret"), "{said}");
    world.get("/healthz").send().await.data(200);
    let text = String::from_utf8(world.get("/metrics").send().await.bytes.to_vec()).unwrap();
    for line in ["pitlane_task_restarts_total{task=\"test.broken\"}", "pitlane_task_panics_total{task=\"test.broken\"}"] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
