//! What Swarm really does with tasks and data of a node in maintenance, beside what the driver says it will do.

use std::collections::BTreeMap;

use pitlane_api::{ContainerReport, ContainersReport, DataLives, Fate, MountKind, MountReport, WorkloadKind, WorkloadState};

use pitlane_engine::conformance::Harness;

use crate::{hands::eventually, harness::OnTheLab};

/// Lets a service's only task end, as a crash does.
async fn kill(lab: &OnTheLab, node: u32, service: &str) {
    for container in lab.lab.containers(node, service).await {
        lab.lab.docker(node, &["kill", &container]).await;
    }
}

async fn worker_of(lab: &OnTheLab, service: &str) -> (u32, u32) {
    match lab.lab.places(service).await.first().map(String::as_str) {
        Some("n2") => (2, 3),
        Some("n3") => (3, 2),
        other => panic!("{service} runs on {other:?}"),
    }
}

#[tokio::test]
async fn a_local_volume_is_empty_where_swarm_starts_its_task_again() {
    let on = OnTheLab::start().await;
    on.lab.service("mail", &["--constraint", "node.role==worker", "--mount", "type=volume,source=mail_spool,target=/data"]).await;
    let (here, there) = worker_of(&on, "mail").await;
    let container = on.lab.containers(here, "mail").await.remove(0);
    on.lab.docker(here, &["exec", &container, "sh", "-c", "echo letters > /data/inbox"]).await;

    let before = on.workload(here, "mail.1").await;
    assert!(before.stateful);
    assert_eq!(before.volumes[0].name, "mail_spool");
    assert_eq!(before.volumes[0].data_lives, DataLives::ThisNodeOnly);
    assert_eq!((before.on_restart, before.on_node_down), (Fate::ElsewhereEmpty, Fate::ElsewhereEmpty));
    assert_eq!(before.identity.to_string(), "swarm:mail/1|mail_spool@node");

    on.drain(here, "op-mail").await;
    assert_eq!(on.lab.containers(here, "mail").await, [container], "a drain leaves the task alone");
    kill(&on, here, "mail").await;
    eventually("Swarm starts mail on the other worker", 30, async || on.lab.places("mail").await == [format!("n{there}")]).await;
    let moved = on.lab.containers(there, "mail").await.remove(0);
    assert_eq!(on.lab.docker(there, &["exec", &moved, "ls", "/data"]).await, "", "the volume there is new and empty");

    let said = format!("The data of mail_spool is still here, and mail now runs empty on n{there}.");
    eventually("the driver says where the data is", 20, async || on.workloads(here).await.notes.iter().any(|note| **note == *said)).await;
    let left = on.workload(here, "mail.1").await;
    assert_eq!(left.state, WorkloadState::Failed);
    assert!(left.stateful, "data that was left behind keeps a host from being wiped");

    on.activate(here).await;
    let moved = on.lab.containers(there, "mail").await;
    assert_eq!(moved.len(), 1, "nothing moves back by itself");
}

#[tokio::test]
async fn a_task_that_is_pinned_here_waits_and_has_its_data_again() {
    let on = OnTheLab::start().await;
    on.lab.service("ledger", &["--constraint", "node.hostname==n3", "--mount", "type=volume,source=ledger_data,target=/data"]).await;
    let container = on.lab.containers(3, "ledger").await.remove(0);
    on.lab.docker(3, &["exec", &container, "sh", "-c", "echo kept > /data/book"]).await;
    let before = on.workload(3, "ledger.1").await;
    assert_eq!((before.on_restart, before.on_node_down), (Fate::WaitsForNode, Fate::WaitsForNode));

    on.drain(3, "op-ledger").await;
    kill(&on, 3, "ledger").await;
    let why =
        async || on.lab.docker(1, &["service", "ps", "ledger", "--no-trunc", "--filter", "desired-state=running", "--format", "{{.Error}}"]).await;
    eventually("Swarm says that no node fits", 30, async || why().await.contains("no suitable node")).await;
    on.activate(3).await;
    eventually("it runs here again", 30, async || on.lab.places("ledger").await == ["n3"]).await;
    let again = on.lab.containers(3, "ledger").await.remove(0);
    assert_eq!(on.lab.docker(3, &["exec", &again, "cat", "/data/book"]).await, "kept");
}

#[tokio::test]
async fn a_global_services_task_belongs_to_its_node_and_waits_for_it() {
    let on = OnTheLab::start().await;
    on.lab.service("probe", &["--mode", "global"]).await;
    let before = on.workload(2, "probe").await;
    assert!(before.belongs_to_node && !before.stateful);
    assert_eq!(before.on_restart, Fate::WaitsForNode);
    on.drain(2, "op-probe").await;
    kill(&on, 2, "probe").await;
    eventually("the task is gone from n2 and nowhere else new", 30, async || on.lab.places("probe").await == ["n1", "n3"]).await;
    on.activate(2).await;
    eventually("it is back", 30, async || on.lab.places("probe").await == ["n1", "n2", "n3"]).await;
}

