//! The way to the API server: a kubeconfig and context, or the service account of the pod this runs in.
//!
//! The client is made when it is first needed and again when its credentials stop working, so that a server that was
//! started before somebody signed in to the cluster, or whose certificate was renewed on disk, finds its way by itself.

use pitlane_api::say;
use std::{
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Response;
use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{KubeConfigOptions, Kubeconfig},
};
use pitlane_engine::{Error, Result};
use tokio::time::Instant;
use tower::util::MapResponseLayer;

use crate::words::{self, Doing};

/// How long a credential plugin may take; some open a browser's sign-in.
const PLUGIN_BOUND: Duration = Duration::from_secs(30);
/// How long the API server may take to say that it is ready.
const READY_BOUND: Duration = Duration::from_secs(3);

/// Which cluster, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// By a kubeconfig: this file, else `$KUBECONFIG`, else `~/.kube/config`; and this context, else its current one.
    Kubeconfig {
        /// The file.
        path: Option<PathBuf>,
        /// The context.
        context: Option<String>,
    },
    /// By the service account of the pod this runs in.
    InCluster,
}

impl Access {
    /// What a person means who named a kubeconfig, a context, or nothing: in a pod, the pod's own account.
    pub fn choose(path: Option<PathBuf>, context: Option<String>) -> Self {
        let in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        if path.is_none() && context.is_none() && in_pod && std::env::var_os("KUBECONFIG").is_none() {
            Self::InCluster
        } else {
            Self::Kubeconfig { path, context }
        }
    }

    async fn config(&self) -> Result<Config> {
        let mut config = match self {
            Self::InCluster => Config::incluster()
                .map_err(|error| Error::Refused(say!("this does not run in a pod with a service account: {}", error.to_string())))?,
            Self::Kubeconfig { path, context } => {
                let read = match path {
                    Some(path) => Kubeconfig::read_from(path),
                    None => Kubeconfig::read(),
                };
                let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
                let kubeconfig = read.map_err(|error| Error::Refused(words::kubeconfig(&error)))?;
                Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| Error::Refused(words::kubeconfig(&error)))?
            }
        };
        config.connect_timeout = Some(Duration::from_secs(5));
        // The driver itself decides when to try again: it knows which call is worth it, and says what is the matter meanwhile.
        config.default_retry = false;
        Ok(config)
    }
}

/// The client, and what the API server said of how often it wants to be asked.
pub(crate) struct Clients {
    access: Access,
    current: tokio::sync::Mutex<Option<Client>>,
    slow_down: SlowDown,
}

/// Until when the API server asked to be left alone.
type SlowDown = Arc<Mutex<Option<Instant>>>;

impl Clients {
    pub fn new(access: Access) -> Self {
        Self { access, current: tokio::sync::Mutex::default(), slow_down: SlowDown::default() }
    }

    /// The client, made now if there is none.
    pub async fn get(&self) -> Result<Client> {
        let mut current = self.current.lock().await;
        if let Some(client) = &*current {
            return Ok(client.clone());
        }
        let client = connect(&self.access, Arc::clone(&self.slow_down)).await?;
        *current = Some(client.clone());
        Ok(client)
    }

    /// The credentials do not work any more: read them anew when a client is needed next.
    pub async fn renew(&self) {
        *self.current.lock().await = None;
    }

    /// How much longer the API server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        let until = *self.slow_down.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// One call. An API server that has just started knows nobody's rights yet and forbids everything until its caches are
    /// filled; so what is forbidden is asked once more when it says that it is ready, and is not an answer before.
    pub async fn call<T, F>(&self, doing: Doing, call: impl Fn(Client) -> F) -> std::result::Result<T, Failed>
    where
        F: Future<Output = kube::Result<T>>,
    {
        let mut again = false;
        loop {
            let client = self.get().await.map_err(|error| Failed { code: None, error })?;
            let failed = match call(client.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => Failed { code: code(&error), error: self.error(&error, doing) },
            };
            match failed.code {
                Some(401 | 403) if !is_ready(&client).await => return Err(Failed { code: None, error: starting() }),
                Some(401 | 403) if !again => again = true,
                _ => return Err(failed),
            }
        }
    }

    /// Whether a refusal is to be believed: not from an API server that is still starting.
    pub async fn is_ready(&self) -> bool {
        match self.get().await {
            Ok(client) => is_ready(&client).await,
            Err(_) => true,
        }
    }

    /// The client's error for the caller.
    pub fn error(&self, error: &kube::Error, doing: Doing) -> Error {
        words::engine_error(error, doing, self.retry_after())
    }
}

/// Why a call did not do it, with the API server's code where it gave one.
#[derive(Debug)]
pub(crate) struct Failed {
    pub code: Option<u16>,
    pub error: Error,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// What is said of an API server that forbids because it does not know yet.
pub(crate) fn starting() -> Error {
    Error::unreachable(say!("the API server is starting and not ready yet"))
}

fn code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// Its own word, which everybody may hear. Credentials that are not valid hear "unauthorized" from a server that is ready.
async fn is_ready(client: &Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else { return true };
    match tokio::time::timeout(READY_BOUND, client.request_text(request)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => code(&error) == Some(401),
        Err(_) => false,
    }
}

async fn connect(access: &Access, slow_down: SlowDown) -> Result<Client> {
    // Whoever installed one before decides; it is only wrong to have none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = access.config().await?;
    // A credential plugin of the kubeconfig is run in here, and blocks.
    let made = tokio::task::spawn_blocking(move || {
        let note = MapResponseLayer::new(move |response: Response<_>| {
            note_retry_after(&response, &slow_down);
            response
        });
        ClientBuilder::try_from(config).map(|builder| builder.with_layer(&note).build())
    });
    match tokio::time::timeout(PLUGIN_BOUND, made).await {
        Ok(Ok(made)) => made.map_err(|error| words::engine_error(&error, Doing { verb: "get", resource: "credentials" }, None)),
        Ok(Err(_)) => Err(Error::unreachable(say!("the client for the API server could not be made"))),
        Err(_) => Err(Error::Refused(say!("the credential plugin of the kubeconfig has not answered within {} s", PLUGIN_BOUND.as_secs()))),
    }
}

/// Priority and fairness answers 429 with a header and no object, so the client's error does not carry it.
fn note_retry_after<B>(response: &Response<B>, slow_down: &SlowDown) {
    if !matches!(response.status().as_u16(), 429 | 503) {
        return;
    }
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(seconds) = seconds {
        let until = Instant::now() + Duration::from_secs(seconds.min(300));
        *slow_down.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kubeconfig_that_cannot_be_used_is_said_in_words() {
        let access = Access::Kubeconfig { path: Some("does-not-exist/config".into()), context: None };
        let Err(Error::Refused(words)) = Clients::new(access).get().await.map(|_| ()) else { panic!("there is no such file") };
        assert!(words.contains("does-not-exist/config cannot be read"), "{words}");
    }

    #[test]
    fn retry_after_is_kept_and_bounded() {
        let clients = Clients::new(Access::InCluster);
        assert_eq!(clients.retry_after(), None);
        let answer = |status: u16, after: &str| Response::builder().status(status).header("retry-after", after).body(()).unwrap();
        note_retry_after(&answer(200, "60"), &clients.slow_down);
        note_retry_after(&answer(429, "Wed, 21 Oct 2026 07:28:00 GMT"), &clients.slow_down);
        assert_eq!(clients.retry_after(), None);
        note_retry_after(&answer(429, "999999"), &clients.slow_down);
        assert!(clients.retry_after().unwrap() <= Duration::from_secs(300));
    }
}
