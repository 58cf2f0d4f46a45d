//! What an agent finds on its host. Probes run beside the heartbeat and leave their latest reading, so that a Docker
//! that hangs never delays a beat. Knows nothing of the control plane.

pub mod caddy;
mod convert;
pub use convert::is_essential as convert_essential;
pub mod docker;
pub mod host;
pub mod system;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pitlane_api::{ContainersReport, ServiceReport, SignalState};
use pitlane_supervisor::Supervisor;
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};

use caddy::{CaddyFacts, CaddyProbe};
use docker::{DockerFacts, DockerProbe};

/// Services are looked at as often as the control plane wants beats, within these bounds in seconds.
const EVERY_S: std::ops::RangeInclusive<u64> = 1..=10;
/// A reading older than this is not vouched for any more.
const TRUSTED_FOR: Duration = Duration::from_secs(20);

/// What looking at a service gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It answered.
    Answered(T),
    /// Nothing is there.
    NotThere(String),
    /// Something is there and this agent may not talk to it.
    Denied(String),
    /// Something is there and does not answer as it should.
    Broken(String),
}

/// A look and when it was.
#[derive(Debug, Clone)]
pub struct Reading<T> {
    /// What it gave.
    pub look: Look<T>,
    /// When it was finished.
    pub at: Instant,
}

/// The latest readings; `None` until the first is finished.
#[derive(Debug)]
pub struct Probes {
    /// Docker.
    pub docker: watch::Receiver<Option<Reading<DockerFacts>>>,
    /// Caddy.
    pub caddy: watch::Receiver<Option<Reading<CaddyFacts>>>,
    every_s: Arc<AtomicU64>,
    _tasks: Tasks,
}

/// Ends the probes when the agent ends.
#[derive(Debug)]
struct Tasks(Supervisor);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Probes {
    /// Begins to look.
    pub fn start(docker: DockerProbe, caddy: CaddyProbe) -> Self {
        let (docker_tx, docker_rx) = watch::channel(None);
        let (caddy_tx, caddy_rx) = watch::channel(None);
        let tasks = Supervisor::default();
        let every_s = Arc::new(AtomicU64::new(5));
        let pause = |every_s: &AtomicU64| tokio::time::sleep(Duration::from_secs(every_s.load(Ordering::Relaxed)));
        // A probe that panicked looks again with what it knew.
        let (docker, docker_tx, every) = (Arc::new(Mutex::new(docker)), Arc::new(docker_tx), Arc::clone(&every_s));
        tasks.keep("agent.docker", move || {
            let (docker, docker_tx, every) = (Arc::clone(&docker), Arc::clone(&docker_tx), Arc::clone(&every));
            async move {
                loop {
                    let look = docker.lock().await.look().await;
                    docker_tx.send_replace(Some(Reading { look, at: Instant::now() }));
                    pause(&every).await;
                }
            }
        });
        let (caddy, caddy_tx, every) = (Arc::new(Mutex::new(caddy)), Arc::new(caddy_tx), Arc::clone(&every_s));
        tasks.keep("agent.caddy", move || {
            let (caddy, caddy_tx, every) = (Arc::clone(&caddy), Arc::clone(&caddy_tx), Arc::clone(&every));
            async move {
                loop {
                    let look = caddy.lock().await.look().await;
                    caddy_tx.send_replace(Some(Reading { look, at: Instant::now() }));
                    pause(&every).await;
                }
            }
        });
        Self { docker: docker_rx, caddy: caddy_rx, every_s, _tasks: Tasks(tasks) }
    }

    /// Looks this often from the next time on.
    pub fn look_every(&self, every_s: u64) {
        self.every_s.store(every_s.clamp(*EVERY_S.start(), *EVERY_S.end()), Ordering::Relaxed);
    }

    /// Waits for the first readings, but not for long.
    pub async fn first(&mut self, patience: Duration) {
        let both = async {
            // An error would mean that a probe has ended; then there is nothing to wait for.
            let _ = self.docker.wait_for(Option::is_some).await;
            let _ = self.caddy.wait_for(Option::is_some).await;
        };
        let _ = tokio::time::timeout(patience, both).await;
    }
}

