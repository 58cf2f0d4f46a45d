//! How commands of the same user on the same machine find the server and are let in.
//!
//! `pitlane serve` leaves a file in its data directory (mode 0600) with its address and an admin token that is made anew at
//! each start. Whoever can read it could read and write the database beside it anyway.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Local {
    /// Where the server listens.
    pub server: String,
    /// Where people find the console.
    pub console: String,
    /// The token.
    pub token: String,
}

/// Where the file is.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("local.json")
}

/// Reads it. `None` where there is none, or none for this user.
pub fn read(data_dir: &Path) -> Option<Local> {
    serde_json::from_str(&std::fs::read_to_string(path(data_dir)).ok()?).ok()
}

/// Writes it, for this user only.
pub fn write(data_dir: &Path, local: &Local) -> std::io::Result<()> {
    use std::io::Write as _;
    let (path, fresh) = (path(data_dir), data_dir.join("local.json.new"));
    // A file somebody left there keeps its rights when it is opened; a new one gets ours.
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&fresh)?.write_all(serde_json::to_string_pretty(local)?.as_bytes())?;
    std::fs::rename(fresh, path)
}
