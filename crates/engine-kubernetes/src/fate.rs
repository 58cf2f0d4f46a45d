//! Rule 2 for pods: which are stateful, where the data lives, and what becomes of them when they restart or the host
//! goes away. A restart here is the pod being made anew; a container that merely crashes starts again in its pod.

use pitlane_api::{DataLives, Fate, Identity, Volume, VolumeKind, Words, Workload, WorkloadKind, say};

use crate::pod::{Data, DataVolume, Owner, PodFacts};

/// What is known beside the pod itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Per volume of the pod's `data`, in order: where it lives, and its storage driver.
    pub lives: Vec<(DataLives, Option<String>)>,
    /// Why it could run nowhere else; `None`: it could, or nobody can tell.
    pub only_here: Option<Words>,
    /// Disruption budgets that cover it: name, and how many more pods may go.
    pub budgets: Vec<(String, i32)>,
}

/// The pod as the engine trait shows it.
pub(crate) fn workload(pod: &PodFacts, around: &Surroundings) -> Workload {
    let volumes: Vec<Volume> = pod.data.iter().zip(&around.lives).map(|(volume, (lives, driver))| shown(volume, *lives, driver.clone())).collect();
    let (on_restart, on_node_down) = fates(pod, &volumes, around.only_here.is_some());
    Workload {
        identity: identity(pod, &volumes),
        name: pod.key.1.to_string(),
        stack: Some(pod.key.0.to_string()),
        image: pod.image.as_deref().map(Into::into),
        kind: WorkloadKind::Pod,
        state: pod.state,
        since: pod.since,
        stateful: pod.stateful(),
        belongs_to_node: pod.owner.belongs_to_node(),
        volumes,
        on_restart,
        on_node_down,
        remarks: remarks(pod, around),
    }
}

fn shown(volume: &DataVolume, data_lives: DataLives, driver: Option<String>) -> Volume {
    let (name, kind) = match &volume.data {
        Data::Claim(claim) => (claim, VolumeKind::Pvc),
        Data::HostPath(path) => (path, VolumeKind::HostPath),
        Data::EmptyDir => (&volume.name, VolumeKind::EmptyDir),
    };
    Volume { name: name.to_string(), kind, data_lives, destination: volume.destination.as_deref().map(Into::into), driver }
}

/// Namespace, owner and ordinal: what stays when the pod is made anew. Replicas of one Deployment are alike, and are
/// told apart by their number only.
fn identity(pod: &PodFacts, volumes: &[Volume]) -> Identity {
    let (namespace, name) = (&*pod.key.0, &*pod.key.1);
    let identity = match &pod.owner {
        Owner::StatefulSet(owner) => {
            Identity::new("pod", &[namespace, "StatefulSet", owner, name.strip_prefix(&**owner).unwrap_or(name).trim_start_matches('-')])
        }
        Owner::Deployment(owner) => Identity::new("pod", &[namespace, "Deployment", owner]),
        Owner::DaemonSet(owner) => Identity::new("pod", &[namespace, "DaemonSet", owner]),
        Owner::Job(owner) => Identity::new("pod", &[namespace, "Job", owner]),
        Owner::Other(kind, owner) => Identity::new("pod", &[namespace, kind, owner]),
        Owner::Mirror | Owner::Nobody => Identity::new("pod", &[namespace, "Pod", name]),
    };
    volumes.iter().zip(&pod.data).fold(identity, |identity, (volume, data)| {
        // A generic ephemeral volume's claim carries the pod's name, which changes with the pod.
        let stays = match &data.data {
            Data::Claim(claim) if claim.strip_prefix(name).is_some_and(|rest| rest.strip_prefix('-') == Some(&*data.name)) => &*data.name,
            _ => &volume.name,
        };
        identity.with_volume(stays, volume.data_lives)
    })
}

