//! Everything that helps somebody else to see what is the matter with a node, as plain text to be pasted into a ticket.
//!
//! It says what could not be read as loudly as what could. What people wrote is left out unless it is asked for by name, and what was left out is
//! counted. What engines and hosts said is put on one line, loses what could steer a terminal, and is searched for what has the form of a secret.

use std::{cell::Cell, collections::BTreeMap, fmt::Write as _, sync::Arc};

use pitlane_api::{
    ActivationChecks, ActivityEntry, Arg, DiagnosticsPart, FleetInfo, Node, NodeId, Operation, PlannedDrain, Said, Sample, Timestamp, WorkloadList,
};

use super::{Fleet, Result};
use crate::{
    plain::{age, line},
    scrub::redacted,
    store::ActivityQuery,
};

/// Entries of the activity log in it.
const ENTRIES: u32 = 50;
/// What stands in the place of what was left out.
const LEFT_OUT: &str = "[left out]";
/// Labels whose values a system gives and no person: they are shown.
const WELL_KNOWN_LABELS: [&str; 16] = [
    "arch",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kernel",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "node.kubernetes.io/windows-build",
    "os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "node.kubernetes.io/exclude-from-external-load-balancers",
];

/// What is asked for by name, and what was left out because it was not.
#[derive(Default)]
struct Choice {
    include: Vec<DiagnosticsPart>,
    reasons: Cell<usize>,
    labels: Cell<usize>,
    activity: Cell<usize>,
}

impl Choice {
    fn count(&self, part: DiagnosticsPart) -> Option<&Cell<usize>> {
        match part {
            DiagnosticsPart::Reasons => Some(&self.reasons),
            DiagnosticsPart::Labels => Some(&self.labels),
            DiagnosticsPart::Activity => Some(&self.activity),
            DiagnosticsPart::Unknown => None,
        }
    }

    /// What a person wrote, where it was asked for.
    fn written(&self, part: DiagnosticsPart, text: &str) -> String {
        if self.include.contains(&part) {
            return redacted(text);
        }
        if let Some(count) = self.count(part) {
            count.set(count.get() + 1);
        }
        LEFT_OUT.to_owned()
    }

    /// What is missing, and how to get it.
    fn left_out(&self) -> Vec<String> {
        let said = |part: DiagnosticsPart| {
            let count = self.count(part).map_or(0, Cell::get);
            let what = match part {
                DiagnosticsPart::Reasons => "reasons",
                DiagnosticsPart::Labels => "values of labels",
                DiagnosticsPart::Activity => "texts within the activity log",
                DiagnosticsPart::Unknown => "others",
            };
            (count > 0).then(|| (part, row(what, count)))
        };
        let (parts, mut lines): (Vec<_>, Vec<_>) = DiagnosticsPart::ALL.iter().copied().filter_map(said).unzip();
        if parts.is_empty() {
            return vec!["nothing".into()];
        }
        let names = parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(",");
        lines.push(format!("Ask for them with include={names}, on a terminal with --include {names}."));
        lines
    }
}

/// What it is made of.
struct Material {
    info: FleetInfo,
    node: Node,
    checks: ActivationChecks,
    workloads: WorkloadList,
    /// An `Err` says why not.
    samples: std::result::Result<Vec<Sample>, String>,
    activity: std::result::Result<Vec<ActivityEntry>, String>,
}

impl Fleet {
    /// The bundle, with those parts of what people wrote that are asked for. What cannot be read is said in it, so that it can be had exactly when
    /// something is wrong.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn diagnostics(self: &Arc<Self>, id: &NodeId, include: Vec<DiagnosticsPart>) -> Result<String> {
        let node = self.node(id)?;
        let now = self.settings.clock.now();
        let query = ActivityQuery { node: Some(id.clone()), limit: ENTRIES, ..ActivityQuery::default() };
        let material = Material {
            info: self.info(),
            checks: self.activation_checks(id)?,
            workloads: self.workloads(id).await?,
            samples: self.samples(id, None).await.map(|samples| samples.samples).map_err(|error| error.to_string()),
            activity: self.store.activity(&query).await.map_err(|error| error.to_string()),
            node,
        };
        Ok(text(&material, &Choice { include, ..Choice::default() }, now))
    }
}

