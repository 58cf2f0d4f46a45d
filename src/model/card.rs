//! What a node's card says. A card shows these words and decides nothing.

use pitlane_api::{
    Health, HeartbeatState, Node, NodeSource, Operation, OperationKind, OperationState, Scheduling, Signal, SignalKind, SignalState, Timestamp,
};

use super::attention;
use super::{
    format,
    plan::PlanWords,
    tone::{self, Glyph, Mark, Tone},
};
use crate::words::{self, tr};

/// Everything of a card that does not change by a heartbeat or by the passing of a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub name: String,
    /// `eu-central · 10.4.0.11`.
    pub place: String,
    pub simulated: bool,
    pub badges: Vec<Mark>,
    /// Why the node needs attention, where nothing else on the card says so.
    pub why: Option<String>,
    /// The border: maintenance, or bad news.
    pub edge: Option<Tone>,
    pub heartbeat: HeartbeatWords,
    pub disk_percent: Option<f64>,
    pub memory_total: Option<u64>,
    /// Meters of a node that does not report are shown as unknown, however recent their last figures are.
    pub meters_known: bool,
    pub memory_bad: bool,
    pub disk_bad: bool,
    pub signals: Vec<SignalWords>,
    pub version: Option<String>,
    pub update: Option<String>,
    pub maintenance: Option<MaintenanceWords>,
    pub planned: Option<PlanWords>,
    pub notices: Vec<Notice>,
    pub workloads: Option<u32>,
    pub stateful: Option<u32>,
    pub action: MainAction,
    /// What an activation would stumble over, in a few words.
    pub not_ready: Option<String>,
    pub operation: Option<Operation>,
}

/// The line beside the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatWords {
    pub tone: Tone,
    pub state: HeartbeatState,
}

/// One readiness signal on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalWords {
    pub tone: Tone,
    pub glyph: Glyph,
    pub name: String,
    /// `Docker: ready, 28.5.2`, for the title and for a screen reader.
    pub title: String,
}

/// The line about the maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceWords {
    pub since: Option<Timestamp>,
    /// `on-call · “Kernel 6.12 reboot”`, or that it was set outside.
    pub rest: String,
    pub expected_back_at: Option<Timestamp>,
}

/// A box on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    pub glyph: Glyph,
    pub strong: Option<String>,
    pub text: String,
    /// Stands before the text, with an age that ticks: `No heartbeat for 6 min.`
    pub since: Option<Since>,
}

/// A sentence around an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    pub what: SinceWhat,
    pub at: Timestamp,
}

/// Which sentence it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceWhat {
    LastHeartbeat,
    Registered,
}

impl Since {
    /// The sentence, given the age.
    pub fn sentence(self, age: &str) -> String {
        match self.what {
            SinceWhat::LastHeartbeat => tr!("No heartbeat for {}.", age),
            SinceWhat::Registered => tr!("Registered {} ago, waiting for the first clean heartbeat.", age),
        }
    }
}

/// The one main action of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MainAction {
    /// Opens the drain sheet.
    Drain,
    /// One click, as far as the card can tell.
    Activate,
    /// Opens the checks.
    ActivateAfterChecks,
}

impl MainAction {
    /// The words on the button.
    pub fn label(self) -> String {
        match self {
            MainAction::Drain => tr!("Drain"),
            MainAction::Activate => tr!("Activate"),
            MainAction::ActivateAfterChecks => tr!("Activate…"),
        }
    }
}

