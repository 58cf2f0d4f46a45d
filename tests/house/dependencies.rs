//! Who may depend on whom among the packages, read from their manifests and from `use` lines.

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};

/// The packages that a member of the workspace may name, beside libraries from outside.
fn allowed(folder: &str) -> &'static [&'static str] {
    match folder {
        "" => &["pitlane-api"],
        "crates/api" | "crates/supervisor" => &[],
        "crates/engine" | "crates/agent" => &["pitlane-api", "pitlane-supervisor"],
        "crates/server" => &["pitlane-api", "pitlane-engine", "pitlane-agent", "pitlane-engine-", "pitlane-supervisor"],
        driver if driver.starts_with("crates/engine-") => &["pitlane-api", "pitlane-engine", "pitlane-supervisor"],
        _ => &[],
    }
}

/// All dependency tables of a manifest: name, and whether it is optional and taken from the workspace.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut found = Vec::new();
    for (key, value) in manifest {
        match value.as_table() {
            Some(table) if key.ends_with("dependencies") => {
                found.extend(table.iter().map(|(name, spec)| (name.clone(), spec.clone())));
            }
            Some(table) if key == "target" => {
                for target in table.values().filter_map(toml::Value::as_table) {
                    found.extend(dependencies(target));
                }
            }
            _ => {}
        }
    }
    found
}

fn manifests(files: &[File]) -> impl Iterator<Item = (&File, String, toml::Table)> {
    files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml")).map(|file| {
        let folder = file.path.trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned();
        (file, folder, file.text.parse().unwrap())
    })
}

fn package_edges(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests(files) {
        for (name, _) in dependencies(&manifest) {
            let ours = name == "pitlane" || name.starts_with("pitlane-");
            let fine = allowed(&folder).iter().any(|may| name == *may || (may.ends_with('-') && name.starts_with(may)));
            // A package may name itself, to test with a feature of its own turned on.
            let itself = folder == format!("crates/{}", name.trim_start_matches("pitlane-"));
            if ours && !fine && !itself {
                findings.push(file.finding(1, format!("may not depend on {name}")));
            }
        }
    }
    findings
}

#[test]
fn packages_depend_in_one_direction() {
    assert_clean("crates/api, supervisor ← engine ← engine-* ← server; crates/api, supervisor ← agent; crates/api ← console", package_edges(&tree()));
    assert_caught(package_edges(&sample("crates/engine-swarm/Cargo.toml", "[dependencies]\npitlane-engine-embedded = { workspace = true }\n")));
    assert_caught(package_edges(&sample("Cargo.toml", "[target.'cfg(unix)'.dependencies]\npitlane = \"1\"\n")));
}

fn contract_is_light(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, _, manifest) in manifests(files).filter(|(_, folder, _)| folder == "crates/api") {
        let Some(table) = manifest.get("dependencies").and_then(toml::Value::as_table) else { continue };
        for (name, spec) in table {
            let optional = spec.get("optional").and_then(toml::Value::as_bool) == Some(true);
            let fine = match name.as_str() {
                "serde" | "serde_json" | "jiff" | "uuid" => true,
                "utoipa" => optional,
                _ => false,
            };
            if !fine {
                findings.push(file.finding(1, format!("{name} does not belong into the contract")));
            }
        }
    }
    findings
}

#[test]
fn the_contract_knows_serde_and_time_only() {
    assert_clean("the console downloads crates/api: serde, ids and times, nothing else", contract_is_light(&tree()));
    assert_caught(contract_is_light(&sample("crates/api/Cargo.toml", "[dependencies]\ntokio = \"1\"\n")));
    assert_caught(contract_is_light(&sample("crates/api/Cargo.toml", "[dependencies]\nutoipa = \"6\"\n")));
}

fn drivers_know_no_server(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests(files) {
        let driver = folder == "crates/engine" || folder.starts_with("crates/engine-");
        for (name, _) in dependencies(&manifest) {
            if driver && ["axum", "tower-http", "sqlx", "leptos"].contains(&name.as_str()) {
                findings.push(file.finding(1, format!("a driver may not know {name}")));
            }
        }
    }
    for file in files.iter().filter(|file| file.is_under("crates/server/src/http")) {
        let what = "server::http reaches engines through the trait";
        findings.extend(file.matches(file.code(), r"\bpitlane_engine_(embedded|swarm|kubernetes|nomad|stackshift)\b|\bbollard\b|\bkube\b", what));
    }
    findings
}

#[test]
fn drivers_and_http_do_not_know_each_other() {
    assert_clean("drivers know engine and api; server::http never names a driver", drivers_know_no_server(&tree()));
    assert_caught(drivers_know_no_server(&sample("crates/engine-x/Cargo.toml", "[dependencies]\naxum = \"0\"\n")));
    assert_caught(drivers_know_no_server(&sample("crates/server/src/http/a.rs", "use pitlane_engine_embedded::Embedded;\n")));
}

fn versions_in_one_place(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests(files).filter(|(_, folder, _)| folder.starts_with("crates/")) {
        for (name, spec) in dependencies(&manifest) {
            let itself = spec.get("path").and_then(toml::Value::as_str) == Some(".");
            if !itself && spec.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                findings.push(file.finding(1, format!("{name} has a version of its own in {folder}")));
            }
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            findings.push(file.finding(1, "does not take the workspace's lints"));
        }
    }
    findings
}

#[test]
fn versions_and_lints_live_in_the_root_manifest() {
    assert_clean("versions, lints and profiles live in Cargo.toml at the root", versions_in_one_place(&tree()));
    assert_caught(versions_in_one_place(&sample("crates/x/Cargo.toml", "[dependencies]\nserde = \"1\"\n[lints]\nworkspace = true\n")));
    assert_caught(versions_in_one_place(&sample("crates/x/Cargo.toml", "[dependencies]\n")));
}