#[tokio::test]
async fn a_task_that_is_never_restarted_stays_stopped() {
    let on = OnTheLab::start().await;
    on.lab.service("once", &["--constraint", "node.hostname==n2", "--restart-condition", "none"]).await;
    assert_eq!(on.workload(2, "once.1").await.on_restart, Fate::StaysStopped);
    on.drain(2, "op-once").await;
    kill(&on, 2, "once").await;
    eventually("it has ended", 30, async || on.lab.places("once").await.is_empty()).await;
    on.activate(2).await;
    let tasks = on.lab.docker(1, &["service", "ps", "once", "-q"]).await;
    assert_eq!(tasks.lines().count(), 1, "Swarm has made no other task");
}

#[tokio::test]
async fn no_new_task_comes_while_in_maintenance_and_one_comes_after() {
    let on = OnTheLab::start().await;
    on.lab.service("web", &["--replicas", "6"]).await;
    let before = on.lab.containers(2, "web").await;
    assert_eq!(before.len(), 2, "Swarm spreads");
    on.drain(2, "op-web").await;
    on.lab.docker(1, &["service", "scale", "web=14"]).await;
    assert_eq!(on.lab.places("web").await.len(), 14);
    let mut during = on.lab.containers(2, "web").await;
    during.sort();
    let mut untouched = before.clone();
    untouched.sort();
    assert_eq!(during, untouched, "no new task, and the two that ran are the same two");
    on.activate(2).await;
    assert_eq!(on.lab.containers(2, "web").await.len(), 2, "nothing moves back by itself");
    on.lab.docker(1, &["service", "scale", "web=18"]).await;
    eventually("a new task comes to n2", 30, async || on.lab.containers(2, "web").await.len() > 2).await;
}

#[tokio::test]
async fn capacity_is_what_is_reserved_and_not_evaluated_where_nothing_is() {
    let on = OnTheLab::start().await;
    on.lab.service("sized", &["--constraint", "node.hostname==n2", "--reserve-memory", "64M", "--reserve-cpu", "0.25"]).await;
    on.lab.service("unsized", &["--constraint", "node.hostname==n3"]).await;
    let memory = async |number| on.node(number).await.report.resources.memory_reserved_bytes;
    eventually("the reservation is counted", 10, async || memory(2).await == Some(64 << 20)).await;
    eventually("the task that reserves nothing is seen", 10, async || memory(3).await.is_none()).await;
    let (sized, unsized_) = (on.node(2).await.report, on.node(3).await.report);
    assert_eq!(sized.resources.cpu_cores_reserved, Some(0.25));
    assert!(sized.resources.memory_total_bytes.is_some_and(|bytes| bytes > 1 << 28) && sized.resources.cpu_cores.is_some());
    assert_eq!(unsized_.workloads.total, Some(1));
    let notes = on.engine().drain_notes(&on.lab.id(2).await, &[]).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("the only replica of sized")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("not evaluated on 1 of them")), "{notes:?}");
    let manager = on.engine().drain_notes(&on.lab.id(1).await, &[]).await.unwrap();
    assert!(manager.iter().any(|note| note.contains("stays one") && note.contains("only manager")), "{manager:?}");
}

#[tokio::test]
async fn what_was_started_by_hand_is_listed_with_an_agent_and_not_evaluated_without() {
    let on = OnTheLab::start().await;
    on.lab.service("web", &["--constraint", "node.hostname==n2"]).await;
    let without = on.workloads(2).await;
    assert!(!without.complete, "nobody sees what was started by hand");
    assert_eq!(without.not_read, ["containers that were started by hand: no agent runs on this node"]);
    let id = on.lab.id(2).await;
    on.agents.tell(
        &id,
        ContainersReport { complete: true, containers: vec![by_hand()], orphaned_volumes: vec!["old".into()], ..ContainersReport::default() },
    );
    let with = on.workloads(2).await;
    assert!(with.complete, "{:?}", with.not_read);
    let names: Vec<(&str, WorkloadKind)> = with.workloads.iter().map(|workload| (workload.name.as_str(), workload.kind)).collect();
    assert_eq!(names, [("web.1", WorkloadKind::Task), ("backup", WorkloadKind::Container)]);
    assert_eq!(with.orphaned_volumes, ["old"]);
}

fn by_hand() -> ContainerReport {
    ContainerReport {
        id: "1".into(),
        name: "backup".into(),
        image: "lab:1".into(),
        state: "running".into(),
        since: None,
        labels: BTreeMap::new(),
        mounts: vec![MountReport {
            kind: MountKind::Volume,
            name: Some("dumps".into()),
            source: None,
            destination: "/dumps".into(),
            writable: true,
            driver: Some("local".into()),
            driver_options: BTreeMap::new(),
        }],
        restart_policy: "always".into(),
        auto_remove: false,
    }
}
