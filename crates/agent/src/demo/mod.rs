//! `pitlane demo`: nodes that are played, through the very protocol real agents speak, and labelled as simulated.
//!
//! A cast of eight covers every state the console shows; more nodes are made up from a seed. Knows nothing of the server
//! but its API: what needs an operator (taking a node into maintenance) is asked for as any operator would.

mod cast;
mod crowd;
mod life;
mod node;
mod operator;
mod roster;
mod workloads;

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use reqwest::Url;
use tokio::{
    pin,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{client::ControlPlane, settings::StartError, state::StateFile};
use node::Character;
use roster::Roster;

/// Most nodes that are played by one process.
pub const NODES_MAX: usize = 100_000;
/// Patience with the last beats at the end.
const GOODBYE: Duration = Duration::from_secs(3);
/// How often what has changed is kept on disk.
const KEEP_EVERY: Duration = Duration::from_secs(2);

/// Settings of `pitlane demo`.
#[derive(Debug, Clone)]
pub struct DemoSettings {
    /// The control plane, without `/api/v1`.
    pub server: Url,
    /// A multi-use enrolment token. Not needed where every node is known from before.
    pub token: Option<String>,
    /// A token of an operator, with which the demo takes the nodes into maintenance that the story wants there. Without
    /// it every node stays schedulable.
    pub operator_token: Option<String>,
    /// How many nodes; the first eight are the cast.
    pub nodes: usize,
    /// The same seed gives the same fleet.
    pub seed: u64,
    /// Where the nodes' tokens are kept, mode 0600.
    pub state_dir: PathBuf,
    /// Most requests under way at once.
    pub concurrency: usize,
}

/// Nodes unless told otherwise: the cast.
pub const DEFAULT_NODES: usize = 8;
/// Requests under way at once unless told otherwise.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// What all played nodes share.
#[derive(Debug)]
pub(crate) struct Stage {
    plane: ControlPlane,
    token: Option<String>,
    /// Bounds the requests under way.
    permits: Semaphore,
    roster: Roster,
}

/// Plays until `shutdown` is done. Once it has started, no answer of any server ends it.
///
/// # Errors
/// Only what is wrong before the first try: see [`StartError`].
pub async fn run(settings: DemoSettings, shutdown: impl Future<Output = ()> + Send) -> Result<(), StartError> {
    pin!(shutdown);
    let plane = ControlPlane::new(&settings.server)?;
    let kept = |source| StartError::State { path: settings.state_dir.clone(), source };
    let file = StateFile::in_dir(&settings.state_dir, "demo.json").map_err(kept)?;
    let roster = Roster::open(file, plane.base().as_str()).map_err(kept)?;
    let characters = fleet(settings.nodes.clamp(1, NODES_MAX), settings.seed);
    if settings.token.is_none() && characters.iter().any(|character| roster.credentials(&character.name).is_none()) {
        return Err(StartError::NoToken);
    }
    tracing::info!(server = %plane.base(), nodes = characters.len(), seed = settings.seed, "a simulated fleet begins to play");

    let stage = Arc::new(Stage { plane, token: settings.token, permits: Semaphore::new(settings.concurrency.max(1)), roster });
    let (end, ended) = watch::channel(false);
    let mut nodes = JoinSet::new();
    let mut helpers = JoinSet::new();
    for character in characters {
        if let (Some(token), Some(plan)) = (&settings.operator_token, character.maintenance.clone()) {
            helpers.spawn(operator::take_out(Arc::clone(&stage), token.clone(), character.name.clone(), plan));
        }
        nodes.spawn(node::play(Arc::clone(&stage), character, settings.seed, ended.clone()));
    }
    let keeper = Arc::clone(&stage);
    helpers.spawn(async move {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            keeper.roster.keep();
        }
    });

    shutdown.await;
    helpers.abort_all();
    end.send_replace(true);
    let all = async { while nodes.join_next().await.is_some() {} };
    if tokio::time::timeout(GOODBYE, all).await.is_err() {
        tracing::info!("the simulated fleet ends; not every node could say goodbye");
    }
    stage.roster.keep();
    Ok(())
}

/// The cast, then made-up nodes.
fn fleet(nodes: usize, seed: u64) -> Vec<Character> {
    let mut characters = cast::cast();
    characters.truncate(nodes);
    let more = nodes - characters.len();
    characters.extend(crowd::crowd(more, seed));
    characters
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_gives_the_same_fleet_and_no_name_twice() {
        let names = |seed| fleet(2000, seed).into_iter().map(|character| character.name).collect::<Vec<_>>();
        assert_eq!(names(7), names(7));
        let unique: HashSet<String> = names(7).into_iter().collect();
        assert_eq!(unique.len(), 2000);
        assert_eq!(fleet(3, 7).len(), 3);
    }
}
