//! What is needed to go on with a bulk operation: what has changed since it was asked for, what is left out, and sending it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{BulkItem, BulkOperation, BulkPreview, BulkPreviewRequest, NodeId};

use crate::api;
use crate::model::bulk;
use crate::model::bulk::Look;
use crate::pages::context::App;
use crate::platform::focus;
use crate::state::Remote;
use crate::words::{Line, tr};

/// Everything of one open panel.
#[derive(Clone, Copy)]
pub struct Resuming {
    pub now: Memo<Option<BulkOperation>>,
    pub bulk: Remote<BulkOperation>,
    /// The nodes that are left, as they are now.
    pub preview: Remote<Option<BulkPreview>>,
    pub skip: RwSignal<BTreeSet<NodeId>>,
    pub understood: RwSignal<bool>,
    pub unread: RwSignal<bool>,
    pub missing: RwSignal<Option<String>>,
    pub problem: RwSignal<Option<Line>>,
    pub busy: RwSignal<bool>,
}

impl Resuming {
    /// Reads what is left anew.
    pub fn new(app: App, bulk: Remote<BulkOperation>, now: Memo<Option<BulkOperation>>) -> Self {
        Self {
            now,
            bulk,
            preview: Remote::new(move || {
                let request = now.with_untracked(|bulk| bulk.as_ref().map(|bulk| request(app, bulk)));
                async move {
                    match request.filter(|request| !request.nodes.is_empty()) {
                        Some(request) => api::bulk_preview(&request).await.map(Some),
                        None => Ok(None),
                    }
                }
            }),
            skip: RwSignal::new(BTreeSet::new()),
            understood: RwSignal::new(false),
            unread: RwSignal::new(false),
            missing: RwSignal::new(None),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// What has to be looked at, without what is left out; reactive.
    pub fn look(self) -> Look {
        let mut look = self.preview.with(|load| match (load.data(), self.now.get()) {
            (Some(Some(preview)), Some(bulk)) => bulk::look(&bulk, preview),
            _ => Look::default(),
        });
        self.skip.with(|skip| {
            look.changed.retain(|changed| !skip.contains(&changed.node.node_id));
            look.unread.retain(|node| !skip.contains(&node.node_id));
            look.blocked.retain(|node| !skip.contains(&node.node_id));
        });
        look
    }

    /// The nodes that stopped it; reactive.
    pub fn stuck(self) -> Vec<BulkItem> {
        self.now.with(|bulk| bulk.iter().flat_map(|bulk| &bulk.items).filter(|item| bulk::is_stuck(item.state)).cloned().collect())
    }

    /// Leaves a node out, or takes it in again.
    pub fn leave_out(self, id: &NodeId, out: bool) {
        self.skip.update(|skip| {
            if out {
                skip.insert(id.clone())
            } else {
                skip.remove(id)
            };
        });
    }

    /// Sends the wish to go on, once what is new was acknowledged.
    pub fn submit(self) {
        let Some(id) = self.now.with_untracked(|bulk| bulk.as_ref().map(|bulk| bulk.id.clone())) else { return };
        let look = untrack(|| self.look());
        let missing = if !look.changed.is_empty() && !self.understood.get_untracked() {
            Some(tr!("Confirm that you have seen which stateful workloads stay."))
        } else if !look.unread.is_empty() && !self.unread.get_untracked() {
            Some(tr!("Acknowledge that not every workload could be read."))
        } else {
            None
        };
        let held = missing.is_some();
        self.missing.set(missing);
        if held {
            return focus::to_what_is_wrong();
        }
        if self.busy.get_untracked() {
            return;
        }
        self.problem.set(None);
        self.busy.set(true);
        let wish = self.skip.with_untracked(|skip| bulk::resume(&look, skip));
        spawn_local(async move {
            let outcome = api::resume_bulk(&id, &wish).await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(after) => self.bulk.put(after),
                Err(error) => {
                    self.problem.set(Some(error.message()));
                    self.bulk.reload();
                }
            }
        });
    }

    /// Reads what is left anew. An acknowledgement holds only for what was acknowledged.
    pub fn read_again(self) {
        self.understood.set(false);
        self.unread.set(false);
        self.preview.reload();
    }
}

/// The nodes that are left, as far as they are still there: of one that is gone there is nothing to read. Before the fleet is known, all.
fn request(app: App, bulk: &BulkOperation) -> BulkPreviewRequest {
    let known = app.live.fleet.loaded().get_untracked();
    let there = |item: &&BulkItem| !known || app.live.fleet.row_untracked(&item.node_id).is_some();
    BulkPreviewRequest { kind: bulk.kind, nodes: bulk::left(bulk).filter(there).map(|item| item.node_id.clone()).collect() }
}
