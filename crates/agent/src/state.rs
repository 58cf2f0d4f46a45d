//! What an agent keeps on disk: its own token, its node, and what it has seen on this host before.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::settings::Service;

/// The agent's own file. Unknown fields of a newer agent are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// The control plane this token belongs to.
    #[serde(default)]
    pub server: String,
    /// The node this agent is.
    #[serde(default)]
    pub node_id: Option<String>,
    /// The agent's own token.
    #[serde(default)]
    pub agent_token: Option<String>,
    /// SHA-256 of the enrolment token that was used, so that a spent one is told from a new one.
    #[serde(default)]
    pub enrolled_with: Option<String>,
    /// Made up where the host has no machine id.
    #[serde(default)]
    pub machine_id: Option<String>,
    /// Docker has answered here once.
    #[serde(default)]
    pub seen_docker: bool,
    /// Caddy has answered here once.
    #[serde(default)]
    pub seen_caddy: bool,
}

impl AgentState {
    /// Whether the service has answered here once.
    pub fn has_seen(&self, service: Service) -> bool {
        match service {
            Service::Docker => self.seen_docker,
            Service::Caddy => self.seen_caddy,
        }
    }

    /// Keeps whether the service has answered; tells whether that is news.
    pub fn set_seen(&mut self, service: Service, seen: bool) -> bool {
        let kept = match service {
            Service::Docker => &mut self.seen_docker,
            Service::Caddy => &mut self.seen_caddy,
        };
        std::mem::replace(kept, seen) != seen
    }
}

/// Where a state is kept; written whole, then moved into place, readable by its owner only.
#[derive(Debug, Clone)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// A file in a folder that is made where it is missing, mode 0700.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn in_dir(dir: &Path, name: &str) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        Ok(Self { path: dir.join(name) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; a missing file is the default. One that cannot be understood is put aside, not overwritten.
    ///
    /// # Errors
    /// The file is there and cannot be read or put aside.
    pub fn load<T: DeserializeOwned + Default>(&self) -> io::Result<T> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
            Err(error) => return Err(error),
        };
        match serde_json::from_slice(&text) {
            Ok(state) => Ok(state),
            Err(error) => {
                let aside = self.path.with_extension("unreadable");
                tracing::warn!(path = %self.path.display(), aside = %aside.display(), %error, "the state cannot be understood; put aside, beginning anew");
                fs::rename(&self.path, &aside)?;
                Ok(T::default())
            }
        }
    }

    /// Writes it so that a crash leaves the old or the new one, never half of it.
    ///
    /// # Errors
    /// The disk is full, read-only or not ours.
    pub fn save<T: Serialize>(&self, state: &T) -> io::Result<()> {
        let temporary = self.path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        if let Some(dir) = self.path.parent() {
            fs::File::open(dir)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A file in a folder that goes with the test.
    struct Kept(PathBuf, StateFile);

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    impl std::ops::Deref for Kept {
        type Target = StateFile;

        fn deref(&self) -> &StateFile {
            &self.1
        }
    }

    fn file() -> Kept {
        let dir = std::env::temp_dir().join(format!("pitlane-state-{}", uuid::Uuid::new_v4()));
        let file = StateFile::in_dir(&dir.join("deep"), "agent.json").unwrap();
        Kept(dir, file)
    }

    #[test]
    fn what_is_kept_comes_back_and_only_the_owner_reads_it() {
        let file = file();
        assert_eq!(file.load::<AgentState>().unwrap(), AgentState::default());
        let state = AgentState { agent_token: Some("secret".into()), seen_docker: true, ..AgentState::default() };
        file.save(&state).unwrap();
        assert_eq!(file.load::<AgentState>().unwrap(), state);
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(file.path().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn nonsense_is_put_aside_and_not_lost() {
        let file = file();
        fs::write(file.path(), "{half").unwrap();
        assert_eq!(file.load::<AgentState>().unwrap(), AgentState::default());
        assert_eq!(fs::read_to_string(file.path().with_extension("unreadable")).unwrap(), "{half");
    }

    #[test]
    fn fields_of_a_newer_agent_do_no_harm() {
        let file = file();
        fs::write(file.path(), r#"{"agent_token":"a","from_the_future":[1]}"#).unwrap();
        assert_eq!(file.load::<AgentState>().unwrap().agent_token.as_deref(), Some("a"));
    }

    #[test]
    fn seeing_a_service_is_news_once() {
        let mut state = AgentState::default();
        assert!(state.set_seen(Service::Caddy, true));
        assert!(!state.set_seen(Service::Caddy, true));
        assert!(state.has_seen(Service::Caddy) && !state.has_seen(Service::Docker));
    }
}
