//! Whether the engine answers, and since when it does not.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ActivityKind, EngineInfo, Timestamp, Words, say};

use super::{Fleet, lock};
use crate::store::NewActivity;

/// An absence shorter than this is not worth an entry in the activity log.
const WORTH_TELLING: Duration = Duration::from_secs(5);
/// An engine nobody asked for so long is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// The same while it is away.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// What is known of the engine's being there.
#[derive(Debug, Default)]
pub(super) struct EngineState {
    pub version: Option<String>,
    pub message: Option<Words>,
    pub seen_at: Option<Timestamp>,
    /// Its nodes were listed once, so that what is not there is not there.
    pub listed: bool,
    away_since: Option<Duration>,
    told: bool,
    asked: Duration,
    asking: bool,
}

impl EngineState {
    /// Whether it answered when it was last asked.
    pub fn reachable(&self) -> bool {
        self.away_since.is_none()
    }
}

impl Fleet {
    /// Notes whether the engine answered, and gives the answer back.
    pub(super) fn heard<T>(self: &Arc<Self>, answer: pitlane_engine::Result<T>) -> pitlane_engine::Result<T> {
        match &answer {
            Err(pitlane_engine::Error::Unreachable { message, .. }) => self.engine_away(message),
            // It answers, and says nothing of what Pitlane would know; or nobody asked it: neither here nor away.
            Err(pitlane_engine::Error::Refused(_) | pitlane_engine::Error::Failed(_)) => {}
            _ => self.engine_there(),
        }
        answer
    }

    /// The same for what is asked of the engine as a whole: where it refuses to list its nodes (credentials that expired,
    /// a right that is missing), what is shown is as old as if it were away, and so it is said.
    pub(super) fn heard_of_all<T>(self: &Arc<Self>, answer: pitlane_engine::Result<T>) -> pitlane_engine::Result<T> {
        match &answer {
            Err(pitlane_engine::Error::Refused(message)) => self.engine_away(message),
            Err(pitlane_engine::Error::Failed(_)) => {
                self.engine_away(&say!("the driver of this engine failed, which is a fault of Pitlane: its log says more"))
            }
            _ => {}
        }
        self.heard(answer)
    }

    fn engine_away(&self, message: &Words) {
        let mut state = lock(&self.engine_state);
        let news = state.away_since.is_none();
        state.away_since.get_or_insert(self.settings.clock.elapsed());
        state.message = Some(message.clone());
        state.asked = self.settings.clock.elapsed();
        drop(state);
        if news {
            tracing::warn!(%message, "the engine does not answer");
            self.view_mut().touch_totals();
        }
    }

    fn engine_there(self: &Arc<Self>) {
        let now = self.settings.clock.now();
        let mut state = lock(&self.engine_state);
        state.seen_at = Some(now);
        state.asked = self.settings.clock.elapsed();
        let was_away = state.away_since.take().is_some();
        if !was_away {
            return;
        }
        state.message = None;
        let told = std::mem::take(&mut state.told);
        drop(state);
        tracing::info!("the engine answers again");
        self.view_mut().touch_totals();
        if told {
            self.note(NewActivity::by_system(now, ActivityKind::EngineBack, say!("The engine answers again.")));
        }
        self.wake_all();
        let fleet = self.clone();
        self.spawn("fleet.list_nodes", async move { fleet.relist().await });
    }

    /// Called every second: tells of an absence that lasts, and asks an engine nobody has asked for a while.
    pub(super) fn watch_engine(self: &Arc<Self>) {
        let elapsed = self.settings.clock.elapsed();
        let mut state = lock(&self.engine_state);
        let lasting = state.away_since.is_some_and(|since| elapsed.saturating_sub(since) >= WORTH_TELLING);
        let tell = lasting && !state.told;
        state.told |= lasting;
        let message = state.message.clone().unwrap_or_default();
        let every = if state.reachable() { ASK_EVERY } else { ASK_AGAIN };
        let ask = !state.asking && elapsed.saturating_sub(state.asked) >= every;
        state.asking |= ask;
        drop(state);
        if tell {
            let text = say!("The engine does not answer: {}", message);
            self.note(NewActivity::by_system(self.settings.clock.now(), ActivityKind::EngineLost, text));
        }
        if ask {
            let fleet = self.clone();
            self.spawn("fleet.ask_engine", async move { fleet.ask_version().await });
        }
    }

    pub(super) async fn ask_version(self: &Arc<Self>) {
        let version = self.heard_of_all(self.engine.version().await);
        let mut state = lock(&self.engine_state);
        state.asking = false;
        if let Ok(version) = version {
            state.version = version;
        }
    }

    pub(super) fn engine_reachable(&self) -> bool {
        lock(&self.engine_state).reachable()
    }

    /// As it is shown.
    pub(super) fn engine_info(&self) -> EngineInfo {
        let state = lock(&self.engine_state);
        EngineInfo {
            kind: self.engine.kind(),
            version: state.version.clone(),
            reachable: state.reachable(),
            message: state.message.clone(),
            seen_at: state.seen_at,
            capabilities: self.engine.capabilities(),
        }
    }
}
