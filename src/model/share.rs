//! Public links, in words.

use pitlane_api::{Node, ShareLifetime, rules};

use crate::words::tr;

/// Whether "until activated" can be chosen: a node that takes placements is activated already.
pub fn until_activated_makes_sense(node: &Node) -> bool {
    !rules::share_has_served(node)
}

/// What can be chosen, with its words.
pub fn lifetimes(until_activated: bool) -> Vec<(ShareLifetime, String)> {
    let all = [
        (ShareLifetime::Hour, tr!("1 hour")),
        (ShareLifetime::Day, tr!("1 day")),
        (ShareLifetime::Week, tr!("7 days")),
        (ShareLifetime::UntilActivated, tr!("Until the node is activated")),
    ];
    all.into_iter().filter(|(lifetime, _)| until_activated || *lifetime != ShareLifetime::UntilActivated).collect()
}

/// A badge that leads to the page, for a runbook in Markdown. Brackets in a name would end its text.
pub fn badge_markdown(url: &str, name: &str) -> String {
    let name: String = name.chars().filter(|c| !matches!(c, '[' | ']' | '(' | ')' | '\\' | '`')).collect();
    format!("[![{name}]({url}/badge.svg)]({url})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_leads_to_the_page_whatever_the_node_is_called() {
        assert_eq!(badge_markdown("http://h/shared/s", "edge](x)"), "[![edgex](http://h/shared/s/badge.svg)](http://h/shared/s)");
    }

    #[test]
    fn until_activated_is_offered_in_maintenance_only() {
        assert_eq!(lifetimes(true).len(), 4);
        assert!(lifetimes(false).iter().all(|(lifetime, _)| *lifetime != ShareLifetime::UntilActivated));
    }
}
