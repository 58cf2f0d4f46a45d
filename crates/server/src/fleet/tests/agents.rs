//! Enrolment, tokens, and what a beat gives away.

use pitlane_api::*;
use std::time::Duration;

use super::world::*;
use crate::{
    fleet::Error,
    store::{EnrolmentToken, SecretHash, Store},
};

pub(super) async fn token(world: &World, secret: &str, adjust: impl FnOnce(&mut EnrolmentToken)) {
    let mut token = EnrolmentToken {
        id: secret.into(),
        hash: SecretHash::of(secret),
        multi_use: false,
        allow_replace: false,
        engine_node_id: None,
        created_by: "test".into(),
        created_at: world.settings.clock.now(),
        expires_at: Timestamp::MAX,
        used_at: None,
    };
    adjust(&mut token);
    world.store.create_enrolment_token(&token, &[]).await.unwrap();
}

#[tokio::test]
async fn a_single_use_token_is_used_once() {
    let world = World::new().await;
    token(&world, "once", |_| {}).await;
    let first = world.fleet.enroll(enrolment("a", "once", false), None).await.unwrap();
    assert_eq!(world.node(&first.node_id).health, Health::Pending);
    assert!(matches!(world.fleet.enroll(enrolment("b", "once", false), None).await, Err(Error::Unauthorized(_))));
    assert!(matches!(world.fleet.enroll(enrolment("b", "guessed", false), None).await, Err(Error::Unauthorized(_))));

    // The first answer got lost on its way: the same machine may ask again until it has beaten.
    let again = world.fleet.enroll(enrolment("a", "once", false), None).await.unwrap();
    assert_eq!(again.node_id, first.node_id);
    assert!(matches!(world.fleet.take_in_heartbeat(&first.agent_token, clean_report()), Err(Error::Unauthorized(_))));
    world.fleet.take_in_heartbeat(&again.agent_token, clean_report()).unwrap();
    assert_eq!(world.count(ActivityKind::NodeEnrolled).await, 2);
}

#[tokio::test]
async fn tokens_expire_and_are_bound() {
    let world = World::new().await;
    token(&world, "expired", |token| token.expires_at = world.settings.clock.now()).await;
    assert!(matches!(world.fleet.enroll(enrolment("a", "expired", false), None).await, Err(Error::Unauthorized(_))));
    let names =
        [("name", enrolment("", TOKEN, false)), ("name", enrolment("a\u{7}b", TOKEN, false)), ("name", enrolment(&"x".repeat(129), TOKEN, false))];
    for (wrong, request) in names {
        match world.fleet.enroll(request, None).await {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, wrong),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_second_claimant_needs_an_admin() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    assert!(matches!(world.fleet.enroll(enrolment("a", TOKEN, false), None).await, Err(Error::AlreadyClaimed { node_name }) if node_name == "a"));
    assert!(world.beat_one(&mut hosts[0]).heartbeat_every_s > 0, "the one that has it keeps it");

    // New hardware takes the place of the old, with a token that an admin made for it.
    let engine_node_id = world.node(&hosts[0].id).engine_node_id;
    token(&world, "replace", |token| {
        token.allow_replace = true;
        token.engine_node_id = Some(engine_node_id);
    })
    .await;
    let taken = world.fleet.enroll(EnrollRequest { name: "a2".into(), ..enrolment("new", "replace", false) }, None).await.unwrap();
    assert_eq!(taken.node_id, hosts[0].id);
    assert_eq!(world.node(&hosts[0].id).name, "a2");
    assert!(matches!(world.fleet.take_in_heartbeat(&hosts[0].token, clean_report()), Err(Error::Unauthorized(_))));
    let list = world.fleet.workloads(&taken.node_id).await.unwrap();
    assert!(!list.complete && list.workloads.is_empty(), "the word of the old machine is not the new one's");
}

#[tokio::test]
async fn containers_are_asked_for_when_they_are_not_known() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    let id = hosts[0].id.clone();
    assert_eq!(world.node(&id).workload_counts, WorkloadCounts { total: Some(1), stateful: Some(0) });
    hosts[0].report.containers = None;
    assert!(!world.beat_one(&mut hosts[0]).send_containers, "unchanged since the last beat");
    assert_eq!(world.fleet.workloads(&id).await.unwrap().workloads.len(), 1);

    // A new run of the agent does not know what the last one said.
    hosts[0].seq = 0;
    assert!(world.beat_one(&mut hosts[0]).send_containers);
    assert!(!world.fleet.workloads(&id).await.unwrap().complete);
    world.fleet.tick();
    assert_eq!(world.node(&id).workload_counts, WorkloadCounts::default(), "not evaluated, never none");

    // Nor does a new run of the server.
    hosts[0].report.containers = Some(containers(vec![]));
    world.beat(&mut hosts);
    hosts[0].report.containers = None;
    world.crash_and_start().await;
    assert!(world.beat_one(&mut hosts[0]).send_containers);
}

