//! `pitlane place`: which node a workload would be placed on.

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, ValueEnum};
use pitlane_api::{Placement, PlacementNeeds, PlacementRequest, Refusal, Strategy};
use reqwest::Method;

use super::{
    client::{Change, Remote},
    exit::Failure,
    text,
};

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum How {
    /// The node with the most room.
    LeastLoaded,
    /// The node that --node names.
    Pinned,
}

/// Arguments of `pitlane place`.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// How to choose.
    #[arg(long, default_value = "least_loaded")]
    strategy: How,
    /// The node's name or id, for `--strategy pinned`.
    #[arg(long)]
    node: Option<String>,
    /// A label the node must have, `key=value` or `key`. May be repeated.
    #[arg(long = "selector", value_name = "TAG")]
    selectors: Vec<String>,
    /// Processors the workload needs.
    #[arg(long, value_name = "CORES")]
    cpu: Option<f64>,
    /// Memory the workload needs, in bytes, or as 512M or 4G.
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// Choose among the simulated nodes instead of the real ones.
    #[arg(long)]
    simulated: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Asks.
pub async fn run(args: PlaceArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let node_id = match &args.node {
        Some(wanted) => Some(client.node(wanted).await?.id),
        None => None,
    };
    let request = PlacementRequest {
        strategy: match args.strategy {
            How::LeastLoaded => Strategy::LeastLoaded,
            How::Pinned => Strategy::Pinned,
        },
        selector_tags: args.selectors,
        node_id,
        requests: PlacementNeeds { cpu_cores: args.cpu, memory_bytes: args.memory },
        simulated: args.simulated,
    };
    let change = Change { body: Some(&request), if_match: None, idempotency_key: None };
    match client.send::<_, Placement>(Method::POST, "/placements", change).await? {
        Ok(placement) => {
            if args.remote.json {
                text::json(&placement);
            } else {
                println!("{}  ({})", text::line(&placement.node_name), text::line(&placement.because));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(refused) => {
            if let Some(Refusal::PlacementBlocked { passed_over }) = refused.refusal() {
                let mut why: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for node in passed_over {
                    why.entry(node.because).or_default().push(node.node_name);
                }
                for (because, nodes) in why {
                    println!("{}: {}", text::line(&because), text::line(&nodes.join(", ")));
                }
            }
            Err(refused.into())
        }
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a size such as 1048576, 512M or 4G");
    let (number, factor) = match text.trim().to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        t if t.ends_with('K') => (t.trim_end_matches('K').to_owned(), 1 << 10),
        t if t.ends_with('M') => (t.trim_end_matches('M').to_owned(), 1 << 20),
        t if t.ends_with('G') => (t.trim_end_matches('G').to_owned(), 1 << 30),
        t => (t.to_owned(), 1),
    };
    number.trim().parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes() {
        assert_eq!(bytes("512M"), Ok(512 << 20));
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert_eq!(bytes("17"), Ok(17));
        assert!(bytes("much").is_err() && bytes("99999999999G").is_err());
    }
}
