//! Public links: made, listed and revoked by people who are signed in; looked at by anybody who has one.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::{Body as Bytes, Bytes as Chunk},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures::Stream;
use pitlane_api::{Envelope, MadeShareLink, ShareLink, ShareLinks, ShareRequest, SharedStatus, Timestamp, Words};
use tokio::{
    sync::{broadcast, watch},
    time::Interval,
};

use crate::{
    fleet::Error,
    http::{
        App,
        auth::{MayRead, MayShare},
        events::{down, every},
        extract::{Body, Node, NodeLink},
        openapi::Refused,
        problem::{Problem, Result, ok, success},
        routes::changes::actor,
        shared::{self, Shared},
        streams::OpenStream,
    },
    secret,
};

/// How often a stream looks whether something changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Seconds of silence after which a comment keeps proxies and browsers from giving up.
const QUIET_S: u32 = 15;

/// The public links of a node that work, newest first. Their secrets are not kept, so they cannot be listed.
#[utoipa::path(
    get, path = "/nodes/{id}/share-links", tag = "share", operation_id = "list_share_links",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The links", body = Envelope<ShareLinks>)),
)]
pub async fn list(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    Ok(ok(app.fleet.share_links(&id).await?))
}

/// A new public link to one node's status. The reason of its maintenance becomes public with it. The address is told this once.
#[utoipa::path(
    post, path = "/nodes/{id}/share-links", tag = "share", operation_id = "create_share_link",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    request_body = ShareRequest,
    responses(
        (status = 201, description = "Made", body = Envelope<MadeShareLink>),
        (status = 409, description = "`too_many_share_links`: the node has as many as it may have", body = Refused),
    ),
)]
pub async fn create(State(app): State<App>, MayShare(caller): MayShare, Node(id): Node, Body { value, .. }: Body<ShareRequest>) -> Result<Response> {
    let secret = secret::random();
    let url = shared::address(&app, &secret);
    let made = app.fleet.share(&id, &value, &secret, url, &actor(caller)).await?;
    Ok(success(StatusCode::CREATED, "Everybody who has this address can see the node's status, with the reason of its maintenance.", made))
}

/// Revokes a link and ends its open streams. Somebody else's only as an admin.
#[utoipa::path(
    delete, path = "/nodes/{id}/share-links/{link}", tag = "share", operation_id = "revoke_share_link",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("link" = String, Path, description = "The link's id.", min_length = 1, max_length = 128),
    ),
    responses((status = 200, description = "Revoked", body = Envelope<serde_json::Value>)),
)]
pub async fn revoke(State(app): State<App>, MayShare(caller): MayShare, NodeLink(id, link): NodeLink) -> Result<Response> {
    app.fleet.revoke_share_link(&id, &link, &actor(caller)).await?;
    Ok(success(StatusCode::OK, "Revoked.", serde_json::json!({})))
}

/// One node's status, without signing in.
#[utoipa::path(
    get, path = "/shared/{token}", tag = "share", operation_id = "shared_status", security(()),
    params(("token" = String, Path, description = "From the link.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The status and nothing else", body = Envelope<SharedStatus>)),
)]
pub async fn status(shared: Shared) -> Response {
    ok(shared.status)
}

/// That status as it changes: `status` with a `SharedStatus` at most once a second, and `ended` when the link does.
#[utoipa::path(
    get, path = "/shared/{token}/events", tag = "share", operation_id = "shared_events", security(()),
    params(("token" = String, Path, description = "From the link.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "status, ended", content_type = "text/event-stream", body = String)),
)]
pub async fn events(State(app): State<App>, shared: Shared) -> Result<Response> {
    // Apart from the console's own streams: whoever has a link must not keep operators out.
    let place = app.shared_streams.open(shared.link.id.clone(), shared.address).map_err(|_| {
        Problem::unavailable("too_many_streams", Words::plain("Too many people look at shared pages now. Load this page again in a while."), 30)
    })?;
    let open = Open {
        ended: app.fleet.ended_links(),
        shutdown: app.shutdown.clone(),
        look: every(LOOK_EVERY),
        queued: VecDeque::from([Chunk::from_static(b": pitlane\nretry: 3000\n\n"), frame(&shared.status)]),
        told: shared.status,
        link: shared.link,
        quiet: 0,
        over: false,
        app,
        _place: place,
    };
    let mut response = Response::new(Bytes::from_stream(open.into_stream()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn frame(status: &SharedStatus) -> Chunk {
    let data = serde_json::to_string(status).unwrap_or_default();
    Chunk::from(format!("id: {}\nevent: status\ndata: {data}\n\n", shared::version(status)))
}

/// The same, but for the time at which it was said.
fn same(one: &SharedStatus, other: &SharedStatus) -> bool {
    shared::version(one) == shared::version(other) && one.last_heartbeat_at == other.last_heartbeat_at
}

struct Open {
    app: App,
    link: ShareLink,
    told: SharedStatus,
    ended: broadcast::Receiver<String>,
    shutdown: watch::Receiver<bool>,
    look: Interval,
    quiet: u32,
    over: bool,
    queued: VecDeque<Chunk>,
    _place: OpenStream,
}

impl Open {
    fn into_stream(self) -> impl Stream<Item = std::result::Result<Chunk, Infallible>> + Send {
        futures::stream::unfold(self, |mut open| async move { open.next().await.map(|chunk| (Ok(chunk), open)) })
    }

    async fn next(&mut self) -> Option<Chunk> {
        loop {
            if let Some(chunk) = self.queued.pop_front() {
                return Some(chunk);
            }
            if self.over {
                return None;
            }
            tokio::select! {
                () = down(&mut self.shutdown) => return None,
                ended = self.ended.recv() => match ended {
                    Ok(id) if id != self.link.id => {}
                    // Ended, or too many at once to have seen them all: whoever comes back is told which.
                    _ => self.end(),
                },
                _ = self.look.tick() => self.look(),
            }
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.queued.push_back(Chunk::from_static(b"event: ended\ndata: {}\n\n"));
    }

    fn look(&mut self) {
        if Timestamp::now() >= self.link.expires_at {
            return self.end();
        }
        let status = match self.app.fleet.shared_status(&self.link) {
            Ok(status) => status,
            // The node was removed.
            Err(Error::NotFound(_)) => return self.end(),
            Err(_) => return,
        };
        self.quiet += 1;
        // What did not change is told again as well: a page that hears nothing calls what it shows old.
        if self.quiet >= QUIET_S || !same(&status, &self.told) {
            self.queued.push_back(frame(&status));
            self.told = status;
            self.quiet = 0;
        }
    }
}
