//! What stands in a command is read by a real shell as it was.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pitlane_api::{shell_word, with_reason};

/// What people and hosts call things.
const ODD: &[&str] = &[
    "edge-fra-01",
    "",
    "two words",
    "it's",
    "\"quoted\"",
    "$HOME `id` $(id)",
    "a; rm -rf /",
    "-rf",
    "--force",
    "two\nlines",
    "tab\there",
    "back\\slash",
    "*",
    "~",
    "#1",
    "!!",
    "&&",
    "日本語",
    "{reason}",
    "'{reason}'",
    "'",
    "a=b",
    "%s",
    " ends with a space ",
];

/// The words of a command, as `sh` takes it apart.
fn words(command: &str) -> Vec<String> {
    let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\0' {command}")]).output().unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}

#[test]
fn a_shell_reads_every_word_as_it_was() {
    for word in ODD {
        assert_eq!(words(&shell_word(word)), [*word]);
    }
}

#[test]
fn a_reason_goes_into_its_gap_and_nowhere_else() {
    for (name, reason) in ODD.iter().flat_map(|name| ODD.iter().map(move |reason| (name, reason))) {
        let command = with_reason(&format!("drain {} --reason '{{reason}}' --wait", shell_word(name)), reason);
        let given = if reason.starts_with('-') { vec![format!("--reason={reason}")] } else { vec!["--reason".into(), (*reason).to_owned()] };
        assert_eq!(words(&command), [vec!["drain".into(), (*name).to_owned()], given, vec!["--wait".into()]].concat(), "{command}");
        let label = with_reason("--label-add reason='{reason}'", reason);
        assert_eq!(words(&label), ["--label-add".to_owned(), format!("reason={reason}")], "{label}");
    }
}
