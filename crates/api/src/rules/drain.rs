//! Rules 1 to 4: before a drain.

use std::collections::BTreeMap;

use crate::{
    Capacity, DataLives, DrainPreview, DrainRequest, Guard, GuardDemand, GuardKind, Health, Identity, Node, OperationId, Refusal, Risk, Scheduling,
    Timestamp, Words, Workload, WorkloadList, say,
};

/// Everything that decides whether a node may be drained.
#[derive(Debug, Clone)]
pub struct DrainInput<'a> {
    /// Now, by the server's clock.
    pub now: Timestamp,
    /// The node.
    pub node: &'a Node,
    /// The drain that asks again before it writes; its own being unfinished is no obstacle.
    pub own: Option<&'a OperationId>,
    /// `None`: could not be read at all.
    pub list: Option<&'a WorkloadList>,
    /// [`super::capacity()`] of the node's realm.
    pub capacity_now: Capacity,
    /// [`super::capacity_without`] this node.
    pub capacity_after: Capacity,
}

impl DrainInput<'_> {
    fn other_operation(&self) -> Option<&crate::Operation> {
        self.node.operation.as_ref().filter(|operation| !operation.state.is_finished() && Some(&operation.id) != self.own)
    }

    /// Whether this drain takes the last node that takes placements. A node that takes none cannot be the last one.
    fn takes_the_last(&self) -> bool {
        let would_take = self.node.scheduling == Scheduling::Schedulable && matches!(self.node.health, Health::Healthy | Health::Degraded);
        would_take && self.capacity_after.nodes == 0
    }

    fn not_read(&self) -> Option<Vec<Words>> {
        match self.list {
            None => Some(vec![say!("the workloads of this node")]),
            Some(list) if !list.complete => Some(list.not_read.clone()),
            Some(_) => None,
        }
    }
}

/// Whether the drain may be accepted, or written. Asked under the fleet's lock when it is accepted, and again before
/// every write to the engine.
pub fn check_drain(input: &DrainInput<'_>, request: &DrainRequest) -> Result<(), Refusal> {
    if input.node.health == Health::Deleting {
        return Err(Refusal::NodeIsDeleting {});
    }
    if input.node.scheduling == Scheduling::Maintenance {
        return Err(Refusal::AlreadyInMaintenance { by: input.node.maintenance.as_ref().and_then(|maintenance| maintenance.by.clone()) });
    }
    if let Some(operation) = input.other_operation() {
        return Err(Refusal::OperationInProgress { operation: Box::new(operation.clone()) });
    }
    if let Some(list) = input.list {
        let stay: Vec<&Workload> = list.running_stateful().collect();
        compare_stateful(&request.seen_stateful, &stay)?;
    }
    if let Some(not_read) = input.not_read().filter(|_| !request.acknowledge_unread) {
        return Err(Refusal::UnreadWorkloads { not_read });
    }
    if input.takes_the_last() && !request.allow_last_schedulable {
        return Err(Refusal::LastSchedulableNode { remaining: input.capacity_after.nodes });
    }
    Ok(())
}

/// Rule 2: what stays must be what the person saw. An addition, or data that lives more locally than was shown, is
/// refused with both lists; what has gone since stands in nobody's way. Identities are counted: a second replica with
/// the same identity is an addition too.
pub fn compare_stateful(seen: &[Identity], now: &[&Workload]) -> Result<(), Refusal> {
    let mut unmatched: BTreeMap<&str, Vec<&Identity>> = BTreeMap::new();
    for identity in seen {
        unmatched.entry(&identity.base).or_default().push(identity);
    }
    let mut added = Vec::new();
    let mut more_local = Vec::new();
    for workload in now {
        let identity = &workload.identity;
        let candidates = unmatched.entry(&identity.base).or_default();
        // The best match first, so that one changed replica is not blamed on another.
        let best = candidates.iter().position(|seen| covers(seen, identity)).or_else(|| candidates.len().checked_sub(1));
        match best.map(|at| candidates.remove(at)) {
            None => added.push(identity.clone()),
            Some(seen) if covers(seen, identity) => {}
            Some(seen) if has_new_volume(seen, identity) => added.push(identity.clone()),
            Some(_) => more_local.push(identity.clone()),
        }
    }
    if added.is_empty() && more_local.is_empty() {
        return Ok(());
    }
    let gone = unmatched.into_values().flatten().cloned().collect();
    Err(Refusal::StatefulWorkloadsChanged { added, more_local, gone, now: now.iter().map(|workload| (*workload).clone()).collect() })
}

fn has_new_volume(seen: &Identity, now: &Identity) -> bool {
    now.volumes.keys().any(|name| !seen.volumes.contains_key(name))
}

fn covers(seen: &Identity, now: &Identity) -> bool {
    now.volumes.iter().all(|(name, lives)| seen.volumes.get(name).is_some_and(|shown| lives.locality() <= shown.locality()))
}

