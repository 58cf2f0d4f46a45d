//! The same thing from a terminal, for the day Pitlane is down.

use pitlane_api::{Scheduling, shell_word};

use crate::node::MAINTENANCE_ANNOTATION;

/// `kubectl cordon`, never `kubectl drain`: that one evicts. The annotation may hold a plain reason: see `node::record`.
pub(crate) fn commands(name: &str, target: Scheduling) -> Vec<String> {
    let name = shell_word(name);
    match target {
        Scheduling::Maintenance => {
            vec![format!("kubectl cordon {name}"), format!("kubectl annotate node {name} --overwrite {MAINTENANCE_ANNOTATION}='{{reason}}'")]
        }
        Scheduling::Schedulable => vec![format!("kubectl uncordon {name}"), format!("kubectl annotate node {name} {MAINTENANCE_ANNOTATION}-")],
        Scheduling::Unknown => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cordon_and_uncordon() {
        assert_eq!(commands("edge-1.example", Scheduling::Maintenance)[0], "kubectl cordon edge-1.example");
        assert_eq!(commands("it's", Scheduling::Schedulable)[0], r"kubectl uncordon 'it'\''s'");
        assert!(!commands("n", Scheduling::Maintenance).iter().any(|command| command.contains("kubectl drain")));
    }
}
