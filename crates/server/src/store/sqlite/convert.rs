//! Between what SQLite keeps and what Pitlane means.

use pitlane_api::Timestamp;

use crate::store::{Error, Result, SecretHash};

/// A time as it is kept: nanoseconds since 1970, so that it compares as a number and comes back exactly.
pub(super) fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

/// A time as it was kept.
pub(super) fn time(nanos: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanos)).map_err(|error| Error::Corrupt(format!("a time: {error}")))
}

/// A time that may be absent.
pub(super) fn maybe_time(nanos: Option<i64>) -> Result<Option<Timestamp>> {
    nanos.map(time).transpose()
}

/// A hash as it was kept.
pub(super) fn hash(bytes: &[u8]) -> Result<SecretHash> {
    SecretHash::from_bytes(bytes).ok_or_else(|| Error::Corrupt("a hash that is not 32 bytes long".into()))
}

/// A value as it is kept in a text column.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    pitlane_api::to_json(value).map_err(|error| Error::Other(format!("cannot be kept as JSON: {error}")))
}

/// A value as it was kept in a text column.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    pitlane_api::from_json(text).map_err(|error| Error::Corrupt(format!("{what}: {error}")))
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let words = match &error {
            sqlx::Error::Database(inner) => inner.message().to_owned(),
            other => other.to_string(),
        };
        match &error {
            sqlx::Error::Database(inner) => {
                let code = inner.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                // The low byte is the primary result code; https://sqlite.org/rescode.html
                match code & 0xff {
                    5 | 6 => Error::Busy(words),
                    3 | 8 => Error::ReadOnly(words),
                    13 => Error::Full(words),
                    10 | 14 => Error::Io(words),
                    11 | 26 => Error::Corrupt(words),
                    _ => Error::Other(words),
                }
            }
            sqlx::Error::PoolTimedOut => Error::Busy("too many writes are waiting".into()),
            sqlx::Error::Io(_) => Error::Io(words),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Error::Corrupt(words),
            sqlx::Error::Migrate(_) => Error::Other(format!("bringing the schema up to date failed: {words}")),
            _ => Error::Other(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_exactly() {
        let at: Timestamp = "2026-11-23T00:31:28.123456789Z".parse().unwrap();
        assert_eq!(time(nanos(at)), Ok(at));
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
    }
}
