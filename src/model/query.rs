//! Which nodes are shown and in what order. The whole of it stands in the URL.

use std::cmp::Ordering;

use pitlane_api::{Health, Node, Scheduling, SignalState, Timestamp};

use crate::words::tr;

/// What a chip of the fleet page stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    Healthy,
    Maintenance,
    Degraded,
    Offline,
    Pending,
    Failed,
    Stateful,
    Overdue,
}

impl Facet {
    /// In the order of the screen.
    pub const ALL: [Facet; 8] =
        [Facet::Healthy, Facet::Maintenance, Facet::Degraded, Facet::Offline, Facet::Pending, Facet::Failed, Facet::Stateful, Facet::Overdue];

    /// The word in the URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Facet::Healthy => "healthy",
            Facet::Maintenance => "maintenance",
            Facet::Degraded => "degraded",
            Facet::Offline => "offline",
            Facet::Pending => "pending",
            Facet::Failed => "failed",
            Facet::Stateful => "stateful",
            Facet::Overdue => "overdue",
        }
    }

    /// Reads the word of the URL.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == word)
    }

    /// Stateful and overdue narrow down what the other chips select.
    const fn narrows(self) -> bool {
        matches!(self, Facet::Stateful | Facet::Overdue)
    }

    /// Whether the node's card carries what the chip says. A healthy node in maintenance shows maintenance only, so
    /// the chip "Healthy" counts the healthy ones that are not in maintenance, just as the badges do.
    pub fn matches(self, node: &Node, now: Timestamp) -> bool {
        let maintenance = node.scheduling == Scheduling::Maintenance;
        match self {
            Facet::Healthy => node.health == Health::Healthy && !maintenance,
            Facet::Maintenance => maintenance,
            Facet::Degraded => node.health == Health::Degraded,
            Facet::Offline => node.health == Health::Offline,
            Facet::Pending => node.health == Health::Pending,
            Facet::Failed => matches!(node.health, Health::Failed | Health::Deleting),
            Facet::Stateful => node.workload_counts.stateful.is_some_and(|n| n > 0),
            Facet::Overdue => node.maintenance.as_ref().is_some_and(|m| m.overdue(now)),
        }
    }
}

/// The order of the cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Sort {
    /// What needs a person first.
    #[default]
    Attention,
    Name,
    Region,
    /// Longest in maintenance first.
    Maintenance,
}

impl Sort {
    /// In the order of the menu.
    pub const ALL: [Sort; 4] = [Sort::Attention, Sort::Name, Sort::Region, Sort::Maintenance];

    /// The word in the URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Attention => "attention",
            Sort::Name => "name",
            Sort::Region => "region",
            Sort::Maintenance => "maintenance",
        }
    }

    /// The words on the screen.
    pub fn label(self) -> String {
        match self {
            Sort::Attention => tr!("sorted by" => "attention first"),
            Sort::Name => tr!("sorted by" => "name"),
            Sort::Region => tr!("sorted by" => "region"),
            Sort::Maintenance => tr!("sorted by" => "longest in maintenance"),
        }
    }

    /// Reads the word of the URL; anything else is the default.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).unwrap_or_default()
    }
}

/// Everything that decides which cards are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Query {
    /// Words that must all be found in name, region, address, version or labels.
    pub text: String,
    /// Chips that are pressed, in the order of the screen.
    pub show: Vec<Facet>,
    /// Order.
    pub sort: Sort,
}

impl Query {
    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        self.text.trim().is_empty() && self.show.is_empty()
    }

    /// Presses or releases a chip.
    pub fn toggled(&self, facet: Facet) -> Self {
        let show = Facet::ALL.into_iter().filter(|f| self.show.contains(f) != (*f == facet)).collect();
        Self { show, ..self.clone() }
    }

    /// Whether the node is shown.
    pub fn matches(&self, node: &Node, now: Timestamp) -> bool {
        let mut selects = self.show.iter().filter(|facet| !facet.narrows()).peekable();
        let selected = selects.peek().is_none() || selects.any(|facet| facet.matches(node, now));
        let narrowed = self.show.iter().filter(|facet| facet.narrows()).all(|facet| facet.matches(node, now));
        selected && narrowed && self.matches_text(node)
    }

    fn matches_text(&self, node: &Node) -> bool {
        if self.text.trim().is_empty() {
            return true;
        }
        let haystack = haystack(node);
        self.text.to_lowercase().split_whitespace().all(|word| haystack.contains(word))
    }

    /// Which of two comes first. Total: equal names are told apart by id, so that cards never jump.
    pub fn order(&self, a: &Node, b: &Node, now: Timestamp) -> Ordering {
        let by_sort = match self.sort {
            Sort::Attention => attention(a, now).cmp(&attention(b, now)),
            Sort::Name => Ordering::Equal,
            Sort::Region => (a.region.is_none(), &a.region).cmp(&(b.region.is_none(), &b.region)),
            Sort::Maintenance => since(a).cmp(&since(b)),
        };
        by_sort.then_with(|| natural(&a.name, &b.name)).then_with(|| a.id.cmp(&b.id))
    }
}

