//! Connections on which nothing is asked: each kind ends by its deadline, and none keeps anybody else out.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pitlane::http::Bounds;
use pitlane_api::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

use crate::world::World;

/// Deadlines that a test can wait for.
fn short() -> Bounds {
    Bounds {
        first_request_within: Duration::from_millis(300),
        idle_for: Duration::from_millis(300),
        pause: Duration::from_millis(10),
        ..Bounds::default()
    }
}

async fn serve(world: &World, bounds: Bounds) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(pitlane::http::serve(listener, world.router.clone(), bounds, world.shutdown.clone()));
    address
}

/// From one of this machine's many addresses.
async fn connect(server: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(server).await.unwrap()
}

/// Resolves once the server has closed it; what it had said until then.
async fn closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // One that was cut with bytes unread is closed as well.
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await.expect("it is open for ever");
    String::from_utf8_lossy(&said).into_owned()
}

async fn is_answered(server: SocketAddr, from: &str, token: &str) -> bool {
    let mut stream = connect(server, from).await;
    let request = format!("GET /api/v1/fleet HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    closed(&mut stream).await.starts_with("HTTP/1.1 200")
}

const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

#[tokio::test]
async fn whatever_is_begun_and_not_ended_is_cut_off() {
    let world = World::new().await;
    let server = serve(&world, short()).await;
    let whole_preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", SETTINGS].concat();
    let half_headers = [&whole_preface, &[0_u8, 0, 200, 1, 4, 0, 0, 0, 1, 0x82][..]].concat();
    let kinds: [(&str, &[u8]); 8] = [
        ("nothing", b""),
        ("one letter", b"G"),
        ("half a line", b"GET /healthz HT"),
        ("half a head", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"),
        ("the beginning of HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nS"),
        ("the preface and no settings", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/2 without a request", &whole_preface),
        ("HTTP/2 with half a request", &half_headers),
    ];
    for (what, bytes) in kinds {
        let begun = Instant::now();
        let mut stream = connect(server, "127.0.0.1").await;
        stream.write_all(bytes).await.unwrap();
        closed(&mut stream).await;
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(10), "{what} was cut off after {took:?}");
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let world = World::new().await;
    let server = serve(&world, short()).await;
    let (mut read, mut write) = connect(server, "127.0.0.1").await.into_split();
    let dribble = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(20));
        for byte in b"GET /healthz HTTP/1.1\r\nX-Long: ".iter().chain(std::iter::repeat_n(&b'x', 5_000)) {
            every.tick().await;
            if write.write_all(&[*byte]).await.is_err() {
                return true;
            }
        }
        false
    });
    let mut said = Vec::new();
    let _ = read.read_to_end(&mut said).await;
    drop(read);
    assert!(dribble.await.unwrap(), "it took five thousand bytes, one after another");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_and_ends() {
    let world = World::new().await;
    let server = serve(&world, Bounds::default()).await;
    let mut stream = connect(server, "127.0.0.1").await;
    let request = format!("POST /api/v1/session HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
    stream.write_all(request.as_bytes()).await.unwrap();
    let said = closed(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("\"code\":\"too_slow\""), "{said}");
}

/// A heartbeat of 4 MiB without a token is refused before its body is read: not even sent.
#[tokio::test]
async fn who_may_not_is_told_before_the_body_comes() {
    let world = World::new().await;
    let server = serve(&world, Bounds::default()).await;
    for (authorization, expected) in [("", "401"), ("Authorization: Bearer pla_unknown\r\n", "401")] {
        let mut stream = connect(server, "127.0.0.1").await;
        let head = format!(
            "POST /api/v1/agents/heartbeat HTTP/1.1\r\nHost: {server}\r\n{authorization}Content-Type: application/json\r\nContent-Length: 4194304\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let said = closed(&mut stream).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {expected}")), "{said}");
    }
    let operator = world.token(Role::Operator).await;
    for (path, length, expected) in [
        ("/api/v1/session", 2_049, "413"),
        ("/api/v1/agents/enroll", 49_153, "413"),
        ("/api/v1/placements", 16_385, "413"),
        ("/api/v1/nodes/x/drain", 1 << 30, "413"),
    ] {
        let mut stream = connect(server, "127.0.0.1").await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {operator}\r\nIf-Match: *\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let said = closed(&mut stream).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {expected}")), "{path}: {said}");
    }
}

