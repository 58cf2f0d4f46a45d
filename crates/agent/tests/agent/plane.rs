//! A control plane that keeps what it is told and answers as the test wants. The main path is tested against the real
//! one (crates/server/tests); this one is for answers the real one does not give.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use pitlane_agent::{AgentSettings, Url};
use pitlane_api::{EnrollRequest, HeartbeatRequest};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::lab::{Folder, PATIENCE};

/// An answer to a heartbeat or an enrolment.
#[derive(Debug, Clone)]
pub enum Answer {
    /// As a control plane should.
    Good,
    /// Good, and wants the containers again.
    GoodSendContainers,
    /// An error in an envelope.
    Error(u16),
    /// An error with `Retry-After`.
    Later(u16, u64),
    /// Not JSON.
    Garbage,
    /// Never.
    Silence,
}

/// What the agent said.
#[derive(Debug)]
pub enum Said {
    Enroll(EnrollRequest),
    Beat(Box<HeartbeatRequest>, String),
}

struct Inner {
    said: mpsc::UnboundedSender<Said>,
    enrolls: Mutex<VecDeque<Answer>>,
    beats: Mutex<VecDeque<Answer>>,
}

/// A control plane on a free port.
pub struct Plane {
    pub url: Url,
    inner: Arc<Inner>,
    said: mpsc::UnboundedReceiver<Said>,
}

impl Plane {
    pub async fn start() -> Self {
        let (tx, rx) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner { said: tx, enrolls: Mutex::default(), beats: Mutex::default() });
        let app =
            Router::new().route("/api/v1/agents/enroll", post(enroll)).route("/api/v1/agents/heartbeat", post(beat)).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app.layer(axum::extract::DefaultBodyLimit::disable())).await });
        Self { url, inner, said: rx }
    }

    /// The next answers to beats; after them all are good.
    pub fn answer_beats(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.beats.lock().unwrap().extend(answers);
    }

    /// The next answers to enrolments; after them all are good.
    pub fn answer_enrollments(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.enrolls.lock().unwrap().extend(answers);
    }

    /// The next thing the agent says.
    pub async fn next(&mut self) -> Said {
        tokio::time::timeout(PATIENCE, self.said.recv()).await.expect("the agent says nothing").unwrap()
    }

    pub async fn next_enrollment(&mut self) -> EnrollRequest {
        loop {
            if let Said::Enroll(request) = self.next().await {
                return request;
            }
        }
    }

    pub async fn next_beat(&mut self) -> HeartbeatRequest {
        loop {
            if let Said::Beat(request, _) = self.next().await {
                return *request;
            }
        }
    }

    /// The first beat that fits; the last one that did not is shown where none does.
    pub async fn beat_where(&mut self, what: &str, fits: impl Fn(&HeartbeatRequest) -> bool) -> HeartbeatRequest {
        let mut last = None;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let beat = self.next_beat().await;
                if fits(&beat) {
                    return beat;
                }
                last = Some(beat);
            }
        });
        match found.await {
            Ok(beat) => beat,
            Err(_) => panic!("no beat with {what}; the last was {last:#?}"),
        }
    }
}

async fn enroll(State(inner): State<Arc<Inner>>, Json(request): Json<EnrollRequest>) -> Response {
    let answer = inner.enrolls.lock().unwrap().pop_front().unwrap_or(Answer::Good);
    let token = format!("agent-token-for-{}", request.token);
    let _ = inner.said.send(Said::Enroll(request));
    give(answer, json!({"node_id": "n1", "agent_token": token, "heartbeat_every_s": 1, "server_time": "2026-01-01T00:00:00Z"})).await
}

async fn beat(State(inner): State<Arc<Inner>>, headers: HeaderMap, Json(request): Json<HeartbeatRequest>) -> Response {
    let answer = inner.beats.lock().unwrap().pop_front().unwrap_or(Answer::Good);
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let _ = inner.said.send(Said::Beat(Box::new(request), token));
    let send_containers = matches!(answer, Answer::GoodSendContainers);
    give(answer, json!({"heartbeat_every_s": 1, "send_containers": send_containers, "server_time": "2026-01-01T00:00:00Z"})).await
}

async fn give(answer: Answer, data: serde_json::Value) -> Response {
    let error = |status: u16| {
        let body = json!({"success": false, "status": "x", "status_code": status, "message": "no", "error": {"code": "no"}});
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    };
    match answer {
        Answer::Good | Answer::GoodSendContainers => {
            Json(json!({"success": true, "status": "OK", "status_code": 200, "message": "", "data": data})).into_response()
        }
        Answer::Error(status) => error(status),
        Answer::Later(status, seconds) => {
            let mut response = error(status);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Answer::Garbage => "<html>welcome to nginx".into_response(),
        Answer::Silence => std::future::pending().await,
    }
}

/// An agent that runs beside the test until it is stopped.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), pitlane_agent::StartError>>,
}

impl Running {
    pub fn start(settings: AgentSettings) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            let _ = stopped.await;
        };
        Self { stop: Some(stop), task: tokio::spawn(pitlane_agent::run(settings, shutdown)) }
    }

    /// Ends it as a signal would.
    pub async fn stop(mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("the agent does not end").unwrap().unwrap();
    }

    pub fn is_running(&self) -> bool {
        !self.task.is_finished()
    }
}

/// Settings that meet neither a Docker nor a Caddy of the machine the test runs on.
pub fn settings(plane: &Plane, state: &Folder) -> AgentSettings {
    AgentSettings {
        state_dir: Some(state.0.join("state")),
        docker: Some(state.0.join("no-docker.sock").display().to_string()),
        caddy: format!("unix://{}", state.0.join("no-caddy.sock").display()),
        name: Some("node-under-test".to_owned()),
        ..AgentSettings::new(plane.url.clone(), Some("enrolment-token".to_owned()))
    }
}