/// What a person should know before the click. `commands`: the same from a terminal, as the engine's driver words it.
pub fn drain_preview(input: &DrainInput<'_>, commands: Vec<String>) -> DrainPreview {
    let stateful: Vec<Workload> = input.list.map(|list| list.running_stateful().cloned().collect()).unwrap_or_default();
    let not_read = input.not_read();
    let guards = guards(input, &stateful, not_read.as_deref());
    let (risk, risk_reasons) = risk(input, &stateful, not_read.is_some());
    DrainPreview {
        node_id: input.node.id.clone(),
        revision: input.node.revision.clone(),
        read_at: input.list.map_or(input.now, |list| list.read_at),
        // Of a list that is not whole, "none" is nothing that was read.
        workloads_running: input
            .list
            .map(|list| u32::try_from(list.workloads.iter().filter(|workload| workload.is_running()).count()).unwrap_or(u32::MAX))
            .filter(|running| *running > 0 || not_read.is_none()),
        complete: not_read.is_none(),
        not_read: not_read.unwrap_or_default(),
        stateful,
        takes_placements: input.node.takes_placements,
        capacity_now: input.capacity_now.clone(),
        capacity_after: input.capacity_after.clone(),
        guards,
        risk,
        risk_reasons,
        commands,
    }
}

fn guards(input: &DrainInput<'_>, stateful: &[Workload], not_read: Option<&[Words]>) -> Vec<Guard> {
    let mut guards = Vec::new();
    let mut add = |kind, demand, message: Words| guards.push(Guard { kind, demand, message });
    if input.node.scheduling == Scheduling::Maintenance {
        let refusal = Refusal::AlreadyInMaintenance { by: input.node.maintenance.as_ref().and_then(|maintenance| maintenance.by.clone()) };
        add(GuardKind::AlreadyInMaintenance, GuardDemand::Blocks, refusal.message());
    }
    if let Some(operation) = input.other_operation() {
        let refusal = Refusal::OperationInProgress { operation: Box::new(operation.clone()) };
        add(GuardKind::OperationInProgress, GuardDemand::Blocks, refusal.message());
    }
    if input.takes_the_last() {
        let refusal = Refusal::LastSchedulableNode { remaining: 0 };
        add(GuardKind::LastSchedulableNode, GuardDemand::Acknowledge, refusal.message());
    }
    if let Some(not_read) = not_read {
        let what = if not_read.is_empty() { say!("the workloads of this node") } else { Words::in_line(not_read.iter().cloned()) };
        add(
            GuardKind::UnreadWorkloads,
            GuardDemand::Acknowledge,
            say!("Not evaluated: {}. There may be stateful workloads that are not shown.", what),
        );
    }
    if !stateful.is_empty() {
        let message = say!(
            "1 stateful workload stays on this node and is not moved."
                | "{n} stateful workloads stay on this node and are not moved." % stateful.len()
        );
        add(GuardKind::StatefulWorkloads, GuardDemand::Acknowledge, message);
    }
    if input.node.runs_pitlane {
        let message = say!("Pitlane itself runs on this node. When the host reboots, this console goes away until it is back.");
        add(GuardKind::RunsPitlane, GuardDemand::Informs, message);
    }
    guards
}

fn risk(input: &DrainInput<'_>, stateful: &[Workload], unread: bool) -> (Risk, Vec<Words>) {
    let mut risk = Risk::Low;
    let mut reasons = Vec::new();
    let mut raise = |to: Risk, reason: Words| {
        // Ordered low < medium < high by declaration; unknown is never raised to.
        risk = risk.max(to);
        reasons.push(reason);
    };
    if input.takes_the_last() {
        raise(Risk::High, say!("No other node takes placements."));
    }
    if unread {
        raise(Risk::High, say!("The workloads could not be read in full."));
    }
    let losing = stateful.iter().filter(|workload| workload.on_node_down.loses_data() || workload.on_restart.loses_data()).count();
    if losing > 0 {
        raise(
            Risk::High,
            say!(
                "1 of the stateful workloads loses its data, or leaves it behind, if it restarts or the host reboots."
                    | "{n} of the stateful workloads lose their data, or leave it behind, if they restart or the host reboots." % losing
            ),
        );
    }
    let local = stateful.iter().filter(|workload| workload.volumes.iter().any(|volume| volume.data_lives != DataLives::NetworkVolume)).count();
    if local > 0 && losing == 0 {
        raise(
            Risk::Medium,
            say!("1 of the stateful workloads keeps data on this node only." | "{n} of the stateful workloads keep data on this node only." % local),
        );
    } else if !stateful.is_empty() && losing == 0 {
        raise(
            Risk::Medium,
            say!("1 stateful workload stays, on network volumes only." | "{n} stateful workloads stay, all on network volumes." % stateful.len()),
        );
    }
    if input.node.takes_placements {
        let used = input.node.resources.memory_reserved_bytes.or(input.node.resources.memory_used_bytes);
        match (used, input.capacity_after.memory_free_bytes) {
            (Some(used), Some(free)) if used > free => {
                raise(Risk::Medium, say!("The other nodes have less free memory than this one uses: were it lost, they could not take its place."));
            }
            (_, None) if input.capacity_after.nodes > 0 => raise(Risk::Medium, say!("The other nodes do not say how much memory is free.")),
            _ => {}
        }
        if input.capacity_after.nodes == 1 {
            raise(Risk::Medium, say!("Only one node will take placements afterwards."));
        }
    }
    (risk, reasons)
}
