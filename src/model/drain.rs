//! The drain sheet: what a person is shown, and what the request then says they saw.

use pitlane_api::{
    Capacity, DataLives, DrainPreview, DrainRequest, Fate, GuardKind, Identity, Maintenance, Operation, OperationKind, REASON_MAX, REASON_MIN,
    Refusal, Timestamp, Volume, VolumeKind, Workload,
    rules::{self, FieldError},
};

use super::{
    counts::CapacityBar,
    format::{self, share},
};
use crate::words::{self, tr};

/// `shop / postgres`.
pub fn workload_name(workload: &Workload) -> String {
    match &workload.stack {
        Some(stack) => format!("{stack} / {}", workload.name),
        None => workload.name.clone(),
    }
}

/// `local`, `network` or `not known`, beside a volume's name.
pub fn lives(lives: DataLives) -> String {
    match lives {
        DataLives::ThisNodeOnly => tr!("data" => "local"),
        DataLives::NetworkVolume => tr!("data" => "network"),
        DataLives::Unknown => tr!("data" => "not known"),
    }
}

/// `Named volume, data: local`, for the title of a volume.
pub fn volume_title(volume: &Volume) -> String {
    let kind = match volume.kind {
        VolumeKind::Named => tr!("Named volume"),
        VolumeKind::Anonymous => tr!("Anonymous volume"),
        VolumeKind::Bind | VolumeKind::HostPath => tr!("Folder of the host"),
        VolumeKind::Pvc => tr!("Persistent volume claim"),
        VolumeKind::EmptyDir => tr!("Scratch space that goes with the pod"),
        VolumeKind::HostVolume => tr!("Host volume"),
        VolumeKind::Unknown => tr!("Volume"),
    };
    tr!("{}, data: {}", kind, lives(volume.data_lives))
}

/// What the engine does with a workload, as [`Fate::describe`] says it in English.
pub fn fate(fate: Fate) -> String {
    match fate {
        Fate::HereWithData => tr!("starts here again, with its data"),
        Fate::StaysStopped => tr!("stays stopped, data stays here"),
        Fate::WaitsForNode => tr!("waits for this node"),
        Fate::ElsewhereWithData => tr!("starts elsewhere, data follows"),
        Fate::ElsewhereEmpty => tr!("starts elsewhere, empty"),
        Fate::Elsewhere => tr!("starts elsewhere"),
        Fate::DataLost => tr!("is removed with its data"),
        Fate::Unknown => tr!("not known"),
    }
}

/// The line that says what is not evacuated.
pub fn stays(preview: &DrainPreview) -> String {
    match preview.workloads_running {
        None => tr!("Whatever runs on this node stays where it is; the list could not be read."),
        Some(0) => tr!("Nothing runs on this node now."),
        Some(n) => tr!("The running workload stays where it is." | "All {n} running workloads stay where they are." % n),
    }
}

/// The line below the bar: `3 nodes left that take placements · 72 of 152 GiB memory free`.
pub fn capacity_after(after: &Capacity) -> String {
    let nodes = match after.nodes {
        // Of none there is nothing to evaluate: what they have free is known to be nothing.
        0 => return tr!("No node left that would take placements instead, so no memory and no core is free"),
        n => tr!("1 node left that takes placements" | "{n} nodes left that take placements" % n),
    };
    let memory = match (after.memory_free_bytes, after.memory_total_bytes) {
        (Some(free), Some(total)) => tr!("{} memory free", format::bytes_of(free, total)),
        _ => tr!("memory not evaluated"),
    };
    let cores = |(free, total): (f64, f64)| tr!("{} of {} cores free", words::tenths(free), words::number(total.round() as u64));
    let cpu = after.cpu_cores_free.zip(after.cpu_cores_total).map(cores);
    [Some(nodes), Some(memory), cpu].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The bar: used afterwards in one colour, what the drain takes with it in stripes.
pub fn capacity_bar(now: &Capacity, after: &Capacity) -> Option<CapacityBar> {
    let known = |bytes: Option<u64>| if after.nodes == 0 { Some(0) } else { bytes };
    let (total, free) = (known(after.memory_total_bytes)?, known(after.memory_free_bytes)?);
    let whole = now.memory_total_bytes?.max(total);
    let used = total.saturating_sub(free);
    let leaves = whole.saturating_sub(total);
    Some(CapacityBar { used: share(Some(used), Some(whole))?, out: share(Some(leaves), Some(whole))?, text: capacity_after(after) })
}

/// What the person has filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub reason: String,
    pub expected_back_at: Option<Timestamp>,
    /// It begins later: then.
    pub starts_at: Option<Timestamp>,
    pub understood_stateful: bool,
    pub acknowledge_unread: bool,
    pub allow_last_schedulable: bool,
}

