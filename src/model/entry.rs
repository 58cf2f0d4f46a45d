//! What the fleet page asks of every node again and again, worked out once when the node changes: searching, counting and sorting ten
//! thousand nodes then reads short texts and bits, and no node.

use pitlane_api::{Node, NodeId, NodeSource, Timestamp};

use super::attention;
use super::query::Facet;

/// One node, ready to be searched, counted and sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: NodeId,
    pub simulated: bool,
    pub takes_placements: bool,
    pub maintenance: bool,
    pub memory_total: Option<u64>,
    pub memory_used: Option<u64>,
    /// The name, so written that plain comparison puts `node-2` before `node-10`.
    pub name: String,
    /// How soon a person should look, were it not overdue.
    attention: u8,
    /// A bit for each of [`Facet::ALL`] that does not ask the clock.
    facets: u16,
    expected_back_at: Option<Timestamp>,
    /// All that the search finds, in lower case.
    haystack: String,
}

impl Entry {
    /// What is asked of `node`.
    pub fn of(node: &Node) -> Self {
        let facets = Facet::ALL.into_iter().filter(|facet| facet.holds(node)).fold(0, |bits, facet| bits | facet.bit());
        Self {
            id: node.id.clone(),
            simulated: node.node_source == NodeSource::Simulated,
            takes_placements: node.takes_placements,
            maintenance: node.maintenance.is_some(),
            memory_total: node.resources.memory_total_bytes,
            memory_used: node.resources.memory_used_bytes,
            name: natural(&node.name),
            attention: attention::rank(node),
            facets,
            expected_back_at: node.maintenance.as_ref().and_then(|m| m.expected_back_at),
            haystack: haystack(node),
        }
    }

    /// Whether the node should have been back before `now`.
    pub fn overdue(&self, now: Timestamp) -> bool {
        self.expected_back_at.is_some_and(|at| at < now)
    }

    /// Whether the node's card carries what the chip says.
    pub fn shows(&self, facet: Facet, now: Timestamp) -> bool {
        self.facets & facet.bit() != 0 || (facet == Facet::Overdue && self.overdue(now))
    }

    /// How soon a person should look; less is sooner.
    pub fn attention(&self, now: Timestamp) -> u8 {
        if self.overdue(now) { self.attention.min(attention::OVERDUE) } else { self.attention }
    }

    /// Whether the search finds all of `words`, which are in lower case.
    pub fn has_all(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.haystack.contains(word.as_str()))
    }
}

fn haystack(node: &Node) -> String {
    let mut text = node.name.to_lowercase();
    let mut add = |part: &str| {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    };
    for part in [&node.region, &node.overlay_ip, &node.public_ip, &node.agent_version, &node.engine_version].into_iter().flatten() {
        add(part);
    }
    add(node.health.as_str());
    for (key, value) in &node.labels {
        add(&format!("{key}={value}"));
    }
    if let Some(maintenance) = &node.maintenance {
        add(node.scheduling.as_str());
        for part in [&maintenance.reason, &maintenance.by].into_iter().flatten() {
            add(part);
        }
    }
    if let Some(why) = attention::reason(node, false) {
        add(&why);
    }
    text
}

/// Compares as people read: every run of digits becomes its length and then its digits, so that a shorter number comes first.
pub fn natural(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (chunk, tail) = rest.split_at(end);
        rest = tail;
        if !digit {
            key.push_str(chunk);
            continue;
        }
        let number = chunk.trim_start_matches('0');
        key.push('0');
        // A name has no run of digits that long; whatever it has, the order stays total.
        key.push(u32::try_from(number.len()).ok().and_then(|length| char::from_u32(length.saturating_add(1))).unwrap_or(char::MAX));
        key.push_str(number);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["n-10", "n-2", "n-02b", "n-2a", "n", "m-3"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["m-3", "n", "n-2", "n-2a", "n-02b", "n-10"]);
    }

    #[test]
    fn the_search_finds_what_a_card_says() {
        let mut node = node("edge-fra-01");
        node.labels.insert("rack".into(), "B7".into());
        node.health = pitlane_api::Health::Degraded;
        let entry = Entry::of(&node);
        let found = |words: &[&str]| entry.has_all(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(found(&["rack=b7"]) && found(&["degraded", "fra"]) && !found(&["ams"]));
    }

    proptest! {
        #[test]
        fn numbers_compare_as_numbers(a in 0..u64::MAX, b in 0..u64::MAX, head in "[a-z-]{0,4}") {
            prop_assert_eq!(natural(&format!("{head}{a}")).cmp(&natural(&format!("{head}{b}"))), a.cmp(&b));
        }
    }
}
