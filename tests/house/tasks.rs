//! Background tasks have names: whatever runs beside its caller is started by a supervisor, which restarts, counts and reports it.

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};

/// Where tasks may be started without a supervisor, and why.
const EXCEPTIONS: [(&str, &str); 3] = [
    ("crates/supervisor/src/", "it is the supervisor"),
    ("crates/server/src/http/serve.rs", "a connection ends with its client, and its requests' panics are answered"),
    ("crates/agent/src/demo/", "actors of a play that waits for each of them"),
];

fn unnamed_tasks(files: &[File]) -> Vec<Finding> {
    let is_test = |file: &File| file.path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "harness.rs");
    files
        .iter()
        .filter(|file| file.is_under("crates") && file.has_ending(&["rs"]) && !is_test(file))
        .filter(|file| !EXCEPTIONS.iter().any(|(path, _)| file.path.starts_with(path)))
        .flat_map(|file| {
            file.matches(file.code(), r"\b(tokio|task)::spawn\(|\bJoinSet\b|\bspawn_local\(", "give it a name: Supervisor::keep, once or detached")
        })
        .collect()
}

#[test]
fn every_background_task_has_a_name() {
    assert_clean("background tasks are started by a supervisor", unnamed_tasks(&tree()));
    assert_caught(unnamed_tasks(&sample("crates/server/src/a.rs", "fn a() { tokio::spawn(async {}); }\n")));
    assert_caught(unnamed_tasks(&sample("crates/engine-x/src/a.rs", "use tokio::task::JoinSet;\n")));
}
