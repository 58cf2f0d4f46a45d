//! Asks a Pitlane over HTTP, with the same calls as the console.

use std::time::Duration;

use clap::Args;
use pitlane_api::{BASE_PATH, Envelope, ErrorBody, Node, NodePage, Refusal};
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    data_dir,
    exit::{Failure, REFUSED, UNREACHABLE, USAGE},
    local, text,
};
use crate::settings::DataDirOnly;

/// Which Pitlane, and who asks.
#[derive(Debug, Args)]
pub struct Remote {
    /// The Pitlane to ask [default: this machine's own, by its data directory, else http://127.0.0.1:7070].
    #[arg(long, env = "PITLANE_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// A token from `pitlane token create` [default: this machine's own, for the user who runs the server].
    #[arg(long, env = "PITLANE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Prints JSON for programs instead of text for people.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataDirOnly,
}

/// A Pitlane that can be asked.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer that is not a success.
#[derive(Debug)]
pub struct Refused {
    /// The status code.
    pub status: u16,
    /// For a person.
    pub message: String,
    /// What it is about.
    pub error: Option<ErrorBody>,
}

impl Refused {
    /// The rule that refused, where one did.
    pub fn refusal(&self) -> Option<Refusal> {
        self.error.as_ref().and_then(Refusal::from_body)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let code = if refused.status == 503 { UNREACHABLE } else { REFUSED };
        Failure::new(code, refused.message)
    }
}

impl Remote {
    /// Finds the server and the token.
    pub fn client(&self) -> Result<Client, Failure> {
        let local = local::read(&data_dir(&self.data)?);
        let server = match (&self.server, &local) {
            (Some(server), _) => server.clone(),
            (None, Some(local)) => local.server.clone(),
            (None, None) => "http://127.0.0.1:7070".to_owned(),
        };
        let server = server.trim_end_matches('/').trim_end_matches(BASE_PATH).to_owned();
        let url = reqwest::Url::parse(&server).map_err(|error| Failure::new(USAGE, format!("--server {server}: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::new(USAGE, format!("--server {server}: must begin with http:// or https://")));
        }
        // The local token goes to the local server and to nobody else.
        let token = self.token.clone().or_else(|| local.filter(|local| local.server == server).map(|local| local.token));
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(40))
            .user_agent(concat!("pitlane/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::here(error.to_string()))?;
        Ok(Client { http, base: server, token })
    }
}

/// A change: its body and what it carries in headers.
#[derive(Default)]
pub struct Change<'a, B> {
    /// JSON.
    pub body: Option<&'a B>,
    /// `If-Match`, quoted.
    pub if_match: Option<String>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

impl Client {
    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET`, below the base path.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send::<(), T>(Method::GET, path, Change { body: None, if_match: None, idempotency_key: None }).await?.map_err(Failure::from)
    }

    /// Any call. The outer error: no answer at all. The inner one: an answer that is no success.
    pub async fn send<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        change: Change<'_, B>,
    ) -> Result<Result<T, Refused>, Failure> {
        let mut request = self.http.request(method, format!("{}{BASE_PATH}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(revision) = change.if_match {
            request = request.header("if-match", revision);
        }
        if let Some(key) = change.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = change.body {
            request = request.json(body);
        }
        let (status, bytes) = self.answer(request).await?;
        let Ok(envelope) = serde_json::from_slice::<Envelope<serde_json::Value>>(&bytes) else {
            return Err(Failure::new(UNREACHABLE, format!("{} answers {status}, but not as a Pitlane does. Is it the right address?", self.base)));
        };
        if envelope.success {
            let data = envelope.data.unwrap_or_default();
            return serde_json::from_value(data)
                .map(Ok)
                .map_err(|error| Failure::here(format!("the answer of {} could not be read: {error}", self.base)));
        }
        let mut message = envelope.message.to_string();
        if status == StatusCode::UNAUTHORIZED && self.token.is_none() {
            message =
                format!("{} wants a token. Give --token or PITLANE_TOKEN, or run this as the user and with the --data-dir of the server.", self.base);
        } else if status.is_server_error()
            && let Some(id) = envelope.request_id
        {
            message.push_str(&format!(" (request {id})"));
        }
        Ok(Err(Refused { status: status.as_u16(), message, error: envelope.error }))
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>), Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        Ok((status, bytes.to_vec()))
    }

    /// `GET` of what is text and no envelope. A refusal is an envelope all the same.
    pub async fn text(&self, path: &str) -> Result<String, Failure> {
        let mut request = self.http.get(format!("{}{BASE_PATH}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let (status, bytes) = self.answer(request).await?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match serde_json::from_str::<Envelope<serde_json::Value>>(&text) {
            Ok(envelope) if !envelope.success => {
                Err(Refused { status: status.as_u16(), message: envelope.message.to_string(), error: envelope.error }.into())
            }
            _ if status.is_success() => Ok(text),
            _ => Err(Failure::new(UNREACHABLE, format!("{} answers {status}, but not as a Pitlane does. Is it the right address?", self.base))),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Failure::new(UNREACHABLE, format!("{} cannot be reached: {cause}. Is `pitlane serve` running there?", self.base))
    }

    /// A node by its id or its name.
    pub async fn node(&self, wanted: &str) -> Result<Node, Failure> {
        let path = format!("/nodes/{}", encode(wanted));
        match self.send::<(), Node>(Method::GET, &path, Change { body: None, if_match: None, idempotency_key: None }).await? {
            Ok(node) => return Ok(node),
            Err(refused) if refused.status == 404 => {}
            Err(refused) => return Err(refused.into()),
        }
        let page: NodePage = self.get(&format!("/nodes?limit=1000&q={}", encode(wanted))).await?;
        let mut named: Vec<Node> = page.nodes.into_iter().filter(|node| node.name == wanted).collect();
        match (named.pop(), named.is_empty()) {
            (Some(node), true) => Ok(node),
            (Some(node), false) => {
                named.push(node);
                let ids: Vec<String> = named.iter().map(|node| format!("  {}  {}", node.id, node.region.as_deref().unwrap_or(""))).collect();
                Err(Failure::refused(format!("{} nodes are called {wanted}. Name one by its id:\n{}", ids.len(), ids.join("\n"))))
            }
            (None, _) => Err(Failure::refused(format!("there is no node called {}. `pitlane status` lists them.", text::line(wanted)))),
        }
    }
}

/// A text as one part of a path or one value of a query.
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
