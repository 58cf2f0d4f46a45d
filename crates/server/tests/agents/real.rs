//! `pitlane agent` against `pitlane serve`.

use pitlane_api::{ActivityKind, Health, HeartbeatState, NodeSource, Scheduling, SignalKind, SignalState};

use crate::pitlane::{Server, until};

/// The agents read this machine's own disk. How full it happens to be is not what is tested.
const HOWEVER_FULL: &[&str] = &["--disk-bad-percent", "100"];

#[test]
fn an_agent_enrols_reports_stops_and_comes_back_without_its_token() {
    let server = Server::start(HOWEVER_FULL);
    let token = server.enrolment_token(&[]);
    let mut agent = server.agent("web-1", Some(&token), &[]);
    let node = server.node_where("web-1", "healthy", |node| node.health == Health::Healthy);
    assert_eq!(node.node_source, NodeSource::Agent);
    assert_eq!(node.agent_version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(node.agent_update, None);
    assert!(node.resources.memory_total_bytes.is_some() && node.resources.disks.iter().any(|disk| disk.role == "root"));
    assert!(node.labels.contains_key("kernel") && node.labels.contains_key("arch"));
    let docker = node.signals.iter().find(|signal| signal.kind == SignalKind::Docker).unwrap();
    assert_eq!(docker.state, SignalState::NotPresent);

    assert_eq!(agent.stop(), Some(0));
    assert!(server.folder.text("web-1.log").contains("the control plane knows"), "it said goodbye");
    server.node_where("web-1", "offline", |node| node.health == Health::Offline);

    // The same node again, by the token it was given at its first enrolment; its labels are those of now.
    let _agent = server.agent("web-1", None, &["--label", "rack=7"]);
    let back = server.node_where("web-1", "back", |node| node.heartbeat.state == HeartbeatState::Fresh);
    assert_eq!(back.id, node.id);
    assert_eq!((node.labels.get("rack"), back.labels.get("rack").map(String::as_str)), (None, Some("7")));
    assert!(!server.folder.text("web-1.log").contains(&token), "tokens stay out of logs");
}

#[test]
fn a_spent_token_is_said_in_words_and_the_agent_stays() {
    let server = Server::start(HOWEVER_FULL);
    let token = server.enrolment_token(&[]);
    let _first = server.agent("web-1", Some(&token), &[]);
    server.node_where("web-1", "enrolled", |_| true);
    let mut second = server.agent("web-2", Some(&token), &[]);
    until("the second agent to say why", || server.folder.text("web-2.log").contains("used up").then_some(()));
    assert!(second.is_running());
    assert_eq!(server.nodes().len(), 1);
}

#[test]
fn an_agent_outlives_a_crash_of_the_server() {
    let mut server = Server::start(HOWEVER_FULL);
    let token = server.enrolment_token(&[]);
    let mut agent = server.agent("web-1", Some(&token), &[]);
    let before = server.node_where("web-1", "healthy", |node| node.health == Health::Healthy);
    server.crash_and_restart();
    let after = server.node_where("web-1", "healthy again", |node| {
        node.heartbeat.state == HeartbeatState::Fresh && node.health == Health::Healthy && node.last_heartbeat_at > before.last_heartbeat_at
    });
    assert_eq!(after.id, before.id);
    assert!(agent.is_running());
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_removed_node_whose_token_is_for_many_enrols_again() {
    let server = Server::start(HOWEVER_FULL);
    let token = server.enrolment_token(&["--multi-use"]);
    let _one = server.agent("web-1", Some(&token), &[]);
    let _two = server.agent("web-2", Some(&token), &[]);
    server.node_where("web-2", "healthy", |node| node.health == Health::Healthy);
    let first = server.node_where("web-1", "healthy", |node| node.health == Health::Healthy);
    server.command(&["drain", "web-1", "--reason", "is replaced", "--acknowledge-unread", "--wait"]);
    server.remove(&first.id);
    let again = server.node_where("web-1", "enrolled anew", |node| node.scheduling == Scheduling::Schedulable);
    assert_eq!(again.id, first.id, "the same machine is the same node");
    let enrolled =
        server.activity().iter().filter(|entry| entry.kind == ActivityKind::NodeEnrolled && entry.node_id == Some(first.id.clone())).count();
    assert_eq!(enrolled, 2);
}
