//! Each right taken away in turn: what is missing is named, and what still can be read is shown.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};
use pitlane_api::NodeId;
use pitlane_engine::{Engine, EngineNode, Error, conformance::Harness};
use pitlane_engine_kubernetes::{Access, KubernetesEngine};
use serde_json::json;

use crate::{
    control::Lab,
    harness::{Driven, Right, SETTINGS, deployed},
    scheduler::{activate, drain},
    wait::until,
};

fn without(rights: &[Right], verb: &str, resource: &str) -> Vec<Right> {
    let mut left = Vec::new();
    for right in rights {
        for one in right.rule.resources.iter().flatten() {
            let mut right = right.clone();
            right.rule.resources = Some(vec![one.clone()]);
            if one == resource {
                right.rule.verbs.retain(|has| has != verb);
            }
            if !right.rule.verbs.is_empty() {
                left.push(right);
            }
        }
    }
    left
}

/// What a person reads, and that it names verb and resource.
fn refused<T: std::fmt::Debug>(answer: pitlane_engine::Result<T>, verb: &str, resource: &str) -> Option<String> {
    match answer {
        Err(Error::Refused(words)) => {
            assert!(words.contains(&format!("the right to {verb} {resource} is missing")), "{words}");
            Some(words.to_string())
        }
        _ => None,
    }
}

async fn not_read(driven: &Driven<'_>, node: &EngineNode) -> Option<Vec<pitlane_api::Words>> {
    Some(driven.kubernetes().workloads(&node.engine_node_id, &NodeId::from("n")).await.ok()?.not_read)
}

