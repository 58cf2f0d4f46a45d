//! What the driver writes: scheduling and record of a Node in one patch, and an Event that tells of it.

use k8s_openapi::{
    api::core::v1::{Event, EventSource, ObjectReference},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use pitlane_api::{Scheduling, Timestamp, say};
use pitlane_engine::{EngineNode, Error, Plan, Record, Result, SetScheduling, plan};
use serde_json::{Value, json};

use crate::{
    follow::Shared,
    kinds::Followed,
    node::{self, MAINTENANCE_ANNOTATION},
    objects::Node,
    words::Doing,
};

/// How Pitlane signs what it writes.
const MANAGER: &str = "pitlane";
/// Events about cluster-wide objects live in this namespace.
const EVENTS_IN: &str = "default";

const GET: Doing = Doing { verb: "get", resource: "nodes" };
const LIST: Doing = Doing { verb: "list", resource: "nodes" };
const PATCH: Doing = Doing { verb: "patch", resource: "nodes" };
const TELL: Doing = Doing { verb: "create", resource: "events" };

/// The node as the API server shows it now, not as it was last seen.
pub(crate) async fn read(shared: &Shared, id: &str) -> Result<Node> {
    let gone = || Error::NotFound(id.to_owned());
    let known = shared.world().name_of(id).map(str::to_owned);
    let name = match known {
        Some(name) => name,
        // The watch may not have heard of it yet.
        None => {
            let all = shared.clients.call(LIST, |client| async { Api::<Node>::all(client).list_metadata(&ListParams::default()).await }).await?;
            let found = all.items.into_iter().find(|node| node.metadata.uid.as_deref() == Some(id));
            found.and_then(|node| node.metadata.name).ok_or_else(gone)?
        }
    };
    // Another host of the same name is another node.
    get(shared, &name).await?.filter(|node| node::id(node) == id).ok_or_else(gone)
}

async fn get(shared: &Shared, name: &str) -> Result<Option<Node>> {
    Ok(shared.clients.call(GET, |client| async { Api::<Node>::all(client).get_opt(name).await }).await?)
}

/// Reads, plans and writes, and starts over when somebody changed scheduling or record in between. What was read has to
/// be as expected each time, so that nobody is overwritten.
pub(crate) async fn set_scheduling(shared: &Shared, id: &str, change: &SetScheduling) -> Result<EngineNode> {
    let mut refused: Option<(Value, Error)> = None;
    loop {
        let found = read(shared, id).await?;
        let shown = shared.world().shown(&found);
        let record = match plan(&shown, change, Timestamp::now())? {
            Plan::Nothing => return Ok(shown),
            Plan::Write(record) => record,
        };
        if change.target == Scheduling::Schedulable && node::only_tainted(&found) {
            return Err(Error::Refused(shown.note.unwrap_or_else(|| say!("the node is kept out by a taint that was set by hand"))));
        }
        let body = patch(&found, change.target, record.as_ref())?;
        if let Some((before, error)) = refused.take().filter(|(before, _)| before.get("tests") == body.get("tests")) {
            drop(before);
            // Nobody was in between: it is not the state of the node that the API server does not like.
            return Err(error);
        }
        match write(shared, node::name(&found), &body).await {
            Ok(written) => {
                let after = shared.world().shown(&written);
                keep(shared, written);
                if shown.scheduling != after.scheduling {
                    tell(shared, &after, record.as_ref()).await;
                }
                return Ok(after);
            }
            Err(Written::InBetween(error)) => refused = Some((body, error)),
            Err(Written::Failed(error)) => return Err(error),
        }
    }
}

/// What the write answered, so that the next list shows it even before the watch has heard of it.
fn keep(shared: &Shared, written: Node) {
    let Some(facts) = written.facts() else { return };
    shared.feed(|world, _| {
        let touched = world.put_node(facts);
        world.ids(&touched).collect()
    });
}

/// A JSON patch in two parts: what has to stand there still, tested by the API server in the same step as it writes, and
/// what is to change. Nothing else of the node is named.
///
/// Not the resource version: it moves with every word of a kubelet, and a driver that has to win a race for the whole
/// object can lose it for as long as others keep writing. The tests are of exactly what the decision was about.
fn patch(found: &Node, target: Scheduling, record: Option<&Record>) -> Result<Value> {
    let record =
        record.map(serde_json::to_string).transpose().map_err(|error| Error::Refused(say!("the record cannot be written: {}", error.to_string())))?;
    let path = format!("/metadata/annotations/{}", MAINTENANCE_ANNOTATION.replace('/', "~1"));
    let annotations = found.metadata.annotations.as_ref();
    let standing = annotations.and_then(|annotations| annotations.get(MAINTENANCE_ANNOTATION));
    let test = |path: &str, value: Value| json!({"op": "test", "path": path, "value": value});
    // What is absent tests as null.
    let out = found.spec.unschedulable.then_some(true);
    let mut tests = vec![test("/metadata/uid", json!(node::id(found))), test("/spec/unschedulable", json!(out))];
    let mut changes = Vec::new();
    match (found.spec.unschedulable, target == Scheduling::Maintenance) {
        (true, false) => changes.push(json!({"op": "remove", "path": "/spec/unschedulable"})),
        (false, true) => changes.push(json!({"op": "add", "path": "/spec/unschedulable", "value": true})),
        _ => {}
    }
    if annotations.is_none() {
        tests.push(test("/metadata/annotations", Value::Null));
    } else {
        tests.push(test(&path, json!(standing)));
    }
    match (record, annotations.is_none(), standing.is_some()) {
        (Some(record), true, _) => changes.push(json!({"op": "add", "path": "/metadata/annotations", "value": {MAINTENANCE_ANNOTATION: record}})),
        (Some(record), false, _) => changes.push(json!({"op": "add", "path": path, "value": record})),
        (None, _, true) => changes.push(json!({"op": "remove", "path": path})),
        (None, _, false) => {}
    }
    Ok(json!({ "tests": tests, "changes": changes }))
}

/// Why nothing was written.
enum Written {
    /// A test did not hold, or the API server does not like the change; both are its 422.
    InBetween(Error),
    /// Something else.
    Failed(Error),
}

async fn write(shared: &Shared, name: &str, body: &Value) -> std::result::Result<Node, Written> {
    let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let operations: Vec<&Value> = ["tests", "changes"].iter().filter_map(|part| body.get(*part)?.as_array()).flatten().collect();
    let patch = serde_json::to_value(operations).and_then(serde_json::from_value).map(Patch::Json::<()>);
    let patch = patch.map_err(|error| Written::Failed(Error::Refused(say!("the patch cannot be written: {}", error.to_string()))))?;
    let (params, patch) = (&params, &patch);
    shared.clients.call(PATCH, |client| async { Api::<Node>::all(client).patch(name, params, patch).await }).await.map_err(|failed| {
        match failed.code {
            Some(409 | 422) => Written::InBetween(failed.error),
            _ => Written::Failed(failed.error),
        }
    })
}

/// An Event on the node, for those who look with kubectl. It tells of what is done already, so that its own failure
/// changes nothing.
async fn tell(shared: &Shared, node: &EngineNode, record: Option<&Record>) {
    let (reason, message) = words(node.scheduling, record);
    let now = Time(Timestamp::now());
    let event = Event {
        metadata: ObjectMeta { generate_name: Some(format!("{}.", node.name)), namespace: Some(EVENTS_IN.into()), ..ObjectMeta::default() },
        involved_object: ObjectReference {
            api_version: Some("v1".into()),
            kind: Some("Node".into()),
            name: Some(node.name.clone()),
            uid: Some(node.engine_node_id.clone()),
            ..ObjectReference::default()
        },
        type_: Some("Normal".into()),
        reason: Some(reason.into()),
        message: Some(message),
        source: Some(EventSource { component: Some(MANAGER.into()), host: None }),
        reporting_component: Some(MANAGER.into()),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now),
        count: Some(1),
        ..Event::default()
    };
    let event = &event;
    let told = shared.clients.call(TELL, |client| async { Api::<Event>::namespaced(client, EVENTS_IN).create(&PostParams::default(), event).await });
    if let Err(failed) = told.await {
        tracing::warn!(node = node.name, error = %failed.error, "no Event could be left on the node");
    }
}

