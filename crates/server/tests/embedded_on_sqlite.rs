//! The embedded driver on the server's own store passes the conformance suite. "Outside" is another connection to the
//! same file, as a database shell would open.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use pitlane::store::SqliteStore;
use pitlane_api::Scheduling;
use pitlane_engine_embedded::{
    Records,
    harness::{Backend, EmbeddedHarness},
};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

struct File(TempDir);

impl File {
    fn path(&self) -> PathBuf {
        self.0.path().join("pitlane.db")
    }
}

#[async_trait]
impl Backend for File {
    async fn open(&self) -> Result<Arc<dyn Records>, String> {
        let store = SqliteStore::open(self.path()).await.map_err(|error| error.to_string())?;
        Ok(Arc::new(store))
    }

    async fn set_outside(&self, engine_node_id: &str, scheduling: Scheduling) -> Result<(), String> {
        let shell = async {
            let mut shell = SqliteConnection::connect(&format!("sqlite://{}", self.path().display())).await?;
            let done = sqlx::query("UPDATE engine_nodes SET scheduling = ? WHERE engine_node_id = ?")
                .bind(scheduling.as_str())
                .bind(engine_node_id)
                .execute(&mut shell)
                .await?;
            shell.close().await?;
            Ok::<_, sqlx::Error>(done.rows_affected())
        };
        match shell.await {
            Ok(1) => Ok(()),
            Ok(rows) => Err(format!("the shell changed {rows} rows")),
            Err(error) => Err(error.to_string()),
        }
    }
}

async fn harness() -> Result<EmbeddedHarness, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    EmbeddedHarness::start(File(folder)).await
}

pitlane_engine::conformance_tests!(harness().await, not_here: &[]);
