//! The language of the page: which there are, which one is shown, and its words, which `assets/boot.js` began to fetch before the program
//! was there. Names of languages come from the page: a new one needs no change here.

use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::{Array, Intl::PluralRules, Number, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::{locale, page, storage};
use crate::words::{self, Numbers, Words};

const KEY: &str = "pitlane.language";
/// The language that stands in the program itself.
pub const ENGLISH: &str = "en";
/// The order that catalogues have their forms in.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

thread_local! {
    static RULES: RefCell<Option<(PluralRules, Vec<String>)>> = const { RefCell::new(None) };
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
        words::write_numbers(numbers());
        return start(None);
    };
    spawn_local(async move {
        let found = JsFuture::from(waited).await.ok().and_then(|words| words.dyn_into::<Object>().ok());
        let missing = match found {
            Some(found) => {
                words::speak(read(&found));
                None
            }
            None => Some(fall_back()),
        };
        words::write_numbers(numbers());
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

fn read(found: &Object) -> Words {
    let mut messages = HashMap::new();
    for entry in Object::entries(found) {
        let entry = Array::from(&entry);
        let (Some(message), value) = (entry.get(0).as_string(), entry.get(1)) else { continue };
        let forms = match value.as_string() {
            Some(only) => vec![only],
            None => Array::from(&value).iter().filter_map(|form| form.as_string()).collect(),
        };
        messages.insert(message, forms);
    }
    let rules = PluralRules::new(&Array::of1(&current().into()), &Object::new());
    let known = Reflect::get(&rules.resolved_options(), &"pluralCategories".into()).map(|list| Array::from(&list)).unwrap_or_default();
    let known: Vec<String> = known.iter().filter_map(|name| name.as_string()).collect();
    let order = CATEGORIES.iter().filter(|name| known.iter().any(|known| known == *name)).map(|name| (*name).to_owned()).collect();
    RULES.set(Some((rules, order)));
    Words { messages, form }
}

/// The form of the catalogue that the browser's rules have for a number.
fn form(n: u64) -> usize {
    RULES
        .with_borrow(|rules| {
            let (rules, order) = rules.as_ref()?;
            let category = String::from(rules.select(n as f64));
            order.iter().position(|name| *name == category)
        })
        .unwrap_or(0)
}

/// How the browser writes numbers in this language, read from what it writes.
fn numbers() -> Numbers {
    let locale = locale::name();
    let write = |number: f64| String::from(Number::from(number).to_locale_string(&locale));
    let zero = write(0.0).chars().next().unwrap_or('0');
    let is_digit = |letter: char| (u32::from(zero)..u32::from(zero) + 10).contains(&u32::from(letter));
    let between = |number: f64| write(number).trim_matches(is_digit).chars().take_while(|letter| !is_digit(*letter)).collect::<String>();
    Numbers { zero, point: between(0.5), group: between(1_000_000.0) }
}
