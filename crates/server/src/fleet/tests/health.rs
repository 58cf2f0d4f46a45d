//! Health follows the heartbeat and the signals, second by second.

use pitlane_api::*;

use super::world::*;
use crate::store::Store;

#[tokio::test]
async fn pending_until_the_first_clean_beat() {
    let mut world = World::new().await;
    let mut host = world.enrol("a").await;
    assert_eq!((world.node(&host.id).health, world.node(&host.id).heartbeat.state), (Health::Pending, HeartbeatState::Never));
    world.wait(100);
    assert_eq!(world.node(&host.id).health, Health::Pending, "silence does not make it offline");
    host.report.docker = service(SignalState::Bad);
    world.beat_one(&mut host);
    world.fleet.tick();
    assert_eq!(world.node(&host.id).health, Health::Pending, "a beat that is not clean does not confirm it");
    host.report.docker = service(SignalState::Ok);
    world.beat_one(&mut host);
    world.fleet.tick();
    assert_eq!((world.node(&host.id).health, world.node(&host.id).status), (Health::Healthy, Status::Healthy));
    assert_eq!(world.count(ActivityKind::HealthChanged).await, 1);
    assert!(world.store.agents().await.unwrap()[0].confirmed_at.is_some());

    // Confirmed once is confirmed: after a restart silence is silence.
    world.crash_and_start().await;
    world.wait(31);
    assert_eq!(world.node(&host.id).health, Health::Offline);
}

#[tokio::test]
async fn late_then_offline_then_back() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.live(&mut hosts, 20);
    let (silent, other) = hosts.split_at_mut(1);
    let node = || world.node(&silent[0].id);
    world.live(other, 15);
    assert_eq!((node().heartbeat.state, node().health), (HeartbeatState::Fresh, Health::Healthy));
    world.live(other, 1);
    assert_eq!((node().heartbeat.state, node().health), (HeartbeatState::Late, Health::Healthy));
    assert!(node().takes_placements);
    world.live(other, 15);
    assert_eq!((node().heartbeat.state, node().health, node().status), (HeartbeatState::Stale, Health::Offline, Status::Offline));
    assert!(!node().takes_placements);
    assert_eq!(world.fleet.info().counts.offline, 1);
    assert_eq!(node().heartbeat.recent.iter().rev().take_while(|beat| **beat == 0).count(), 5);
    assert_eq!(world.count(ActivityKind::HeartbeatLost).await, 1);
    let mut silent = silent.to_vec();
    world.live(&mut silent, 5);
    assert_eq!(world.node(&silent[0].id).health, Health::Healthy);
    assert_eq!(world.count(ActivityKind::HeartbeatBack).await, 1);
}

#[tokio::test]
async fn offline_counts_from_the_start_of_the_server() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.live(&mut hosts, 20);
    // Down for an hour: nobody was watched, so nobody is offline yet, and nobody is fresh either.
    world.fleet.shutdown().await;
    world.settings.clock.advance(std::time::Duration::from_secs(3600));
    world.crash_and_start().await;
    let node = |world: &World| world.node(&hosts[0].id);
    assert_eq!((node(&world).heartbeat.state, node(&world).health), (HeartbeatState::Late, Health::Healthy));
    world.wait(30);
    assert_eq!(node(&world).health, Health::Healthy);
    world.wait(1);
    assert_eq!(node(&world).health, Health::Offline);
}

#[tokio::test]
async fn a_full_disk_degrades_and_does_not_stop_placements() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    hosts[0].report.resources.disks[0].used_bytes = 91 << 30;
    world.live(&mut hosts, 5);
    let node = world.node(&hosts[0].id);
    assert_eq!((node.health, node.takes_placements), (Health::Degraded, true));
    let entry = world.activity().await.into_iter().rfind(|entry| entry.kind == ActivityKind::HealthChanged).unwrap();
    assert!(entry.message.contains("degraded") && entry.message.contains("Disk"), "{}", entry.message);
}

