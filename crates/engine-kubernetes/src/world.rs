//! The cluster as it was last seen, in memory and small: nodes, heartbeats, pods by node, claims, volumes, budgets.
//!
//! It is fed by [`crate::follow`] and read by [`crate::driver`]. It does no input or output and reads no clock: what
//! arrives comes with its time. Each feeding method names the nodes that look different afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use pitlane_api::{DataLives, Scheduling, Timestamp, Words, Workload};
use pitlane_engine::EngineNode;

use crate::{
    before::{self, Stuck},
    fate::{self, Surroundings},
    fit,
    lives::VolumeFacts,
    node::{self, Beside, Requested},
    objects::{LabelSelector, Node},
    pod::{Data, Key, PodFacts},
    selector::labels_match,
};

/// Names of nodes that look different now.
pub(crate) type Touched = BTreeSet<Box<str>>;

/// A kubelet's sign of life.
#[derive(Debug, Clone, Copy)]
struct Beat {
    /// As the kubelet wrote it, by its own clock.
    renewed: Timestamp,
    /// When it was seen to change, by this machine's clock.
    seen: Timestamp,
    /// The kubelet's clock less this machine's, in seconds, once a change was watched.
    offset_s: Option<f64>,
}

/// What is kept of a disruption budget.
#[derive(Debug, Clone)]
pub(crate) struct BudgetFacts {
    pub key: Key,
    pub selector: LabelSelector,
    pub allowed: i32,
}

/// The cluster as it was last seen.
#[derive(Debug, Default)]
pub(crate) struct World {
    nodes: BTreeMap<Box<str>, Arc<Node>>,
    by_id: HashMap<Box<str>, Box<str>>,
    beats: HashMap<Box<str>, Beat>,
    pods: HashMap<Key, PodFacts>,
    on: HashMap<Box<str>, BTreeSet<Key>>,
    sums: HashMap<Box<str>, Requested>,
    claims: HashMap<Key, Option<Box<str>>>,
    volumes: HashMap<Box<str>, VolumeFacts>,
    budgets: HashMap<Key, BudgetFacts>,
    newest: Option<(u32, String)>,
    /// Pods can be read at all; without them nothing is known of what is promised.
    pub pods_read: bool,
}

impl World {
    /// Every node, by name.
    pub fn nodes(&self) -> impl Iterator<Item = EngineNode> {
        self.nodes.values().map(|node| self.shown(node))
    }

    /// One node by the engine's id.
    pub fn node(&self, id: &str) -> Option<EngineNode> {
        self.by_id.get(id).and_then(|name| self.nodes.get(name)).map(|node| self.shown(node))
    }

