//! A real Caddy: ready, gone, not there, expected.

use pitlane_agent::Service;
use pitlane_api::SignalState;

use crate::{
    lab::{Caddy, Folder, free_port},
    plane::{Plane, Running, settings},
};

#[tokio::test]
async fn caddy_is_ready_then_gone_then_back() {
    let port = free_port();
    let Some(mut caddy) = Caddy::start(|_| format!("127.0.0.1:{port}")) else { return };
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    let mut with = settings(&plane, &state);
    with.caddy = format!("http://127.0.0.1:{port}");
    let agent = Running::start(with.clone());
    let ready = plane.beat_where("Caddy ready", |beat| beat.caddy.state == SignalState::Ok).await;
    assert_eq!(ready.caddy.detail, "1 HTTP server");
    assert!(ready.caddy.expected, "seen, so expected from now on");

    caddy.kill();
    let gone = plane.beat_where("Caddy gone", |beat| beat.caddy.state == SignalState::Bad).await;
    assert!(gone.caddy.detail.contains("nothing listens at"), "{}", gone.caddy.detail);
    agent.stop().await;

    // The agent that starts again remembers; one that is told to forget does not.
    let agent = Running::start(with.clone());
    assert_eq!(plane.beat_where("a first beat", |beat| beat.seq == 1).await.caddy.state, SignalState::Bad);
    caddy.up();
    plane.beat_where("Caddy back", |beat| beat.caddy.state == SignalState::Ok).await;
    agent.stop().await;
    caddy.kill();
    with.forget = vec![Service::Caddy];
    let agent = Running::start(with);
    assert_eq!(plane.beat_where("a first beat", |beat| beat.seq == 1).await.caddy.state, SignalState::NotPresent);
    agent.stop().await;
}

#[tokio::test]
async fn caddy_answers_on_a_socket_too() {
    let mut socket = None;
    let caddy = Caddy::start(|dir| {
        let path = dir.join("admin.sock");
        let listen = format!("unix/{}", path.display());
        socket = Some(path);
        listen
    });
    let (Some(_caddy), Some(socket)) = (caddy, socket) else { return };
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    let mut with = settings(&plane, &state);
    with.caddy = format!("unix://{}", socket.display());
    let agent = Running::start(with);
    plane.beat_where("Caddy ready", |beat| beat.caddy.state == SignalState::Ok).await;
    agent.stop().await;
}

#[tokio::test]
async fn what_is_expected_and_never_came_is_a_fault() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    let mut with = settings(&plane, &state);
    with.expect = vec![Service::Docker, Service::Caddy];
    let agent = Running::start(with);
    let beat = plane.next_beat().await;
    assert_eq!((beat.docker.state, beat.caddy.state), (SignalState::Bad, SignalState::Bad));
    assert!(beat.containers.is_some_and(|list| !list.complete), "an expected Docker that is away is not an empty one");
    agent.stop().await;
}
