//! Placements: where a workload would be scheduled, on engines where Pitlane is the scheduler.

use std::sync::Arc;

use pitlane_api::{Node, Placement, PlacementRequest, say};

use super::{Error, Fleet, Result, types::from_engine};

impl Fleet {
    /// The node that would be chosen. Never one that is in maintenance, or about to be.
    ///
    /// # Errors
    /// [`pitlane_api::Refusal::PlacementBlocked`] with why each node was passed over; [`Error::Unsupported`] on engines
    /// with a scheduler of their own.
    pub async fn place(self: &Arc<Self>, request: PlacementRequest) -> Result<Placement> {
        if !self.engine.capabilities().place {
            return Err(Error::Unsupported(say!("This engine has a scheduler of its own: Pitlane does not place workloads on it.")));
        }
        let nodes = self.with_view_as_known(|view| view.all_by_name());
        let nodes: Vec<Node> = nodes.iter().map(|node| Node::clone(node)).collect();
        let placing = self.heard(self.engine.place(&request, nodes).await).map_err(from_engine)?;
        Ok(placing??)
    }
}
