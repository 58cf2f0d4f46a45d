//! Pages of nodes: filter, order, cursor, facets.
//!
//! A page of ten thousand nodes must not sort ten thousand: the page is selected first, and only it is sorted. And the page that is asked for most,
//! every node by name, must not look at them all: it is read off the view's own order, and what it counts is counted once for everybody.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use pitlane_api::{Health, Node, NodeId, NodeSource, Scheduling, Status, Timestamp, Words, say};

use super::View;

/// Nodes on a page, unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 100;
/// Nodes on a page, at most.
pub const MAX_LIMIT: u32 = 1000;

/// The order of a page. Nodes that are alike are ordered by name, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// By name.
    #[default]
    Name,
    /// What needs a person first.
    Attention,
    /// By region.
    Region,
    /// Longest in maintenance first.
    Maintenance,
    /// Oldest sign of life first.
    Heartbeat,
    /// Least processor use first.
    Cpu,
    /// Least memory use first.
    Memory,
    /// Oldest first.
    Created,
}

/// Order and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// The other way round.
    pub reverse: bool,
}

impl Sort {
    /// Every word, for an error that helps.
    pub const WORDS: [(&'static str, SortKey); 8] = [
        ("name", SortKey::Name),
        ("attention", SortKey::Attention),
        ("region", SortKey::Region),
        ("maintenance", SortKey::Maintenance),
        ("heartbeat", SortKey::Heartbeat),
        ("cpu", SortKey::Cpu),
        ("memory", SortKey::Memory),
        ("created", SortKey::Created),
    ];

    /// Reads `name` or `-name`; `None` where there is no such order.
    pub fn from_word(word: &str) -> Option<Self> {
        let (word, reverse) = word.strip_prefix('-').map_or((word, false), |word| (word, true));
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, key)| Self { key: *key, reverse })
    }
}

/// `GET /nodes`. Empty lists and absent values filter nothing; of one list any may match, of different ones all must.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeQuery {
    /// Statuses.
    pub status: Vec<Status>,
    /// First axis.
    pub health: Vec<Health>,
    /// Second axis.
    pub scheduling: Vec<Scheduling>,
    /// Where they come from.
    pub source: Vec<NodeSource>,
    /// `key=value` or `key`; all must match.
    pub label: Vec<String>,
    /// Words that must all be found in name, region, address, version, status or labels.
    pub q: Option<String>,
    /// Order.
    pub sort: Sort,
    /// Nodes on the page; 0 is [`DEFAULT_LIMIT`], and never more than [`MAX_LIMIT`].
    pub limit: u32,
    /// From the page before.
    pub cursor: Option<String>,
}

impl NodeQuery {
    fn lets_all_pass(&self) -> bool {
        let Self { status, health, scheduling, source, label, q, sort: _, limit: _, cursor: _ } = self;
        status.is_empty() && health.is_empty() && scheduling.is_empty() && source.is_empty() && label.is_empty() && q.is_none()
    }
}

/// A page, before it is made into the wire's.
pub(in crate::fleet) struct Page {
    pub nodes: Vec<Arc<Node>>,
    pub total: u32,
    pub next_cursor: Option<String>,
    pub facets: BTreeMap<String, BTreeMap<String, u32>>,
}

/// Where a node stands in the order.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Place {
    rank: f64,
    text: String,
    id: String,
}

impl Place {
    fn name_and_id(&self) -> (&str, &str) {
        self.id.rsplit_once('\u{0}').unwrap_or(("", &self.id))
    }

    fn of(node: &Node, key: SortKey, now: Timestamp) -> (f64, &str) {
        let memory = || Some(node.resources.memory_used_bytes? as f64 / node.resources.memory_total_bytes.filter(|total| *total > 0)? as f64);
        let rank = match key {
            SortKey::Name | SortKey::Region => 0.0,
            SortKey::Attention => attention(node, now),
            SortKey::Maintenance => match &node.maintenance {
                Some(maintenance) => maintenance.since.map_or(0.0, |since| since.as_second() as f64),
                None => f64::MAX,
            },
            SortKey::Heartbeat => node.last_heartbeat_at.map_or(f64::MIN, |at| at.as_second() as f64),
            SortKey::Cpu => node.resources.cpu_percent.unwrap_or(f64::MAX),
            SortKey::Memory => memory().unwrap_or(f64::MAX),
            SortKey::Created => node.created_at.as_second() as f64,
        };
        let text = if key == SortKey::Region { node.region.as_deref().unwrap_or("\u{10ffff}") } else { "" };
        (rank, text)
    }
}

