//! A node's day in charts: what each shows, as paths and runs, and what it says to those who do not see it.
//!
//! Time goes in slots of one bucket each, the oldest first. A slot that nobody watched is a gap, and so is a figure that was not
//! reported: unknown is never drawn as zero.

use std::fmt::Write;

use pitlane_api::{Health, Sample, Samples, SignalState, Timestamp};

use super::format;
use super::tone::{self, Tone};
use crate::words::{self, tr};

/// What the charts cover, in seconds.
const SPAN_S: u64 = 86_400;
/// Height of a picture in its own units.
pub const HEIGHT: f64 = 40.0;

/// The last 24 hours, slot by slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    bucket_s: i64,
    /// The first slot's place in the count of all buckets.
    first: i64,
    slots: Vec<Option<Sample>>,
    /// How long each slot was really watched, in seconds: the newest has only begun, and a node may be younger than its slot.
    watched_s: Vec<u64>,
}

/// What a chart is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Series {
    Heartbeat,
    Cpu,
    Memory,
    Disk,
    /// A readiness signal, by its name.
    Signal(String),
}

/// Equal neighbours, from a slot on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<T> {
    pub from: usize,
    pub len: usize,
    pub what: T,
}

impl Day {
    /// Puts samples in their places; what lies outside the day is left out. `beat_s`: a heartbeat was expected every so many seconds
    /// of those that were watched; zero where that is not known.
    pub fn of(samples: &Samples, beat_s: u64) -> Self {
        let bucket_s = i64::try_from(samples.bucket_s.max(1)).unwrap_or(300);
        let count = usize::try_from(SPAN_S.div_ceil(samples.bucket_s.max(1))).unwrap_or(1);
        let last = samples.server_time.as_second().div_euclid(bucket_s);
        let first = last.saturating_sub(i64::try_from(count).unwrap_or(1).saturating_sub(1));
        let mut slots = vec![None; count];
        let mut watched_s = vec![0; count];
        for sample in &samples.samples {
            let at = sample.at.as_second().div_euclid(bucket_s).saturating_sub(first);
            let at = usize::try_from(at).ok();
            if let Some((slot, watched)) = at.and_then(|at| slots.get_mut(at).zip(watched_s.get_mut(at))) {
                let begun = u64::try_from(samples.server_time.as_second().saturating_sub(sample.at.as_second())).unwrap_or(0);
                let seen = if beat_s == 0 { u64::MAX } else { beat_s.saturating_mul(u64::from(sample.expected)) };
                *watched = begun.min(samples.bucket_s).min(seen);
                *slot = Some(sample.clone());
            }
        }
        Self { bucket_s, first, slots, watched_s }
    }

    /// How many slots there are.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// When a slot begins.
    pub fn time(&self, slot: usize) -> Timestamp {
        let slot = i64::try_from(slot).unwrap_or(0);
        Timestamp::from_second(self.first.saturating_add(slot).saturating_mul(self.bucket_s)).unwrap_or_default()
    }

    /// What was seen in a slot.
    pub fn sample(&self, slot: usize) -> Option<&Sample> {
        self.slots.get(slot).and_then(Option::as_ref)
    }

    /// The charts that have something to show; the heartbeat always.
    pub fn series(&self) -> Vec<Series> {
        let figures = [Series::Cpu, Series::Memory, Series::Disk].into_iter().filter(|series| self.figures(series).any(|value| value.is_some()));
        let mut names: Vec<&String> = self.slots.iter().flatten().flat_map(|sample| sample.signals.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let present = |name: &&String| self.states(name).any(|state| !matches!(state, None | Some(SignalState::NotPresent)));
        let signals = names.into_iter().filter(present).map(|name| Series::Signal(name.clone()));
        std::iter::once(Series::Heartbeat).chain(figures).chain(signals).collect()
    }

    fn figures<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = Option<f64>> + 'a {
        self.slots.iter().map(move |sample| sample.as_ref().and_then(|sample| figure(sample, series)))
    }

