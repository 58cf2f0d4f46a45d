//! A cable between driver and engine that can be pulled: a socket whose bytes go on to the engine's.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

/// The cable.
pub struct Proxy {
    path: PathBuf,
    engine: PathBuf,
    carries: Mutex<Option<tokio::task::AbortHandle>>,
}

impl Proxy {
    /// Lays it at `path`, plugged in.
    pub fn lay(path: &Path, engine: &Path) -> Self {
        let proxy = Self { path: path.to_owned(), engine: engine.to_owned(), carries: Mutex::new(None) };
        proxy.plug();
        proxy
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts every connection, and refuses new ones.
    pub fn pull(&self) {
        if let Some(carrier) = self.carries.lock().unwrap().take() {
            carrier.abort();
        }
        // It may never have been there.
        drop(std::fs::remove_file(&self.path));
    }

    /// Takes connections and carries nothing, as a hung engine does.
    pub fn freeze(&self) {
        self.pull();
        let listener = UnixListener::bind(&self.path).unwrap();
        let carrier = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((near, _)) = listener.accept().await {
                held.push(near);
            }
        });
        *self.carries.lock().unwrap() = Some(carrier.abort_handle());
    }

    /// Carries connections again.
    pub fn plug(&self) {
        self.pull();
        let listener = UnixListener::bind(&self.path).unwrap();
        let engine = self.engine.clone();
        let carrier = tokio::spawn(async move {
            // The connections die with this task.
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let engine = engine.clone();
                connections.spawn(async move {
                    if let Ok(mut far) = UnixStream::connect(engine).await {
                        drop(copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        });
        *self.carries.lock().unwrap() = Some(carrier.abort_handle());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.pull();
    }
}
