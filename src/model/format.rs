//! Numbers as people read them. Unknown is an em dash and never a zero.

use pitlane_api::{Timestamp, seconds_between};

use crate::words::{self, number, tr};

/// What stands where a value is not known.
pub const UNKNOWN: &str = "—";

/// A length of time in at most two units: `2 s`, `6 min`, `2 h 14 min`, `3 d 4 h`.
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    match (days, hours, minutes) {
        (0, 0, 0) => tr!("{} s", number(seconds)),
        (0, 0, m) => tr!("{} min", number(m)),
        (0, h, 0) => tr!("{} h", number(h)),
        (0, h, m) => tr!("{} h {} min", number(h), number(m)),
        (d, h, _) if h > 0 && d < 7 => tr!("{} d {} h", number(d), number(h)),
        (d, _, _) => tr!("{} d", number(d)),
    }
}

/// How long ago `at` was. A time in the future counts as now, because two clocks never agree to the second.
pub fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| UNKNOWN.to_owned(), |at| duration(seconds_between(at, now)))
}

/// `in 2 h` or `16 min ago`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    if at > now { tr!("in {}", duration(seconds_between(now, at))) } else { tr!("{} ago", duration(seconds_between(at, now))) }
}

/// A number to one decimal, for programs; [`words::tenths`] writes it for people. In whole numbers, because the standard library's own way brings 20 KB of program along.
pub fn tenths(number: f64) -> String {
    let tenths = (number * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10)
}

/// A number to no decimal, for programs.
pub fn whole(number: f64) -> String {
    (number.round() as i64).to_string()
}

/// A share of a hundred, rounded: `41%`.
pub fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| tr!("{}%", number(value.clamp(0.0, 100.0).round() as u64)))
}

/// The share that `used` is of `total`, 0 to 100; unknown where either is, or where the total is zero.
pub fn share(used: Option<u64>, total: Option<u64>) -> Option<f64> {
    let (used, total) = (used?, total?);
    (total > 0).then(|| (used as f64 / total as f64 * 100.0).clamp(0.0, 100.0))
}

/// Bytes in binary units, to two or three digits: `512 MiB`, `1.5 GiB`, `184 GiB`.
pub fn bytes(value: u64) -> String {
    let (number, unit) = scaled(value, unit_of(value));
    tr!("{number} {unit}", number, unit)
}

/// `96 of 184 GiB`: both in the unit of the second.
pub fn bytes_of(part: u64, whole: u64) -> String {
    let unit = unit_of(whole);
    let (part, _) = scaled(part, unit);
    let (whole, name) = scaled(whole, unit);
    tr!("{part} of {whole} {unit}", part, whole, unit = name)
}

const UNITS: [(&str, u64); 5] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

fn unit_of(value: u64) -> (&'static str, u64) {
    UNITS.iter().rev().find(|(_, size)| value >= *size).copied().unwrap_or(("B", 1))
}

fn scaled(value: u64, (name, size): (&'static str, u64)) -> (String, &'static str) {
    let number = value as f64 / size as f64;
    let round = size == 1 || number >= 9.95 || (number - number.round()).abs() < 0.05;
    (if round { words::number(number.round() as u64) } else { words::tenths(number) }, name)
}

/// `1 stateful workload`, `3 stateful workloads`.
pub fn stateful_workloads(n: u64) -> String {
    tr!("1 stateful workload" | "{n} stateful workloads" % n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_like_the_pictures() {
        let read = [0, 2, 59, 60, 360, 3_600, 8_040, 86_400, 90_000, 41 * 86_400 + 4_000].map(duration);
        assert_eq!(read, ["0 s", "2 s", "59 s", "1 min", "6 min", "1 h", "2 h 14 min", "1 d", "1 d 1 h", "41 d"]);
    }

    #[test]
    fn numbers_have_one_decimal_or_none() {
        assert_eq!([0.04, 0.05, 9.96, 14.0, -0.26].map(tenths), ["0.0", "0.1", "10.0", "14.0", "-0.3"]);
        assert_eq!([0.4, 0.5, 99.9].map(whole), ["0", "1", "100"]);
    }

    #[test]
    fn unknown_is_never_zero() {
        assert_eq!(percent(None), UNKNOWN);
        assert_eq!(age(None, Timestamp::UNIX_EPOCH), UNKNOWN);
        assert_eq!(share(Some(3), Some(0)), None);
        assert_eq!(share(None, Some(3)), None);
    }

    #[test]
    fn bytes_share_the_unit_of_the_whole() {
        assert_eq!(bytes_of(96 << 30, 184 << 30), "96 of 184 GiB");
        assert_eq!(bytes(1_610_612_736), "1.5 GiB");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(512 << 20), "512 MiB");
    }

    #[test]
    fn times_ahead_and_behind() {
        let at = |s| Timestamp::from_second(s).unwrap_or_default();
        assert_eq!(relative(at(7_200), at(0)), "in 2 h");
        assert_eq!(relative(at(0), at(960)), "16 min ago");
    }

    proptest! {
        #[test]
        fn a_share_stays_within_a_hundred(used: u64, total: u64) {
            if let Some(share) = share(Some(used), Some(total)) {
                prop_assert!((0.0..=100.0).contains(&share));
            }
        }

        #[test]
        fn a_duration_has_at_most_two_units(seconds: u64) {
            prop_assert!(duration(seconds).split(' ').count() <= 4);
        }
    }
}
