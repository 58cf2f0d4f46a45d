//! Sentences that go over the wire, and what they are made of.
//!
//! A sentence is English where it stands, for people with `curl` and for the CLI. Beside it an answer, an event or a stored body carries in
//! `words` what its sentences were made of: the template and its values, once for each. A client that speaks another language looks the
//! template up in its catalogue; one that knows nothing of this shows the English. See docs/adr/0013.
//!
//! Whoever writes calls [`to_json`], whoever reads [`from_json`] or [`crate::read_json`]. Between the two ends a sentence is one [`Words`].

use std::{cell::RefCell, collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::Read;

/// The template of a value that is a time, so that a client can write it as its reader's place does.
pub const TIME: &str = "{}";

/// The name of the member that holds a [`Glossary`].
const MEMBER: &str = "words";

/// What the sentences of an answer were made of, by their English.
pub type Glossary = BTreeMap<String, Said>;

/// A sentence for a person: Pitlane's own, made by [`crate::say!`], or a [`Words::plain`] one that nobody translates.
#[derive(Clone, Default)]
pub struct Words {
    english: String,
    said: Option<Box<Said>>,
}

/// What a sentence was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Said {
    /// The English template: the id in the catalogues. `{}` stands for the next value, `{n}` for the number that is counted.
    pub id: String,
    /// The same for any other number than one, where it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub many: Option<String>,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// The values, in the order of the template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Value>))]
    pub args: Vec<Arg>,
}

/// A value within a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A name, a reason, what somebody else said: stays as it is.
    Data(String),
    /// A whole number, written as the language writes it.
    Number(u64),
    /// Words of Pitlane's again.
    Said(Said),
}

impl Said {
    /// In a language: `find` knows its templates, of a plural the form for a number, and `write` its numbers and what others said.
    pub fn render(&self, find: &dyn Fn(&Said) -> String, write: &dyn Fn(&Arg) -> String) -> String {
        let value = |arg: &Arg| match arg {
            Arg::Said(said) => said.render(find, write),
            other => write(other),
        };
        let values: Vec<String> = self.args.iter().map(value).collect();
        fill(&find(self), &values, &self.n.map(|n| write(&Arg::Number(n))).unwrap_or_default())
    }

    fn english(&self) -> String {
        let find = |said: &Said| said.many.as_ref().filter(|_| said.n != Some(1)).unwrap_or(&said.id).clone();
        let write = |arg: &Arg| match arg {
            Arg::Data(text) => text.clone(),
            Arg::Number(n) => n.to_string(),
            Arg::Said(said) => said.english(),
        };
        self.render(&find, &write)
    }
}

/// Puts values into the places of a template. A place without a value stays empty.
fn fill(template: &str, values: &[String], n: &str) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut next = 0;
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        if name == "n" {
            text.push_str(n);
        } else {
            let at = name.parse().unwrap_or(next);
            next += usize::from(name.is_empty());
            text.push_str(values.get(at).map_or("", String::as_str));
        }
        text.push_str(rest);
    }
    text
}

impl Words {
    /// Called by [`crate::say!`].
    pub fn said(id: &'static str, args: Vec<Arg>) -> Self {
        Self::of(Said { id: id.to_owned(), many: None, n: None, args })
    }

    /// Called by [`crate::say!`].
    pub fn counted(one: &'static str, many: &'static str, n: impl TryInto<u64>, args: Vec<Arg>) -> Self {
        Self::of(Said { id: one.to_owned(), many: Some(many.to_owned()), n: Some(n.try_into().unwrap_or(u64::MAX)), args })
    }

    fn of(said: Said) -> Self {
        Self { english: said.english(), said: Some(Box::new(said)) }
    }

    /// What nobody translates: a name, a figure, what an engine or a person said.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { english: text.into(), said: None }
    }

    /// As they were kept, with what they were made of.
    pub fn kept(english: String, made_of: Option<Said>) -> Self {
        Self { english, said: made_of.map(Box::new) }
    }

    /// The English.
    pub fn english(&self) -> &str {
        &self.english
    }

    /// What they were made of; `None` of plain ones, and of those of a server that does not say.
    pub fn made_of(&self) -> Option<&Said> {
        self.said.as_deref()
    }

    /// One list of several: `a, b, c`.
    pub fn listed(all: impl IntoIterator<Item = Words>) -> Self {
        all.into_iter().reduce(|list, next| crate::say!("{}, {}", list, next)).unwrap_or_default()
    }

    /// Several in one line, each on its own: `a; b; c`.
    pub fn in_line(all: impl IntoIterator<Item = Words>) -> Self {
        all.into_iter().reduce(|line, next| crate::say!("{}; {}", line, next)).unwrap_or_default()
    }

    /// Sentence after sentence.
    pub fn after(self, before: Words) -> Self {
        crate::say!("{} {}", before, self)
    }
}