/// What is still to be done before the request can go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    Reason,
    ReasonTooLong,
    UnderstandStateful,
    AcknowledgeUnread,
    AllowLast,
    /// A time is asked for, and none is in the field.
    NoExpected,
    NoStart,
    /// A time that the rules do not take, in the words of the rules.
    Time(FieldError),
}

impl Missing {
    /// For a person.
    pub fn words(&self) -> String {
        match self {
            Missing::Reason => tr!("Say why, in at least 3 characters. It shows on the card and in the activity log."),
            Missing::ReasonTooLong => tr!("A reason has at most 500 characters."),
            Missing::UnderstandStateful => tr!("Confirm that you have seen which stateful workloads stay."),
            Missing::AcknowledgeUnread => tr!("Acknowledge that not every workload could be read."),
            Missing::AllowLast => tr!("Confirm that no node takes placements afterwards."),
            Missing::NoExpected => tr!("Say when the node is expected back, or that no time is set."),
            Missing::NoStart => tr!("Say when the drain begins."),
            Missing::Time(wrong) => words::told(&wrong.message),
        }
    }

    /// The field it is about, by its name on the wire; what has to be ticked stands beside its box.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Missing::Reason | Missing::ReasonTooLong => Some(REASON),
            Missing::NoExpected => Some(EXPECTED),
            Missing::NoStart => Some(STARTS),
            Missing::Time(wrong) => Some(wrong.field),
            Missing::UnderstandStateful | Missing::AcknowledgeUnread | Missing::AllowLast => None,
        }
    }
}

/// The fields of the form, by their names on the wire.
pub const REASON: &str = "reason";
pub const EXPECTED: &str = "expected_back_at";
pub const STARTS: &str = "starts_at";

/// Whether a drain takes the last node that takes placements.
pub fn takes_the_last(preview: &DrainPreview) -> bool {
    preview.guards.iter().any(|guard| guard.kind == GuardKind::LastSchedulableNode)
}

/// Whether a reason will do.
pub fn reason_problem(reason: &str) -> Option<Missing> {
    match reason.trim().chars().count() {
        n if n < REASON_MIN => Some(Missing::Reason),
        n if n > REASON_MAX => Some(Missing::ReasonTooLong),
        _ => None,
    }
}

impl Form {
    /// The request, with exactly what was on the screen as what was seen.
    ///
    /// # Errors
    /// What is still missing, the first thing first.
    pub fn request(&self, preview: &DrainPreview, now: Timestamp) -> Result<DrainRequest, Missing> {
        let DrainPreview { stateful, complete, .. } = preview;
        if let Some(problem) = reason_problem(&self.reason) {
            return Err(problem);
        }
        match self.starts_at {
            Some(at) => rules::check_plan_times(at, self.expected_back_at, now),
            None => rules::check_expected_back(self.expected_back_at, now),
        }
        .map_err(Missing::Time)?;
        if !stateful.is_empty() && !self.understood_stateful {
            return Err(Missing::UnderstandStateful);
        }
        if !*complete && !self.acknowledge_unread {
            return Err(Missing::AcknowledgeUnread);
        }
        // Whether another node takes placements when its time has come, nobody knows today.
        if self.starts_at.is_none() && takes_the_last(preview) && !self.allow_last_schedulable {
            return Err(Missing::AllowLast);
        }
        Ok(DrainRequest {
            reason: self.reason.trim().to_owned(),
            expected_back_at: self.expected_back_at,
            seen_stateful: stateful.iter().map(|workload| workload.identity.clone()).collect(),
            acknowledge_unread: !*complete && self.acknowledge_unread,
            allow_last_schedulable: self.allow_last_schedulable,
        })
    }
}

/// How a stateful workload differs from what was shown before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    Added,
    MoreLocal,
}

impl Difference {
    /// The word beside the workload.
    pub fn word(self) -> String {
        match self {
            Difference::Added => tr!("workload" => "new"),
            Difference::MoreLocal => tr!("workload" => "now more local"),
        }
    }
}

