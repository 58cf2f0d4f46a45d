//! Many nodes in one go: what a person is shown and fills in, and how it is followed. The rules are `pitlane_api`'s.

use std::collections::{BTreeMap, BTreeSet};

use pitlane_api::{
    BulkEvent, BulkItem, BulkItemState, BulkList, BulkNode, BulkOperation, BulkPreview, BulkPreviewNode, BulkRequest, BulkResume, BulkState,
    BulkSummary, NodeId, OperationKind, Refusal, Timestamp, rules,
};

use super::drain::{self, reason_problem};
use super::tone::{Glyph, Mark, Tone};
use crate::words::{number, tr};

/// What the person has filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub reason: String,
    pub expected_back_at: Option<Timestamp>,
    /// How many at a time.
    pub at_once: u32,
    pub understood_stateful: bool,
    pub acknowledge_unread: bool,
    pub allow_last_schedulable: bool,
}

/// What is still to be done before the request can go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// As for a single node.
    Drain(drain::Missing),
    /// Nothing of the set can be done now.
    NoneReady,
}

impl Missing {
    /// For a person.
    pub fn words(&self) -> String {
        match self {
            Missing::Drain(missing) => missing.words(),
            Missing::NoneReady => tr!("Nothing can be done to any of these nodes now; each says why."),
        }
    }
}

impl Form {
    /// The request: the nodes that are ready, in the order of the preview, each with exactly what was on the screen as what was seen.
    ///
    /// # Errors
    /// What is still missing, the first thing first.
    pub fn request(&self, preview: &BulkPreview, now: Timestamp) -> Result<BulkRequest, Missing> {
        let drain = preview.kind == OperationKind::Drain;
        if ready(preview).next().is_none() {
            return Err(Missing::NoneReady);
        }
        if drain {
            self.check(preview, now)?;
        }
        let nodes = ready(preview).map(|node| seen(node, self.acknowledge_unread)).collect();
        Ok(BulkRequest {
            kind: preview.kind,
            reason: drain.then(|| self.reason.trim().to_owned()),
            expected_back_at: self.expected_back_at.filter(|_| drain),
            at_once: Some(self.at_once.max(1)),
            allow_last_schedulable: drain && preview.takes_the_last && self.allow_last_schedulable,
            nodes,
        })
    }

    fn check(&self, preview: &BulkPreview, now: Timestamp) -> Result<(), Missing> {
        if let Some(problem) = reason_problem(&self.reason) {
            return Err(Missing::Drain(problem));
        }
        rules::check_expected_back(self.expected_back_at, now).map_err(|wrong| Missing::Drain(drain::Missing::Time(wrong)))?;
        if stateful(preview) > 0 && !self.understood_stateful {
            return Err(Missing::Drain(drain::Missing::UnderstandStateful));
        }
        if is_unread(preview) && !self.acknowledge_unread {
            return Err(Missing::Drain(drain::Missing::AcknowledgeUnread));
        }
        if preview.takes_the_last && !self.allow_last_schedulable {
            return Err(Missing::Drain(drain::Missing::AllowLast));
        }
        Ok(())
    }
}

fn seen(node: &BulkPreviewNode, acknowledge_unread: bool) -> BulkNode {
    BulkNode {
        node_id: node.node_id.clone(),
        seen_stateful: node.stateful.iter().map(|workload| workload.identity.clone()).collect(),
        acknowledge_unread: !node.not_read.is_empty() && acknowledge_unread,
    }
}

/// The nodes of a preview that can be worked on now.
pub fn ready(preview: &BulkPreview) -> impl Iterator<Item = &BulkPreviewNode> {
    preview.nodes.iter().filter(|node| node.ready)
}

/// How many stateful workloads stay on the nodes that are ready.
pub fn stateful(preview: &BulkPreview) -> usize {
    ready(preview).map(|node| node.stateful.len()).sum()
}

/// Whether a list of a node that is ready could not be read in full.
pub fn is_unread(preview: &BulkPreview) -> bool {
    ready(preview).any(|node| !node.not_read.is_empty())
}

/// `Drain 3 nodes`
pub fn title(kind: OperationKind, nodes: usize) -> String {
    match kind {
        OperationKind::Activate => tr!("Activate 1 node" | "Activate {n} nodes" % nodes),
        _ => tr!("Drain 1 node" | "Drain {n} nodes" % nodes),
    }
}

/// What is known of bulk operations, by id; ids grow with time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines(BTreeMap<String, BulkSummary>);

/// How many are kept; the oldest go first.
const KEPT: usize = 50;

impl Lines {
    /// Takes in what the stream tells. What is older than what is known is ignored, since a resumed stream may repeat itself.
    pub fn take(&mut self, event: &BulkEvent) {
        for summary in &event.operations {
            self.put(summary);
        }
    }