/// Where only English is wanted: the CLI, logs.
impl std::ops::Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        &self.english
    }
}

/// What is said counts, not how it came to be.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.english == other.english
    }
}

impl Eq for Words {}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        self.english == *other
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.english, f)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.english)
    }
}

/// A sentence of Pitlane's, in gettext's style as the console's `tr!`:
///
/// - `say!("This node is being removed.")`, and with values: `say!("Overdue since {}.", at)`
/// - `say!("1 node" | "{n} nodes" % count)`: a number takes the form its language has for it
///
/// The house rules collect the templates for the catalogues. Whole sentences only: other languages order words otherwise.
#[macro_export]
macro_rules! say {
    ($one:literal | $many:literal % $n:expr $(, $value:expr)* $(,)?) => {
        $crate::Words::counted($one, $many, $n, ::std::vec![$($crate::Arg::from($value)),*])
    };
    ($message:literal $(, $value:expr)* $(,)?) => {
        $crate::Words::said($message, ::std::vec![$($crate::Arg::from($value)),*])
    };
}

impl From<Words> for Arg {
    fn from(words: Words) -> Self {
        match words.said {
            Some(said) => Arg::Said(*said),
            None => Arg::Data(words.english),
        }
    }
}

impl From<&Words> for Arg {
    fn from(words: &Words) -> Self {
        words.clone().into()
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Data(text)
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Arg::Data(text.clone())
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Data(text.to_owned())
    }
}

/// A time within a sentence: RFC 3339 for whoever does not know that it is one.
impl From<Timestamp> for Arg {
    fn from(at: Timestamp) -> Self {
        Arg::Said(Said { id: TIME.to_owned(), many: None, n: None, args: vec![Arg::Data(format!("{at:.0}"))] })
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Arg::Number(number.try_into().unwrap_or(u64::MAX))
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Arg::Number(number.into())
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Arg::Number(number)
    }
}

thread_local! {
    /// Of what is being written or read on this thread just now.
    static GLOSSARY: RefCell<Option<Glossary>> = const { RefCell::new(None) };
}

/// With this glossary at hand; gives back what became of it.
fn beside<R>(glossary: Glossary, work: impl FnOnce() -> R) -> (R, Glossary) {
    let outer = GLOSSARY.replace(Some(glossary));
    let done = work();
    (done, GLOSSARY.replace(outer).unwrap_or_default())
}

/// Collects what the sentences that are written meanwhile were made of.
pub(crate) fn collecting<R>(write: impl FnOnce() -> R) -> (R, Glossary) {
    beside(Glossary::new(), write)
}

/// Reads sentences with what they were made of.
pub(crate) fn knowing<R>(glossary: Glossary, read: impl FnOnce() -> R) -> R {
    beside(glossary, read).0
}

fn known(english: String) -> Words {
    let said = GLOSSARY.with_borrow(|glossary| glossary.as_ref()?.get(&english).cloned());
    Words::kept(english, said)
}

/// As JSON, with what its sentences were made of in `words`.
///
/// # Errors
/// Those of serde.
pub fn to_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let (text, glossary) = collecting(|| serde_json::to_string(value));
    let mut text = text?;
    if glossary.is_empty() || !text.ends_with('}') {
        return Ok(text);
    }
    text.pop();
    if !text.ends_with('{') {
        text.push(',');
    }
    text.push_str(&format!("\"{MEMBER}\":{}}}", serde_json::to_string(&glossary)?));
    Ok(text)
}

/// What [`to_json`] wrote.
///
/// # Errors
/// Those of serde.
pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    #[derive(Deserialize)]
    struct Beside {
        #[serde(default)]
        words: Glossary,
    }
    let glossary = serde_json::from_str(text).map(|Beside { words }| words).unwrap_or_default();
    knowing(glossary, || serde_json::from_str(text))
}

