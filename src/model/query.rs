//! Which nodes are shown and in what order. The whole of it stands in the URL.

use pitlane_api::{Health, Node, Scheduling, Timestamp};

use super::entry::Entry;
use super::group::GroupBy;
use super::sort::Sort;

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
    /// Agent, or without one the engine's process, is behind.
    Update,
    /// A drain of it is planned, or was refused or missed.
    Planned,
}

impl Facet {
    /// In the order of the screen.
    pub const ALL: [Facet; 10] = [
        Facet::Healthy,
        Facet::Maintenance,
        Facet::Degraded,
        Facet::Offline,
        Facet::Pending,
        Facet::Failed,
        Facet::Stateful,
        Facet::Overdue,
        Facet::Update,
        Facet::Planned,
    ];

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
            Facet::Update => "update",
            Facet::Planned => "planned",
        }
    }

    /// Reads the word of the URL.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == word)
    }

    /// Stateful, overdue, update and planned narrow down what the other chips select.
    const fn narrows(self) -> bool {
        matches!(self, Facet::Stateful | Facet::Overdue | Facet::Update | Facet::Planned)
    }

    /// Its place among the bits of an [`Entry`].
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Whether the node's card carries what the chip says, without asking the clock. A healthy node in maintenance shows maintenance
    /// only, so the chip "Healthy" counts the healthy ones that are not in maintenance, just as the badges do.
    pub fn holds(self, node: &Node) -> bool {
        let maintenance = node.scheduling == Scheduling::Maintenance;
        match self {
            Facet::Healthy => node.health == Health::Healthy && !maintenance,
            Facet::Maintenance => maintenance,
            Facet::Degraded => node.health == Health::Degraded,
            Facet::Offline => node.health == Health::Offline,
            Facet::Pending => node.health == Health::Pending,
            Facet::Failed => matches!(node.health, Health::Failed | Health::Deleting),
            Facet::Planned => node.planned.is_some(),
            Facet::Stateful => node.workload_counts.stateful.is_some_and(|n| n > 0),
            // It is so by the passing of time: [`Entry::overdue`].
            Facet::Overdue => false,
            Facet::Update => node.agent_update.is_some(),
        }
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
    /// The other way round.
    pub reversed: bool,
    /// What stands together under a heading.
    pub group: Option<GroupBy>,
    /// Keys of the groups that are folded up.
    pub folded: Vec<String>,
    /// Rows of a table instead of cards.
    pub table: bool,
    /// The words of the table's columns; none are the usual ones. What they mean is known where the table is.
    pub columns: Vec<String>,
}

impl Query {
    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        self.text.trim().is_empty() && self.show.is_empty()
    }

    /// The same look at all nodes.
    pub fn all(&self) -> Self {
        Self { text: String::new(), show: Vec::new(), ..self.clone() }
    }

    /// Sorts by this; a second time, the other way round.
    pub fn sorted(&self, sort: Sort) -> Self {
        Self { reversed: self.sort == sort && !self.reversed, sort, ..self.clone() }
    }

    /// Presses or releases a chip.
    pub fn toggled(&self, facet: Facet) -> Self {
        let show = Facet::ALL.into_iter().filter(|f| self.show.contains(f) != (*f == facet)).collect();
        Self { show, ..self.clone() }
    }

    /// Folds a group up or down.
    pub fn folded(&self, key: &str) -> Self {
        let mut folded: Vec<String> = self.folded.iter().filter(|known| *known != key).cloned().collect();
        if folded.len() == self.folded.len() {
            folded.push(key.to_owned());
        }
        Self { folded, ..self.clone() }
    }

    /// The question that is asked of every node, worked out once.
    pub fn filter(&self, now: Timestamp) -> Filter {
        let (narrows, selects) = self.show.iter().partition(|facet| facet.narrows());
        Filter { words: self.text.to_lowercase().split_whitespace().map(str::to_owned).collect(), selects, narrows, now }
    }
}

/// What a [`Query`] asks of every node.
pub struct Filter {
    words: Vec<String>,
    selects: Vec<Facet>,
    narrows: Vec<Facet>,
    now: Timestamp,
}

impl Filter {
    /// Whether the node is shown.
    pub fn keeps(&self, entry: &Entry) -> bool {
        let shows = |facet: &Facet| entry.shows(*facet, self.now);
        (self.selects.is_empty() || self.selects.iter().any(shows)) && self.narrows.iter().all(shows) && entry.has_all(&self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap_or_default()
    }

    fn kept(query: &Query, node: &Node) -> bool {
        query.filter(now()).keeps(&Entry::of(node))
    }

    #[test]
    fn chips_select_and_narrow() {
        let mut a = node("a");
        a.health = Health::Degraded;
        let mut b = node("b");
        b.scheduling = Scheduling::Maintenance;
        b.workload_counts.stateful = Some(2);
        let either = Query::default().toggled(Facet::Degraded).toggled(Facet::Maintenance);
        assert!(kept(&either, &a) && kept(&either, &b));
        let narrowed = either.toggled(Facet::Stateful);
        assert!(!kept(&narrowed, &a) && kept(&narrowed, &b));
        assert!(!Facet::Healthy.holds(&b), "its card says maintenance, not healthy");
    }

    #[test]
    fn every_word_must_be_found() {
        let mut a = node("edge-fra-01");
        a.region = Some("eu-central".into());
        a.labels.insert("role".into(), "Edge".into());
        let find = |text: &str| kept(&Query { text: text.into(), ..Query::default() }, &a);
        assert!(find("FRA central") && find("role=edge") && find("  "));
        assert!(!find("fra ams"));
    }

    #[test]
    fn a_node_becomes_overdue_without_a_change() {
        let mut a = node("a");
        a.scheduling = Scheduling::Maintenance;
        a.maintenance = Some(pitlane_api::Maintenance {
            reason: None,
            by: None,
            since: None,
            expected_back_at: Some(now()),
            set_outside: false,
            note: None,
            version: None,
        });
        let overdue = Query::default().toggled(Facet::Overdue);
        let later = now().as_second() + 1;
        assert!(!overdue.filter(now()).keeps(&Entry::of(&a)));
        assert!(overdue.filter(Timestamp::from_second(later).unwrap_or_default()).keeps(&Entry::of(&a)));
    }

    proptest! {
        #[test]
        fn pressing_twice_changes_nothing(words in prop::collection::vec(0..9usize, 0..6), at in 0..9usize) {
            let mut query = Query::default();
            for word in words {
                query = Facet::ALL.get(word).map_or(query.clone(), |f| query.toggled(*f));
            }
            let facet = Facet::ALL[at];
            prop_assert_eq!(query.toggled(facet).toggled(facet), query);
        }
    }
}
