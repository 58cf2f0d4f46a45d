//! The drain sheet: what a person is shown, and what the request then says they saw.

use pitlane_api::{
    Capacity, DataLives, DrainPreview, DrainRequest, Fate, GuardKind, Identity, REASON_MAX, REASON_MIN, Refusal, Timestamp, Volume, VolumeKind,
    Workload,
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
        0 => tr!("No node left that would take placements instead"),
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
    let whole = now.memory_total_bytes?.max(after.memory_total_bytes?);
    let used = after.memory_total_bytes?.saturating_sub(after.memory_free_bytes?);
    let leaves = whole.saturating_sub(after.memory_total_bytes?);
    Some(CapacityBar { used: share(Some(used), Some(whole))?, out: share(Some(leaves), Some(whole))?, text: capacity_after(after) })
}

/// What the person has filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub reason: String,
    pub expected_back_at: Option<Timestamp>,
    pub understood_stateful: bool,
    pub acknowledge_unread: bool,
    pub allow_last_schedulable: bool,
}

/// What is still to be done before the request can go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Reason,
    ReasonTooLong,
    UnderstandStateful,
    AcknowledgeUnread,
    ExpectedInThePast,
    StartsInThePast,
}

impl Missing {
    /// For a person.
    pub fn words(self) -> String {
        match self {
            Missing::Reason => tr!("Say why, in at least 3 characters. It shows on the card and in the activity log."),
            Missing::ReasonTooLong => tr!("A reason has at most 500 characters."),
            Missing::UnderstandStateful => tr!("Confirm that you have seen which stateful workloads stay."),
            Missing::AcknowledgeUnread => tr!("Acknowledge that not every workload could be read."),
            Missing::ExpectedInThePast => tr!("The time the node is expected back must lie ahead."),
            Missing::StartsInThePast => tr!("The time at which the drain begins must lie ahead."),
        }
    }
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
    pub fn request(&self, stateful: &[Workload], complete: bool, now: Timestamp) -> Result<DrainRequest, Missing> {
        if let Some(problem) = reason_problem(&self.reason) {
            return Err(problem);
        }
        if self.expected_back_at.is_some_and(|at| at <= now) {
            return Err(Missing::ExpectedInThePast);
        }
        if !stateful.is_empty() && !self.understood_stateful {
            return Err(Missing::UnderstandStateful);
        }
        if !complete && !self.acknowledge_unread {
            return Err(Missing::AcknowledgeUnread);
        }
        Ok(DrainRequest {
            reason: self.reason.trim().to_owned(),
            expected_back_at: self.expected_back_at,
            seen_stateful: stateful.iter().map(|workload| workload.identity.clone()).collect(),
            acknowledge_unread: !complete && self.acknowledge_unread,
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
    use pitlane_api::{WorkloadKind, WorkloadState};

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

    fn form() -> Form {
        Form { reason: "  Kernel 6.12 reboot ".into(), ..Form::default() }
    }

    #[test]
    fn what_was_shown_is_what_was_seen() {
        let shown = [workload("postgres"), workload("redis")];
        assert_eq!(form().request(&shown, true, Timestamp::UNIX_EPOCH), Err(Missing::UnderstandStateful));
        let form = Form { understood_stateful: true, ..form() };
        let request = form.request(&shown, true, Timestamp::UNIX_EPOCH).unwrap_or_default();
        assert_eq!(request.seen_stateful, shown.map(|w| w.identity).to_vec());
        assert_eq!(request.reason, "Kernel 6.12 reboot");
        assert!(!request.acknowledge_unread && !request.allow_last_schedulable, "nothing dangerous by default");
    }

    #[test]
    fn a_list_not_read_must_be_acknowledged() {
        assert_eq!(form().request(&[], false, Timestamp::UNIX_EPOCH), Err(Missing::AcknowledgeUnread));
        let form = Form { acknowledge_unread: true, ..form() };
        assert!(form.request(&[], false, Timestamp::UNIX_EPOCH).is_ok_and(|r| r.acknowledge_unread));
        assert!(form.request(&[], true, Timestamp::UNIX_EPOCH).is_ok_and(|r| !r.acknowledge_unread), "read by now: not claimed");
    }

    #[test]
    fn reasons_and_times_are_checked_before_they_travel() {
        assert_eq!(reason_problem(" ab "), Some(Missing::Reason));
        assert_eq!(reason_problem(&"x".repeat(501)), Some(Missing::ReasonTooLong));
        let past = Form { expected_back_at: Some(Timestamp::UNIX_EPOCH), ..form() };
        assert_eq!(past.request(&[], true, Timestamp::UNIX_EPOCH), Err(Missing::ExpectedInThePast));
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
