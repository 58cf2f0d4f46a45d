//! `pitlane backup`, and opening the store for commands that work on the data directory itself.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;

use super::{data_dir, exit::Failure};
use crate::{
    settings::DataDirOnly,
    store::{SqliteStore, Store},
};

/// How long a command waits for a database that another process keeps busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Arguments of `pitlane backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to write it. A file that is there already is not touched.
    file: PathBuf,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Writes a backup.
pub async fn backup(args: BackupArgs) -> Result<ExitCode, Failure> {
    let store = open_existing(&data_dir(&args.data)?).await?;
    if args.file.exists() {
        return Err(Failure::refused(format!("{} is there already; choose another name", args.file.display())));
    }
    store.backup(&args.file).await?;
    store.close().await;
    println!(
        "Wrote {}. To restore: stop the server, put it in place of pitlane.db, remove pitlane.db-wal and pitlane.db-shm, and start.",
        args.file.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// The store of a server that has run here before. A mistyped directory must not grow an empty database.
pub async fn open_existing(data_dir: &Path) -> Result<SqliteStore, Failure> {
    let file = data_dir.join("pitlane.db");
    match std::fs::metadata(&file) {
        Ok(_) => Ok(SqliteStore::open_patiently(&file, PATIENCE, |waits| eprintln!("pitlane: {waits}")).await?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::refused(format!(
            "{} has no database. Start `pitlane serve` there first, or name the server's directory with --data-dir, as a user who may read it.",
            data_dir.display()
        ))),
        Err(error) => Err(Failure::here(format!("{}: {error}", file.display()))),
    }
}