    /// Its name by the engine's id.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(|name| &**name)
    }

    /// A node as the API server just showed it, with what is known beside it.
    pub fn shown(&self, node: &Node) -> EngineNode {
        let name = node::name(node);
        let beat = self.beats.get(name);
        let version = node.status.node_info.kubelet_version.as_str();
        let behind = |(newest, _): &&(u32, String)| node::minor(version).is_some_and(|minor| minor < *newest);
        node::engine_node(
            node,
            &Beside {
                heartbeat_at: beat.map(|beat| beat.seen),
                clock_offset_s: beat.and_then(|beat| beat.offset_s),
                requested: self.pods_read.then(|| self.sums.get(name).copied().unwrap_or_default()),
                update: self.newest.as_ref().filter(behind).map(|(_, version)| version.clone()),
            },
        )
    }

    /// A node that is new or changed. An older state of the same object than the one that is known is passed over: what
    /// a write answered may be ahead of the watch.
    pub fn put_node(&mut self, node: Node) -> Touched {
        let name: Box<str> = node::name(&node).into();
        if let Some(known) = self.nodes.get(&name) {
            if node::id(known) == node::id(&node) && version(known) > version(&node) {
                return Touched::new();
            }
            if node::id(known) != node::id(&node) {
                self.by_id.remove(node::id(known));
            }
        }
        self.by_id.insert(node::id(&node).into(), name.clone());
        self.nodes.insert(name.clone(), Arc::new(node));
        let mut touched = self.renew_newest();
        touched.insert(name);
        touched
    }

    /// A node is gone. Its id, so that it can be told of.
    pub fn remove_node(&mut self, gone: &Node) -> Box<str> {
        let name = node::name(gone);
        if self.nodes.get(name).is_some_and(|known| node::id(known) == node::id(gone)) {
            self.nodes.remove(name);
        }
        self.by_id.remove(node::id(gone));
        self.renew_newest();
        node::id(gone).into()
    }

    /// All nodes at once. What is known newer of one that is listed stays.
    pub fn replace_nodes(&mut self, all: Vec<Node>) {
        let mut before = std::mem::take(&mut self.nodes);
        self.by_id.clear();
        for node in all {
            let name: Box<str> = node::name(&node).into();
            let newer = before.remove(&name).filter(|known| node::id(known) == node::id(&node) && version(known) > version(&node));
            self.by_id.insert(node::id(&node).into(), name.clone());
            self.nodes.insert(name, newer.unwrap_or_else(|| Arc::new(node)));
        }
        self.renew_newest();
    }

    /// The newest kubelet. When that is another version than before, every node may look different.
    fn renew_newest(&mut self) -> Touched {
        // Once per word of any kubelet, over all nodes: nothing is copied until there is news.
        let versions = self.nodes.values().map(|node| node.status.node_info.kubelet_version.as_str());
        let newest = versions.filter_map(|version| Some((node::minor(version)?, version))).max();
        if newest == self.newest.as_ref().map(|(minor, version)| (*minor, version.as_str())) {
            return Touched::new();
        }
        self.newest = newest.map(|(minor, version)| (minor, version.to_owned()));
        self.nodes.keys().cloned().collect()
    }

    /// A sign of life. Its age counts from when it was seen to change, because kubelets' clocks drift; until the first
    /// change is seen, the kubelet's word is taken, as long as it does not lie ahead.
    pub fn put_beat(&mut self, name: &str, renewed: Timestamp, now: Timestamp) -> Touched {
        let beat = match self.beats.get(name) {
            Some(known) if known.renewed == renewed => return Touched::new(),
            Some(_) => Beat { renewed, seen: now, offset_s: Some(now.duration_until(renewed).as_secs_f64()) },
            None => Beat { renewed, seen: renewed.min(now), offset_s: None },
        };
        self.beats.insert(name.into(), beat);
        if self.nodes.contains_key(name) { Touched::from([name.into()]) } else { Touched::new() }
    }

    /// All signs of life at once. Those that are known are told apart from those that changed meanwhile.
    pub fn replace_beats(&mut self, all: Vec<(Box<str>, Timestamp)>, now: Timestamp) -> Touched {
        let names: BTreeSet<Box<str>> = all.iter().map(|(name, _)| name.clone()).collect();
        self.beats.retain(|name, _| names.contains(name));
        all.into_iter().flat_map(|(name, renewed)| self.put_beat(&name, renewed, now)).collect()
    }

    /// The lease is gone.
    pub fn remove_beat(&mut self, name: &str) -> Touched {
        self.beats.remove(name).map(|_| Touched::from([name.into()])).unwrap_or_default()
    }

    /// Heartbeats cannot be read any more: there are none, rather than old ones that look like silent nodes.
    pub fn forget_beats(&mut self) -> Touched {
        std::mem::take(&mut self.beats).into_keys().collect()
    }

    /// A pod that is new or changed.
    pub fn put_pod(&mut self, pod: PodFacts) -> Touched {
        let mut touched = Touched::new();
        let before = self.pods.get(&pod.key).map(|before| before.node.clone());
        if let Some(elsewhere) = before.filter(|before| *before != pod.node) {
            touched.extend(self.remove_pod(&pod.key));
            touched.insert(elsewhere);
        }
        let node = pod.node.clone();
        self.on.entry(node.clone()).or_default().insert(pod.key.clone());
        self.pods.insert(pod.key.clone(), pod);
        touched.extend(self.renew_sum(node));
        touched
    }

    /// A pod is gone.
    pub fn remove_pod(&mut self, key: &Key) -> Touched {
        let Some(pod) = self.pods.remove(key) else { return Touched::new() };
        if let Some(on) = self.on.get_mut(&pod.node) {
            on.remove(key);
            if on.is_empty() {
                self.on.remove(&pod.node);
            }
        }
        self.renew_sum(pod.node)
    }

    /// All pods at once.
    pub fn replace_pods(&mut self, all: Vec<PodFacts>) -> Touched {
        let before = std::mem::take(&mut self.sums);
        self.on.clear();
        self.pods = HashMap::with_capacity(all.len());
        for pod in all {
            self.on.entry(pod.node.clone()).or_default().insert(pod.key.clone());
            self.pods.insert(pod.key.clone(), pod);
        }
        let names: Vec<Box<str>> = self.on.keys().cloned().collect();
        for name in names {
            self.renew_sum(name);
        }
        let nodes = before.keys().chain(self.sums.keys());
        nodes.filter(|name| before.get(*name) != self.sums.get(*name)).cloned().collect()
    }

    fn renew_sum(&mut self, name: Box<str>) -> Touched {
        let mut sum = Requested::default();
        let on = self.on.get(&name).into_iter().flatten();
        for pod in on.filter_map(|key| self.pods.get(key)).filter(|pod| !pod.ended()) {
            sum.cpu_millis = sum.cpu_millis.saturating_add(pod.cpu_millis);
            sum.memory_bytes = sum.memory_bytes.saturating_add(pod.memory_bytes);
            sum.pods += 1;
            sum.stateful += u32::from(pod.stateful());
        }
        if self.sums.get(&name) == Some(&sum) {
            return Touched::new();
        }
        self.sums.insert(name.clone(), sum);
        Touched::from([name])
    }

    /// A claim that is new or changed, with the volume it got.
    pub fn put_claim(&mut self, key: Key, volume: Option<Box<str>>) {
        self.claims.insert(key, volume);
    }

    pub fn remove_claim(&mut self, key: &Key) {
        self.claims.remove(key);
    }

    pub fn replace_claims(&mut self, all: Vec<(Key, Option<Box<str>>)>) {
        self.claims = all.into_iter().collect();
    }

    pub fn put_volume(&mut self, volume: VolumeFacts) {
        self.volumes.insert(volume.name.clone(), volume);
    }

    pub fn remove_volume(&mut self, name: &str) {
        self.volumes.remove(name);
    }

    pub fn replace_volumes(&mut self, all: Vec<VolumeFacts>) {
        self.volumes = all.into_iter().map(|volume| (volume.name.clone(), volume)).collect();
    }

    pub fn put_budget(&mut self, budget: BudgetFacts) {
        self.budgets.insert(budget.key.clone(), budget);
    }

    pub fn remove_budget(&mut self, key: &Key) {
        self.budgets.remove(key);
    }

    pub fn replace_budgets(&mut self, all: Vec<BudgetFacts>) {
        self.budgets = all.into_iter().map(|budget| (budget.key.clone(), budget)).collect();
    }

    /// Ids of nodes by their names.
    pub fn ids<'a>(&'a self, names: &'a Touched) -> impl Iterator<Item = Box<str>> + 'a {
        names.iter().filter_map(|name| self.nodes.get(name)).map(|node| node::id(node).into())
    }

    /// Everything on the node, by namespace and name.
    pub fn workloads(&self, name: &str) -> Vec<Workload> {
        let others = self.others(name);
        self.pods_on(name).map(|pod| fate::workload(pod, &self.surroundings(pod, &others))).collect()
    }

    /// What a person should know before a drain of this node, one sentence each. Where no other node takes placements at
    /// all, that is said by a rule, and not once more for every pod. `with`: ids of nodes that are drained with it.
    pub fn before_a_drain(&self, name: &str, with: &[String]) -> Vec<Words> {
        let with: HashSet<&str> = with.iter().map(String::as_str).collect();
        let others: Vec<&Node> = self.others(name).into_iter().filter(|other| !with.contains(node::id(other))).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let moving: Vec<&PodFacts> = self.moving(name).collect();
        let barred: Vec<&Node> = others.iter().copied().filter(|other| before::out_of_reach(other, &moving)).collect();
        let stuck = |pod: &&PodFacts| {
            let why = self.surroundings(pod, &others).only_here?;
            Some(Stuck { pod: format!("{}/{}", pod.key.0, pod.key.1), why })
        };
        before::sentences(&moving.iter().filter_map(stuck).collect::<Vec<_>>(), &barred)
    }

    /// Ids of the other nodes that keep out what runs on this one.
    pub fn out_of_reach(&self, name: &str) -> Vec<String> {
        let moving: Vec<&PodFacts> = self.moving(name).collect();
        self.others(name).into_iter().filter(|other| before::out_of_reach(other, &moving)).map(|other| node::id(other).to_owned()).collect()
    }

    /// The other nodes that take placements.
    fn others(&self, name: &str) -> Vec<&Node> {
        self.nodes.values().filter(|node| node::name(node) != name && takes_placements(node)).map(AsRef::as_ref).collect()
    }

    fn pods_on(&self, name: &str) -> impl Iterator<Item = &PodFacts> {
        self.on.get(name).into_iter().flatten().filter_map(|key| self.pods.get(key))
    }

    /// What runs on the node and would have to go elsewhere, were the host lost.
    fn moving(&self, name: &str) -> impl Iterator<Item = &PodFacts> {
        self.pods_on(name).filter(|pod| !pod.ended() && !pod.owner.belongs_to_node())
    }

    /// Volumes that live on this node only and that no pod on it uses.
    pub fn orphaned_volumes(&self, name: &str) -> Vec<String> {
        let Some(node) = self.nodes.get(name) else { return Vec::new() };
        let used: BTreeSet<&str> = self
            .pods_on(name)
            .flat_map(|pod| pod.data.iter().filter_map(|volume| self.volume_of(pod, &volume.data)))
            .map(|volume| &*volume.name)
            .collect();
        let all = || self.nodes.values().map(AsRef::as_ref);
        let mut orphaned: Vec<String> = self
            .volumes
            .values()
            .filter(|volume| !used.contains(&*volume.name) && volume.is_only_on(node, all()))
            .map(|volume| match &volume.claim {
                Some((namespace, claim)) => format!("{} (claim {namespace}/{claim})", volume.name),
                None => volume.name.to_string(),
            })
            .collect();
        orphaned.sort_unstable();
        orphaned
    }

    fn volume_of(&self, pod: &PodFacts, data: &Data) -> Option<&VolumeFacts> {
        let Data::Claim(claim) = data else { return None };
        let volume = self.claims.get(&(pod.key.0.clone(), claim.clone()))?.as_deref()?;
        self.volumes.get(volume)
    }

    fn surroundings(&self, pod: &PodFacts, others: &[&Node]) -> Surroundings {
        let mut volumes = Vec::new();
        let mut all_known = true;
        let lives = pod
            .data
            .iter()
            .map(|volume| match (&volume.data, self.volume_of(pod, &volume.data)) {
                (Data::Claim(_), Some(facts)) => {
                    volumes.push(facts);
                    (facts.lives(self.nodes.values().map(AsRef::as_ref)), facts.driver.as_deref().map(Into::into))
                }
                (Data::Claim(_), None) => {
                    all_known = false;
                    (DataLives::Unknown, None)
                }
                (Data::HostPath(_) | Data::EmptyDir, _) => (DataLives::ThisNodeOnly, None),
            })
            .collect();
        let label = |other: &PodFacts, key: &str| self.nodes.get(&other.node).and_then(|node| node::labels(node).get(key).cloned());
        let taken = fit::taken(pod, self.pods.values(), label);
        let only_here = fit::nowhere_else(&pod.wants, &volumes, &taken, others.iter().copied()).filter(|_| all_known && !pod.owner.belongs_to_node());
        let covers = |budget: &&BudgetFacts| budget.key.0 == pod.key.0 && labels_match(&budget.selector, &pod.labels);
        let mut budgets: Vec<(String, i32)> = self.budgets.values().filter(covers).map(|budget| (budget.key.1.to_string(), budget.allowed)).collect();
        budgets.sort_unstable();
        Surroundings { lives, only_here, budgets }
    }
}

/// Schedulable and ready: where the scheduler could put something.
fn takes_placements(node: &Node) -> bool {
    let ready = node.status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True");
    ready && node::scheduling(node) == Scheduling::Schedulable
}

/// Resource versions of one object can be compared as numbers (API concepts, since 1.35 by contract and before by fact).
fn version(node: &Node) -> u64 {
    node.metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
