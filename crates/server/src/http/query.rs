//! Reads the query of a request, parameter by parameter, so that each refusal names its own.

use pitlane_api::Words;
use std::str::FromStr;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{App, problem::Problem};

/// The query of a request, as pairs. A parameter that is given twice is a list where lists are taken, else the last counts.
pub struct Query(Vec<(String, String)>);

impl FromRequestParts<App> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A text of at most `max` characters. Empty is as if it were not there.
    pub fn text(&self, name: &str, max: usize) -> Result<Option<String>, Problem> {
        let Some((_, value)) = self.0.iter().rev().find(|(key, value)| key == name && !value.is_empty()) else { return Ok(None) };
        if value.chars().count() > max || value.contains('\0') {
            return Err(Problem::field(name, Words::plain(format!("must have at most {max} characters"))));
        }
        Ok(Some(value.clone()))
    }

    /// Anything that reads itself from text; `what` says what would do.
    pub fn parsed<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name, 200)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Problem::field(name, Words::plain(format!("must be {what}"))))
    }

    /// A whole number within bounds.
    pub fn number(&self, name: &str, low: u32, high: u32) -> Result<Option<u32>, Problem> {
        let what = format!("a whole number from {low} to {high}");
        match self.parsed::<u32>(name, &what)? {
            Some(number) if !(low..=high).contains(&number) => Err(Problem::field(name, Words::plain(format!("must be {what}")))),
            other => Ok(other),
        }
    }

    /// A list of texts: given several times, each at most 200 characters and at most 50 in all.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Problem> {
        let values: Vec<String> = self.0.iter().filter(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone()).collect();
        if values.len() > 50 || values.iter().any(|value| value.chars().count() > 200 || value.contains('\0')) {
            return Err(Problem::field(name, Words::plain("must be at most 50 values of at most 200 characters")));
        }
        Ok(values)
    }

    /// A list of words of the contract: separated by commas, or given several times. One that is not known is refused.
    pub fn words<T: Copy>(&self, name: &str, known: &[T], word: fn(T) -> &'static str) -> Result<Vec<T>, Problem> {
        let texts = self.texts(name)?;
        let given = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
        given
            .map(|text| {
                known.iter().copied().find(|candidate| word(*candidate) == text).ok_or_else(|| {
                    let words: Vec<_> = known.iter().map(|candidate| word(*candidate)).collect();
                    Problem::field(name, Words::plain(format!("must be one of {}", words.join(", "))))
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use pitlane_api::Health;

    use super::*;

    #[test]
    fn parameters_are_read_one_by_one() {
        let query = Query::read("q=edge%20fra&limit=20&health=healthy,degraded&health=offline&label=a&label=b&empty=");
        assert_eq!(query.text("q", 10).unwrap(), Some("edge fra".into()));
        assert_eq!(query.number("limit", 1, 500).unwrap(), Some(20));
        assert_eq!(query.words("health", Health::ALL, Health::as_str).unwrap(), [Health::Healthy, Health::Degraded, Health::Offline]);
        assert_eq!(query.texts("label").unwrap(), ["a", "b"]);
        assert_eq!(query.text("empty", 10).unwrap(), None);
        assert_eq!(query.text("missing", 10).unwrap(), None);
        for wrong in [query.number("limit", 30, 500).err(), query.number("q", 1, 2).err(), query.text("q", 3).err()] {
            assert_eq!(wrong.unwrap().status(), 422);
        }
        assert!(Query::read("health=sick").words("health", Health::ALL, Health::as_str).is_err());
    }
}
