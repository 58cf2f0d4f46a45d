//! What `kubectl apply -k deploy/kubernetes` makes of a cluster: the rights its account then has and no others, and a pod
//! that the strictest profile of Pod Security lets in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::control::Lab;

const ACCOUNT: &str = "system:serviceaccount:pitlane:pitlane";

/// Another account of the same namespace, to which nobody has given anything.
const NOBODY: &str = "system:serviceaccount:pitlane:nobody";

/// What the account may do in a namespace beyond what every account may.
fn may(lab: &Lab, namespace: &str) -> BTreeMap<String, Vec<String>> {
    let everybody = listed(lab, NOBODY, namespace);
    listed(lab, ACCOUNT, namespace).into_iter().filter(|(resource, verbs)| everybody.get(resource) != Some(verbs)).collect()
}

/// What an account may do in a namespace, as the API server itself lists it: verbs by resource.
fn listed(lab: &Lab, account: &str, namespace: &str) -> BTreeMap<String, Vec<String>> {
    let listed = lab.kubectl(&["auth", "can-i", "--list", "--no-headers", "--as", account, "--namespace", namespace]).expect("a list");
    let mut rights: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in listed.lines() {
        // "nodes    []    []    [get list watch]"; a row about addresses begins with blanks.
        let Some((resource, rest)) = line.split_once(char::is_whitespace).filter(|(resource, _)| !resource.is_empty()) else { continue };
        let verbs = rest.rsplit_once('[').map(|(_, verbs)| verbs.trim_end_matches(']')).unwrap_or_default();
        rights.entry(resource.to_owned()).or_default().extend(verbs.split_whitespace().map(str::to_owned));
    }
    for verbs in rights.values_mut() {
        verbs.sort_unstable();
    }
    rights
}

fn rights(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    of.iter().map(|(resource, verbs)| ((*resource).to_owned(), verbs.iter().map(|verb| (*verb).to_owned()).collect())).collect()
}

#[test]
fn the_account_may_do_what_is_written_and_nothing_else() {
    let lab = Lab::shared();
    let everywhere: &[(&str, &[&str])] = &[
        ("nodes", &["get", "list", "patch", "watch"]),
        ("pods", &["list", "watch"]),
        ("persistentvolumeclaims", &["list", "watch"]),
        ("persistentvolumes", &["list", "watch"]),
        ("poddisruptionbudgets.policy", &["list", "watch"]),
    ];
    assert_eq!(may(lab, "kube-system"), rights(everywhere));
    assert_eq!(may(lab, "pitlane"), rights(everywhere), "not even in its own namespace");
    assert_eq!(may(lab, "default"), rights(&[everywhere, &[("events", &["create"])]].concat()));
    assert_eq!(may(lab, "kube-node-lease"), rights(&[everywhere, &[("leases.coordination.k8s.io", &["list", "watch"])]].concat()));
}

/// The same asked the other way round, for what would be worst.
#[test]
fn the_account_may_neither_evict_nor_read_secrets() {
    let lab = Lab::shared();
    // A "no" is an exit status. That a "yes" is none is asked first.
    let asks = |question: &[&str]| lab.kubectl(&[&["auth", "can-i", "--quiet", "--as", ACCOUNT, "--all-namespaces"], question].concat()).is_ok();
    assert!(asks(&["patch", "nodes"]));
    for question in [
        &["delete", "nodes"][..],
        &["update", "nodes"],
        &["patch", "nodes", "--subresource=status"],
        &["create", "pods", "--subresource=eviction"],
        &["delete", "pods"],
        &["get", "pods", "--subresource=log"],
        &["create", "pods", "--subresource=exec"],
        &["get", "secrets"],
        &["list", "secrets"],
        &["list", "configmaps"],
        &["create", "serviceaccounts", "--subresource=token"],
    ] {
        assert!(!asks(question), "it may {question:?}");
    }
}

fn deployment(lab: &Lab) -> Value {
    let text = lab.kubectl(&["get", "deployment", "pitlane", "--namespace", "pitlane", "--output", "json"]).expect("deployed");
    serde_json::from_str(&text).expect("an object")
}

/// The API server's own admission decides: the namespace enforces the profile "restricted".
#[test]
fn the_strictest_profile_lets_the_pod_in() {
    let lab = Lab::shared();
    let template = deployment(lab)["spec"]["template"].clone();
    let admitted = |name: &str, spec: &Value| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "pitlane", "labels": template["metadata"]["labels"]}, "spec": spec});
        let file = lab.path(&format!("{name}.json"));
        std::fs::write(&file, pod.to_string()).expect("written");
        lab.kubectl(&["create", "--dry-run=server", "--filename", &file.to_string_lossy()])
    };
    let spec = &template["spec"];
    admitted("as-it-is", spec).expect("it is let in");
    let mut loose = spec.clone();
    loose["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    let refused = admitted("loose", &loose).expect_err("the profile is enforced");
    assert!(refused.contains("violates PodSecurity"), "{refused}");

    let container = &spec["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], json!(true));
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert!(container[probe]["httpGet"]["path"].is_string(), "{probe}");
    }
    assert!(container["resources"]["limits"]["memory"].is_string());
}

/// To apply it again, as one does after a change, changes nothing by itself.
#[test]
fn applied_twice_is_applied_once() {
    let lab = Lab::shared();
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/kubernetes");
    let differences = lab.kubectl(&["diff", "-k", manifests]).expect("no differences");
    assert_eq!(differences, "");
    let again = lab.kubectl(&["apply", "-k", manifests, "--server-side", "--dry-run=server", "--force-conflicts"]).expect("server-side too");
    assert!(again.lines().all(|line| line.contains("serverside-applied")), "{again}");
    let replicas = &deployment(lab)["spec"]["replicas"];
    assert_eq!(*replicas, json!(1), "one, because the database is a file");
}