    /// Takes in the list as the server gives it. What the stream told meanwhile is newer and stays.
    pub fn take_list(&mut self, list: &BulkList) {
        for summary in &list.operations {
            self.put(summary);
        }
    }

    fn put(&mut self, summary: &BulkSummary) {
        if self.0.get(&summary.id).is_none_or(|known| known.updated_at <= summary.updated_at) {
            self.0.insert(summary.id.clone(), summary.clone());
        }
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&BulkSummary> {
        self.0.get(id)
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &BulkSummary> {
        self.0.values().rev()
    }

    /// What everybody should know of: under way, or stopped and waiting for a person. Newest first.
    pub fn open(&self) -> Vec<BulkSummary> {
        self.newest().filter(|line| is_open(line.state)).cloned().collect()
    }
}

/// Whether somebody has to wait for it, or to decide how it goes on.
pub const fn is_open(state: BulkState) -> bool {
    matches!(state, BulkState::Running | BulkState::Aborting | BulkState::Stopped)
}

/// `Bulk drain by on-call`
pub fn name(kind: OperationKind, by: &str) -> String {
    match kind {
        OperationKind::Activate => tr!("Bulk activation by {}", by),
        _ => tr!("Bulk drain by {}", by),
    }
}

/// `3 of 8 done`
pub fn done_of(summary: &BulkSummary) -> String {
    tr!("{} of {} done", number(summary.done), number(summary.total))
}

/// Where it stands, by picture, word and colour.
pub fn mark(state: BulkState) -> Mark {
    match state {
        BulkState::Running => Mark { tone: Tone::Pending, glyph: Glyph::Spinner, word: tr!("Running") },
        BulkState::Stopped => Mark { tone: Tone::Offline, glyph: Glyph::Warning, word: tr!("Stopped") },
        BulkState::Aborting => Mark { tone: Tone::Pending, glyph: Glyph::Spinner, word: tr!("Aborting") },
        BulkState::Aborted => Mark { tone: Tone::Neutral, glyph: Glyph::Cross, word: tr!("Aborted") },
        BulkState::Completed => Mark { tone: Tone::Healthy, glyph: Glyph::Check, word: tr!("Completed") },
        BulkState::Unknown => Mark { tone: Tone::Neutral, glyph: Glyph::Ring, word: tr!("Unknown") },
    }
}

/// Where one node stands.
pub fn item_mark(state: BulkItemState) -> Mark {
    match state {
        BulkItemState::Waiting => Mark { tone: Tone::Neutral, glyph: Glyph::Ring, word: tr!("Waiting") },
        BulkItemState::Starting => Mark { tone: Tone::Pending, glyph: Glyph::Spinner, word: tr!("Starting") },
        BulkItemState::Running => Mark { tone: Tone::Pending, glyph: Glyph::Spinner, word: tr!("Under way") },
        BulkItemState::Done => Mark { tone: Tone::Healthy, glyph: Glyph::Check, word: tr!("Done") },
        BulkItemState::Skipped => Mark { tone: Tone::Neutral, glyph: Glyph::Check, word: tr!("Left out") },
        BulkItemState::Refused => Mark { tone: Tone::Offline, glyph: Glyph::Warning, word: tr!("Refused") },
        BulkItemState::Failed => Mark { tone: Tone::Offline, glyph: Glyph::Cross, word: tr!("Failed") },
        BulkItemState::Aborted => Mark { tone: Tone::Neutral, glyph: Glyph::Cross, word: tr!("Aborted") },
        BulkItemState::Unknown => Mark { tone: Tone::Neutral, glyph: Glyph::Ring, word: tr!("Unknown") },
    }
}

/// Whether this node is what stopped the whole.
pub const fn is_stuck(state: BulkItemState) -> bool {
    matches!(state, BulkItemState::Refused | BulkItemState::Failed | BulkItemState::Aborted)
}

/// The nodes that are left to do when it goes on: what stopped it, and what was not begun.
pub fn left(bulk: &BulkOperation) -> impl Iterator<Item = &BulkItem> {
    bulk.items.iter().filter(|item| is_stuck(item.state) || item.state == BulkItemState::Waiting)
}

/// One sentence for the head of its page.
pub fn headline(bulk: &BulkOperation) -> String {
    let summary = rules::bulk_summary(bulk);
    let stuck: Vec<&str> = bulk.items.iter().filter(|item| is_stuck(item.state)).map(|item| item.node_name.as_str()).collect();
    let done = done_of(&summary);
    match bulk.state {
        BulkState::Stopped if !stuck.is_empty() => tr!("Stopped at {}: {}. No other node was begun after it.", stuck.join(", "), done),
        BulkState::Stopped => tr!("Stopped: {}.", done),
        BulkState::Aborting => tr!("{}. No other node is begun; what is under way is being stopped.", done),
        BulkState::Aborted => tr!("Aborted: {}. The others stay as they are.", done),
        BulkState::Completed => tr!("Completed: {}.", done),
        _ => done,
    }
}

/// A node on which other stateful workloads stay now than were seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub node: BulkPreviewNode,
    /// The difference, as the server would refuse it.
    pub refusal: Refusal,
}

/// What a person has to look at before it can go on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    pub changed: Vec<Changed>,
    /// Lists that could not be read in full, and were not acknowledged.
    pub unread: Vec<BulkPreviewNode>,
    /// Refused now for another reason than these.
    pub blocked: Vec<BulkPreviewNode>,
}

