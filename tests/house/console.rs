//! The rooms of the console (src/) and what each may know; and what may never stand in code that runs in the browser.

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};
use regex::Regex;

/// The rooms that a room may name as `crate::room`. `app` and the two roots may name all of them.
const MAY_KNOW: [(&str, &[&str]); 7] = [
    ("model", &["model"]),
    ("route", &["route", "model"]),
    ("platform", &["platform"]),
    ("api", &["api", "platform", "model"]),
    ("state", &["state", "api", "platform", "model"]),
    ("ui", &["ui", "platform", "model"]),
    ("pages", &["pages", "ui", "state", "api", "route", "model", "platform"]),
];

fn room(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("src/")?;
    Some(rest.split('/').next()?.trim_end_matches(".rs"))
}

fn room_edges(files: &[File]) -> Vec<Finding> {
    let named = Regex::new(r"\bcrate::(\w+)").unwrap();
    let grouped = Regex::new(r"\bcrate::\{").unwrap();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_ending(&["rs"])) {
        let Some((from, may)) = room(&file.path).and_then(|room| MAY_KNOW.iter().find(|(name, _)| *name == room)) else {
            continue;
        };
        for (number, line) in file.code() {
            for to in named.captures_iter(line).map(|capture| capture[1].to_owned()) {
                let is_room = MAY_KNOW.iter().any(|(name, _)| *name == to) || to == "app";
                if is_room && !may.contains(&to.as_str()) {
                    findings.push(file.finding(number, format!("src/{from} may not know src/{to}")));
                }
            }
            if grouped.is_match(line) {
                findings.push(file.finding(number, "name each room in a `use` of its own, so that this rule can read it"));
            }
        }
    }
    findings
}

#[test]
fn rooms_know_each_other_in_one_direction() {
    assert_clean("platform ← api → state → pages → app; ui knows the words of model, and none of api, state, route", room_edges(&tree()));
    assert_caught(room_edges(&sample("src/ui/badge.rs", "use crate::api::Client;\n")));
    assert_caught(room_edges(&sample("src/model/a.rs", "use crate::state::Fleet;\n")));
    assert_caught(room_edges(&sample("src/ui/badge.rs", "use crate::{api, model};\n")));
}

/// A word that only one room may use. `rooms`: those that may.
fn only_in(files: &[File], rooms: &[&str], pattern: &str, what: &str) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.has_ending(&["rs"]))
        .filter(|file| room(&file.path).is_some_and(|room| !rooms.contains(&room)))
        .flat_map(|file| file.matches(file.code(), pattern, what))
        .collect()
}