fn compare(a: (f64, &str, &str, &str), b: (f64, &str, &str, &str), reverse: bool) -> Ordering {
    let order = a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)).then_with(|| a.2.cmp(b.2)).then_with(|| a.3.cmp(b.3));
    if reverse { order.reverse() } else { order }
}

/// Failed and offline nodes that ought to work come first, then the overdue, the degraded, those in maintenance.
fn attention(node: &Node, now: Timestamp) -> f64 {
    let overdue = node.maintenance.as_ref().is_some_and(|maintenance| maintenance.overdue(now));
    f64::from(match (node.status, overdue) {
        (Status::Failed, _) => 0_u8,
        (Status::Offline, _) => 1,
        (_, true) => 2,
        (Status::Degraded, _) => 3,
        (Status::Pending, _) => 4,
        (Status::Maintenance, _) => 5,
        (Status::Deleting, _) => 6,
        (Status::Healthy | Status::Unknown, _) => 7,
    })
}

/// A page that was asked for.
pub(in crate::fleet) struct Asked<'a> {
    query: &'a NodeQuery,
    after: Option<Place>,
    limit: usize,
}

impl<'a> Asked<'a> {
    /// `Err`: the cursor is not one of ours.
    pub fn read(query: &'a NodeQuery) -> Result<Self, Words> {
        let after = query.cursor.as_deref().map(read_cursor).transpose()?;
        let limit = match query.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_LIMIT),
        } as usize;
        Ok(Self { query, after, limit })
    }

    /// Whether it can be read off the view's own order.
    pub fn is_of_all_by_name(&self) -> bool {
        let by_name = self.query.sort == Sort::default() && self.after.as_ref().is_none_or(|after| after.rank == 0.0 && after.text.is_empty());
        by_name && self.query.lets_all_pass()
    }

    /// A page of all nodes by name.
    pub fn read_off(self, view: &View, now: Timestamp) -> Page {
        let after = self.after.map(|after| {
            let (name, id) = after.name_and_id();
            (name.to_owned(), NodeId(id.to_owned()))
        });
        let mut nodes: Vec<Arc<Node>> = view.nodes_behind(after).take(self.limit + 1).cloned().collect();
        let more = nodes.len() > self.limit;
        nodes.truncate(self.limit);
        Page {
            next_cursor: nodes.last().filter(|_| more).map(|node| write_cursor(0.0, "", node)),
            nodes,
            total: u32::try_from(view.len()).unwrap_or(u32::MAX),
            facets: view.facets(now).named(),
        }
    }

    /// A page of some of these nodes, or in another order.
    pub fn select(self, nodes: &[Arc<Node>], now: Timestamp) -> Page {
        let Self { query, after, limit } = self;
        let words: Vec<String> = query.q.iter().flat_map(|q| q.split_whitespace()).map(str::to_lowercase).collect();
        let mut facets = Facets::default();
        let mut total = 0_u32;
        let mut ahead: Vec<(f64, &str, &Arc<Node>)> = Vec::new();
        for node in nodes.iter().filter(|node| matches(query, &words, node)) {
            total += 1;
            facets.count(node, now);
            let (rank, text) = Place::of(node, query.sort.key, now);
            let is_ahead = after.as_ref().is_none_or(|after| {
                let (name, id) = after.name_and_id();
                let from = (after.rank, after.text.as_str(), name, id);
                compare((rank, text, &node.name, node.id.as_str()), from, query.sort.reverse) == Ordering::Greater
            });
            if is_ahead {
                ahead.push((rank, text, node));
            }
        }
        let order = |a: &(f64, &str, &Arc<Node>), b: &(f64, &str, &Arc<Node>)| {
            compare((a.0, a.1, &a.2.name, a.2.id.as_str()), (b.0, b.1, &b.2.name, b.2.id.as_str()), query.sort.reverse)
        };
        let more = ahead.len() > limit;
        if more {
            ahead.select_nth_unstable_by(limit, order);
        }
        ahead.truncate(limit);
        ahead.sort_unstable_by(order);
        let next_cursor = ahead.last().filter(|_| more).map(|(rank, text, node)| write_cursor(*rank, text, node));
        Page { nodes: ahead.into_iter().map(|(_, _, node)| node.clone()).collect(), total, next_cursor, facets: facets.named() }
    }
}

