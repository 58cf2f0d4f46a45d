//! What a bulk operation would mean: for each node, and for the fleet after all of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
};

use futures::{StreamExt, stream};
use pitlane_api::{
    BulkPreview, BulkPreviewNode, BulkPreviewRequest, Capacity, CheckOutcome, GuardDemand, GuardKind, Node, NodeId, OperationKind, Words,
    rules::{self, Realm},
    say,
};

use tokio::runtime::Handle;

use crate::fleet::{Error, Fleet, Result};

/// Nodes whose workloads are read at a time.
const READ_AT_ONCE: usize = 8;

impl Fleet {
    /// What a person should know before the click, for the whole set.
    ///
    /// # Errors
    /// A set that is none, of both realms, or with a node that is not there.
    pub async fn bulk_preview(self: &Arc<Self>, request: &BulkPreviewRequest) -> Result<BulkPreview> {
        rules::check_bulk_nodes(request.nodes.iter().map(NodeId::as_str))?;
        let _turn = self.bulks.previews.acquire().await.map_err(|_| Error::ShuttingDown)?;
        // A driver that has its cluster in memory works out each node without a pause. On a thread of its own that keeps none of those busy that
        // answer requests.
        let asked = Arc::new(());
        let (fleet, request, waits, runtime) = (self.clone(), request.clone(), Arc::downgrade(&asked), Handle::current());
        let previewed = tokio::task::spawn_blocking(move || runtime.block_on(fleet.preview_set(&request, &waits))).await;
        drop(asked);
        previewed.unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
    }

    /// `waits`: gone once nobody waits for the answer any more.
    async fn preview_set(self: &Arc<Self>, request: &BulkPreviewRequest, waits: &Weak<()>) -> Result<BulkPreview> {
        // The whole is looked at once, as it is now; each node is judged against that.
        let fleet = Arc::new(self.with_view_as_known(|view| view.all()));
        let (now, after) = self.bulk_capacities(request.kind, &request.nodes, &fleet).await?;
        let with: Vec<String> = request.nodes.iter().filter_map(|id| self.engine_node_id(id).ok()).collect();
        let (fleet, with) = (&fleet, &with);
        let nodes = stream::iter(request.nodes.iter().cloned())
            .map(|id| async move {
                if waits.strong_count() == 0 {
                    return Err(Error::ShuttingDown);
                }
                match request.kind {
                    OperationKind::Drain => self.preview_drain_of(&id, with, fleet).await,
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
    /// that remains: where a node remains here, no guard of a single node says on the way that it takes the last one. `fleet`: every node.
    pub(super) async fn bulk_capacities(&self, kind: OperationKind, nodes: &[NodeId], fleet: &[Arc<Node>]) -> Result<(Capacity, Capacity)> {
        let by_id: HashMap<&NodeId, &Arc<Node>> = fleet.iter().map(|node| (&node.id, node)).collect();
        let mut realm = None;
        for id in nodes {
            let node = by_id.get(id).ok_or_else(|| self.no_such_node(id))?;
            if *realm.get_or_insert(Realm::of(node.node_source)) != Realm::of(node.node_source) {
                return Err(Error::Invalid { field: "nodes".into(), message: say!("must be real nodes or simulated ones, not both in one go") });
            }
        }
        let realm = realm.unwrap_or(Realm::Real);
        let set: HashSet<&NodeId> = if kind == OperationKind::Drain { nodes.iter().collect() } else { HashSet::new() };
        let mut barred: HashSet<String> = HashSet::new();
        for node in set.iter().filter_map(|id| by_id.get(*id)) {
            barred.extend(self.engine.out_of_reach(&node.engine_node_id));
            // The driver looks through all of its nodes for each: whoever else has something to do gets in between.
            tokio::task::yield_now().await;
        }
        let all = || fleet.iter().map(AsRef::<Node>::as_ref);
        let now = all().filter(|node| set.contains(&node.id) || !barred.contains(&node.engine_node_id));
        let after = all().filter(|node| !set.contains(&node.id) && !barred.contains(&node.engine_node_id));
        Ok((rules::capacity(realm, now), rules::capacity(realm, after)))
    }

    async fn preview_drain_of(self: &Arc<Self>, id: &NodeId, with: &[String], fleet: &Arc<Vec<Arc<Node>>>) -> Result<BulkPreviewNode> {
        let name = self.shown(id)?.name.clone();
        let preview = self.drain_preview_with(id, with, Some(fleet)).await?;
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
        let node = self.shown(id)?;
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
            node_name: node.name.clone(),
            ready: blocked.is_none(),
            blocked,
            stateful: Vec::new(),
            not_read: Vec::new(),
            notes: checks.notice.into_iter().collect(),
        })
    }
}