#[tokio::test]
async fn asking_faster_is_of_no_use_to_who_guesses() {
    const PAUSE: Duration = Duration::from_secs(2);
    let world = World::with(&[("rate-burst", "1"), ("rate-per-second", "1")]).await;
    let token = world.token(Role::Viewer).await;
    let server = serve(&world, Bounds { pause: PAUSE, ..Bounds::default() }).await;
    let ask = async |head: &str| {
        let begun = Instant::now();
        let mut stream = connect(server, "127.0.0.1").await;
        stream.write_all(format!("{head}Host: {server}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let said = closed(&mut stream).await;
        (said.get(9..12).map(str::to_owned).unwrap_or_default(), begun.elapsed() >= PAUSE)
    };
    let fleet = "GET /api/v1/fleet HTTP/1.1\r\n";
    assert_eq!(ask(fleet).await, ("401".into(), false), "a page that asks whether one is signed in");
    assert_eq!(ask(fleet).await, ("429".into(), true));
    assert_eq!(ask(&format!("{fleet}Authorization: Bearer pl_guess\r\n")).await, ("401".into(), true));
    assert_eq!(ask(&format!("{fleet}Authorization: Bearer {token}\r\n")).await, ("200".into(), false), "who is known does not wait");
}

#[tokio::test]
async fn where_a_body_ends_is_no_matter_of_opinion() {
    let world = World::new().await;
    let server = serve(&world, Bounds::default()).await;
    for framing in [
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Content-Length: 3\r\nContent-Length: 4",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Content-Length: -1",
    ] {
        let mut stream = connect(server, "127.0.0.1").await;
        let request = format!("POST /api/v1/session HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = [0; 12];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&said), "HTTP/1.1 400", "{framing}");
    }
}

#[tokio::test]
async fn an_http2_connection_that_was_used_ends_once_it_is_idle() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let server = serve(&world, short()).await;
    let socket = TokioIo::new(connect(server, "127.0.0.1").await);
    let (mut requests, connection) = hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), socket).await.unwrap();
    let ended = tokio::spawn(connection);
    let request = axum::http::Request::get(format!("http://{server}/api/v1/fleet")).header("authorization", format!("Bearer {token}"));
    assert_eq!(requests.send_request(request.body(Body::empty()).unwrap()).await.unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it is open for ever").unwrap().ok();
}

#[tokio::test]
async fn a_stream_of_events_is_not_silence() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let server = serve(&world, Bounds { stranger_for: Duration::from_millis(300), ..short() }).await;
    let mut stream = connect(server, "127.0.0.1").await;
    stream.write_all(format!("GET /api/v1/events HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\r\n").as_bytes()).await.unwrap();
    // Another one, begun later, is cut off meanwhile; this one goes on, and tells of what happens then.
    closed(&mut connect(server, "127.0.0.1").await).await;
    closed(&mut connect(server, "127.0.0.1").await).await;
    world.node("edge-after", &[]).await;
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains("edge-after") {
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "it was cut off after {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let bounds = Bounds { connections: 60, per_address: 30, ..Bounds::default() };
    let server = serve(&world, bounds).await;
    let mut silent = Vec::new();
    // From one address: far more than there are places for it.
    for _ in 0..200 {
        silent.push(connect(server, "127.0.0.2").await);
    }
    assert!(is_answered(server, "127.0.0.1", &token).await, "from elsewhere");
    assert!(is_answered(server, "127.0.0.2", &token).await, "from the same address");
    closed(&mut silent[0]).await;
    // From a hundred addresses: more than there are places at all.
    for at in 0..200 {
        silent.push(connect(server, &format!("127.0.1.{}", at % 100)).await);
    }
    assert!(is_answered(server, "127.0.0.1", &token).await);
}

#[tokio::test]
async fn who_is_signed_in_keeps_a_connection_that_strangers_want() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).await;
    let server = serve(&world, Bounds { connections: 20, per_address: 10, ..Bounds::default() }).await;
    let mut signed_in = connect(server, "127.0.0.1").await;
    signed_in.write_all(format!("GET /api/v1/events HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\r\n").as_bytes()).await.unwrap();
    let mut buffer = [0; 4096];
    assert!(signed_in.read(&mut buffer).await.unwrap() > 0);
    let mut strangers = Vec::new();
    for at in 0..100 {
        strangers.push(connect(server, &format!("127.0.0.{}", 1 + at % 30)).await);
    }
    // Every stranger was taken in by now, since they are taken in one after another.
    assert!(is_answered(server, "127.0.0.200", &token).await);
    world.node("edge-still", &[]).await;
    let mut text = String::new();
    while !text.contains("edge-still") {
        let read = tokio::time::timeout(Duration::from_secs(20), signed_in.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "it had to make room");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

#[tokio::test]
async fn a_proxy_is_many_people() {
    let world = World::new().await;
    let bounds = Bounds { per_address: 5, trusted_proxies: vec!["127.0.0.9/32".parse().unwrap()].into(), ..Bounds::default() };
    let server = serve(&world, bounds).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(connect(server, "127.0.0.9").await);
    }
    for stream in &mut open {
        stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        assert!(closed(stream).await.starts_with("HTTP/1.1 200"), "the proxy's connections do not count as one address's");
    }
}
