//! Where the data of a persistent volume lives.

use pitlane_api::DataLives;

use crate::{
    node,
    objects::{Node, NodeSelector, PersistentVolume},
    selector::{Labelled, node_matches},
};

/// What is kept of a persistent volume.
#[derive(Debug, Clone, Default)]
pub(crate) struct VolumeFacts {
    pub name: Box<str>,
    /// Only on one node's disk, whatever the affinity says.
    pub local: bool,
    /// Which nodes reach it.
    pub affinity: Option<NodeSelector>,
    /// The storage driver.
    pub driver: Option<Box<str>>,
    /// Namespace and name of the claim it belongs to.
    pub claim: Option<(Box<str>, Box<str>)>,
}

impl VolumeFacts {
    pub fn read(volume: PersistentVolume) -> Option<Self> {
        let spec = volume.spec;
        let claim = spec.claim_ref.and_then(|claim| Some((claim.namespace?.into(), claim.name?.into())));
        Some(Self {
            name: volume.metadata.name?.into(),
            local: spec.local.is_some() || spec.host_path.is_some(),
            affinity: spec.node_affinity.required,
            driver: spec.csi.map(|csi| csi.driver.into()),
            claim,
        })
    }

    /// Whether a node reaches it.
    pub fn reached_by(&self, node: &Labelled<'_>) -> bool {
        self.affinity.as_ref().is_none_or(|affinity| node_matches(affinity, node))
    }

    /// Where its data lives, as seen from a node that reaches it.
    ///
    /// An affinity to a zone or a region says where a network disk can be attached, and any node there will do. Any
    /// other affinity that only one node satisfies is a disk of that node: local volumes, and the drivers for local
    /// disks, which each have a label of their own.
    pub fn lives<'a>(&self, nodes: impl IntoIterator<Item = &'a Node>) -> DataLives {
        if self.local {
            return DataLives::ThisNodeOnly;
        }
        let Some(affinity) = &self.affinity else { return DataLives::NetworkVolume };
        if by_topology_only(affinity) {
            return DataLives::NetworkVolume;
        }
        let reach = nodes.into_iter().filter(|node| node_matches(affinity, &labelled(node))).take(2).count();
        if reach > 1 { DataLives::NetworkVolume } else { DataLives::ThisNodeOnly }
    }

    /// Whether its data lives on this very node: for volumes that no pod uses.
    pub fn is_only_on<'a>(&self, node: &Node, nodes: impl IntoIterator<Item = &'a Node>) -> bool {
        // A hostPath volume without affinity is somewhere, and nobody knows where.
        self.affinity.is_some() && self.reached_by(&labelled(node)) && self.lives(nodes) == DataLives::ThisNodeOnly
    }
}

/// A node as selectors see it.
pub(crate) fn labelled(node: &Node) -> Labelled<'_> {
    Labelled { name: node::name(node), labels: node::labels(node) }
}

fn by_topology_only(affinity: &NodeSelector) -> bool {
    let wide = |key: &str| {
        ["topology.kubernetes.io/", "failure-domain.beta.kubernetes.io/"].iter().any(|prefix| key.starts_with(prefix))
            || key.ends_with("/zone")
            || key.ends_with("/region")
    };
    affinity
        .node_selector_terms
        .iter()
        .all(|term| term.match_fields.is_empty() && term.match_expressions.iter().all(|expression| wide(&expression.key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn volume(spec: Value) -> VolumeFacts {
        VolumeFacts::read(serde_json::from_value(json!({"metadata": {"name": "pv"}, "spec": spec})).unwrap()).unwrap()
    }

    fn nodes() -> Vec<Node> {
        let node = |name: &str| {
            serde_json::from_value(
                json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "a"}}}),
            )
            .unwrap()
        };
        vec![node("n1"), node("n2")]
    }

    fn affinity(key: &str, values: &[&str]) -> Value {
        json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": key, "operator": "In", "values": values}]}]}})
    }

    #[test]
    fn where_it_lives() {
        let nodes = nodes();
        let lives = |spec: Value| volume(spec).lives(&nodes);
        assert_eq!(
            lives(json!({"local": {"path": "/mnt/ssd"}, "nodeAffinity": affinity("kubernetes.io/hostname", &["n1"])})),
            DataLives::ThisNodeOnly
        );
        assert_eq!(lives(json!({"hostPath": {"path": "/srv"}})), DataLives::ThisNodeOnly);
        assert_eq!(
            lives(json!({"csi": {"driver": "ebs.csi.aws.com"}, "nodeAffinity": affinity("topology.kubernetes.io/zone", &["b"])})),
            DataLives::NetworkVolume
        );
        assert_eq!(
            lives(json!({"csi": {"driver": "ebs.csi.aws.com"}, "nodeAffinity": affinity("topology.ebs.csi.aws.com/zone", &["b"])})),
            DataLives::NetworkVolume
        );
        assert_eq!(
            lives(json!({"csi": {"driver": "topolvm.io"}, "nodeAffinity": affinity("kubernetes.io/hostname", &["n2"])})),
            DataLives::ThisNodeOnly
        );
        assert_eq!(
            lives(json!({"csi": {"driver": "replicated"}, "nodeAffinity": affinity("kubernetes.io/hostname", &["n1", "n2"])})),
            DataLives::NetworkVolume
        );
        assert_eq!(lives(json!({"nfs": {"server": "nas"}})), DataLives::NetworkVolume);
    }

    #[test]
    fn bound_to_one_node() {
        let nodes = nodes();
        let local = volume(
            json!({"local": {"path": "/mnt/ssd"}, "nodeAffinity": affinity("kubernetes.io/hostname", &["n1"]), "claimRef": {"namespace": "shop", "name": "pg"}}),
        );
        assert!(local.is_only_on(&nodes[0], &nodes));
        assert!(!local.is_only_on(&nodes[1], &nodes));
        assert_eq!(local.claim, Some(("shop".into(), "pg".into())));
    }
}
