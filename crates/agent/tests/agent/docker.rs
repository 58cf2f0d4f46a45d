//! A real Docker engine with a stack as compose would make it.

use std::os::unix::fs::{PermissionsExt, chown};

use pitlane_api::{ContainerReport, ContainersReport, DataLives, MountKind, SignalState, rules::workload_from_container};
use rustix::process::Uid;

use crate::{
    lab::{Dockerd, Folder},
    plane::{Plane, Running, settings},
};

const NOBODY: u32 = 65534;

fn labels<'a>(project: &'a str, service: &'a str) -> Vec<String> {
    [("project", project), ("service", service), ("container-number", "1")]
        .iter()
        .map(|(key, value)| format!("--label=com.docker.compose.{key}={value}"))
        .collect()
}

/// A database on a named volume and a folder, a watcher with Docker's socket, a cache on an anonymous volume, one that has
/// ended, one on network storage, and a volume nobody uses.
fn compose_up(docker: &Dockerd) {
    let folder = docker.folder().join("srv-config");
    std::fs::create_dir_all(&folder).unwrap();
    let run = |name: &str, service: &str, args: &[&str]| {
        let labels = labels("shop", service);
        let all: Vec<&str> = labels.iter().map(String::as_str).chain(args.iter().copied()).collect();
        docker.run(name, &all);
    };
    let bind = format!("{}:/etc/postgres", folder.display());
    run("shop-postgres-1", "postgres", &["--restart=unless-stopped", "-v", "shop_pgdata:/var/lib/postgresql/data", "-v", &bind]);
    let socket = format!("{}:/var/run/docker.sock", docker.socket().display());
    run("shop-watcher-1", "watcher", &["-v", &socket]);
    run("shop-cache-1", "cache", &["-v", "/data", "--tmpfs", "/scratch"]);
    run("shop-once-1", "once", &["-v", "shop_once:/data"]);
    docker.docker(&["kill", "shop-once-1"]);
    docker.docker(&["volume", "create", "shop_left"]);
    // Nothing mounts it, so that the engine needs no NFS server; what counts is how it is told.
    let nfs = ["--opt", "type=nfs", "--opt", "o=addr=192.0.2.1,rw", "--opt", "device=:/export"];
    docker.docker(&[&["volume", "create"], &nfs[..], &["shop_nfs"]].concat());
}

fn container<'a>(list: &'a ContainersReport, name: &str) -> &'a ContainerReport {
    list.containers.iter().find(|container| container.name == name).unwrap_or_else(|| panic!("no {name} in {list:#?}"))
}

