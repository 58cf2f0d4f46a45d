//! Reads requests: bodies, paths and headers, each with a refusal that names what is wrong.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use pitlane_api::{NodeId, OperationId, Revision, Words, say};
use serde::de::DeserializeOwned;

use super::{App, bodies, guard, problem::Problem, streams::Most};
use crate::store::SecretHash;

/// Longest identifier that is looked up at all.
const ID_MAX: usize = 128;
/// Longest `Idempotency-Key`.
const KEY_MAX: usize = 200;

/// What most calls take at most, in bytes: a reason of 500 characters, each escaped, and a few fields beside it.
pub const SMALL: usize = 16 << 10;

/// A JSON body of at most so many bytes, with the hash that tells a repeated request from another one under the same key. It stands last among what a handler
/// takes: who asks, and how often, is looked at before a byte of it is read.
pub struct Body<T, const MOST: usize = SMALL> {
    /// As read.
    pub value: T,
    /// SHA-256 of the bytes as they came.
    pub hash: SecretHash,
}

/// Like [`Body`], for calls whose body says nothing that must be said: an empty one is the default.
pub struct OptionalBody<T, const MOST: usize = SMALL>(pub Body<T, MOST>);

/// Like [`Body`], for calls whose secret is inside, so that a stranger's must be read. It is given less time.
pub struct StrangersBody<T, const MOST: usize>(pub T);

/// How many of them are read at once: of one kind of call, and from one address, which is more than an address may have connections.
pub const STRANGERS: Most = Most { all: 5_000, of_one_caller: 2_500, of_one_address: 1_250 };
/// Time for a [`StrangersBody`].
const STRANGERS_WITHIN: Duration = Duration::from_secs(5);

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn not_json() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", Words::plain("The body must be application/json."))
}

/// Reads a body that must be there.
async fn required<T: DeserializeOwned, const MOST: usize>(request: Request, app: &App, within: Duration) -> Result<Body<T, MOST>, Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(not_json());
    }
    app.bodies.read(&parts.headers, body, (MOST, within), |bytes| parse(&bytes)).await
}

fn parse<T: DeserializeOwned, const MOST: usize>(bytes: &Bytes) -> Result<Body<T, MOST>, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => Problem::field(&field(&path, &inner), Words::plain(without_position(&inner.to_string()))),
            _ => Problem::malformed(format!("The body is not JSON: {inner}")),
        }
    })?;
    reader.end().map_err(|_| Problem::malformed("The body goes on after its JSON value."))?;
    Ok(Body { value, hash: hash(bytes) })
}

/// A body that is not UTF-8 is refused as JSON before anybody looks at its hash.
fn hash(bytes: &Bytes) -> SecretHash {
    SecretHash::of(&String::from_utf8_lossy(bytes))
}

/// The field a message is about: a missing one stands in the message and not in the path.
fn field(path: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
        (path, None) => path.to_owned(),
    }
}

/// serde_json appends " at line 1 column 9", which says nothing once the field is named.
fn without_position(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

impl<T: DeserializeOwned, const MOST: usize> FromRequest<App> for Body<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        required(request, app, bodies::WITHIN).await
    }
}

impl<T: DeserializeOwned, const MOST: usize> FromRequest<App> for StrangersBody<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let busy = |_| Problem::unavailable("busy", say!("Too much is being sent to this server at once. Try again shortly."), 2);
        let _one_of_few = app.strangers.open(MOST, guard::client_of(app, &request)).map_err(busy)?;
        required::<T, MOST>(request, app, STRANGERS_WITHIN).await.map(|body| Self(body.value))
    }
}

impl<T: DeserializeOwned + Default, const MOST: usize> FromRequest<App> for OptionalBody<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let json = is_json(&parts.headers);
        let read = |bytes: Bytes| match bytes.is_empty() {
            true => Ok(Body { value: T::default(), hash: hash(&bytes) }),
            false if json => parse(&bytes),
            false => Err(not_json()),
        };
        app.bodies.read(&parts.headers, body, (MOST, bodies::WITHIN), read).await.map(Self)
    }
}

/// Reads an identifier of a path. One that cannot be is not found rather than wrong.
fn id(text: &str, what: &str) -> Result<String, Problem> {
    if text.is_empty() || text.len() > ID_MAX || text.chars().any(char::is_control) {
        return Err(Problem::not_found(Words::plain(format!("There is no such {what}."))));
    }
    Ok(text.to_owned())
}

/// The node of a path.
pub struct Node(pub NodeId);

/// The node and the operation of a path.
pub struct NodeOperation(pub NodeId, pub OperationId);

/// A bulk operation of a path.
pub struct Bulk(pub String);

/// A session of a path.
pub struct SessionId(pub String);

/// The node and the public link of a path.
pub struct NodeLink(pub NodeId, pub String);

async fn path<T: DeserializeOwned + Send>(parts: &mut Parts, app: &App) -> Result<T, Problem> {
    let axum::extract::Path(value) =
        axum::extract::Path::from_request_parts(parts, app).await.map_err(|_| Problem::malformed("The path could not be read."))?;
    Ok(value)
}

impl FromRequestParts<App> for Node {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let text: String = path(parts, app).await?;
        id(&text, "node").map(|id| Self(NodeId(id)))
    }
}

impl FromRequestParts<App> for NodeOperation {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (node, operation): (String, String) = path(parts, app).await?;
        Ok(Self(NodeId(id(&node, "node")?), OperationId(id(&operation, "operation")?)))
    }
}

impl FromRequestParts<App> for Bulk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let text: String = path(parts, app).await?;
        id(&text, "bulk operation").map(Self)
    }
}

impl FromRequestParts<App> for SessionId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let text: String = path(parts, app).await?;
        id(&text, "session").map(Self)
    }
}

impl FromRequestParts<App> for NodeLink {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (node, link): (String, String) = path(parts, app).await?;
        Ok(Self(NodeId(id(&node, "node")?), id(&link, "link")?))
    }
}

/// The `If-Match` of a change: a revision, or `None` for `*`.
pub struct IfMatch(pub Option<Revision>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Err(Problem::precondition_required()) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        // A proxy that compresses may have made the tag weak; the revision in it is the same.
        let revision = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match revision.filter(|revision| !revision.is_empty() && revision.len() <= ID_MAX && !revision.contains('"')) {
            Some(revision) => Ok(Self(Some(Revision::from(revision)))),
            None => Err(Problem::malformed("If-Match must be one revision in double quotes, as in the node's ETag, or *.")),
        }
    }
}

/// The `Idempotency-Key`, where there is one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::malformed(format!("Idempotency-Key must have 1 to {KEY_MAX} visible ASCII characters.")));
    }
    Ok(Some(key.to_owned()))
}
