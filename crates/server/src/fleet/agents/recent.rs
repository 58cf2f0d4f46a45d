//! The row of the last expected beats, as the card draws it.

use std::{collections::VecDeque, time::Duration};

/// Length of the row.
const LENGTH: usize = 30;
/// A beat that came on time.
const ON_TIME: u8 = 100;

/// The last expected beats: 0 missed, 100 on time, between them late.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<u8>);

impl Recent {
    /// A beat came `gap` after the one before (`None`: it is the first).
    pub(super) fn beat(&mut self, gap: Option<Duration>, every: Duration) -> u8 {
        let score = match gap {
            None => ON_TIME,
            Some(gap) => {
                for _ in 0..missed(gap, every) {
                    self.push(0);
                }
                score(gap, every)
            }
        };
        self.push(score);
        score
    }

    fn push(&mut self, score: u8) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(score);
    }

    /// The row as it is `silence` after the last beat.
    pub(super) fn row(&self, silence: Option<Duration>, every: Duration) -> Vec<u8> {
        let overdue = silence.map_or(0, |silence| missed(silence, every)).min(LENGTH);
        let kept = self.0.len().min(LENGTH - overdue);
        self.0.iter().skip(self.0.len() - kept).copied().chain(std::iter::repeat_n(0, overdue)).collect()
    }
}

/// Beats that should have come within `gap` and did not. Half an interval of tolerance: agents jitter.
pub(in crate::fleet) fn missed(gap: Duration, every: Duration) -> usize {
    let intervals = gap.as_secs_f64() / every.as_secs_f64().max(0.001);
    ((intervals - 0.5).floor().max(0.0) as usize).min(LENGTH)
}

fn score(gap: Duration, every: Duration) -> u8 {
    let intervals = gap.as_secs_f64() / every.as_secs_f64().max(0.001);
    let late = intervals - intervals.round().max(1.0);
    if late <= 0.2 { ON_TIME } else { (100.0 - 100.0 * late).clamp(1.0, 99.0) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    fn secs(seconds: f64) -> Option<Duration> {
        Some(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn beats_on_time_missed_and_late() {
        let mut recent = Recent::default();
        recent.beat(None, EVERY);
        recent.beat(secs(5.2), EVERY);
        recent.beat(secs(15.0), EVERY);
        recent.beat(secs(6.9), EVERY);
        let row = recent.row(secs(1.0), EVERY);
        assert_eq!(row[..5], [100, 100, 0, 0, 100]);
        assert!((1..100).contains(&row[5]), "{row:?}");
    }

    #[test]
    fn silence_fills_the_row_with_misses() {
        let mut recent = Recent::default();
        for _ in 0..40 {
            recent.beat(secs(5.0), EVERY);
        }
        assert_eq!(recent.row(secs(0.0), EVERY), vec![100; 30]);
        assert_eq!(recent.row(secs(8.0), EVERY)[27..], [100, 100, 0]);
        assert_eq!(recent.row(secs(100_000.0), EVERY), vec![0; 30]);
    }
}
