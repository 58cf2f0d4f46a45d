//! Puts a heartbeat together from the latest readings. Knows neither tokens nor HTTP.

use std::collections::BTreeMap;

use pitlane_api::{ContainersReport, HeartbeatRequest, Timestamp};

use crate::{
    agent::VERSION,
    collect::{Look, Probes, containers_report, convert_essential, host, service_report, system::SystemProbe, trusted},
    fit::{fit_containers, fit_heartbeat},
    settings::Service,
    state::AgentState,
};

/// How much of the containers is sent, in steps down where the control plane finds it too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// All that was read.
    All,
    /// Only the labels that identities are made of.
    Essential,
    /// The first hundred containers, said to be not whole.
    Cut,
}

/// Containers that are sent when even the essential is too much.
const CUT_AT: usize = 100;

/// Makes reports, and remembers what was read last.
#[derive(Debug)]
pub struct Reporter {
    probes: Probes,
    system: SystemProbe,
    expect: Vec<Service>,
    labels: BTreeMap<String, String>,
    last_known: Option<ContainersReport>,
    data_root: Option<std::path::PathBuf>,
    detail: Detail,
    seq: u64,
    news: bool,
}

impl Reporter {
    /// A reporter on these probes.
    ///
    /// # Errors
    /// The kernel does not say what it has; in words.
    pub fn new(probes: Probes, expect: Vec<Service>, labels: BTreeMap<String, String>) -> Result<Self, String> {
        Ok(Self { probes, system: SystemProbe::new()?, expect, labels, last_known: None, data_root: None, detail: Detail::All, seq: 0, news: false })
    }

    /// Whether `state` has changed since the last call.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// The node's id at the swarm its Docker is part of: what an agent enrols with where Swarm schedules.
    pub async fn swarm_node_id(&mut self, patience: std::time::Duration) -> Option<String> {
        self.probes.first(patience).await;
        match trusted(self.probes.docker.borrow().as_ref()) {
            Look::Answered(facts) => facts.swarm_node_id,
            _ => None,
        }
    }

    /// Looks at services as often as beats are wanted.
    pub fn look_every(&self, every_s: u64) {
        self.probes.look_every(every_s);
    }

    /// The control plane finds the report too large.
    pub fn send_less(&mut self) {
        self.detail = if self.detail == Detail::All { Detail::Essential } else { Detail::Cut };
    }

    /// The next beat, and the containers as they stand, which are in it only where they are not `acknowledged`.
    pub async fn report(
        &mut self,
        state: &mut AgentState,
        acknowledged: Option<&ContainersReport>,
        stopping: bool,
    ) -> (HeartbeatRequest, ContainersReport) {
        let docker = trusted(self.probes.docker.borrow().as_ref());
        let caddy = trusted(self.probes.caddy.borrow().as_ref());
        if let Look::Answered(facts) = &docker {
            self.last_known = Some(facts.containers.clone());
            self.data_root.clone_from(&facts.data_root);
            self.news |= state.set_seen(Service::Docker, true);
        }
        if let Look::Answered(_) = &caddy {
            self.news |= state.set_seen(Service::Caddy, true);
        }
        let (resources, mut cannot_see) = self.system.measure(self.data_root.clone()).await;
        if let Look::Denied(why) = &docker {
            cannot_see.push(format!("Docker: {why}"));
        }
        if let Look::Denied(why) = &caddy {
            cannot_see.push(format!("Caddy: {why}"));
        }
        let expected = |service: Service| self.expect.contains(&service) || state.has_seen(service);
        let containers = containers_report(&docker, expected(Service::Docker), self.last_known.as_ref());
        let mut containers = less(containers, self.detail);
        // Before it is compared: what was acknowledged is what was sent.
        fit_containers(&mut containers);
        self.seq += 1;
        let mut request = HeartbeatRequest {
            seq: self.seq,
            boot_id: host::boot_id(),
            clock: Timestamp::now(),
            agent_version: VERSION.to_owned(),
            resources,
            docker: service_report(&docker, expected(Service::Docker), |facts| (Some(facts.version.clone()), String::new())),
            caddy: service_report(&caddy, expected(Service::Caddy), |facts| (facts.version.clone(), facts.serves.clone())),
            containers: (acknowledged != Some(&containers)).then(|| containers.clone()),
            cannot_see,
            labels: self.labels.clone(),
            stopping,
        };
        fit_heartbeat(&mut request);
        (request, containers)
    }
}

fn less(mut report: ContainersReport, detail: Detail) -> ContainersReport {
    if detail >= Detail::Essential {
        for container in &mut report.containers {
            container.labels.retain(|key, _| convert_essential(key));
        }
    }
    if detail >= Detail::Cut && report.containers.len() > CUT_AT {
        report.complete = false;
        report.not_read.push(format!("{} more containers: the control plane finds the list too large", report.containers.len() - CUT_AT));
        report.containers.truncate(CUT_AT);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::ContainerReport;

    fn many(n: usize) -> ContainersReport {
        let container = |i: usize| ContainerReport {
            id: i.to_string(),
            name: format!("c{i}"),
            image: String::new(),
            state: "running".into(),
            since: None,
            labels: [("com.docker.compose.service".to_owned(), "x".to_owned()), ("description".to_owned(), "long".to_owned())].into(),
            mounts: vec![],
            restart_policy: "no".into(),
            auto_remove: false,
        };
        ContainersReport { complete: true, containers: (0..n).map(container).collect(), ..ContainersReport::default() }
    }

    #[test]
    fn less_is_said_to_be_less() {
        let essential = less(many(300), Detail::Essential);
        assert!(essential.complete && essential.containers.len() == 300);
        assert_eq!(essential.containers[0].labels.keys().collect::<Vec<_>>(), ["com.docker.compose.service"]);
        let cut = less(many(300), Detail::Cut);
        assert!(!cut.complete && cut.containers.len() == CUT_AT);
        assert!(cut.not_read[0].contains("200 more containers"));
    }
}
