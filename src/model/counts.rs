//! Head counts of the fleet page. Simulated nodes are never counted together with real ones.

use pitlane_api::{Capacity, Timestamp};

use super::entry::Entry;
use super::{format, query::Facet};
use crate::words::{number, tr};

/// How many nodes of each kind; the two are shown side by side and never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair {
    /// Hosts that exist.
    pub real: u32,
    /// Played by `pitlane demo`.
    pub simulated: u32,
}

impl Pair {
    fn add(&mut self, entry: &Entry) {
        if entry.simulated { self.simulated += 1 } else { self.real += 1 }
    }

    /// Whether there is neither.
    pub fn is_zero(self) -> bool {
        self.real == 0 && self.simulated == 0
    }

    /// For a screen reader: `3 real, 8 simulated`, or one number where there is one kind only.
    pub fn spoken(self, both: bool) -> String {
        if both { tr!("{} real, {} simulated", number(self.real), number(self.simulated)) } else { number(self.real + self.simulated) }
    }
}

/// All counts of the fleet page's head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeadCounts {
    pub total: Pair,
    pub takes_placements: Pair,
    /// In the order of [`Facet::ALL`].
    pub facets: [Pair; 10],
}

impl HeadCounts {
    /// Counts a node in.
    pub fn add(&mut self, entry: &Entry, now: Timestamp) {
        self.total.add(entry);
        if entry.takes_placements {
            self.takes_placements.add(entry);
        }
        for (pair, facet) in self.facets.iter_mut().zip(Facet::ALL) {
            if entry.shows(facet, now) {
                pair.add(entry);
            }
        }
    }

    /// The count of one chip.
    pub fn facet(&self, facet: Facet) -> Pair {
        self.facets.iter().zip(Facet::ALL).find(|(_, f)| *f == facet).map(|(pair, _)| *pair).unwrap_or_default()
    }

    /// `8 nodes · 4 take placements`, with the simulated ones apart.
    pub fn sentence(&self) -> String {
        let nodes = || tr!("1 node" | "{n} nodes" % self.total.real);
        let simulated = || tr!("1 simulated node" | "{n} simulated nodes" % self.total.simulated);
        let take = |n: u32| tr!("1 takes placements" | "{n} take placements" % n);
        let parts = match (self.total.real, self.total.simulated) {
            (_, 0) => vec![nodes(), take(self.takes_placements.real)],
            (0, _) => vec![simulated(), take(self.takes_placements.simulated)],
            _ => vec![nodes(), take(self.takes_placements.real), simulated()],
        };
        parts.join(" · ")
    }
}

/// A bar of capacity: what is used, and what is out of the scheduler, in percent of the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityBar {
    /// In use, of the nodes that take placements.
    pub used: f64,
    /// Belongs to nodes in maintenance, or leaves with this drain.
    pub out: f64,
    /// `96 of 184 GiB free`.
    pub text: String,
}

/// The head's bar: memory of nodes that take placements, beside `out_bytes` that maintenance keeps away.
pub fn capacity_bar(capacity: &Capacity, out_bytes: u64) -> Option<CapacityBar> {
    let (total, free) = (capacity.memory_total_bytes?, capacity.memory_free_bytes?);
    let whole = total.saturating_add(out_bytes);
    let used = format::share(Some(total.saturating_sub(free)), Some(whole))?;
    let out = format::share(Some(out_bytes), Some(whole))?;
    Some(CapacityBar { used, out, text: tr!("{} free", format::bytes_of(free, total)) })
}

/// Memory of a node that maintenance keeps away, where it is of this kind.
pub fn memory_in_maintenance(entry: &Entry, simulated: bool) -> u64 {
    if entry.maintenance && entry.simulated == simulated { entry.memory_total.unwrap_or_default() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use pitlane_api::{CapacityBasis, NodeSource};

    #[test]
    fn real_and_simulated_are_never_added() {
        let mut simulated = node("s");
        simulated.node_source = NodeSource::Simulated;
        let nodes = [node("a"), simulated.clone(), simulated];
        let mut counts = HeadCounts::default();
        nodes.iter().for_each(|node| counts.add(&Entry::of(node), Timestamp::UNIX_EPOCH));
        assert_eq!(counts.total, Pair { real: 1, simulated: 2 });
        assert_eq!(counts.facet(Facet::Healthy), Pair { real: 1, simulated: 2 });
        assert_eq!(counts.sentence(), "1 node · 1 takes placements · 2 simulated nodes");
    }

    #[test]
    fn a_bar_shows_what_is_out_beside_what_is_used() {
        let capacity = Capacity {
            nodes: 2,
            cpu_cores_total: None,
            cpu_cores_free: None,
            memory_total_bytes: Some(80),
            memory_free_bytes: Some(40),
            basis: CapacityBasis::Measured,
        };
        let bar = capacity_bar(&capacity, 20);
        assert_eq!(bar, Some(CapacityBar { used: 40.0, out: 20.0, text: "40 of 80 B free".into() }));
        assert_eq!(capacity_bar(&Capacity { memory_free_bytes: None, ..capacity }, 0), None, "unknown is not zero");
    }
}
