//! The nodes that are shown, in order, and in groups with what they add up to. Real and simulated nodes never share a group.

use std::sync::Arc;

use pitlane_api::{Node, Timestamp};

use super::entry::{Entry, natural};
use super::fold::Pulse;
use super::format;
use super::query::{Facet, Query};
use super::sort::{Key, order};
use crate::words::tr;

/// What stands together under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Region,
    Role,
    /// The value of this label.
    Label(String),
}

impl GroupBy {
    /// The word in the URL.
    pub fn word(&self) -> String {
        match self {
            GroupBy::Region => "region".to_owned(),
            GroupBy::Role => "role".to_owned(),
            GroupBy::Label(key) => format!("label:{key}"),
        }
    }

    /// The words on the screen.
    pub fn label(&self) -> String {
        match self {
            GroupBy::Region => tr!("grouped by" => "region"),
            GroupBy::Role => tr!("grouped by" => "role"),
            // Told apart from what is not a label.
            GroupBy::Label(key) if key == "region" || key == "role" => tr!("label {}", key),
            GroupBy::Label(key) => key.clone(),
        }
    }

    /// Reads the word of the URL; anything else groups nothing.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "region" => Some(GroupBy::Region),
            "role" => Some(GroupBy::Role),
            _ => word.strip_prefix("label:").filter(|key| !key.is_empty()).map(|key| GroupBy::Label(key.to_owned())),
        }
    }

    /// The group of a node; `None` where it says nothing about it.
    fn of(&self, node: &Node) -> Option<String> {
        match self {
            GroupBy::Region => node.region.clone(),
            GroupBy::Role => role(node),
            GroupBy::Label(key) => node.labels.get(key).cloned(),
        }
    }

    /// The heading of those that say nothing about it.
    fn nameless(&self) -> String {
        match self {
            GroupBy::Region => tr!("No region"),
            GroupBy::Role => tr!("No role"),
            GroupBy::Label(key) => tr!("No label {}", key),
        }
    }
}

/// What the node is in its fleet: its label `role`, or what its engine calls it.
pub fn role(node: &Node) -> Option<String> {
    let labelled = ["role", "node.role"].into_iter().find_map(|key| node.labels.get(key)).filter(|role| !role.is_empty());
    labelled.cloned().or_else(|| {
        let roles: Vec<&str> = node.labels.keys().filter_map(|key| key.strip_prefix("node-role.kubernetes.io/")).collect();
        (!roles.is_empty()).then(|| roles.join(", "))
    })
}

/// What a group adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    pub takes_placements: u32,
    pub maintenance: u32,
    pub stateful: u32,
    /// Memory of the nodes that take placements, as far as it is known.
    pub memory_total: u64,
    pub memory_free: u64,
}

impl Totals {
    fn add(&mut self, entry: &Entry, now: Timestamp) {
        self.maintenance += u32::from(entry.maintenance);
        self.stateful += u32::from(entry.shows(Facet::Stateful, now));
        if entry.takes_placements {
            self.takes_placements += 1;
            if let (Some(total), Some(used)) = (entry.memory_total, entry.memory_used) {
                self.memory_total = self.memory_total.saturating_add(total);
                self.memory_free = self.memory_free.saturating_add(total.saturating_sub(used));
            }
        }
    }

    /// `12 nodes · 8 take placements · 2 in maintenance · 3 stateful · 96 of 184 GiB free`.
    pub fn sentence(&self, nodes: usize) -> String {
        let mut parts = vec![tr!("1 node" | "{n} nodes" % nodes), tr!("1 takes placements" | "{n} take placements" % self.takes_placements)];
        if self.maintenance > 0 {
            parts.push(tr!("1 in maintenance" | "{n} in maintenance" % self.maintenance));
        }
        if self.stateful > 0 {
            parts.push(tr!("1 stateful" | "{n} stateful" % self.stateful));
        }
        if self.memory_total > 0 {
            parts.push(tr!("{} free", format::bytes_of(self.memory_free, self.memory_total)));
        }
        parts.join(" · ")
    }
}

/// Nodes that stand together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What it is known by, also in the URL when it is folded up.
    pub key: String,
    /// Its heading; `None` where nothing is grouped.
    pub name: Option<String>,
    pub simulated: bool,
    pub open: bool,
    /// In order.
    pub members: Vec<Arc<Entry>>,
    pub totals: Totals,
}

/// A node that is shown, with where it belongs.
pub struct Placed {
    entry: Arc<Entry>,
    key: Key,
    /// Its group's place among the groups, in one text: simulated ones behind the real ones, those without a name behind the named, and
    /// else by name.
    group: String,
    name: Option<String>,
}

impl Placed {
    /// Where `query` puts a node.
    pub fn of(query: &Query, entry: &Arc<Entry>, node: &Node, pulse: &Pulse, now: Timestamp) -> Self {
        let name = query.group.as_ref().and_then(|group| group.of(node));
        let kind = if entry.simulated { "1" } else { "0" };
        let group = match &name {
            Some(name) => format!("{kind}0{}\u{0}{name}", natural(name)),
            None => format!("{kind}1"),
        };
        Self { key: query.sort.key(entry, node, pulse, now), group, name, entry: entry.clone() }
    }
}

