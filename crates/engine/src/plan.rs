//! What a driver has to write: the part of [`Engine::set_scheduling`](crate::Engine::set_scheduling) that is the same
//! for every engine. A driver reads the node, asks here, writes against the engine's own object version, and starts
//! over when that version is stale.

use pitlane_api::{Scheduling, Timestamp, say};

use crate::{EngineNode, Error, Record, Result, SetScheduling};

/// What is left to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It stands there already.
    Nothing,
    /// Write the target with this record, `None` being: remove whatever record there is.
    Write(Option<Record>),
}

/// What to write so that `node`, as the engine shows it just now, becomes what `change` asks for.
///
/// What stands there already is a success whatever the expected revision, so that a write whose answer got lost can
/// be repeated. A record without `since` gets the one that stands there if it is the same operation's, else `now`.
///
/// # Errors
/// [`Error::Conflict`] where the node is no longer what the caller expected; [`Error::Refused`] for a target from a
/// newer version.
pub fn plan(node: &EngineNode, change: &SetScheduling, now: Timestamp) -> Result<Plan> {
    let record = match change.target {
        Scheduling::Schedulable => None,
        Scheduling::Maintenance => Some(stamped(change.record.clone().unwrap_or_default(), node.record.as_ref(), now)),
        Scheduling::Unknown => return Err(Error::Refused(say!("this version does not know the scheduling that was asked for"))),
    };
    if node.scheduling == change.target && node.record == record {
        return Ok(Plan::Nothing);
    }
    if node.revision() != change.expected {
        return Err(Error::Conflict);
    }
    Ok(Plan::Write(record))
}

fn stamped(mut record: Record, standing: Option<&Record>, now: Timestamp) -> Record {
    if record.since.is_none() {
        let own = standing.filter(|standing| standing.operation_id.is_some() && standing.operation_id == record.operation_id);
        record.since = own.and_then(|standing| standing.since).or(Some(now));
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EngineReport;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn node(scheduling: Scheduling, record: Option<Record>) -> EngineNode {
        EngineNode {
            engine_node_id: "n1".into(),
            id: None,
            name: "n1".into(),
            region: None,
            source: pitlane_api::NodeSource::Engine,
            public_ip: None,
            overlay_ip: None,
            labels: Default::default(),
            scheduling,
            record,
            note: None,
            report: EngineReport::default(),
            created_at: None,
        }
    }

    fn record(operation: &str, since: Option<Timestamp>) -> Record {
        Record { reason: Some("kernel".into()), operation_id: Some(operation.into()), since, ..Record::default() }
    }

    #[test]
    fn a_repeated_drain_writes_nothing_even_with_the_old_revision() {
        let before = node(Scheduling::Schedulable, None);
        let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record("op1", None)), expected: before.revision() };
        let Plan::Write(Some(written)) = plan(&before, &change, now()).unwrap() else { panic!("the first one writes") };
        assert_eq!(written.since, Some(now()));
        let after = node(Scheduling::Maintenance, Some(written));
        let later = Timestamp::from_second(1_800_000_100).unwrap();
        assert_eq!(plan(&after, &change, later), Ok(Plan::Nothing));
    }

    #[test]
    fn another_operation_with_the_old_revision_is_a_conflict() {
        let before = node(Scheduling::Schedulable, None);
        let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record("op2", None)), expected: before.revision() };
        let taken = node(Scheduling::Maintenance, Some(record("op1", Some(now()))));
        assert_eq!(plan(&taken, &change, now()), Err(Error::Conflict));
    }

    #[test]
    fn activating_leaves_no_record_and_a_stale_one_is_removed() {
        let stale = node(Scheduling::Schedulable, Some(record("op1", None)));
        let change = SetScheduling { target: Scheduling::Schedulable, record: Some(record("op2", None)), expected: stale.revision() };
        assert_eq!(plan(&stale, &change, now()), Ok(Plan::Write(None)));
        assert_eq!(plan(&node(Scheduling::Schedulable, None), &change, now()), Ok(Plan::Nothing));
    }

    #[test]
    fn a_word_of_a_newer_version_is_refused() {
        let node = node(Scheduling::Schedulable, None);
        let change = SetScheduling { target: Scheduling::Unknown, record: None, expected: node.revision() };
        assert!(matches!(plan(&node, &change, now()), Err(Error::Refused(_))));
    }
}
