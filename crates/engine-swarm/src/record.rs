//! The maintenance record as node labels. Knows labels and nothing else of Swarm.

use std::collections::HashMap;

use pitlane_api::{OperationId, Timestamp};
use pitlane_engine::Record;

/// Every label of Pitlane's begins with this; all others belong to other people.
pub(crate) const PREFIX: &str = "pitlane.maintenance.";

const REASON: &str = "pitlane.maintenance.reason";
const BY: &str = "pitlane.maintenance.by";
const SINCE: &str = "pitlane.maintenance.since";
const EXPECTED: &str = "pitlane.maintenance.expected-back-at";
const OPERATION: &str = "pitlane.maintenance.operation";

/// The record in a node's labels. A time that cannot be read is absent.
pub(crate) fn read(labels: &HashMap<String, String>) -> Option<Record> {
    if !labels.keys().any(|key| key.starts_with(PREFIX)) {
        return None;
    }
    let text = |key: &str| labels.get(key).cloned();
    let time = |key: &str| labels.get(key).and_then(|value| value.parse::<Timestamp>().ok());
    Some(Record {
        reason: text(REASON),
        by: text(BY),
        since: time(SINCE),
        expected_back_at: time(EXPECTED),
        operation_id: text(OPERATION).map(OperationId),
    })
}

/// Puts the record into a node's labels, in place of any that stands there.
pub(crate) fn write(labels: &mut HashMap<String, String>, record: Option<&Record>) {
    labels.retain(|key, _| !key.starts_with(PREFIX));
    let Some(record) = record else { return };
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            labels.insert(key.to_owned(), value);
        }
    };
    put(REASON, record.reason.clone());
    put(BY, record.by.clone());
    put(SINCE, record.since.map(|at| at.to_string()));
    put(EXPECTED, record.expected_back_at.map(|at| at.to_string()));
    put(OPERATION, record.operation_id.as_ref().map(|id| id.0.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_and_other_labels_stay() {
        let mut labels = HashMap::from([("rack".to_owned(), "7".to_owned()), ("pitlane.maintenance.old".to_owned(), "x".to_owned())]);
        let record = Record {
            reason: Some("kernel: 'quotes' and ümlauts".into()),
            by: Some("anna".into()),
            since: Some("2026-11-23T01:02:03.456789012Z".parse().unwrap()),
            expected_back_at: None,
            operation_id: Some("op-1".into()),
        };
        write(&mut labels, Some(&record));
        assert_eq!(read(&labels), Some(record));
        assert_eq!(labels.len(), 5, "rack and four of ours: {labels:?}");
        write(&mut labels, None);
        assert_eq!(labels, HashMap::from([("rack".to_owned(), "7".to_owned())]));
        assert_eq!(read(&labels), None);
    }

    #[test]
    fn an_unreadable_time_is_absent_and_the_rest_is_kept() {
        let labels = HashMap::from([(SINCE.to_owned(), "yesterday".to_owned()), (REASON.to_owned(), "disk".to_owned())]);
        assert_eq!(read(&labels), Some(Record { reason: Some("disk".into()), ..Record::default() }));
    }
}
