//! When a node is expected back: the choices of the drain sheet.

use pitlane_api::Timestamp;

use crate::words::tr;

/// A choice of the field "Expected back".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expected {
    #[default]
    NotSet,
    /// In so many minutes.
    Minutes(u32),
    /// At a time of the person's own choosing.
    At(Timestamp),
}

impl Expected {
    /// Every choice but "at a time" with its word, in the order of the menu.
    pub const CHOICES: [(Expected, &'static str); 8] = [
        (Expected::NotSet, ""),
        (Expected::Minutes(15), "15"),
        (Expected::Minutes(30), "30"),
        (Expected::Minutes(60), "60"),
        (Expected::Minutes(120), "120"),
        (Expected::Minutes(240), "240"),
        (Expected::Minutes(480), "480"),
        (Expected::Minutes(1_440), "1440"),
    ];

    /// The words on the screen.
    pub fn label(self) -> String {
        match self {
            Expected::NotSet | Expected::At(_) => tr!("time" => "not set"),
            Expected::Minutes(minutes @ 0..60) => tr!("in 1 minute" | "in {n} minutes" % minutes),
            Expected::Minutes(minutes @ 60..1_440) => tr!("in 1 hour" | "in {n} hours" % minutes / 60),
            Expected::Minutes(minutes) => tr!("in 1 day" | "in {n} days" % minutes / 1_440),
        }
    }

    /// Reads a menu's value.
    pub fn from_value(value: &str) -> Self {
        Self::CHOICES.iter().find(|(_, word)| *word == value).map(|(choice, _)| *choice).unwrap_or_default()
    }

    /// The time meant, counted from `now` by the server's clock.
    pub fn at(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Expected::NotSet => None,
            Expected::Minutes(minutes) => later(now, u64::from(minutes) * 60),
            Expected::At(at) => Some(at),
        }
    }
}

/// `from` and so many seconds; `None` at the end of time.
pub fn later(from: Timestamp, seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(from.as_second().checked_add(i64::try_from(seconds).ok()?)?).ok()
}

/// "Extend 1 h": an hour from the expected time, or from now where that is past or not set.
pub fn extended(current: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    later(current.filter(|at| *at > now).unwrap_or(now), 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    #[test]
    fn choices_are_read_back() {
        for (choice, word) in Expected::CHOICES {
            assert_eq!(Expected::from_value(word), choice);
        }
        assert_eq!(Expected::from_value("nonsense"), Expected::NotSet);
        assert_eq!(Expected::Minutes(120).at(at(0)), Some(at(7_200)));
    }

    #[test]
    fn extending_an_overdue_node_counts_from_now() {
        assert_eq!(extended(Some(at(100)), at(50)), Some(at(3_700)));
        assert_eq!(extended(Some(at(40)), at(50)), Some(at(3_650)));
        assert_eq!(extended(None, at(50)), Some(at(3_650)));
        assert_eq!(later(Timestamp::MAX, 3_600), None);
    }
}