fn text(material: &Material, choice: &Choice, now: Timestamp) -> String {
    let Material { info, node, .. } = material;
    let mut out = String::new();
    let _ = writeln!(out, "Pitlane diagnostics of {}", line(&node.name));
    let _ = writeln!(out, "Written {now:.0} by Pitlane {}.", info.server_version);
    let _ = writeln!(
        out,
        "What people wrote is left out unless it was asked for. What looks like a secret was removed from the rest; read it before you hand it on."
    );
    section(&mut out, "Versions", versions(info, node, now));
    section(&mut out, "Node", facts(node, choice, now));
    section(&mut out, "Health", health(info, node, now));
    section(&mut out, "Maintenance", maintenance(node, choice, now));
    section(&mut out, "Planned drain", node.planned.as_ref().map_or_else(|| vec!["none".into()], |plan| planned(plan, choice)));
    section(&mut out, "Operation", node.operation.as_ref().map_or_else(|| vec!["none unfinished, and none that failed".into()], operation));
    section(&mut out, "Activation checks", checks(&material.checks));
    section(&mut out, "Workloads", workloads(&material.workloads, now));
    section(&mut out, "Last 24 hours", day(&material.samples));
    section(&mut out, &format!("Activity, newest first, at most {ENTRIES}"), activity(&material.activity, choice));
    section(&mut out, "What was not read", not_read(material));
    section(&mut out, "What was left out", choice.left_out());
    out
}

fn section(out: &mut String, title: &str, lines: Vec<String>) {
    let _ = writeln!(out, "\n== {title}");
    for text in lines {
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

fn row(name: &str, value: impl std::fmt::Display) -> String {
    format!("{name:<20} {value}")
}

fn or_unknown(value: Option<String>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| redacted(&value))
}

fn moment(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "unknown".to_owned(), |at| format!("{at:.0} ({})", age(at, now)))
}

fn versions(info: &FleetInfo, node: &Node, now: Timestamp) -> Vec<String> {
    let engine = &info.engine;
    let reachable = if engine.reachable {
        "reachable".to_owned()
    } else {
        format!("does not answer: {}", or_unknown(engine.message.as_ref().map(ToString::to_string)))
    };
    vec![
        row("Pitlane", &info.server_version),
        row("Agent", or_unknown(node.agent_version.clone())),
        row("Update", or_unknown(node.agent_update.clone()).replace("unknown", "none known")),
        row("Engine", format!("{} {}, {reachable}", engine.kind.describe(), engine.version.as_deref().map(redacted).unwrap_or_default())),
        row("Engine last answered", moment(engine.seen_at, now)),
        row("Engine on the node", or_unknown(node.engine_version.clone())),
    ]
}

fn facts(node: &Node, choice: &Choice, now: Timestamp) -> Vec<String> {
    let resources = &node.resources;
    let figure = |value: Option<u64>| value.map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    let mut lines = vec![
        row("Id", line(node.id.as_str())),
        row("Id at the engine", line(&node.engine_node_id)),
        row("Region", or_unknown(node.region.clone())),
        row("Source", node.node_source),
        row("Address", or_unknown(node.overlay_ip.clone())),
        row("First seen", moment(Some(node.created_at), now)),
        row("Last change", moment(Some(node.updated_at), now)),
        row("Revision", &node.revision),
        row("Runs Pitlane", if node.runs_pitlane { "yes" } else { "no" }),
        row("Processors", resources.cpu_cores.map_or_else(|| "unknown".to_owned(), |cores| format!("{cores:.0}"))),
        row("Processor use", resources.cpu_percent.map_or_else(|| "unknown".to_owned(), |share| format!("{share:.0} %"))),
        row("Memory", format!("{} used of {}", figure(resources.memory_used_bytes), figure(resources.memory_total_bytes))),
    ];
    for disk in &resources.disks {
        let used = format!("{} used of {}", figure(Some(disk.used_bytes)), figure(Some(disk.total_bytes)));
        lines.push(row("Disk", format!("{} ({}), {used}", line(&disk.mount), line(&disk.role))));
    }
    lines.extend(node.labels.iter().map(|(key, value)| row("Label", label(key, value, choice))));
    lines
}

