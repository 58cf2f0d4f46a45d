//! Which played node has which credentials, kept on disk so that a demo that starts again plays the same nodes.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::state::StateFile;

/// What one node has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub node_id: String,
    pub agent_token: String,
    /// The story's maintenance was asked for once; what people do with the node after that is theirs.
    #[serde(default)]
    pub taken_out: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    server: String,
    #[serde(default)]
    nodes: BTreeMap<String, Credentials>,
}

#[derive(Debug)]
struct Inner {
    kept: Kept,
    dirty: bool,
    said: String,
}

/// Credentials by the node's name.
#[derive(Debug)]
pub(crate) struct Roster {
    file: StateFile,
    inner: Mutex<Inner>,
}

impl Roster {
    /// What was kept for this control plane.
    pub fn open(file: StateFile, server: &str) -> io::Result<Self> {
        let mut kept: Kept = file.load()?;
        if kept.server != server {
            kept = Kept { server: server.to_owned(), nodes: BTreeMap::new() };
        }
        file.save(&kept)?;
        Ok(Self { file, inner: Mutex::new(Inner { kept, dirty: false, said: String::new() }) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn credentials(&self, name: &str) -> Option<Credentials> {
        self.inner().kept.nodes.get(name).filter(|node| !node.agent_token.is_empty()).cloned()
    }

    /// A new enrolment. Whether the node was taken out before stays known.
    pub fn enrolled(&self, name: &str, node_id: String, agent_token: String) {
        let mut inner = self.inner();
        let taken_out = inner.kept.nodes.get(name).is_some_and(|before| before.taken_out && before.node_id == node_id);
        inner.kept.nodes.insert(name.to_owned(), Credentials { node_id, agent_token, taken_out });
        inner.dirty = true;
    }

    /// The control plane does not know these credentials any more.
    pub fn forget(&self, name: &str) {
        let mut inner = self.inner();
        if let Some(node) = inner.kept.nodes.get_mut(name) {
            node.agent_token.clear();
            inner.dirty = true;
        }
    }

    pub fn taken_out(&self, name: &str) {
        let mut inner = self.inner();
        if let Some(node) = inner.kept.nodes.get_mut(name) {
            node.taken_out = true;
            inner.dirty = true;
        }
    }

    /// Writes what has changed.
    pub fn keep(&self) {
        let mut inner = self.inner();
        if !inner.dirty {
            return;
        }
        match self.file.save(&inner.kept) {
            Ok(()) => inner.dirty = false,
            Err(error) => tracing::error!(path = %self.file.path().display(), %error, "the demo's state cannot be kept"),
        }
    }

    /// To the log, once for each new thing to say: ten thousand nodes meet the same trouble.
    pub fn say(&self, words: String) {
        let mut inner = self.inner();
        if inner.said != words {
            tracing::warn!("{words}");
            inner.said = words;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_credentials_at_the_same_control_plane_only() {
        let dir = std::env::temp_dir().join(format!("pitlane-roster-{}", uuid::Uuid::new_v4()));
        let open = |server| Roster::open(StateFile::in_dir(&dir, "demo.json").unwrap(), server).unwrap();
        let roster = open("http://a/");
        roster.enrolled("edge-fra-02", "n1".into(), "t1".into());
        roster.taken_out("edge-fra-02");
        roster.keep();
        let again = open("http://a/");
        assert!(again.credentials("edge-fra-02").unwrap().taken_out);
        again.forget("edge-fra-02");
        assert_eq!(again.credentials("edge-fra-02"), None);
        again.enrolled("edge-fra-02", "n1".into(), "t2".into());
        assert!(again.credentials("edge-fra-02").unwrap().taken_out);
        assert_eq!(open("http://b/").credentials("edge-fra-02"), None);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
