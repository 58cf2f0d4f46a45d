//! Identifiers.

id! {
    /// A node, as Pitlane knows it. Stable for the node's whole life, opaque to clients.
    NodeId
}
id! {
    /// One drain or activation that was accepted.
    OperationId
}
id! {
    /// What a change must carry in `If-Match`: a hash of scheduling, maintenance record and engine node id.
    /// Heartbeats do not change it. See [`crate::rules::revision`].
    Revision
}

impl Revision {
    /// As it stands in `ETag` and `If-Match`: in double quotes.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}
