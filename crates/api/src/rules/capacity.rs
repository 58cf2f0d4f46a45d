//! Rule 3: what capacity there is, and what would remain.

use crate::{Capacity, CapacityBasis, Node, NodeId, NodeSource};

/// Real nodes and simulated ones live in separate realms: counts, capacity and guards never mix them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// Hosts that exist.
    Real,
    /// Hosts that `pitlane demo` plays.
    Simulated,
}

impl Realm {
    /// The realm of a node.
    pub fn of(source: NodeSource) -> Self {
        if source == NodeSource::Simulated { Self::Simulated } else { Self::Real }
    }
}

/// What the nodes of a realm that take placements have and have free.
pub fn capacity<'a>(realm: Realm, nodes: impl IntoIterator<Item = &'a Node>) -> Capacity {
    capacity_without(realm, nodes, None)
}

/// The same as if `without` took no placements: what remains after its drain.
pub fn capacity_without<'a>(realm: Realm, nodes: impl IntoIterator<Item = &'a Node>, without: Option<&NodeId>) -> Capacity {
    let mut sum = Capacity {
        nodes: 0,
        cpu_cores_total: None,
        cpu_cores_free: None,
        memory_total_bytes: None,
        memory_free_bytes: None,
        basis: CapacityBasis::Unknown,
    };
    let (mut told, mut reserved) = (0_u32, 0_u32);
    for node in nodes {
        if Realm::of(node.node_source) != realm || !node.takes_placements || Some(&node.id) == without {
            continue;
        }
        sum.nodes += 1;
        let resources = &node.resources;
        let memory_taken = resources.memory_reserved_bytes.or(resources.memory_used_bytes);
        if let (Some(total), Some(taken)) = (resources.memory_total_bytes, memory_taken) {
            told += 1;
            reserved += u32::from(resources.memory_reserved_bytes.is_some());
            // An engine's figures have no bounds of Pitlane's.
            let add = |sum: &mut Option<u64>, bytes: u64| *sum = Some(sum.unwrap_or(0).saturating_add(bytes));
            add(&mut sum.memory_total_bytes, total);
            add(&mut sum.memory_free_bytes, total.saturating_sub(taken));
        }
        let cpu_taken = resources.cpu_cores_reserved.or_else(|| Some(resources.cpu_cores? * resources.cpu_percent? / 100.0));
        if let (Some(total), Some(taken)) = (resources.cpu_cores, cpu_taken) {
            *sum.cpu_cores_total.get_or_insert(0.0) += total;
            *sum.cpu_cores_free.get_or_insert(0.0) += (total - taken).max(0.0);
        }
    }
    sum.basis = match (told, reserved) {
        (0, _) => CapacityBasis::Unknown,
        (told, _) if told < sum.nodes => CapacityBasis::Partial,
        (told, reserved) if reserved == told => CapacityBasis::Reserved,
        (_, 0) => CapacityBasis::Measured,
        _ => CapacityBasis::Partial,
    };
    sum
}
