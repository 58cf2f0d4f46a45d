//! The addresses of what is done to many nodes at once: the sheet with its set, and the page of one bulk operation.

use pitlane_api::NodeId;

use super::{Action, decode, encode_all, raw_values};

/// A sheet about many nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Many {
    /// Drain or activate.
    pub action: Action,
    pub set: Which,
}

/// Which nodes a sheet is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Which {
    /// They stand in the address, so that a link to the sheet can be sent.
    Listed(Vec<NodeId>),
    /// Too many for an address that every proxy lets through. This tab remembers them under a word.
    Kept(String),
}

/// As much of a list as an address may hold.
const LIST_MAX: usize = 3_000;

impl Which {
    /// The list itself, where an address can hold it.
    pub fn listed(ids: Vec<NodeId>) -> Result<Self, Vec<NodeId>> {
        if listed(&ids).len() > LIST_MAX { Err(ids) } else { Ok(Self::Listed(ids)) }
    }
}

/// The pair of the query, encoded.
pub(super) fn pair(set: &Which) -> String {
    match set {
        Which::Listed(ids) => format!("nodes={}", listed(ids)),
        Which::Kept(word) => format!("set={}", encode_all(word)),
    }
}

/// Ids are opaque, so a comma in one is told apart from those between them.
fn listed(ids: &[NodeId]) -> String {
    ids.iter().map(|id| encode_all(id.as_str())).collect::<Vec<_>>().join(",")
}

/// Reads the set of a query: each node once.
pub(super) fn read(query: &str) -> Option<Which> {
    if let Some(list) = raw_values(query, "nodes").next() {
        let mut ids: Vec<NodeId> = Vec::new();
        for id in list.split(',').filter(|id| !id.is_empty()).map(|id| NodeId(decode(id))) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        return (!ids.is_empty()).then_some(Which::Listed(ids));
    }
    raw_values(query, "set").next().map(decode).filter(|word| !word.is_empty()).map(Which::Kept)
}