fn health(info: &FleetInfo, node: &Node, now: Timestamp) -> Vec<String> {
    let heartbeat = &node.heartbeat;
    let recent: Vec<String> = heartbeat.recent.iter().map(u8::to_string).collect();
    let thresholds = &info.thresholds;
    let mut lines = vec![
        row("Health", node.health),
        row("Scheduling", node.scheduling),
        row("Takes placements", if node.takes_placements { "yes" } else { "no" }),
        row("Failure", or_unknown(node.failure_reason.clone()).replace("unknown", "none")),
        row("Heartbeat", format!("{}, last {}", heartbeat.state, moment(node.last_heartbeat_at, now))),
        row("Expected beats", if recent.is_empty() { "none yet".to_owned() } else { format!("{} (100 on time, 0 missed)", recent.join(" ")) }),
        row("Clock off by", heartbeat.clock_offset_s.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.1} s"))),
        row(
            "Thresholds",
            format!(
                "beat every {} s, late after {} s, offline after {} s, settle {} s, disk bad from {} %, memory bad from {} %",
                thresholds.heartbeat_every_s,
                thresholds.late_after_s,
                thresholds.offline_after_s,
                thresholds.settle_s,
                thresholds.disk_bad_percent,
                thresholds.memory_bad_percent
            ),
        ),
    ];
    lines.extend(node.signals.iter().map(|signal| {
        let since = signal.since.map_or_else(|| "since when is unknown".to_owned(), |at| format!("since {at:.0}"));
        row("Signal", format!("{}: {}, {since}. {}", line(&signal.name), signal.state, redacted(&signal.detail)))
    }));
    if node.signals.is_empty() {
        lines.push(row("Signal", "none was reported"));
    }
    lines
}

fn maintenance(node: &Node, choice: &Choice, now: Timestamp) -> Vec<String> {
    let Some(record) = &node.maintenance else { return vec!["not in maintenance".into()] };
    vec![
        row("Since", moment(record.since, now)),
        row("Reason", record.reason.as_ref().map_or_else(|| "unknown".to_owned(), |reason| choice.written(DiagnosticsPart::Reasons, reason))),
        row("Expected back", record.expected_back_at.map_or_else(|| "not said".to_owned(), |at| format!("{at:.0}"))),
        row("Overdue", if record.overdue(now) { "yes" } else { "no" }),
        row("Set", if record.set_outside { "outside Pitlane" } else { "through Pitlane" }),
        row("Version when drained", or_unknown(record.version.clone())),
        row("Engine's remark", or_unknown(record.note.as_ref().map(ToString::to_string)).replace("unknown", "none")),
    ]
}

fn planned(plan: &PlannedDrain, choice: &Choice) -> Vec<String> {
    vec![
        row("State", plan.state),
        row("Begins", format!("{:.0}", plan.starts_at)),
        row("Reason", choice.written(DiagnosticsPart::Reasons, &plan.reason)),
        row("Said of it", or_unknown(plan.message.as_ref().map(ToString::to_string)).replace("unknown", "nothing")),
        row("Refused by", plan.last_refusal.as_ref().map_or("none", |refusal| refusal.code.as_str())),
    ]
}

fn operation(operation: &Operation) -> Vec<String> {
    let refusal = operation.refusal.as_ref().map_or("none", |refusal| refusal.code.as_str());
    vec![
        row("Id", &operation.id),
        row("Kind", operation.kind),
        row("State", format!("{}, step {}", operation.state, operation.step)),
        row("Attempts", operation.attempt_count),
        row("Asked for", format!("{:.0}", operation.created_at)),
        row("Next attempt", operation.next_attempt_at.map_or_else(|| "none planned".to_owned(), |at| format!("{at:.0}"))),
        row("Last error", or_unknown(operation.last_error.as_ref().map(ToString::to_string)).replace("unknown", "none")),
        row("Refused by", refusal),
    ]
}

fn checks(checks: &ActivationChecks) -> Vec<String> {
    let mut lines = vec![row("Clean", if checks.clean { "yes" } else { "no" })];
    lines.extend(checks.checks.iter().map(|check| row(check.outcome.as_str(), format!("{}: {}", line(&check.name), redacted(&check.detail)))));
    lines
}

