//! Values for tests.

use pitlane_api::*;

/// A time, in seconds.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// A signal.
pub fn signal(kind: SignalKind, name: &str, state: SignalState, detail: &str) -> Signal {
    Signal { kind, name: name.into(), state, detail: Words::plain(detail), since: None }
}

/// A healthy, schedulable node with 8 of 16 GiB in use.
pub fn node(name: &str) -> Node {
    Node {
        id: NodeId(format!("id-{name}")),
        name: name.into(),
        region: Some("eu-central".into()),
        status: Status::Healthy,
        node_source: NodeSource::Agent,
        public_ip: None,
        overlay_ip: Some("10.4.0.11".into()),
        failure_reason: None,
        last_heartbeat_at: Some(at(0)),
        created_at: at(-1000),
        updated_at: at(0),
        revision: rules::revision(name, Scheduling::Schedulable, None),
        health: Health::Healthy,
        scheduling: Scheduling::Schedulable,
        takes_placements: true,
        engine_node_id: name.into(),
        heartbeat: Heartbeat { state: HeartbeatState::Fresh, recent: vec![100, 100, 0, 60], clock_offset_s: Some(0.1) },
        agent_version: Some("1.8.2".into()),
        engine_version: None,
        agent_update: None,
        labels: [("disk".to_owned(), "ssd".to_owned())].into(),
        runs_pitlane: false,
        signals: vec![
            signal(SignalKind::Cpu, "CPU", SignalState::Ok, "12 %"),
            signal(SignalKind::Memory, "Memory", SignalState::Ok, "50 %"),
            signal(SignalKind::Disk, "Disk", SignalState::Ok, "71 % of 512 GiB on /"),
            signal(SignalKind::Docker, "Docker", SignalState::Ok, "28.5.2"),
        ],
        resources: Resources {
            cpu_cores: Some(4.0),
            cpu_percent: Some(12.0),
            memory_total_bytes: Some(16 << 30),
            memory_used_bytes: Some(8 << 30),
            ..Resources::default()
        },
        workload_counts: WorkloadCounts { total: Some(0), stateful: Some(0) },
        maintenance: None,
        operation: None,
        planned: None,
    }
}

/// A running stateful workload with one local volume.
pub fn stateful(name: &str, lives: DataLives) -> Workload {
    let volume = format!("{name}_data");
    Workload {
        identity: Identity::new("compose", &["shop", name, "1"]).with_volume(&volume, lives),
        name: name.into(),
        stack: Some("shop".into()),
        image: None,
        kind: WorkloadKind::Container,
        state: WorkloadState::Running,
        since: None,
        stateful: true,
        belongs_to_node: false,
        volumes: vec![Volume { name: volume, kind: VolumeKind::Named, data_lives: lives, destination: Some("/data".into()), driver: None }],
        on_restart: Fate::HereWithData,
        on_node_down: Fate::WaitsForNode,
        remarks: Vec::new(),
    }
}

/// A whole list, read at `at(0)`.
pub fn list(workloads: Vec<Workload>) -> WorkloadList {
    WorkloadList { node_id: "id-a".into(), read_at: at(0), complete: true, not_read: vec![], workloads, orphaned_volumes: vec![], notes: vec![] }
}

/// An accepted drain.
pub fn operation(kind: OperationKind, node: &Node) -> Operation {
    Operation {
        id: OperationId(format!("op-{}", node.name)),
        node_id: node.id.clone(),
        node_name: node.name.clone(),
        kind,
        state: OperationState::Pending,
        step: OperationStep::Accepted,
        attempt_count: 0,
        retryable: true,
        next_attempt_at: None,
        last_error: None,
        refusal: None,
        requested_by: "on-call".into(),
        reason: Some("Kernel 6.12 reboot".into()),
        expected_back_at: None,
        overridden: false,
        accepted_revision: node.revision.clone(),
        seen_stateful: vec![],
        acknowledge_unread: false,
        allow_last_schedulable: false,
        version: None,
        created_at: at(0),
        updated_at: at(0),
        finished_at: None,
    }
}
