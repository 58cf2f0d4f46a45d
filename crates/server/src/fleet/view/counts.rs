//! Counts and capacity. Simulated nodes are counted apart from real ones.

use pitlane_api::{
    Counts, Health, Node, Scheduling, Timestamp,
    rules::{self, Realm},
};

use super::Totals;

/// Counts and sums up.
pub(super) fn totals<'a>(nodes: impl Iterator<Item = &'a Node> + Clone, now: Timestamp) -> Totals {
    let mut real = Counts::default();
    let mut simulated = Counts::default();
    for node in nodes.clone() {
        let counts = match Realm::of(node.node_source) {
            Realm::Real => &mut real,
            Realm::Simulated => &mut simulated,
        };
        add(counts, node, now);
    }
    let any_simulated = simulated.total > 0;
    Totals {
        counts: real,
        simulated: any_simulated.then_some(simulated),
        capacity: rules::capacity(Realm::Real, nodes.clone()),
        simulated_capacity: any_simulated.then(|| rules::capacity(Realm::Simulated, nodes)),
    }
}

fn add(counts: &mut Counts, node: &Node, now: Timestamp) {
    counts.total += 1;
    counts.takes_placements += u32::from(node.takes_placements);
    counts.maintenance += u32::from(node.scheduling == Scheduling::Maintenance);
    counts.overdue += u32::from(node.maintenance.as_ref().is_some_and(|maintenance| maintenance.overdue(now)));
    counts.stateful += u32::from(node.workload_counts.stateful.is_some_and(|stateful| stateful > 0));
    match node.health {
        Health::Pending => counts.pending += 1,
        Health::Healthy => counts.healthy += 1,
        Health::Degraded => counts.degraded += 1,
        Health::Offline => counts.offline += 1,
        Health::Failed => counts.failed += 1,
        Health::Deleting => counts.deleting += 1,
        Health::Unknown => {}
    }
}
