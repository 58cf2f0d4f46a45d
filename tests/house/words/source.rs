//! Finds words in the source, token by token.

use std::str::FromStr;

use proc_macro2::{Literal, TokenStream, TokenTree};

use crate::tree::{File, Finding};

/// What a `tr!` says, or a `say!` of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub context: Option<String>,
    pub one: String,
    /// Where it counts.
    pub many: Option<String>,
}

impl Message {
    /// What a catalogue knows it by.
    pub fn key(&self) -> (Option<String>, String) {
        (self.context.clone(), self.one.clone())
    }
}

/// The product's code, with comments and tests left empty, so that lines keep their numbers.
fn tokens(file: &File) -> Vec<TokenTree> {
    let mut lines = vec![""; file.lines().count()];
    for (number, line) in file.code() {
        lines[number - 1] = line;
    }
    let stream = TokenStream::from_str(&lines.join("\n")).unwrap_or_else(|error| panic!("{}: {error}", file.path));
    stream.into_iter().collect()
}

fn inside(tree: &TokenTree) -> Option<Vec<TokenTree>> {
    match tree {
        TokenTree::Group(group) => Some(group.stream().into_iter().collect()),
        _ => None,
    }
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn text(tree: Option<&TokenTree>) -> Option<String> {
    match tree {
        Some(TokenTree::Literal(literal)) => string(literal),
        _ => None,
    }
}

fn string(literal: &Literal) -> Option<String> {
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

/// The arguments of a macro that is called at `at`.
fn call(trees: &[TokenTree], at: usize, name: &str) -> Option<Vec<TokenTree>> {
    let named = matches!(&trees[at], TokenTree::Ident(ident) if *ident == name);
    if named && is_punct(trees.get(at + 1), '!') { trees.get(at + 2).and_then(inside) } else { None }
}

/// Every message that a file says.
pub fn messages(file: &File) -> Vec<Message> {
    let mut found = Vec::new();
    collect(&tokens(file), &mut found);
    found
}

fn collect(trees: &[TokenTree], found: &mut Vec<Message>) {
    for at in 0..trees.len() {
        for name in ["tr", "say"] {
            if let Some(said) = call(trees, at, name) {
                found.extend(message(&said));
            }
        }
        if let Some(inner) = inside(&trees[at]) {
            collect(&inner, found);
        }
    }
}

fn message(said: &[TokenTree]) -> Option<Message> {
    let first = text(said.first())?;
    let (context, rest) = match text(said.get(3)) {
        Some(_) if is_punct(said.get(1), '=') && is_punct(said.get(2), '>') => (Some(first), &said[3..]),
        _ => (None, said),
    };
    let many = if is_punct(rest.get(1), '|') { text(rest.get(2)) } else { None };
    Some(Message { context, one: text(rest.first())?, many })
}

/// Where plain English goes to programs and agents, which show it to nobody or in a log: what a request got wrong, and enrolment.
const TO_PROGRAMS: [&str; 2] = ["crates/server/src/http", "crates/server/src/fleet/enroll.rs"];

/// Whether it is part of what runs on the other side of the wire.
pub fn is_server(file: &File) -> bool {
    file.is_under("crates") && file.path.contains("/src/") && !file.path.contains("tests")
}

/// Sentences of the server that would stay English: words in a `Words::plain`, which is for names, figures and what others say.
pub fn unsaid(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_server(file) && file.has_ending(&["rs"]) && !TO_PROGRAMS.iter().any(|room| file.path == *room || file.is_under(room)) {
        plain(&tokens(file), &mut |literal, text| {
            findings.push(file.finding(literal.span().start().line, format!("say it with say!: {text:?}")));
        });
    }
    findings
}

fn plain(trees: &[TokenTree], report: &mut dyn FnMut(&Literal, &str)) {
    for at in 0..trees.len() {
        let is_plain = at >= 4 && trees[at - 1].to_string() == "plain" && trees[at - 4].to_string() == "Words";
        let Some(inner) = inside(&trees[at]) else { continue };
        if is_plain {
            look(&inner, false, report);
        }
        plain(&inner, report);
    }
}

/// Attributes of elements and of our own components whose value is read by a person.
const READ: [&str; 14] =
    ["label", "title", "text", "name", "said", "hint", "placeholder", "word", "words", "subtitle", "alt", "caption", "summary", "worded"];

/// Whole strings that look like words and are none: names of the browser and of HTTP, selectors, and our own name.
const NO_WORDS: [&str; 24] = [
    "Docker",
    "Caddy",
    "Pitlane",
    "Accept",
    "Ctrl",
    "Esc",
    "ArrowRight",
    "ArrowDown",
    "ArrowLeft",
    "ArrowUp",
    "Enter",
    "Escape",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Tab",
    "main h1",
    "main h2",
    "article .card-name",
    "English",
    "Shift",
    "Delete",
    "Space",
];

/// Words a person would read that stand outside of `tr!`. A heuristic: text in a view, the attributes above, and whatever else has two words
/// or begins with a capital.
pub fn untranslated(file: &File) -> Vec<Finding> {
    let shown =
        ["src/pages", "src/app", "src/ui", "src/model", "src/state", "src/api"].iter().any(|room| file.is_under(room)) || file.path == "src/app.rs";
    let mut findings = Vec::new();
    if shown && file.has_ending(&["rs"]) {
        look(&tokens(file), false, &mut |literal, text| {
            let line = literal.span().start().line;
            findings.push(file.finding(line, format!("wrap it in tr!: {text:?}")));
        });
    }
    findings
}

fn look(trees: &[TokenTree], in_view: bool, report: &mut dyn FnMut(&Literal, &str)) {
    for at in 0..trees.len() {
        let is_argument_of = |name: &str| at >= 2 && call(trees, at - 2, name).is_some();
        if is_argument_of("format") {
            formatted(&trees[at], report);
        }
        // An attribute of the compiler's: `#[expect(lint, reason = "…")]`.
        let is_for_rustc = is_punct(at.checked_sub(1).and_then(|before| trees.get(before)), '#');
        match &trees[at] {
            TokenTree::Group(group) => {
                if is_argument_of("tr") {
                    // Its first strings are the message; what follows a comma are values.
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let values = inner.iter().position(|tree| is_punct(Some(tree), ',')).unwrap_or(inner.len());
                    look(&inner[values..], false, report);
                } else if !is_for_rustc {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    // Whatever is in brackets within a view is code again.
                    look(&inner, is_argument_of("view"), report);
                }
            }
            TokenTree::Literal(literal) => {
                let Some(text) = string(literal) else { continue };
                let is_value = is_punct(at.checked_sub(1).and_then(|before| trees.get(before)), '=');
                let wrong = match (in_view, is_value) {
                    (true, true) => is_read(trees, at - 1) && has_letters(&text) && !is_fine(&text),
                    (true, false) => has_letters(&text) && !is_fine(&text),
                    (false, _) => reads_like_words(&text) && !is_fine(&text),
                };
                if wrong {
                    report(literal, &text);
                }
            }
            _ => {}
        }
    }
}

/// Whether the attribute before the `=` at `equals` is one that a person reads: `label`, `aria-label`.
fn is_read(trees: &[TokenTree], equals: usize) -> bool {
    let name = equals.checked_sub(1).and_then(|at| trees.get(at));
    let dashed = equals.checked_sub(2).is_some_and(|at| is_punct(trees.get(at), '-'));
    let prefix = equals.checked_sub(3).and_then(|at| trees.get(at)).map(ToString::to_string).unwrap_or_default();
    let named = name.is_some_and(|name| READ.contains(&name.to_string().as_str()));
    named && (!dashed || prefix == "aria")
}

/// One word is enough between values: `format!("agent {}", version)`. And so are quotes, which other languages write otherwise.
fn formatted(arguments: &TokenTree, report: &mut dyn FnMut(&Literal, &str)) {
    let arguments = inside(arguments).unwrap_or_default();
    let Some(TokenTree::Literal(literal)) = arguments.first() else { return };
    let Some(text) = string(literal).filter(|text| !is_fine(text) && !reads_like_words(text)) else { return };
    let is_word = |word: &str| word.chars().count() > 2 && word.chars().all(char::is_alphabetic) && word != "Pitlane";
    let words = text.contains(char::is_whitespace)
        && text.split_whitespace().any(|word| is_word(word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '{' && c != '}')));
    if words || text.contains('“') {
        report(literal, &text);
    }
}

fn has_letters(text: &str) -> bool {
    // A value's name in braces is no word.
    let mut depth = 0;
    text.chars().any(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && letter.is_alphabetic()
    })
}

fn reads_like_words(text: &str) -> bool {
    let without_values: String = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>().join("x");
    let is_word = |word: &str| word.chars().filter(|letter| letter.is_alphabetic()).count() >= 2;
    let many = without_values.split_whitespace().filter(|word| is_word(word)).count() >= 2;
    let mut letters = without_values.chars();
    let capital = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    many || (capital && !without_values.contains('-') && !without_values.contains(char::is_numeric))
}

/// Commands, pictures and what is known to be none of a person's words.
fn is_fine(text: &str) -> bool {
    let trimmed = text.trim();
    let is_command = trimmed.starts_with("pitlane ") || trimmed.contains("PITLANE_");
    let is_picture = ["M{", "H{", "V{"].iter().any(|path| trimmed.starts_with(path))
        || trimmed.chars().all(|letter| "MmLlHhVvCcSsQqTtAaZz0123456789 .,-".contains(letter)) && trimmed.contains(char::is_numeric);
    let is_unit = matches!(trimmed, "KiB" | "MiB" | "GiB" | "TiB");
    let is_selector = trimmed.contains("[data-") || trimmed.contains("[aria-") || trimmed.starts_with("dialog");
    is_command || is_picture || is_unit || is_selector || NO_WORDS.contains(&trimmed)
}
