//! Accepts connections and ends them: bounded in number (in all and of one address), in the time until something is asked, in the time an answer may lie
//! unread, and at shutdown.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Request, Response, StatusCode, header},
};
use futures::FutureExt;
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep_until,
};
use tower::ServiceExt;

use super::{
    connections::{Connection, Connections, Patience, Place, UnderWay, Verdict},
    patience::Patient,
};

/// A client that takes nothing of its answer for this long is cut off. A laptop that slept comes back for what it missed.
pub const UNREAD_FOR: Duration = Duration::from_secs(30);
/// What is left of the requests at shutdown is given this long.
const DRAIN_WITHIN: Duration = Duration::from_secs(8);
/// Longest head of a request and most that is read ahead of a body, in bytes, for each connection.
const READ_AHEAD: usize = 32 << 10;
/// The same over HTTP/2, for a connection and each of its streams. A whole body fits that is not a long list of containers.
const WINDOW: u32 = 64 << 10;
/// Requests at once on one HTTP/2 connection; a proxy opens another one.
const REQUESTS_AT_ONCE: u32 = 128;
/// Requests that an HTTP/2 client may take back before they are looked at, until its connection is ended.
const TAKEN_BACK: usize = 20;
/// Answer where everybody who has a place is known and busy. Written as it is, since nothing may wait for who comes then.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What connections may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// So many are open at once.
    pub connections: usize,
    /// So many of one address that have shown no valid secret.
    pub per_address: usize,
    /// Whose connections many people share.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Until the head of the first request is there, and of each one after it.
    pub first_request_within: Duration,
    /// How long somebody who is known, or a proxy, may keep an HTTP/2 connection without asking anything.
    pub idle_for: Duration,
    /// How long a connection lives on which nobody has shown a valid secret.
    pub stranger_for: Duration,
    /// How long an answer may lie unread.
    pub unread_for: Duration,
    /// Too many requests, and secrets that nobody has, are answered after this pause, so that asking faster is of no use.
    pub pause: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 12_000,
            per_address: 1_000,
            trusted_proxies: Arc::from([]),
            first_request_within: Duration::from_secs(10),
            idle_for: Duration::from_secs(120),
            stranger_for: Duration::from_secs(600),
            unread_for: UNREAD_FOR,
            pause: Duration::from_secs(1),
        }
    }
}

/// Serves until `shutdown` turns true, and then until the requests under way are answered.
///
/// # Errors
/// Only where the listener itself fails for good.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, mut shutdown: watch::Receiver<bool>) -> io::Result<()> {
    let connections = Connections::new(bounds.connections, bounds.per_address, bounds.trusted_proxies.clone());
    let graceful = GracefulShutdown::new();
    let builder = builder(&bounds);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the client is gone already: neither ends the server.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = down(&mut shutdown) => break,
        };
        let Some(place) = connections.admit(peer.ip()) else {
            metrics::counter!("pitlane_connections_refused_total").increment(1);
            let _ = stream.try_write(FULL);
            continue;
        };
        let (router, connection, pause) = (router.clone(), place.connection.clone(), bounds.pause);
        let service = service_fn(move |request| answer(router.clone(), request, connection.clone(), peer, pause));
        let served = graceful.watch(builder.serve_connection(prepared(stream, bounds.unread_for), service).into_owned());
        let patience = Patience { first_request_within: bounds.first_request_within, idle_for: bounds.idle_for, stranger_for: bounds.stranger_for };
        tokio::spawn(keep(place, served, patience));
    }
    drop(listener);
    let mut ended = pin!(graceful.shutdown().fuse());
    if tokio::time::timeout(DRAIN_WITHIN, &mut ended).await.is_err() {
        tracing::warn!("some requests were not answered in time and were cut off");
    }
    Ok(())
}

fn builder(bounds: &Bounds) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.first_request_within).max_buf_size(READ_AHEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_concurrent_streams(REQUESTS_AT_ONCE)
        .max_header_list_size(READ_AHEAD as u32)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_local_error_reset_streams(TAKEN_BACK);
    builder
}

/// Sees a connection to its end: its own, or because it must make room, or because nothing is asked on it for too long. The library cuts off a slow head of
/// HTTP/1; it waits without a bound for the first bytes, for HTTP/2's preface, and for the requests of an open HTTP/2 connection.
async fn keep<E: std::fmt::Display>(place: Place, served: impl Future<Output = Result<(), E>>, patience: Patience) {
    let mut served = pin!(served);
    while let Verdict::LookAgainAt(at) = place.connection.patience(&patience) {
        tokio::select! {
            ended = &mut served => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "a connection ended early");
                }
                return;
            }
            () = place.connection.evicted() => {
                tracing::trace!("a connection was closed to make room");
                return;
            }
            () = sleep_until(at.into()) => {}
        }
    }
    metrics::counter!("pitlane_connections_silent_total").increment(1);
    tracing::trace!("a connection was closed because nothing was asked on it");
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    connection: Arc<Connection>,
    peer: SocketAddr,
    pause: Duration,
) -> Result<Response<UntilSent>, std::convert::Infallible> {
    let under_way = connection.request();
    // Whoever shows a secret that nobody has, or sends a body and may not. A page that asks whether somebody is signed in is neither.
    let presumes = request.headers().contains_key(header::AUTHORIZATION) || !request.body().is_end_stream();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(connection);
    let response = router.oneshot(request).await?;
    if response.status() == StatusCode::TOO_MANY_REQUESTS || (presumes && response.status() == StatusCode::UNAUTHORIZED) {
        tokio::time::sleep(pause).await;
    }
    Ok(response.map(|body| UntilSent { body, _under_way: under_way }))
}

/// The body of an answer; its request is under way until it is gone.
struct UntilSent {
    body: Body,
    _under_way: UnderWay,
}

impl hyper::body::Body for UntilSent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn down(shutdown: &mut watch::Receiver<bool>) {
    // An error means that nobody can tell any more.
    let _ = shutdown.wait_for(|down| *down).await;
}

fn prepared(stream: TcpStream, unread_for: Duration) -> TokioIo<Patient<TcpStream>> {
    // Heartbeats and events are small and must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "TCP_NODELAY was not set");
    }
    TokioIo::new(Patient::new(stream, unread_for))
}
