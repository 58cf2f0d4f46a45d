//! What is kept of a node's day: the charts' samples, the version before an upgrade, and the bundle for who is to help.

use std::time::Duration;

use pitlane_api::*;

use super::world::*;
use crate::fleet::clock::{Clock, plus};

/// A world whose clock stands at the beginning of a bucket.
async fn world() -> World {
    let now = Timestamp::now().as_second();
    let start = Timestamp::from_second(now - now % 300).unwrap();
    World::with(|settings| settings.clock = Clock::manual(plus(start, Duration::ZERO))).await
}

#[tokio::test]
async fn five_minutes_hold_the_worst_that_was_seen_and_silence_is_no_flat_line() {
    let world = world().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.live(&mut hosts, 299);
    hosts[0].report.docker = service(SignalState::Bad);
    world.live(&mut hosts, 10);
    hosts[0].report.docker = service(SignalState::Ok);
    world.live(&mut hosts, 291);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    world.wait(700);
    let id = hosts[0].id.clone();
    assert!(
        world.until(async || world.fleet.samples(&id, None).await.unwrap().samples.iter().filter(|sample| sample.expected > 0).count() == 5).await
    );

    let day = world.fleet.samples(&id, None).await.unwrap();
    let docker: Vec<SignalState> = day.samples.iter().map(|sample| sample.signals["Docker"]).collect();
    assert_eq!(docker[..3], [SignalState::Ok, SignalState::Bad, SignalState::Unknown]);
    assert_eq!(day.samples.iter().map(|sample| sample.maintenance).collect::<Vec<_>>()[..3], [false, false, true]);
    assert_eq!(day.samples[1].cpu_percent, Some(10.0));
    let silent = day.samples.last().unwrap();
    assert_eq!((silent.beats, silent.health, silent.cpu_percent, silent.disk_percent), (0, Health::Offline, None, None));
    assert!(silent.expected > 0, "the server watched, and nothing came");
    assert!(!day.samples[0].signals.contains_key("CPU"), "figures have charts of their own");
}

#[tokio::test]
async fn beats_are_folded_in_between_the_seconds_and_each_is_counted_once() {
    let world = world().await;
    let mut host = world.enrol("a").await;
    for _ in 0..4 {
        world.beat_one(&mut host);
        let at = world.settings.clock.now();
        world.settings.clock.advance(Duration::from_millis(200));
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.node(&host.id).last_heartbeat_at, Some(at), "the beat waits for the second to be over");
        assert_eq!((world.node(&host.id).health, world.fleet.info().counts.healthy), (Health::Healthy, 1), "nodes and counts tell the same");
    }
    world.fleet.tick();
    let day = world.fleet.samples(&host.id, None).await.unwrap();
    assert_eq!(day.samples.iter().map(|sample| sample.beats).sum::<u32>(), 4, "the first one came before the node was watched");
}

#[tokio::test]
async fn the_version_before_an_upgrade_survives_a_restart_and_a_refused_activation() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    hosts[0].report.agent_version = "0.9.0".into();
    world.beat(&mut hosts);
    world.fleet.tick();
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    let kept = |world: &World| world.node(&hosts[0].id).maintenance.and_then(|maintenance| maintenance.version);
    assert_eq!(kept(&world).as_deref(), Some("0.9.0"));

    let mut upgraded = hosts.clone();
    upgraded[0].report.agent_version = "1.0.0".into();
    world.beat(&mut upgraded);
    world.fleet.tick();
    assert_eq!(kept(&world).as_deref(), Some("0.9.0"), "the version when it was drained, whatever it has now");
    world.crash_and_start().await;
    assert_eq!(kept(&world).as_deref(), Some("0.9.0"));
    world.outside(&hosts[0], Scheduling::Schedulable).await;
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Schedulable).await);
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Maintenance).await);
    assert_eq!(kept(&world), None, "somebody else's maintenance is not the one that was remembered");
}

#[tokio::test]
async fn the_bundle_says_what_is_and_what_was_not_read_and_nothing_of_people() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    hosts[0].report.labels = [("os".to_owned(), "Debian 12".to_owned())].into();
    hosts[0].report.caddy = ServiceReport { detail: "no answer, Authorization: Basic YWRhOmh1bnRlcjI=".into(), ..service(SignalState::Bad) };
    world.beat(&mut hosts);
    world.fleet.tick();
    let request = DrainRequest { reason: "reboot \u{202e}\nask ada@example.org, password=hunter2".into(), ..drain_request() };
    let operation = world.fleet.drain(&hosts[0].id, request, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    world.activity().await;
    let bundle = world.fleet.diagnostics(&hosts[0].id, Vec::new()).await.unwrap();
    for said in [
        "Pitlane diagnostics of a",
        "Agent                1.0.0",
        "Scheduling           maintenance",
        "Signal               Caddy: bad, since ",
        "beat every 5 s",
        "Reason               [left out]",
        "Label                role=[left out]",
        "Label                os=Debian 12",
        "== What was left out\nreasons              3\nvalues of labels     1\ntexts within the activity log 2\nAsk for them with include=reasons,labels,activity, ",
        "From healthy to degraded: [left out] [left out].",
        "== Planned drain\nnone",
        "Watched              1 of 288",
        "drain_requested by person: Asked for a drain.",
        "All                  1",
        "everything was read",
    ] {
        assert!(bundle.contains(said), "{said:?} is missing in\n{bundle}");
    }
    for secret in ["ada", "192.0.2.1", "hunter2", "YWRh", "edge", "\u{1b}", "\u{202e}", &hosts[0].token] {
        assert!(!bundle.contains(secret), "{secret:?} stands in\n{bundle}");
    }

    // What is asked for by name is there, without what has the form of a secret.
    let all = world.fleet.diagnostics(&hosts[0].id, DiagnosticsPart::ALL.to_vec()).await.unwrap();
    for said in ["Reason               reboot  ask [removed] password=[removed]", "role=edge", "== What was left out\nnothing"] {
        assert!(all.contains(said), "{said:?} is missing in\n{all}");
    }
    assert!(!all.contains("hunter2") && !all.contains("ada"), "{all}");

    world.engine.away();
    let bundle = world.fleet.diagnostics(&hosts[0].id, Vec::new()).await.unwrap();
    assert!(bundle.contains("workloads: ") && bundle.contains("no: what follows may be too little"), "{bundle}");
    assert!(matches!(world.fleet.diagnostics(&"nobody".into(), Vec::new()).await, Err(crate::fleet::Error::NotFound(_))));
}