    fn states<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Option<SignalState>> + 'a {
        self.slots.iter().map(move |sample| sample.as_ref().and_then(|sample| sample.signals.get(name).copied()))
    }

    /// Times in maintenance.
    pub fn maintenance(&self) -> Vec<Run<bool>> {
        let runs = runs(self.slots.iter().map(|sample| sample.as_ref().map(|sample| sample.maintenance)));
        runs.into_iter().filter(|run| run.what).collect()
    }

    /// A figure as a line, and as the area below it; both begin anew after a gap.
    pub fn line(&self, series: &Series) -> (String, String) {
        let (mut line, mut area) = (String::new(), String::new());
        let values: Vec<Option<f64>> = self.figures(series).collect();
        let mut before = None;
        for (slot, value) in values.iter().enumerate() {
            if let Some(value) = value {
                let y = format::tenths(HEIGHT - HEIGHT * value.clamp(0.0, 100.0) / 100.0);
                if before.is_none() {
                    let _ = write!(line, "M{slot} {y}");
                    let _ = write!(area, "M{slot} {HEIGHT}V{y}");
                }
                let next = slot + 1;
                let ends = !matches!(values.get(next), Some(Some(_)));
                // The middle of its slot; at a run's end to the slot's end, so that a single one is seen too.
                let _ = write!(line, "L{slot}.5 {y}");
                let _ = write!(area, "L{slot}.5 {y}");
                if ends {
                    let _ = write!(line, "H{next}");
                    let _ = write!(area, "H{next}V{HEIGHT}Z");
                }
            }
            before = *value;
        }
        (line, area)
    }

    /// The heartbeat as bars, one path for each colour; as high as the share that came.
    pub fn bars(&self) -> Vec<(Tone, String)> {
        let mut paths: Vec<(Tone, String)> = Vec::new();
        for (slot, sample) in self.slots.iter().enumerate() {
            let Some((part, tone)) = sample.as_ref().and_then(beats) else { continue };
            // What did not come at all is still something that was watched: a low bar.
            let height = format::tenths(3.0 + (HEIGHT - 3.0) * part);
            let at = paths.iter().position(|(known, _)| *known == tone).unwrap_or_else(|| {
                paths.push((tone, String::new()));
                paths.len() - 1
            });
            if let Some((_, path)) = paths.get_mut(at) {
                let _ = write!(path, "M{slot} {HEIGHT}v-{height}h.82v{height}z");
            }
        }
        paths
    }

    /// A signal's states; gaps are left out.
    pub fn signal(&self, name: &str) -> Vec<Run<SignalState>> {
        runs(self.states(name))
    }

    /// One sentence on the whole day.
    pub fn summary(&self, series: &Series) -> String {
        match series {
            Series::Heartbeat => {
                let (beats, expected) =
                    self.slots.iter().flatten().fold((0u64, 0u64), |(b, e), s| (b + u64::from(s.beats.min(s.expected)), e + u64::from(s.expected)));
                if expected == 0 {
                    return tr!("None were watched.");
                }
                tr!(
                    "{} of those expected came, watched for {}",
                    tr!("{}%", words::tenths(beats as f64 / expected as f64 * 100.0)),
                    self.span(self.slots.iter().map(Option::is_some))
                )
            }
            Series::Signal(name) => {
                let of = |wanted: SignalState| self.states(name).map(move |state| state == Some(wanted));
                let any = |wanted| of(wanted).any(|is| is);
                match (any(SignalState::Bad), any(SignalState::Ok)) {
                    (false, false) => tr!("Not known"),
                    (false, true) => tr!("Good, known for {}", self.span(of(SignalState::Ok))),
                    (true, _) => tr!("Bad seen in {}", self.span(of(SignalState::Bad))),
                }
            }
            _ => {
                let known = || self.figures(series).flatten();
                match (known().reduce(f64::min), known().reduce(f64::max)) {
                    (Some(low), Some(high)) => {
                        tr!(
                            "{} to {}, known for {}",
                            format::percent(Some(low)),
                            format::percent(Some(high)),
                            self.span(self.figures(series).map(|value| value.is_some()))
                        )
                    }
                    _ => tr!("Not reported"),
                }
            }
        }
    }

    /// How long the slots that count were watched.
    fn span(&self, counts: impl Iterator<Item = bool>) -> String {
        format::duration(self.watched_s.iter().zip(counts).filter(|(_, counts)| *counts).map(|(watched, _)| watched).sum())
    }

    /// What exactly was in a slot.
    pub fn value(&self, series: &Series, slot: usize) -> String {
        let Some(sample) = self.sample(slot) else { return tr!("not watched") };
        match series {
            Series::Heartbeat => tr!("{} of {}", words::number(sample.beats.min(sample.expected)), words::number(sample.expected)),
            Series::Signal(name) => sample.signals.get(name).map_or_else(|| format::UNKNOWN.to_owned(), |state| word(*state)),
            _ => format::percent(figure(sample, series)),
        }
    }

    /// Slots in which something was watched, the newest first, and the gaps between them: what the table shows.
    pub fn rows(&self) -> Vec<Run<bool>> {
        let mut rows = Vec::new();
        for run in runs(self.slots.iter().map(|sample| Some(sample.is_some()))) {
            if run.what {
                rows.extend((run.from..run.from + run.len).map(|from| Run { from, len: 1, what: true }));
            } else {
                rows.push(run);
            }
        }
        rows.reverse();
        rows
    }
}

impl Series {
    /// The words on the screen.
    pub fn name(&self) -> String {
        match self {
            Series::Heartbeat => tr!("Heartbeats"),
            Series::Cpu => tr!("CPU"),
            Series::Memory => tr!("Memory"),
            Series::Disk => tr!("Disk"),
            Series::Signal(name) => name.clone(),
        }
    }
}

fn figure(sample: &Sample, series: &Series) -> Option<f64> {
    match series {
        Series::Cpu => sample.cpu_percent,
        Series::Memory => sample.memory_percent,
        Series::Disk => sample.disk_percent,
        Series::Heartbeat | Series::Signal(_) => None,
    }
}