#[tokio::test]
async fn a_stack_is_told_as_it_is_and_docker_that_dies_is_a_fault() {
    let Some(mut docker) = Dockerd::start() else { return };
    compose_up(&docker);
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    let mut with = settings(&plane, &state);
    with.docker = Some(docker.socket().display().to_string());
    let agent = Running::start(with);

    let beat = plane.beat_where("Docker and its containers", |beat| beat.docker.state == SignalState::Ok && beat.containers.is_some()).await;
    assert_eq!(beat.docker.version.as_deref(), Some(docker.docker(&["version", "--format", "{{.Server.Version}}"]).as_str()));
    assert_eq!(beat.cannot_see, Vec::<String>::new());
    let list = beat.containers.unwrap();
    assert!(list.complete, "{:?}", list.not_read);
    assert_eq!(list.containers.len(), 4);

    let postgres = container(&list, "shop-postgres-1");
    assert_eq!((postgres.state.as_str(), postgres.restart_policy.as_str(), postgres.auto_remove), ("running", "unless-stopped", false));
    assert_eq!((postgres.image.as_str(), postgres.labels["com.docker.compose.service"].as_str()), ("bb:1", "postgres"));
    assert!(postgres.since.is_some_and(|since| since.as_second() > 1_700_000_000));
    let volume = postgres.mounts.iter().find(|mount| mount.kind == MountKind::Volume).unwrap();
    assert_eq!((volume.name.as_deref(), volume.driver.as_deref(), volume.writable), (Some("shop_pgdata"), Some("local"), true));
    assert!(volume.source.as_ref().is_some_and(|source| source.starts_with(docker.data_root().to_str().unwrap())));
    assert!(postgres.mounts.iter().any(|mount| mount.kind == MountKind::Bind && mount.destination == "/etc/postgres"));
    let workload = workload_from_container(postgres);
    assert!(workload.stateful && workload.volumes.iter().all(|volume| volume.data_lives == DataLives::ThisNodeOnly));

    assert!(!workload_from_container(container(&list, "shop-watcher-1")).stateful, "Docker's socket is not data");
    let cache = container(&list, "shop-cache-1");
    assert!(workload_from_container(cache).stateful, "an anonymous volume is data");
    let once = container(&list, "shop-once-1");
    assert_eq!((once.state.as_str(), once.restart_policy.as_str()), ("exited", "no"));
    assert!(workload_from_container(once).stateful, "what has ended still has its data");
    assert_eq!(list.orphaned_volumes, ["shop_left"], "the volume on the network is no orphan of this node");

    // What changes is told; what does not, is not sent again.
    docker.docker(&["pause", "shop-cache-1"]);
    docker.docker(&["update", "--restart", "always", "shop-cache-1"]);
    let changed = plane.beat_where("a paused cache", |beat| beat.containers.is_some()).await.containers.unwrap();
    assert_eq!(container(&changed, "shop-cache-1").state, "paused");
    docker.docker(&["rm", "-f", "shop-watcher-1"]);
    let fewer = plane.beat_where("a container less", |beat| beat.containers.as_ref().is_some_and(|list| list.containers.len() == 3)).await;
    assert!(fewer.containers.unwrap().complete);

    docker.kill();
    let dead = plane.beat_where("Docker gone", |beat| beat.docker.state == SignalState::Bad).await;
    assert!(dead.docker.expected && !dead.docker.detail.is_empty());
    let list = dead.containers.expect("the list is not whole any more, and that is news");
    assert!(!list.complete && list.containers.len() == 3, "the last known list, said to be such: {:?}", list.not_read);

    docker.up();
    let back = plane.beat_where("Docker back", |beat| beat.docker.state == SignalState::Ok).await;
    assert!(back.containers.is_some_and(|list| list.complete));
    agent.stop().await;
}

/// The thread gives up being root, and with it every capability, before the agent begins: the kernel then answers its
/// connection as it answers any user who is not in group docker.
#[test]
fn a_socket_that_may_not_be_read_is_unknown_in_words() {
    let Some(docker) = Dockerd::start() else { return };
    std::fs::set_permissions(docker.socket(), std::fs::Permissions::from_mode(0o660)).unwrap();
    let state = Folder::new("agent");
    chown(&state.0, Some(NOBODY), Some(NOBODY)).unwrap();
    // The engine and the folder stay with the test's own thread, which may remove them.
    let without_rights = || {
        rustix::thread::set_thread_res_uid(None, Uid::from_raw(NOBODY), None).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut plane = Plane::start().await;
            let mut with = settings(&plane, &state);
            with.docker = Some(docker.socket().display().to_string());
            let agent = Running::start(with);
            let beat = plane.next_beat().await;
            let words = format!("permission denied on {}; add the agent's user to group docker", docker.socket().display());
            assert_eq!(beat.docker.state, SignalState::Unknown);
            assert_eq!(beat.docker.detail, words);
            assert!(beat.cannot_see.iter().any(|line| line.contains(&words)), "{:?}", beat.cannot_see);
            let list = beat.containers.unwrap();
            assert!(!list.complete && list.not_read.iter().any(|line| line.contains(&words)), "not evaluated, never none");
            assert!(beat.resources.memory_total_bytes.is_some(), "the rest is seen without root");
            agent.stop().await;
        });
    };
    std::thread::scope(|scope| scope.spawn(without_rights).join()).unwrap();
}
