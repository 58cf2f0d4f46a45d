//! `pitlane demo`: flags and variables for a fleet of simulated nodes.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use pitlane_agent::{DemoSettings, Url, demo};

use super::{
    exit::{Failure, USAGE},
    serve,
};
use crate::settings::LogFormat;

/// Arguments of `pitlane demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The control plane.
    #[arg(long, env = "PITLANE_SERVER", value_name = "URL", default_value = "http://127.0.0.1:7070")]
    server: Url,
    /// A multi-use enrolment token: `pitlane token enroll --multi-use`.
    #[arg(long, env = "PITLANE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// An operator's token, with which the demo drains the nodes that its story wants in maintenance.
    #[arg(long, env = "PITLANE_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    operator_token: Option<String>,
    /// How many nodes.
    #[arg(long, default_value_t = demo::DEFAULT_NODES)]
    nodes: usize,
    /// The same seed gives the same fleet.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the nodes' tokens are kept [default: demo, below the agent's own].
    #[arg(long, env = "PITLANE_STATE_DIR", value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// Most requests under way at once.
    #[arg(long, default_value_t = demo::DEFAULT_CONCURRENCY)]
    concurrency: usize,
    /// What is logged: error, warn, info, debug, trace, or a filter.
    #[arg(long, env = "PITLANE_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    log_level: String,
}

/// Plays until it is told to end.
pub async fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    serve::start_log(LogFormat::Text, &args.log_level)?;
    let state_dir = args
        .state_dir
        .or_else(|| pitlane_agent::default_state_dir().map(|folder| folder.join("demo")))
        .ok_or_else(|| Failure::new(USAGE, "no place for the demo's state: give --state-dir, or set HOME"))?;
    let settings = DemoSettings {
        server: args.server,
        token: args.token,
        operator_token: args.operator_token,
        nodes: args.nodes,
        seed: args.seed,
        state_dir,
        concurrency: args.concurrency,
    };
    demo::run(settings, serve::told_to_end()?).await.map_err(|error| Failure::new(USAGE, error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