impl Face {
    /// What the card of `node` says.
    pub fn of(node: &Node) -> Self {
        let not_ready = not_ready(node);
        let bad = |kind| node.signals.iter().any(|signal| signal.kind == kind && signal.state == SignalState::Bad);
        Self {
            name: node.name.clone(),
            place: place(node),
            simulated: node.node_source == NodeSource::Simulated,
            badges: badges(node, false),
            why: attention::on_card(node),
            edge: edge(node),
            heartbeat: HeartbeatWords { tone: tone::heartbeat(node.heartbeat.state, node.health), state: node.heartbeat.state },
            disk_percent: fullest_disk(node),
            memory_total: node.resources.memory_total_bytes,
            meters_known: matches!(node.health, Health::Healthy | Health::Degraded),
            memory_bad: bad(SignalKind::Memory),
            disk_bad: bad(SignalKind::Disk),
            signals: signals(node),
            version: node.agent_version.as_ref().map(|version| tr!("agent {}", version)).or_else(|| node.engine_version.clone()),
            update: node.agent_update.clone(),
            maintenance: maintenance(node),
            planned: node.planned.as_deref().map(PlanWords::of),
            notices: notices(node),
            workloads: node.workload_counts.total,
            stateful: node.workload_counts.stateful,
            action: action(node, not_ready.is_some()),
            not_ready: not_ready.filter(|_| node.scheduling == Scheduling::Maintenance),
            operation: node.operation.clone().filter(shown),
        }
    }
}

/// Both badges where a node is in maintenance and not healthy; `always_both` on the node's own page.
pub fn badges(node: &Node, always_both: bool) -> Vec<Mark> {
    let health = tone::health(node.health);
    match node.scheduling {
        Scheduling::Maintenance if node.health == Health::Healthy && !always_both => vec![tone::maintenance()],
        Scheduling::Maintenance => vec![tone::maintenance(), health],
        _ => vec![health],
    }
}

/// `manager · eu-central · 10.4.0.11`, as far as it is known.
pub fn place(node: &Node) -> String {
    let address = node.overlay_ip.as_ref().or(node.public_ip.as_ref());
    let known = [node.region.as_ref(), address].into_iter().flatten().map(String::as_str);
    let parts: Vec<&str> = engine_roles(node).chain(known).collect();
    if parts.is_empty() { tr!("place not reported") } else { parts.join(" · ") }
}

/// What the node is to its engine, where a drain of it deserves a second thought: a manager of the swarm, a control plane's node.
fn engine_roles(node: &Node) -> impl Iterator<Item = &str> {
    let manager = node.labels.get("node.role").filter(|role| *role == "manager").map(String::as_str);
    manager.into_iter().chain(node.labels.keys().filter_map(|key| key.strip_prefix("node-role.kubernetes.io/")))
}

/// The fullest of the file systems that matter, in percent.
pub fn fullest_disk(node: &Node) -> Option<f64> {
    node.resources
        .disks
        .iter()
        .filter_map(|disk| format::share(Some(disk.used_bytes), Some(disk.total_bytes)))
        .fold(None, |most: Option<f64>, share| Some(most.map_or(share, |most| most.max(share))))
}

/// What an activation would stumble over, as far as the node itself tells. The server decides with all checks.
pub fn not_ready(node: &Node) -> Option<String> {
    match node.heartbeat.state {
        HeartbeatState::Late => return Some(tr!("Heartbeat late")),
        HeartbeatState::Stale => return Some(tr!("No heartbeat")),
        HeartbeatState::Never => return Some(tr!("Waiting for the first heartbeat")),
        HeartbeatState::Fresh | HeartbeatState::NotReported | HeartbeatState::Unknown => {}
    }
    let bad = node.signals.iter().find(|s| s.state == SignalState::Bad && !informs(s.kind))?;
    Some(match bad.kind {
        SignalKind::Docker | SignalKind::Caddy => tr!("{} not ready", bad.name),
        SignalKind::Disk => tr!("Disk nearly full"),
        SignalKind::Memory => tr!("Memory nearly full"),
        _ => tr!("{} is bad", bad.name),
    })
}

/// Signals that inform and never block.
pub const fn informs(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::Cpu | SignalKind::Agent | SignalKind::Clock)
}

fn edge(node: &Node) -> Option<Tone> {
    match (node.scheduling, node.health) {
        (Scheduling::Maintenance, _) => Some(Tone::Maintenance),
        (_, Health::Offline | Health::Failed) => Some(Tone::Offline),
        _ => None,
    }
}

