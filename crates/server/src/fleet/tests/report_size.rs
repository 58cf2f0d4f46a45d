//! What one agent can make the server keep, and send to every browser.

use std::collections::BTreeMap;

use futures::{FutureExt, StreamExt, stream::BoxStream};
use pitlane_api::{
    rules::report_bounds::{self as bounds, EVENT_BYTES_MAX, json_bytes, json_bytes_of},
    *,
};
use proptest::prelude::*;

use super::world::*;
use crate::fleet::{Error, Frame};

/// Bytes of every frame that is there already.
fn bytes_now(frames: &mut BoxStream<'static, std::sync::Arc<Frame>>) -> usize {
    let mut bytes = 0;
    while let Some(Some(frame)) = frames.next().now_or_never() {
        // As it goes over the wire, with the lines around it.
        bytes += frame.data.len() + frame.id.len() + frame.event.len() + "id: \nevent: \ndata: \n\n".len();
    }
    bytes
}

/// A text that is as long as it may be, and another one for another `turn`.
fn filled(filler: char, turn: usize, max: usize) -> String {
    let turn = turn.to_string();
    let left = max.saturating_sub(turn.len());
    format!("{turn}{}", filler.to_string().repeat(left / json_bytes_of(filler)))
}

/// Labels that are as large as they may be together.
fn labels(filler: char, turn: usize, count: usize) -> BTreeMap<String, String> {
    let each = bounds::LABELS_BYTES_MAX / count;
    let label = |n: usize| {
        let key = format!("{}{n}", ["a", "b"][turn % 2]);
        let value = filled(filler, turn, each - key.len() - 6);
        (key, value)
    };
    (0..count).map(label).collect()
}

/// An agent that says as much as it may, and something else with each beat.
fn loud(filler: char, turn: usize, labels_count: usize) -> HeartbeatRequest {
    let service = |state| ServiceReport {
        state,
        expected: true,
        version: Some(filled(filler, turn, bounds::VERSION_MAX)),
        detail: filled(filler, turn, bounds::DETAIL_MAX),
    };
    let state = if turn.is_multiple_of(2) { SignalState::Ok } else { SignalState::Bad };
    let full = if turn.is_multiple_of(2) { bounds::DISK_MAX / 3 } else { bounds::DISK_MAX };
    let disk = |_| Disk {
        role: filled(filler, turn, bounds::DISK_ROLE_MAX),
        mount: filled(filler, turn, bounds::DISK_MOUNT_MAX),
        total_bytes: bounds::DISK_MAX,
        used_bytes: full - turn as u64,
    };
    HeartbeatRequest {
        seq: u64::MAX - 100 + turn as u64,
        boot_id: Some(filled(filler, turn, bounds::ID_MAX)),
        clock: if turn.is_multiple_of(2) { Timestamp::UNIX_EPOCH } else { Timestamp::MAX },
        agent_version: filled(filler, turn, bounds::VERSION_MAX),
        resources: Resources {
            cpu_cores: Some(12_345.678_901_234_567),
            cpu_percent: Some(98.765_432_109_876_54),
            memory_total_bytes: Some(bounds::MEMORY_MAX),
            memory_used_bytes: Some(if turn.is_multiple_of(2) { bounds::MEMORY_MAX / 3 } else { bounds::MEMORY_MAX }),
            disks: (0..bounds::DISKS_MAX).map(disk).collect(),
            cpu_cores_reserved: Some(12_345.678_901_234_567),
            memory_reserved_bytes: Some(bounds::MEMORY_MAX - turn as u64),
        },
        docker: service(state),
        caddy: service(state),
        containers: Some(containers(vec![ContainerReport {
            name: filled(filler, turn, bounds::CONTAINER_WORD_MAX),
            image: filled(filler, turn, bounds::CONTAINER_WORD_MAX),
            ..container("web", Some(&filled(filler, turn, bounds::CONTAINER_WORD_MAX)))
        }])),
        cannot_see: vec![filled(filler, turn, bounds::REMARK_MAX); bounds::REMARKS_MAX],
        labels: labels(filler, turn, labels_count),
        stopping: false,
    }
}