#[tokio::test]
async fn an_agent_that_was_stopped_on_purpose_is_told_as_that() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    hosts[0].report.stopping = true;
    world.beat(&mut hosts);
    world.wait(31);
    let entry = world.activity().await.into_iter().find(|entry| entry.kind == ActivityKind::HeartbeatLost).unwrap();
    assert!(entry.message.contains("on purpose"));
}

#[tokio::test]
async fn overdue_is_counted() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let back = world.settings.clock.now().checked_add(jiff::SignedDuration::from_secs(60)).unwrap();
    let request = DrainRequest { expected_back_at: Some(back), ..drain_request() };
    let operation = world.fleet.drain(&hosts[0].id, request, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((world.fleet.info().counts.maintenance, world.fleet.info().counts.overdue), (1, 0));
    world.live(&mut hosts, 61);
    assert_eq!(world.fleet.info().counts.overdue, 1);
}

fn beats(samples: &Samples) -> u32 {
    samples.samples.iter().map(|sample| sample.beats).sum()
}

/// A fleet whose five minutes are over after so many seconds.
async fn five_minutes_end_in(seconds: i64) -> World {
    let now = Timestamp::from_second(1_800_000_000 - seconds).unwrap();
    World::with(|settings| settings.clock = crate::fleet::Clock::manual(now)).await
}

/// The store is slower than whoever looks.
#[tokio::test]
async fn five_minutes_that_are_over_are_there_before_they_are_kept() {
    let mut world = five_minutes_end_in(150).await;
    let mut hosts = world.hosts(&["a"]).await;
    world.live(&mut hosts, 125);
    world.fleet.shutdown().await;
    world.crash_and_start().await;
    world.live(&mut hosts, 50);
    let seen = world.fleet.samples(&hosts[0].id, None).await.unwrap();
    assert_eq!((seen.samples.len(), beats(&seen)), (2, 36), "{seen:?}");
    world.fleet.keep_samples_and_reports().await;
    assert_eq!(world.fleet.samples(&hosts[0].id, None).await.unwrap().samples, seen.samples);
}

#[tokio::test]
async fn five_minutes_that_end_at_a_shutdown_are_kept() {
    let mut world = five_minutes_end_in(30).await;
    let mut hosts = world.hosts(&["a"]).await;
    world.live(&mut hosts, 30);
    world.fleet.shutdown().await;
    world.crash_and_start().await;
    assert_eq!(beats(&world.fleet.samples(&hosts[0].id, None).await.unwrap()), 7);
}

#[tokio::test]
async fn five_minutes_become_a_sample_that_survives_a_restart() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    world.live(&mut hosts, 120);
    hosts[0].report.resources.cpu_percent = Some(80.0);
    world.live(&mut hosts, 5);
    let expected = |samples: &Samples| samples.samples.iter().map(|sample| sample.expected).sum::<u32>();
    let all = async || beats(&world.fleet.samples(&hosts[0].id, None).await.unwrap()) == 26;
    assert!(world.until(all).await);
    let before = world.fleet.samples(&hosts[0].id, None).await.unwrap();
    assert_eq!(before.bucket_s, 300);
    assert!((24..=25).contains(&expected(&before)), "{before:?}");
    assert_eq!(before.samples.iter().filter_map(|sample| sample.cpu_percent).fold(0.0, f64::max), 80.0);

    world.fleet.shutdown().await;
    world.crash_and_start().await;
    world.live(&mut hosts, 50);
    world.fleet.keep_samples_and_reports().await;
    let after = world.fleet.samples(&hosts[0].id, None).await.unwrap();
    assert_eq!(beats(&after), 36, "{after:?}");
    let since = world.settings.clock.now();
    assert!(world.fleet.samples(&hosts[0].id, Some(since)).await.unwrap().samples.len() <= 1);
}
