//! Reads the checkout, and the two ways rules look at a file. Knows no rule.

use regex::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// A text file of the project. `path` is relative to the checkout, with forward slashes.
pub struct File {
    pub path: String,
    pub text: String,
}

/// Where a rule was broken, printed as `path:line: what`.
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

const NOT_OURS: [&str; 9] = [".git", "target", "dist", "dist.new", "dist.dev", "node_modules", "out", "__pycache__", ".hypothesis"];

/// Every text file of the checkout, without what builds leave behind. Binary files are passed over.
pub fn tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(root, root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(root, &path, files);
            }
        } else if name != ".git"
            && !name.ends_with(".log")
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}

/// A file made up by a test, to show that a rule can fail.
pub fn sample(path: &str, text: &str) -> Vec<File> {
    vec![File { path: path.into(), text: text.into() }]
}

impl File {
    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    pub fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(&format!(".{ending}")))
    }

    /// Every line with its number, counted from one.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The lines of Rust code that end up in the product: no comments, and nothing from the first test module on.
    pub fn code(&self) -> Vec<(usize, &str)> {
        let is_test = self.path.split('/').any(|part| part == "tests" || part == "tests.rs");
        self.lines()
            .take_while(|(_, line)| !is_test && line.trim() != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .collect()
    }

    pub fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }

    /// A finding for each given line that matches.
    pub fn matches<'a>(&self, lines: impl IntoIterator<Item = (usize, &'a str)>, pattern: &str, what: &str) -> Vec<Finding> {
        let pattern = compiled(pattern);
        lines
            .into_iter()
            .filter(|(_, line)| pattern.is_match(line))
            .map(|(number, line)| self.finding(number, format!("{what}: {}", line.trim())))
            .collect()
    }
}

/// Compiled once for all files: in a debug build this is most of the work.
fn compiled(pattern: &str) -> Regex {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
    }
    COMPILED.with_borrow_mut(|known| known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).clone())
}

/// Fails with every finding, each on a line of its own.
#[track_caller]
pub fn assert_clean(rule: &str, findings: Vec<Finding>) {
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{rule}\n  {}\n", list.join("\n  "));
}

/// Fails when a rule says nothing about a sample that breaks it.
#[track_caller]
pub fn assert_caught(findings: Vec<Finding>) {
    assert!(!findings.is_empty(), "the rule did not notice a sample that breaks it");
}

#[test]
fn code_leaves_comments_and_test_modules_out() {
    let file = &sample("src/a.rs", "//! doc\nfn a() {}\n// note\n#[cfg(test)]\nmod tests { x }\n")[0];
    assert_eq!(file.code(), [(2, "fn a() {}")]);
}

#[test]
fn the_tree_is_read() {
    let files = tree();
    for path in ["Cargo.toml", "src/main.rs", "crates/api/src/lib.rs", ".ci/run"] {
        assert!(files.iter().any(|file| file.path == path), "{path} was not read");
    }
}
