//! The cast: eight nodes that between them show every state of the console.

use super::{
    life::Script,
    node::{Character, Plan},
    workloads::{Data, Service, service},
};

/// The version agents of the simulated fleet should have.
pub(crate) const CURRENT: &str = "1.8.2";

/// Eight nodes; the order is that of the fleet page.
pub(crate) fn cast() -> Vec<Character> {
    vec![
        Character { cpu: 41.0, memory: 58.0, disk: 62.0, services: edge_fra_01(), ..Character::new("edge-fra-01", "eu-central", "10.4.0.11") },
        Character {
            cpu: 12.0,
            memory: 49.0,
            disk: 71.0,
            services: edge_fra_02(),
            maintenance: Some(Plan { reason: "Kernel 6.12 reboot", back_in_minutes: Some(120) }),
            ..Character::new("edge-fra-02", "eu-central", "10.4.0.12")
        },
        Character {
            cpu: 63.0,
            memory: 88.0,
            disk: 91.0,
            agent_version: "1.7.9",
            script: Script::FillsAndUpdates,
            services: edge_ams_01(),
            ..Character::new("edge-ams-01", "eu-west", "10.5.0.11")
        },
        Character {
            cpu: 28.0,
            memory: 74.0,
            disk: 55.0,
            cores: 16,
            memory_gib: 64,
            disk_gib: 1024,
            services: db_fra_01(),
            ..Character::new("db-fra-01", "eu-central", "10.4.0.31")
        },
        Character {
            cpu: 33.0,
            memory: 52.0,
            disk: 44.0,
            agent_version: "1.8.1",
            script: Script::GoesAway,
            services: edge_lon_01(),
            ..Character::new("edge-lon-01", "eu-west", "10.6.0.11")
        },
        Character {
            cpu: 9.0,
            memory: 31.0,
            disk: 47.0,
            script: Script::DockerFails,
            services: edge_ams_02(),
            maintenance: Some(Plan { reason: "Disk swap", back_in_minutes: None }),
            ..Character::new("edge-ams-02", "eu-west", "10.5.0.12")
        },
        Character {
            cpu: 83.0,
            memory: 66.0,
            disk: 38.0,
            cores: 16,
            memory_gib: 64,
            script: Script::Fills,
            services: build_01(),
            ..Character::new("build-01", "eu-central", "10.4.0.51")
        },
        Character { script: Script::NeverBeats, ..Character::new("edge-mad-01", "eu-south", "10.7.0.11") },
    ]
}

fn edge_fra_01() -> Vec<Service> {
    vec![
        service("shop", "postgres", "postgres:17", 1, 41).with(Data::Network("shop_pgdata", "/var/lib/postgresql/data")),
        service("mail", "dovecot", "dovecot/dovecot:2.4", 1, 18).with(Data::Local("mail_spool", "/srv/mail")),
        service("mail", "rspamd", "rspamd/rspamd:3.11", 1, 18),
        service("shop", "web", "shop/web:2026.11", 4, 3),
        service("shop", "worker", "shop/worker:2026.11", 4, 3),
        service("search", "api", "search/api:4.2", 2, 9),
        service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 41),
    ]
}

fn edge_fra_02() -> Vec<Service> {
    vec![
        service("shop", "postgres", "postgres:17", 1, 41).with(Data::Local("shop_pgdata", "/var/lib/postgresql/data")),
        service("shop", "redis", "redis:8", 1, 41).with(Data::Local("shop_redis", "/data")),
        service("assets", "minio", "minio/minio:2026", 1, 12).with(Data::Local("assets_data", "/data")),
        service("shop", "web", "shop/web:2026.11", 1, 3).numbered(3..=4),
        service("shop", "worker", "shop/worker:2026.11", 2, 3),
        service("assets", "resizer", "assets/resizer:1.9", 1, 12),
        service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 41),
    ]
}

fn edge_ams_01() -> Vec<Service> {
    vec![
        service("monitoring", "prometheus", "prom/prometheus:v3.5.0", 1, 63).with(Data::Local("monitoring_tsdb", "/prometheus")),
        service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 63),
        service("monitoring", "alertmanager", "prom/alertmanager:v0.28.1", 1, 63),
        service("shop", "web", "shop/web:2026.11", 6, 3),
        service("shop", "worker", "shop/worker:2026.11", 4, 3),
        service("media", "transcoder", "media/transcoder:7.1", 4, 6),
    ]
}

fn db_fra_01() -> Vec<Service> {
    vec![
        service("billing", "postgres", "postgres:17", 1, 97).with(Data::Local("billing_pgdata", "/var/lib/postgresql/data")),
        service("billing", "postgres-replica", "postgres:17", 1, 97).with(Data::Local("billing_replica", "/var/lib/postgresql/data")),
        service("billing", "redis", "redis:8", 1, 97).with(Data::Local("billing_redis", "/data")),
        service("backup", "restic", "restic/rest-server:0.14", 1, 97).with(Data::Folder("/srv/backups", "/data")),
    ]
}

fn edge_lon_01() -> Vec<Service> {
    vec![
        service("shop", "redis", "redis:8", 1, 22).with(Data::Local("shop_redis", "/data")),
        service("queue", "nats", "nats:2.12", 1, 22).with(Data::Local("queue_jetstream", "/data/jetstream")),
        service("shop", "web", "shop/web:2026.11", 5, 3),
        service("shop", "worker", "shop/worker:2026.11", 3, 3),
        service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 22),
    ]
}

fn edge_ams_02() -> Vec<Service> {
    vec![service("shop", "web", "shop/web:2026.11", 2, 3), service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 30)]
}

fn build_01() -> Vec<Service> {
    vec![
        service("ci", "runner", "ci/runner:18.6", 5, 1).with(Data::Socket),
        service("monitoring", "node-exporter", "prom/node-exporter:v1.9.1", 1, 55),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::workloads::containers;
    use pitlane_api::{DataLives, Timestamp, rules::workload_from_container};

    /// Workloads and stateful ones, as the fleet page shows them.
    #[test]
    fn the_cast_runs_what_the_pictures_show() {
        let counts: Vec<(String, usize, usize)> = cast()
            .iter()
            .map(|character| {
                let report = containers(&character.name, &character.services, Timestamp::UNIX_EPOCH);
                let workloads: Vec<_> = report.containers.iter().map(workload_from_container).collect();
                (character.name.clone(), workloads.len(), workloads.iter().filter(|workload| workload.stateful).count())
            })
            .collect();
        let shown: Vec<(&str, usize, usize)> = counts.iter().map(|(name, all, stateful)| (name.as_str(), *all, *stateful)).collect();
        assert_eq!(
            shown,
            [
                ("edge-fra-01", 14, 2),
                ("edge-fra-02", 9, 3),
                ("edge-ams-01", 17, 1),
                ("db-fra-01", 4, 4),
                ("edge-lon-01", 11, 2),
                ("edge-ams-02", 3, 0),
                ("build-01", 6, 0),
                ("edge-mad-01", 0, 0),
            ]
        );
    }

    #[test]
    fn the_shops_database_is_on_the_network_and_the_mail_is_not() {
        let report = containers("edge-fra-01", &edge_fra_01(), Timestamp::UNIX_EPOCH);
        let lives = |service: &str| {
            let workloads = report.containers.iter().map(workload_from_container);
            workloads.filter(|workload| workload.name == service).flat_map(|workload| workload.volumes).map(|volume| volume.data_lives).next()
        };
        assert_eq!(lives("postgres"), Some(DataLives::NetworkVolume));
        assert_eq!(lives("dovecot"), Some(DataLives::ThisNodeOnly));
    }
}