/// The look of a reading that can still be trusted, else in words why not.
pub fn trusted<T: Clone>(reading: Option<&Reading<T>>) -> Look<T> {
    match reading {
        None => Look::Denied("not looked at yet".into()),
        Some(reading) if reading.at.elapsed() > TRUSTED_FOR => Look::Broken(format!("no answer for {} s", reading.at.elapsed().as_secs())),
        Some(reading) => reading.look.clone(),
    }
}

/// What to say of a service. Not there is a fault only where it is expected; denied is neither good nor bad.
pub fn service_report<T>(look: &Look<T>, expected: bool, describe: impl FnOnce(&T) -> (Option<String>, String)) -> ServiceReport {
    let (state, expected, version, detail) = match look {
        Look::Answered(facts) => {
            let (version, detail) = describe(facts);
            (SignalState::Ok, true, version, detail)
        }
        Look::NotThere(why) if expected => (SignalState::Bad, true, None, why.clone()),
        Look::NotThere(why) => (SignalState::NotPresent, false, None, why.clone()),
        Look::Denied(why) => (SignalState::Unknown, expected, None, why.clone()),
        // It is there, so it ought to work.
        Look::Broken(why) => (SignalState::Bad, true, None, why.clone()),
    };
    ServiceReport { state, expected, version, detail }
}

/// What to say of the containers. Where Docker cannot be read this is the last known list, marked as not whole.
pub fn containers_report(look: &Look<DockerFacts>, expected: bool, last_known: Option<&ContainersReport>) -> ContainersReport {
    let why = match look {
        Look::Answered(facts) => return facts.containers.clone(),
        Look::NotThere(_) if !expected => return docker::absent_report(),
        Look::NotThere(why) | Look::Denied(why) | Look::Broken(why) => why,
    };
    let mut report = last_known.cloned().unwrap_or_default();
    report.complete = false;
    report.not_read = vec![match last_known {
        Some(_) => format!("containers of Docker, shown as they were last read: {why}"),
        None => format!("containers of Docker: {why}"),
    }];
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(look: Look<()>, expected: bool) -> ServiceReport {
        service_report(&look, expected, |()| (Some("1.2.3".into()), String::new()))
    }

    #[test]
    fn absence_is_a_fault_only_where_it_is_expected() {
        assert_eq!(report(Look::NotThere("no socket".into()), false).state, SignalState::NotPresent);
        let missing = report(Look::NotThere("no socket".into()), true);
        assert_eq!((missing.state, missing.expected, missing.detail.as_str()), (SignalState::Bad, true, "no socket"));
        assert_eq!(report(Look::Denied("permission denied".into()), true).state, SignalState::Unknown);
        assert_eq!(report(Look::Broken("500".into()), false).state, SignalState::Bad);
        assert_eq!(report(Look::Answered(()), false).version.as_deref(), Some("1.2.3"));
    }

    #[test]
    fn a_list_that_was_not_read_is_never_none() {
        let known = ContainersReport { complete: true, orphaned_volumes: vec!["old".into()], ..ContainersReport::default() };
        for look in [Look::NotThere("gone".into()), Look::Denied("denied".into()), Look::Broken("hangs".into())] {
            let shown = containers_report(&look, true, Some(&known));
            assert!(!shown.complete && shown.not_read.len() == 1);
            assert_eq!(shown.orphaned_volumes, known.orphaned_volumes);
            assert!(!containers_report(&look, true, None).complete);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_reading_is_not_vouched_for() {
        let reading = Reading { look: Look::Answered(()), at: Instant::now() };
        assert_eq!(trusted(Some(&reading)), Look::Answered(()));
        tokio::time::advance(TRUSTED_FOR + Duration::from_secs(1)).await;
        assert!(matches!(trusted(Some(&reading)), Look::Broken(_)));
        assert!(matches!(trusted::<()>(None), Look::Denied(_)));
    }
}
