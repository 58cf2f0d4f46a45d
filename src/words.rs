//! Every word a person reads goes through [`tr!`]. English stands in the program, so that it needs no catalogue and costs a first visit
//! nothing; another language's way of speaking is handed to [`speak`] before anything is shown. Pure: where none is (in tests, and natively), it
//! is plain English.
//!
//! The format and the trait are those of the crate `tr`, which any tool for gettext understands. The macro is our own, because the
//! library's puts its lock and its look-up into each of several hundred calls.

use std::borrow::Cow;
use std::sync::OnceLock;

use ::tr::Translator;
use pitlane_api::{Arg, Said, TIME, Words};

/// What is between a context and its message in a catalogue, as gettext has it.
const CONTEXT_END: char = '\u{4}';

/// How a language is spoken; the browser knows, and hands it in.
pub struct Language {
    /// Finds a message in the catalogue; of a plural the form that a number takes. English has no catalogue.
    pub find: fn(&str, Option<u64>) -> Option<String>,
    /// Writes a number, to one decimal at most.
    pub write: fn(f64) -> String,
}

impl Translator for Language {
    fn translate<'a>(&'a self, string: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        (self.find)(&key(string, context), None).map_or(Cow::Borrowed(string), Cow::Owned)
    }

    fn ntranslate<'a>(&'a self, n: u64, singular: &'a str, plural: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        (self.find)(&key(singular, context), Some(n)).map_or(Cow::Borrowed(form(n, singular, plural)), Cow::Owned)
    }
}

fn key<'a>(message: &'a str, context: Option<&str>) -> Cow<'a, str> {
    context.map_or(Cow::Borrowed(message), |context| Cow::Owned(format!("{context}{CONTEXT_END}{message}")))
}

/// English has two.
fn form<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Speaks a language from now on. Once, before anything is shown.
pub fn speak(language: Language) {
    let _ = LANGUAGE.set(language);
}

/// A sentence in the language that is spoken. Called by [`tr!`].
pub fn say(context: Option<&'static str>, message: &'static str) -> String {
    match LANGUAGE.get() {
        Some(language) => language.translate(message, context).into_owned(),
        None => message.to_owned(),
    }
}

/// The form of a sentence for a number. Called by [`tr!`].
pub fn say_count(context: Option<&'static str>, one: &'static str, many: &'static str, n: u64) -> String {
    match LANGUAGE.get() {
        Some(language) => language.ntranslate(n, one, many, context).into_owned(),
        None => form(n, one, many).to_owned(),
    }
}

/// What the server says, in the language that is spoken: its template stands in the catalogue as our own messages do.
pub fn told(words: &Words) -> String {
    told_around(words, "{}")
}

/// The same, with times in it written into this template.
pub fn told_around(words: &Words, time: &str) -> String {
    match (LANGUAGE.get(), words.made_of()) {
        (Some(language), Some(said)) => in_language(language, said, time),
        _ => words.english().to_owned(),
    }
}

/// A text for a person, and whether it stays as it came on a page of another language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub text: String,
    pub foreign: bool,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, foreign: false }
    }
}

impl From<&Words> for Line {
    fn from(words: &Words) -> Self {
        Self { text: told(words), foreign: is_foreign(words) }
    }
}

/// A phrase as a sentence: with a capital, where its script has those, and a stop.
pub fn sentence(phrase: &str) -> String {
    let mut letters = phrase.trim_end_matches('.').chars();
    letters.next().map(|first| format!("{}{}.", first.to_ascii_uppercase(), letters.as_str())).unwrap_or_default()
}

/// Whether it stays as it came on a page of another language: what an engine said, or a sentence that this console does not know.
pub fn is_foreign(words: &Words) -> bool {
    let Some(language) = LANGUAGE.get() else { return false };
    words.made_of().is_none_or(|said| (language.find)(&said.id, said.n).is_none())
}

fn in_language(language: &Language, said: &Said, time: &str) -> String {
    let find = |said: &Said| match (&said.many, said.n) {
        _ if said.id == TIME => time.to_owned(),
        (Some(many), Some(n)) => language.ntranslate(n, &said.id, many, None).into_owned(),
        _ => language.translate(&said.id, None).into_owned(),
    };
    let write = |arg: &Arg| match arg {
        Arg::Data(text) => text.clone(),
        Arg::Number(n) => (language.write)(*n as f64),
        Arg::Said(said) => in_language(language, said, time),
    };
    said.render(&find, &write)
}

/// What can be counted.
pub trait Count: Copy {
    /// As the widest of them.
    fn count(self) -> u64;
}

impl Count for u64 {
    fn count(self) -> u64 {
        self
    }
}

impl Count for u32 {
    fn count(self) -> u64 {
        self.into()
    }
}

impl Count for usize {
    fn count(self) -> u64 {
        self.try_into().unwrap_or(u64::MAX)
    }
}

/// A whole number as the language writes it: `12,000`.
pub fn number(n: impl Count) -> String {
    written(n.count())
}

fn written(n: u64) -> String {
    match LANGUAGE.get() {
        Some(language) => (language.write)(n as f64),
        None => n.to_string(),
    }
}

/// A number to one decimal at most as the language writes it: `1.5`, and `33` for what is whole.
pub fn tenths(number: f64) -> String {
    match LANGUAGE.get() {
        Some(language) => (language.write)(number),
        None => crate::model::format::tenths(number).trim_end_matches(".0").to_owned(),
    }
}

