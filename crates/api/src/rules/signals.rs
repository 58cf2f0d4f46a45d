//! Readiness signals from what an agent reports.

use crate::{HeartbeatRequest, ServiceReport, Signal, SignalKind, SignalState, Thresholds, Timestamp, Words, say};

/// The signals of a node, in the order of the screen.
///
/// * `clock_offset_s`: the node's clock less the server's.
/// * `agent_update`: the version the agent should have, where it is behind.
/// * `previous`: the signals before, so that `since` tells when a state began.
pub fn signals_from_report(
    report: &HeartbeatRequest,
    thresholds: &Thresholds,
    clock_offset_s: Option<f64>,
    agent_update: Option<&str>,
    previous: &[Signal],
    now: Timestamp,
) -> Vec<Signal> {
    let resources = &report.resources;
    let mut signals = vec![
        match resources.cpu_percent {
            Some(percent) => signal(SignalKind::Cpu, "CPU", SignalState::Ok, Words::plain(format!("{percent:.0} %"))),
            None => signal(SignalKind::Cpu, "CPU", SignalState::Unknown, say!("not reported")),
        },
        match percent(resources.memory_used_bytes, resources.memory_total_bytes) {
            Some(used) => {
                let state = if used >= thresholds.memory_bad_percent { SignalState::Bad } else { SignalState::Ok };
                signal(SignalKind::Memory, "Memory", state, Words::plain(format!("{used:.0} %")))
            }
            None => signal(SignalKind::Memory, "Memory", SignalState::Unknown, say!("not reported")),
        },
        disk(report, thresholds),
        service(SignalKind::Docker, "Docker", &report.docker),
        service(SignalKind::Caddy, "Caddy", &report.caddy),
        match agent_update {
            Some(version) => signal(SignalKind::Agent, "Agent", SignalState::Bad, say!("{}, {} is available", &report.agent_version, version)),
            None => signal(SignalKind::Agent, "Agent", SignalState::Ok, say!("{}, current", &report.agent_version)),
        },
    ];
    if let Some(offset) = clock_offset_s.filter(|offset| offset.abs() > thresholds.clock_skew_s) {
        signals.push(signal(SignalKind::Clock, "Clock", SignalState::Bad, clock_off(offset)));
    }
    for signal in &mut signals {
        let before = previous.iter().find(|before| before.kind == signal.kind && before.name == signal.name);
        signal.since = match before {
            Some(before) if before.state == signal.state => before.since,
            _ => Some(now),
        };
    }
    signals
}

/// A signal's name in words: of the kinds that Pitlane knows it is Pitlane's, of a condition the engine's.
pub fn signal_name(kind: SignalKind, name: &str) -> Words {
    match kind {
        SignalKind::Cpu => say!("CPU"),
        SignalKind::Memory => say!("Memory"),
        SignalKind::Disk => say!("Disk"),
        SignalKind::Agent => say!("Agent"),
        SignalKind::Clock => say!("Clock"),
        SignalKind::Docker | SignalKind::Caddy | SignalKind::Condition | SignalKind::Unknown => Words::plain(name),
    }
}

/// How far a node's clock is off.
pub fn clock_off(offset_s: f64) -> Words {
    let by = offset_s.abs().round() as u64;
    if offset_s > 0.0 { say!("{} s ahead of the server's", by) } else { say!("{} s behind the server's", by) }
}

fn signal(kind: SignalKind, name: &str, state: SignalState, detail: Words) -> Signal {
    Signal { kind, name: name.into(), state, detail, since: None }
}

fn percent(used: Option<u64>, total: Option<u64>) -> Option<f64> {
    match (used, total) {
        (Some(used), Some(total)) if total > 0 => Some(used as f64 * 100.0 / total as f64),
        _ => None,
    }
}