/// The same for [`crate::read_json`]: a value with its `words` at hand.
pub(crate) fn read_knowing<T: Read>(mut value: Value) -> Option<T> {
    let glossary = value.as_object_mut().and_then(|map| map.remove(MEMBER)).and_then(Glossary::read).unwrap_or_default();
    knowing(glossary, || T::read(value))
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(said) = &self.said {
            GLOSSARY.with_borrow_mut(|glossary| {
                if let Some(glossary) = glossary {
                    glossary.entry(self.english.clone()).or_insert_with(|| (**said).clone());
                }
            });
        }
        serializer.serialize_str(&self.english)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(known)
    }
}

impl Read for Words {
    fn read(value: Value) -> Option<Self> {
        String::read(value).map(known)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl Read for Said {
    fn read(value: Value) -> Option<Self> {
        let mut map = crate::read::fields(value);
        Some(Self {
            id: crate::read::field(&mut map, "id")?,
            many: crate::read::field(&mut map, "many")?,
            n: crate::read::field(&mut map, "n")?,
            args: crate::read::field(&mut map, "args")?,
        })
    }
}

impl Read for Arg {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Arg::Data(text)),
            Value::Number(number) => number.as_u64().map(Arg::Number),
            other => Said::read(other).map(Arg::Said),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Words {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    wire! {
        /// For these tests.
        pub struct Told {
            /// One.
            pub message: Words,
            /// Several.
            pub notes: Vec<Words>,
        }
    }

    fn told() -> Told {
        let list = Words::listed([crate::say!("not read"), Words::plain("sda")]);
        Told {
            message: crate::say!("1 disk of {}: {}" | "{n} disks of {}: {}" % 2_usize, "edge-1", list),
            notes: vec![Words::plain("sda"), crate::say!("not read")],
        }
    }

    #[test]
    fn english_stands_where_it_always_stood_and_its_parts_beside_it() {
        let text = to_json(&told()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["message"], "2 disks of edge-1: not read, sda");
        assert_eq!(value["notes"], serde_json::json!(["sda", "not read"]));
        let made = serde_json::json!({
            "id": "1 disk of {}: {}", "many": "{n} disks of {}: {}", "n": 2,
            "args": ["edge-1", {"id": "{}, {}", "args": [{"id": "not read"}, "sda"]}]
        });
        assert_eq!(value["words"]["2 disks of edge-1: not read, sda"], made);
        assert_eq!(value["words"].as_object().map(|words| words.len()), Some(2), "what is plain has no parts");
    }

    #[test]
    fn both_readers_find_the_parts_again() {
        let text = to_json(&told()).unwrap();
        for read in [from_json::<Told>(&text).unwrap(), crate::read_json(&text).unwrap()] {
            assert_eq!(read, told());
            assert_eq!(read.message.made_of(), told().message.made_of());
            assert_eq!(read.notes[0].made_of(), None);
        }
        let older: Told = crate::read_json(r#"{"message": "Hello", "notes": []}"#).unwrap();
        assert_eq!((older.message.english(), older.message.made_of()), ("Hello", None));
    }

    #[test]
    fn a_time_is_known_as_one() {
        let said = crate::say!("Planned for {}.", Timestamp::UNIX_EPOCH);
        assert_eq!(said, "Planned for 1970-01-01T00:00:00Z.");
        let mark = |said: &Said| if said.id == TIME { "<{}>".to_owned() } else { said.id.clone() };
        let write = |arg: &Arg| if let Arg::Data(text) = arg { text.clone() } else { String::new() };
        assert_eq!(said.made_of().map(|said| said.render(&mark, &write)).as_deref(), Some("Planned for <1970-01-01T00:00:00Z>."));
    }

    #[test]
    fn one_and_many_and_any_order() {
        assert_eq!(crate::say!("1 node" | "{n} nodes" % 1_u32), "1 node");
        assert_eq!(crate::say!("1 node" | "{n} nodes" % 0_u32), "0 nodes");
        assert_eq!(fill("{1}, davon {0}", &["2".into(), "3".into()], ""), "3, davon 2");
        assert_eq!(fill("{} {", &[], ""), " ");
    }
}
