//! What the driver makes of a whole cluster that it was told of: counts, fates, capacity.

use serde_json::{Value, json};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn node(name: &str, id: &str, version: &str, unschedulable: bool) -> Node {
    serde_json::from_value(json!({"metadata": {"name": name, "uid": id, "resourceVersion": version, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"unschedulable": unschedulable}, "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.36.0"}}}))
    .unwrap()
}

fn pod(name: &str, on: &str, extra: Value) -> PodFacts {
    let mut pod = json!({"metadata": {"name": name, "namespace": "shop", "labels": {"app": "db"}}, "spec": {"nodeName": on,
        "containers": [{"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]},
        "status": {"phase": "Running"}});
    for (key, value) in extra.as_object().unwrap() {
        pod["spec"][key] = value.clone();
    }
    PodFacts::read(serde_json::from_value(pod).unwrap()).unwrap()
}

fn key(name: &str) -> Key {
    ("shop".into(), name.into())
}

fn world() -> World {
    let mut world = World { pods_read: true, ..World::default() };
    world.replace_nodes(vec![node("n1", "u1", "10", false), node("n2", "u2", "10", false)]);
    world
}

#[test]
fn the_watch_may_be_behind_a_write() {
    let mut world = world();
    assert_eq!(world.put_node(node("n1", "u1", "12", true)).len(), 1);
    assert!(world.put_node(node("n1", "u1", "11", false)).is_empty(), "an older state of it");
    assert_eq!(world.node("u1").unwrap().scheduling, Scheduling::Maintenance);
    world.replace_nodes(vec![node("n1", "u1", "11", false)]);
    assert_eq!(world.node("u1").unwrap().scheduling, Scheduling::Maintenance);
    assert!(world.node("u2").is_none(), "it was not listed any more");
}

#[test]
fn a_host_of_the_same_name_is_another_node() {
    let mut world = world();
    world.put_node(node("n1", "u9", "5", false));
    assert!(world.node("u1").is_none());
    assert_eq!(world.node("u9").unwrap().name, "n1");
    world.remove_node(&node("n1", "u1", "20", false));
    assert!(world.node("u9").is_some(), "the older one's end is not its end");
}

#[test]
fn heartbeats_count_from_when_they_are_seen_to_change() {
    let mut world = world();
    world.put_beat("n1", at(1000), at(5000));
    assert_eq!(world.node("u1").unwrap().report.last_heartbeat_at, Some(at(1000)), "the kubelet's word, to begin with");
    assert!(world.put_beat("n1", at(1000), at(5005)).is_empty(), "nothing new");
    world.put_beat("n1", at(1010), at(5010));
    let shown = world.node("u1").unwrap();
    assert_eq!(shown.report.last_heartbeat_at, Some(at(5010)));
    let clock = shown.report.signals.iter().find(|signal| signal.name == "Clock").unwrap();
    assert!(clock.detail.contains("4000 s behind"), "{}", clock.detail);
    world.put_beat("n2", at(9000), at(5010));
    assert_eq!(world.node("u2").unwrap().report.last_heartbeat_at, Some(at(5010)), "never ahead of now");
}

#[test]
fn what_pods_ask_for_is_summed() {
    let mut world = world();
    assert_eq!(world.put_pod(pod("db-0", "n1", json!({}))), Touched::from(["n1".into()]));
    assert!(world.put_pod(pod("db-0", "n1", json!({}))).is_empty(), "the sum is the same");
    world.put_pod(pod("db-1", "n1", json!({"volumes": [{"name": "data", "emptyDir": {}}]})));
    let shown = world.node("u1").unwrap();
    assert_eq!(shown.report.resources.cpu_cores_reserved, Some(1.0));
    assert_eq!(shown.report.resources.memory_reserved_bytes, Some(2 << 30));
    assert_eq!((shown.report.workloads.total, shown.report.workloads.stateful), (Some(2), Some(1)));
    assert_eq!(world.remove_pod(&key("db-1")).len(), 1);
    assert_eq!(world.replace_pods(vec![pod("db-0", "n2", json!({}))]).len(), 2, "it moved");
    assert_eq!(world.node("u1").unwrap().report.workloads.total, Some(0));
}

#[test]
fn a_claim_is_followed_to_its_volume() {
    let mut world = world();
    let claimed = json!({"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "pg"}}]});
    world.put_pod(pod("db-0", "n1", claimed));
    assert_eq!(world.workloads("n1")[0].volumes[0].data_lives, DataLives::Unknown, "the claim is not known");
    world.put_claim(key("pg"), Some("pv1".into()));
    let volume = |name: &str| {
        VolumeFacts::read(
            serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"local": {"path": "/mnt"}, "claimRef": {"namespace": "shop", "name": "pg"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}}}}))
            .unwrap(),
        )
        .unwrap()
    };
    world.put_volume(volume("pv1"));
    let workload = &world.workloads("n1")[0];
    assert_eq!(workload.volumes[0].data_lives, DataLives::ThisNodeOnly);
    assert!(workload.remarks.iter().any(|remark| remark.contains("a volume that only this node reaches")), "{:?}", workload.remarks);
    assert!(world.orphaned_volumes("n1").is_empty(), "it is in use");
    world.remove_pod(&key("db-0"));
    assert_eq!(world.orphaned_volumes("n1"), ["pv1 (claim shop/pg)"]);
    assert!(world.orphaned_volumes("n2").is_empty());
}

