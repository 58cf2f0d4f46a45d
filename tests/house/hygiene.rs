//! What must not be committed, whatever the language. The words it looks for are put together here from halves, so that
//! this file does not find itself.

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};

const CODE: [&str; 5] = ["rs", "mjs", "sh", "css", "html"];

fn is_lock(file: &File) -> bool {
    file.path.ends_with("Cargo.lock") || file.path.ends_with("package-lock.json")
}

fn lengths(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.has_ending(&CODE))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(file, lines)| file.finding(500, format!("{lines} lines: would two rooms be easier to live in?")))
        .collect()
}

#[test]
fn files_are_short() {
    assert_clean("no file of code is longer than 500 lines", lengths(&tree()));
    assert_caught(lengths(&sample("crates/api/src/a.rs", &"a\n".repeat(501))));
}

fn silenced(files: &[File]) -> Vec<Finding> {
    let allow = concat!(r"#!?\[al", r"low\(");
    files.iter().filter(|file| file.has_ending(&["rs"])).flat_map(|file| file.matches(file.lines(), allow, "use #[expect(reason = \"…\")]")).collect()
}

#[test]
fn lints_are_expected_not_allowed() {
    assert_clean("an exception from a lint carries its reason", silenced(&tree()));
    assert_caught(silenced(&sample("src/a.rs", concat!("#[al", "low(dead_code)]\n"))));
}

fn unfinished(files: &[File]) -> Vec<Finding> {
    let marks = concat!(r"\b(to", r"do|unimplemented)!\(|\bTO", r"DO\b|\bFIX", r"ME\b|\bXX", r"X\b");
    files
        .iter()
        .filter(|file| file.has_ending(&["rs", "mjs", "sh", "css", "html", "py"]) && !file.is_under("tests/house"))
        .flat_map(|file| file.matches(file.lines(), marks, "finish it, or write an issue"))
        .collect()
}

#[test]
fn nothing_is_left_unfinished() {
    assert_clean("no unfinished marks", unfinished(&tree()));
    assert_caught(unfinished(&sample("src/a.rs", concat!("// TO", "DO later\n"))));
}

fn weak_tests(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_ending(&["rs", "mjs"]) && !file.is_under("tests/house")) {
        findings.extend(file.matches(file.lines(), concat!(r"#\[ign", "ore"), "a test that does not run is no test"));
        if file.has_ending(&["mjs"]) {
            let marked = concat!(r"\.(sk", r"ip|on", r"ly|to", r"do)\(|\b(sk", r"ip|on", r"ly): true");
            findings.extend(file.matches(file.lines(), marked, "a test that does not run is no test"));
        }
        if file.path.split('/').any(|part| part == "tests") {
            let nap = concat!(r"\bsle", r"ep\(|waitFor", r"Timeout");
            findings.extend(file.matches(file.lines(), nap, "wait for the thing, not for the clock"));
        }
    }
    findings
}

#[test]
fn tests_run_and_do_not_sleep() {
    assert_clean("no ignored tests, no sleeps", weak_tests(&tree()));
    assert_caught(weak_tests(&sample("crates/x/src/a.rs", concat!("#[ign", "ore]\n"))));
    assert_caught(weak_tests(&sample("tests/e2e/a.mjs", concat!("test.on", "ly('a')\n"))));
    assert_caught(weak_tests(&sample("crates/x/tests/a.rs", concat!("thread::sle", "ep(a);\n"))));
}

fn machine_paths(files: &[File]) -> Vec<Finding> {
    let paths = concat!(r"(^|[^A-Za-z0-9_.$}])/(wo", r"rk|ro", r"ot)/|/tm", r"p/wt\b");
    files.iter().filter(|file| !file.is_under("tests/house")).flat_map(|file| file.matches(file.lines(), paths, "a path of one machine")).collect()
}

#[test]
fn no_paths_of_one_machine() {
    assert_clean("nothing names the machine it was written on", machine_paths(&tree()));
    assert_caught(machine_paths(&sample("docs/a.md", concat!("see /ro", "ot/.cargo\n"))));
    assert_caught(machine_paths(&sample("Makefile", concat!("A=/wo", "rk/main\n"))));
}

/// Where packages come from is the business of whoever builds: they may use a mirror.
fn registry_hosts(files: &[File]) -> Vec<Finding> {
    let hosts = concat!(
        r"(registry\.np",
        r"mjs\.org|index\.crates\.i",
        r"o\b|static\.crates\.i",
        r"o\b|pyp",
        r"i\.org|pythonhos",
        r"ted\.org",
        r"|proxy\.gol",
        r"ang\.org|deb\.deb",
        r"ian\.org)"
    );
    files
        .iter()
        .filter(|file| !file.path.ends_with("Cargo.lock") && !file.is_under("tests/house"))
        .flat_map(|file| file.matches(file.lines(), hosts, "names a package registry"))
        .collect()
}

#[test]
fn no_registry_hosts() {
    assert_clean("no committed file names a registry's host", registry_hosts(&tree()));
    assert_caught(registry_hosts(&sample("a/package-lock.json", concat!("\"https://registry.np", "mjs.org/a\"\n"))));
}

fn node_packages(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if file.path.ends_with("package-lock.json") {
            findings.extend(file.matches(file.lines(), r#""resolved":"#, "a lock file without addresses"));
        }
        if file.path.ends_with("package.json") {
            let package: serde_json::Value = serde_json::from_str(&file.text).unwrap();
            if package.get("private") != Some(&serde_json::Value::Bool(true)) {
                findings.push(file.finding(1, "is not private"));
            }
            let folder = file.path.trim_end_matches("package.json");
            if !files.iter().any(|other| is_lock(other) && other.path.starts_with(folder)) {
                findings.push(file.finding(1, "has no lock file"));
            }
        }
    }
    findings
}

#[test]
fn node_packages_are_private_and_locked() {
    assert_clean("package.json is private and has a lock file without addresses", node_packages(&tree()));
    assert_caught(node_packages(&sample("a/package.json", "{}")));
    assert_caught(node_packages(&sample("a/package-lock.json", "\"resolved\": \"https://a\"\n")));
}

/// The first thing in a file says what it is for and what it must not know.
fn undocumented(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.has_ending(&["rs"]) && !file.text.trim_start().starts_with("//!"))
        .filter(|file| file.text.lines().count() > 3)
        .map(|file| file.finding(1, "begins without a module doc (//!)"))
        .collect()
}

#[test]
fn every_module_says_what_it_is_for() {
    assert_clean("every Rust file begins with a module doc", undocumented(&tree()));
    assert_caught(undocumented(&sample("src/a.rs", "use b;\nfn a() {}\nfn b() {}\nfn c() {}\n")));
}
