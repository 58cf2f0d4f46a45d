//! What an operator does from a terminal.

use std::process::Command;

use serde_json::json;

use crate::world::{Server, run};

#[test]
fn a_node_is_drained_and_activated_with_exit_codes_for_scripts() {
    let server = Server::start(&["--settle", "1s"]);
    server.node("edge-1", &["pgdata"]);
    server.node("edge-2", &[]);

    let status = server.ok(&["status"]);
    assert!(status.contains("2 nodes, 2 take placements") && status.contains("edge-1"), "{status}");

    let drain = ["drain", "edge-1", "--reason", "Kernel reboot", "--expected-back", "2h"];
    let refused = server.run(&drain);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("db") && refused.out.contains("pgdata (this node only)"), "{refused:?}");
    assert!(refused.err.contains("--acknowledge-stateful"), "{refused:?}");
    let acknowledged: Vec<&str> = drain.into_iter().chain(["--acknowledge-stateful", "--wait"]).collect();
    let drained = server.ok(&acknowledged);
    assert!(drained.ends_with("edge-1: drain completed\n"), "{drained}");

    let shown = server.ok(&["status", "edge-1"]);
    assert!(shown.contains("maintenance") && shown.contains("Kernel reboot"), "{shown}");
    assert_eq!(server.ok(&["place"]).split_whitespace().next(), Some("edge-2"));
    let blocked = server.run(&["place", "--strategy", "pinned", "--node", "edge-1"]);
    assert!(blocked.code == 1 && blocked.out.contains("edge-1"), "{blocked:?}");
    assert!(server.fails(1, &acknowledged).contains("in maintenance already"));
    let last = server.fails(1, &["drain", "edge-2", "--reason", "Kernel reboot"]);
    assert!(last.contains("--allow-last"), "{last}");

    let activated = server.ok(&["activate", "edge-1", "--wait", "--timeout", "20s"]);
    assert!(activated.contains("edge-1: activate completed"), "{activated}");
    assert!(server.ok(&["status"]).contains("2 take placements"));
    assert!(server.fails(1, &["abort", "edge-1"]).contains("no operation"));
    assert!(server.fails(1, &["status", "nobody"]).contains("no node called nobody"));
}