fn workloads(list: &WorkloadList, now: Timestamp) -> Vec<String> {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for workload in &list.workloads {
        *kinds.entry(format!("{}, {}", workload.kind, workload.state)).or_default() += 1;
    }
    let mut lines = vec![
        row("Read", moment(Some(list.read_at), now)),
        row("Complete", if list.complete { "yes" } else { "no: what follows may be too little" }),
        row("All", list.workloads.len()),
        row("Stateful, running", list.running_stateful().count()),
        row("Unused volumes", list.orphaned_volumes.len()),
    ];
    lines.extend(kinds.into_iter().map(|(kind, count)| row(&kind, count)));
    lines
}

fn day(samples: &std::result::Result<Vec<Sample>, String>) -> Vec<String> {
    let Ok(samples) = samples else { return vec!["could not be read".into()] };
    let (beats, expected) = samples.iter().fold((0_u64, 0_u64), |(b, e), sample| (b + u64::from(sample.beats), e + u64::from(sample.expected)));
    let highest = |of: fn(&Sample) -> Option<f64>| {
        let highest = samples.iter().filter_map(of).reduce(f64::max);
        highest.map_or_else(|| "unknown".to_owned(), |share| format!("{share:.0} %"))
    };
    let mut bad: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, state) in samples.iter().flat_map(|sample| &sample.signals) {
        *bad.entry(name).or_default() += usize::from(*state == pitlane_api::SignalState::Bad);
    }
    let mut lines = vec![
        row("Watched", format!("{} of 288 times five minutes", samples.len())),
        row("Heartbeats", format!("{beats} of {expected} expected")),
        row("Highest processor", highest(|sample| sample.cpu_percent)),
        row("Highest memory", highest(|sample| sample.memory_percent)),
        row("Highest disk", highest(|sample| sample.disk_percent)),
    ];
    lines.extend(bad.into_iter().map(|(name, times)| row(&line(name), format!("bad in {times} of them"))));
    lines
}

fn activity(entries: &std::result::Result<Vec<ActivityEntry>, String>, choice: &Choice) -> Vec<String> {
    let Ok(entries) = entries else { return vec!["could not be read".into()] };
    if entries.is_empty() {
        return vec!["none".into()];
    }
    let written = |entry: &ActivityEntry| {
        let reason = entry.reason.as_deref().map(|reason| format!(" Reason: {}", choice.written(DiagnosticsPart::Reasons, reason)));
        format!("{:.0} {} by {}: {}{}", entry.at, entry.kind, entry.actor_kind, message(entry, choice), reason.unwrap_or_default())
    };
    entries.iter().map(written).collect()
}

/// What an entry says: Pitlane's own words, with gaps where they name what somebody else wrote.
fn message(entry: &ActivityEntry, choice: &Choice) -> String {
    let Some(said) = entry.message.made_of() else { return choice.written(DiagnosticsPart::Activity, &entry.message) };
    let template = |said: &Said| said.many.as_ref().filter(|_| said.n != Some(1)).unwrap_or(&said.id).clone();
    let value = |arg: &Arg| match arg {
        Arg::Data(text) if text.parse::<Timestamp>().is_err() => choice.written(DiagnosticsPart::Activity, text),
        Arg::Data(time) => time.clone(),
        Arg::Number(number) => number.to_string(),
        Arg::Said(_) => String::new(),
    };
    // Once more as a whole: a secret may begin in one value and end in the next.
    redacted(&said.render(&template, &value))
}

fn label(key: &str, value: &str, choice: &Choice) -> String {
    let shown = if value.is_empty() || WELL_KNOWN_LABELS.contains(&key) { line(value) } else { choice.written(DiagnosticsPart::Labels, value) };
    redacted(&format!("{key}={shown}"))
}

fn not_read(material: &Material) -> Vec<String> {
    let mut lines: Vec<String> = material.workloads.not_read.iter().map(|why| format!("workloads: {}", redacted(why))).collect();
    if !material.info.engine.reachable {
        lines.push("the engine does not answer: what it shows is as old as its last answer".into());
    }
    let failed = [("samples", material.samples.as_ref().err()), ("activity", material.activity.as_ref().err())];
    lines.extend(failed.into_iter().filter_map(|(what, error)| error.map(|error| format!("{what}: {}", redacted(error)))));
    if lines.is_empty() {
        lines.push("everything was read".into());
    }
    lines
}
