//! `GET /events`: the fleet's frames as server-sent events.
//!
//! A frame is serialised once and its bytes are shared by every stream. A stream ends at shutdown, when whoever opened
//! it is signed out or their token is revoked, and when it falls too far behind (the fleet cuts it off; the browser
//! comes back with the last id it saw).

use pitlane_api::say;
use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures::{Stream, StreamExt, stream::BoxStream};
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use super::{
    App,
    auth::{self, Credential, MayRead},
    problem::{Problem, Result},
    query::Query,
    streams::{Full, OpenStream},
};
use crate::fleet::Frame;

/// A comment this often keeps proxies and browsers from giving up on a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Tokens are revoked by another process (`pitlane token revoke`), so an open stream looks again this often.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Events of the whole fleet.
#[utoipa::path(
    get, path = "/events", tag = "events", operation_id = "events",
    params(
        ("last_event_id" = Option<String>, Query, description = "Where to go on: the id of the last event that was seen.", max_length = 100),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers send it; the header wins."),
    ),
    responses((status = 200, description = "snapshot, nodes, removed, operation, activity", content_type = "text/event-stream", body = String)),
)]
pub async fn events(State(app): State<App>, MayRead(caller): MayRead, headers: HeaderMap, query: Query) -> Result<Response> {
    let resume = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let last_event_id = resume.or(query.text("last_event_id", 100)?);
    let place = app.streams.open(caller.owner.clone(), caller.address).map_err(too_many)?;
    let frames = app.fleet.subscribe(last_event_id.as_deref()).boxed();
    let stream = Open {
        frames,
        keep_alive: every(KEEP_ALIVE),
        look_again: every(LOOK_AGAIN),
        shutdown: app.shutdown.clone(),
        ended: app.ended.subscribe(),
        credential: caller.credential,
        app,
        _place: place,
        queued: vec![Bytes::from_static(b": pitlane\nretry: 2000\n\n")],
    };
    let mut response = Response::new(Body::from_stream(stream.into_stream()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold the events back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Says which bound is reached.
fn too_many(full: Full) -> Problem {
    let words = match full {
        Full::All => say!("Too many pages are open on this server. Close some, or raise --max-streams."),
        Full::Caller => say!("You have too many pages open on this server. Close some of them."),
        Full::Address => {
            say!("Too many pages are open on this server from your network. Close some, or name the proxy in front with --trusted-proxies.")
        }
    };
    Problem::unavailable("too_many_streams", words, 10)
}

/// Ticks this often, the first time after one period.
pub fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Waits until the server shuts down.
pub async fn down(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the server itself is gone.
    let _ = shutdown.wait_for(|down| *down).await;
}

enum Happened {
    Nothing,
    Ended,
    LookAgain,
    Frame(Arc<Frame>),
}

struct Open {
    frames: BoxStream<'static, Arc<Frame>>,
    keep_alive: Interval,
    look_again: Interval,
    shutdown: watch::Receiver<bool>,
    ended: broadcast::Receiver<Credential>,
    credential: Credential,
    app: App,
    _place: OpenStream,
    /// Next to be sent last.
    queued: Vec<Bytes>,
}

impl Open {
    fn into_stream(self) -> impl Stream<Item = std::result::Result<Bytes, Infallible>> + Send {
        futures::stream::unfold(self, |mut open| async move {
            let bytes = open.next().await?;
            Some((Ok(bytes), open))
        })
    }

    /// `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.queued.pop() {
                return Some(bytes);
            }
            let happened = tokio::select! {
                () = down(&mut self.shutdown) => Happened::Ended,
                frame = self.frames.next() => frame.map_or(Happened::Ended, Happened::Frame),
                ended = self.ended.recv() => match ended {
                    Ok(credential) if credential == self.credential => Happened::Ended,
                    Ok(_) => Happened::Nothing,
                    // Too many at once to have seen them all.
                    Err(_) => Happened::LookAgain,
                },
                _ = self.look_again.tick() => Happened::LookAgain,
                _ = self.keep_alive.tick() => return Some(Bytes::from_static(b": keep-alive\n\n")),
            };
            match happened {
                Happened::Ended => return None,
                Happened::Nothing => {}
                Happened::LookAgain if still_valid(&self.app, &self.credential).await => {}
                Happened::LookAgain => return None,
                Happened::Frame(frame) => {
                    let head = format!("id: {}\nevent: {}\ndata: ", frame.id, frame.event);
                    self.queued = vec![Bytes::from_static(b"\n\n"), Bytes::from_owner(Data(frame))];
                    return Some(Bytes::from(head));
                }
            }
        }
    }
}

/// A store that does not answer is no reason to cut anybody off.
async fn still_valid(app: &App, credential: &Credential) -> bool {
    !matches!(auth::look_up(app, credential).await, Ok(None))
}

/// The data of a frame as bytes, without a copy for each stream.
struct Data(Arc<Frame>);

impl AsRef<[u8]> for Data {
    fn as_ref(&self) -> &[u8] {
        self.0.data.as_bytes()
    }
}
