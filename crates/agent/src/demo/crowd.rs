//! Nodes made up from a seed, for fleets that are larger than the cast.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    life::Script,
    node::Character,
    workloads::{Data, Service, service},
};

const CITIES: &[(&str, &str, u8)] = &[
    ("fra", "eu-central", 4),
    ("ams", "eu-west", 5),
    ("lon", "eu-west", 6),
    ("mad", "eu-south", 7),
    ("sto", "eu-north", 8),
    ("waw", "eu-east", 9),
    ("nyc", "us-east", 20),
    ("sjc", "us-west", 21),
    ("gru", "sa-east", 30),
    ("sin", "ap-southeast", 40),
    ("nrt", "ap-northeast", 41),
    ("syd", "ap-south", 42),
];
const ROLES: &[&str] = &["edge", "app", "db", "build", "cache"];
/// Time over which the crowd comes: one interval of beats.
const COMES_WITHIN: Duration = Duration::from_secs(5);
/// The cast's own numbers end below this.
const FIRST_NUMBER: usize = 101;

/// `n` nodes; the same seed gives the same ones.
pub(crate) fn crowd(n: usize, seed: u64) -> Vec<Character> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..n).map(|i| character(i, &mut rng)).collect()
}

fn character(i: usize, rng: &mut StdRng) -> Character {
    let (city, region, net) = CITIES[i % CITIES.len()];
    let role = ROLES[rng.random_range(0..ROLES.len())];
    let number = FIRST_NUMBER + i / CITIES.len();
    let address = format!("10.{net}.{}.{}", 1 + number / 250, 1 + number % 250);
    let (script, disk) = match rng.random_range(0..1000) {
        0..15 => (Script::GoesAway, rng.random_range(20.0..70.0)),
        15..35 => (Script::FillsAndUpdates, rng.random_range(90.5..93.0)),
        35..42 => (Script::DockerFails, rng.random_range(20.0..70.0)),
        42..45 => (Script::NeverBeats, 0.0),
        45..300 => (Script::Fills, rng.random_range(30.0..80.0)),
        _ => (Script::Steady, rng.random_range(15.0..80.0)),
    };
    Character {
        cpu: rng.random_range(5.0..85.0),
        memory: rng.random_range(20.0..90.0),
        disk,
        cores: [4, 8, 16, 32][rng.random_range(0..4)],
        memory_gib: [16, 32, 64, 128][rng.random_range(0..4)],
        disk_gib: [256, 512, 1024][rng.random_range(0..3)],
        agent_version: if script == Script::FillsAndUpdates { "1.7.9" } else { super::cast::CURRENT },
        script,
        services: services(role, rng),
        comes_within: COMES_WITHIN,
        ..Character::new(&format!("{role}-{city}-{number:03}"), region, &address)
    }
}

fn services(role: &str, rng: &mut StdRng) -> Vec<Service> {
    let some = |rng: &mut StdRng, most: u32| rng.random_range(1..=most);
    let mut services = vec![service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 30)];
    services.extend(match role {
        "db" => vec![
            service("billing", "postgres", "postgres:17", 1, 90).with(Data::Local("billing_pgdata", "/var/lib/postgresql/data")),
            service("billing", "redis", "redis:8", 1, 90).with(Data::Local("billing_redis", "/data")),
        ],
        "cache" => vec![service("shop", "redis", "redis:8", some(rng, 2), 40).with(Data::Local("shop_redis", "/data"))],
        "build" => vec![service("ci", "runner", "ci/runner:18.6", some(rng, 6), 1).with(Data::Socket)],
        _ => vec![service("shop", "web", "shop/web:2026.11", some(rng, 6), 3), service("shop", "worker", "shop/worker:2026.11", some(rng, 4), 3)],
    });
    if role == "edge" && rng.random_ratio(1, 4) {
        services.push(service("mail", "dovecot", "dovecot/dovecot:2.4", 1, 18).with(Data::Local("mail_spool", "/srv/mail")));
    }
    services
}
