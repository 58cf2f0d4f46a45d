//! What is past its time: ended for good once a second, removed once an hour.
//!
//! Neither trusts a clock that has jumped far ahead: a machine that starts with a wrong date, until its time synchronisation corrects it, must not
//! cost a fleet its activity log, nor its scripts their tokens.

use std::{sync::Arc, time::Duration};

use pitlane_api::Timestamp;

use super::{
    Fleet,
    clock::{minus, plus},
    lock,
    samples::KEEP,
};
use crate::store::Prune;

/// What is past its time is removed this often.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// What has expired is ended for good this often.
const END_EXPIRED_EVERY: Duration = Duration::from_secs(1);
/// The time is noted in the store this often, for the next start.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// A clock may be found this much further on than time has passed, as after a holiday during which the server was off.
const FURTHER_AT_MOST: Duration = Duration::from_secs(31 * 24 * 3_600);
/// A clock that was found further on is believed once it has stayed there for this long.
const BELIEVED_AFTER: Duration = Duration::from_secs(3_600);

/// What is known of the machine's clock.
#[derive(Debug, Default)]
pub(super) struct ClockSeen {
    /// The latest time that was believed, and when that was by the monotonic clock.
    believed: Option<(Timestamp, Duration)>,
    /// Since when the clock has been further on than can be believed.
    ahead_since: Option<Duration>,
}

impl ClockSeen {
    /// `noted` is the latest time that an earlier run believed.
    pub(super) fn new(noted: Option<Timestamp>, elapsed: Duration) -> Self {
        Self { believed: noted.map(|at| (at, elapsed)), ahead_since: None }
    }

    /// Whether what has ended by `now` may be taken for ended.
    fn believes(&mut self, now: Timestamp, elapsed: Duration) -> bool {
        let Some((at, then)) = self.believed else {
            self.believed = Some((now, elapsed));
            return true;
        };
        let latest = plus(plus(at, elapsed.saturating_sub(then)), FURTHER_AT_MOST);
        if now > latest {
            let since = *self.ahead_since.get_or_insert(elapsed);
            if elapsed.saturating_sub(since) < BELIEVED_AFTER {
                return false;
            }
        }
        self.ahead_since = None;
        self.believed = Some((now, elapsed));
        true
    }
}

impl Fleet {
    /// Removes what is past its time, once the start is over and then every hour.
    pub(super) async fn prune_on(self: Arc<Self>) {
        self.settings.clock.after(self.settings.upkeep_after).await;
        loop {
            self.prune().await;
            self.settings.clock.after(PRUNE_EVERY).await;
        }
    }

    async fn prune(&self) {
        let now = self.settings.clock.now();
        if !self.believes_clock(now) {
            tracing::warn!(%now, "the clock of this machine has jumped far ahead: nothing is removed before it has stayed there for an hour");
            return;
        }
        let prune = Prune { now, samples_before: minus(now, KEEP), activity_before: minus(now, self.settings.keep_activity) };
        match self.store.prune(&prune).await {
            Ok(rows) => tracing::debug!(rows, "removed what was past its time"),
            Err(error) => tracing::warn!(%error, "what is past its time could not be removed"),
        }
    }

    /// Ends for good what has expired, every second.
    pub(super) async fn end_expired_on(self: Arc<Self>) {
        let mut noted: Option<Duration> = None;
        loop {
            self.end_expired().await;
            let elapsed = self.settings.clock.elapsed();
            if noted.is_none_or(|at| elapsed.saturating_sub(at) >= NOTE_EVERY) {
                noted = Some(elapsed);
                self.note_time().await;
            }
            self.settings.clock.after(END_EXPIRED_EVERY).await;
        }
    }

    /// Ends for good what has expired. Whoever is refused because of the time calls it too: what was seen expired stays so.
    pub(super) async fn end_expired(&self) {
        let now = self.settings.clock.now();
        if !self.believes_clock(now) {
            return;
        }
        if let Err(error) = self.store.end_expired(now).await {
            tracing::warn!(%error, "what has expired could not be ended for good yet");
        }
    }

    async fn note_time(&self) {
        let now = self.settings.clock.now();
        if self.believes_clock(now)
            && let Err(error) = self.store.note_time(now).await
        {
            tracing::debug!(%error, "the time could not be noted");
        }
    }

    fn believes_clock(&self, now: Timestamp) -> bool {
        lock(&self.clock_seen).believes(now, self.settings.clock.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
    }

    #[test]
    fn a_clock_that_goes_on_or_back_is_believed() {
        let mut seen = ClockSeen::new(Some(at(0)), Duration::ZERO);
        assert!(seen.believes(at(1), HOUR));
        assert!(seen.believes(at(1_000), 1_000 * HOUR));
        assert!(seen.believes(at(-5_000), 1_001 * HOUR), "it was wrong before and was set right");
        assert!(ClockSeen::new(None, Duration::ZERO).believes(at(0), Duration::ZERO));
    }

    #[test]
    fn a_server_that_was_off_for_weeks_believes_its_clock_and_one_in_a_wrong_year_does_not() {
        assert!(ClockSeen::new(Some(at(0)), Duration::ZERO).believes(at(30 * 24), Duration::ZERO));
        let mut seen = ClockSeen::new(Some(at(0)), Duration::ZERO);
        assert!(!seen.believes(at(14 * 365 * 24), Duration::ZERO));
        assert!(!seen.believes(at(14 * 365 * 24), HOUR - Duration::from_secs(1)));
        assert!(seen.believes(at(1), HOUR), "it was set right");
        assert!(!seen.believes(at(14 * 365 * 24), HOUR), "the hour begins anew");
    }

    #[test]
    fn a_clock_that_stays_ahead_is_believed_in_the_end() {
        let mut seen = ClockSeen::new(Some(at(0)), Duration::ZERO);
        assert!(!seen.believes(at(5_000), Duration::ZERO));
        assert!(seen.believes(at(5_001), HOUR));
        assert!(seen.believes(at(5_002), 2 * HOUR));
    }
}
