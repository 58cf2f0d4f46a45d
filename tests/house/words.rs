//! Words on the screen: the console's own go through `tr!`, the server's through `say!`, and each is translated into every language there is.
//!
//! `PITLANE_WORDS=write cargo test -p pitlane-console --test house words` brings the files of assets/i18n up to date first: new messages come
//! in without a translation, and what no source says any more goes out.

mod po;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};
use po::Catalogue;
use source::{Message, messages, unsaid, untranslated};

fn catalogues(files: &[File]) -> Vec<(&File, Catalogue)> {
    files.iter().filter(|file| file.is_under("assets/i18n") && file.has_ending(&["po"])).map(|file| (file, Catalogue::read(&file.text))).collect()
}

/// Whether words for a person are in it: the console's own, and what the server says to it.
fn speaks(file: &File) -> bool {
    file.is_under("src") || source::is_server(file)
}

/// Every message once, in the order of the tree, with the files that say it.
fn said(files: &[File]) -> Vec<(Message, Vec<String>)> {
    let mut said: Vec<(Message, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    for file in files.iter().filter(|file| speaks(file) && file.has_ending(&["rs"])) {
        for message in messages(file) {
            let place = *places.entry(message.key()).or_insert_with(|| {
                said.push((message.clone(), Vec::new()));
                said.len() - 1
            });
            let (known, from) = &mut said[place];
            // Said alone here and counted there: the catalogue has one entry for both.
            known.many = known.many.take().or(message.many);
            if !from.contains(&file.path) {
                from.push(file.path.clone());
            }
        }
    }
    said
}

/// The places for values in a message, with `{}` by its number, so that a translation may put them in another order.
fn places(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = 0;
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        if name.is_empty() {
            found.insert(next.to_string());
            next += 1;
        } else {
            found.insert(name.to_owned());
        }
    }
    found
}

fn gaps(files: &[File]) -> Vec<Finding> {
    let said = said(files);
    let mut findings = Vec::new();
    for (file, catalogue) in catalogues(files) {
        let mut left: BTreeSet<_> = catalogue.entries.iter().map(|entry| entry.message.key()).collect();
        if left.len() != catalogue.entries.len() {
            findings.push(file.finding(1, "has a message twice"));
        }
        for (message, from) in &said {
            left.remove(&message.key());
            let what = |text: &str| file.finding(1, format!("{text}: “{}” of {}", message.one, from.join(", ")));
            let Some(entry) = catalogue.entries.iter().find(|entry| entry.message.key() == message.key()) else {
                findings.push(what("does not have"));
                continue;
            };
            let forms = if message.many.is_some() { catalogue.forms() } else { 1 };
            if entry.message.many != message.many || entry.texts.len() != forms {
                findings.push(what("has not every form of"));
            } else if entry.fuzzy || entry.texts.iter().any(|text| text.trim().is_empty()) {
                findings.push(what("does not translate"));
            }
            let wanted = places(message.many.as_ref().unwrap_or(&message.one));
            let without_count = |mut places: BTreeSet<String>| {
                // "One node" has no need of the number.
                places.retain(|name| message.many.is_none() || name != "n");
                places
            };
            if entry.texts.iter().any(|text| without_count(places(text)) != without_count(wanted.clone())) {
                findings.push(what("has other values than"));
            }
        }
        findings.extend(left.into_iter().map(|(_, message)| file.finding(1, format!("nobody says “{message}” any more"))));
    }
    findings
}

fn bring_up_to_date(files: &[File]) {
    let said = said(files);
    for (file, catalogue) in catalogues(files) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&file.path);
        std::fs::write(path, catalogue.with_exactly(&said)).unwrap();
    }
}