fn action(node: &Node, blocked: bool) -> MainAction {
    let draining = node.operation.as_ref().is_some_and(|op| op.kind == OperationKind::Drain && !op.state.is_finished());
    match node.scheduling {
        Scheduling::Maintenance if blocked => MainAction::ActivateAfterChecks,
        Scheduling::Maintenance => MainAction::Activate,
        // A drain that has not arrived yet is stopped by Activate.
        _ if draining => MainAction::Activate,
        _ => MainAction::Drain,
    }
}

/// An operation is shown until it is over, and after that only while its failure is unanswered.
fn shown(operation: &Operation) -> bool {
    !matches!(operation.state, OperationState::Completed | OperationState::Aborted)
}

fn signals(node: &Node) -> Vec<SignalWords> {
    // An agent that was never heard says nothing of either yet, which is shown as such.
    let unheard = (node.heartbeat.state == HeartbeatState::Never && node.signals.is_empty()).then(|| {
        [(SignalKind::Docker, "Docker"), (SignalKind::Caddy, "Caddy")].map(|(kind, name)| Signal {
            kind,
            name: name.into(),
            state: SignalState::Unknown,
            detail: Default::default(),
            since: None,
        })
    });
    node.signals
        .iter()
        .chain(unheard.iter().flatten())
        .filter(|signal| match signal.kind {
            SignalKind::Docker | SignalKind::Caddy => signal.state != SignalState::NotPresent,
            SignalKind::Condition | SignalKind::Unknown => signal.state == SignalState::Bad,
            // Meters, the version and a notice tell of these.
            SignalKind::Cpu | SignalKind::Memory | SignalKind::Disk | SignalKind::Agent | SignalKind::Clock => false,
        })
        .map(|signal| {
            // A node that does not report cannot vouch for what it last said.
            let current = !matches!(node.health, Health::Offline | Health::Pending);
            let state = if current { signal.state } else { SignalState::Unknown };
            let (tone, glyph) = tone::signal(state);
            let word = match state {
                SignalState::Ok => tr!("signal" => "ready"),
                SignalState::Bad => tr!("signal" => "not ready"),
                SignalState::NotPresent => tr!("signal" => "not present"),
                SignalState::Unknown => tr!("signal" => "not known"),
            };
            let name = signal_name(signal);
            let title = if signal.detail.is_empty() || !current {
                tr!("{}: {}", name, word)
            } else {
                tr!("{}: {}, {}", name, word, words::told(&signal.detail))
            };
            SignalWords { tone, glyph, name, title }
        })
        .collect()
}

fn maintenance(node: &Node) -> Option<MaintenanceWords> {
    let record = node.maintenance.as_ref()?;
    let mut parts = Vec::new();
    match (&record.by, record.set_outside) {
        (_, true) => parts.push(tr!("set outside Pitlane")),
        (Some(by), false) => parts.push(by.clone()),
        (None, false) => {}
    }
    if let Some(reason) = &record.reason {
        parts.push(tr!("“{}”", reason));
    }
    if let Some(note) = &record.note {
        parts.push(words::told(note));
    }
    Some(MaintenanceWords { since: record.since, rest: parts.join(" · "), expected_back_at: record.expected_back_at })
}

