//! A Pitlane without a socket, and a client of it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::Timestamp;
use pitlane::{
    assets::Console,
    fleet::{Agents, Fleet, FleetSettings},
    http::{self, App},
    settings::{Given, Settings},
    store::{ApiToken, EnrolmentToken, SecretHash, SignInCode, SqliteStore, Store},
};
use pitlane_api::Role;
use pitlane_engine_embedded::EmbeddedEngine;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The page of a console as Trunk leaves it: one inline module script.
pub const INDEX: &str = "<!doctype html><script type=\"module\">import init from '/app.js'; init();</script><body></body>";

pub struct World {
    pub router: Router,
    pub store: SqliteStore,
    pub fleet: Arc<Fleet>,
    pub shut_down: watch::Sender<bool>,
    pub shutdown: watch::Receiver<bool>,
    folder: std::path::PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings as if by flags.
    pub async fn with(settings: &[(&'static str, &str)]) -> Self {
        let settings = Settings::read(Given::from_pairs(settings)).unwrap();
        let folder = std::env::temp_dir().join(format!("pitlane-http-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = SqliteStore::open(folder.join("pitlane.db")).await.unwrap();
        let shared: Arc<SqliteStore> = Arc::new(store.clone());
        let fleet_settings = FleetSettings { name: "test-eu".into(), thresholds: settings.thresholds.clone(), ..FleetSettings::default() };
        let agents = Arc::new(Agents::for_fleet(&fleet_settings));
        let engine = Arc::new(EmbeddedEngine::start(shared.clone(), agents.clone(), pitlane_engine_embedded::Settings::default()));
        let fleet = Fleet::start(fleet_settings, shared.clone(), engine, agents).await.unwrap();
        let files: BTreeMap<String, Vec<u8>> = [
            ("index.html", INDEX),
            ("style-0123456789abcdef.css", "body{}"),
            ("style-0123456789abcdef.css.br", "brotli"),
            ("style-0123456789abcdef.css.gz", "gzip"),
            ("fonts/inter.woff2", "font"),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect();
        let (shut_down, shutdown) = watch::channel(false);
        let console = Console::Given(Arc::new(files));
        let app = App::new(settings, shared, fleet.clone(), console, shutdown.clone()).unwrap();
        Self { router: http::router(app), store, fleet, shut_down, shutdown, folder }
    }

    pub fn call<'a>(&'a self, method: &str, path: &str) -> Call<'a> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "127.0.0.1:7070".parse().unwrap());
        Call {
            world: self,
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers,
            body: Body::empty(),
            peer: "127.0.0.1:50000".parse().unwrap(),
        }
    }

    pub fn get<'a>(&'a self, path: &str) -> Call<'a> {
        self.call("GET", path)
    }

    pub fn post<'a>(&'a self, path: &str) -> Call<'a> {
        self.call("POST", path)
    }

    /// A token of this role, named after it.
    pub async fn token(&self, role: Role) -> String {
        let secret = format!("pl_{}", uuid::Uuid::new_v4().simple());
        let token = ApiToken {
            id: uuid::Uuid::new_v4().to_string(),
            hash: SecretHash::of(&secret),
            name: role.to_string(),
            role,
            created_at: Timestamp::now(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        self.store.create_token(&token, &[]).await.unwrap();
        secret
    }

    /// A sign-in code of this role.
    pub async fn code(&self, role: Role) -> String {
        let secret = uuid::Uuid::new_v4().to_string();
        let expires_at = Timestamp::now() + Duration::from_secs(600);
        self.store.create_sign_in_code(&SignInCode { hash: SecretHash::of(&secret), name: "ada".into(), role, expires_at }, &[]).await.unwrap();
        secret
    }

    /// Signs in as a browser does; gives back `name=value` of the cookie.
    pub async fn sign_in(&self, role: Role) -> String {
        let code = self.code(role).await;
        let answer = self.post("/api/v1/session").json(&json!({ "code": code })).send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub async fn enrolment_token(&self) -> String {
        let secret = format!("ple_{}", uuid::Uuid::new_v4().simple());
        let token = EnrolmentToken {
            id: uuid::Uuid::new_v4().to_string(),
            hash: SecretHash::of(&secret),
            multi_use: false,
            allow_replace: false,
            engine_node_id: None,
            created_by: "test".into(),
            created_at: Timestamp::now(),
            expires_at: Timestamp::now() + Duration::from_secs(600),
            used_at: None,
        };
        self.store.create_enrolment_token(&token, &[]).await.unwrap();
        secret
    }

    /// A node whose agent has enrolled and beaten once, clean, with these named volumes in use.
    pub async fn node(&self, name: &str, volumes: &[&str]) -> TestNode {
        let token = self.enrolment_token().await;
        let request = json!({ "token": token, "name": name, "machine_id": format!("machine-{name}"), "agent_version": "0.1.0" });
        let answer = self.post("/api/v1/agents/enroll").json(&request).send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let data = answer.body["data"].clone();
        let node = TestNode { id: data["node_id"].as_str().unwrap().to_owned(), token: data["agent_token"].as_str().unwrap().to_owned() };
        let beat = self.post("/api/v1/agents/heartbeat").bearer(&node.token).json(&heartbeat(1, volumes)).send().await;
        assert_eq!(beat.status, 200, "{}", beat.body);
        let viewer = self.token(Role::Viewer).await;
        eventually("the node to be healthy", async || {
            self.get(&format!("/api/v1/nodes/{}", node.id)).bearer(&viewer).send().await.body["data"]["health"] == "healthy"
        })
        .await;
        node
    }
}

/// A node and its agent's token.
pub struct TestNode {
    pub id: String,
    pub token: String,
}

impl TestNode {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/nodes/{}{rest}", self.id)
    }
}

/// A clean heartbeat.
pub fn heartbeat(seq: u64, volumes: &[&str]) -> Value {
    let mounts: Vec<Value> =
        volumes.iter().map(|name| json!({ "kind": "volume", "name": name, "destination": "/data", "writable": true, "driver": "local" })).collect();
    let containers = if volumes.is_empty() {
        json!([])
    } else {
        let labels =
            json!({ "com.docker.compose.project": "shop", "com.docker.compose.service": "postgres", "com.docker.compose.container-number": "1" });
        json!([{ "id": "c1", "name": "shop-postgres-1", "state": "running", "labels": labels, "mounts": mounts, "restart_policy": "always" }])
    };
    json!({
        "seq": seq,
        "boot_id": "boot-1",
        "clock": Timestamp::now(),
        "agent_version": "0.1.0",
        "resources": { "cpu_cores": 4.0, "cpu_percent": 10.0, "memory_total_bytes": 8_000_000_000_u64, "memory_used_bytes": 1_000_000_000 },
        "docker": { "state": "ok", "expected": true, "version": "28.5.2" },
        "caddy": { "state": "not_present" },
        "containers": { "complete": true, "containers": containers },
    })
}

/// One request.
pub struct Call<'a> {
    world: &'a World,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
    peer: SocketAddr,
}

