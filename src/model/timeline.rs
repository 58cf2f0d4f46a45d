//! The heartbeat timeline of 24 hours: one bar per bucket, with a gap where nobody watched.

use pitlane_api::{Health, Samples};

use super::tone::{self, Tone};
use crate::words::{self, tr};

/// What the timeline covers, in seconds.
pub const SPAN_S: u64 = 86_400;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Place from the left, counted in buckets.
    pub slot: u64,
    /// Share of the expected heartbeats that came, 0 to 1.
    pub part: f64,
    /// Colour.
    pub tone: Tone,
}

/// The bars of the last 24 hours, oldest first, and how many slots there are.
pub fn bars(samples: &Samples) -> (u64, Vec<Bar>) {
    let bucket = samples.bucket_s.max(1);
    let slots = SPAN_S.div_ceil(bucket);
    let end = u64::try_from(samples.server_time.as_second()).unwrap_or(0) / bucket;
    let start = end.saturating_sub(slots.saturating_sub(1));
    let bars = samples
        .samples
        .iter()
        .filter_map(|sample| {
            let slot = (u64::try_from(sample.at.as_second()).ok()? / bucket).checked_sub(start)?;
            if slot >= slots || sample.expected == 0 {
                return None;
            }
            let part = (f64::from(sample.beats) / f64::from(sample.expected)).clamp(0.0, 1.0);
            Some(Bar { slot, part, tone: colour(sample.health, part) })
        })
        .collect();
    (slots, bars)
}

fn colour(health: Health, part: f64) -> Tone {
    match health {
        Health::Healthy if part < 0.9 => Tone::Degraded,
        other => tone::of_health(other),
    }
}

/// One sentence for those who do not see the bars.
pub fn spoken(samples: &Samples) -> String {
    let (beats, expected) =
        samples.samples.iter().fold((0u64, 0u64), |(b, e), s| (b + u64::from(s.beats.min(s.expected)), e + u64::from(s.expected)));
    if expected == 0 {
        return tr!("No heartbeats were watched in the last 24 hours.");
    }
    let share = beats as f64 / expected as f64 * 100.0;
    tr!("{} % of the expected heartbeats of the last 24 hours came.", words::tenths(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::{Sample, Timestamp};
    use proptest::prelude::*;

    fn samples(at: Vec<(i64, u32, u32)>) -> Samples {
        let sample = |(at, beats, expected)| Sample {
            at: Timestamp::from_second(at).unwrap_or_default(),
            beats,
            expected,
            cpu_percent: None,
            memory_percent: None,
            disk_percent: None,
            health: Health::Healthy,
        };
        Samples { bucket_s: 300, samples: at.into_iter().map(sample).collect(), server_time: Timestamp::from_second(200_000).unwrap_or_default() }
    }

    #[test]
    fn the_newest_bucket_stands_at_the_right() {
        let (slots, bars) = bars(&samples(vec![(199_800, 30, 60), (100_000, 60, 60), (199_500, 60, 60)]));
        assert_eq!(slots, 288);
        assert_eq!(bars.iter().map(|b| b.slot).collect::<Vec<_>>(), [287, 286]);
        assert_eq!(bars.first().map(|b| b.tone), Some(Tone::Degraded), "half of the beats missing is not healthy");
    }

    #[test]
    fn unwatched_is_said_to_be_unwatched() {
        assert!(spoken(&samples(vec![])).starts_with("No heartbeats were watched"));
        assert!(spoken(&samples(vec![(199_800, 30, 60)])).starts_with("50.0 %"));
    }

    proptest! {
        #[test]
        fn every_bar_stands_within_the_picture(at in prop::collection::vec((-1_000_000i64..1_000_000, any::<u32>(), any::<u32>()), 0..40)) {
            let (slots, bars) = bars(&samples(at));
            prop_assert!(bars.iter().all(|bar| bar.slot < slots && (0.0..=1.0).contains(&bar.part)));
        }
    }
}
