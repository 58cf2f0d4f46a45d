//! `pitlane agent`: flags and variables for the agent on a node.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use clap::Args;
use pitlane_agent::{AgentSettings, Service, Url};

use super::{
    exit::{FAILED, Failure, USAGE},
    serve,
};
use crate::settings::LogFormat;

/// Arguments of `pitlane agent`.
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// The control plane.
    #[arg(long, env = "PITLANE_SERVER", value_name = "URL", default_value = "http://127.0.0.1:7070")]
    server: Url,
    /// An enrolment token, needed until the agent has enrolled: `pitlane token enroll`.
    #[arg(long, env = "PITLANE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Where the agent keeps its own token [default: /var/lib/pitlane-agent for root, else below ~/.local/state].
    #[arg(long, env = "PITLANE_STATE_DIR", value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// The node's name [default: the host's name].
    #[arg(long, env = "PITLANE_NODE_NAME")]
    name: Option<String>,
    /// Region or zone.
    #[arg(long, env = "PITLANE_REGION")]
    region: Option<String>,
    /// Address seen from outside.
    #[arg(long, env = "PITLANE_PUBLIC_IP", value_name = "ADDRESS")]
    public_ip: Option<String>,
    /// Address inside the fleet [default: the one this host uses towards the control plane].
    #[arg(long, env = "PITLANE_OVERLAY_IP", value_name = "ADDRESS")]
    overlay_ip: Option<String>,
    /// The engine's own id of this node, where an engine with a scheduler of its own runs here.
    #[arg(long, env = "PITLANE_ENGINE_NODE_ID", value_name = "ID")]
    engine_node_id: Option<String>,
    /// Instead of the machine's own id, for hosts that were cloned with it.
    #[arg(long, env = "PITLANE_MACHINE_ID", value_name = "ID")]
    machine_id: Option<String>,
    /// A label, `key=value`. May be repeated.
    #[arg(long = "label", env = "PITLANE_LABELS", value_delimiter = ',', value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Docker's endpoint [default: DOCKER_HOST, else /var/run/docker.sock].
    #[arg(long, env = "PITLANE_DOCKER", value_name = "ENDPOINT")]
    docker: Option<String>,
    /// Caddy's admin endpoint.
    #[arg(long, env = "PITLANE_CADDY", value_name = "ENDPOINT", default_value = pitlane_agent::DEFAULT_CADDY)]
    caddy: String,
    /// A service whose absence is a fault: docker, caddy. One that was seen once is expected ever after.
    #[arg(long, env = "PITLANE_EXPECT", value_delimiter = ',', value_name = "SERVICE")]
    expect: Vec<Service>,
    /// A service that is no longer expected although it was seen.
    #[arg(long, env = "PITLANE_FORGET", value_delimiter = ',', value_name = "SERVICE")]
    forget: Vec<Service>,
    /// Writes the log as JSON, one object a line.
    #[arg(long, env = "PITLANE_LOG_JSON")]
    log_json: bool,
    /// What is logged: error, warn, info, debug, trace, or a filter.
    #[arg(long, env = "PITLANE_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    log_level: String,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not key=value"))?;
    if key.trim().is_empty() { Err(format!("{text:?} has no key")) } else { Ok((key.trim().to_owned(), value.trim().to_owned())) }
}

/// Runs the agent until it is told to end.
pub async fn run(args: AgentArgs) -> Result<ExitCode, Failure> {
    serve::start_log(if args.log_json { LogFormat::Json } else { LogFormat::Text }, &args.log_level)?;
    let settings = AgentSettings {
        state_dir: args.state_dir,
        name: args.name,
        region: args.region,
        public_ip: args.public_ip,
        overlay_ip: args.overlay_ip,
        engine_node_id: args.engine_node_id,
        machine_id: args.machine_id,
        labels: args.labels.into_iter().collect::<BTreeMap<_, _>>(),
        docker: args.docker,
        caddy: args.caddy,
        expect: args.expect,
        forget: args.forget,
        ..AgentSettings::new(args.server, args.token)
    };
    pitlane_agent::run(settings, serve::told_to_end()?).await.map_err(|error| {
        let code = if matches!(error, pitlane_agent::StartError::State { .. } | pitlane_agent::StartError::Client(_)) { FAILED } else { USAGE };
        Failure::new(code, error.to_string())
    })?;
    Ok(ExitCode::SUCCESS)
}