async fn costs_at_most_the_bound(filler: char, simulated: bool, labels_count: usize) {
    let world = World::new().await;
    let enrolment = EnrollRequest {
        name: filled(filler, 0, bounds::NAME_MAX),
        region: Some(filled(filler, 0, bounds::WORD_MAX)),
        public_ip: Some(filled(filler, 0, bounds::WORD_MAX)),
        overlay_ip: Some(filled(filler, 0, bounds::WORD_MAX)),
        labels: labels(filler, 7, labels_count),
        agent_version: filled(filler, 0, bounds::VERSION_MAX),
        ..enrolment("loud", TOKEN, simulated)
    };
    let token = world.fleet.enroll(enrolment, None).await.unwrap().agent_token;
    world.activity().await;
    world.fleet.tick();
    let mut frames = world.fleet.subscribe(None);
    bytes_now(&mut frames);
    for turn in 0..36 {
        world.settings.clock.advance(std::time::Duration::from_secs(5));
        world.fleet.take_in_heartbeat(&token, loud(filler, turn, labels_count)).unwrap();
        // What happened is written, and what was written is told.
        world.fleet.tick();
        world.activity().await;
        world.fleet.tick();
        let bytes = bytes_now(&mut frames);
        assert!(bytes > 1_000, "beat {turn} of {filler:?} was not sent");
        assert!(bytes <= EVENT_BYTES_MAX, "beat {turn} of {filler:?} costs a browser {bytes} bytes");
    }
}