fn disk(report: &HeartbeatRequest, thresholds: &Thresholds) -> Signal {
    let fullest = report
        .resources
        .disks
        .iter()
        .filter_map(|disk| percent(Some(disk.used_bytes), Some(disk.total_bytes)).map(|percent| (percent, disk)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match fullest {
        Some((used, disk)) => {
            let state = if used >= thresholds.disk_bad_percent { SignalState::Bad } else { SignalState::Ok };
            signal(SignalKind::Disk, "Disk", state, say!("{} % of {} GiB on {}", used.round() as u64, disk.total_bytes >> 30, &disk.mount))
        }
        None => signal(SignalKind::Disk, "Disk", SignalState::Unknown, say!("not reported")),
    }
}

/// Expected and not there is bad; not expected and not there is no fault.
fn service(kind: SignalKind, name: &str, report: &ServiceReport) -> Signal {
    let state = match report.state {
        SignalState::NotPresent if report.expected => SignalState::Bad,
        state => state,
    };
    let detail = match (&report.version, report.detail.as_str()) {
        (Some(version), "") => Words::plain(version),
        (Some(version), detail) => Words::plain(format!("{version}, {detail}")),
        (None, "") => match state {
            SignalState::NotPresent => say!("not present"),
            SignalState::Bad => say!("not ready"),
            SignalState::Unknown => say!("could not be seen"),
            SignalState::Ok => Words::default(),
        },
        (None, detail) => Words::plain(detail),
    };
    signal(kind, name, state, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, Resources};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn service(state: SignalState, expected: bool) -> ServiceReport {
        ServiceReport { state, expected, version: None, detail: String::new() }
    }

    fn report(disk_used: u64, memory_used: u64) -> HeartbeatRequest {
        HeartbeatRequest {
            seq: 1,
            boot_id: None,
            clock: at(0),
            agent_version: "1.0.0".into(),
            resources: Resources {
                cpu_cores: Some(4.0),
                cpu_percent: Some(100.0),
                memory_total_bytes: Some(100),
                memory_used_bytes: Some(memory_used),
                disks: vec![
                    Disk { role: "root".into(), mount: "/".into(), total_bytes: 1000, used_bytes: 10 },
                    Disk { role: "docker".into(), mount: "/var/lib/docker".into(), total_bytes: 1000, used_bytes: disk_used },
                ],
                ..Resources::default()
            },
            docker: service(SignalState::Ok, true),
            caddy: service(SignalState::NotPresent, false),
            containers: None,
            cannot_see: vec![],
            labels: Default::default(),
            stopping: false,
        }
    }

    fn state(signals: &[Signal], kind: SignalKind) -> Option<SignalState> {
        signals.iter().find(|signal| signal.kind == kind).map(|signal| signal.state)
    }

    fn read(report: &HeartbeatRequest) -> Vec<Signal> {
        signals_from_report(report, &Thresholds::default(), None, None, &[], at(0))
    }

    #[test]
    fn the_fullest_disk_counts_and_ninety_percent_is_bad() {
        assert_eq!(state(&read(&report(899, 0)), SignalKind::Disk), Some(SignalState::Ok));
        assert_eq!(state(&read(&report(900, 0)), SignalKind::Disk), Some(SignalState::Bad));
        let mut none = report(0, 0);
        none.resources.disks.clear();
        assert_eq!(state(&read(&none), SignalKind::Disk), Some(SignalState::Unknown));
    }

    #[test]
    fn memory_is_bad_from_ninety_five_and_cpu_never() {
        assert_eq!(state(&read(&report(0, 94)), SignalKind::Memory), Some(SignalState::Ok));
        assert_eq!(state(&read(&report(0, 95)), SignalKind::Memory), Some(SignalState::Bad));
        assert_eq!(state(&read(&report(0, 0)), SignalKind::Cpu), Some(SignalState::Ok));
    }

    #[test]
    fn absent_services_are_a_fault_only_where_they_are_expected() {
        let mut report = report(0, 0);
        assert_eq!(state(&read(&report), SignalKind::Caddy), Some(SignalState::NotPresent));
        report.caddy.expected = true;
        assert_eq!(state(&read(&report), SignalKind::Caddy), Some(SignalState::Bad));
    }

    #[test]
    fn since_is_kept_while_the_state_holds() {
        let good = report(0, 0);
        let first = signals_from_report(&good, &Thresholds::default(), None, None, &[], at(10));
        let second = signals_from_report(&good, &Thresholds::default(), None, None, &first, at(20));
        assert_eq!(second[2].since, Some(at(10)));
        let third = signals_from_report(&report(950, 0), &Thresholds::default(), None, None, &second, at(30));
        assert_eq!(third[2].since, Some(at(30)));
    }

    #[test]
    fn a_clock_that_is_off_is_said() {
        let signals = signals_from_report(&report(0, 0), &Thresholds::default(), Some(-45.0), None, &[], at(0));
        let clock = signals.iter().find(|signal| signal.kind == SignalKind::Clock).unwrap();
        assert_eq!(clock.detail, "45 s behind the server's");
        assert_eq!(state(&signals_from_report(&report(0, 0), &Thresholds::default(), Some(29.0), None, &[], at(0)), SignalKind::Clock), None);
    }
}
