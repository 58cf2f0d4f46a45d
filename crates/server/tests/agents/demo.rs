//! The simulated fleet inside `pitlane serve`: every state of the pictures, by the real rules, through the real API.

use pitlane_api::{Health, Node, NodeSource, Scheduling, SignalKind, SignalState};

use crate::pitlane::Server;

fn signal(node: &Node, kind: SignalKind) -> Option<SignalState> {
    node.signals.iter().find(|signal| signal.kind == kind).map(|signal| signal.state)
}

#[test]
fn the_cast_shows_every_state_and_says_that_it_is_played() {
    let mut server = Server::start(&["--with-demo"]);

    let healthy = server.node_where("edge-fra-01", "healthy", |node| node.health == Health::Healthy);
    assert_eq!((healthy.workload_counts.total, healthy.workload_counts.stateful), (Some(14), Some(2)));
    assert_eq!((healthy.region.as_deref(), healthy.overlay_ip.as_deref()), (Some("eu-central"), Some("10.4.0.11")));

    let drained = server.node_where("edge-fra-02", "in maintenance", |node| node.scheduling == Scheduling::Maintenance);
    let maintenance = drained.maintenance.unwrap();
    assert_eq!(maintenance.reason.as_deref(), Some("Kernel 6.12 reboot"));
    assert!(maintenance.expected_back_at.is_some() && maintenance.by.is_some());

    let full = server.node_where("edge-ams-01", "degraded", |node| node.health == Health::Degraded);
    assert_eq!(signal(&full, SignalKind::Disk), Some(SignalState::Bad));
    assert!(full.takes_placements, "new placements are still allowed");
    server.node_where("edge-ams-01", "asking for an update", |node| node.agent_update.as_deref() == Some("1.8.2"));

    let without_docker = server.node_where("edge-ams-02", "without Docker, in maintenance", |node| {
        node.scheduling == Scheduling::Maintenance && node.health == Health::Degraded
    });
    assert_eq!(signal(&without_docker, SignalKind::Docker), Some(SignalState::Bad));
    assert_eq!(without_docker.workload_counts.total, None, "not evaluated, never none");

    server.node_where("edge-lon-01", "offline", |node| node.health == Health::Offline);
    let pending = server.node_where("edge-mad-01", "pending", |node| node.health == Health::Pending);
    assert_eq!(pending.last_heartbeat_at, None);

    let nodes = server.nodes();
    assert_eq!(nodes.len(), 8);
    assert!(nodes.iter().all(|node| node.node_source == NodeSource::Simulated));

    // Back after its reboot, updated: 72 beats of one second.
    let back = server.node_where("edge-lon-01", "back", |node| node.health == Health::Healthy);
    assert_eq!(back.agent_version.as_deref(), Some("1.8.2"));
    assert_eq!(server.stop(), Some(0));
}
