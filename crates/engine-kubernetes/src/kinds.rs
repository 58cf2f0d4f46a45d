//! The kinds of objects that are followed, and how each of them feeds the world.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Api, Client};
use pitlane_api::Timestamp;

use crate::{
    lives::VolumeFacts,
    node,
    objects::{Lease, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget},
    pod::{Key, PodFacts},
    world::{BudgetFacts, World},
};

/// Where kubelets keep their leases.
const LEASES_IN: &str = "kube-node-lease";

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nodes,
    Leases,
    Pods,
    Claims,
    Volumes,
    Budgets,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// As RBAC calls it.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Nodes => "nodes",
            Kind::Leases => "leases",
            Kind::Pods => "pods",
            Kind::Claims => "persistentvolumeclaims",
            Kind::Volumes => "persistentvolumes",
            Kind::Budgets => "poddisruptionbudgets",
        }
    }
}

/// What a kind feeds the world with. The methods give the ids of the nodes that look different afterwards.
pub(crate) trait Followed: Sized {
    /// Which.
    const KIND: Kind;
    /// Which objects of it, where not all are wanted.
    const FIELDS: Option<&str> = None;
    /// What is kept of an object.
    type Facts: Send;

    /// Where it is read.
    fn api(client: Client) -> Api<Self>;
    /// `None`: nothing of it is kept.
    fn facts(self) -> Option<Self::Facts>;
    /// New or changed.
    fn put(world: &mut World, facts: Self::Facts, now: Timestamp) -> Vec<Box<str>>;
    /// Gone.
    fn remove(world: &mut World, facts: Self::Facts) -> Vec<Box<str>>;
    /// All at once.
    fn replace(world: &mut World, all: Vec<Self::Facts>, now: Timestamp) -> Vec<Box<str>>;
}

fn key(metadata: ObjectMeta) -> Option<Key> {
    Some((metadata.namespace?.into(), metadata.name?.into()))
}

impl Followed for Node {
    const KIND: Kind = Kind::Nodes;
    type Facts = Node;

    fn api(client: Client) -> Api<Self> {
        Api::all(client)
    }

    fn facts(mut self) -> Option<Node> {
        // The history of who wrote which field is half of the object and is never looked at.
        self.metadata.managed_fields = None;
        if let Some(annotations) = &mut self.metadata.annotations {
            annotations.retain(|key, _| key == node::MAINTENANCE_ANNOTATION);
        }
        Some(self)
    }

    fn put(world: &mut World, facts: Node, _: Timestamp) -> Vec<Box<str>> {
        let touched = world.put_node(facts);
        world.ids(&touched).collect()
    }

    fn remove(world: &mut World, facts: Node) -> Vec<Box<str>> {
        vec![world.remove_node(&facts)]
    }

    fn replace(world: &mut World, all: Vec<Node>, _: Timestamp) -> Vec<Box<str>> {
        // Listeners are told to list anew.
        world.replace_nodes(all);
        Vec::new()
    }
}

impl Followed for Lease {
    const KIND: Kind = Kind::Leases;
    type Facts = (Box<str>, Timestamp);

    fn api(client: Client) -> Api<Self> {
        Api::namespaced(client, LEASES_IN)
    }

    fn facts(self) -> Option<Self::Facts> {
        Some((self.metadata.name?.into(), self.spec.renew_time?))
    }

    fn put(world: &mut World, (name, renewed): Self::Facts, now: Timestamp) -> Vec<Box<str>> {
        let touched = world.put_beat(&name, renewed, now);
        world.ids(&touched).collect()
    }

    fn remove(world: &mut World, (name, _): Self::Facts) -> Vec<Box<str>> {
        let touched = world.remove_beat(&name);
        world.ids(&touched).collect()
    }

    fn replace(world: &mut World, all: Vec<Self::Facts>, now: Timestamp) -> Vec<Box<str>> {
        let touched = world.replace_beats(all, now);
        world.ids(&touched).collect()
    }
}