impl Call<'_> {
    /// As if it came from this address.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = SocketAddr::new(address.parse().unwrap(), 50_000);
        self
    }

    /// Another line of a header that may be there already.
    pub fn another(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// With a body that is read as it comes.
    pub fn stream(mut self, content_type: &str, body: Body) -> Self {
        self = self.header("content-type", content_type);
        self.body = body;
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As the console's page sends it: the cookie and the page's own origin.
    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("origin", "http://127.0.0.1:7070")
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub fn text(mut self, content_type: &str, body: &str) -> Self {
        self = self.header("content-type", content_type);
        self.body = Body::from(body.to_owned());
        self
    }

    /// Sends it and reads nothing of the body.
    pub async fn open(self) -> axum::response::Response {
        let mut request = Request::builder().method(self.method).uri(self.path).body(self.body).unwrap();
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.world.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
    }
}

/// One answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub body: Value,
}

impl Answer {
    /// Asserts a whole, well-formed refusal.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        let body = &self.body;
        assert_eq!(body["success"], false, "{body}");
        assert_eq!(body["status_code"], status, "{body}");
        assert_eq!(body["status"], StatusCode::from_u16(status).unwrap().canonical_reason().unwrap(), "{body}");
        assert_eq!(body["error"]["code"], code, "{body}");
        assert!(body["error"]["details"].is_object(), "{body}");
        assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(body["request_id"].as_str().unwrap(), self.headers["x-request-id"].to_str().unwrap());
        if matches!(status, 429 | 503) {
            assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        self
    }

    /// Asserts a success and gives back its data.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["success"], true, "{}", self.body);
        assert_eq!(self.body["status_code"], status);
        &self.body["data"]
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Waits until something is so; the time is only there to end a test that would hang.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = async {
        let mut again = tokio::time::interval(Duration::from_millis(5));
        while !is_so().await {
            again.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}
