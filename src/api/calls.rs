//! Every call of the contract that the console makes.

use pitlane_api::{
    ActivateRequest, ActivationChecks, ActivityPage, BASE_PATH, ClearForWork, DiagnosticsPart, DrainPreview, DrainRequest, MadeShareLink,
    MaintenancePatch, Node, NodeId, Operation, OperationId, Override, PlanPatch, PlanRequest, Revision, Samples, Session, SessionRequest,
    ShareLifetime, ShareLinks, ShareRequest, WorkloadList,
};

use super::{Answer, client::Call};
use crate::model::log_query::LogQuery;

/// Node ids are opaque: whatever they hold must stay one segment of the path.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn of_node(id: &NodeId, rest: &str) -> String {
    format!("/nodes/{}{rest}", segment(id.as_str()))
}

/// Who am I?
pub async fn session() -> Answer<Session> {
    Call::get("/session".into()).data().await
}

/// Signs in with the code of a one-time link, or with a token.
pub async fn sign_in(request: SessionRequest) -> Answer<Session> {
    Call::post("/session".into()).json(&request).data().await
}

/// Ends the session here and at the server.
pub async fn sign_out() -> Answer<()> {
    Call::delete("/session".into()).done().await
}

/// One node.
pub async fn node(id: &NodeId) -> Answer<Node> {
    Call::get(of_node(id, "")).data().await
}

/// Everything on a node.
pub async fn workloads(id: &NodeId) -> Answer<WorkloadList> {
    Call::get(of_node(id, "/workloads")).data().await
}

/// Whether its host can be wiped.
pub async fn clear_for_work(id: &NodeId) -> Answer<ClearForWork> {
    Call::get(of_node(id, "/clear-for-work")).data().await
}

/// What to know before a drain.
pub async fn drain_preview(id: &NodeId) -> Answer<DrainPreview> {
    Call::get(of_node(id, "/drain-preview")).data().await
}

/// Asks for a drain. Accepted is not done.
pub async fn drain(id: &NodeId, revision: &Revision, key: &str, request: &DrainRequest) -> Answer<Operation> {
    Call::post(of_node(id, "/drain")).if_match(revision).idempotency_key(key).json(request).data().await
}

/// Plans a drain that begins later.
pub async fn plan_drain(id: &NodeId, revision: &Revision, key: &str, request: &PlanRequest) -> Answer<()> {
    Call::post(of_node(id, "/planned-drain")).if_match(revision).idempotency_key(key).json(request).done().await
}

/// Changes a planned drain; `revision` is the plan's.
pub async fn change_plan(id: &NodeId, revision: &Revision, patch: &PlanPatch) -> Answer<()> {
    Call::patch(of_node(id, "/planned-drain")).if_match(revision).json(patch).done().await
}

/// Cancels a planned drain, or dismisses one that did not begin.
pub async fn cancel_plan(id: &NodeId, revision: &Revision) -> Answer<()> {
    Call::delete(of_node(id, "/planned-drain")).if_match(revision).done().await
}

/// Changes the reason or the expected time.
pub async fn change_maintenance(id: &NodeId, revision: &Revision, patch: &MaintenancePatch) -> Answer<()> {
    Call::patch(of_node(id, "/maintenance")).if_match(revision).json(patch).done().await
}

/// Every check of an activation.
pub async fn activation_checks(id: &NodeId) -> Answer<ActivationChecks> {
    Call::get(of_node(id, "/activation-checks")).data().await
}

/// Asks for an activation. Accepted is not done.
pub async fn activate(id: &NodeId, revision: &Revision, key: &str, request: &ActivateRequest) -> Answer<Operation> {
    Call::post(of_node(id, "/activate")).if_match(revision).idempotency_key(key).json(request).data().await
}

/// Stops an operation.
pub async fn abort(node: &NodeId, operation: &OperationId) -> Answer<()> {
    Call::post(of_node(node, &format!("/operations/{}/abort", segment(operation.as_str())))).done().await
}

/// Tries an operation that waits now.
pub async fn retry(node: &NodeId, operation: &OperationId) -> Answer<()> {
    Call::post(of_node(node, &format!("/operations/{}/retry", segment(operation.as_str())))).done().await
}

/// Removes a node.
pub async fn remove(id: &NodeId, revision: &Revision, overridden: Option<Override>) -> Answer<()> {
    let call = Call::delete(of_node(id, "")).if_match(revision);
    match overridden {
        Some(reason) => call.json(&ActivateRequest { override_: Some(reason) }).done().await,
        None => call.done().await,
    }
}

/// The public links of a node that work.
pub async fn share_links(id: &NodeId) -> Answer<ShareLinks> {
    Call::get(of_node(id, "/share-links")).data().await
}

/// Makes a public link.
pub async fn make_share_link(id: &NodeId, lifetime: ShareLifetime) -> Answer<MadeShareLink> {
    Call::post(of_node(id, "/share-links")).json(&ShareRequest { lifetime }).data().await
}

/// Ends a public link.
pub async fn revoke_share_link(id: &NodeId, link: &str) -> Answer<()> {
    Call::delete(of_node(id, &format!("/share-links/{}", segment(link)))).done().await
}

/// Heartbeats and signals of the last 24 hours.
pub async fn samples(id: &NodeId) -> Answer<Samples> {
    Call::get(of_node(id, "/samples")).data().await
}

/// The activity log; `cursor` for older entries.
pub async fn activity(query: &LogQuery, cursor: Option<&str>) -> Answer<ActivityPage> {
    Call::get(format!("/activity?{}", log_pairs(query, ("cursor", cursor.unwrap_or_default())))).data().await
}

/// Where the same is to be had whole, as a file: `csv` or `jsonl`.
pub fn activity_file(query: &LogQuery, format: &str) -> String {
    format!("{BASE_PATH}/activity/export?{}", log_pairs(query, ("format", format)))
}

fn log_pairs(query: &LogQuery, more: (&str, &str)) -> String {
    let kinds = query.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",");
    let pairs = [("node", query.node.as_str()), ("actor", &query.actor), ("kind", &kinds), ("since", &query.since), ("until", &query.until), more];
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(key, value)| format!("{key}={}", segment(value))).collect::<Vec<_>>().join("&")
}

/// What somebody who is to help needs, as plain text, with these parts of what people wrote.
pub async fn diagnostics(id: &NodeId, include: &[DiagnosticsPart]) -> Answer<String> {
    Call::get(diagnostics_path(id, include)).text().await
}

/// Where the same is to be had as a file.
pub fn diagnostics_address(id: &NodeId, include: &[DiagnosticsPart]) -> String {
    format!("{BASE_PATH}{}", diagnostics_path(id, include))
}

fn diagnostics_path(id: &NodeId, include: &[DiagnosticsPart]) -> String {
    let parts: Vec<&str> = include.iter().map(|part| part.as_str()).collect();
    let query = if parts.is_empty() { String::new() } else { format!("?include={}", parts.join(",")) };
    of_node(id, &format!("/diagnostics{query}"))
}
