//! Looking. Reads never wait for the engine where the view has the answer, and say how old it is.

use std::sync::Arc;

use pitlane_api::{ActivityPage, FleetInfo, Node, NodeId, NodePage, Samples, Timestamp, Words, WorkloadList, say};

use super::{
    Error, Fleet, NodeQuery, Result,
    clock::minus,
    lock,
    samples::{BUCKET_S, Bucket, KEEP},
    view::{View, query},
};
use crate::store::ActivityQuery;

/// Entries of the activity log on a page, unless asked otherwise.
const ACTIVITY_LIMIT: u32 = 50;
/// Entries on a page, at most.
const ACTIVITY_MAX: u32 = 500;
/// Lists of workloads that are remembered for the time the engine is away.
const LISTS: usize = 256;

/// `GET /activity`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityRequest {
    /// What is looked for. Its page is the fleet's business.
    pub filter: ActivityQuery,
    /// From the page before.
    pub cursor: Option<String>,
    /// 0 is the default.
    pub limit: u32,
}

impl Fleet {
    /// The fleet as a whole.
    pub fn info(&self) -> FleetInfo {
        self.fleet_info(&self.view())
    }

    pub(super) fn fleet_info(&self, view: &View) -> FleetInfo {
        let totals = view.totals(self.settings.clock.now()).clone();
        FleetInfo {
            name: self.settings.name.clone(),
            production: self.settings.production,
            engine: self.engine_info(),
            counts: totals.counts,
            simulated: totals.simulated,
            capacity: totals.capacity,
            simulated_capacity: totals.simulated_capacity,
            thresholds: self.settings.thresholds.clone(),
            server_version: self.settings.server_version.clone(),
            server_time: self.settings.clock.now(),
        }
    }

    /// A page of nodes.
    pub fn list(&self, query: &NodeQuery) -> Result<NodePage> {
        let now = self.settings.clock.now();
        let invalid = |message| Error::Invalid { field: "cursor".into(), message };
        let asked = query::Asked::read(query).map_err(invalid)?;
        let page = if asked.is_of_all_by_name() {
            asked.read_off(&self.view(), now)
        } else {
            let nodes = self.view().all();
            asked.select(&nodes, now)
        };
        let nodes = page.nodes.iter().map(|node| Node::clone(node)).collect();
        Ok(NodePage { nodes, total: page.total, next_cursor: page.next_cursor, facets: page.facets, server_time: now })
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Result<Node> {
        Ok(Node::clone(&*self.shown(id)?))
    }

    /// One node as it is shown just now.
    pub(super) fn shown(&self, id: &NodeId) -> Result<Arc<Node>> {
        self.view().get(id).map(|entry| entry.node.clone()).ok_or_else(|| self.no_such_node(id))
    }

    /// Everything on a node. Where the engine is away: what it said last, and that this is old.
    pub async fn workloads(self: &Arc<Self>, id: &NodeId) -> Result<WorkloadList> {
        let engine_node = self.view().get(id).map(|entry| entry.engine.clone()).ok_or_else(|| self.no_such_node(id))?;
        match self.read_list(&engine_node).await {
            Ok(Some(list)) => {
                let mut lists = lock(&self.lists);
                if lists.len() >= LISTS && !lists.contains_key(id) {
                    lists.clear();
                }
                lists.insert(id.clone(), list.clone());
                Ok(list)
            }
            Ok(None) => Ok(self.remembered(id, say!("the engine does not let Pitlane read the workloads of this node"))),
            Err(Error::EngineUnavailable { message, .. }) => Ok(self.remembered(id, message)),
            Err(error) => Err(error),
        }
    }

    fn remembered(&self, id: &NodeId, why: Words) -> WorkloadList {
        let known = lock(&self.lists).get(id).cloned();
        let mut list = known.unwrap_or_else(|| WorkloadList {
            node_id: id.clone(),
            read_at: self.settings.clock.now(),
            complete: false,
            not_read: Vec::new(),
            workloads: Vec::new(),
            orphaned_volumes: Vec::new(),
            notes: Vec::new(),
        });
        list.complete = false;
        list.not_read.push(why);
        list
    }

    /// Heartbeats and signals of the last day at most.
    pub async fn samples(&self, id: &NodeId, since: Option<Timestamp>) -> Result<Samples> {
        let now = self.settings.clock.now();
        let oldest = minus(now, KEEP);
        let since = since.map_or(oldest, |since| since.max(oldest));
        // Just after a start, what an earlier run kept of the same five minutes is about to be added: not while this looks.
        let adding = self.recent_buckets(id)?.iter().any(|bucket| bucket.unmerged().is_some());
        let keeping = if adding { Some(self.keeping.lock().await) } else { None };
        let recent = self.recent_buckets(id)?;
        let mut samples = self.store.samples(id, since).await?;
        drop(keeping);
        for mut bucket in recent {
            if let Some(at) = bucket.unmerged() {
                bucket.merge(samples.iter().find(|sample| sample.at == at), self.every());
            }
            if let Some(sample) = bucket.sample().filter(|sample| sample.at >= since) {
                samples.retain(|kept| kept.at != sample.at);
                samples.push(sample.clone());
            }
        }
        Ok(Samples { bucket_s: BUCKET_S.unsigned_abs(), samples, server_time: now })
    }

    /// The five minutes of a node that are over and not kept yet, and the ones that it is in.
    fn recent_buckets(&self, id: &NodeId) -> Result<Vec<Bucket>> {
        let current = self.view().get(id).map(|entry| entry.bucket.clone()).ok_or_else(|| self.no_such_node(id))?;
        let ended = lock(&self.ended);
        Ok(ended.iter().filter(|(of, _)| of == id).map(|(_, bucket)| bucket.clone()).chain([current]).collect())
    }

    /// A page of the activity log, newest first.
    pub async fn activity(&self, request: &ActivityRequest) -> Result<ActivityPage> {
        let bad_cursor = |_| Error::Invalid { field: "cursor".into(), message: say!("The cursor is not one this server gave out.") };
        let before: Option<i64> = request.cursor.as_deref().map(|cursor| cursor.parse().map_err(bad_cursor)).transpose()?;
        let limit = if request.limit == 0 { ACTIVITY_LIMIT } else { request.limit.min(ACTIVITY_MAX) };
        let mut entries = self.store.activity(&ActivityQuery { before, limit: limit + 1, ..request.filter.clone() }).await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next_cursor = entries.last().filter(|_| more).map(|entry| entry.id.to_string());
        Ok(ActivityPage { entries, next_cursor, server_time: self.settings.clock.now() })
    }
}
