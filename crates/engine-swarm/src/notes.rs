//! What a person should know of Swarm before a drain, in sentences.

use bollard::models::{Node, Reachability, Service};
use pitlane_api::{Words, say};

use crate::{constraints::is_manager, fate, node, summary::Summary};

/// Nodes that can be found by id.
pub(crate) struct Named<'a>(pub &'a [Node]);

impl Named<'_> {
    /// The names of nodes, in the order of the ids.
    pub(crate) fn names(&self, ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| self.0.iter().find(|found| node::id(found) == *id).map_or(*id, node::name).to_owned()).collect()
    }
}

/// The sentences of a drain's preview.
pub(crate) fn before_a_drain(id: &str, nodes: &[Node], services: &[Service], tasks: &Summary) -> Vec<Words> {
    let mut notes = Vec::new();
    let Some(this) = nodes.iter().find(|found| node::id(found) == id) else { return notes };
    if is_manager(this) {
        notes.push(quorum(this, nodes));
    }
    let single: Vec<String> = services
        .iter()
        .filter(|service| service.spec.as_ref().and_then(fate::replicas) == Some(1))
        .filter(|service| service.id.as_deref().is_some_and(|service| tasks.places(service, None).contains(&id)))
        .filter_map(|service| service.spec.as_ref()?.name.clone())
        .collect();
    if !single.is_empty() {
        let mut single = single;
        single.sort_unstable();
        notes.push(say!("Runs the only replica of {}.", listed(&single, 6)));
    }
    let others = nodes.iter().filter(|other| node::id(other) != id && node::is_ready(other));
    let unevaluated: Vec<u32> = others
        .filter(|other| tasks.reserved(node::id(other)).memory_bytes.is_none())
        .filter_map(|other| tasks.counts(node::id(other)).total)
        .collect();
    if !unevaluated.is_empty() {
        let sum: u32 = unevaluated.iter().sum();
        notes.push(say!(
            "What the other nodes have free is not evaluated on {} of them: tasks there reserve nothing. They run {} tasks.",
            unevaluated.len(),
            sum
        ));
    }
    notes
}

/// A manager that is paused stays a manager. What its reboot does to the quorum is arithmetic.
fn quorum(this: &Node, nodes: &[Node]) -> Words {
    let managers: Vec<&Node> = nodes.iter().filter(|found| is_manager(found)).collect();
    let reachable = |found: &&&Node| found.manager_status.as_ref().and_then(|status| status.reachability) == Some(Reachability::REACHABLE);
    let (total, up) = (managers.len(), managers.iter().filter(reachable).count());
    let needed = total / 2 + 1;
    let rest = up - usize::from(reachable(&&this));
    let name = node::name(this);
    let stays = say!("{} is a manager and stays one: pausing affects only its tasks.", name);
    let quorum = match total {
        1 => say!("It is the only manager: while the host is away, the swarm cannot be changed and Pitlane cannot read it."),
        _ if rest < needed => say!(
            "If the host goes away, {} of {} managers remain and {} are needed: the swarm loses its quorum and cannot be changed until it is back.",
            rest,
            total,
            needed
        ),
        _ if rest == needed => {
            say!("If the host goes away, {} of {} managers remain, which is just the {} that are needed: none more may fail.", rest, total, needed)
        }
        _ => say!("If the host goes away, {} of {} managers remain and {} are needed.", rest, total, needed),
    };
    quorum.after(stays)
}

/// "a, b and 3 more"
pub(crate) fn listed(names: &[String], most: usize) -> Words {
    let shown = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => Words::plain(shown),
        more => say!("{} and {} more", shown, more),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ManagerStatus, NodeSpec, NodeSpecRoleEnum};

    use super::*;

    fn manager(name: &str, reachable: bool) -> Node {
        let reachability = Some(if reachable { Reachability::REACHABLE } else { Reachability::UNREACHABLE });
        Node {
            id: Some(name.into()),
            spec: Some(NodeSpec { role: Some(NodeSpecRoleEnum::MANAGER), ..NodeSpec::default() }),
            manager_status: Some(ManagerStatus { reachability, ..ManagerStatus::default() }),
            ..Node::default()
        }
    }

    fn said(nodes: &[Node]) -> String {
        quorum(&nodes[0], nodes).to_string()
    }

    #[test]
    fn quorum_is_counted_from_the_managers_that_are_reached() {
        assert!(said(&[manager("a", true)]).contains("the only manager"));
        assert!(said(&[manager("a", true), manager("b", true)]).contains("1 of 2 managers remain and 2 are needed"));
        assert!(said(&[manager("a", true), manager("b", true), manager("c", true)]).contains("just the 2"));
        assert!(said(&[manager("a", true), manager("b", true), manager("c", false)]).contains("loses its quorum"));
        let five: Vec<Node> = ["a", "b", "c", "d", "e"].iter().map(|name| manager(name, true)).collect();
        assert!(said(&five).ends_with("4 of 5 managers remain and 3 are needed."));
        assert!(said(&[manager("a", false), manager("b", true), manager("c", true)]).contains("just the 2"));
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(listed(&names, 2), "a, b and 1 more");
        assert_eq!(listed(&names, 3), "a, b, c");
    }
}
