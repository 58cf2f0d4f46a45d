//! What is said of endpoints that do not work, and TCP with certificates. These tests reach the nodes' network: run them
//! through `lab.sh run`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use pitlane_engine::{Engine, Result};
use pitlane_engine_swarm::{Endpoint, Settings, SwarmEngine, Tls};

use crate::{agents::Told, hands::Lab};

async fn nodes_at(endpoint: Endpoint) -> Result<Vec<String>> {
    let settings = Settings { bound: Duration::from_secs(5), ..Settings::default() };
    let engine = SwarmEngine::start(endpoint, Arc::new(Told::default()), settings);
    Ok(engine.nodes().await?.into_iter().map(|node| node.name).collect())
}

fn tcp(tls: Option<Tls>) -> Endpoint {
    Endpoint::Tcp { address: "10.77.0.1:2376".into(), tls }
}

#[tokio::test]
async fn a_worker_says_that_it_is_one() {
    let lab = Lab::take().await;
    let error = nodes_at(Endpoint::Socket(lab.socket(2))).await.unwrap_err();
    assert!(error.to_string().contains("is a worker: Pitlane needs the address of a manager"), "{error}");
}

#[tokio::test]
async fn no_socket_says_that_there_is_none() {
    let error = nodes_at(Endpoint::Socket(PathBuf::from("/nowhere/docker.sock"))).await.unwrap_err();
    assert!(error.to_string().contains("there is no Docker socket at /nowhere/docker.sock"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_opens_the_managers_port() {
    let lab = Lab::take().await;
    let mut names = nodes_at(tcp(Some(Tls::in_folder(&lab.folder().join("tls/client"))))).await.unwrap();
    names.sort();
    assert_eq!(names, ["n1", "n2", "n3"]);
}

#[tokio::test]
async fn a_strangers_certificate_is_refused_in_words() {
    let lab = Lab::take().await;
    let error = nodes_at(tcp(Some(Tls::in_folder(&lab.folder().join("tls/stranger"))))).await.unwrap_err();
    assert!(error.to_string().contains("refuses Pitlane's certificate"), "{error:?}");
}

#[tokio::test]
async fn a_manager_that_another_authority_signed_is_not_trusted() {
    let lab = Lab::take().await;
    let tls = lab.folder().join("tls");
    let ours = Tls { ca: tls.join("stranger/other.pem"), ..Tls::in_folder(&tls.join("client")) };
    let error = nodes_at(tcp(Some(ours))).await.unwrap_err();
    assert!(error.to_string().contains("cannot be trusted"), "{error:?}");
}

#[tokio::test]
async fn missing_certificates_and_missing_tls_are_said() {
    let lab = Lab::take().await;
    let error = nodes_at(tcp(Some(Tls::in_folder(&lab.folder().join("none"))))).await.unwrap_err();
    assert!(error.to_string().contains("ca.pem cannot be read"), "{error:?}");
    let error = nodes_at(tcp(None)).await.unwrap_err();
    assert!(error.to_string().contains("HTTPS") || error.to_string().contains("certificate"), "{error:?}");
}
