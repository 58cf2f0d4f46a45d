//! `pitlane share`: public links to one node's status.

use std::process::ExitCode;

use clap::Args;
use pitlane_api::{MadeShareLink, Node, ShareLifetime, ShareLinks, ShareRequest};
use reqwest::Method;

use super::{
    client::{Change, Client, Remote, encode},
    exit::Failure,
    text,
};

/// Arguments of `pitlane share`.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// The node's name or id.
    node: String,
    /// How long the link works. `until_activated` needs a node in maintenance.
    #[arg(long = "for", value_name = "LIFETIME", default_value = "1d", value_parser = ["1h", "1d", "7d", "until_activated"])]
    lifetime: String,
    /// Lists the links that work instead of making one.
    #[arg(long, conflicts_with = "revoke")]
    list: bool,
    /// Revokes the link with this id, as in the list.
    #[arg(long, value_name = "ID")]
    revoke: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Makes, lists or revokes.
pub async fn run(args: ShareArgs) -> Result<ExitCode, Failure> {
    let client = args.remote.client()?;
    let node = client.node(&args.node).await?;
    let path = format!("/nodes/{}/share-links", encode(node.id.as_str()));
    if args.list {
        list(&client, &path, args.remote.json).await?;
    } else if let Some(link) = &args.revoke {
        let path = format!("{path}/{}", encode(link));
        client.send::<(), serde_json::Value>(Method::DELETE, &path, Change { body: None, if_match: None, idempotency_key: None }).await??;
        println!("Revoked. Pages that show it have ended.");
    } else {
        make(&client, &node, &path, &args).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn make(client: &Client, node: &Node, path: &str, args: &ShareArgs) -> Result<(), Failure> {
    let request = ShareRequest { lifetime: ShareLifetime::from_word(&args.lifetime) };
    let made: MadeShareLink = client.send(Method::POST, path, Change { body: Some(&request), if_match: None, idempotency_key: None }).await??;
    if args.remote.json {
        text::json(&made);
        return Ok(());
    }
    // The address alone on standard output, so that a script can use it.
    eprintln!("Everybody who has this address can see the status of {}, with the reason of its maintenance:", text::line(&node.name));
    println!("{}", made.url);
    Ok(())
}

async fn list(client: &Client, path: &str, json: bool) -> Result<(), Failure> {
    let links: ShareLinks = client.get(path).await?;
    if json {
        text::json(&links);
        return Ok(());
    }
    let mut rows = vec![["ID", "BY", "MADE", "WORKS UNTIL"].map(str::to_owned).to_vec()];
    rows.extend(links.links.iter().map(|link| {
        let until = match link.lifetime {
            ShareLifetime::UntilActivated => "activated".to_owned(),
            _ => format!("{:.0}", link.expires_at),
        };
        vec![link.id.clone(), link.created_by.clone(), text::age(link.created_at, links.server_time), until]
    }));
    print!("{}", text::table(&rows));
    Ok(())
}
