//! What a person should know before a drain: which of the other nodes count for what runs here, and which pods could run
//! on none of them. In sentences, from what the driver knows already.

use crate::{
    node,
    objects::{Node, Taint},
    pod::PodFacts,
    selector::tolerated,
};
use pitlane_api::{Words, say};

/// Names that are spelled out in one sentence.
const NAMED: usize = 8;

/// A pod that could run on no other node, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// Namespace and name.
    pub pod: String,
    /// "kept from every other node by …"
    pub why: Words,
}

/// Whether a node's taints keep out what would have to go there. What tolerates nothing stands for a node on which
/// nothing runs, because such a pod is what comes next. All of them have to put up with a taint: room that is there for
/// one pod of twenty is not the room that remains.
pub(crate) fn out_of_reach(node: &Node, moving: &[&PodFacts]) -> bool {
    let keeps_out = |taint: &&Taint| taint.effect != "PreferNoSchedule";
    let mut taints = node.spec.taints.iter().filter(keeps_out);
    taints.any(|taint| moving.is_empty() || moving.iter().any(|pod| !tolerated(&pod.wants.tolerations, taint)))
}

/// The sentences of a drain's preview. `barred`: nodes that take placements, and are out of reach.
pub(crate) fn sentences(stuck: &[Stuck], barred: &[&Node]) -> Vec<Words> {
    let mut sentences = Vec::new();
    // One sentence per reason: twenty pods with one node selector are one fact.
    let mut reasons: Vec<&Words> = stuck.iter().map(|stuck| &stuck.why).collect();
    reasons.sort_unstable_by_key(|why| why.english());
    reasons.dedup();
    for why in reasons {
        let pods: Vec<&str> = stuck.iter().filter(|stuck| stuck.why == *why).map(|stuck| stuck.pod.as_str()).collect();
        sentences.push(say!(
            "1 pod could run on no other node, {}: {}." | "{n} pods could run on no other node, {}: {}." % pods.len(),
            why,
            listed(&pods)
        ));
    }
    if !barred.is_empty() {
        let names: Vec<&str> = barred.iter().map(|node| node::name(node)).collect();
        sentences.push(say!(
            "1 other node is not counted as capacity that remains: what runs here does not tolerate the taints of {}."
                | "{n} other nodes are not counted as capacity that remains: what runs here does not tolerate the taints of {}." % names.len(),
            listed(&names)
        ));
    }
    sentences
}

/// "a, b and 3 more"
fn listed(names: &[&str]) -> Words {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => Words::plain(shown),
        more => say!("{} and {} more", shown, more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn node(name: &str, taints: Value) -> Node {
        serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"taints": taints}})).unwrap()
    }

    fn pod(tolerations: Value) -> PodFacts {
        let pod = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"nodeName": "n1", "tolerations": tolerations}});
        PodFacts::read(serde_json::from_value(pod).unwrap()).unwrap()
    }

    #[test]
    fn a_node_counts_where_everything_that_runs_here_could_go() {
        let control_plane = node("cp", json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]));
        let rather_not = node("spot", json!([{"key": "spot", "effect": "PreferNoSchedule"}]));
        let (ordinary, dns) = (pod(json!([])), pod(json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])));
        assert!(out_of_reach(&control_plane, &[&ordinary]));
        assert!(out_of_reach(&control_plane, &[&ordinary, &dns]), "room for one of them is not room for both");
        assert!(!out_of_reach(&control_plane, &[&dns]));
        assert!(out_of_reach(&control_plane, &[]), "what comes next tolerates nothing");
        assert!(!out_of_reach(&rather_not, &[&ordinary]));
        assert!(!out_of_reach(&node("plain", json!([])), &[&ordinary]));
    }

    #[test]
    fn a_taint_that_is_put_up_with_for_minutes_only_keeps_out() {
        let gone = node("gone", json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]));
        let usual = pod(json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]));
        assert!(out_of_reach(&gone, &[&usual]));
    }

    #[test]
    fn one_sentence_per_reason() {
        let stuck = |pod: &str, why: &str| Stuck { pod: pod.into(), why: Words::plain(why) };
        let many: Vec<Stuck> =
            (0..10).map(|at| stuck(&format!("shop/web-{at}"), "kept from every other node by its node selector or affinity")).collect();
        let tainted = node("cp", json!([]));
        let said =
            sentences(&[many, vec![stuck("shop/pg-0", "kept from every other node by a volume that only this node reaches")]].concat(), &[&tainted]);
        assert_eq!(said[0], "1 pod could run on no other node, kept from every other node by a volume that only this node reaches: shop/pg-0.");
        assert!(said[1].starts_with("10 pods could run on no other node, ") && said[1].ends_with("shop/web-7 and 2 more."), "{}", said[1]);
        assert_eq!(said[2], "1 other node is not counted as capacity that remains: what runs here does not tolerate the taints of cp.");
        assert!(sentences(&[], &[]).is_empty());
    }
}