/// If it is made anew while the node is in maintenance, and if the host goes away.
fn fates(pod: &PodFacts, volumes: &[Volume], only_here: bool) -> (Fate, Fate) {
    if pod.owner.belongs_to_node() {
        return (Fate::HereWithData, Fate::WaitsForNode);
    }
    let of = |kind: VolumeKind| volumes.iter().filter(move |volume| volume.kind == kind);
    let claim_here = of(VolumeKind::Pvc).any(|volume| volume.data_lives == DataLives::ThisNodeOnly);
    let claim_unknown = of(VolumeKind::Pvc).any(|volume| volume.data_lives == DataLives::Unknown);
    let claim = of(VolumeKind::Pvc).next().is_some();
    let host_path = of(VolumeKind::HostPath).next().is_some();
    let scratch = of(VolumeKind::EmptyDir).next().is_some();
    if pod.owner == Owner::Nobody {
        // Nobody makes it anew: its scratch space goes with it, what is on a volume stays where it is.
        let fate = if scratch && !claim && !host_path { Fate::DataLost } else { Fate::StaysStopped };
        return (fate, if pod.waits_for_node { Fate::WaitsForNode } else { fate });
    }
    let on_restart = if claim_here {
        Fate::WaitsForNode
    } else if claim_unknown {
        Fate::Unknown
    } else if only_here {
        // It waits for this node, and its scratch space does not wait with it.
        if scratch && !claim && !host_path { Fate::DataLost } else { Fate::WaitsForNode }
    } else if host_path || (scratch && !claim) {
        Fate::ElsewhereEmpty
    } else if claim {
        Fate::ElsewhereWithData
    } else {
        Fate::Elsewhere
    };
    // A StatefulSet starts no second one while it does not know that the first has ended.
    let stays = pod.waits_for_node || matches!(pod.owner, Owner::StatefulSet(_));
    (on_restart, if stays { Fate::WaitsForNode } else { on_restart })
}

