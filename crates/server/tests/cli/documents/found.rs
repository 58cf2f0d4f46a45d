//! Finds commands in documents, in the program's texts, in deployment files and in the catalogues. Runs nothing.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use regex::Regex;

use super::table::{CANNOT_RUN, CAPITALS, TOOLS};

/// A command as it stands somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `README.md:42`, or a file's path alone.
    pub place: String,
    /// A line for a shell, perhaps with what a person has to fill in.
    pub text: String,
    /// Assignments of the lines before it in the same block.
    pub before: String,
}

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file of the checkout.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder of the checkout with one of these endings.
pub fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => walk(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let ours = found.iter().filter(|path| endings.iter().any(|ending| path.to_str().unwrap().ends_with(ending)));
    let mut paths: Vec<String> = ours.map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()).collect();
    paths.sort();
    paths
}

/// The documents people read.
pub fn documents() -> Vec<String> {
    let mut all: Vec<String> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    all.extend(files("docs", &[".md"]));
    all.extend(files("deploy", &[".md"]));
    all
}

/// A regular expression, made once.
pub fn pattern(text: &str) -> Regex {
    thread_local!(static MADE: RefCell<HashMap<String, Regex>> = RefCell::default());
    MADE.with_borrow_mut(|made| made.entry(text.to_owned()).or_insert_with(|| Regex::new(text).unwrap()).clone())
}

/// Whether a line begins like a command: with a program that documents may call, with an assignment, or with both.
fn is_command(line: &str) -> bool {
    let without = pattern(r#"^([A-Za-z_]+=("[^"]*"|'[^']*'|\$\([^)]*\)|[^\s;]*);?\s+)+"#).replace(line, "");
    let first = without.split_whitespace().next().unwrap_or_default();
    let program = first.rsplit('/').next().unwrap_or_default();
    let known = |name: &str| name == "pitlane" || TOOLS.contains(&name) || CANNOT_RUN.iter().any(|(program, _)| *program == name);
    known(program) || ["printf", "export"].contains(&program) || pattern(r"^[a-z_]+=\S").is_match(line)
}

/// Whether more belongs to this line: a backslash, a pipe, a quote that is open.
fn goes_on(line: &str) -> bool {
    let bare = line.trim_end();
    let open = |quote: char| bare.matches(quote).count() % 2 == 1;
    bare.ends_with('\\') || bare.ends_with('|') || bare.ends_with("&&") || open('\'') || open('"')
}

/// The commands of a block, a line each; assignments on lines of their own go with those that follow.
fn block(place: &str, first: usize, lines: &[&str]) -> Vec<Found> {
    if !lines.iter().any(|line| is_command(line.trim())) {
        return Vec::new();
    }
    let (mut found, mut before, mut held) = (Vec::new(), String::new(), String::new());
    for (at, line) in lines.iter().enumerate() {
        if held.is_empty() && (line.trim().is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        held.push_str(line.trim());
        if goes_on(line) && at + 1 < lines.len() {
            held = if held.ends_with('\\') { held.trim_end_matches('\\').to_owned() } else { format!("{held} ") };
            continue;
        }
        let text = std::mem::take(&mut held);
        if pattern(r"^(export )?[A-Za-z_]+=").is_match(&text) && !text.contains("pitlane ") {
            found.push(Found { place: format!("{place}:{}", first + at), text: text.clone(), before: before.clone() });
            before.push_str(&format!("{text}\n"));
        } else {
            found.push(Found { place: format!("{place}:{}", first + at), text, before: before.clone() });
        }
    }
    found
}

/// Blocks and inline code of a document in Markdown. Blocks that hold no command (a picture, JSON, settings of a proxy) are passed over.
pub fn in_markdown(place: &str, text: &str) -> Vec<Found> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut found, mut prose, mut at) = (Vec::new(), String::new(), 0);
    while at < lines.len() {
        let begin = at;
        if lines[at].trim_start().starts_with("```") {
            at += 1;
            while at < lines.len() && !lines[at].trim_start().starts_with("```") {
                at += 1;
            }
            found.extend(block(place, begin + 2, &lines[begin + 1..at]));
            at += 1;
        } else if lines[at].starts_with("    ") && (at == 0 || lines[at - 1].trim().is_empty()) {
            while at < lines.len() && (lines[at].starts_with("    ") || lines[at].trim().is_empty()) {
                at += 1;
            }
            found.extend(block(place, begin + 1, &lines[begin..at]));
        } else {
            prose.push_str(lines[at]);
            prose.push('\n');
            at += 1;
            continue;
        }
        prose.push_str(&"\n".repeat(at - begin));
    }
    found.extend(inline(place, &prose).into_iter().flat_map(|(place, code)| commands_of(&place, &code)));
    found
}