/// The share of the expected heartbeats that came, and the colour of it; `None` where none was expected.
fn beats(sample: &Sample) -> Option<(f64, Tone)> {
    if sample.expected == 0 {
        return None;
    }
    let part = (f64::from(sample.beats) / f64::from(sample.expected)).clamp(0.0, 1.0);
    let tone = match sample.health {
        Health::Healthy if part < 0.9 => Tone::Degraded,
        other => tone::of_health(other),
    };
    Some((part, tone))
}

/// A signal's state in a word.
pub fn word(state: SignalState) -> String {
    match state {
        SignalState::Ok => tr!("good"),
        SignalState::Bad => tr!("bad"),
        SignalState::NotPresent => tr!("not present"),
        SignalState::Unknown => tr!("unknown"),
    }
}

fn runs<T: PartialEq + Copy>(values: impl Iterator<Item = Option<T>>) -> Vec<Run<T>> {
    let mut runs: Vec<Run<T>> = Vec::new();
    for (slot, value) in values.enumerate() {
        let Some(what) = value else { continue };
        match runs.last_mut() {
            Some(run) if run.what == what && run.from + run.len == slot => run.len += 1,
            _ => runs.push(Run { from: slot, len: 1, what }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(at: Vec<(i64, u32, u32, Option<f64>)>) -> Day {
        let sample = |(at, beats, expected, cpu_percent)| Sample {
            at: Timestamp::from_second(at).unwrap_or_default(),
            beats,
            expected,
            cpu_percent,
            memory_percent: None,
            disk_percent: None,
            health: Health::Healthy,
            maintenance: at >= 199_800,
            signals: [("Docker".to_owned(), if beats > 30 { SignalState::Ok } else { SignalState::Bad })].into(),
        };
        let server_time = Timestamp::from_second(200_000).unwrap_or_default();
        Day::of(&Samples { bucket_s: 300, samples: at.into_iter().map(sample).collect(), server_time }, 5)
    }

    #[test]
    fn the_newest_bucket_stands_last_and_gaps_are_gaps() {
        let day = day(vec![(199_800, 30, 60, Some(50.0)), (100_000, 60, 60, None), (199_500, 60, 60, Some(100.0)), (198_900, 60, 60, Some(0.0))]);
        assert_eq!(day.count(), 288);
        assert_eq!(day.time(287).as_second(), 199_800);
        assert_eq!(day.maintenance(), [Run { from: 287, len: 1, what: true }]);
        // A figure of zero is a line at the bottom; the slot after it was not watched and has none.
        assert_eq!(day.line(&Series::Cpu).0, "M284 40.0L284.5 40.0H285M286 0.0L286.5 0.0L287.5 20.0H288");
        assert_eq!(day.bars().len(), 2, "half of the beats missing is not healthy");
        assert_eq!(
            day.signal("Docker"),
            [
                Run { from: 284, len: 1, what: SignalState::Ok },
                Run { from: 286, len: 1, what: SignalState::Ok },
                Run { from: 287, len: 1, what: SignalState::Bad }
            ]
        );
        assert_eq!(day.series(), [Series::Heartbeat, Series::Cpu, Series::Signal("Docker".into())]);
        assert_eq!(day.value(&Series::Cpu, 285), "not watched");
        assert_eq!(day.value(&Series::Heartbeat, 287), "30 of 60");
        let rows = day.rows();
        assert_eq!(rows.first(), Some(&Run { from: 287, len: 1, what: true }));
        assert_eq!(rows.last(), Some(&Run { from: 0, len: 284, what: false }));
    }

    #[test]
    fn what_is_said_of_the_day_is_what_is_known() {
        assert!(day(vec![]).summary(&Series::Heartbeat).starts_with("None were watched"));
        assert_eq!(day(vec![]).summary(&Series::Cpu), "Not reported");
        let half = day(vec![(199_500, 30, 60, Some(12.4))]);
        assert_eq!(half.summary(&Series::Heartbeat), "50% of those expected came, watched for 5 min");
        assert_eq!(half.summary(&Series::Cpu), "12% to 12%, known for 5 min");
        assert_eq!(half.summary(&Series::Signal("Docker".into())), "Bad seen in 5 min");
        // First seen one minute before its first bucket ended, two minutes after the second began: three minutes, not ten.
        let young = day(vec![(199_500, 12, 12, Some(1.0)), (199_800, 24, 24, None)]);
        assert_eq!(young.summary(&Series::Heartbeat), "100% of those expected came, watched for 3 min");
        assert_eq!(young.summary(&Series::Cpu), "1% to 1%, known for 1 min");
        assert_eq!(young.summary(&Series::Signal("Docker".into())), "Bad seen in 3 min");
    }

    proptest! {
        #[test]
        fn every_run_stands_within_the_picture(
            at in prop::collection::vec((100_000i64..300_000, any::<u32>(), any::<u32>(), prop::option::of(-1e9..1e9f64)), 0..40),
        ) {
            let day = day(at);
            prop_assert!(day.maintenance().iter().all(|run| run.from + run.len <= day.count()));
            prop_assert_eq!(day.rows().iter().map(|row| row.len).sum::<usize>(), day.count());
            let (line, area) = day.line(&Series::Cpu);
            prop_assert!(!line.contains("-") && !area.contains("-"), "nothing is drawn outside");
        }
    }
}