fn matches(query: &NodeQuery, words: &[String], node: &Node) -> bool {
    let any = |list: &[Status]| list.is_empty() || list.contains(&node.status);
    any(&query.status)
        && (query.health.is_empty() || query.health.contains(&node.health))
        && (query.scheduling.is_empty() || query.scheduling.contains(&node.scheduling))
        && (query.source.is_empty() || query.source.contains(&node.node_source))
        && query.label.iter().all(|label| has_label(node, label))
        && words.iter().all(|word| mentions(node, word))
}

fn has_label(node: &Node, label: &str) -> bool {
    match label.split_once('=') {
        Some((key, value)) => node.labels.get(key).is_some_and(|has| has == value),
        None => node.labels.contains_key(label),
    }
}

fn mentions(node: &Node, word: &str) -> bool {
    let found = |text: &str| text.to_lowercase().contains(word);
    let optional = |text: &Option<String>| text.as_deref().is_some_and(found);
    found(&node.name)
        || optional(&node.region)
        || optional(&node.public_ip)
        || optional(&node.overlay_ip)
        || optional(&node.agent_version)
        || optional(&node.engine_version)
        || node.status.as_str().contains(word)
        || node.id.as_str().contains(word)
        || node.labels.iter().any(|(key, value)| found(key) || found(value) || format!("{key}={value}").to_lowercase().contains(word))
}

/// Counts per facet and word, by position in `ALL` so that counting ten thousand nodes builds no strings.
#[derive(Default)]
pub(super) struct Facets {
    status: [u32; Status::ALL.len()],
    health: [u32; Health::ALL.len()],
    scheduling: [u32; Scheduling::ALL.len()],
    source: [u32; NodeSource::ALL.len()],
    overdue: u32,
    stateful: u32,
    regions: BTreeMap<String, u32>,
}

impl Facets {
    pub(super) fn of<'a>(nodes: impl Iterator<Item = &'a Node>, now: Timestamp) -> Self {
        let mut facets = Self::default();
        nodes.for_each(|node| facets.count(node, now));
        facets
    }

    fn count(&mut self, node: &Node, now: Timestamp) {
        fn bump<T: PartialEq>(counts: &mut [u32], all: &[T], word: &T) {
            if let Some(count) = all.iter().position(|known| known == word).and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        bump(&mut self.status, Status::ALL, &node.status);
        bump(&mut self.health, Health::ALL, &node.health);
        bump(&mut self.scheduling, Scheduling::ALL, &node.scheduling);
        bump(&mut self.source, NodeSource::ALL, &node.node_source);
        self.overdue += u32::from(node.maintenance.as_ref().is_some_and(|maintenance| maintenance.overdue(now)));
        self.stateful += u32::from(node.workload_counts.stateful.is_some_and(|stateful| stateful > 0));
        if let Some(region) = &node.region {
            match self.regions.get_mut(region) {
                Some(count) => *count += 1,
                None => {
                    self.regions.insert(region.clone(), 1);
                }
            }
        }
    }

    fn named(&self) -> BTreeMap<String, BTreeMap<String, u32>> {
        fn words<T: ToString>(all: &[T], counts: &[u32]) -> BTreeMap<String, u32> {
            all.iter().zip(counts).filter(|(_, count)| **count > 0).map(|(word, count)| (word.to_string(), *count)).collect()
        }
        let special = [("overdue", self.overdue), ("stateful", self.stateful)];
        BTreeMap::from([
            ("status".to_owned(), words(Status::ALL, &self.status)),
            ("health".to_owned(), words(Health::ALL, &self.health)),
            ("scheduling".to_owned(), words(Scheduling::ALL, &self.scheduling)),
            ("node_source".to_owned(), words(NodeSource::ALL, &self.source)),
            ("region".to_owned(), self.regions.clone()),
            ("attention".to_owned(), special.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| (word.to_owned(), count)).collect()),
        ])
    }
}

/// Opaque to clients: hex, so that it needs no escaping in a URL.
fn write_cursor(rank: f64, text: &str, node: &Node) -> String {
    let place = Place { rank, text: text.to_owned(), id: format!("{}\u{0}{}", node.name, node.id) };
    let json = serde_json::to_vec(&place).unwrap_or_default();
    json.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_cursor(cursor: &str) -> Result<Place, Words> {
    let bad = || say!("The cursor is not one this server gave out.");
    if !cursor.is_ascii() || !cursor.len().is_multiple_of(2) || cursor.len() > 4096 {
        return Err(bad());
    }
    let digit = |at: usize| cursor.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(digit).collect();
    serde_json::from_slice(&bytes.ok_or_else(bad)?).map_err(|_| bad())
}