fn notices(node: &Node) -> Vec<Notice> {
    let mut notices = Vec::new();
    let plain = |tone, glyph, text: String| Notice { tone, glyph, strong: None, text, since: None };
    match node.health {
        Health::Failed => {
            let why = node.failure_reason.clone().unwrap_or_else(|| tr!("The engine reports this node as failed."));
            notices.push(plain(Tone::Offline, Glyph::Warning, why));
        }
        Health::Offline => notices.push(Notice {
            since: node.last_heartbeat_at.map(|at| Since { what: SinceWhat::LastHeartbeat, at }),
            ..plain(Tone::Offline, Glyph::Warning, tr!("Last known workloads shown."))
        }),
        Health::Pending => notices.push(Notice {
            since: Some(Since { what: SinceWhat::Registered, at: node.created_at }),
            ..plain(Tone::Pending, Glyph::Ring, String::new())
        }),
        Health::Deleting => notices.push(plain(Tone::Neutral, Glyph::Trash, tr!("This node is being removed."))),
        _ => {}
    }
    if node.health == Health::Degraded && node.scheduling == Scheduling::Schedulable {
        let bad: Vec<String> = node.signals.iter().filter(|s| s.state == SignalState::Bad && !informs(s.kind)).map(bad_signal).collect();
        if !bad.is_empty() {
            let bad = bad.join(", ");
            let text = if node.takes_placements { tr!("{}. New placements still allowed.", bad) } else { tr!("{}. Takes no placements now.", bad) };
            notices.push(plain(Tone::Degraded, Glyph::Warning, text));
        }
    }
    if let Some(clock) = node.signals.iter().find(|s| s.kind == SignalKind::Clock && s.state == SignalState::Bad) {
        notices.push(plain(Tone::Degraded, Glyph::Clock, tr!("The clock of this node is off: {}", words::told(&clock.detail))));
    }
    if node.scheduling == Scheduling::Maintenance && node.health != Health::Offline {
        if let Some(n) = node.workload_counts.stateful.filter(|n| *n > 0) {
            notices.push(Notice {
                strong: Some(tr!("1 stateful workload still running here." | "{n} stateful workloads still running here." % n)),
                ..plain(Tone::Maintenance, Glyph::Database, tr!("Maintenance does not move them."))
            });
        } else if node.workload_counts.stateful.is_none() {
            notices.push(plain(Tone::Maintenance, Glyph::Database, tr!("Stateful workloads were not evaluated.")));
        }
    }
    notices
}

/// `Memory` in the language of the page; a condition as its engine names it.
pub fn signal_name(signal: &pitlane_api::Signal) -> String {
    words::told(&pitlane_api::rules::signal_name(signal.kind, &signal.name))
}