impl Followed for Pod {
    const KIND: Kind = Kind::Pods;
    // What is not bound to a node is no node's business.
    const FIELDS: Option<&str> = Some("spec.nodeName!=");
    type Facts = PodFacts;

    fn api(client: Client) -> Api<Self> {
        Api::all(client)
    }

    fn facts(self) -> Option<PodFacts> {
        PodFacts::read(self)
    }

    fn put(world: &mut World, facts: PodFacts, _: Timestamp) -> Vec<Box<str>> {
        let touched = world.put_pod(facts);
        world.ids(&touched).collect()
    }

    fn remove(world: &mut World, facts: PodFacts) -> Vec<Box<str>> {
        let touched = world.remove_pod(&facts.key);
        world.ids(&touched).collect()
    }

    fn replace(world: &mut World, all: Vec<PodFacts>, _: Timestamp) -> Vec<Box<str>> {
        let mut touched = world.replace_pods(all);
        if !world.pods_read {
            world.pods_read = true;
            touched = world.nodes().map(|node| node.name.into()).collect();
        }
        world.ids(&touched).collect()
    }
}

impl Followed for PersistentVolumeClaim {
    const KIND: Kind = Kind::Claims;
    type Facts = (Key, Option<Box<str>>);

    fn api(client: Client) -> Api<Self> {
        Api::all(client)
    }

    fn facts(self) -> Option<Self::Facts> {
        Some((key(self.metadata)?, self.spec.volume_name.map(Into::into)))
    }

    fn put(world: &mut World, (key, volume): Self::Facts, _: Timestamp) -> Vec<Box<str>> {
        world.put_claim(key, volume);
        Vec::new()
    }

    fn remove(world: &mut World, (key, _): Self::Facts) -> Vec<Box<str>> {
        world.remove_claim(&key);
        Vec::new()
    }

    fn replace(world: &mut World, all: Vec<Self::Facts>, _: Timestamp) -> Vec<Box<str>> {
        world.replace_claims(all);
        Vec::new()
    }
}

impl Followed for PersistentVolume {
    const KIND: Kind = Kind::Volumes;
    type Facts = VolumeFacts;

    fn api(client: Client) -> Api<Self> {
        Api::all(client)
    }

    fn facts(self) -> Option<VolumeFacts> {
        VolumeFacts::read(self)
    }

    fn put(world: &mut World, facts: VolumeFacts, _: Timestamp) -> Vec<Box<str>> {
        world.put_volume(facts);
        Vec::new()
    }

    fn remove(world: &mut World, facts: VolumeFacts) -> Vec<Box<str>> {
        world.remove_volume(&facts.name);
        Vec::new()
    }

    fn replace(world: &mut World, all: Vec<VolumeFacts>, _: Timestamp) -> Vec<Box<str>> {
        world.replace_volumes(all);
        Vec::new()
    }
}

impl Followed for PodDisruptionBudget {
    const KIND: Kind = Kind::Budgets;
    type Facts = BudgetFacts;

    fn api(client: Client) -> Api<Self> {
        Api::all(client)
    }

    fn facts(self) -> Option<BudgetFacts> {
        // A budget without a selector covers nothing.
        Some(BudgetFacts { key: key(self.metadata)?, selector: self.spec.selector?, allowed: self.status.disruptions_allowed })
    }

    fn put(world: &mut World, facts: BudgetFacts, _: Timestamp) -> Vec<Box<str>> {
        world.put_budget(facts);
        Vec::new()
    }

    fn remove(world: &mut World, facts: BudgetFacts) -> Vec<Box<str>> {
        world.remove_budget(&facts.key);
        Vec::new()
    }

    fn replace(world: &mut World, all: Vec<BudgetFacts>, _: Timestamp) -> Vec<Box<str>> {
        world.replace_budgets(all);
        Vec::new()
    }
}