/// Who put a node into maintenance, when and why; `ago` is `10 s ago`, or a dash where nobody knows.
pub fn taken(record: Option<&Maintenance>, ago: &str) -> String {
    let Some(record) = record.filter(|record| record.since.is_some()) else { return tr!("This node is in maintenance already.") };
    match (record.by.as_deref().filter(|_| !record.set_outside), record.reason.as_deref()) {
        (Some(by), Some(reason)) => tr!("{} put this node into maintenance {}: “{}”", by, ago, reason),
        (Some(by), None) => tr!("{} put this node into maintenance {}.", by, ago),
        (None, Some(reason)) => tr!("Somebody put this node into maintenance {}: “{}”", ago, reason),
        (None, None) => tr!("Somebody put this node into maintenance {}, outside Pitlane.", ago),
    }
}

/// Who has asked for what is under way, and when.
pub fn under_way(operation: &Operation, ago: &str) -> String {
    let by = &operation.requested_by;
    match (operation.kind, &operation.reason) {
        (OperationKind::Activate, _) => tr!("{} asked for an activation of this node {}. It is not finished.", by, ago),
        (_, Some(reason)) => tr!("{} asked for a drain of this node {}: “{}”. It is not finished.", by, ago, reason),
        (_, None) => tr!("{} asked for a drain of this node {}. It is not finished.", by, ago),
    }
}

/// What a refusal `stateful_workloads_changed` tells about one workload of the new list.
pub fn difference(refusal: Option<&Refusal>, identity: &Identity) -> Option<Difference> {
    match refusal? {
        Refusal::StatefulWorkloadsChanged { added, .. } if added.contains(identity) => Some(Difference::Added),
        Refusal::StatefulWorkloadsChanged { more_local, .. } if more_local.iter().any(|m| m.base == identity.base) => Some(Difference::MoreLocal),
        _ => None,
    }
}

/// A guard that another control of the sheet already tells of.
pub const fn told_elsewhere(kind: GuardKind) -> bool {
    matches!(kind, GuardKind::StatefulWorkloads)
}

