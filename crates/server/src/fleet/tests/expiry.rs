//! What has expired stays so, also where the machine's clock is set back, over a restart too; and whose something is, is no matter of names.

use std::time::Duration;

use pitlane_api::*;

use super::world::*;
use crate::{
    fleet::{Actor, Call, Error, FleetSettings, Idempotency, Identity, clock::plus},
    store::{ApiToken, SecretHash, Store},
};

const HOUR: Duration = Duration::from_secs(3_600);

fn hours(number: u32) -> Duration {
    HOUR * number
}

async fn link_for_an_hour(world: &World, host: &Host, secret: &str, by: &Actor) -> ShareLink {
    let request = ShareRequest { lifetime: ShareLifetime::Hour };
    world.fleet.share(&host.id, &request, secret, "https://pitlane.example.org/shared/x".into(), by).await.unwrap().link
}

async fn works(world: &World, secret: &str) -> bool {
    world.fleet.shared_link(&SecretHash::of(secret)).await.unwrap().is_some()
}

fn actor(name: &str, identity: Identity, role: Role) -> Actor {
    let kind = if matches!(identity, Identity::Token(_)) { ActorKind::Token } else { ActorKind::Person };
    Actor { name: name.into(), identity, kind, role, origin: None }
}

fn token(id: &str, role: Role) -> Actor {
    actor("ci", Identity::Token(id.into()), role)
}

#[tokio::test]
async fn a_link_that_was_seen_expired_does_not_come_back_with_an_earlier_clock() {
    let mut world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let begin = world.settings.clock.now();
    link_for_an_hour(&world, &hosts[0], "secret", &call("ada").actor).await;
    assert!(works(&world, "secret").await);
    world.settings.clock.advance(hours(2));
    assert!(!works(&world, "secret").await, "its hour is over");
    world.crash_and_start_at(plus(begin, Duration::from_secs(60))).await;
    assert!(!works(&world, "secret").await, "the clock was set back, and the link works again");
    link_for_an_hour(&world, &hosts[0], "another", &call("ada").actor).await;
    assert!(works(&world, "another").await, "what is made by the corrected clock works");
}

#[tokio::test]
async fn what_nobody_looked_at_expires_as_well() {
    let mut world = World::new().await;
    let begin = world.settings.clock.now();
    let expires_at = Some(plus(begin, HOUR));
    let hash = SecretHash::of("script");
    let created_at = begin;
    let script =
        ApiToken { id: "t".into(), hash, name: "ci".into(), role: Role::Operator, created_at, expires_at, revoked_at: None, last_used_at: None };
    world.store.create_token(&script, &[]).await.unwrap();
    world.settings.clock.advance(hours(2));
    let ended = world.until(async || world.store.token_by_hash(&hash).await.unwrap().unwrap().revoked_at.is_some());
    assert!(ended.await, "nothing ended it");
    world.crash_and_start_at(begin).await;
    assert!(!world.store.token_by_hash(&hash).await.unwrap().unwrap().usable(begin));
}

#[tokio::test]
async fn a_clock_that_is_years_ahead_ends_and_removes_nothing_for_good() {
    let mut world = World::with(|settings: &mut FleetSettings| settings.upkeep_after = Duration::from_secs(1)).await;
    let hosts = world.hosts(&["a"]).await;
    let begin = world.settings.clock.now();
    link_for_an_hour(&world, &hosts[0], "secret", &call("ada").actor).await;
    assert!(world.until(async || world.store.latest_time().await.unwrap().is_some()).await);
    let entries = world.activity().await.len();
    assert!(entries > 0);

    world.crash_and_start_at(plus(begin, hours(24 * 365 * 14))).await;
    assert!(!works(&world, "secret").await, "by the clock its hour is over");
    world.live(&mut [], 5);
    world.crash_and_start_at(plus(begin, Duration::from_secs(60))).await;
    assert!(works(&world, "secret").await, "the date was wrong for a moment, and the link is lost");
    assert!(world.activity().await.len() >= entries, "the activity log was removed by a wrong date");
}

#[tokio::test]
async fn upkeep_begins_minutes_after_the_start() {
    let world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let old = plus(world.settings.clock.now(), Duration::ZERO) - Duration::from_secs(3 * 24 * 3_600);
    let sample = Sample {
        at: old,
        beats: 1,
        expected: 1,
        cpu_percent: None,
        memory_percent: None,
        disk_percent: None,
        health: Health::Healthy,
        maintenance: false,
        signals: Default::default(),
    };
    world.store.put_samples(&[(hosts[0].id.clone(), sample)]).await.unwrap();
    let there = async || !world.store.samples(&hosts[0].id, Timestamp::MIN).await.unwrap().iter().all(|sample| sample.at > old);
    world.live(&mut [], 299);
    assert!(there().await, "it began before its time");
    world.settings.clock.advance(Duration::from_secs(2));
    assert!(world.until(async || !there().await).await, "it never began");
}

#[tokio::test]
async fn two_tokens_of_one_name_do_not_get_each_others_answers() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    world.settle(&mut hosts);
    let by = |id: &str, key: &str| {
        let idempotency = Idempotency { key: key.into(), route: "POST /drain".into(), body_hash: SecretHash::of("body") };
        Call { actor: token(id, Role::Operator), idempotency: Some(idempotency), ..call("ci") }
    };
    let first = world.fleet.drain(&hosts[0].id, drain_request(), by("one", "k")).await.unwrap();
    let again = world.fleet.drain(&hosts[0].id, drain_request(), by("one", "k")).await.unwrap();
    assert_eq!(again.id, first.id, "its own answer");
    let other = world.fleet.drain(&hosts[1].id, drain_request(), by("two", "k")).await.unwrap();
    assert_ne!(other.id, first.id, "a namesake got the answer to another's request");
}

#[tokio::test]
async fn a_link_is_its_makers_and_not_a_namesakes() {
    let world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let id = &hosts[0].id;
    let refused = |result| assert!(matches!(result, Err(Error::Forbidden(_))), "{result:?}");

    let of_a_token = link_for_an_hour(&world, &hosts[0], "s1", &token("one", Role::Operator)).await;
    refused(world.fleet.revoke_share_link(id, &of_a_token.id, &token("two", Role::Operator)).await);
    refused(world.fleet.revoke_share_link(id, &of_a_token.id, &actor("ci", Identity::Session("s".into()), Role::Operator)).await);
    world.fleet.revoke_share_link(id, &of_a_token.id, &token("one", Role::Operator)).await.unwrap();

    let of_a_person = link_for_an_hour(&world, &hosts[0], "s2", &actor("ci", Identity::Session("monday".into()), Role::Operator)).await;
    refused(world.fleet.revoke_share_link(id, &of_a_person.id, &token("one", Role::Operator)).await);
    // The same person, signed in anew by a link that the admin made for that name.
    world.fleet.revoke_share_link(id, &of_a_person.id, &actor("ci", Identity::Session("tuesday".into()), Role::Operator)).await.unwrap();

    let of_another = link_for_an_hour(&world, &hosts[0], "s3", &token("one", Role::Operator)).await;
    world.fleet.revoke_share_link(id, &of_another.id, &token("two", Role::Admin)).await.unwrap();
}