/// Words for a person, in gettext's style:
///
/// - `tr!("Drain")`, and with values: `tr!("{} of {}", part, whole)`, `tr!("{name} is back", name = node.name)`
/// - `tr!("one node" | "{n} nodes" % count)`: a number takes the form its language has for it, and is written as its language writes it
/// - `tr!("verb" => "Drain")`: a context, where one English word is two in another language
///
/// A value that is a number itself is written by [`number`] first. Whole sentences only: other languages order words otherwise.
macro_rules! tr {
    ($one:literal | $many:literal % $n:expr) => {{
        let n = $crate::words::Count::count($n);
        ::tr::runtime_format!($crate::words::say_count(None, $one, $many, n), n = $crate::words::number(n))
    }};
    ($one:literal | $many:literal % $n:expr, $($values:tt)+) => {{
        let n = $crate::words::Count::count($n);
        ::tr::runtime_format!($crate::words::say_count(None, $one, $many, n), $($values)+, n = $crate::words::number(n))
    }};
    ($context:literal => $one:literal | $many:literal % $n:expr) => {{
        let n = $crate::words::Count::count($n);
        ::tr::runtime_format!($crate::words::say_count(Some($context), $one, $many, n), n = $crate::words::number(n))
    }};
    ($context:literal => $one:literal | $many:literal % $n:expr, $($values:tt)+) => {{
        let n = $crate::words::Count::count($n);
        ::tr::runtime_format!($crate::words::say_count(Some($context), $one, $many, n), $($values)+, n = $crate::words::number(n))
    }};
    ($context:literal => $message:literal) => {
        $crate::words::say(Some($context), $message)
    };
    ($context:literal => $message:literal, $($values:tt)+) => {
        ::tr::runtime_format!($crate::words::say(Some($context), $message), $($values)+)
    };
    ($message:literal) => {
        $crate::words::say(None, $message)
    };
    ($message:literal, $($values:tt)+) => {
        ::tr::runtime_format!($crate::words::say(None, $message), $($values)+)
    };
}
pub(crate) use tr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_becomes_a_sentence() {
        assert_eq!(sentence("the connection broke off"), "The connection broke off.");
        assert_eq!(sentence("It has a stop."), "It has a stop.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn english_needs_no_catalogue() {
        let (name, count) = ("edge-1", 3u32);
        assert_eq!(tr!("Drain"), "Drain");
        assert_eq!(tr!("{} of {}", 2, 3), "2 of 3");
        assert_eq!(tr!("{name} is back", name), "edge-1 is back");
        assert_eq!(tr!("one node" | "{n} nodes" % 1u64), "one node");
        assert_eq!(tr!("one node" | "{n} nodes" % count), "3 nodes");
        assert_eq!(tr!("one node in {}" | "{n} nodes in {}" % 12_000usize, "fra"), "12000 nodes in fra");
        assert_eq!(tr!("verb" => "Drain"), "Drain");
        assert_eq!(tr!("list" => "one of {}" | "{n} of {}" % 2u64, 7), "2 of 7");
    }

    #[test]
    fn words_are_found_by_context_and_form() {
        let find = |key: &str, n: Option<u64>| {
            let found = match (key, n) {
                ("Open", None) => "Offen",
                ("verb\u{4}Open", None) => "Öffnen",
                ("one node", Some(1)) => "ein Knoten",
                ("one node", Some(_)) => "{n} Knoten",
                _ => return None,
            };
            Some(found.to_owned())
        };
        let german = Language { find, write: |n| n.to_string() };
        assert_eq!(german.translate("Open", None), "Offen");
        assert_eq!(german.translate("Open", Some("verb")), "Öffnen");
        assert_eq!(german.translate("Close", None), "Close", "English where a word is missing");
        assert_eq!(german.ntranslate(1, "one node", "{n} nodes", None), "ein Knoten");
        assert_eq!(german.ntranslate(0, "one node", "{n} nodes", None), "{n} Knoten");
        assert_eq!(german.ntranslate(1, "one link", "{n} links", None), "one link");
    }

    #[test]
    fn what_the_server_says_is_said_in_the_language() {
        let find = |key: &str, n: Option<u64>| {
            let found = match (key, n) {
                ("Stopped at {}: {}", None) => "Bei {0} angehalten: {1}",
                ("1 workload on {}" | "{n} workloads on {}", Some(1)) => "1 Workload auf {}",
                ("1 workload on {}", Some(_)) => "{n} Workloads auf {}",
                _ => return None,
            };
            Some(found.to_owned())
        };
        let german = Language { find, write: |n| format!("{n}.") };
        let in_german = |said: &Words| said.made_of().map(|said| in_language(&german, said, "um {}"));
        let why = pitlane_api::say!("1 workload on {}" | "{n} workloads on {}" % 3_u32, "edge-1");
        let said = pitlane_api::say!("Stopped at {}: {}", "edge-2", why);
        assert_eq!(said, "Stopped at edge-2: 3 workloads on edge-1");
        assert_eq!(in_german(&said).as_deref(), Some("Bei edge-2 angehalten: 3. Workloads auf edge-1"));
        let newer = pitlane_api::say!("A sentence of tomorrow about {}.", "edge-1");
        assert_eq!(in_german(&newer).as_deref(), Some("A sentence of tomorrow about edge-1."));
        let timed = pitlane_api::say!("Stopped at {}: {}", "edge-2", pitlane_api::Timestamp::UNIX_EPOCH);
        assert_eq!(timed, "Stopped at edge-2: 1970-01-01T00:00:00Z", "in English it is a time for programs too");
        assert_eq!(in_german(&timed).as_deref(), Some("Bei edge-2 angehalten: um 1970-01-01T00:00:00Z"));
        assert_eq!(told(&said), "Stopped at edge-2: 3 workloads on edge-1", "English where no language is spoken");
    }
}
