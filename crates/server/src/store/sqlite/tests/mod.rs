//! The store on real files.

mod activity;
mod agents;
mod bulk;
mod crash;
mod expiry;
mod faults;
mod intents;
mod nodes;
mod opening;
mod operations;
mod plans;
mod sign_in;
mod steps;
mod upkeep;

use std::path::{Path, PathBuf};

use pitlane_api::{ActivityKind, NodeId, Operation, OperationId, OperationKind, OperationState, OperationStep, Timestamp};
use tempfile::TempDir;

use super::SqliteStore;
use crate::store::{Acceptance, Accepted, IdempotencyKey, NewActivity, SecretHash, Store};

/// A store in a folder of its own.
struct Fixture {
    folder: TempDir,
    store: SqliteStore,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("pitlane.db")).await.unwrap();
        Self { folder, store }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What is on the disk at this moment, as after `kill -9`: the files, copied elsewhere while the store is open.
    fn snapshot(&self, name: &str) -> PathBuf {
        let to = self.file(name);
        std::fs::create_dir(&to).unwrap();
        for file in ["pitlane.db", "pitlane.db-wal"] {
            std::fs::copy(self.file(file), to.join(file)).unwrap();
        }
        to.join("pitlane.db")
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn operation(id: &str, node: &str, second: i64) -> Operation {
    Operation {
        id: OperationId::from(id),
        node_id: NodeId::from(node),
        node_name: format!("{node}.example"),
        kind: OperationKind::Drain,
        state: OperationState::Pending,
        step: OperationStep::Accepted,
        attempt_count: 0,
        retryable: true,
        next_attempt_at: None,
        last_error: None,
        refusal: None,
        requested_by: "on-call".into(),
        reason: Some("kernel update".into()),
        expected_back_at: None,
        overridden: false,
        accepted_revision: "r0".into(),
        seen_stateful: Vec::new(),
        acknowledge_unread: false,
        allow_last_schedulable: false,
        version: None,
        created_at: at(second),
        updated_at: at(second),
        finished_at: None,
    }
}

fn in_state(operation: &Operation, state: OperationState, second: i64) -> Operation {
    Operation { state, updated_at: at(second), finished_at: state.is_finished().then(|| at(second)), ..operation.clone() }
}

fn entry(kind: ActivityKind, operation: &Operation) -> NewActivity {
    NewActivity {
        node_id: Some(operation.node_id.clone()),
        node_name: Some(operation.node_name.clone()),
        operation_id: Some(operation.id.clone()),
        ..NewActivity::by_system(operation.updated_at, kind, pitlane_api::say!("{} of {}", kind.as_str(), operation.id.as_str()))
    }
}

fn acceptance(operation: &Operation) -> Acceptance {
    Acceptance {
        operation: operation.clone(),
        activity: vec![entry(ActivityKind::DrainRequested, operation)],
        idempotency: None,
        supersedes: None,
        ends_plan: None,
    }
}

fn key(key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey { key: key.into(), actor: "on-call".into(), route: "POST /nodes/n1/drain".into(), body_hash: SecretHash::of(body) }
}

async fn accepted(store: &SqliteStore, operation: &Operation) {
    let answer = store.accept(&acceptance(operation)).await.unwrap();
    assert!(matches!(answer, Accepted::Stored(_)), "{answer:?}");
}

async fn reopened(path: &Path) -> SqliteStore {
    SqliteStore::open(path).await.unwrap()
}
