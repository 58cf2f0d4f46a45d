//! The order of cards and rows.

use std::cmp::Ordering;
use std::sync::Arc;

use pitlane_api::{Node, Timestamp};

use super::card;
use super::entry::{Entry, natural};
use super::fold::Pulse;
use super::format;
use crate::words::tr;

/// What they are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Sort {
    /// What needs a person first.
    #[default]
    Attention,
    Name,
    Region,
    /// Longest in maintenance first.
    Maintenance,
    /// Oldest first.
    Heartbeat,
    /// From here on: most first.
    Cpu,
    Memory,
    Disk,
    Workloads,
    Stateful,
    Version,
}

impl Sort {
    /// All of them; the first four are in the menu, the rest are reached by the table's headers.
    pub const ALL: [Sort; 11] = [
        Sort::Attention,
        Sort::Name,
        Sort::Region,
        Sort::Maintenance,
        Sort::Heartbeat,
        Sort::Cpu,
        Sort::Memory,
        Sort::Disk,
        Sort::Workloads,
        Sort::Stateful,
        Sort::Version,
    ];
    /// How many of them are in the menu.
    pub const IN_MENU: usize = 4;

    /// The word in the URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Attention => "attention",
            Sort::Name => "name",
            Sort::Region => "region",
            Sort::Maintenance => "maintenance",
            Sort::Heartbeat => "heartbeat",
            Sort::Cpu => "cpu",
            Sort::Memory => "memory",
            Sort::Disk => "disk",
            Sort::Workloads => "workloads",
            Sort::Stateful => "stateful",
            Sort::Version => "version",
        }
    }

    /// The words on the screen.
    pub fn label(self) -> String {
        match self {
            Sort::Attention => tr!("sorted by" => "attention first"),
            Sort::Name => tr!("sorted by" => "name"),
            Sort::Region => tr!("sorted by" => "region"),
            Sort::Maintenance => tr!("sorted by" => "longest in maintenance"),
            Sort::Heartbeat => tr!("sorted by" => "oldest heartbeat"),
            Sort::Cpu => tr!("sorted by" => "CPU"),
            Sort::Memory => tr!("sorted by" => "memory"),
            Sort::Disk => tr!("sorted by" => "disk"),
            Sort::Workloads => tr!("sorted by" => "workloads"),
            Sort::Stateful => tr!("sorted by" => "stateful workloads"),
            Sort::Version => tr!("sorted by" => "version"),
        }
    }

    /// Reads the word of the URL; anything else is the default.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).unwrap_or_default()
    }

    /// Where a node stands in this order.
    pub fn key(self, entry: &Entry, node: &Node, pulse: &Pulse, now: Timestamp) -> Key {
        let most = |number: Option<f64>| Key::number(number.map(|number| -(number * 1_000.0) as i64));
        let count = |number: Option<u32>| Key::number(number.map(|number| -i64::from(number)));
        let text = |text: Option<&String>| Key { unknown: text.is_none(), number: 0, text: text.map(|text| natural(text)).unwrap_or_default() };
        match self {
            Sort::Attention => Key::number(Some(entry.attention(now).into())),
            Sort::Name => Key::number(Some(0)),
            Sort::Region => text(node.region.as_ref()),
            Sort::Maintenance => {
                // A maintenance of which nobody knows since when stands before those that are known, and the rest behind all of them.
                let since = |m: &pitlane_api::Maintenance| m.since.map_or(i64::MIN, Timestamp::as_millisecond);
                Key::number(node.maintenance.as_ref().map(since))
            }
            Sort::Heartbeat => Key::number(pulse.at.map(Timestamp::as_second)),
            Sort::Cpu => most(pulse.cpu_percent),
            Sort::Memory => most(format::share(pulse.memory_used, node.resources.memory_total_bytes)),
            Sort::Disk => most(card::fullest_disk(node)),
            Sort::Workloads => count(node.workload_counts.total),
            Sort::Stateful => count(node.workload_counts.stateful),
            Sort::Version => text(node.agent_version.as_ref().or(node.engine_version.as_ref())),
        }
    }
}

/// A node's place in an order, apart from its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Key {
    /// What is not known stands last, whichever way round.
    unknown: bool,
    number: i64,
    text: String,
}

impl Key {
    fn number(number: Option<i64>) -> Self {
        Self { unknown: number.is_none(), number: number.unwrap_or_default(), text: String::new() }
    }
}

/// Which of two comes first. Total: equal names are told apart by id, so that cards never jump.
pub fn order(a: (&Key, &Arc<Entry>), b: (&Key, &Arc<Entry>), reversed: bool) -> Ordering {
    let turned = |order: Ordering| if reversed { order.reverse() } else { order };
    let ((a, x), (b, y)) = (a, b);
    let names = x.name.cmp(&y.name).then_with(|| x.id.cmp(&y.id));
    let keys = (a.number, &a.text).cmp(&(b.number, &b.text));
    a.unknown.cmp(&b.unknown).then_with(|| turned(keys.then(names)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use proptest::prelude::*;

    fn key(sort: Sort, node: &Node) -> (Key, Arc<Entry>) {
        let entry = Arc::new(Entry::of(node));
        (sort.key(&entry, node, &Pulse::of(node), Timestamp::UNIX_EPOCH), entry)
    }

    fn compare(sort: Sort, reversed: bool, a: &Node, b: &Node) -> Ordering {
        let (a, b) = (key(sort, a), key(sort, b));
        order((&a.0, &a.1), (&b.0, &b.1), reversed)
    }

    #[test]
    fn what_is_unknown_stands_last_either_way() {
        let (unknown, mut busy, mut idle) = (node("a"), node("b"), node("c"));
        busy.resources.cpu_percent = Some(90.0);
        idle.resources.cpu_percent = Some(0.0);
        assert!(compare(Sort::Cpu, false, &busy, &idle).is_lt() && compare(Sort::Cpu, true, &busy, &idle).is_gt());
        for reversed in [false, true] {
            assert!(compare(Sort::Cpu, reversed, &idle, &unknown).is_lt());
        }
    }

    #[test]
    fn attention_comes_first_and_names_sort_naturally() {
        let mut offline = node("z");
        offline.health = pitlane_api::Health::Offline;
        let (two, ten) = (node("n-2"), node("n-10"));
        let mut nodes = [ten, two, offline];
        nodes.sort_by(|a, b| compare(Sort::Attention, false, a, b));
        assert_eq!(nodes.each_ref().map(|n| n.name.as_str()), ["z", "n-2", "n-10"]);
    }

    proptest! {
        #[test]
        fn every_order_is_total(
            a in "[a-c0-9-]{0,6}", b in "[a-c0-9-]{0,6}", c in "[a-c0-9-]{0,6}",
            cpu in prop::collection::vec(prop::option::of(0.0..100.0), 3), sort in prop::sample::select(Sort::ALL.to_vec()), reversed: bool,
        ) {
            let mut nodes = [node(&a), node(&b), node(&c)];
            for (node, cpu) in nodes.iter_mut().zip(cpu) {
                node.resources.cpu_percent = cpu;
            }
            let [a, b, c] = &nodes;
            prop_assert_eq!(compare(sort, reversed, a, b), compare(sort, reversed, b, a).reverse());
            if compare(sort, reversed, a, b).is_lt() && compare(sort, reversed, b, c).is_lt() {
                prop_assert!(compare(sort, reversed, a, c).is_lt());
            }
        }
    }
}
