//! Reading the wire in little code.
//!
//! serde's derived readers are exact and fast, and large: those of this contract alone were a sixth of the console's
//! download. This is the console's reader: the same types from the same JSON, through one tree, in a few instructions a
//! field. It is more lenient than serde (a list that is absent is empty, and errors carry no words), which is what a client
//! beside a newer server wants. The server reads requests with serde; the golden files hold both readers to each other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Envelope, Identity};

/// What can be read from JSON.
pub trait Read: Sized {
    /// Reads a value; `None` where it is of another shape.
    fn read(value: Value) -> Option<Self>;

    /// What an absent field stands for; `None` where the field must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads JSON text.
pub fn read_json<T: Read>(text: &str) -> Option<T> {
    crate::words::read_knowing(parse(text)?)
}

/// One place that parses, so that it is compiled once.
fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Takes a field out of an object.
pub fn field<T: Read>(map: &mut Map<String, Value>, name: &str) -> Option<T> {
    match map.remove(name) {
        Some(value) => T::read(value),
        None => T::absent(),
    }
}

/// The fields of an object; an empty one for a value that is none, whose required fields are then missed.
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Read for Value {
    fn read(value: Value) -> Option<Self> {
        Some(value)
    }

    fn absent() -> Option<Self> {
        Some(Value::Null)
    }
}

impl Read for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn absent() -> Option<Self> {
        Some(String::new())
    }
}

impl Read for bool {
    fn read(value: Value) -> Option<Self> {
        value.as_bool()
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

impl Read for f64 {
    fn read(value: Value) -> Option<Self> {
        value.as_f64()
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => { $(impl Read for $number {
        fn read(value: Value) -> Option<Self> {
            value.as_u64()?.try_into().ok()
        }
    })* };
}
whole_numbers! { u8 u16 u32 u64 }

impl Read for i64 {
    fn read(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: Value) -> Option<Self> {
        T::read(value).map(Box::new)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            _ => None,
        }
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Object(map) => {
                let mut read = Self::new();
                for (key, value) in map {
                    read.insert(key, T::read(value)?);
                }
                Some(read)
            }
            _ => None,
        }
    }

    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }
}

impl Read for Identity {
    fn read(value: Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl<T: Read> Read for Envelope<T> {
    fn read(value: Value) -> Option<Self> {
        let mut map = fields(value);
        Some(Envelope {
            success: map.remove("success")?.as_bool()?,
            status: field(&mut map, "status")?,
            status_code: field(&mut map, "status_code")?,
            message: field(&mut map, "message")?,
            data: match map.remove("data") {
                None | Some(Value::Null) => None,
                Some(data) => Some(T::read(data)?),
            },
            error: field(&mut map, "error")?,
            request_id: field(&mut map, "request_id")?,
            words: crate::Glossary::new(),
        })
    }
}

/// Where only the envelope matters.
impl Read for () {
    fn read(_: Value) -> Option<Self> {
        Some(())
    }
}

impl Read for Timestamp {
    fn read(value: Value) -> Option<Self> {
        rfc3339(value.as_str()?)
    }
}

/// RFC 3339, as the server writes it: `2026-01-02T03:04:05.678Z`, or with an offset. jiff's own parser reads very much more.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, month, day) = (digits(date, 0, 4)?, digits(date, 5, 2)?, digits(date, 8, 2)?);
    let (clock, rest) = rest.split_at_checked(9)?;
    let (hour, minute, second) = (digits(clock, 1, 2)?, digits(clock, 4, 2)?, digits(clock, 7, 2)?);
    let separated = date.get(4..5)? == "-" && date.get(7..8)? == "-" && clock.get(3..4)? == ":" && clock.get(6..7)? == ":";
    if !separated || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (fraction, zone) = rest.split_at_checked(end)?;
            let kept = fraction.get(..fraction.len().min(9))?;
            (digits(kept, 0, kept.len())?.checked_mul(10_i64.pow(u32::try_from(9 - kept.len()).ok()?))?, zone)
        }
        None => (0, rest),
    };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let minutes = digits(zone, 1, 2)? * 60 + digits(zone, 4, 2)?;
            match (zone.len(), zone.get(..1)?, zone.get(3..4)?) {
                (6, "+", ":") => minutes * 60,
                (6, "-", ":") => -minutes * 60,
                _ => return None,
            }
        }
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()
}

/// A number of so many digits.
fn digits(text: &str, from: usize, count: usize) -> Option<i64> {
    let part = text.get(from..from.checked_add(count)?)?;
    if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    part.parse().ok()
}

/// Days from 1970-01-01, in the Gregorian calendar. The year begins in March, so that a leap day is its last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_read_as_jiff_reads_them(second in -60_000_000_000i64..250_000_000_000, nanos in 0..1_000_000_000i32) {
            let at = Timestamp::new(second, nanos).unwrap_or_default();
            prop_assume!((0..=9999).contains(&at.to_string().get(..4).and_then(|year| year.parse::<i64>().ok()).unwrap_or(-1)));
            prop_assert_eq!(rfc3339(&at.to_string()), Some(at));
        }

        #[test]
        fn offsets_are_read_as_jiff_reads_them(hour in 0..24u8, minute in 0..60u8, sign in "[+-]") {
            let text = format!("2026-03-01T00:30:00.5{sign}{hour:02}:{minute:02}");
            prop_assert_eq!(rfc3339(&text), text.parse::<Timestamp>().ok());
        }

        #[test]
        fn nonsense_is_no_time_and_never_panics(text in ".{0,40}", digits in "[0-9T:.Z+-]{0,32}") {
            for text in [text, digits] {
                if let Some(at) = rfc3339(&text) {
                    prop_assert_eq!(text.parse::<Timestamp>().ok(), Some(at));
                }
            }
        }
    }

    #[test]
    fn what_is_absent_is_empty_and_what_must_be_there_is_missed() {
        assert_eq!(read_json::<Option<u32>>("null"), Some(None));
        assert_eq!(read_json::<crate::RemovedEvent>(r#"{"server_time":"2026-01-01T00:00:00Z"}"#).map(|event| event.ids), Some(vec![]));
        assert_eq!(read_json::<crate::RemovedEvent>(r#"{"ids":[]}"#), None, "a time must be there");
        assert_eq!(read_json::<crate::RemovedEvent>("[]"), None);
        assert_eq!(read_json::<crate::RemovedEvent>("{"), None);
    }
}
