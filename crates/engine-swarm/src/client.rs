//! The connection to the manager: made when it is first needed, its API version negotiated, thrown away when it breaks.

use pitlane_api::say;
use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bollard::{ClientVersion, Docker, errors::Error as DockerError};
use pitlane_engine::{Error, Result};

use crate::{
    endpoint::{Endpoint, Tls},
    error::{self, Answer, OLDEST_API},
};

/// The connection, and how long an answer may take.
pub(crate) struct Client {
    endpoint: Endpoint,
    bound: Duration,
    /// Connected, and of a version both sides speak.
    ready: Mutex<Option<Docker>>,
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, bound: Duration) -> Self {
        Self { endpoint, bound, ready: Mutex::new(None) }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Makes one call. An answer that tells what to do next ([`Answer`]) is the caller's to read.
    pub(crate) async fn ask<T, F>(&self, call: impl FnOnce(Docker) -> F + Send) -> std::result::Result<T, Answer>
    where
        F: Future<Output = std::result::Result<T, DockerError>> + Send,
    {
        let whole = async {
            let docker = self.docker().await.map_err(Answer::Error)?;
            call(docker).await.map_err(|error| error::read(error, &self.endpoint.to_string()))
        };
        let answer = match tokio::time::timeout(self.bound, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(Answer::Error(self.too_slow())),
        };
        if let Err(Answer::Error(_)) = answer {
            // A restarted engine may be of another version, and a broken connection is best made anew.
            self.forget();
        }
        answer
    }

    /// The same where "no such object" and "changed in between" cannot be, or are errors like any other.
    pub(crate) async fn call<T, F>(&self, call: impl FnOnce(Docker) -> F + Send) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, DockerError>> + Send,
    {
        self.ask(call).await.map_err(|answer| match answer {
            Answer::Error(error) => error,
            Answer::OutOfSequence => Error::Conflict,
            Answer::NotFound => Error::unreachable(say!("{} does not know this call", self.endpoint.to_string())),
        })
    }

    /// Gives up on what hangs.
    pub(crate) async fn bounded<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        tokio::time::timeout(self.bound, call).await.unwrap_or_else(|_| Err(self.too_slow()))
    }

    fn too_slow(&self) -> Error {
        Error::unreachable(say!("{} has not answered within {} s", self.endpoint.to_string(), self.bound.as_secs_f32().to_string()))
    }

    /// A connection to read events from, which has no bound in time.
    pub(crate) async fn docker(&self) -> Result<Docker> {
        if let Some(docker) = self.ready().clone() {
            return Ok(docker);
        }
        let docker = self.connect()?;
        let name = self.endpoint.to_string();
        let docker = match docker.negotiate_version().await {
            Ok(docker) => docker,
            Err(error) => {
                return Err(match error::read(error, &name) {
                    Answer::Error(error) => error,
                    Answer::OutOfSequence | Answer::NotFound => Error::unreachable(say!("{} does not look like a Docker engine", &name)),
                });
            }
        };
        let version = docker.client_version();
        if (version.major_version, version.minor_version) < OLDEST_API {
            return Err(Error::unreachable(error::too_different(&format!("API {version}"), &name)));
        }
        *self.ready() = Some(docker.clone());
        Ok(docker)
    }

    fn ready(&self) -> std::sync::MutexGuard<'_, Option<Docker>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        *self.ready() = None;
    }

    fn connect(&self) -> Result<Docker> {
        // The client counts in whole seconds; the bound around every call is the finer one.
        let seconds = self.bound.as_secs().max(1);
        let newest: &ClientVersion = bollard::API_DEFAULT_VERSION;
        let docker = match &self.endpoint {
            Endpoint::Socket(path) => Docker::connect_with_unix(&path.to_string_lossy(), seconds, newest),
            Endpoint::Tcp { address, tls: None } => Docker::connect_with_http(&format!("tcp://{address}"), seconds, newest),
            Endpoint::Tcp { address, tls: Some(tls) } => {
                tls_ready(tls)?;
                Docker::connect_with_ssl(&format!("tcp://{address}"), &tls.key, &tls.cert, &tls.ca, seconds, newest)
            }
        };
        docker.map_err(|error| match error::read(error, &self.endpoint.to_string()) {
            Answer::Error(error) => error,
            Answer::OutOfSequence | Answer::NotFound => Error::unreachable(say!("cannot connect to {}", self.endpoint.to_string())),
        })
    }
}

/// The client library panics without a provider of cryptography, and says little about files that are not there.
fn tls_ready(tls: &Tls) -> Result<()> {
    for file in [&tls.ca, &tls.cert, &tls.key] {
        if let Err(error) = std::fs::File::open(file) {
            return Err(Error::unreachable(say!("the certificate file {} cannot be read: {}", file.display().to_string(), error.to_string())));
        }
    }
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Lost to another thread: then that one's provider is there, which is all that is needed.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    Ok(())
}
