//! What commands say where nothing runs, and what a wrong setting says.

use crate::world::{Folder, run};

#[test]
fn a_wrong_setting_ends_with_2_and_names_it() {
    let folder = Folder::new();
    for (args, says) in [
        (&["serve", "--listen", "everywhere"][..], "--listen: \"everywhere\" is not an address"),
        (&["serve", "--listen", "0.0.0.0:0"], "--tls-terminated-upstream"),
        (&["serve", "--engine", "nomad"], "--engine: the driver for Nomad is not in this version"),
        (&["serve", "--config", "/nowhere.toml"], "cannot read /nowhere.toml"),
        (&["serve", "--offline-after", "1s"], "--offline-after (1 s) must be longer"),
        (&["drain", "edge-1"], "--reason"),
        (&["drain", "edge-1", "--reason", "Kernel reboot", "--expected-back", "soon"], "--expected-back"),
        (&["status", "--server", "ftp://example.org"], "must begin with http"),
        (&["token", "create", "--role", "king", "--name", "x"], "king"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let ended = run(&folder, args);
        assert_eq!(ended.code, 2, "{args:?}: {ended:?}");
        assert!(ended.err.contains(says), "{args:?}: {ended:?}");
    }
    assert!(!folder.0.join("data").exists(), "nothing is made before the settings are right");
}

#[test]
fn a_variable_counts_and_is_named_when_it_is_wrong() {
    let folder = Folder::new();
    let ended: crate::world::Ended = crate::world::pitlane(&folder).args(["serve"]).env("PITLANE_LATE_AFTER", "whenever").output().unwrap().into();
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("PITLANE_LATE_AFTER: \"whenever\" is not a duration"), "{ended:?}");
}

#[test]
fn a_server_that_is_not_there_ends_with_3() {
    let folder = Folder::new();
    for args in [&["status"][..], &["drain", "x", "--reason", "Kernel reboot"], &["activate", "x"], &["place"], &["abort", "x"]] {
        let ended: crate::world::Ended = crate::world::pitlane(&folder).args(args).args(["--server", "http://127.0.0.1:9"]).output().unwrap().into();
        assert_eq!(ended.code, 3, "{args:?}: {ended:?}");
        assert!(ended.err.contains("cannot be reached") && ended.err.contains("pitlane serve"), "{ended:?}");
    }
}

#[test]
fn tokens_and_backups_do_not_make_a_database_by_mistake() {
    let folder = Folder::new();
    for args in [&["token", "list"][..], &["session", "list"], &["session", "revoke", "--all"], &["sign-in-link"], &["backup", "b.db"]] {
        let ended = run(&folder, args);
        assert_eq!(ended.code, 1, "{args:?}: {ended:?}");
        assert!(ended.err.contains("has no database"), "{ended:?}");
    }
    assert!(!folder.0.join("data").exists());
}

#[test]
fn the_doctor_says_what_is_missing() {
    let folder = Folder::new();
    let ended = run(&folder, &["doctor", "--server", "http://127.0.0.1:9"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("WRONG") && ended.out.contains("nobody listens at 127.0.0.1:9"), "{ended:?}");
}

#[test]
fn the_doctor_reads_the_settings_as_serve_would() {
    let folder = Folder::new();
    std::fs::write(folder.0.join("pitlane.toml"), "offline_after = \"3s\"\n").unwrap();
    let ended = run(&folder, &["doctor", "--config", &folder.path("pitlane.toml")]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("--offline-after (3 s) must be longer than --late-after"), "{ended:?}");
}

#[test]
fn settings_and_the_api_can_be_printed() {
    let folder = Folder::new();
    let settings = run(&folder, &["settings"]);
    assert!(settings.code == 0 && settings.out.contains("`PITLANE_LISTEN`"));
    let openapi: serde_json::Value = serde_json::from_str(&run(&folder, &["openapi"]).out).unwrap();
    assert!(openapi["paths"]["/api/v1/nodes/{id}/drain"]["post"].is_object());
}
