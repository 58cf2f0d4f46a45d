//! Who else can get at the data directory. Whoever reads it has the database and, in `local.json`, an admin's token; whoever writes to it has the
//! server.

use std::path::Path;

/// The files in it that nobody else may read or write, where they are there.
#[cfg(unix)]
const PRIVATE: [&str; 4] = ["pitlane.db", "pitlane.db-wal", "pitlane.db-shm", "local.json"];

/// What others can do there, and what to do about it: one sentence each. Empty where nobody else gets at anything.
#[cfg(unix)]
pub fn exposed(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;

    let me = rustix::process::geteuid().as_raw();
    let mut found = Vec::new();
    let mut look = |path: &Path, right: &str| {
        // What is not there, or cannot be looked at, is said where it is opened.
        let Ok(metadata) = std::fs::metadata(path) else { return };
        let (shown, mode) = (path.display(), metadata.mode() & 0o7777);
        if metadata.uid() != me {
            found.push(format!("{shown} belongs to another user (uid {}, this process runs as uid {me}): chown {me} {shown}", metadata.uid()));
        }
        if mode & 0o077 != 0 {
            let what = if mode & 0o022 != 0 { "change" } else { "read" };
            found.push(format!("others can {what} {shown} (mode {mode:o}): chmod {right} {shown}"));
        }
    };
    look(folder, "700");
    for name in PRIVATE {
        look(&folder.join(name), "600");
    }
    found
}

/// On this system rights are not looked at.
#[cfg(not(unix))]
pub fn exposed(_: &Path) -> Vec<String> {
    Vec::new()
}

/// What this process makes from now on is for its own user alone, whatever a library asks for.
pub fn keep_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}
