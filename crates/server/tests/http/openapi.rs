//! The document is reviewed: what changes in it shows in docs/openapi.json, and in the review.
//!
//! `PITLANE_UPDATE=1 cargo test -p pitlane --test http openapi` writes it anew.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::World;

fn document() -> Value {
    serde_json::to_value(pitlane::http::document()).unwrap()
}

#[test]
fn the_reviewed_document_is_the_served_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let now = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("PITLANE_UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap();
    assert!(reviewed == now, "docs/openapi.json is not what the code says; look at the difference after PITLANE_UPDATE=1");
}

#[tokio::test]
async fn it_is_served_without_signing_in() {
    let world = World::new().await;
    assert_eq!(world.get("/api/v1/openapi.json").send().await.body, document());
}

#[test]
fn every_call_names_its_parameters_answers_and_schemas() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(ids.insert(call["operationId"].as_str().unwrap().to_owned()), "{what}: its operationId is taken");
            assert!(!call["summary"].as_str().unwrap_or_default().is_empty(), "{what} says nothing about itself");
            let parameters: Vec<&str> =
                call["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect();
            let in_path: Vec<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(parameters, in_path, "{what}");
            let responses = call["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2') || status == "501"), "{what} never succeeds");
            assert!(responses.contains_key("500"), "{what}");
        }
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let pointer = format!("/{reference}");
        assert!(document.pointer(&pointer).is_some(), "{pointer} is missing");
    }
}
