//! The clock of the fleet: one monotonic time for every age, and wall time only for what people read.
//!
//! Heartbeat ages, the settle window and retries must not jump when somebody sets the machine's clock. Tests drive a
//! manual clock, so that no test waits for real seconds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pitlane_api::Timestamp;
use tokio::sync::watch;

/// Tells the time. Clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System { start: Instant },
    Manual { start: Timestamp, elapsed: Arc<watch::Sender<Duration>> },
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System { start: Instant::now() })
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual { start, elapsed: Arc::new(watch::Sender::new(Duration::ZERO)) })
    }

    /// Moves a manual clock. The machine's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual { elapsed, .. } = &self.0 {
            elapsed.send_modify(|elapsed| *elapsed += by);
        }
    }

    /// Time since the clock was made; never goes back.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Kind::System { start } => start.elapsed(),
            Kind::Manual { elapsed, .. } => *elapsed.borrow(),
        }
    }

    /// What people read.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System { .. } => Timestamp::now(),
            Kind::Manual { start, elapsed } => plus(*start, *elapsed.borrow()),
        }
    }

    /// Returns once `pause` has gone by.
    pub async fn after(&self, pause: Duration) {
        match &self.0 {
            Kind::System { .. } => tokio::time::sleep(pause).await,
            Kind::Manual { elapsed, .. } => {
                let mut elapsed = elapsed.subscribe();
                let due = *elapsed.borrow() + pause;
                // The sender lives in this very clock, so waiting cannot fail.
                let _ = elapsed.wait_for(|now| *now >= due).await;
            }
        }
    }
}

/// `at` and `by` later. Saturates at the end of time.
pub(super) fn plus(at: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by).ok().and_then(|by| at.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

/// `by` before `at`. Saturates at the beginning of time.
pub(super) fn minus(at: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by).ok().and_then(|by| at.checked_sub(by).ok()).unwrap_or(Timestamp::MIN)
}