fn browser_words(files: &[File]) -> Vec<Finding> {
    let mut findings = only_in(files, &["platform"], r"\bweb_sys\b|\bjs_sys\b|\bgloo_timers\b", "only src/platform touches the browser");
    findings.extend(only_in(files, &["api"], r"\bgloo_net\b", "only src/api does HTTP"));
    findings.extend(only_in(files, &["api"], r#""/api/"#, "only src/api knows where the API is"));
    findings.extend(only_in(files, &["route", "api"], r#""/([a-z]|")|\bpath!\(|\bStaticSegment\("#, "only src/route.rs spells a URL"));
    let pure = "src/model is pure: no leptos, no browser";
    for file in files.iter().filter(|file| file.is_under("src/model")) {
        findings.extend(file.matches(file.code(), r"\bleptos|\bwasm_bindgen|\breactive_stores\b", pure));
    }
    findings
}

#[test]
fn each_outside_thing_has_one_room() {
    assert_clean("HTTP in src/api, the browser in src/platform, URLs in src/route.rs", browser_words(&tree()));
    assert_caught(browser_words(&sample("src/pages/a.rs", "use leptos::web_sys;\n")));
    assert_caught(browser_words(&sample("src/state/a.rs", "use gloo_net::http::Request;\n")));
    assert_caught(browser_words(&sample("src/pages/a.rs", "navigate(\"/nodes\");\n")));
    assert_caught(browser_words(&sample("src/model/a.rs", "use leptos::prelude::*;\n")));
    let fine = sample("src/route.rs", "let path = \"/nodes\";\n");
    assert_clean("route.rs may spell paths", browser_words(&fine));
}

/// A panic in the browser is the whole app: nothing that can panic stands in src/.
fn panics(files: &[File]) -> Vec<Finding> {
    let loud = concat!(r"\.unwrap\(\)|\.exp", r"ect\(|\b(panic|unreachable|unimplemented|to", r"do)!");
    let strings = Regex::new(r#""([^"\\]|\\.)*""#).unwrap();
    let index = Regex::new(r"[\w)\]]\[[^\]]+\]").unwrap();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| room(&file.path).is_some() && file.has_ending(&["rs"])) {
        findings.extend(file.matches(file.code(), loud, "a panic is the whole app"));
        for (number, line) in file.code() {
            let code = strings.replace_all(line, "\"\"");
            if !code.trim_start().starts_with('#') && index.is_match(&code) {
                findings.push(file.finding(number, format!("indexing can panic, use get: {}", line.trim())));
            }
        }
    }
    findings
}

#[test]
fn the_console_cannot_panic() {
    assert_clean("no unwrap, expect, panic or indexing in src/", panics(&tree()));
    assert_caught(panics(&sample("src/app.rs", concat!("let a = b.unw", "rap();\n"))));
    assert_caught(panics(&sample("src/app.rs", concat!("let a = b.exp", "ect(\"a\");\n"))));
    assert_caught(panics(&sample("src/app.rs", "let a = list[0];\n")));
    assert_caught(panics(&sample("src/app.rs", "let a = &name[..3];\n")));
    let fine = "#[derive(Clone)]\nlet a: &[u8] = &vec![1]; let b = \"a[0]\";\nfn a(b: [u8; 4]) {}\n";
    assert_clean("types, macros, attributes and strings are not indexing", panics(&sample("src/app.rs", fine)));
}

/// Inline styles are blocked by the content security policy; colours in views escape the themes.
fn views(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_under("src") || file.path == "index.html") {
        findings.extend(file.matches(file.lines(), r#"\bstyle="#, "the CSP blocks style attributes, use style:prop="));
        if file.is_under("src") {
            findings.extend(file.matches(file.code(), r##""#[0-9a-fA-F]{3,8}""##, "colours live in style/tokens.css"));
        }
    }
    findings
}

#[test]
fn views_carry_no_styles() {
    assert_clean("style:prop= in views, colours in tokens.css", views(&tree()));
    assert_caught(views(&sample("src/ui/a.rs", "<p style=\"width: 1px\">\n")));
    assert_caught(views(&sample("src/ui/a.rs", "<path fill=\"#fff\"/>\n")));
    assert_clean("style:width= is fine", views(&sample("src/ui/a.rs", "<p style:width=move || w()>\n")));
}

/// A component per file, split at 200 lines; the pure model may be longer, as any other file.
fn long_components(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.is_under("src/pages") || file.is_under("src/ui"))
        .filter(|file| file.code().len() > 200)
        .map(|file| file.finding(200, format!("{} lines of code: split it", file.code().len())))
        .collect()
}

#[test]
fn components_are_short() {
    assert_clean("a component's file is split at 200 lines", long_components(&tree()));
    assert_caught(long_components(&sample("src/ui/a.rs", &"let a = 1;\n".repeat(201))));
}

/// The page opens the stream before the program is there: it must listen to whatever the program knows.
#[test]
fn the_page_listens_to_every_event() {
    let boot = include_str!("../../assets/boot.js");
    let said = |text: &str| boot.contains(&format!("\"{text}\""));
    for event in pitlane_console::model::fold::EVENTS {
        assert!(said(event), "assets/boot.js does not listen to {event}");
    }
    for path in ["session", "events"] {
        assert!(said(&format!("{}/{path}", pitlane_api::BASE_PATH)), "assets/boot.js asks another address for the {path}");
    }
}
