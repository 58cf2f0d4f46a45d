//! Every word a person reads goes through [`tr!`]. English stands in the program, so that it needs no catalogue and costs a first visit
//! nothing; another language's words are handed to [`speak`] before anything is shown. Pure: where none are (in tests, and natively), it
//! is English.
//!
//! The format and the trait are those of the crate `tr`, which any tool for gettext understands. The macro is our own, because the
//! library's puts its lock and its look-up into each of several hundred calls.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use ::tr::Translator;

/// What is between a context and its message in a catalogue, as gettext has it.
const CONTEXT_END: char = '\u{4}';

/// The words of a language.
pub struct Words {
    /// By message; the forms of a plural in the order of the catalogue.
    pub messages: HashMap<String, Vec<String>>,
    /// Which form a number takes.
    pub form: fn(u64) -> usize,
}

impl Words {
    fn find<'a>(&'a self, message: &str, context: Option<&str>, form: usize) -> Option<Cow<'a, str>> {
        let forms = match context {
            Some(context) => self.messages.get(&format!("{context}{CONTEXT_END}{message}")),
            None => self.messages.get(message),
        };
        forms?.get(form).map(|text| Cow::Borrowed(text.as_str()))
    }
}

impl Translator for Words {
    fn translate<'a>(&'a self, string: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        self.find(string, context, 0).unwrap_or(Cow::Borrowed(string))
    }

    fn ntranslate<'a>(&'a self, n: u64, singular: &'a str, plural: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        self.find(singular, context, (self.form)(n)).unwrap_or(Cow::Borrowed(if n == 1 { singular } else { plural }))
    }
}

/// How a language writes numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The digit zero; the other nine follow it.
    pub zero: char,
    /// Between whole numbers and tenths.
    pub point: String,
    /// Between thousands.
    pub group: String,
}

static WORDS: OnceLock<Words> = OnceLock::new();
static NUMBERS: OnceLock<Numbers> = OnceLock::new();

/// Speaks another language than English from now on. Once, before anything is shown.
pub fn speak(words: Words) {
    let _ = WORDS.set(words);
}

/// Writes numbers in another way than English does. Once, before anything is shown.
pub fn write_numbers(numbers: Numbers) {
    let _ = NUMBERS.set(numbers);
}

/// A sentence in the language that is spoken. Called by [`tr!`].
pub fn say(context: Option<&'static str>, message: &'static str) -> String {
    match WORDS.get() {
        Some(words) => words.translate(message, context).into_owned(),
        None => message.to_owned(),
    }
}

/// The form of a sentence for a number. Called by [`tr!`].
pub fn say_count(context: Option<&'static str>, one: &'static str, many: &'static str, n: u64) -> String {
    match WORDS.get() {
        Some(words) => words.ntranslate(n, one, many, context).into_owned(),
        None => if n == 1 { one } else { many }.to_owned(),
    }
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
    written(&n.count().to_string(), NUMBERS.get())
}

/// Digits, with a point where there are tenths, as the language writes them. Signs and units stay as they are.
pub fn digits(plain: &str) -> String {
    written(plain, NUMBERS.get())
}

fn written(plain: &str, numbers: Option<&Numbers>) -> String {
    let (zero, point, group) = numbers.map_or(('0', ".", ","), |n| (n.zero, n.point.as_str(), n.group.as_str()));
    let whole = plain.split('.').next().unwrap_or_default().chars().filter(char::is_ascii_digit).count();
    let mut text = String::with_capacity(plain.len() + 4);
    let mut left = Some(whole);
    for letter in plain.chars() {
        match (letter.to_digit(10), left) {
            (Some(digit), left_now) => {
                if left_now.is_some_and(|left| left < whole && left % 3 == 0) {
                    text.push_str(group);
                }
                text.push(char::from_u32(u32::from(zero) + digit).unwrap_or(letter));
                left = left_now.map(|left| left.saturating_sub(1));
            }
            (None, _) if letter == '.' => {
                text.push_str(point);
                left = None;
            }
            _ => text.push(letter),
        }
    }
    text
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
    use proptest::prelude::*;

    #[test]
    fn english_needs_no_catalogue() {
        let (name, count) = ("edge-1", 3u32);
        assert_eq!(tr!("Drain"), "Drain");
        assert_eq!(tr!("{} of {}", 2, 3), "2 of 3");
        assert_eq!(tr!("{name} is back", name), "edge-1 is back");
        assert_eq!(tr!("one node" | "{n} nodes" % 1u64), "one node");
        assert_eq!(tr!("one node" | "{n} nodes" % count), "3 nodes");
        assert_eq!(tr!("one node in {}" | "{n} nodes in {}" % 12_000usize, "fra"), "12,000 nodes in fra");
        assert_eq!(tr!("verb" => "Drain"), "Drain");
        assert_eq!(tr!("list" => "one of {}" | "{n} of {}" % 2u64, 7), "2 of 7");
    }

    #[test]
    fn words_are_found_by_context_and_form() {
        let messages = [("Open", vec!["Offen"]), ("verb\u{4}Open", vec!["Öffnen"]), ("one node", vec!["ein Knoten", "{n} Knoten"])];
        let owned = |(key, forms): (&str, Vec<&str>)| (key.to_owned(), forms.into_iter().map(str::to_owned).collect());
        let words = Words { messages: messages.into_iter().map(owned).collect(), form: |n| usize::from(n != 1) };
        assert_eq!(words.translate("Open", None), "Offen");
        assert_eq!(words.translate("Open", Some("verb")), "Öffnen");
        assert_eq!(words.translate("Close", None), "Close", "English where a word is missing");
        assert_eq!(words.ntranslate(1, "one node", "{n} nodes", None), "ein Knoten");
        assert_eq!(words.ntranslate(0, "one node", "{n} nodes", None), "{n} Knoten");
        assert_eq!(words.ntranslate(1, "one link", "{n} links", None), "one link");
    }

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let arabic = Numbers { zero: '٠', point: "٫".into(), group: "٬".into() };
        assert_eq!(written("12345.6", Some(&arabic)), "١٢٬٣٤٥٫٦");
        assert_eq!(written("-1234567", None), "-1,234,567");
        assert_eq!(written("999", None), "999");
        assert_eq!(written("0.5", Some(&Numbers { zero: '0', point: ",".into(), group: ".".into() })), "0,5");
    }

    proptest! {
        #[test]
        fn grouping_changes_no_digit(n: u64) {
            prop_assert_eq!(number(n).replace(',', ""), n.to_string());
        }
    }
}