async fn lose(verb: &'static str, resource: &'static str) {
    let driven = Driven::start(Lab::shared()).await;
    let node = driven.node().await;
    let rights = deployed(&driven.admin).await;
    driven.grant(&without(&rights, verb, resource));
    if verb == "list" {
        // A watch that goes on needs no list; a driver that starts does.
        driven.restart_driver().await.expect("it starts");
    }
    let engine = driven.kubernetes();
    match (verb, resource) {
        ("get", "nodes") => {
            until("reading is refused", || async { refused(engine.node(&node.engine_node_id).await, verb, resource) }).await;
            assert!(engine.nodes().await.is_ok(), "the list is another right");
        }
        ("list" | "watch", "nodes") => {
            until("listing is refused", || async { refused(engine.nodes().await, verb, resource) }).await;
        }
        ("patch", "nodes") => {
            until("draining is refused", || async {
                match engine.set_scheduling(&node.engine_node_id, drain(&node, "op-refused")).await {
                    // The right had not gone yet: put it back as it was.
                    Ok(done) => {
                        drop(engine.set_scheduling(&node.engine_node_id, activate(&done)).await);
                        None
                    }
                    answer => refused(answer, verb, resource),
                }
            })
            .await;
        }
        (_, "leases") => {
            let gone = || async { engine.node(&node.engine_node_id).await.ok().filter(|node| node.report.last_heartbeat_at.is_none()) };
            until("heartbeats are not reported, rather than old", gone).await;
        }
        ("create", "events") => {
            let events: Api<Event> = Api::namespaced(driven.admin.clone(), "default");
            let drained = engine.set_scheduling(&node.engine_node_id, drain(&node, "op-quiet")).await.expect("a drain needs no event");
            let told = events.list(&ListParams::default().fields(&format!("involvedObject.name={}", node.name))).await.expect("a list");
            assert!(told.items.is_empty(), "{:?}", told.items);
            engine.set_scheduling(&node.engine_node_id, activate(&drained)).await.expect("nor does an activation");
        }
        _ => {
            let missing = format!("the right to {verb} {resource} is missing");
            let said = |words: &Vec<pitlane_api::Words>| words.iter().any(|words| words.contains(&missing));
            let words = until("what is not read is said", || async { not_read(&driven, &node).await.filter(said) }).await;
            assert_eq!(words.len(), 1, "the rest is read: {words:?}");
            if resource == "pods" {
                let shown = engine.node(&node.engine_node_id).await.expect("read");
                assert_eq!(shown.report.workloads.total, None, "not evaluated, not none");
                assert_eq!(shown.report.resources.memory_reserved_bytes, None);
            }
        }
    }
    driven.grant(&rights);
    until("with the right back, all is well again", || async {
        let shown = engine.nodes().await.ok()?.into_iter().find(|shown| shown.engine_node_id == node.engine_node_id)?;
        engine.node(&node.engine_node_id).await.ok()?;
        let well = shown.report.last_heartbeat_at.is_some() && shown.report.workloads.total.is_some();
        (well && not_read(&driven, &node).await?.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_right_in_turn() {
    let all = deployed(&Lab::shared().admin().await).await;
    let mut each = Vec::new();
    for right in &all {
        for resource in right.rule.resources.iter().flatten() {
            for verb in &right.rule.verbs {
                each.push((verb.clone().leak() as &'static str, resource.clone().leak() as &'static str));
            }
        }
    }
    assert_eq!(each.len(), 15, "the manifests ask for these: {each:?}");
    // A few at a time: each is a driver of its own, and the API server has other things to do.
    stream::iter(each).for_each_concurrent(4, |(verb, resource)| lose(verb, resource)).await;
}

/// A kubeconfig of the lab with these credentials.
fn kubeconfig(lab: &Lab, name: &str, user: &str) -> Access {
    let path = lab.path(&format!("{name}.kubeconfig"));
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: lab, cluster: {{server: \"https://127.0.0.1:{}\", certificate-authority: \"{}\"}}}}]\nusers: [{{name: it, user: {user}}}]\ncontexts: [{{name: lab, context: {{cluster: lab, user: it}}}}]\ncurrent-context: lab\n",
        lab.port(),
        lab.path("ca.crt").display()
    );
    std::fs::write(&path, text).expect("written");
    Access::Kubeconfig { path: Some(path), context: None }
}

async fn says(engine: &KubernetesEngine, words: &str) {
    until(words, || async { engine.nodes().await.err().filter(|error| matches!(error, Error::Refused(_)) && error.to_string().contains(words)) })
        .await;
}

#[tokio::test]
async fn credentials_that_expired_and_were_renewed() {
    let lab = Lab::shared();
    let access = kubeconfig(lab, "expired", "{token: not-a-token-any-more}");
    let engine = KubernetesEngine::start(access, SETTINGS);
    says(&engine, "are not valid, or have expired").await;
    let Err(error) = engine.version().await.map(drop) else { panic!("no answer without credentials") };
    assert!(!error.to_string().is_empty());
    // Somebody signs in again: the file is renewed, and nobody has to restart anything.
    std::fs::copy(lab.path("admin.kubeconfig"), lab.path("expired.kubeconfig")).expect("renewed");
    until("it finds its way", || async { engine.nodes().await.ok() }).await;
}

#[tokio::test]
async fn a_credential_plugin_that_fails_and_then_works() {
    let lab = Lab::shared();
    let plugin = lab.path("cloud-login");
    let write = |text: &str| {
        std::fs::write(&plugin, text).expect("written");
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).expect("executable");
    };
    write("#!/bin/sh\necho 'session expired: run cloud-login sso' >&2\nexit 7\n");
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: \"{}\", args: [--secret=s3cr3t], interactiveMode: Never}}}}",
        plugin.display()
    );
    let engine = KubernetesEngine::start(kubeconfig(lab, "plugin", &user), SETTINGS);
    says(&engine, "cloud-login failed").await;
    let words = engine.nodes().await.expect_err("it fails still").to_string();
    assert!(words.contains("run cloud-login sso") && !words.contains("s3cr3t"), "{words}");
    // It works again and gives what it had kept, which has expired meanwhile.
    let gives = |token: &str| {
        write(&format!(
            "#!/bin/sh\necho '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{token}\"}}}}'\n"
        ));
    };
    gives("what-was-kept");
    says(&engine, "are not valid, or have expired").await;
    gives(&lab.kubectl(&["create", "token", "pitlane", "-n", "pitlane"]).expect("a token"));
    until("it finds its way", || async { engine.nodes().await.ok() }).await;
    let gone = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        lab.path("no-such-plugin").display()
    );
    let engine = KubernetesEngine::start(kubeconfig(lab, "no-plugin", &gone), SETTINGS);
    says(&engine, "cannot be started").await;
}

/// Priority and fairness gives this account no seat at all: every request is answered 429 with Retry-After.
#[tokio::test]
async fn an_api_server_that_wants_to_be_left_alone() {
    let lab = Lab::start();
    let driven = Driven::start(&lab).await;
    let node = driven.node().await;
    let level = json!({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "PriorityLevelConfiguration", "metadata": {"name": "none"},
        "spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0, "limitResponse": {"type": "Reject"}}}});
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]}]);
    let flow = json!({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": {"name": "none"},
        "spec": {"matchingPrecedence": 2, "priorityLevelConfiguration": {"name": "none"},
            "rules": [{"subjects": [{"kind": "Group", "group": {"name": "system:serviceaccounts:pitlane"}}], "resourceRules": everything}]}});
    let file = lab.path("slow.json");
    std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": [level, flow]}).to_string()).expect("written");
    lab.kubectl(&["apply", "-f", &file.to_string_lossy()]).expect("in force");
    let engine = driven.kubernetes();
    let asked = until("it is told to slow down", || async {
        match engine.node(&node.engine_node_id).await {
            Err(Error::Unreachable { message, retry_after: Some(after) }) => Some((message, after)),
            _ => None,
        }
    });
    let (message, after) = asked.await;
    assert!(message.contains("slow down (429)"), "{message}");
    assert!(after <= Duration::from_secs(60), "{after:?}");
    lab.kubectl(&["delete", "flowschema", "none"]).expect("no longer in force");
    until("it goes on", || async { engine.node(&node.engine_node_id).await.ok() }).await;
}