#[test]
fn every_message_is_translated_and_none_is_left_over() {
    if std::env::var("PITLANE_WORDS").is_ok_and(|how| how == "write") {
        bring_up_to_date(&tree());
    }
    assert_clean(
        "assets/i18n has every message of the console and of the server, whole (the head of tests/house/words.rs says how to bring it up to date)",
        gaps(&tree()),
    );
    let source = |text: &str| sample("src/ui/a.rs", text).remove(0);
    let german = |text: &str| {
        sample("assets/i18n/de.po", &format!("msgid \"\"\nmsgstr \"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n{text}")).remove(0)
    };
    let counted = r#"let a = tr!("one node in {}" | "{n} nodes in {}" % n, place);"#;
    let plural = "msgid \"one node in {}\"\nmsgid_plural \"{n} nodes in {}\"\n";
    assert_clean(
        "both forms are there",
        gaps(&[source(counted), german(&format!("{plural}msgstr[0] \"ein Knoten in {{}}\"\nmsgstr[1] \"{{n}} Knoten in {{}}\"\n"))]),
    );
    assert_caught(gaps(&[source(counted), german(&format!("{plural}msgstr[0] \"ein Knoten in {{}}\"\n"))]));
    assert_caught(gaps(&[source(counted), german(&format!("{plural}msgstr[0] \"ein Knoten\"\nmsgstr[1] \"{{n}} Knoten in {{}}\"\n"))]));
    assert_caught(gaps(&[source("let a = tr!(\"Drain\");"), german("")]));
    assert_caught(gaps(&[source("let a = tr!(\"Drain\");"), german("msgid \"Drain\"\nmsgstr \"\"\n")]));
    assert_caught(gaps(&[source("let a = tr!(\"Drain\");"), german("#, fuzzy\nmsgid \"Drain\"\nmsgstr \"Räumen\"\n")]));
    assert_caught(gaps(&[source("let a = tr!(\"verb\" => \"Drain\");"), german("msgid \"Drain\"\nmsgstr \"Räumen\"\n")]));
    assert_caught(gaps(&[source(""), german("msgid \"Drain\"\nmsgstr \"Räumen\"\n")]));
    assert_clean("another order is fine", gaps(&[source("tr!(\"{} of {}\", a, b)"), german("msgid \"{} of {}\"\nmsgstr \"{1}, davon {0}\"\n")]));
}

#[test]
fn every_word_on_the_screen_goes_through_tr() {
    let findings = |files: &[File]| files.iter().flat_map(untranslated).collect::<Vec<_>>();
    assert_clean("words a person reads stand in tr!", findings(&tree()));
    let caught = |text: &str| assert_caught(findings(&sample("src/pages/a.rs", text)));
    caught("fn a() { view! { <p>\"Nothing runs here.\"</p> } }");
    caught("fn a() { view! { <p>\" ago\"</p> } }");
    caught("fn a() { view! { <Button label=\"drain\" /> } }");
    caught("fn a() { view! { <p aria-label=\"Pages\">{b}</p> } }");
    caught("fn a() -> String { format!(\"{name} was removed\") }");
    caught("fn a() -> &'static str { \"Healthy\" }");
    caught("fn a() -> String { format!(\"agent {}\", version) }");
    caught("fn a() { view! { <p>{format!(\"{} (production)\", name)}</p> } }");
    caught("fn a() -> String { format!(\" · “{reason}”\") }");
    let fine =
        "fn a() { view! { <p class=\"card-head\" data-tone=\"offline\">{tr!(\"Nothing runs here.\")} \" · \" <code>\"pitlane demo\"</code></p> } }
        #[expect(dead_code, reason = \"a reason is for us\")] fn b() -> &'static str { \"data-node\" }";
    assert_clean("classes, marks, commands and reasons are no words on the screen", findings(&sample("src/pages/a.rs", fine)));
}

#[test]
fn every_sentence_of_the_server_goes_through_say() {
    let findings = |files: &[File]| files.iter().flat_map(unsaid).collect::<Vec<_>>();
    assert_clean("a sentence of the server stands in say!", findings(&tree()));
    let caught = |text: &str| assert_caught(findings(&sample("crates/api/src/rules/a.rs", text)));
    caught("fn a() -> Words { Words::plain(\"Nothing runs here.\") }");
    caught("fn a() -> Words { Words::plain(format!(\"{name} was removed\")) }");
    let fine = "fn a() { let b = [Words::plain(name), Words::plain(format!(\"{percent:.0} %\")), say!(\"Nothing runs here.\")]; }";
    assert_clean("names, figures and what is said", findings(&sample("crates/api/src/rules/a.rs", fine)));
    assert_clean("what a program got wrong", findings(&sample("crates/server/src/http/a.rs", "fn a() { Words::plain(\"Only GET here.\") }")));
    let german = sample("assets/i18n/de.po", "msgid \"\"\nmsgstr \"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n").remove(0);
    let server = sample("crates/api/src/rules/a.rs", "fn a() { say!(\"Nothing runs here.\") }").remove(0);
    assert_caught(gaps(&[server, german]));
}
