//! The server's outside: extract, call, wrap.
//!
//! A handler reads the request, asks the fleet or the store, and puts the answer into the envelope. No rule of
//! maintenance lives here, and no driver of an engine is named here.

mod address;
mod auth;
mod bodies;
mod connections;
mod console;
mod events;
mod export;
mod extract;
mod fixed;
mod guard;
mod headers;
mod limits;
mod openapi;
mod patience;
mod problem;
mod query;
mod request_id;
mod routes;
mod secrets;
mod serve;
mod session;
mod shared;
mod streams;

use pitlane_api::{ActivityEntry, Words, say};
use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::sync::{broadcast, watch};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate as _, SizeAbove},
    },
};

use crate::{
    assets::Console,
    fleet::Fleet,
    settings::{Settings, Wrong},
    store::{SessionOwner, Store, StoredSession},
};

pub use openapi::document;
pub use serve::{Bounds, UNREAD_FOR, serve};

/// Exports of the activity log that are written at once: each reads page after page of it.
const EXPORTS: streams::Most = streams::Most { all: 8, of_one_caller: 2, of_one_address: 4 };

/// Answers below this many bytes are not worth compressing: those to heartbeats above all.
const COMPRESS_FROM: u64 = 1024;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    settings: Settings,
    store: Arc<dyn Store>,
    fleet: Arc<Fleet>,
    console: Console,
    limits: limits::Limits,
    /// What was valid lately, and the places where other secrets wait to be looked up.
    secrets: secrets::Secrets,
    /// The same for sign-in codes: to look one up is to spend it, which waits for the store's one writer.
    codes: secrets::Secrets,
    bodies: bodies::Bodies,
    /// Bodies of calls that are open to strangers, by the most they take.
    strangers: Arc<streams::OpenStreams<usize>>,
    streams: Arc<streams::OpenStreams<SessionOwner>>,
    /// Streams of shared pages, by link.
    shared_streams: Arc<streams::OpenStreams<String>>,
    exports: Arc<streams::OpenStreams<SessionOwner>>,
    studio: shared::Studio,
    /// Sessions that were ended just now, for their open streams.
    ended: broadcast::Sender<auth::Credential>,
    /// Turns true when the server shuts down.
    shutdown: watch::Receiver<bool>,
    /// What the last look at the store said, and when.
    readiness: tokio::sync::Mutex<Option<(Instant, Result<(), crate::store::Error>)>>,
    /// Tokens and sessions whose use is being noted just now.
    noting: std::sync::Mutex<HashSet<auth::Credential>>,
    cookie_name: String,
    content_security_policy: HeaderValue,
    fixed_headers: Vec<(HeaderName, HeaderValue)>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts everything together. `settings.listen` is where it really listens.
    pub fn new(
        settings: Settings,
        store: Arc<dyn Store>,
        fleet: Arc<Fleet>,
        console: Console,
        shutdown: watch::Receiver<bool>,
    ) -> Result<Self, Wrong> {
        // From here on everything is counted.
        metrics_handle().map_err(|error| Wrong(format!("metrics: {error}")))?;
        let policy = headers::content_security_policy(&console);
        let content_security_policy = HeaderValue::from_str(&policy).map_err(|error| Wrong(format!("the console's page: {error}")))?;
        Ok(Self(Arc::new(Parts {
            limits: limits::Limits::new(&settings),
            secrets: secrets::Secrets::new(),
            codes: secrets::Secrets::new(),
            bodies: bodies::Bodies::new(),
            strangers: streams::OpenStreams::new(extract::STRANGERS),
            streams: streams::OpenStreams::new(streams::Most {
                all: settings.max_streams,
                of_one_caller: settings.max_streams_per_caller,
                of_one_address: settings.max_streams.div_ceil(2),
            }),
            shared_streams: streams::OpenStreams::new(streams::Most {
                all: settings.max_streams.div_ceil(4),
                of_one_caller: settings.max_streams.div_ceil(8),
                of_one_address: settings.max_streams.div_ceil(16),
            }),
            exports: streams::OpenStreams::new(EXPORTS),
            studio: shared::Studio::new(),
            ended: broadcast::Sender::new(64),
            cookie_name: session::cookie_name(&settings),
            readiness: tokio::sync::Mutex::default(),
            noting: std::sync::Mutex::default(),
            fixed_headers: headers::fixed(&settings),
            settings,
            store,
            fleet,
            console,
            shutdown,
            content_security_policy,
        })))
    }

    /// Whether the store can be written, looked at once a second at most: anybody may ask, and looking is a write.
    async fn writable(&self) -> Result<(), crate::store::Error> {
        let mut last = self.readiness.lock().await;
        if let Some((_, said)) = last.as_ref().filter(|(at, _)| at.elapsed() < Duration::from_secs(1)) {
            return said.clone();
        }
        let said = self.store.check_writable().await;
        *last = Some((Instant::now(), said.clone()));
        said
    }

    /// Ends the streams of sessions that were ended in the store, and tells every page of it.
    fn sessions_ended(&self, sessions: &[StoredSession], activity: Vec<ActivityEntry>) {
        for session in sessions {
            // Nobody listens where no stream is open: that is no error.
            let _ = self.ended.send(auth::Credential::Session(session.hash));
        }
        self.fleet.announce(activity);
    }

    /// Forgets callers that have been quiet. Called every few seconds.
    pub fn tidy(&self) {
        self.limits.forget_quiet();
        self.secrets.forget_old();
        self.codes.forget_old();
    }
}

/// Everything that is answered, with every layer around it. From the outside in: request id, panics, headers, host, time,
/// compression.
pub fn router(app: App) -> Router {
    let (api, _) = openapi::api().split_for_parts();
    api.merge(shared::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(console::fallback)
        // Streams of events, images, what is compressed already and what is small are left alone.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESS_FROM))))
        .layer(from_fn_with_state(app.clone(), in_time))
        .layer(from_fn_with_state(app.clone(), guard::host))
        .layer(from_fn_with_state(app.clone(), headers::layer))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(request_id::layer))
        .with_state(app)
}

async fn method_not_allowed(_: guard::Anybody) -> Response {
    problem::Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", Words::plain("This call takes other methods; see the Allow header."))
        .into_response()
}

/// Bounds the time until an answer begins. Changes run on in a task of their own, so that giving up here never leaves one
/// half done.
async fn in_time(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            problem::Problem::unavailable("timeout", say!("This took too long. What was asked may still happen: look before you repeat it."), 5)
                .into_response()
        }
    }
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    problem::Problem::internal(format_args!("panic: {}", text.unwrap_or("of no kind"))).into_response()
}

/// The one recorder of the process. Metrics are process-wide by nature.
fn metrics_handle() -> Result<&'static PrometheusHandle, &'static str> {
    static HANDLE: LazyLock<Result<PrometheusHandle, String>> =
        LazyLock::new(|| PrometheusBuilder::new().install_recorder().map_err(|error| error.to_string()));
    HANDLE.as_ref().map_err(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt as _;

    async fn broken() {
        panic!("the secret inside");
    }

    #[tokio::test]
    async fn a_panic_is_a_whole_answer_that_says_nothing_of_the_inside() {
        let router: Router = Router::new().route("/", get(broken)).layer(CatchPanicLayer::custom(panicked)).layer(from_fn(request_id::layer));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("\"code\":\"internal\"") && text.contains("request_id") && !text.contains("secret"), "{text}");
    }
}