/// What stands between backticks, with its place.
pub fn inline(place: &str, prose: &str) -> Vec<(String, String)> {
    let line_of = |at: usize| prose[..at].lines().count().max(1);
    pattern(r"`([^`]+)`")
        .captures_iter(prose)
        .map(|code| (format!("{place}:{}", line_of(code.get(0).unwrap().end())), code[1].replace('\n', " ")))
        .collect()
}

/// The commands that a piece of inline code stands for: none, one, or one for each of its choices (`viewer|operator`).
fn commands_of(place: &str, code: &str) -> Vec<Found> {
    let code = code.trim();
    if !is_command(code) || !code.contains(' ') || pattern(r"^[a-z_]+=").is_match(code) {
        return Vec::new();
    }
    // What stands in brackets may be left out: the command runs without it, and with it.
    let optional = pattern(r"\[([^\]]*)\]");
    if code.starts_with("pitlane ") && optional.is_match(code) {
        let shapes = [optional.replace_all(code, "").into_owned(), optional.replace_all(code, "$1").into_owned()];
        return shapes.iter().flat_map(|code| commands_of(place, code)).collect();
    }
    let choices = pattern(r"(^|\s)(\w+(?:\|\w+)+)(\s|$)");
    let texts: Vec<String> = match choices.captures(code) {
        Some(found) => found[2].split('|').map(|choice| code.replace(&found[2], choice)).collect(),
        None => vec![code.to_owned()],
    };
    texts.into_iter().map(|text| Found { place: place.to_owned(), text, before: String::new() }).collect()
}

/// The commands in a text of the program: the whole of it, between backticks, in `<code>`, or in the middle of a sentence.
pub fn in_text(place: &str, text: &str) -> Vec<Found> {
    // Most texts hold none, and looking closely takes its time.
    // What is put together of pieces has a test that parses the whole: see `names_and_reasons_of_every_kind…`.
    if pattern(r"^pitlane (drain|activate)\{first\}").is_match(text) {
        return Vec::new();
    }
    if !text.contains("pitlane ") && !CANNOT_RUN.iter().any(|(program, _)| text.contains(&format!("{program} "))) {
        return Vec::new();
    }
    let whole = pattern(r"^(PITLANE_[A-Z_]+=\S+( the token>)? )*pitlane [a-z]").is_match(text);
    if whole && !text.contains(['`', '…']) {
        return text.lines().flat_map(|line| commands_of(place, line)).collect();
    }
    let mut found: Vec<Found> = inline(place, text).iter().flat_map(|(_, code)| commands_of(place, code)).collect();
    for code in pattern(r"(?s)<(?:code|pre)>(.*?)</(?:code|pre)>").captures_iter(text) {
        let lines = code[1].replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        found.extend(lines.lines().flat_map(|line| commands_of(place, line)));
    }
    let rest = pattern(r"`[^`]*`|(?s:<(?:code|pre)>.*?</(?:code|pre)>)").replace_all(text, "");
    found.extend(in_sentence(place, &rest));
    found
}

/// "Played by pitlane demo. …": a command without anything around it ends where its words end to be those of a command.
fn in_sentence(place: &str, sentence: &str) -> Vec<Found> {
    let command = pattern(r#"\bpitlane( [a-z][a-z-]*[a-z])+(( --[a-z-]+)+( (<[^>]*>|\{[^}]*\}|[\w.:/@-]+))?)*"#);
    let tree = pitlane::cli::command_line();
    let known = |word: &str| tree.find_subcommand(word).is_some();
    let mut found = Vec::new();
    for text in command.find_iter(sentence).map(|text| text.as_str().to_owned()) {
        let words: Vec<&str> = text.split(' ').collect();
        if !known(words[1]) {
            continue;
        }
        // Words after the commands' own belong to the sentence, unless flags follow.
        let depth = 2 + usize::from(words.get(2).is_some_and(|word| tree.find_subcommand(words[1]).unwrap().find_subcommand(word).is_some()));
        let flags = words.get(depth).is_some_and(|word| word.starts_with("--"));
        found.push(Found {
            place: place.to_owned(),
            text: if flags { text.trim_end_matches(['.', ',', ':']).to_owned() } else { words[..depth].join(" ") },
            before: String::new(),
        });
    }
    found
}

/// The texts of a Rust file: its literals and its documentation, without its tests.
pub fn literals(source: &str) -> Vec<String> {
    fn collect(stream: TokenStream, texts: &mut Vec<String>) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => collect(group.stream(), texts),
                TokenTree::Literal(literal) => texts.extend(syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())),
                _ => {}
            }
        }
    }
    let product = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut texts = Vec::new();
    collect(product.parse().unwrap_or_else(|error| panic!("{error}: {}", product.lines().next().unwrap_or_default())), &mut texts);
    texts
}

