//! On a real socket: what only a connection shows.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
    routing::get,
};
use futures::StreamExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pitlane::http::Bounds;
use pitlane_api::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};

use crate::world::World;

async fn serve(world: &World) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bounds = Bounds { connections: 100, ..Bounds::default() };
    let serving = pitlane::http::serve(listener, world.router.clone(), bounds, world.shutdown.clone());
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

/// Says when it is let go of.
struct Held(UnboundedSender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_holds_nothing() {
    let (tell, mut let_go) = mpsc::unbounded_channel();
    // An answer without an end, as a stream of events is.
    let endless = async move || {
        let held = Held(tell);
        Body::from_stream(futures::stream::repeat_with(move || {
            let _still = &held;
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 65_536]))
        }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_up, shutdown) = tokio::sync::watch::channel(false);
    let bounds = Bounds { connections: 10, unread_for: Duration::from_millis(200), ..Bounds::default() };
    tokio::spawn(pitlane::http::serve(listener, Router::new().route("/", get(endless)), bounds, shutdown));

    let mut reader = TcpStream::connect(address).await.unwrap();
    reader.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut reader, "xxxx").await;
    // From here on it is there, and reads nothing.
    let ended = tokio::time::timeout(Duration::from_secs(20), let_go.recv()).await;
    assert_eq!(ended.expect("it holds its answer for ever"), Some(()));
    drop(reader);
}

/// Over HTTP/2 a reader of one stream that sleeps is not cut off, since its connection is well. What it holds is its window and one chunk more: nothing
/// is made for it that it has no room for. (The fleet's frames wait for nobody either: `fleet::tests::events`.)
#[tokio::test]
async fn who_does_not_read_over_http2_holds_its_window_and_no_more() {
    const CHUNK: usize = 16_384;
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let endless = async move || {
        Body::from_stream(futures::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; CHUNK]))
        }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_up, shutdown) = tokio::sync::watch::channel(false);
    let bounds = Bounds { connections: 10, unread_for: Duration::from_millis(200), ..Bounds::default() };
    let router = Router::new().route("/", get(endless)).route("/small", get(async || "small"));
    tokio::spawn(pitlane::http::serve(listener, router, bounds, shutdown));

    let socket = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let mut client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    client.initial_stream_window_size(u32::try_from(8 * CHUNK).unwrap());
    let (mut requests, connection) = client.handshake::<_, Body>(socket).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async |path: &str| {
        let request = Request::get(format!("http://{address}{path}")).body(Body::empty()).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), requests.send_request(request)).await.unwrap().unwrap();
        Body::new(answer.into_body()).into_data_stream()
    };
    let mut asleep = ask("/").await;
    asleep.next().await.unwrap().unwrap();
    // Whatever could be made for it meanwhile has been: others are answered on the same connection, for longer than the patience of one that is stuck.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(400) {
        assert_eq!(ask("/small").await.next().await.unwrap().unwrap(), "small");
    }
    let held = made.load(Ordering::SeqCst);
    assert!((8..=11).contains(&held), "{held} chunks were made for a window of 8");
    // It wakes up, and goes on where it fell asleep.
    for _ in 0..40 {
        asleep.next().await.unwrap().unwrap();
    }
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
