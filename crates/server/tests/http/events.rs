//! The event stream: how it begins, goes on, and ends.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures::StreamExt as _;
use pitlane::store::Store as _;
use pitlane_api::Role;
use serde_json::{Value, json};

use crate::world::World;

/// Reads server-sent events from an answer.
pub struct Stream {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Value,
}

impl Stream {
    pub fn of(response: axum::response::Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; `None` once the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (id, Some(name), Some(data)) = (field("id: ").unwrap_or_default(), field("event: "), field("data: ")) {
                    return Some(Event { id, name, data: serde_json::from_str(&data).unwrap() });
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await.expect("the stream hangs")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// Reads on until the stream ends.
    pub async fn end(mut self) {
        while self.next().await.is_some() {}
    }
}

#[tokio::test]
async fn it_begins_with_a_snapshot_and_goes_on_where_it_was_left() {
    let world = World::new().await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let token = world.token(Role::Operator).await;
    let response = world.get("/api/v1/events").bearer(&token).header("accept-encoding", "gzip, br").open().await;
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(header("content-encoding"), "");
    let mut stream = Stream::of(response);
    let first = stream.next().await.unwrap();
    assert_eq!(first.name, "snapshot");
    assert_eq!(first.data["nodes"].as_array().unwrap().len(), 2);

    let body = json!({ "reason": "Kernel reboot" });
    world.post(&node.path("/drain")).bearer(&token).header("if-match", "*").json(&body).send().await.data(202);
    let (mut operations, mut before_last) = (Vec::new(), first.id);
    let last = loop {
        let event = stream.next().await.unwrap();
        if event.name == "operation" {
            operations.push(event.data["operation"]["state"].as_str().unwrap().to_owned());
            if operations.last().unwrap() == "completed" {
                break event;
            }
        }
        before_last = event.id;
    };
    assert_eq!(operations[0], "pending");

    let resumed = world.get(&format!("/api/v1/events?last_event_id={before_last}")).bearer(&token).open().await;
    assert_eq!(Stream::of(resumed).next().await.unwrap().id, last.id, "only what was missed");
    let resumed = world.get("/api/v1/events?last_event_id=other-1").header("last-event-id", &before_last).bearer(&token).open().await;
    assert_eq!(Stream::of(resumed).next().await.unwrap().id, last.id, "the browser's own header wins");
    let unknown = world.get("/api/v1/events?last_event_id=other-1").bearer(&token).open().await;
    assert_eq!(Stream::of(unknown).next().await.unwrap().name, "snapshot");
}

#[tokio::test]
async fn it_ends_at_shutdown() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let mut stream = Stream::of(world.get("/api/v1/events").bearer(&token).open().await);
    stream.next().await.unwrap();
    world.shut_down.send_replace(true);
    stream.end().await;
}

#[tokio::test]
async fn it_ends_when_its_session_does() {
    let world = World::new().await;
    let (one, other) = (world.sign_in(Role::Viewer).await, world.sign_in(Role::Viewer).await);
    let mut stream = Stream::of(world.get("/api/v1/events").header("cookie", &one).open().await);
    let mut stays = Stream::of(world.get("/api/v1/events").header("cookie", &other).open().await);
    stream.next().await.unwrap();
    stays.next().await.unwrap();
    world.call("DELETE", "/api/v1/session").cookie(&one).send().await.data(200);
    stream.end().await;
    world.node("edge-1", &[]).await;
    stays.next().await.unwrap();
}

#[tokio::test]
async fn it_ends_when_its_token_is_revoked_by_another_process() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let mut stream = Stream::of(world.get("/api/v1/events").bearer(&token).open().await);
    stream.next().await.unwrap();
    let id = world.store.tokens().await.unwrap().remove(0).id;
    world.store.revoke_token(&id, jiff::Timestamp::now(), &[]).await.unwrap();
    stream.end().await;
}

#[tokio::test]
async fn one_viewer_and_one_address_leave_streams_to_others() {
    let world = World::with(&[("max-streams", "8")]).await;
    let (one, other, third) = (world.token(Role::Viewer).await, world.token(Role::Viewer).await, world.token(Role::Viewer).await);
    // A session that was begun with a token is the same caller.
    let cookie = world.post("/api/v1/session").json(&json!({ "token": one })).send().await.header("set-cookie").split(';').next().unwrap().to_owned();
    let mut open = Vec::new();
    for at in 0..8 {
        let ask = world.get("/api/v1/events").from(&format!("192.0.2.{at}"));
        let answer = if at % 2 == 0 { ask.bearer(&one) } else { ask.header("cookie", &cookie) }.open().await;
        assert_eq!(answer.status(), if at < 2 { 200 } else { 503 }, "stream {at}");
        open.push(answer);
    }
    open.push(world.get("/api/v1/events").from("192.0.2.200").bearer(&other).open().await);
    open.push(world.get("/api/v1/events").from("192.0.2.200").bearer(&third).open().await);
    let operator = world.token(Role::Operator).await;
    for _ in 0..2 {
        open.push(world.get("/api/v1/events").from("192.0.2.200").bearer(&operator).open().await);
    }
    let admin = world.token(Role::Admin).await;
    let refused = world.get("/api/v1/events").from("192.0.2.200").bearer(&admin).send().await;
    refused.refused(503, "too_many_streams");
    assert!(refused.body["message"].as_str().unwrap().contains("your network"), "half of all is one address's: {}", refused.body);
    assert_eq!(world.get("/api/v1/events").from("192.0.2.201").bearer(&admin).open().await.status(), 200);
}

#[tokio::test]
async fn there_are_only_so_many() {
    let world = World::with(&[("max-streams", "1")]).await;
    let token = world.token(Role::Viewer).await;
    let first = world.get("/api/v1/events").bearer(&token).open().await;
    world.get("/api/v1/events").bearer(&token).send().await.refused(503, "too_many_streams");
    drop(first);
    assert_eq!(world.get("/api/v1/events").bearer(&token).open().await.status(), 200);
}