fn remarks(pod: &PodFacts, around: &Surroundings) -> Vec<Words> {
    let mut remarks = Vec::new();
    let named = |kind: &str, name: &str| Words::plain(format!("{kind} {name}"));
    match &pod.owner {
        Owner::Deployment(name) => remarks.push(named("Deployment", name)),
        Owner::StatefulSet(name) => remarks.push(named("StatefulSet", name)),
        Owner::DaemonSet(name) => remarks.push(named("DaemonSet", name)),
        Owner::Job(name) => remarks.push(named("Job", name)),
        Owner::Other(kind, name) => remarks.push(named(kind, name)),
        Owner::Mirror => remarks.push(say!("made by the kubelet from a file on the node")),
        Owner::Nobody => remarks.push(say!("nobody makes it anew")),
    }
    if pod.restarts > 0 {
        remarks.push(say!("restarted once" | "restarted {n} times" % pod.restarts));
    }
    for (name, allowed) in &around.budgets {
        remarks.push(match allowed {
            ..=0 => say!("disruption budget {} allows none to go now", name),
            n => say!("disruption budget {} allows 1 to go now" | "disruption budget {} allows {n} to go now" % *n, name),
        });
    }
    if let Some(why) = around.only_here.as_ref().filter(|_| !pod.owner.belongs_to_node()) {
        remarks.push(say!("could run nowhere else: {}", why));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::WorkloadState;

    fn pod(owner: Owner, data: Vec<Data>) -> PodFacts {
        PodFacts {
            key: ("shop".into(), "db-0".into()),
            node: "n1".into(),
            labels: Default::default(),
            owner,
            image: None,
            state: WorkloadState::Running,
            since: None,
            restarts: 2,
            cpu_millis: 0,
            memory_bytes: 0,
            wants: Default::default(),
            waits_for_node: false,
            data: data.into_iter().map(|data| DataVolume { name: "data".into(), data, destination: None }).collect(),
        }
    }

    fn with(owner: Owner, data: Vec<(Data, DataLives)>, only_here: Option<&str>) -> Workload {
        let lives = data.iter().map(|(_, lives)| (*lives, None)).collect();
        let pod = pod(owner, data.into_iter().map(|(data, _)| data).collect());
        workload(&pod, &Surroundings { lives, only_here: only_here.map(Words::plain), budgets: vec![("db".into(), 0)] })
    }

    fn fates(owner: Owner, data: Vec<(Data, DataLives)>) -> (Fate, Fate) {
        let workload = with(owner, data, None);
        (workload.on_restart, workload.on_node_down)
    }

    #[test]
    fn what_becomes_of_it() {
        use DataLives::{NetworkVolume, ThisNodeOnly, Unknown};
        let claim = || Data::Claim("data-db-0".into());
        let deployment = || Owner::Deployment("db".into());
        let set = || Owner::StatefulSet("db".into());
        assert_eq!(fates(set(), vec![(claim(), ThisNodeOnly)]), (Fate::WaitsForNode, Fate::WaitsForNode));
        assert_eq!(fates(set(), vec![(claim(), NetworkVolume)]), (Fate::ElsewhereWithData, Fate::WaitsForNode));
        assert_eq!(fates(set(), vec![]), (Fate::Elsewhere, Fate::WaitsForNode));
        assert_eq!(fates(deployment(), vec![(Data::EmptyDir, ThisNodeOnly)]), (Fate::ElsewhereEmpty, Fate::ElsewhereEmpty));
        assert_eq!(
            fates(deployment(), vec![(claim(), NetworkVolume), (Data::EmptyDir, ThisNodeOnly)]),
            (Fate::ElsewhereWithData, Fate::ElsewhereWithData)
        );
        assert_eq!(fates(deployment(), vec![(Data::HostPath("/srv".into()), ThisNodeOnly)]), (Fate::ElsewhereEmpty, Fate::ElsewhereEmpty));
        assert_eq!(fates(deployment(), vec![(claim(), Unknown)]), (Fate::Unknown, Fate::Unknown));
        assert_eq!(fates(deployment(), vec![]), (Fate::Elsewhere, Fate::Elsewhere));
        assert_eq!(fates(Owner::Nobody, vec![(Data::EmptyDir, ThisNodeOnly)]), (Fate::DataLost, Fate::DataLost));
        assert_eq!(fates(Owner::Nobody, vec![(claim(), ThisNodeOnly)]), (Fate::StaysStopped, Fate::StaysStopped));
        assert_eq!(fates(Owner::DaemonSet("logs".into()), vec![]), (Fate::HereWithData, Fate::WaitsForNode));
    }

    #[test]
    fn a_pod_that_could_run_nowhere_else_waits() {
        let pinned = with(Owner::Deployment("db".into()), vec![(Data::HostPath("/srv".into()), DataLives::ThisNodeOnly)], Some("its node selector"));
        assert_eq!(pinned.on_restart, Fate::WaitsForNode);
        assert!(pinned.remarks.iter().any(|remark| remark.starts_with("could run nowhere else")));
        let scratch = with(Owner::Deployment("db".into()), vec![(Data::EmptyDir, DataLives::ThisNodeOnly)], Some("its node selector"));
        assert_eq!(scratch.on_restart, Fate::DataLost);
    }

    #[test]
    fn identities_survive_the_pod() {
        let set = with(Owner::StatefulSet("db".into()), vec![(Data::Claim("data-db-0".into()), DataLives::ThisNodeOnly)], None);
        assert_eq!(set.identity.to_string(), "pod:shop/StatefulSet/db/0|data-db-0@node");
        let ephemeral = with(Owner::Deployment("db".into()), vec![(Data::Claim("db-0-data".into()), DataLives::NetworkVolume)], None);
        assert_eq!(ephemeral.identity.to_string(), "pod:shop/Deployment/db|data@network");
    }

    #[test]
    fn what_else_is_worth_a_word() {
        let set = with(Owner::StatefulSet("db".into()), vec![], None);
        assert_eq!(set.remarks, ["StatefulSet db", "restarted 2 times", "disruption budget db allows none to go now"]);
    }
}
