//! Which driver the server runs with. The one place that names them all.

use std::sync::Arc;

use pitlane_api::EngineKind;
use pitlane_engine::Engine;
use pitlane_engine_embedded::EmbeddedEngine;
use pitlane_engine_kubernetes::{Access, KubernetesEngine};
use pitlane_engine_swarm::{Endpoint, SwarmEngine};

use super::exit::{Failure, USAGE};
use crate::{fleet::Agents, settings::Settings, store::SqliteStore};

/// Starts the driver that the settings ask for. An engine that does not answer is no failure: the fleet shows it.
pub fn start(settings: &Settings, store: &Arc<SqliteStore>, agents: &Arc<Agents>) -> Result<Arc<dyn Engine>, Failure> {
    match settings.engine {
        EngineKind::Swarm => {
            let endpoint = swarm_endpoint(settings)?;
            if let Endpoint::Tcp { address, tls: None } = &endpoint {
                tracing::warn!(address, "the swarm's manager is reached without TLS: whoever is on that network owns the swarm");
            }
            tracing::info!(%endpoint, "the engine is Docker Swarm");
            Ok(Arc::new(SwarmEngine::start(endpoint, agents.clone(), pitlane_engine_swarm::Settings::default())))
        }
        EngineKind::Kubernetes => {
            let access = Access::choose(settings.kubeconfig.clone(), settings.kube_context.clone());
            Ok(Arc::new(KubernetesEngine::start(access, pitlane_engine_kubernetes::Settings::default())))
        }
        _ => Ok(Arc::new(EmbeddedEngine::start(store.clone(), agents.clone(), pitlane_engine_embedded::Settings::default()))),
    }
}

/// The setting, else the variables that Docker's own client reads.
fn swarm_endpoint(settings: &Settings) -> Result<Endpoint, Failure> {
    Endpoint::from_vars(|name| match name {
        "PITLANE_SWARM_HOST" => settings.swarm_host.clone(),
        _ => std::env::var(name).ok(),
    })
    .map_err(|why| Failure::new(USAGE, format!("the swarm's manager: {why}")))
}
