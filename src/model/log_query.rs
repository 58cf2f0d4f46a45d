//! Which entries of the activity log are shown. The whole of it stands in the URL.

use pitlane_api::{ActivityEntry, ActivityKind, NodeId, Read, Timestamp};

/// What is empty does not narrow. Times are kept as they stand in the URL, so that a link says the same on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogQuery {
    pub node: NodeId,
    /// Somebody's whole name.
    pub actor: String,
    /// In the order of the contract, each once.
    pub kinds: Vec<ActivityKind>,
    /// Not before this time, RFC 3339.
    pub since: String,
    /// Before this time.
    pub until: String,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self { node: NodeId(String::new()), actor: String::new(), kinds: Vec::new(), since: String::new(), until: String::new() }
    }
}

impl LogQuery {
    /// Of one node.
    pub fn of_node(node: &NodeId) -> Self {
        Self { node: node.clone(), ..Self::default() }
    }

    /// What a person or an old link wrote, without what cannot be read.
    pub fn readable(self) -> Self {
        let time = |text: String| if time(&text).is_some() { text } else { String::new() };
        let kinds = ActivityKind::ALL.iter().copied().filter(|kind| self.kinds.contains(kind)).collect();
        Self { kinds, since: time(self.since), until: time(self.until), ..self }
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry is shown: what the server would say of it.
    pub fn matches(&self, entry: &ActivityEntry) -> bool {
        let node = self.node.0.is_empty() || entry.node_id.as_ref() == Some(&self.node);
        let actor = self.actor.is_empty() || entry.actor.as_ref() == Some(&self.actor);
        let kind = self.kinds.is_empty() || self.kinds.contains(&entry.kind);
        let since = time(&self.since).is_none_or(|since| entry.at >= since);
        let until = time(&self.until).is_none_or(|until| entry.at < until);
        node && actor && kind && since && until
    }
}

/// Reads a time of the URL.
pub fn time(text: &str) -> Option<Timestamp> {
    if text.is_empty() { None } else { Timestamp::read(text.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::ActorKind;

    #[test]
    fn an_entry_must_match_all_that_narrows() {
        let entry = ActivityEntry {
            id: 1,
            at: Timestamp::from_second(1_000).unwrap_or_default(),
            kind: ActivityKind::Drained,
            actor_kind: ActorKind::Person,
            actor: Some("ada".into()),
            origin: None,
            node_id: Some("a".into()),
            node_name: None,
            operation_id: None,
            message: Default::default(),
            reason: None,
        };
        let matches = |change: &dyn Fn(&mut LogQuery)| {
            let mut query = LogQuery::default();
            change(&mut query);
            query.matches(&entry)
        };
        assert!(matches(&|_| {}));
        assert!(matches(&|query| query.node = "a".into()) && !matches(&|query| query.node = "b".into()));
        assert!(matches(&|query| query.actor = "ada".into()) && !matches(&|query| query.actor = "ad".into()));
        assert!(!matches(&|query| query.kinds = vec![ActivityKind::Activated]));
        assert!(matches(&|query| query.since = "1970-01-01T00:16:40Z".into()), "since is included");
        assert!(!matches(&|query| query.until = "1970-01-01T00:16:40Z".into()), "until is not");
    }
}
