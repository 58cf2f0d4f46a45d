//! Rule 9: nobody overwrites blindly.

use crate::{Revision, Scheduling};

/// The revision of a node: a hash of its engine node id, scheduling and maintenance record, in 16 hex digits.
///
/// Heartbeats, signals and workloads do not enter into it. FNV-1a, 64 bits: it has to notice a change, not withstand
/// an attacker, since whoever can change the record can read the revision too.
pub fn revision(engine_node_id: &str, scheduling: Scheduling, record: Option<&str>) -> Revision {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [engine_node_id, scheduling.as_str(), record.unwrap_or("\u{0}")] {
        // The separator keeps ("ab", "c") apart from ("a", "bc").
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Revision(format!("{hash:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheduling_record_and_engine_id_change_it() {
        let base = revision("n1", Scheduling::Schedulable, None);
        assert_eq!(base, revision("n1", Scheduling::Schedulable, None));
        assert_ne!(base, revision("n2", Scheduling::Schedulable, None));
        assert_ne!(base, revision("n1", Scheduling::Maintenance, None));
        assert_ne!(revision("n1", Scheduling::Maintenance, None), revision("n1", Scheduling::Maintenance, Some("{}")));
        assert_ne!(revision("n1", Scheduling::Maintenance, Some("a")), revision("n1", Scheduling::Maintenance, Some("b")));
    }
}
