//! What a bulk operation would mean: for each node, and for the fleet after all of them.

use std::{collections::HashSet, sync::Arc};

use futures::{StreamExt, stream};
use pitlane_api::{
    BulkPreview, BulkPreviewNode, BulkPreviewRequest, Capacity, CheckOutcome, GuardDemand, GuardKind, NodeId, OperationKind, Words,
    rules::{self, Realm},
    say,
};

use crate::fleet::{Error, Fleet, Result, view::View};

/// Nodes whose workloads are read at a time.
const READ_AT_ONCE: usize = 8;

impl Fleet {
    /// What a person should know before the click, for the whole set.
    ///
    /// # Errors
    /// A set that is none, of both realms, or with a node that is not there.
    pub async fn bulk_preview(self: &Arc<Self>, request: &BulkPreviewRequest) -> Result<BulkPreview> {
        rules::check_bulk_nodes(request.nodes.iter().map(NodeId::as_str))?;
        let (now, after) = self.bulk_capacities(request.kind, &request.nodes)?;
        let with: Vec<String> = request.nodes.iter().filter_map(|id| self.engine_node_id(id).ok()).collect();
        let with = &with;
        let nodes = stream::iter(request.nodes.iter().cloned())
            .map(|id| async move {
                match request.kind {
                    OperationKind::Drain => self.preview_drain_of(&id, with).await,
                    _ => self.preview_activation_of(&id),
                }
            })
            .buffered(READ_AT_ONCE)
            .collect::<Vec<Result<BulkPreviewNode>>>()
            .await;
        Ok(BulkPreview {
            kind: request.kind,
            nodes: nodes.into_iter().collect::<Result<_>>()?,
            takes_the_last: request.kind == OperationKind::Drain && rules::takes_the_last(&now, &after),
            capacity_now: now,
            capacity_after: after,
            server_time: self.settings.clock.now(),
        })
    }

    /// Capacity of the set's realm, now and after all of them. As for a single node, what keeps out what runs on one of them is no capacity
    /// that remains: where a node remains here, no guard of a single node says on the way that it takes the last one.
    pub(super) fn bulk_capacities(&self, kind: OperationKind, nodes: &[NodeId]) -> Result<(Capacity, Capacity)> {
        self.with_view_as_known(|view: &mut View| {
            let mut realm = None;
            for id in nodes {
                let node = &view.get(id).ok_or_else(|| self.no_such_node(id))?.node;
                if *realm.get_or_insert(Realm::of(node.node_source)) != Realm::of(node.node_source) {
                    return Err(Error::Invalid { field: "nodes".into(), message: say!("must be real nodes or simulated ones, not both in one go") });
                }
            }
            let realm = realm.unwrap_or(Realm::Real);
            let set: HashSet<&NodeId> = if kind == OperationKind::Drain { nodes.iter().collect() } else { HashSet::new() };
            let leaving = set.iter().filter_map(|id| view.get(id));
            let barred: HashSet<String> = leaving.flat_map(|entry| self.engine.out_of_reach(&entry.engine.engine_node_id)).collect();
            let all = || view.entries().map(|entry| &entry.node);
            let now = all().filter(|node| set.contains(&node.id) || !barred.contains(&node.engine_node_id));
            let after = all().filter(|node| !set.contains(&node.id) && !barred.contains(&node.engine_node_id));
            Ok((rules::capacity(realm, now), rules::capacity(realm, after)))
        })
    }

    async fn preview_drain_of(self: &Arc<Self>, id: &NodeId, with: &[String]) -> Result<BulkPreviewNode> {
        let name = self.node(id)?.name;
        let preview = self.drain_preview_with(id, with).await?;
        // The last node is judged over the whole set.
        let blocks = |guard: &&pitlane_api::Guard| guard.demand == GuardDemand::Blocks && guard.kind != GuardKind::LastSchedulableNode;
        let blocked = preview.guards.iter().find(blocks).map(|guard| guard.message.clone());
        let notes = preview.guards.iter().filter(|guard| guard.demand == GuardDemand::Informs).map(|guard| guard.message.clone()).collect();
        Ok(BulkPreviewNode {
            node_id: id.clone(),
            node_name: name,
            ready: blocked.is_none(),
            blocked,
            stateful: preview.stateful,
            not_read: preview.not_read,
            notes,
        })
    }

    fn preview_activation_of(&self, id: &NodeId) -> Result<BulkPreviewNode> {
        let node = self.node(id)?;
        let checks = self.activation_checks(id)?;
        let blocked: Vec<Words> = checks
            .checks
            .iter()
            .filter(|check| check.outcome == CheckOutcome::Blocked)
            .map(|check| say!("{}: {}", &check.name, &check.detail))
            .collect();
        let schedulable = node.scheduling == pitlane_api::Scheduling::Schedulable && !rules::drain_pending(node.operation.as_ref());
        let blocked = if schedulable { Some(say!("It takes placements already.")) } else { (!blocked.is_empty()).then(|| Words::in_line(blocked)) };
        Ok(BulkPreviewNode {
            node_id: id.clone(),
            node_name: node.name,
            ready: blocked.is_none(),
            blocked,
            stateful: Vec::new(),
            not_read: Vec::new(),
            notes: checks.notice.into_iter().collect(),
        })
    }
}
