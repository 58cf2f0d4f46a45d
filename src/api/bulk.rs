//! The calls about many nodes at once.

use pitlane_api::{BulkList, BulkOperation, BulkPreview, BulkPreviewRequest, BulkRequest, BulkResume};

use super::{Answer, calls::segment, client::Call};

fn of(id: &str, rest: &str) -> String {
    format!("/bulk-operations/{}{rest}", segment(id))
}

/// What it would mean for the whole set. Changes nothing.
pub async fn bulk_preview(request: &BulkPreviewRequest) -> Answer<BulkPreview> {
    Call::post("/bulk-operations/preview".into()).json(request).data().await
}

/// Asks for it. Accepted is not done.
pub async fn bulk(key: &str, request: &BulkRequest) -> Answer<BulkOperation> {
    Call::post("/bulk-operations".into()).idempotency_key(key).json(request).data().await
}

/// The newest ones, a line each.
pub async fn bulk_operations() -> Answer<BulkList> {
    Call::get("/bulk-operations".into()).data().await
}

/// One of them in full.
pub async fn bulk_operation(id: &str) -> Answer<BulkOperation> {
    Call::get(of(id, "")).data().await
}

/// Begins no other node and stops what is under way; of a stopped one, that it will not go on.
pub async fn abort_bulk(id: &str) -> Answer<BulkOperation> {
    Call::post(of(id, "/abort")).data().await
}

/// Goes on.
pub async fn resume_bulk(id: &str, request: &BulkResume) -> Answer<BulkOperation> {
    Call::post(of(id, "/resume")).json(request).data().await
}