/// All groups, in order.
pub fn arrange(query: &Query, mut placed: Vec<Placed>, now: Timestamp) -> Vec<Group> {
    placed.sort_unstable_by(|a, b| a.group.cmp(&b.group).then_with(|| order((&a.key, &a.entry), (&b.key, &b.entry), query.reversed)));
    let mut groups: Vec<Group> = Vec::new();
    let mut last = None;
    for Placed { entry, group, name, .. } in placed {
        if last.as_ref() != Some(&group) {
            // Two groups of one name are told apart: the simulated one, and the one that has none.
            let mark = if entry.simulated { "simulated" } else { "real" };
            let key = name.as_ref().map_or_else(|| format!("{mark}!"), |name| format!("{mark}:{name}"));
            let title = query.group.as_ref().map(|by| name.unwrap_or_else(|| by.nameless()));
            let open = !query.folded.contains(&key);
            groups.push(Group { key, name: title, simulated: entry.simulated, open, members: Vec::new(), totals: Totals::default() });
            last = Some(group);
        }
        if let Some(group) = groups.last_mut() {
            group.totals.add(&entry, now);
            group.members.push(entry);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use pitlane_api::NodeSource;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn arranged(query: &Query, nodes: &[Node]) -> Vec<Group> {
        let filter = query.filter(NOW);
        let entries = nodes.iter().map(|node| (Arc::new(Entry::of(node)), node));
        let placed = entries.filter(|(entry, _)| filter.keeps(entry)).map(|(entry, node)| Placed::of(query, &entry, node, &Pulse::of(node), NOW));
        arrange(query, placed.collect(), NOW)
    }

    fn in_region(name: &str, region: Option<&str>) -> Node {
        let mut node = node(name);
        node.region = region.map(str::to_owned);
        node
    }

    #[test]
    fn groups_stand_by_name_and_the_nameless_last() {
        let mut played = in_region("s", Some("r-2"));
        played.node_source = NodeSource::Simulated;
        let nodes = [in_region("a", None), in_region("b", Some("r-10")), in_region("c", Some("r-2")), played];
        let query = Query { group: Some(GroupBy::Region), folded: vec!["real:r-10".into()], ..Query::default() };
        let groups = arranged(&query, &nodes);
        let seen: Vec<_> = groups.iter().map(|group| (group.name.as_deref().unwrap_or_default(), group.simulated, group.open)).collect();
        assert_eq!(seen, [("r-2", false, true), ("r-10", false, false), ("No region", false, true), ("r-2", true, true)]);
    }

    #[test]
    fn a_group_says_what_it_adds_up_to() {
        let mut a = node("a");
        a.resources.memory_total_bytes = Some(100);
        a.resources.memory_used_bytes = Some(60);
        a.workload_counts.stateful = Some(1);
        let unknown = node("b");
        let groups = arranged(&Query::default(), &[a, unknown]);
        let sentence = groups.first().map(|group| group.totals.sentence(group.members.len()));
        assert_eq!(sentence.as_deref(), Some("2 nodes · 2 take placements · 1 stateful · 40 of 100 B free"));
    }

    #[test]
    fn a_role_is_a_label_or_the_engines_word() {
        let mut labelled = node("a");
        labelled.labels.insert("role".into(), "edge".into());
        let mut control = node("b");
        control.labels.insert("node-role.kubernetes.io/control-plane".into(), String::new());
        assert_eq!((role(&labelled).as_deref(), role(&control).as_deref(), role(&node("c"))), (Some("edge"), Some("control-plane"), None));
    }

    proptest! {
        /// Whatever is asked, every node that the filter keeps is shown once, in one group, in order.
        #[test]
        fn nothing_is_lost_and_nothing_is_doubled(
            regions in prop::collection::vec(prop::option::of("[ab]{1,2}"), 0..20),
            text in prop::sample::select(vec!["", "n1", "a", "zz"]),
            by in prop::option::of(Just(GroupBy::Region)), reversed: bool,
            simulated in prop::collection::vec(any::<bool>(), 20),
        ) {
            let nodes: Vec<Node> = regions.iter().zip(&simulated).enumerate().map(|(at, (region, simulated))| {
                let mut node = in_region(&format!("n{at}"), region.as_deref());
                if *simulated { node.node_source = NodeSource::Simulated }
                node
            }).collect();
            let query = Query { text: text.into(), group: by, reversed, sort: crate::model::sort::Sort::Name, ..Query::default() };
            let groups = arranged(&query, &nodes);
            let mut shown: Vec<&str> = groups.iter().flat_map(|group| &group.members).map(|entry| entry.id.as_str()).collect();
            for group in &groups {
                let names: Vec<&String> = group.members.iter().map(|entry| &entry.name).collect();
                let in_order = if reversed { names.is_sorted_by(|a, b| a > b) } else { names.is_sorted_by(|a, b| a < b) };
                prop_assert!(in_order, "{:?}", names);
                prop_assert!(group.members.iter().all(|entry| entry.simulated == group.simulated));
            }
            let filter = query.filter(NOW);
            let mut kept: Vec<&str> = nodes.iter().filter(|node| filter.keeps(&Entry::of(node))).map(|node| node.id.as_str()).collect();
            shown.sort_unstable();
            kept.sort_unstable();
            prop_assert_eq!(shown, kept);
        }
    }
}
