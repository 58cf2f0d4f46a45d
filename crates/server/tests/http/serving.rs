//! On a real socket: what only a connection shows.

use std::{net::SocketAddr, time::Duration};

use pitlane_api::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::world::World;

async fn serve(world: &World) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = pitlane::http::serve(listener, world.router.clone(), 100, world.shutdown.clone());
    (address, tokio::spawn(serving))
}

async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(wanted) {
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended after:\n{text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text
}

#[tokio::test]
async fn it_shuts_down_although_a_browser_is_connected() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let (address, server) = serve(&world).await;
    let mut browser = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
    browser.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut browser, "event: snapshot").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut idle, "alive").await;

    world.shut_down.send_replace(true);
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("it hangs").unwrap().unwrap();
    let mut rest = Vec::new();
    browser.read_to_end(&mut rest).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).ends_with("0\r\n\r\n"), "the stream was ended, not cut");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_peers_address_reaches_the_activity_log_and_not_what_a_header_claims() {
    let world = World::new().await;
    let code = world.code(Role::Viewer).await;
    let (address, _server) = serve(&world).await;
    let body = format!("{{\"code\":\"{code}\"}}");
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: {address}\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut client, "set-cookie").await;
    let viewer = world.token(Role::Viewer).await;
    crate::world::eventually("the entry", async || {
        let log = world.get("/api/v1/activity").bearer(&viewer).send().await;
        log.data(200)["entries"].as_array().unwrap().iter().any(|entry| entry["kind"] == "signed_in" && entry["origin"] == "127.0.0.1")
    })
    .await;
}