#[tokio::test]
async fn the_longest_beat_costs_each_browser_at_most_8_kib() {
    for filler in ['a', '"', '\\', '😀'] {
        for simulated in [false, true] {
            for count in [8, bounds::LABELS_MAX] {
                costs_at_most_the_bound(filler, simulated, count).await;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_a_valid_beat_is_made_of_it_costs_each_browser_at_most_8_kib(filler in any::<char>(), count in 1_usize..=bounds::LABELS_MAX) {
        prop_assume!(!bounds::steers_the_text(filler));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(costs_at_most_the_bound(filler, false, count));
    }
}

/// Where a beat is refused, and for which field.
fn refused_for(world: &World, host: &Host, adjust: impl FnOnce(&mut HeartbeatRequest)) -> String {
    let mut beat = HeartbeatRequest { seq: 100, ..clean_report() };
    adjust(&mut beat);
    match world.fleet.take_in_heartbeat(&host.token, beat) {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

fn the_containers(beat: &mut HeartbeatRequest) -> &mut ContainersReport {
    beat.containers.get_or_insert_default()
}

/// The first mount of a container that stands at this place of the list.
fn the_mount(beat: &mut HeartbeatRequest, place: usize) -> &mut MountReport {
    let list = &mut the_containers(beat).containers;
    list.clear();
    list.extend((0..=place).map(|n| container(&format!("c{n}"), Some("data"))));
    &mut list[place].mounts[0]
}

#[tokio::test]
async fn each_field_of_a_beat_has_a_bound_and_a_refusal_that_names_it() {
    let world = World::new().await;
    let host = world.hosts(&["a"]).await.remove(0);
    let long = || "x".repeat(4 << 20);
    type Adjust<'a> = Box<dyn FnOnce(&mut HeartbeatRequest) + 'a>;
    let wrong: Vec<(&str, Adjust<'_>)> = vec![
        ("boot_id", Box::new(|beat| beat.boot_id = Some(long()))),
        ("clock", Box::new(|beat| beat.clock = Timestamp::MIN)),
        ("agent_version", Box::new(|beat| beat.agent_version = long())),
        ("agent_version", Box::new(|beat| beat.agent_version = String::new())),
        ("resources.cpu_cores", Box::new(|beat| beat.resources.cpu_cores = Some(1e300))),
        ("resources.cpu_cores", Box::new(|beat| beat.resources.cpu_cores = Some(f64::NAN))),
        ("resources.cpu_percent", Box::new(|beat| beat.resources.cpu_percent = Some(-0.1))),
        ("resources.cpu_cores_reserved", Box::new(|beat| beat.resources.cpu_cores_reserved = Some(f64::INFINITY))),
        ("resources.memory_total_bytes", Box::new(|beat| beat.resources.memory_total_bytes = Some(u64::MAX))),
        ("resources.memory_used_bytes", Box::new(|beat| beat.resources.memory_used_bytes = Some(u64::MAX))),
        ("resources.memory_reserved_bytes", Box::new(|beat| beat.resources.memory_reserved_bytes = Some(u64::MAX))),
        ("resources.disks", Box::new(|beat| beat.resources.disks = vec![beat.resources.disks[0].clone(); bounds::DISKS_MAX + 1])),
        ("resources.disks[0].role", Box::new(|beat| beat.resources.disks[0].role = long())),
        ("resources.disks[0].mount", Box::new(|beat| beat.resources.disks[0].mount = long())),
        ("resources.disks[0].total_bytes", Box::new(|beat| beat.resources.disks[0].total_bytes = u64::MAX)),
        ("resources.disks[0].used_bytes", Box::new(|beat| beat.resources.disks[0].used_bytes = u64::MAX)),
        ("docker.version", Box::new(|beat| beat.docker.version = Some(long()))),
        ("docker.detail", Box::new(|beat| beat.docker.detail = long())),
        ("docker.detail", Box::new(|beat| beat.docker.detail = "\u{1b}[2J".into())),
        ("caddy.version", Box::new(|beat| beat.caddy.version = Some("2\u{202e}".into()))),
        ("caddy.detail", Box::new(|beat| beat.caddy.detail = "\"".repeat(bounds::DETAIL_MAX / 2 + 1))),
        ("cannot_see", Box::new(|beat| beat.cannot_see = vec![String::new(); bounds::REMARKS_MAX + 1])),
        ("cannot_see[1]", Box::new(|beat| beat.cannot_see = vec![String::new(), long()])),
        ("labels", Box::new(|beat| beat.labels = (0..=bounds::LABELS_MAX).map(|n| (n.to_string(), String::new())).collect())),
        ("labels", Box::new(|beat| beat.labels = [(long(), String::new())].into())),
        ("labels", Box::new(|beat| beat.labels = [("a".into(), "x".repeat(600)), ("b".into(), "x".repeat(600))].into())),
        ("labels.os", Box::new(|beat| beat.labels = [("os".into(), long())].into())),
        ("containers.not_read", Box::new(|beat| the_containers(beat).not_read = vec![String::new(); bounds::REMARKS_MAX + 1])),
        ("containers.not_read[0]", Box::new(|beat| the_containers(beat).not_read = vec![long()])),
        ("containers.containers", Box::new(|beat| the_containers(beat).containers = vec![container("a", None); bounds::CONTAINERS_MAX + 1])),
        ("containers.containers[0].id", Box::new(|beat| the_containers(beat).containers[0].id = long())),
        ("containers.containers[0].name", Box::new(|beat| the_containers(beat).containers[0].name = "a\nb".into())),
        ("containers.containers[0].image", Box::new(|beat| the_containers(beat).containers[0].image = long())),
        ("containers.containers[0].state", Box::new(|beat| the_containers(beat).containers[0].state = long())),
        ("containers.containers[0].since", Box::new(|beat| the_containers(beat).containers[0].since = Some(Timestamp::MIN))),
        ("containers.containers[0].restart_policy", Box::new(|beat| the_containers(beat).containers[0].restart_policy = long())),
        ("containers.containers[0].labels.a", Box::new(|beat| the_containers(beat).containers[0].labels = [("a".into(), long())].into())),
        (
            "containers.containers[0].mounts",
            Box::new(|beat| {
                let mount = the_mount(beat, 0).clone();
                the_containers(beat).containers[0].mounts = vec![mount; bounds::MOUNTS_MAX + 1];
            }),
        ),
        ("containers.containers[17].mounts[0].name", Box::new(|beat| the_mount(beat, 17).name = Some(long()))),
        ("containers.containers[0].mounts[0].source", Box::new(|beat| the_mount(beat, 0).source = Some(long()))),
        ("containers.containers[0].mounts[0].destination", Box::new(|beat| the_mount(beat, 0).destination = long())),
        ("containers.containers[0].mounts[0].driver", Box::new(|beat| the_mount(beat, 0).driver = Some(long()))),
        ("containers.containers[0].mounts[0].driver_options.o", Box::new(|beat| the_mount(beat, 0).driver_options = [("o".into(), long())].into())),
        ("containers.orphaned_volumes", Box::new(|beat| the_containers(beat).orphaned_volumes = vec![String::new(); bounds::ORPHANS_MAX + 1])),
        ("containers.orphaned_volumes[0]", Box::new(|beat| the_containers(beat).orphaned_volumes = vec![long()])),
    ];
    for (field, adjust) in wrong {
        assert_eq!(refused_for(&world, &host, adjust), field);
    }
}

#[tokio::test]
async fn each_field_of_an_enrolment_has_a_bound_and_a_refusal_that_names_it() {
    let world = World::new().await;
    let long = || "x".repeat(4 << 20);
    type Adjust<'a> = Box<dyn FnOnce(&mut EnrollRequest) + 'a>;
    let wrong: Vec<(&str, Adjust<'_>)> = vec![
        ("token", Box::new(|request| request.token = long())),
        ("name", Box::new(|request| request.name = "a\u{202e}b".into())),
        ("machine_id", Box::new(|request| request.machine_id = long())),
        ("engine_node_id", Box::new(|request| request.engine_node_id = Some(long()))),
        ("region", Box::new(|request| request.region = Some(long()))),
        ("public_ip", Box::new(|request| request.public_ip = Some(long()))),
        ("overlay_ip", Box::new(|request| request.overlay_ip = Some(long()))),
        ("agent_version", Box::new(|request| request.agent_version = long())),
        ("labels.os", Box::new(|request| request.labels = [("os".into(), long())].into())),
    ];
    for (wrong, adjust) in wrong {
        let mut request = enrolment("a", TOKEN, false);
        adjust(&mut request);
        match world.fleet.enroll(request, None).await {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, wrong),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_node_whose_reports_are_refused_does_not_go_offline_without_a_word() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    let mut frames = world.fleet.subscribe(None);
    bytes_now(&mut frames);
    // A stranger with nonsense is a stranger.
    let nonsense = |host: &Host| HeartbeatRequest {
        seq: host.seq + 1,
        docker: ServiceReport { detail: "x".repeat(4 << 20), ..clean_report().docker },
        ..clean_report()
    };
    assert!(matches!(world.fleet.take_in_heartbeat("nobody", nonsense(&hosts[0])), Err(Error::Unauthorized(_))));
    for _ in 0..60 {
        world.settings.clock.advance(std::time::Duration::from_secs(1));
        assert!(matches!(world.fleet.take_in_heartbeat(&hosts[0].token, nonsense(&hosts[0])), Err(Error::Invalid { .. })));
        world.fleet.tick();
    }
    assert!(bytes_now(&mut frames) < 60 * 4_096, "what is refused is sent to nobody");
    assert_eq!(world.node(&hosts[0].id).health, Health::Offline);
    let lost = |entry: &&ActivityEntry| entry.kind == ActivityKind::HeartbeatLost;
    let entries = world.activity().await;
    let last = entries.iter().rfind(lost).unwrap();
    assert!(last.message.contains("refuses what it reports because of docker.detail"), "{}", last.message);
    // Once it is taken again, nothing of that is left.
    world.live(&mut hosts, 10);
    world.wait(60);
    let entries = world.activity().await;
    assert_eq!(entries.iter().rfind(lost).unwrap().message, "Offline: the heartbeat stopped.");
}

#[tokio::test]
async fn what_an_agent_of_no_node_says_is_not_piled_up() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    for boot in 0..1_000 {
        hosts[0].report.boot_id = Some(format!("boot-{boot}"));
        world.beat_one(&mut hosts[0]);
    }
    let engine_node_id = world.node(&hosts[0].id).engine_node_id;
    assert!(world.fleet.agents.take_news(&engine_node_id).len() <= 8);
}

#[tokio::test]
async fn the_list_of_containers_is_sent_to_nobody_who_has_not_asked() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    let mut frames = world.fleet.subscribe(None);
    bytes_now(&mut frames);
    let many = (0..1_000).map(|n| ContainerReport { image: "x".repeat(500), ..container(&format!("c{n}"), Some("data")) });
    hosts[0].report.containers = Some(containers(many.collect()));
    world.beat(&mut hosts);
    world.fleet.tick();
    let bytes = bytes_now(&mut frames);
    assert!(bytes > 0 && bytes < EVENT_BYTES_MAX, "{bytes}");
    let list = world.fleet.workloads(&hosts[0].id).await.unwrap();
    assert_eq!(list.workloads.len(), 1_000);
    let kept = serde_json::to_string(&list).unwrap();
    assert!(kept.len() < 2 << 20, "{}", kept.len());
    assert!(json_bytes(&kept) > 500_000);
}