#[tokio::test]
async fn a_reboot_and_an_update_are_told() {
    let world = World::with(|settings| settings.server_version = "2.0.0".into()).await;
    let mut hosts = world.hosts(&["a"]).await;
    assert_eq!(world.node(&hosts[0].id).agent_update.as_deref(), Some("2.0.0"));
    assert_eq!(world.node(&hosts[0].id).health, Health::Healthy, "an agent that is behind informs and never blocks");
    hosts[0].report.boot_id = Some("boot-2".into());
    hosts[0].report.agent_version = "2.0.0".into();
    world.live(&mut hosts, 5);
    assert_eq!((world.count(ActivityKind::Rebooted).await, world.count(ActivityKind::AgentUpdated).await), (1, 1));
    assert_eq!(world.node(&hosts[0].id).agent_update, None);
}

#[tokio::test]
async fn a_clock_that_is_off_is_said() {
    let world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let ahead = world.settings.clock.now().checked_add(jiff::SignedDuration::from_secs(45)).unwrap();
    let answer = world.fleet.take_in_heartbeat(&hosts[0].token, HeartbeatRequest { seq: 2, clock: ahead, ..clean_report() }).unwrap().0;
    assert_eq!(answer.clock_offset_s, Some(45.0));
    assert!(answer.message.unwrap().contains("45 s"));
    world.fleet.tick();
    let node = world.node(&hosts[0].id);
    assert_eq!(node.heartbeat.clock_offset_s, Some(45.0));
    assert!(node.signals.iter().any(|signal| signal.kind == SignalKind::Clock && signal.state == SignalState::Bad));
    // Its age is by the server's clock all the same.
    assert_eq!((node.heartbeat.state, node.last_heartbeat_at), (HeartbeatState::Fresh, Some(world.settings.clock.now())));
}

#[tokio::test]
async fn nonsense_in_a_beat_is_refused() {
    let world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let mut nonsense = clean_report();
    nonsense.resources.cpu_percent = Some(-3.0);
    assert!(
        matches!(world.fleet.take_in_heartbeat(&hosts[0].token, nonsense), Err(Error::Invalid { field, .. }) if field == "resources.cpu_percent")
    );
}

#[tokio::test]
async fn what_an_agent_said_last_survives_a_restart() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    hosts[0].report.containers = Some(containers(vec![container("postgres", Some("pgdata"))]));
    world.beat(&mut hosts);
    world.settings.clock.advance(Duration::from_secs(1));
    let last = world.node(&hosts[0].id).last_heartbeat_at;
    world.fleet.shutdown().await;
    world.crash_and_start().await;
    let node = world.node(&hosts[0].id);
    assert_eq!(node.last_heartbeat_at, last);
    assert_eq!(node.workload_counts.stateful, Some(1));
    assert_eq!(node.agent_version.as_deref(), Some("1.0.0"));
    let preview = world.fleet.drain_preview(&hosts[0].id).await.unwrap();
    assert!(!preview.complete && preview.stateful.len() == 1, "what it said last, and that it is old");
}
