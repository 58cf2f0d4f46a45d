//! `pitlane diagnostics`: what the server knows of a node, as text for somebody who is to help.

use std::process::ExitCode;

use clap::Args;
use pitlane_api::DiagnosticsPart;

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
    /// What people wrote and is left out otherwise: reasons, labels, activity. Several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = part)]
    include: Vec<DiagnosticsPart>,
    #[command(flatten)]
    remote: Remote,
}

fn part(word: &str) -> Result<DiagnosticsPart, String> {
    let known = DiagnosticsPart::ALL.iter().copied().find(|part| part.as_str() == word);
    known.ok_or_else(|| format!("must be one of {}", DiagnosticsPart::ALL.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(", ")))
}

/// Prints the bundle. What people wrote is in it only where it is asked for.
pub async fn run(args: DiagnosticsArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let node = client.node(&args.node).await?;
    let include = args.include.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(",");
    let query = if include.is_empty() { String::new() } else { format!("?include={include}") };
    let bundle = client.text(&format!("/nodes/{}/diagnostics{query}", encode(node.id.as_str()))).await?;
    if args.remote.json {
        text::json(&serde_json::json!({ "node_id": node.id, "diagnostics": bundle }));
    } else {
        print!("{}", text::plain(&bundle));
    }
    Ok(ExitCode::SUCCESS)
}
