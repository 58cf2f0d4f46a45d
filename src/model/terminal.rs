//! The same from a terminal, for what is done to many nodes at once: the command line takes them in one go too.

use pitlane_api::{BulkPreview, OperationKind};

use super::bulk::{Form, ready};

/// `pitlane drain edge-fra-01 edge-fra-02 --reason 'Kernel 6.12 reboot' --wait`, with what is filled in and ticked. `back` is in minutes, as the menu has it.
pub fn command(preview: &BulkPreview, form: &Form, back: &str) -> String {
    let drain = preview.kind == OperationKind::Drain;
    let mut words = vec!["pitlane".to_owned(), (if drain { "drain" } else { "activate" }).to_owned()];
    words.extend(ready(preview).map(|node| quoted(&node.node_name)));
    if drain {
        let reason = form.reason.trim();
        words.extend(["--reason".to_owned(), quoted(if reason.is_empty() { "{reason}" } else { reason })]);
        if !back.is_empty() && back.bytes().all(|byte| byte.is_ascii_digit()) {
            words.extend(["--expected-back".to_owned(), format!("{back}m")]);
        }
        if form.at_once > 1 {
            words.extend(["--at-once".to_owned(), form.at_once.to_string()]);
        }
        let ticked = [
            (form.understood_stateful, "--acknowledge-stateful"),
            (form.acknowledge_unread, "--acknowledge-unread"),
            (form.allow_last_schedulable, "--allow-last"),
        ];
        words.extend(ticked.into_iter().filter(|(ticked, _)| *ticked).map(|(_, word)| word.to_owned()));
    }
    words.push("--wait".to_owned());
    words.join(" ")
}

/// One word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) && !word.starts_with('-');
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_every_word_as_one() {
        assert_eq!(quoted("edge-fra-01"), "edge-fra-01");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted("-rf"), "'-rf'");
        assert_eq!(quoted(""), "''");
    }
}
