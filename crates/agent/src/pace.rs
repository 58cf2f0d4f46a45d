//! When to try next. Every wait is at least [`SHORTEST`], so that no answer of any server can make the agent spin.

use std::time::Duration;

use rand::RngExt;

/// No two tries are closer together than this.
pub const SHORTEST: Duration = Duration::from_millis(500);
/// The longest wait while the server is away.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);
/// How long to wait when only a person can help (a token was revoked, the node is claimed).
pub const SLOW: Duration = Duration::from_secs(60);

/// The server's interval, held within reason, give or take a tenth, so that a fleet does not beat in step.
pub fn beat(every_s: u64) -> Duration {
    let every = Duration::from_secs(every_s.clamp(1, 300));
    spread(every, 0.9, 1.1)
}

/// Exponential backoff with jitter while a server is away: 1, 2, 4 … 30 s, of which half is chance.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It worked; the next failure begins anew.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure; never shorter than what the server asked for.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let base = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(self.failures.min(8))).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let own = spread(base, 0.5, 1.0);
        own.max(asked.unwrap_or_default().min(LONGEST_ASKED)).max(SHORTEST)
    }
}

/// `around` times a factor by chance between `low` and `high`.
pub fn spread(around: Duration, low: f64, high: f64) -> Duration {
    around.mul_f64(rand::rng().random_range(low..=high)).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_server_can_make_the_agent_spin(every in any::<u64>(), asked in any::<u64>(), failures in 0_u32..100) {
            prop_assert!(beat(every) >= SHORTEST);
            let mut backoff = Backoff { failures };
            let wait = backoff.next(Some(Duration::from_secs(asked)));
            prop_assert!(wait >= SHORTEST && wait <= LONGEST_ASKED);
        }
    }

    #[test]
    fn waits_grow_and_end_at_thirty_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..10).map(|_| backoff.next(None)).collect();
        assert!(waits[0] <= Duration::from_secs(1));
        assert!(waits[9] >= Duration::from_secs(15) && waits[9] <= Duration::from_secs(30));
        backoff.reset();
        assert!(backoff.next(None) <= Duration::from_secs(1));
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        assert!(Backoff::default().next(Some(Duration::from_secs(20))) >= Duration::from_secs(20));
    }
}
