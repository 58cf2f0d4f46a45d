//! Times in the browser's locale and time zone.

use jiff::Timestamp;
use js_sys::{Date, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsValue;

fn date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_f64(at.as_millisecond() as f64))
}

fn language() -> String {
    window().navigator().language().unwrap_or_else(|| "en".to_owned())
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
    date(at).to_locale_string(&language(), &options).into()
}

/// Hours, minutes and seconds.
pub fn time(at: Timestamp) -> String {
    date(at).to_locale_time_string(&language()).into()
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
    date(at).to_locale_string(&language(), &options).into()
}

/// The day, for headings of a log.
pub fn day(at: Timestamp) -> String {
    let options = Object::new();
    let _ = Reflect::set(&options, &"dateStyle".into(), &"full".into());
    date(at).to_locale_date_string(&language(), &options).into()
}

/// Reads the value of a `datetime-local` field, which is in the browser's time zone.
pub fn parse_field(value: &str) -> Option<Timestamp> {
    let ms = Date::parse(value);
    if ms.is_nan() { None } else { Timestamp::from_millisecond(ms as i64).ok() }
}

/// The value of a `datetime-local` field for a time.
pub fn field(at: Timestamp) -> String {
    let date = date(at);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}", date.get_full_year(), date.get_month() + 1, date.get_date(), date.get_hours(), date.get_minutes())
}
