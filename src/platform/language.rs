//! The language of the page: which there are, which one is shown, and its words, which `assets/boot.js` began to fetch before the program
//! was there. Names of languages come from the page: a new one needs no change here.

use std::cell::OnceCell;

use js_sys::Intl::{NumberFormat, PluralRules};
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;

use super::{locale, page, storage};
use crate::words::{self, Language as Spoken};

const KEY: &str = "pitlane.language";
/// The language that stands in the program itself.
pub const ENGLISH: &str = "en";

thread_local! {
    /// The catalogue as the browser read it, and the browser's rules for plurals.
    static WORDS: OnceCell<(JsValue, PluralRules)> = const { OnceCell::new() };
    /// How the browser writes a number, to one decimal at most. One for all of them: to make it takes milliseconds of the first card.
    static NUMBERS: OnceCell<Function> = const { OnceCell::new() };
}

/// A language that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// `de`
    pub code: String,
    /// In that language: `Deutsch`.
    pub name: String,
}

/// All that can be chosen, English first.
pub fn all() -> Vec<Language> {
    let mut all = vec![Language { code: ENGLISH.into(), name: "English".into() }];
    let Ok(links) = document().query_selector_all("link[rel=catalogue]") else { return all };
    for at in 0..links.length() {
        if let Some(link) = links.item(at).and_then(|link| link.dyn_into::<Element>().ok()) {
            let text = |name| link.get_attribute(name).unwrap_or_default();
            all.push(Language { code: text("hreflang"), name: text("title") });
        }
    }
    all
}

/// The code of the language that is shown.
pub fn current() -> String {
    document().document_element().and_then(|root| root.get_attribute("lang")).unwrap_or_else(|| ENGLISH.into())
}

/// Whether this browser was told which language to show.
pub fn is_chosen() -> bool {
    storage::get(KEY).is_some()
}

/// Chooses, for this browser and from now on. The page is loaded again, because every word on it changes.
pub fn choose(code: &str) {
    storage::set(KEY, code);
    page::reload();
}

/// Calls `start` once the words are there: at once for English. Where they did not arrive it is called with the language's name, and
/// English is spoken.
pub fn when_ready(start: impl FnOnce(Option<String>) + 'static) {
    let waited = Reflect::get(&window(), &"pitlaneWords".into()).ok().and_then(|words| words.dyn_into::<Promise>().ok());
    let Some(waited) = waited else {
        words::speak(Spoken { find, write });
        return start(None);
    };
    // Before the console is mounted there is no other executor.
    spawn_local(async move {
        let found = JsFuture::from(waited).await.ok().filter(JsValue::is_object);
        let missing = found.is_none().then(fall_back);
        if let Some(found) = found {
            let rules = PluralRules::new(&Array::of1(&current().into()), &Object::new());
            WORDS.with(|words| words.set((found, rules)).ok());
        }
        words::speak(Spoken { find, write });
        start(missing);
    });
}

fn fall_back() -> String {
    let code = current();
    let name = all().into_iter().find(|language| language.code == code).map_or(code, |language| language.name);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("lang", ENGLISH);
        let _ = root.remove_attribute("dir");
    }
    name
}

/// A catalogue has a text for a message, or one for each form that the browser names.
fn find(message: &str, n: Option<u64>) -> Option<String> {
    WORDS.with(|words| {
        let (words, rules) = words.get()?;
        let found = Reflect::get(words, &message.into()).ok()?;
        // What is counted elsewhere and said alone here takes the form of one, as with gettext.
        found.as_string().or_else(|| Reflect::get(&found, &rules.select(n.unwrap_or(1) as f64)).ok()?.as_string())
    })
}

fn write(number: f64) -> String {
    NUMBERS.with(|numbers| {
        let writer = numbers.get_or_init(writer);
        writer.call1(&JsValue::NULL, &number.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
    })
}

fn writer() -> Function {
    let options = Object::new();
    let _ = Reflect::set(&options, &"maximumFractionDigits".into(), &1.into());
    NumberFormat::new(&Array::of1(&locale::name().into()), &options).format()
}