/// The commands in the texts of every Rust file below these folders. Tests are not what people read.
pub fn in_sources(folders: &[&str]) -> Vec<Found> {
    let sources = folders.iter().flat_map(|folder| files(folder, &[".rs"]));
    let product = sources.filter(|path| !path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "conformance"));
    product.flat_map(|path| literals(&read(&path)).into_iter().flat_map(move |text| in_text(&path, &text))).collect()
}

/// The commands in files for deployment: what they start, and what their comments say to do.
pub fn in_deployment() -> Vec<Found> {
    let mut found = Vec::new();
    for path in files("deploy", &[".service", ".yml", ".yaml", ".toml"]) {
        let text = read(&path);
        let comment = |line: &&str| line.trim_start().starts_with('#');
        let comments: Vec<String> = text.lines().map(|line| if comment(&line) { line.trim_start()[1..].to_owned() } else { String::new() }).collect();
        let comments: Vec<String> = comments
            .iter()
            .map(|line| if line.starts_with("   ") || is_command(line.trim()) { format!("    {line}") } else { line.clone() })
            .collect();
        found.extend(in_markdown(&path, &format!("\n{}", comments.join("\n"))));
        let started = pattern(r"(?m)^ExecStart=(.*)$").captures_iter(&text).map(|line| line[1].to_owned()).collect::<Vec<_>>();
        let environment = pattern(r"(?m)^EnvironmentFile=(.*)$").captures(&text).map(|file| format!("set -a; . {}; set +a", &file[1]));
        found.extend(started.into_iter().map(|text| Found { place: path.clone(), text, before: environment.clone().unwrap_or_default() }));
        let variables = |line: &str| pattern(line).captures_iter(&text).map(|set| format!("export {}='{}'\n", &set[1], &set[2])).collect::<String>();
        for line in pattern(r"(?m)^\s+args: \[(.*)\]$").captures_iter(&text) {
            let before = pattern(r"(?m)^\s+- (PITLANE_[A-Z_]+)=(.*)$")
                .captures_iter(&read("deploy/kubernetes/kustomization.yaml"))
                .map(|set| format!("export {}='{}'\n", &set[1], &set[2]))
                .collect();
            found.push(Found { place: path.clone(), text: format!("pitlane {}", line[1].replace(',', "")), before });
        }
        for line in pattern(r#"(?m)^\s+entrypoint: \["/bin/sh", "-c", "(.*)"\]$"#).captures_iter(&text) {
            let given = pattern(r"(?m)^\s+(PITLANE_[A-Z_]+): \$\{").captures_iter(&text).map(|set| set[1].to_owned()).collect::<Vec<_>>();
            let given: String = given.iter().map(|name| format!("export {name}=<what the stack is given>\n")).collect();
            found.push(Found {
                place: path.clone(),
                text: line[1].replace("$$", "$"),
                before: given + &variables(r#"(?m)^\s+(PITLANE_[A-Z_]+): "?([^"\n$]*)"?$"#),
            });
        }
    }
    found
}

/// Where a person fills something in: `<the token>`, `{name}`, `…`, `NODE`, with the word before it.
pub fn fill(text: &str, value: impl Fn(&str, &str) -> String) -> String {
    let capitals = CAPITALS.join("|");
    let gap =
        pattern(&format!(r#"(?P<before>(?:[A-Z_]+=|[\w-]+ ))(?P<gap><[A-Za-z][A-Za-z' ]*>|["']?\{{+[^}}\s]*\}}+["']?|'?"?…"?'?|(?:{capitals})\b)"#));
    gap.replace_all(text, |found: &regex::Captures| format!("{}{}", &found["before"], value(found["before"].trim(), &found["gap"]))).into_owned()
}