fn since(node: &Node) -> (bool, Option<Timestamp>) {
    let since = node.maintenance.as_ref().and_then(|m| m.since);
    (node.maintenance.is_none(), since)
}

/// How soon a person should look; less is sooner.
pub fn attention(node: &Node, now: Timestamp) -> u8 {
    let overdue = node.maintenance.as_ref().is_some_and(|m| m.overdue(now));
    let stuck = node.operation.as_ref().is_some_and(|op| op.last_error.is_some());
    let bad = node.signals.iter().any(|signal| signal.state == SignalState::Bad);
    match (node.health, node.scheduling) {
        (Health::Failed, _) => 0,
        _ if stuck => 1,
        (Health::Offline, Scheduling::Schedulable) => 2,
        _ if overdue => 3,
        (Health::Degraded, Scheduling::Schedulable) => 4,
        (_, Scheduling::Maintenance) if bad || node.health == Health::Offline => 5,
        (_, Scheduling::Maintenance) => 6,
        (Health::Pending, _) => 7,
        (Health::Deleting | Health::Unknown, _) => 8,
        _ => 9,
    }
}

/// Compares names as people do: `node-2` before `node-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (chunks(a), chunks(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                let order = match (x.parse::<u64>(), y.parse::<u64>()) {
                    (Ok(x), Ok(y)) => x.cmp(&y),
                    _ => x.cmp(y),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// A name in runs of digits and of anything else.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digit = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (chunk, tail) = rest.split_at(end);
        rest = tail;
        Some(chunk)
    })
}

fn haystack(node: &Node) -> String {
    let mut text = node.name.to_lowercase();
    let parts = [&node.region, &node.overlay_ip, &node.public_ip, &node.agent_version, &node.engine_version];
    for part in parts.into_iter().flatten() {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
    for (key, value) in &node.labels {
        text.push('\n');
        text.push_str(&format!("{key}={value}").to_lowercase());
    }
    if let Some(reason) = node.maintenance.as_ref().and_then(|m| m.reason.as_deref()) {
        text.push('\n');
        text.push_str(&reason.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap_or_default()
    }

    #[test]
    fn chips_select_and_narrow() {
        let mut a = node("a");
        a.health = Health::Degraded;
        let mut b = node("b");
        b.scheduling = Scheduling::Maintenance;
        b.workload_counts.stateful = Some(2);
        let either = Query::default().toggled(Facet::Degraded).toggled(Facet::Maintenance);
        assert!(either.matches(&a, now()) && either.matches(&b, now()));
        let narrowed = either.toggled(Facet::Stateful);
        assert!(!narrowed.matches(&a, now()) && narrowed.matches(&b, now()));
        assert!(!Facet::Healthy.matches(&b, now()), "its card says maintenance, not healthy");
    }

    #[test]
    fn every_word_must_be_found() {
        let mut a = node("edge-fra-01");
        a.region = Some("eu-central".into());
        a.labels.insert("role".into(), "Edge".into());
        let find = |text: &str| Query { text: text.into(), ..Query::default() }.matches(&a, now());
        assert!(find("FRA central") && find("role=edge") && find("  "));
        assert!(!find("fra ams"));
    }

    #[test]
    fn attention_comes_first_and_names_sort_naturally() {
        let mut offline = node("z");
        offline.health = Health::Offline;
        let (two, ten) = (node("n-2"), node("n-10"));
        let mut nodes = [ten, two, offline];
        let query = Query::default();
        nodes.sort_by(|a, b| query.order(a, b, now()));
        assert_eq!(nodes.each_ref().map(|n| n.name.as_str()), ["z", "n-2", "n-10"]);
    }

    proptest! {
        #[test]
        fn pressing_twice_changes_nothing(words in prop::collection::vec(0..8usize, 0..6), at in 0..8usize) {
            let mut query = Query::default();
            for word in words {
                query = Facet::ALL.get(word).map_or(query.clone(), |f| query.toggled(*f));
            }
            let facet = Facet::ALL[at];
            prop_assert_eq!(query.toggled(facet).toggled(facet), query);
        }

        #[test]
        fn names_are_ordered_totally(a in "[a-c0-9-]{0,6}", b in "[a-c0-9-]{0,6}", c in "[a-c0-9-]{0,6}") {
            let query = Query { sort: Sort::Name, ..Query::default() };
            let (a, b, c) = (node(&a), node(&b), node(&c));
            prop_assert_eq!(query.order(&a, &b, now()), query.order(&b, &a, now()).reverse());
            if query.order(&a, &b, now()).is_lt() && query.order(&b, &c, now()).is_lt() {
                prop_assert!(query.order(&a, &c, now()).is_lt());
            }
        }
    }
}