#[test]
fn a_drain_is_planned_listed_cancelled_and_begins_by_itself() {
    let server = Server::start(&[]);
    server.node("edge-1", &[]);
    server.node("edge-2", &[]);
    assert_eq!(server.ok(&["plan"]), "No drain is planned.\n");
    let planned = server.ok(&["drain", "edge-1", "--at", "+2h", "--reason", "Kernel reboot"]);
    assert!(planned.contains("edge-1: a drain is planned for"), "{planned}");
    let again = server.fails(1, &["drain", "edge-1", "--at", "3h", "--reason", "Kernel reboot"]);
    assert!(again.contains("planned already, by"), "{again}");
    let listed = server.ok(&["plan"]);
    assert!(listed.contains("edge-1") && listed.contains("waiting") && listed.contains("Kernel reboot"), "{listed}");
    assert!(server.ok(&["plan", "--cancel", "edge-1"]).contains("cancelled"));
    assert!(server.fails(1, &["plan", "--cancel", "edge-1"]).contains("no drain of edge-1 is planned"));
    server.fails(2, &["drain", "edge-1", "--at", "tonight", "--reason", "Kernel reboot"]);
    server.ok(&["drain", "edge-2", "--at", "1s", "--reason", "Kernel reboot"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !server.ok(&["status", "edge-2"]).contains("maintenance") {
        assert!(std::time::Instant::now() < deadline, "it never began");
    }
}

#[test]
fn several_nodes_are_drained_and_activated_in_one_go() {
    let server = Server::start(&["--settle", "1s"]);
    for (name, volumes) in [("edge-1", &["pgdata"][..]), ("edge-2", &[]), ("edge-3", &[])] {
        server.node(name, volumes);
    }
    let drain = ["drain", "edge-1", "edge-2", "--reason", "Kernel reboot", "--wait"];
    let refused = server.run(&drain);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("3 now, 1 after all of them") && refused.out.contains("pgdata (this node only)"), "{refused:?}");
    assert!(refused.err.contains("--acknowledge-stateful"), "{refused:?}");
    let drained = server.ok(&[&drain[..], &["--acknowledge-stateful"]].concat());
    assert!(drained.contains("edge-1: done\nedge-2: done\ndrain of 2 nodes completed"), "{drained}");
    let all = server.fails(1, &["drain", "edge-1", "edge-3", "--reason", "Kernel reboot"]);
    assert!(all.contains("--allow-last"), "{all}");
    let usage = server.fails(2, &["activate", "edge-1", "edge-2", "--override", "the rack is needed"]);
    assert!(usage.contains("one node at a time"), "{usage}");
    server.ok(&["activate", "edge-2", "--wait", "--timeout", "20s"]);
    let activated = server.ok(&["activate", "edge-1", "edge-2", "--wait"]);
    assert!(activated.contains("edge-2, left out: It takes placements already.") && activated.contains("edge-1: done"), "{activated}");
}

#[test]
fn waiting_ends_with_4_and_says_for_what() {
    let server = Server::start(&["--settle", "1h"]);
    server.node("edge-1", &[]);
    server.node("edge-2", &[]);
    server.ok(&["drain", "edge-1", "--reason", "Kernel reboot", "--wait"]);
    let refused = server.run(&["activate", "edge-1"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("--override"), "{refused:?}");
    let waited = server.fails(4, &["activate", "edge-1", "--wait", "--timeout", "1s"]);
    assert!(waited.contains("edge-1 is not ready after 1 s"), "{waited}");
    server.ok(&["activate", "edge-1", "--override", "the rack is needed", "--wait"]);
}

#[test]
fn programs_get_json() {
    let server = Server::start(&[]);
    server.node("edge-1", &[]);
    let status: serde_json::Value = serde_json::from_str(&server.ok(&["status", "--json"])).unwrap();
    assert_eq!(status["nodes"][0]["name"], "edge-1");
    assert_eq!(status["needs_attention"], false);
    let drain = server.ok(&["drain", "edge-1", "--reason", "Kernel reboot", "--allow-last", "--wait", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&drain).unwrap()["state"], "completed");
    let doctor: serde_json::Value = serde_json::from_str(&server.run(&["doctor", "--json"]).out).unwrap();
    assert!(doctor.as_array().unwrap().iter().any(|finding| finding["what"] == "server" && finding["verdict"] == "ok"), "{doctor}");
}

#[test]
fn tokens_are_made_used_listed_and_revoked() {
    let server = Server::start(&[]);
    let token = server.ok(&["token", "create", "--role", "viewer", "--name", "wall screen"]).trim().to_owned();
    assert!(token.starts_with("pl_"));
    assert!(server.ok(&["token", "list"]).contains("wall screen"));
    let refused = server.fails(1, &["place", "--token", &token]);
    assert!(refused.contains("Needs the operator role; you are signed in as viewer."), "{refused}");
    server.ok(&["status", "--token", &token]);
    server.ok(&["token", "revoke", "wall screen"]);
    assert!(server.fails(1, &["status", "--token", &token]).contains("not valid"));
    assert!(server.fails(1, &["token", "revoke", "wall screen"]).contains("no valid token"));
    assert!(!server.ok(&["token", "list"]).contains("wall screen"));
    assert!(server.ok(&["token", "list", "--all"]).contains("revoked"));
    let link = server.ok(&["sign-in-link"]);
    assert!(link.starts_with(&format!("{}/sign-in#", server.url)), "{link}");
    assert!(server.fails(2, &["token", "create", "--name", "x"]).contains("--role"));
}

#[test]
fn sessions_are_listed_and_ended_one_or_those_of_a_name_or_all() {
    let server = Server::start(&[]);
    assert_eq!(server.ok(&["session", "list"]), "Nobody is signed in.\n");
    let token = server.ok(&["token", "create", "--role", "viewer", "--name", "wall screen"]).trim().to_owned();
    let by_token = server.sign_in(&json!({ "token": token })).unwrap();
    let by_link = |name| server.sign_in(&json!({ "code": server.code(name) })).unwrap();
    let (ada, ada_too, bob) = (by_link("ada"), by_link("ada"), by_link("bob"));

    let list = server.ok(&["session", "list"]);
    let head: Vec<&str> = list.lines().next().unwrap().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(head, ["ID", "NAME", "ROLE", "WITH", "FROM", "BROWSER", "SIGNED IN", "LAST USED", "UNTIL"]);
    assert_eq!(list.lines().count(), 5, "{list}");
    assert!(list.lines().any(|line| line.contains("wall screen") && line.contains("token ") && line.contains("127.0.0.1")), "{list}");
    assert!(list.lines().any(|line| line.contains("bob") && line.contains("link") && line.contains("curl/8.5.0")), "{list}");
    let sessions = |args: &[&str]| -> Vec<serde_json::Value> {
        let list: serde_json::Value = serde_json::from_str(&server.ok(&[&["session", "list", "--json"], args].concat())).unwrap();
        list["sessions"].as_array().unwrap().clone()
    };
    assert_eq!(sessions(&["--name", "ada"]).len(), 2);

    let newest = sessions(&["--name", "ada"])[0]["id"].as_str().unwrap().to_owned();
    assert!(server.ok(&["session", "revoke", &newest]).contains("Ended the session"));
    assert!(!server.lets_in(&ada_too) && server.lets_in(&ada));
    assert!(server.fails(1, &["session", "revoke", &newest]).contains("there is no session"));
    server.ok(&["session", "revoke", "--name", "ada"]);
    assert!(!server.lets_in(&ada) && server.lets_in(&bob) && server.lets_in(&by_token));
    let waiting = server.code("ada");
    assert!(server.ok(&["session", "revoke", "--all"]).starts_with("Ended 2 sessions."));
    assert!(!server.lets_in(&bob) && !server.lets_in(&by_token));
    assert_eq!(server.sign_in(&json!({ "code": waiting })), None, "a link that waits would open the next session");
    assert!(server.sign_in(&json!({ "token": token })).is_some(), "tokens stay valid");
    assert!(server.ok(&["session", "revoke", "--name", "nobody"]).contains("Nobody was signed in."));
    for wrong in [&["session", "revoke"][..], &["session", "revoke", "--all", "--name", "ada"], &["session", "revoke", "x", "--all"]] {
        server.fails(2, wrong);
    }
}

#[test]
fn every_token_is_revoked_at_once_and_nobody_stays_signed_in() {
    let server = Server::start(&[]);
    let token = server.ok(&["token", "create", "--role", "admin", "--name", "deploy"]).trim().to_owned();
    let cookies = [server.sign_in(&json!({ "token": token })).unwrap(), server.sign_in(&json!({ "code": server.code("ada") })).unwrap()];
    let waiting = server.code("ada");
    let said = server.ok(&["token", "revoke", "--all"]);
    assert!(said.starts_with("Revoked 1 token and ended 2 sessions"), "{said}");
    assert!(cookies.iter().all(|cookie| !server.lets_in(cookie)));
    assert!(server.fails(1, &["status", "--token", &token]).contains("not valid"));
    assert_eq!(server.sign_in(&json!({ "code": waiting })), None);
    server.ok(&["status"]);
    assert!(server.sign_in(&json!({ "code": server.code("ada") })).is_some(), "the way in is open to whoever has this machine");
    for wrong in [&["token", "revoke"][..], &["token", "revoke", "deploy", "--all"]] {
        server.fails(2, wrong);
    }
}

#[test]
fn a_backup_is_whole_and_starts_a_server_of_its_own() {
    let server = Server::start(&[]);
    server.node("edge-1", &[]);
    let file = server.folder.path("copy.db");
    server.ok(&["backup", &file]);
    assert!(server.fails(1, &["backup", &file]).contains("is there already"));
    let other = Server::start(&[]);
    std::fs::create_dir_all(other.folder.0.join("restored")).unwrap();
    std::fs::copy(&file, other.folder.0.join("restored/pitlane.db")).unwrap();
    let data = other.folder.path("restored");
    let tokens = run(&other.folder, &["token", "list", "--data-dir", &data]);
    assert_eq!(tokens.code, 0, "{tokens:?}");
    assert!(tokens.out.contains("this machine's terminal"), "{tokens:?}");
}

#[test]
fn one_data_directory_has_one_server() {
    let server = Server::start(&[]);
    let second = server.fails(5, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.contains("another Pitlane server uses"), "{second}");
    let port = server.url.rsplit(':').next().unwrap();
    let data = server.folder.path("other");
    let taken = server.fails(2, &["serve", "--listen", &format!("127.0.0.1:{port}"), "--data-dir", &data]);
    assert!(taken.contains("Something listens there already"), "{taken}");
}

#[test]
fn what_it_leaves_behind_is_private_and_it_ends_when_told_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut server = Server::start(&["--with-demo"]);
    assert!(server.printed.contains("serves the fleet"), "{}", server.printed);
    let mode = |name: &str| std::fs::metadata(server.folder.0.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    for file in ["data/pitlane.db", "data/local.json"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
