//! Times in the browser's time zone, and in its locale as far as that goes with the language of the page.

use std::cell::OnceCell;

use jiff::Timestamp;
use js_sys::{Date, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsValue;

use super::language;

thread_local! {
    static LOCALE: OnceCell<String> = const { OnceCell::new() };
}

fn date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_f64(at.as_millisecond() as f64))
}

/// The browser's locale of the page's language: for a page in German `de-AT`, where the browser has that among its languages. Whoever
/// reads English because the console does not speak their language keeps their own way of writing numbers and times.
pub fn name() -> String {
    LOCALE.with(|locale| locale.get_or_init(find).clone())
}

fn find() -> String {
    let language = language::current();
    let has = |name: &String| name.split('-').next() == Some(language.as_str());
    let mine = window().navigator().languages().iter().filter_map(|name| name.as_string()).find(has);
    let unspoken = || window().navigator().language().filter(|_| !language::is_chosen() && language == language::ENGLISH);
    mine.or_else(unspoken).unwrap_or(language)
}

/// For a program that reads the page.
pub fn iso(at: Timestamp) -> String {
    date(at).to_iso_string().into()
}

/// Date and time in full, for a title.
pub fn exact(at: Timestamp) -> String {
    let options = Object::new();
    let _ = Reflect::set(&options, &"dateStyle".into(), &"medium".into());
    let _ = Reflect::set(&options, &"timeStyle".into(), &"medium".into());
    date(at).to_locale_string(&name(), &options).into()
}

/// Hours, minutes and seconds.
pub fn time(at: Timestamp) -> String {
    date(at).to_locale_time_string(&name()).into()
}

/// Hours and minutes, and the date where it is another day than `now`.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    let options = Object::new();
    let _ = Reflect::set(&options, &"hour".into(), &"2-digit".into());
    let _ = Reflect::set(&options, &"minute".into(), &"2-digit".into());
    if day(at) != day(now) {
        let _ = Reflect::set(&options, &"day".into(), &"numeric".into());
        let _ = Reflect::set(&options, &"month".into(), &"short".into());
    }
    date(at).to_locale_string(&name(), &options).into()
}

/// The day, for headings of a log.
pub fn day(at: Timestamp) -> String {
    let options = Object::new();
    let _ = Reflect::set(&options, &"dateStyle".into(), &"full".into());
    date(at).to_locale_date_string(&name(), &options).into()
}

/// Reads the value of a `datetime-local` field, which is in the browser's time zone. The field knows more years than [`Timestamp`].
pub fn parse_field(value: &str) -> Option<Timestamp> {
    let ms = Date::parse(value);
    if ms.is_nan() { None } else { Timestamp::from_millisecond(ms as i64).ok().or(Some(Timestamp::MAX)) }
}

/// The name of that time zone: `Europe/Berlin`.
pub fn zone() -> String {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into()).ok().and_then(|zone| zone.as_string()).unwrap_or_default()
}

/// The value of a `datetime-local` field for a time.
pub fn field(at: Timestamp) -> String {
    let date = date(at);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}", date.get_full_year(), date.get_month() + 1, date.get_date(), date.get_hours(), date.get_minutes())
}
