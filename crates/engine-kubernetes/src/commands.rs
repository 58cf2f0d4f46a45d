//! The same thing from a terminal, for the day Pitlane is down.

use pitlane_api::Scheduling;

use crate::node::MAINTENANCE_ANNOTATION;

/// `kubectl cordon`, never `kubectl drain`: that one evicts. The annotation may hold a plain reason: see `node::record`.
pub(crate) fn commands(name: &str, target: Scheduling) -> Vec<String> {
    let name = shell_quoted(name);
    match target {
        Scheduling::Maintenance => {
            vec![format!("kubectl cordon {name}"), format!("kubectl annotate node {name} --overwrite {MAINTENANCE_ANNOTATION}='{{reason}}'")]
        }
        Scheduling::Schedulable => vec![format!("kubectl uncordon {name}"), format!("kubectl annotate node {name} {MAINTENANCE_ANNOTATION}-")],
        Scheduling::Unknown => Vec::new(),
    }
}

/// A word for a shell: as it is where it is harmless, else in single quotes.
fn shell_quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
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
