//! The languages of the page: its few words are looked up in the console's own catalogues, once, when somebody first asks for them.
//!
//! Only the page speaks them. The preview, the picture, the badge and what `curl` gets are English, whoever asks: they are passed on.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::{HeaderMap, header};
use pitlane_api::{Arg, Said, Timestamp, Words, say, seconds_between};
use serde_json::{Value, json};

/// A language with what it calls things.
pub struct Language {
    pub code: &'static str,
    pub dir: &'static str,
    catalogue: BTreeMap<String, String>,
}

static LANGUAGES: LazyLock<[Language; 3]> = LazyLock::new(|| {
    let known = |code, dir, catalogue| Language { code, dir, catalogue: read(catalogue) };
    [
        known("en", "ltr", ""),
        known("de", "ltr", include_str!("../../../../../assets/i18n/de.po")),
        known("ar", "rtl", include_str!("../../../../../assets/i18n/ar.po")),
    ]
});

/// Messages without context and plural, which is all that is said here.
fn read(catalogue: &str) -> BTreeMap<String, String> {
    let text = |block: &str, name: &str| {
        let quoted = block.lines().find_map(|line| line.strip_prefix(name))?;
        serde_json::from_str::<String>(quoted.trim()).ok()
    };
    let blocks = catalogue.split("\n\n").filter(|block| !block.contains("\nmsgctxt "));
    blocks.filter_map(|block| Some((text(block, "msgid ")?, text(block, "msgstr ")?))).collect()
}

/// The first language of the reader's that there is, as the browser orders them; else English.
pub fn of(headers: &HeaderMap) -> &'static Language {
    let [english, ..] = &*LANGUAGES;
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut wanted: Vec<(f32, &Language)> = Vec::new();
    for part in asked.split(',') {
        let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let base = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        wanted.extend(LANGUAGES.iter().filter(|language| weight > 0.0 && language.code == base).map(|language| (weight, language)));
    }
    wanted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    wanted.first().map_or(english, |(_, language)| language)
}

impl Language {
    /// Words of ours, in this language; what the catalogue lacks stays English.
    pub fn tell(&self, words: &Words) -> String {
        let find = |said: &Said| self.catalogue.get(&said.id).unwrap_or(&said.id).clone();
        let write = |arg: &Arg| match arg {
            Arg::Data(text) => text.clone(),
            Arg::Number(n) => n.to_string(),
            // Rendered by itself.
            Arg::Said(_) => String::new(),
        };
        words.made_of().map_or_else(|| words.english().to_owned(), |said| said.render(&find, &write))
    }

    /// How long ago.
    pub fn ago(&self, at: Timestamp, now: Timestamp) -> String {
        self.tell(&say!("{} ago", span(seconds_between(at, now))))
    }

    /// What the script says by itself: `{}` stands for what it counts.
    pub fn templates(&self) -> Value {
        json!(script().map(|(name, words)| (name, self.tell(&words))).into_iter().collect::<BTreeMap<_, _>>())
    }
}

fn script() -> [(&'static str, Words); 12] {
    let place = || "{}";
    [
        ("s", say!("{} s", place())),
        ("min", say!("{} min", place())),
        ("h", say!("{} h", place())),
        ("hMin", say!("{} h {} min", place(), place())),
        ("d", say!("{} d", place())),
        ("ago", say!("{} ago", place())),
        ("in", say!("in {}", place())),
        ("overdue", say!("overdue by {}", place())),
        ("live", say!("Live")),
        ("away", say!("Reconnecting")),
        ("lost", say!("The connection to Pitlane is lost.")),
        ("old", say!("What you see is {} old.", place())),
    ]
}

/// As the console writes it, see `src/model/format.rs`.
pub fn span(seconds: u64) -> Words {
    match seconds {
        0..60 => say!("{} s", seconds),
        60..3_600 => say!("{} min", seconds / 60),
        3_600..86_400 if seconds % 3_600 < 60 => say!("{} h", seconds / 3_600),
        3_600..86_400 => say!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => say!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_s_first_language_that_there_is() {
        let code = |accept: &'static str| of(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accept.parse().unwrap())])).code;
        assert_eq!(code("de-AT,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(code("fr;q=0.9,ar-EG;q=0.5,en;q=0.4"), "ar");
        assert_eq!(code("en;q=0.4, DE;q=0.5"), "de");
        assert_eq!(code("fr, de;q=0"), "en");
        assert_eq!(code("en-GB,en;q=0.9,de;q=0.8"), "en");
    }

    #[test]
    fn every_word_of_the_script_is_in_each_catalogue() {
        for language in LANGUAGES.iter().skip(1) {
            for (_, words) in script() {
                let id = &words.made_of().unwrap().id;
                assert!(language.catalogue.contains_key(id), "{} does not have “{id}”", language.code);
            }
        }
        assert_eq!(LANGUAGES[1].templates()["old"], "Was Sie sehen, ist {} alt.");
    }
}
