//! The first beat of an agent since it enrolled is on the disk before it is answered: from then on its enrolment token is spent for good, and
//! a restarted server knows that the node was heard. So is the first one after its host has booted or its version has changed, which is told
//! once. Every other beat lives in memory only.
//!
//! Ten thousand agents may enrol at once. Their first beats are written together, some hundreds in a transaction, so that whatever else is
//! to be kept gets in between.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    Error, Fleet, Result,
    agents::UnkeptBeat,
    enroll::{too_many_first_beats, unknown_agent},
    lock,
};
use crate::store::FirstBeat;

/// First beats in one transaction.
const AT_ONCE: usize = 500;
/// First beats that wait at most; whoever comes after them is asked to come again.
const WAITING: usize = 20_000;
/// So long a first beat waits for the store; an agent gives up on a call after ten seconds.
const WAIT_FOR: Duration = Duration::from_secs(8);

/// First beats that are to be kept.
#[derive(Default)]
pub(super) struct FirstBeats {
    waiting: Mutex<Vec<Waiting>>,
    /// One transaction at a time.
    writing: tokio::sync::Mutex<()>,
}

struct Waiting {
    beat: UnkeptBeat,
    kept: oneshot::Sender<Result<()>>,
}

impl Fleet {
    /// Returns once the beat is on the disk.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`]: the agent sends it again. [`Error::Unauthorized`]: another agent has taken its place meanwhile.
    pub(super) async fn keep_first_beat(self: &Arc<Self>, beat: UnkeptBeat) -> Result<()> {
        let (kept, outcome) = oneshot::channel();
        let is_first = {
            let mut waiting = lock(&self.first_beats.waiting);
            if waiting.len() >= WAITING {
                return Err(too_many_first_beats());
            }
            waiting.push(Waiting { beat, kept });
            waiting.len() == 1
        };
        if is_first {
            let fleet = self.clone();
            self.spawn("fleet.first_beats", async move { fleet.keep_first_beats().await });
        }
        match tokio::time::timeout(WAIT_FOR, outcome).await {
            Ok(outcome) => outcome.unwrap_or(Err(Error::ShuttingDown)),
            Err(_) => Err(too_many_first_beats()),
        }
    }

    /// Keeps those that wait, until none does.
    async fn keep_first_beats(self: &Arc<Self>) {
        let _writing = self.first_beats.writing.lock().await;
        loop {
            let batch: Vec<Waiting> = {
                let mut waiting = lock(&self.first_beats.waiting);
                let some = waiting.len().min(AT_ONCE);
                waiting.drain(..some).collect()
            };
            if batch.is_empty() {
                return;
            }
            self.keep_batch(batch).await;
        }
    }

    async fn keep_batch(self: &Arc<Self>, batch: Vec<Waiting>) {
        // Folded in first: whether it confirms its node is a part of what is kept.
        let told = self.fold_beats(&mut self.view_mut());
        self.tell_all(told);
        let beats: Result<Vec<FirstBeat>> = batch.iter().map(|waiting| self.first_beat(&waiting.beat)).collect();
        let kept = match beats {
            Ok(beats) => self.store.keep_first_beats(&beats).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        match kept {
            Ok(known) => {
                for (Waiting { beat, .. }, _) in batch.iter().zip(&known).filter(|(_, known)| **known) {
                    self.agents.report_is_kept(&beat.engine_node_id, &beat.token);
                }
                // That the node was confirmed stands in the log, too, once somebody was answered.
                self.scribe_now().await;
                for (Waiting { kept, .. }, known) in batch.into_iter().zip(known) {
                    // Whoever does not wait any more sends it again.
                    drop(kept.send(if known { Ok(()) } else { Err(unknown_agent()) }));
                }
            }
            Err(error) => {
                tracing::warn!(%error, beats = batch.len(), "first beats could not be kept; their agents send them again");
                for Waiting { kept, .. } in batch {
                    drop(kept.send(Err(error.clone())));
                }
            }
        }
    }

    fn first_beat(&self, beat: &UnkeptBeat) -> Result<FirstBeat> {
        Ok(FirstBeat {
            node_id: beat.node_id.clone(),
            token: beat.token,
            report: serde_json::to_string(&*beat.report).map_err(|error| Error::Internal(error.to_string()))?,
            at: beat.at,
            confirms: self.agents.is_confirmed(&beat.engine_node_id),
        })
    }
}
