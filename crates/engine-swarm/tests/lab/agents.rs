//! What agents would say, for tests of what the driver does with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use pitlane_api::{ContainersReport, HeartbeatRequest, Resources, ServiceReport, SignalState, Timestamp};
use pitlane_engine::Reports;

/// By engine node id.
#[derive(Default)]
pub struct Told(Mutex<HashMap<String, Arc<HeartbeatRequest>>>);

impl Told {
    /// The agent of a node says that these are its containers.
    pub fn tell(&self, id: &str, containers: ContainersReport) {
        let good = ServiceReport { state: SignalState::Ok, expected: true, version: None, detail: String::new() };
        let beat = HeartbeatRequest {
            labels: Default::default(),
            seq: 1,
            boot_id: None,
            clock: Timestamp::now(),
            agent_version: "0.1.0".into(),
            resources: Resources::default(),
            docker: good.clone(),
            caddy: ServiceReport { state: SignalState::NotPresent, expected: false, ..good },
            containers: Some(containers),
            cannot_see: Vec::new(),
            stopping: false,
        };
        self.0.lock().unwrap().insert(id.to_owned(), Arc::new(beat));
    }

    /// The node has no agent.
    pub fn forget(&self, id: &str) {
        self.0.lock().unwrap().remove(id);
    }
}

impl Reports for Told {
    fn latest(&self, id: &str) -> Option<(Arc<HeartbeatRequest>, Timestamp)> {
        self.0.lock().unwrap().get(id).map(|beat| (Arc::clone(beat), Timestamp::now()))
    }

    fn alive(&self, id: &str) -> bool {
        self.0.lock().unwrap().contains_key(id)
    }
}