fn words(scheduling: Scheduling, record: Option<&Record>) -> (&'static str, String) {
    let by = record.and_then(|record| record.by.as_deref());
    match scheduling {
        Scheduling::Maintenance => {
            let reason = record.and_then(|record| record.reason.as_deref()).unwrap_or("no reason given");
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            // An Event's message is cut at 1024 bytes by the API server's validation.
            let reason: String = reason.chars().take(250).collect();
            ("Drained", format!("Put into maintenance with Pitlane{by}: {reason}. The scheduler places nothing new here; nothing was evicted."))
        }
        _ => ("Activated", "Back from maintenance with Pitlane. The scheduler places here again.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(annotations: Value, unschedulable: bool) -> Node {
        serde_json::from_value(
            json!({"metadata": {"name": "n1", "uid": "u1", "resourceVersion": "7", "labels": {"a": "b"}, "annotations": annotations},
            "spec": {"taints": [{"key": "x"}], "unschedulable": unschedulable}}),
        )
        .unwrap()
    }

    fn paths(body: &Value, part: &str) -> Vec<String> {
        body[part].as_array().unwrap().iter().map(|one| format!("{} {}", one["op"].as_str().unwrap(), one["path"].as_str().unwrap())).collect()
    }

    #[test]
    fn a_patch_tests_what_was_decided_about_and_names_nothing_else() {
        let ours = "/metadata/annotations/pitlane.dev~1maintenance";
        let record = Record { reason: Some("kernel".into()), ..Record::default() };
        let drain = patch(&node(json!({"other": "x"}), false), Scheduling::Maintenance, Some(&record)).unwrap();
        assert_eq!(paths(&drain, "tests"), ["test /metadata/uid", "test /spec/unschedulable", &format!("test {ours}")]);
        assert_eq!(paths(&drain, "changes"), ["add /spec/unschedulable", &format!("add {ours}")]);
        let bare = patch(&node(Value::Null, false), Scheduling::Maintenance, Some(&record)).unwrap();
        assert_eq!(paths(&bare, "changes"), ["add /spec/unschedulable", "add /metadata/annotations"]);
        assert_eq!(bare["tests"][2], json!({"op": "test", "path": "/metadata/annotations", "value": null}), "or others' annotations would go");
        let activate = patch(&node(json!({MAINTENANCE_ANNOTATION: "{}"}), true), Scheduling::Schedulable, None).unwrap();
        assert_eq!(paths(&activate, "changes"), ["remove /spec/unschedulable", &format!("remove {ours}")]);
        let stale = patch(&node(json!({MAINTENANCE_ANNOTATION: "{}"}), false), Scheduling::Schedulable, None).unwrap();
        assert_eq!(paths(&stale, "changes"), [format!("remove {ours}")]);
    }

    #[test]
    fn an_event_tells_why_and_by_whom() {
        let record = Record { reason: Some("kernel".into()), by: Some("ada".into()), ..Record::default() };
        let (reason, message) = words(Scheduling::Maintenance, Some(&record));
        assert_eq!(reason, "Drained");
        assert!(message.contains("by ada: kernel") && message.contains("nothing was evicted"), "{message}");
        assert!(message.len() <= 1024);
    }
}
