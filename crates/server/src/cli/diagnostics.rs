//! `pitlane diagnostics`: what the server knows of a node, as text for somebody who is to help.

use std::process::ExitCode;

use clap::Args;

use super::{
    client::{Remote, encode},
    exit::Failure,
    text,
};

/// Arguments of `pitlane diagnostics`.
#[derive(Debug, Args)]
pub struct DiagnosticsArgs {
    /// A node's name or id.
    node: String,
    #[command(flatten)]
    remote: Remote,
}

/// Prints the bundle. It holds no secrets and no names or addresses of people.
pub async fn run(args: DiagnosticsArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let node = client.node(&args.node).await?;
    let bundle = client.text(&format!("/nodes/{}/diagnostics", encode(node.id.as_str()))).await?;
    if args.remote.json {
        text::json(&serde_json::json!({ "node_id": node.id, "diagnostics": bundle }));
    } else {
        print!("{}", text::plain(&bundle));
    }
    Ok(ExitCode::SUCCESS)
}