fn bad_signal(signal: &pitlane_api::Signal) -> String {
    match signal.kind {
        SignalKind::Docker | SignalKind::Caddy => tr!("{} not ready", signal_name(signal)),
        _ if signal.detail.is_empty() => tr!("{} is bad", signal_name(signal)),
        _ => tr!("{}: {}", signal_name(signal), words::told(&signal.detail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use pitlane_api::Maintenance;

    fn signal(kind: SignalKind, name: &str, state: SignalState) -> Signal {
        Signal { kind, name: name.into(), state, detail: Default::default(), since: None }
    }

    fn in_maintenance(mut node: Node) -> Node {
        node.scheduling = Scheduling::Maintenance;
        node.maintenance = Some(Maintenance {
            reason: Some("Disk swap".into()),
            by: Some("storage".into()),
            since: None,
            expected_back_at: None,
            set_outside: false,
            note: None,
            version: None,
        });
        node
    }

    #[test]
    fn an_engine_s_own_words_stand_where_no_agent_speaks() {
        let mut a = node("a");
        a.region = None;
        a.overlay_ip = Some("10.77.0.1".into());
        a.agent_version = None;
        a.engine_version = Some("Docker 20.10.24".into());
        a.labels.insert("node.role".into(), "manager".into());
        assert_eq!(Face::of(&a).version.as_deref(), Some("Docker 20.10.24"));
        assert_eq!(place(&a), "manager · 10.77.0.1");
        a.labels = [("node.role".to_owned(), "worker".to_owned()), ("node-role.kubernetes.io/control-plane".to_owned(), String::new())].into();
        a.agent_version = Some("0.1.0".into());
        assert_eq!(Face::of(&a).version.as_deref(), Some("agent 0.1.0"));
        assert_eq!(place(&a), "control-plane · 10.77.0.1");
    }

    #[test]
    fn two_badges_only_where_both_axes_have_news() {
        let words = |node: &Node| badges(node, false).iter().map(|mark| mark.word.clone()).collect::<Vec<_>>();
        let mut a = in_maintenance(node("a"));
        assert_eq!(words(&a), ["Maintenance"]);
        assert_eq!(badges(&a, true).len(), 2);
        a.health = Health::Degraded;
        assert_eq!(words(&a), ["Maintenance", "Degraded"]);
    }

    #[test]
    fn activate_opens_the_checks_where_something_is_bad() {
        let mut a = in_maintenance(node("a"));
        assert_eq!(Face::of(&a).action.label(), "Activate");
        a.signals.push(signal(SignalKind::Docker, "Docker", SignalState::Bad));
        let face = Face::of(&a);
        assert_eq!((face.action.label().as_str(), face.not_ready.as_deref()), ("Activate…", Some("Docker not ready")));
    }

    #[test]
    fn what_informs_never_blocks() {
        let mut a = in_maintenance(node("a"));
        a.signals = vec![
            signal(SignalKind::Cpu, "CPU", SignalState::Bad),
            signal(SignalKind::Agent, "Agent version", SignalState::Bad),
            signal(SignalKind::Clock, "Clock", SignalState::Bad),
        ];
        assert_eq!(Face::of(&a).action, MainAction::Activate);
    }

    #[test]
    fn a_degraded_card_names_what_is_bad_and_not_what_informs() {
        let mut a = node("a");
        a.health = Health::Degraded;
        a.signals = vec![
            signal(SignalKind::Cpu, "CPU", SignalState::Bad),
            signal(SignalKind::Docker, "Docker", SignalState::Bad),
            signal(SignalKind::Agent, "Agent", SignalState::Bad),
            signal(SignalKind::Clock, "Clock", SignalState::Bad),
        ];
        let said: Vec<String> = Face::of(&a).notices.into_iter().map(|notice| notice.text).collect();
        assert_eq!(said.first().map(String::as_str), Some("Docker not ready. New placements still allowed."));
        assert!(said.iter().skip(1).all(|text| text.starts_with("The clock")), "{said:?}");
    }

    #[test]
    fn what_informs_is_no_reason_for_a_notice() {
        let mut a = node("a");
        a.health = Health::Degraded;
        a.signals = vec![signal(SignalKind::Agent, "Agent", SignalState::Bad), signal(SignalKind::Cpu, "CPU", SignalState::Bad)];
        assert_eq!(Face::of(&a).notices, []);
    }

    #[test]
    fn a_silent_node_vouches_for_nothing() {
        let mut a = node("a");
        a.health = Health::Offline;
        a.signals.push(signal(SignalKind::Docker, "Docker", SignalState::Ok));
        let face = Face::of(&a);
        assert!(!face.meters_known);
        assert_eq!(face.signals.first().map(|s| s.glyph), Some(Glyph::Ring));
    }

    #[test]
    fn a_node_that_was_never_heard_has_unknown_signals() {
        let mut a = node("a");
        (a.health, a.heartbeat.state, a.signals) = (Health::Pending, HeartbeatState::Never, Vec::new());
        let said: Vec<_> = Face::of(&a).signals.into_iter().map(|signal| (signal.glyph, signal.title)).collect();
        assert_eq!(said, [(Glyph::Ring, "Docker: not known".to_owned()), (Glyph::Ring, "Caddy: not known".to_owned())]);
    }

    #[test]
    fn stateful_workloads_not_read_are_not_none() {
        let mut a = in_maintenance(node("a"));
        let text = |node: &Node| Face::of(node).notices.iter().map(|n| n.text.clone()).collect::<Vec<_>>().join(" ");
        assert!(text(&a).contains("not evaluated"));
        a.workload_counts.stateful = Some(0);
        assert_eq!(text(&a), "");
        a.workload_counts.stateful = Some(3);
        assert!(text(&a).contains("does not move them"));
    }
}
