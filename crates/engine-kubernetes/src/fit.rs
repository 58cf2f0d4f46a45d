//! Where else a pod could run, and what keeps it from everywhere else. The scheduler's hard filters as far as objects
//! tell them: taints, node selector, required node affinity, and which nodes reach its volumes. Room is counted apart.

use crate::{
    lives::{VolumeFacts, labelled},
    objects::Node,
    pod::Wants,
    selector::{node_matches, tolerated},
};

/// What keeps a pod from a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    /// A taint it does not tolerate.
    Taint,
    /// Its node selector or affinity.
    Selector,
    /// A volume that is not reached from there.
    Volume,
}

/// What keeps a pod from this node; `None`: nothing.
pub(crate) fn obstacle(wants: &Wants, volumes: &[&VolumeFacts], node: &Node) -> Option<Obstacle> {
    let seen = labelled(node);
    if volumes.iter().any(|volume| !volume.reached_by(&seen)) {
        return Some(Obstacle::Volume);
    }
    let selected = wants.node_selector.iter().all(|(key, value)| seen.labels.get(key) == Some(value));
    if !selected || !wants.required.as_ref().is_none_or(|required| node_matches(required, &seen)) {
        return Some(Obstacle::Selector);
    }
    let barred = node.spec.taints.iter().any(|taint| taint.effect != "PreferNoSchedule" && !tolerated(&wants.tolerations, taint));
    barred.then_some(Obstacle::Taint)
}

/// Why a pod could run on none of `others`; `None`: there is one. `others`: the other nodes that take placements.
pub(crate) fn nowhere_else<'a>(wants: &Wants, volumes: &[&VolumeFacts], others: impl IntoIterator<Item = &'a Node>) -> Option<String> {
    let mut obstacles = Vec::new();
    for node in others {
        obstacles.push(obstacle(wants, volumes, node)?);
    }
    obstacles.sort_unstable();
    obstacles.dedup();
    if obstacles.is_empty() {
        return Some("no other node takes placements".into());
    }
    let words: Vec<&str> = obstacles
        .iter()
        .map(|obstacle| match obstacle {
            Obstacle::Taint => "taints it does not tolerate",
            Obstacle::Selector => "its node selector or affinity",
            Obstacle::Volume => "a volume that only this node reaches",
        })
        .collect();
    Some(format!("kept from every other node by {}", words.join(", ")))
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
        let anywhere = Wants::default();
        let needs_ssd = Wants { node_selector: [("disk".to_owned(), "ssd".to_owned())].into(), ..Wants::default() };
        assert_eq!(nowhere_else(&anywhere, &[], [&tainted, &plain]), None);
        assert_eq!(nowhere_else(&needs_ssd, &[], [&ssd]), None);
        let why = nowhere_else(&needs_ssd, &[], [&tainted, &plain]).unwrap();
        assert_eq!(why, "kept from every other node by its node selector or affinity");
        assert!(nowhere_else(&anywhere, &[], [&tainted]).unwrap().contains("taints"));
        assert!(nowhere_else(&anywhere, &[], std::iter::empty()).unwrap().contains("no other node"));
    }
}
