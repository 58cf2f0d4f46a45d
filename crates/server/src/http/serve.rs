//! Accepts connections and ends them: bounded in number, in the time a request's head may take and an answer may lie unread, and at shutdown.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use futures::FutureExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tower::ServiceExt;

use super::patience::Patient;

/// A client that dribbles its request's head is cut off.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A client that takes nothing of its answer for this long is cut off. A laptop that slept comes back for what it missed.
pub const UNREAD_FOR: Duration = Duration::from_secs(30);
/// What is left of the requests at shutdown is given this long.
const DRAIN_WITHIN: Duration = Duration::from_secs(8);

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// So many are open at once; more wait.
    pub connections: usize,
    /// How long an answer may lie unread: [`UNREAD_FOR`].
    pub unread_for: Duration,
}

/// Serves until `shutdown` turns true, and then until the requests under way are answered.
///
/// # Errors
/// Only where the listener itself fails for good.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, mut shutdown: watch::Receiver<bool>) -> io::Result<()> {
    let connections = Arc::new(Semaphore::new(bounds.connections));
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).keep_alive_timeout(Duration::from_secs(20));
    loop {
        let permit = tokio::select! {
            permit = connections.clone().acquire_owned() => permit.map_err(io::Error::other)?,
            () = down(&mut shutdown) => break,
        };
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
        let service = TowerToHyperService::new(with_peer(router.clone(), peer));
        let connection = graceful.watch(builder.serve_connection(prepared(stream, bounds.unread_for), service).into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(error = %error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let mut ended = pin!(graceful.shutdown().fuse());
    if tokio::time::timeout(DRAIN_WITHIN, &mut ended).await.is_err() {
        tracing::warn!("some requests were not answered in time and were cut off");
    }
    Ok(())
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

fn with_peer(
    router: Router,
    peer: SocketAddr,
) -> impl tower::Service<Request<hyper::body::Incoming>, Response = axum::response::Response, Error = std::convert::Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    router.map_request(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    })
}
