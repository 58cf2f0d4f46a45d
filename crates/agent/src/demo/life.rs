//! How a played node behaves from beat to beat. Pure: the same beat count and seed give the same life.
//!
//! Everything is counted in beats, not seconds, so that a control plane that wants beats more often has a faster story.

use rand::{RngExt, rngs::StdRng};

/// What happens to a node over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// Nothing much.
    Steady,
    /// The disk is nearly full, is cleaned, and fills again. The agent is old, asks for an update and gets it.
    FillsAndUpdates,
    /// The disk fills slowly and is cleaned, without ever being a fault.
    Fills,
    /// Goes offline and returns from a reboot, again and again; the first return brings a newer agent.
    GoesAway,
    /// Docker stops answering soon after the start.
    DockerFails,
    /// Enrols and is never heard of.
    NeverBeats,
}

/// The beat from which on Docker fails: late enough for the node to have been seen clean.
const DOCKER_FAILS_AT: u64 = 6;
/// A node that goes away beats this often before it first does.
const FIRST_STAY: u64 = 4;
/// Then it is away this many beats (six minutes at five seconds) …
const AWAY: u64 = 72;
/// … and back this many, and so on.
const STAY: u64 = 36;
/// The beat at which the agent that asked for an update gets it: ten minutes.
const UPDATE_AT: u64 = 120;
/// Beats before the disk first is full: a node is confirmed by a beat without a fault, and until then it is pending.
const CLEAN: u64 = 3;
/// Beats during which the full disk stays full.
const FULL: u64 = 72;
/// Beats from clean to full again.
const FILLING: u64 = 144;

impl Script {
    /// Whether the node is heard of at this beat.
    pub fn is_present(self, beat: u64) -> bool {
        match self {
            Script::NeverBeats => false,
            Script::GoesAway => beat < FIRST_STAY || (beat - FIRST_STAY) % (AWAY + STAY) >= AWAY,
            _ => true,
        }
    }

    /// How often the node has booted by this beat.
    pub fn boots(self, beat: u64) -> u64 {
        match self {
            Script::GoesAway if beat >= FIRST_STAY + AWAY => (beat - FIRST_STAY - AWAY) / (AWAY + STAY) + 1,
            _ => 0,
        }
    }

    /// Whether Docker answers.
    pub fn docker_answers(self, beat: u64) -> bool {
        self != Script::DockerFails || beat < DOCKER_FAILS_AT
    }

    /// Whether the agent has been updated.
    pub fn is_updated(self, beat: u64) -> bool {
        match self {
            Script::FillsAndUpdates => beat >= UPDATE_AT,
            Script::GoesAway => beat >= FIRST_STAY + AWAY,
            _ => false,
        }
    }

    /// Share of the disk in use, in percent, for a node that begins at `base`.
    pub fn disk(self, base: f64, beat: u64) -> f64 {
        let low = base - 20.0;
        let rising = |step: u64, from: f64, to: f64| from + (to - from) * step as f64 / FILLING as f64;
        match self {
            Script::FillsAndUpdates if beat < CLEAN => base - 3.0,
            Script::FillsAndUpdates => match (beat - CLEAN) % (FULL + FILLING) {
                // Still full, and a little more so with every beat.
                step if step < FULL => base + 1.5 * step as f64 / FULL as f64,
                step => rising(step - FULL, low, base),
            },
            Script::Fills => {
                let step = (beat + FILLING / 2) % FILLING;
                rising(step, base - 6.0, base + 6.0)
            }
            _ => base,
        }
    }

    /// The time to the next beat as a share of what the control plane wants; some nodes are restless.
    pub fn rhythm(self, rng: &mut StdRng) -> f64 {
        match self {
            Script::FillsAndUpdates | Script::DockerFails => match rng.random_range(0..6) {
                0 => rng.random_range(1.9..2.1),
                1 | 2 => rng.random_range(1.25..1.45),
                _ => rng.random_range(0.9..1.1),
            },
            _ => rng.random_range(0.92..1.08),
        }
    }
}

/// A figure that wanders about its base.
#[derive(Debug, Clone)]
pub(crate) struct Wander {
    base: f64,
    now: f64,
    reach: f64,
}

impl Wander {
    /// About `base` percent, at most `reach` away from it.
    pub fn new(base: f64, reach: f64) -> Self {
        Self { base, now: base, reach }
    }

    /// The next value, in percent.
    pub fn step(&mut self, rng: &mut StdRng) -> f64 {
        let pull = (self.base - self.now) * 0.2;
        let push = rng.random_range(-self.reach..=self.reach) * 0.4;
        self.now = (self.now + pull + push).clamp(self.base - self.reach, self.base + self.reach).clamp(0.0, 100.0);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    #[test]
    fn one_goes_offline_and_returns_rebooted_with_a_newer_agent() {
        let script = Script::GoesAway;
        assert!(script.is_present(0) && !script.is_present(FIRST_STAY) && !script.is_present(FIRST_STAY + AWAY - 1));
        let back = FIRST_STAY + AWAY;
        assert!(script.is_present(back) && script.is_updated(back) && !script.is_updated(back - 1));
        assert_eq!((script.boots(back - 1), script.boots(back), script.boots(back + AWAY + STAY)), (0, 1, 2));
        assert!(!script.is_present(back + STAY), "and goes again");
    }

    #[test]
    fn a_disk_is_full_is_cleaned_and_fills_again() {
        let disk = |beat| Script::FillsAndUpdates.disk(91.0, beat);
        assert!((0..CLEAN).all(|beat| disk(beat) < 90.0), "confirmed first");
        let disk = |beat| disk(CLEAN + beat);
        assert!(disk(0) >= 90.0 && disk(FULL - 1) >= 90.0);
        assert!(disk(FULL) < 75.0);
        assert!(disk(FULL + FILLING - 1) > 89.0);
        assert!(disk(FULL + FILLING) >= 90.0);
    }

    #[test]
    fn docker_fails_only_after_the_node_was_seen_clean() {
        assert!(Script::DockerFails.docker_answers(0) && !Script::DockerFails.docker_answers(DOCKER_FAILS_AT));
        assert!((0..1000).all(|beat| Script::Steady.docker_answers(beat)));
    }

    proptest! {
        #[test]
        fn figures_stay_figures(base in 0.0_f64..100.0, seed in any::<u64>(), beat in 0_u64..100_000) {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut wander = Wander::new(base, 8.0);
            for _ in 0..50 {
                let now = wander.step(&mut rng);
                prop_assert!((0.0..=100.0).contains(&now) && (now - base).abs() <= 8.0 + 1e-9);
            }
            for script in [Script::Steady, Script::FillsAndUpdates, Script::Fills, Script::GoesAway, Script::DockerFails] {
                prop_assert!((0.5..=3.0).contains(&script.rhythm(&mut rng)));
                prop_assert!(script.disk(70.0, beat) < 95.0);
            }
        }
    }
}
