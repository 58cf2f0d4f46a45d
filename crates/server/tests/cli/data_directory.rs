//! What `serve` and the commands say to what lies in the data directory, and who else gets at it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    process::Stdio,
};

use crate::world::{Ended, Folder, Server, pitlane, run};

/// The commands that open the database.
const COMMANDS: [&[&str]; 4] = [&["serve", "--listen", "127.0.0.1:0"], &["token", "list"], &["sign-in-link"], &["backup", "copy.db"]];

/// A data directory for this user alone, with this in the place of the database.
fn with_database(bytes: &[u8]) -> Folder {
    let folder = Folder::new();
    fs::DirBuilder::new().mode(0o700).create(folder.0.join("data")).unwrap();
    let file = folder.0.join("data/pitlane.db");
    fs::write(&file, bytes).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

fn mode(folder: &Folder, path: &str, mode: u32) {
    fs::set_permissions(folder.0.join(path), fs::Permissions::from_mode(mode)).unwrap();
}

/// Ends a server by its process id and waits.
fn end(mut server: Server) -> Folder {
    assert!(std::process::Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let data = Folder::new();
    fs::rename(server.folder.0.join("data"), data.0.join("data")).unwrap();
    data
}

#[test]
fn an_empty_database_is_refused_in_words_by_every_command() {
    let folder = with_database(b"");
    for args in COMMANDS {
        let ended = run(&folder, args);
        assert_eq!(ended.code, 5, "{args:?}: {ended:?}");
        assert!(ended.err.contains("pitlane.db is empty") && ended.err.contains("Restore a backup"), "{args:?}: {ended:?}");
    }
    let doctor = run(&folder, &["doctor", "--server", "http://127.0.0.1:9"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    let doctor = run(&folder, &["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("pitlane.db is empty"), "{doctor:?}");
    assert_eq!(fs::read(folder.0.join("data/pitlane.db")).unwrap(), b"");
    assert!(!folder.0.join("data/pitlane.db-wal").exists());
}

#[test]
fn a_copy_that_was_cut_short_is_refused_in_words_by_every_command() {
    let data = end(Server::start(&[]));
    let whole = fs::read(data.0.join("data/pitlane.db")).unwrap();
    let folder = with_database(&whole[..whole.len() / 2]);
    for args in COMMANDS {
        let ended = run(&folder, args);
        assert_eq!(ended.code, 5, "{args:?}: {ended:?}");
        assert!(ended.err.contains("cut short") && ended.err.contains("restore a backup"), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_first_start_that_is_killed_at_any_moment_is_followed_by_one_that_works() {
    // What a first start makes, in this order. Whether it has come further by the time it is killed is left to chance, as with any kill.
    const MADE: [&str; 6] = ["", "data", "data/pitlane.db.new", "data/pitlane.db", "data/pitlane.db-wal", "data/local.json"];
    for (stage, round) in (0..MADE.len()).flat_map(|stage| (0..3).map(move |round| (stage, round))) {
        let folder = Folder::new();
        let mut first = pitlane(&folder).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !MADE[stage..].iter().any(|made| folder.0.join(made).exists()) {
            std::thread::yield_now();
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let mut second = pitlane(&folder);
        let mut second = second.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(second.stdout.take().unwrap()).lines().next();
        let serves = matches!(&said, Some(Ok(line)) if line.contains("serves the fleet"));
        second.kill().unwrap();
        let ended = second.wait_with_output().unwrap();
        assert!(serves, "killed at {:?}, round {round}, then: {said:?} {}", MADE[stage], String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn a_data_directory_that_others_can_get_at_is_refused_unless_that_is_meant() {
    let data = end(Server::start(&[]));
    let serve = |more: &[&str]| -> Ended {
        // It has this address only: where it gets as far as that, it ends with words of its own.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        run(&data, &[&["serve", "--listen", &listen], more].concat())
    };
    for (path, rights, says) in [
        ("data", 0o755, "others can read"),
        ("data", 0o710, "others can read"),
        ("data", 0o777, "others can change"),
        ("data", 0o2770, "others can change"),
        ("data/pitlane.db", 0o644, "others can read"),
        ("data/pitlane.db", 0o660, "others can change"),
        ("data/local.json", 0o604, "others can read"),
    ] {
        let before = fs::metadata(data.0.join(path)).unwrap().permissions().mode() & 0o777;
        mode(&data, path, rights);
        let refused = serve(&[]);
        assert_eq!(refused.code, 2, "{path} {rights:o}: {refused:?}");
        assert!(refused.err.contains(says) && refused.err.contains(&format!("chmod {before:o} ")), "{path} {rights:o}: {refused:?}");
        assert!(refused.err.contains("--allow-shared-data-dir"), "{refused:?}");
        let allowed = serve(&["--allow-shared-data-dir"]);
        assert!(allowed.err.contains("Something listens there already"), "{path} {rights:o}: {allowed:?}");
        let doctor = run(&data, &["doctor"]);
        assert!(doctor.out.lines().any(|line| line.starts_with("WRONG") && line.contains(says)), "{doctor:?}");
        let doctor: Ended = pitlane(&data).arg("doctor").env("PITLANE_ALLOW_SHARED_DATA_DIR", "true").output().unwrap().into();
        assert!(doctor.out.lines().any(|line| line.starts_with("note") && line.contains(says)), "{doctor:?}");
        mode(&data, path, before);
        // SQLite gives its files beside the database the rights of that.
        for beside in ["data/pitlane.db-wal", "data/pitlane.db-shm"].into_iter().filter(|file| data.0.join(file).exists()) {
            mode(&data, beside, 0o600);
        }
        assert!(serve(&[]).err.contains("Something listens there already"), "{path} is private again");
    }
}

#[test]
fn everything_that_is_made_there_is_for_its_user_alone() {
    let server = Server::start(&["--with-demo"]);
    server.ok(&["backup", &server.folder.path("copy.db")]);
    let mut left = vec![server.folder.0.join("data"), server.folder.0.join("copy.db")];
    let mut seen = 0;
    while let Some(path) = left.pop() {
        // Some files are there for a moment only.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{} can be read by others", path.display());
        if metadata.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        seen += 1;
    }
    assert!(seen > 4, "nothing was looked at");
}

#[test]
fn a_server_that_waits_at_its_start_for_another_process_says_so_and_ends_when_told() {
    let data = end(Server::start(&[]));
    let lock = fs::File::open(data.0.join("data")).unwrap();
    lock.lock().unwrap();
    let mut waiting = pitlane(&data).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap).find(|line| line.contains("is busy: waiting until"));
    assert!(said.is_some(), "it said nothing");
    assert!(std::process::Command::new("kill").args(["-TERM", &waiting.id().to_string()]).status().unwrap().success());
    assert_eq!(waiting.wait().unwrap().code(), Some(0));

    let mut waiting = pitlane(&data).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    lock.unlock().unwrap();
    let line = BufReader::new(waiting.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(line.contains("serves the fleet"), "{line}");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}