/// An identity for a person: `shop/redis/1` of `compose:shop/redis/1`.
pub fn readable(identity: &Identity) -> String {
    identity.base.split_once(':').map_or(identity.base.as_str(), |(_, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::{CapacityBasis, Guard, GuardDemand, Revision, Risk, Words, WorkloadKind, WorkloadState};

    #[test]
    fn fates_are_those_of_the_contract() {
        for known in Fate::ALL {
            assert_eq!(fate(*known), known.describe());
        }
    }

    fn workload(name: &str) -> Workload {
        Workload {
            identity: Identity::new("compose", &["shop", name, "1"]).with_volume("data", DataLives::ThisNodeOnly),
            name: name.into(),
            stack: Some("shop".into()),
            image: None,
            kind: WorkloadKind::Container,
            state: WorkloadState::Running,
            since: None,
            stateful: true,
            belongs_to_node: false,
            volumes: vec![],
            on_restart: Fate::HereWithData,
            on_node_down: Fate::HereWithData,
            remarks: Vec::new(),
        }
    }

    fn capacity(nodes: u32) -> Capacity {
        Capacity {
            nodes,
            cpu_cores_total: None,
            cpu_cores_free: None,
            memory_total_bytes: None,
            memory_free_bytes: None,
            basis: CapacityBasis::Unknown,
        }
    }

    fn preview(stateful: &[Workload], complete: bool) -> DrainPreview {
        DrainPreview {
            node_id: "a".into(),
            revision: Revision("1".into()),
            read_at: Timestamp::UNIX_EPOCH,
            workloads_running: Some(0),
            complete,
            not_read: Vec::new(),
            stateful: stateful.to_vec(),
            takes_placements: true,
            capacity_now: capacity(2),
            capacity_after: capacity(1),
            guards: Vec::new(),
            risk: Risk::Low,
            risk_reasons: Vec::new(),
            commands: Vec::new(),
        }
    }

    fn form() -> Form {
        Form { reason: "  Kernel 6.12 reboot ".into(), ..Form::default() }
    }

    #[test]
    fn what_was_shown_is_what_was_seen() {
        let shown = [workload("postgres"), workload("redis")];
        let preview = preview(&shown, true);
        assert_eq!(form().request(&preview, Timestamp::UNIX_EPOCH), Err(Missing::UnderstandStateful));
        let form = Form { understood_stateful: true, ..form() };
        let request = form.request(&preview, Timestamp::UNIX_EPOCH).unwrap_or_default();
        assert_eq!(request.seen_stateful, shown.map(|w| w.identity).to_vec());
        assert_eq!(request.reason, "Kernel 6.12 reboot");
        assert!(!request.acknowledge_unread && !request.allow_last_schedulable, "nothing dangerous by default");
    }

    #[test]
    fn a_list_not_read_must_be_acknowledged() {
        assert_eq!(form().request(&preview(&[], false), Timestamp::UNIX_EPOCH), Err(Missing::AcknowledgeUnread));
        let form = Form { acknowledge_unread: true, ..form() };
        assert!(form.request(&preview(&[], false), Timestamp::UNIX_EPOCH).is_ok_and(|r| r.acknowledge_unread));
        assert!(form.request(&preview(&[], true), Timestamp::UNIX_EPOCH).is_ok_and(|r| !r.acknowledge_unread), "read by now: not claimed");
    }

    #[test]
    fn reasons_and_times_are_checked_before_they_travel() {
        assert_eq!(reason_problem(" ab "), Some(Missing::Reason));
        assert_eq!(reason_problem(&"x".repeat(501)), Some(Missing::ReasonTooLong));
        let now = Timestamp::UNIX_EPOCH;
        let after = |seconds| crate::model::expected::later(now, seconds);
        let says = |expected_back_at, starts_at| {
            let wrong = Form { expected_back_at, starts_at, ..form() }.request(&preview(&[], true), now).err();
            wrong.map(|wrong| (wrong.field(), wrong.words())).unwrap_or_default()
        };
        assert_eq!(says(after(1), after(1)).1, "The node would be expected back before its drain begins.");
        assert_eq!(says(Some(now), None), (Some(EXPECTED), "The time at which the node is expected back lies in the past.".into()));
        assert_eq!(says(None, Some(now)), (Some(STARTS), "The time at which the drain shall begin lies in the past.".into()));
        assert!(says(None, Some(Timestamp::MAX)).1.contains("more than 90 days away"));
        assert!(says(Some(Timestamp::MAX), None).1.contains("more than a year away"));
        assert_eq!(says(after(2), after(1)), (None, String::new()));
    }

    #[test]
    fn the_last_node_is_acknowledged_before_it_is_asked_for() {
        let guard = Guard { kind: GuardKind::LastSchedulableNode, demand: GuardDemand::Acknowledge, message: Words::default() };
        let last = DrainPreview { guards: vec![guard], ..preview(&[], true) };
        assert_eq!(form().request(&last, Timestamp::UNIX_EPOCH), Err(Missing::AllowLast));
        let knowing = Form { allow_last_schedulable: true, ..form() };
        assert!(knowing.request(&last, Timestamp::UNIX_EPOCH).is_ok_and(|request| request.allow_last_schedulable));
        let later = Form { starts_at: crate::model::expected::later(Timestamp::UNIX_EPOCH, 60), ..form() };
        assert!(later.request(&last, Timestamp::UNIX_EPOCH).is_ok(), "asked when its time has come");
    }

    #[test]
    fn what_no_node_has_free_is_known() {
        let none = capacity(0);
        assert_eq!(capacity_after(&none), "No node left that would take placements instead, so no memory and no core is free");
        let now = Capacity { memory_total_bytes: Some(8 << 30), memory_free_bytes: Some(4 << 30), ..capacity(1) };
        assert_eq!(capacity_bar(&now, &none).map(|bar| (bar.used, bar.out)), Some((0.0, 100.0)));
        assert!(capacity_after(&capacity(1)).contains("memory not evaluated"));
    }

    #[test]
    fn who_was_there_before_is_said_as_far_as_it_is_known() {
        let known = Maintenance {
            by: Some("anna".into()),
            since: Some(Timestamp::UNIX_EPOCH),
            reason: Some("New disk".into()),
            expected_back_at: None,
            set_outside: false,
            note: None,
            version: None,
        };
        assert_eq!(taken(Some(&known), "10 s ago"), "anna put this node into maintenance 10 s ago: “New disk”");
        let outside = Maintenance { reason: None, set_outside: true, ..known.clone() };
        assert_eq!(taken(Some(&outside), "10 s ago"), "Somebody put this node into maintenance 10 s ago, outside Pitlane.");
        assert_eq!(taken(Some(&Maintenance { since: None, ..known }), "—"), "This node is in maintenance already.");
    }

    #[test]
    fn the_difference_names_what_is_new() {
        let (old, new) = (workload("postgres"), workload("redis"));
        let refusal = Refusal::StatefulWorkloadsChanged { added: vec![new.identity.clone()], more_local: vec![], gone: vec![], now: vec![] };
        assert_eq!(difference(Some(&refusal), &new.identity), Some(Difference::Added));
        assert_eq!(difference(Some(&refusal), &old.identity), None);
        assert_eq!(readable(&new.identity), "shop/redis/1");
    }
}
