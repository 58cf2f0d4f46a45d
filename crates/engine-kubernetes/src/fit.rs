//! Where else a pod could run, and what keeps it from everywhere else. The scheduler's hard filters as far as objects
//! tell them: taints, node selector, required node affinity, pods it must be apart from, and which nodes reach its volumes.
//! Room is counted apart.

use pitlane_api::{Words, say};
use std::collections::BTreeSet;

use crate::{
    lives::{VolumeFacts, labelled},
    objects::{Apart, Node},
    pod::{PodFacts, Wants},
    selector::{labels_match, node_matches, tolerated},
};

/// Parts of the cluster that are taken by pods it must be apart from: a label of nodes, and its value.
pub(crate) type Taken = BTreeSet<(String, String)>;

/// Where the pods are that this one must be apart from. `label`: the label of a pod's node.
pub(crate) fn taken<'a>(pod: &PodFacts, all: impl Iterator<Item = &'a PodFacts>, label: impl Fn(&PodFacts, &str) -> Option<String>) -> Taken {
    let mut taken = Taken::new();
    if pod.wants.apart.is_empty() {
        return taken;
    }
    for other in all.filter(|other| other.key != pod.key && !other.ended()) {
        for apart in pod.wants.apart.iter().filter(|apart| concerns(apart, pod, other)) {
            taken.extend(label(other, &apart.topology_key).map(|value| (apart.topology_key.clone(), value)));
        }
    }
    taken
}

/// Whether it is one of the pods that are meant. By which labels of namespaces cannot be told, because namespaces are not
/// read: such a rule is passed over, rather than said to hold.
fn concerns(apart: &Apart, pod: &PodFacts, other: &PodFacts) -> bool {
    let namespace = &*other.key.0;
    let meant = match &apart.namespace_selector {
        Some(selector) if selector.match_labels.is_empty() && selector.match_expressions.is_empty() => true,
        Some(_) => apart.namespaces.iter().any(|one| one == namespace),
        None if apart.namespaces.is_empty() => namespace == &*pod.key.0,
        None => apart.namespaces.iter().any(|one| one == namespace),
    };
    meant && labels_match(&apart.label_selector, &other.labels)
}

/// What keeps a pod from a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    /// A taint it does not tolerate.
    Taint,
    /// Its node selector or affinity.
    Selector,
    /// A pod there that it must be apart from.
    Apart,
    /// A volume that is not reached from there.
    Volume,
}

/// What keeps a pod from this node; `None`: nothing.
pub(crate) fn obstacle(wants: &Wants, volumes: &[&VolumeFacts], taken: &Taken, node: &Node) -> Option<Obstacle> {
    let seen = labelled(node);
    if volumes.iter().any(|volume| !volume.reached_by(&seen)) {
        return Some(Obstacle::Volume);
    }
    let selected = wants.node_selector.iter().all(|(key, value)| seen.labels.get(key) == Some(value));
    if !selected || !wants.required.as_ref().is_none_or(|required| node_matches(required, &seen)) {
        return Some(Obstacle::Selector);
    }
    if taken.iter().any(|(key, value)| seen.labels.get(key) == Some(value)) {
        return Some(Obstacle::Apart);
    }
    let barred = node.spec.taints.iter().any(|taint| taint.effect != "PreferNoSchedule" && !tolerated(&wants.tolerations, taint));
    barred.then_some(Obstacle::Taint)
}

/// Why a pod could run on none of `others`; `None`: there is one. `others`: the other nodes that take placements.
pub(crate) fn nowhere_else<'a>(wants: &Wants, volumes: &[&VolumeFacts], taken: &Taken, others: impl IntoIterator<Item = &'a Node>) -> Option<Words> {
    let mut obstacles = Vec::new();
    for node in others {
        obstacles.push(obstacle(wants, volumes, taken, node)?);
    }
    obstacles.sort_unstable();
    obstacles.dedup();
    if obstacles.is_empty() {
        return Some(say!("no other node takes placements"));
    }
    let words = obstacles.iter().map(|obstacle| match obstacle {
        Obstacle::Taint => say!("taints it does not tolerate"),
        Obstacle::Selector => say!("its node selector or affinity"),
        Obstacle::Apart => say!("pods there that it must be apart from"),
        Obstacle::Volume => say!("a volume that only this node reaches"),
    });
    Some(say!("kept from every other node by {}", Words::listed(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn node(name: &str, labels: Value, taints: Value) -> Node {
        serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}, "spec": {"taints": taints}})).unwrap()
    }

    #[test]
    fn one_node_that_fits_is_enough() {
        let ssd = node("n1", json!({"disk": "ssd"}), json!([]));
        let tainted = node("n2", json!({}), json!([{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]));
        let plain = node("n3", json!({}), json!([{"key": "x", "effect": "PreferNoSchedule"}]));
        let (anywhere, nobody) = (Wants::default(), Taken::new());
        let needs_ssd = Wants { node_selector: [("disk".to_owned(), "ssd".to_owned())].into(), ..Wants::default() };
        assert_eq!(nowhere_else(&anywhere, &[], &nobody, [&tainted, &plain]), None);
        assert_eq!(nowhere_else(&needs_ssd, &[], &nobody, [&ssd]), None);
        let why = nowhere_else(&needs_ssd, &[], &nobody, [&tainted, &plain]).unwrap();
        assert_eq!(why, "kept from every other node by its node selector or affinity");
        assert!(nowhere_else(&anywhere, &[], &nobody, [&tainted]).unwrap().contains("taints"));
        assert!(nowhere_else(&anywhere, &[], &nobody, std::iter::empty()).unwrap().contains("no other node"));
    }
}