/// Compares what was seen when it was asked for with what is there now.
pub fn look(bulk: &BulkOperation, preview: &BulkPreview) -> Look {
    let mut look = Look::default();
    if bulk.kind != OperationKind::Drain {
        return look;
    }
    for item in left(bulk) {
        let Some(node) = preview.nodes.iter().find(|node| node.node_id == item.node_id) else { continue };
        let now: Vec<_> = node.stateful.iter().collect();
        if let Err(refusal) = rules::compare_stateful(&item.seen_stateful, &now) {
            look.changed.push(Changed { node: node.clone(), refusal });
        }
        if !node.not_read.is_empty() && !item.acknowledge_unread {
            look.unread.push(node.clone());
        }
        if !node.ready {
            look.blocked.push(node.clone());
        }
    }
    look
}

/// The wish to go on: some are left out, and what was shown anew counts as seen.
pub fn resume(look: &Look, skip: &BTreeSet<NodeId>) -> BulkResume {
    let mut nodes: BTreeMap<&NodeId, BulkNode> = BTreeMap::new();
    let anew = look.changed.iter().map(|changed| &changed.node).chain(&look.unread);
    for node in anew.filter(|node| !skip.contains(&node.node_id)) {
        nodes.insert(&node.node_id, seen(node, true));
    }
    BulkResume { skip: skip.iter().cloned().collect(), nodes: nodes.into_values().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::{DataLives, Identity};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn workload(name: &str) -> Value {
        let identity = Identity::new("compose", &["shop", name, "1"]).with_volume("data", DataLives::ThisNodeOnly);
        json!({
            "identity": identity, "name": name, "kind": "container", "state": "running",
            "stateful": true, "belongs_to_node": false, "volumes": [], "on_restart": "here_with_data", "on_node_down": "here_with_data"
        })
    }

    fn preview(kind: &str, nodes: Value) -> BulkPreview {
        let capacity = json!({"nodes": 3, "basis": "measured"});
        serde_json::from_value(json!({
            "kind": kind, "nodes": nodes, "capacity_now": capacity, "capacity_after": capacity, "takes_the_last": false,
            "server_time": "1970-01-01T00:00:00Z"
        }))
        .unwrap()
    }

    fn node(id: &str, stateful: &[&str]) -> Value {
        let stateful: Vec<Value> = stateful.iter().map(|name| workload(name)).collect();
        json!({"node_id": id, "node_name": id, "ready": true, "stateful": stateful})
    }

    fn blocked(id: &str) -> Value {
        json!({"node_id": id, "node_name": id, "ready": false, "blocked": "It is in maintenance already."})
    }

    fn form() -> Form {
        Form { reason: " Kernel 6.12 reboot ".into(), at_once: 2, ..Form::default() }
    }

    #[test]
    fn what_was_shown_of_each_node_is_what_was_seen() {
        let preview = preview("drain", json!([node("b", &["postgres"]), blocked("x"), node("a", &[])]));
        assert_eq!(form().request(&preview, Timestamp::UNIX_EPOCH), Err(Missing::Drain(drain::Missing::UnderstandStateful)));
        let form = Form { understood_stateful: true, allow_last_schedulable: true, acknowledge_unread: true, ..form() };
        let request = form.request(&preview, Timestamp::UNIX_EPOCH).unwrap();
        let nodes: Vec<(&str, usize, bool)> =
            request.nodes.iter().map(|node| (node.node_id.as_str(), node.seen_stateful.len(), node.acknowledge_unread)).collect();
        assert_eq!(nodes, [("b", 1, false), ("a", 0, false)], "in order, without the blocked one, and nothing claimed that was not asked");
        assert_eq!((request.reason.as_deref(), request.at_once), (Some("Kernel 6.12 reboot"), Some(2)));
        assert!(!request.allow_last_schedulable);
    }

    #[test]
    fn each_demand_is_named() {
        let mut all = preview("drain", json!([node("a", &[])]));
        all.takes_the_last = true;
        assert_eq!(form().request(&all, Timestamp::UNIX_EPOCH), Err(Missing::Drain(drain::Missing::AllowLast)));
        let mut unread = node("a", &[]);
        unread["not_read"] = json!(["Docker does not answer"]);
        let unread = preview("drain", json!([unread]));
        assert_eq!(form().request(&unread, Timestamp::UNIX_EPOCH), Err(Missing::Drain(drain::Missing::AcknowledgeUnread)));
        let acknowledged = Form { acknowledge_unread: true, ..form() };
        assert!(acknowledged.request(&unread, Timestamp::UNIX_EPOCH).unwrap().nodes.iter().all(|node| node.acknowledge_unread));
        assert_eq!(form().request(&preview("drain", json!([blocked("x")])), Timestamp::UNIX_EPOCH), Err(Missing::NoneReady));
        let no_reason = Form::default().request(&preview("activate", json!([node("a", &[])])), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((no_reason.reason, no_reason.at_once), (None, Some(1)), "an activation needs no reason");
    }

    fn bulk(items: Value) -> BulkOperation {
        serde_json::from_value(json!({
            "id": "1", "kind": "drain", "state": "stopped", "reason": "reboot", "at_once": 1, "requested_by": "ada",
            "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z", "items": items
        }))
        .unwrap()
    }

    fn item(id: &str, state: &str, seen: &[&str]) -> Value {
        let seen: Vec<Value> = seen.iter().filter_map(|name| workload(name).get("identity").cloned()).collect();
        json!({"node_id": id, "node_name": id, "state": state, "attempt": 1, "seen_stateful": seen})
    }

    #[test]
    fn going_on_shows_what_is_new_and_acknowledges_only_that() {
        let bulk =
            bulk(json!([item("a", "done", &[]), item("b", "refused", &["postgres"]), item("c", "waiting", &["mail"]), item("d", "waiting", &[])]));
        assert_eq!(headline(&bulk), "Stopped at b: 1 of 4 done. No other node was begun after it.");
        assert_eq!(left(&bulk).map(|item| item.node_id.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
        let preview = preview("drain", json!([node("b", &["postgres", "redis"]), node("c", &["mail"]), node("d", &["cache"])]));
        let look = look(&bulk, &preview);
        let changed: Vec<&str> = look.changed.iter().map(|changed| changed.node.node_id.as_str()).collect();
        assert_eq!(changed, ["b", "d"], "the one that stopped it, and one that would stop it next");
        assert!(matches!(&look.changed[0].refusal, Refusal::StatefulWorkloadsChanged { added, .. } if added.len() == 1));
        let wish = resume(&look, &BTreeSet::from(["d".into()]));
        assert_eq!(wish.skip, ["d".into()]);
        assert_eq!(wish.nodes.iter().map(|node| (node.node_id.as_str(), node.seen_stateful.len())).collect::<Vec<_>>(), [("b", 2)]);
    }

    fn summary(id: u8, at: i64, done: u32) -> BulkSummary {
        let time = Timestamp::from_second(at).unwrap();
        BulkSummary {
            id: format!("{id:03}"),
            kind: OperationKind::Drain,
            state: if done < 3 { BulkState::Running } else { BulkState::Completed },
            reason: None,
            requested_by: "ada".into(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: time,
            total: 3,
            done,
            stopped: 0,
        }
    }

    fn event(operations: Vec<BulkSummary>) -> BulkEvent {
        BulkEvent { operations, server_time: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn everybody_knows_of_what_is_open() {
        let mut lines = Lines::default();
        lines.take_list(&BulkList { operations: vec![summary(2, 5, 1), summary(1, 4, 3)], server_time: Timestamp::UNIX_EPOCH });
        assert_eq!(lines.open().iter().map(done_of).collect::<Vec<_>>(), ["1 of 3 done"]);
        lines.take(&event(vec![summary(2, 6, 3), BulkSummary { state: BulkState::Stopped, ..summary(3, 6, 0) }]));
        assert_eq!(lines.open().iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["003"]);
    }

    proptest! {
        #[test]
        fn in_whatever_order_they_arrive_the_newest_counts(told in prop::collection::vec((0..80u8, 0..30i64), 0..200)) {
            let mut lines = Lines::default();
            let mut newest: BTreeMap<u8, i64> = BTreeMap::new();
            for (id, at) in told {
                lines.take(&event(vec![summary(id, at, 0)]));
                let known = newest.entry(id).or_insert(at);
                *known = (*known).max(at);
            }
            prop_assert!(lines.0.len() <= KEPT);
            if newest.len() <= KEPT {
                for (id, at) in newest {
                    let known = lines.get(&format!("{id:03}")).map(|line| line.updated_at.as_second());
                    prop_assert_eq!(known, Some(at));
                }
            }
        }
    }
}