#[test]
fn budgets_and_where_else() {
    let mut world = world();
    world.put_pod(pod("db-0", "n1", json!({"nodeSelector": {"kubernetes.io/hostname": "n1"}})));
    world.put_budget(BudgetFacts { key: key("guard"), selector: serde_json::from_value(json!({"matchLabels": {"app": "db"}})).unwrap(), allowed: 1 });
    let remarks = world.workloads("n1").remove(0).remarks;
    assert!(remarks.iter().any(|remark| *remark == "disruption budget guard allows 1 to go now"), "{remarks:?}");
    assert!(remarks.iter().any(|remark| remark.contains("its node selector")), "{remarks:?}");
}

#[test]
fn what_a_drain_would_meet() {
    let mut world = world();
    assert!(world.before_a_drain("n1", &[]).is_empty(), "nothing runs here, and n2 takes everything");
    world.put_pod(pod("web", "n1", json!({})));
    world.put_pod(pod("db-0", "n1", json!({"nodeSelector": {"kubernetes.io/hostname": "n1"}})));
    let mut tainted = node("n3", "u3", "10", false);
    tainted.spec.taints = serde_json::from_value(json!([{"key": "dedicated", "effect": "NoSchedule"}])).unwrap();
    world.put_node(tainted);
    assert_eq!(world.out_of_reach("n1"), ["u3"]);
    let said = world.before_a_drain("n1", &[]);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("1 pod could run on no other node") && said[0].ends_with("shop/db-0."), "{said:?}");
    assert!(said[1].contains("the taints of n3"), "{said:?}");
    let both = world.before_a_drain("n1", &["u1".to_owned(), "u2".to_owned()]);
    assert!(both.iter().any(|said| said.ends_with("shop/web.")), "n2 goes with it, and n3 keeps it out: {both:?}");
    world.put_node(node("n2", "u2", "11", true));
    assert_eq!(world.out_of_reach("n1"), ["u3"], "what takes no placements is not counted anyway");
}

#[test]
fn replicas_that_must_be_apart() {
    let mut world = world();
    let apart = json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}]}}});
    world.put_pod(pod("db-0", "n1", apart.clone()));
    assert!(world.before_a_drain("n1", &[]).is_empty(), "there is another node");
    world.put_pod(pod("db-1", "n2", apart.clone()));
    assert_eq!(
        world.before_a_drain("n1", &[]),
        ["1 pod could run on no other node, kept from every other node by pods there that it must be apart from: shop/db-0."]
    );
    let mut elsewhere = pod("db-1", "n2", apart);
    elsewhere.key.0 = "other".into();
    world.remove_pod(&key("db-1"));
    world.put_pod(elsewhere);
    assert!(world.before_a_drain("n1", &[]).is_empty(), "another namespace's pods are not meant");
}

#[test]
fn a_kubelet_a_minor_version_behind_has_an_update() {
    let mut world = world();
    let mut newer = node("n2", "u2", "11", false);
    newer.status.node_info.kubelet_version = "v1.37.2".into();
    assert_eq!(world.put_node(newer).len(), 2, "the other one looks different too");
    assert_eq!(world.node("u1").unwrap().report.update.as_deref(), Some("v1.37.2"));
    assert_eq!(world.node("u2").unwrap().report.update, None);
}
