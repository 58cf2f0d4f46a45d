//! The same thing from a terminal, for the day Pitlane is down.

use std::collections::HashMap;

use pitlane_api::{Scheduling, shell_word};
use pitlane_engine::EngineNode;

use crate::record;

/// What an operator types on a manager. `which`: the node's name, or its id where two nodes have one name.
pub(crate) fn commands(node: &EngineNode, which: &str, target: Scheduling) -> Vec<String> {
    let which = shell_word(which);
    match target {
        Scheduling::Maintenance => {
            vec![format!("docker node update --availability pause --label-add {}reason='{{reason}}' {which}", record::PREFIX)]
        }
        Scheduling::Schedulable => {
            let mut labels = HashMap::new();
            record::write(&mut labels, node.record.as_ref());
            // Docker refuses to remove a label that is not there, so only those that are.
            let mut labels: Vec<String> = labels.into_keys().map(|label| format!("--label-rm {label} ")).collect();
            labels.sort();
            vec![format!("docker node update --availability active {}{which}", labels.concat())]
        }
        Scheduling::Unknown => Vec::new(),
    }
}
