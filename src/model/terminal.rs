//! The same from a terminal: what a sheet asks for, with what is filled in and ticked, as a command that can be copied.

use pitlane_api::{BulkPreview, OperationKind, REASON_GAP, Timestamp, shell_word, with_reason};

use super::bulk::{Form, ready};

/// `pitlane drain edge-fra-01 edge-fra-02 --reason 'Kernel 6.12 reboot' --wait`, with what is filled in and ticked. `back` is in minutes, as the menu has it.
pub fn command(preview: &BulkPreview, form: &Form, back: &str) -> String {
    let drain = preview.kind == OperationKind::Drain;
    let names: Vec<&str> = ready(preview).map(|node| node.node_name.as_str()).collect();
    let words = names.iter().map(|name| shell_word(name)).collect::<Vec<_>>().join(" ");
    // What begins with a dash is a flag, unless it stands behind two of them.
    let (first, last) =
        if names.iter().any(|name| name.starts_with('-')) { (String::new(), format!(" -- {words}")) } else { (format!(" {words}"), String::new()) };
    if !drain {
        return format!("pitlane activate{first} --wait{last}");
    }
    let flags: String = flags(form, back).iter().map(|flag| format!(" {flag}")).collect();
    told(&format!("pitlane drain{first} --reason {REASON_GAP}{flags} --wait{last}"), &form.reason)
}

/// A command of an engine's driver for one node, with what is filled in and ticked. Only Pitlane's own takes more than the reason; with `starts_at` it
/// plans the drain.
pub fn filled(command: &str, form: &Form, back: &str, starts_at: Option<Timestamp>) -> String {
    let own = command.starts_with("pitlane drain ");
    let flags: String = flags(form, back).iter().map(|flag| format!(" {flag}")).collect();
    let begins = starts_at.map_or_else(|| " --wait".to_owned(), |at| format!(" --at {at}"));
    let whole = if own { command.replace(&format!("{REASON_GAP} --wait"), &format!("{REASON_GAP}{flags}{begins}")) } else { command.to_owned() };
    told(&whole, &form.reason)
}

fn told(command: &str, reason: &str) -> String {
    match reason.trim() {
        "" => command.to_owned(),
        reason => with_reason(command, reason),
    }
}

fn flags(form: &Form, back: &str) -> Vec<String> {
    let mut flags = Vec::new();
    if !back.is_empty() && back.bytes().all(|byte| byte.is_ascii_digit()) {
        flags.push(format!("--expected-back {back}m"));
    }
    if form.at_once > 1 {
        flags.push(format!("--at-once {}", form.at_once));
    }
    let ticked = [
        (form.understood_stateful, "--acknowledge-stateful"),
        (form.acknowledge_unread, "--acknowledge-unread"),
        (form.allow_last_schedulable, "--allow-last"),
    ];
    flags.extend(ticked.into_iter().filter(|(ticked, _)| *ticked).map(|(_, flag)| flag.to_owned()));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAIN: &str = "pitlane drain edge-1 --reason '{reason}' --wait";

    #[test]
    fn one_nodes_command_has_what_is_filled_in_and_ticked() {
        let empty = Form::default();
        assert_eq!(filled(DRAIN, &empty, "", None), DRAIN);
        let form = Form { reason: " It's the kernel ".into(), understood_stateful: true, allow_last_schedulable: true, ..Form::default() };
        let whole = r"pitlane drain edge-1 --reason 'It'\''s the kernel' --expected-back 120m --acknowledge-stateful --allow-last --wait";
        assert_eq!(filled(DRAIN, &form, "120", None), whole);
        let at = Some("2030-01-31T18:00:00Z".parse().unwrap());
        assert_eq!(filled(DRAIN, &empty, "at", at), "pitlane drain edge-1 --reason '{reason}' --at 2030-01-31T18:00:00Z");
        let dash = Form { reason: "-5 degrees".into(), ..Form::default() };
        let behind = "pitlane drain --reason '{reason}' --wait -- -edge";
        assert_eq!(filled(behind, &dash, "", None), "pitlane drain --reason='-5 degrees' --wait -- -edge");
    }

    #[test]
    fn another_engines_command_takes_the_reason_alone() {
        let form = Form { reason: "Kernel 6.12 reboot".into(), understood_stateful: true, ..Form::default() };
        let annotate = "kubectl annotate node edge-1 --overwrite pitlane.dev/maintenance='{reason}'";
        assert_eq!(filled(annotate, &form, "120", None), "kubectl annotate node edge-1 --overwrite pitlane.dev/maintenance='Kernel 6.12 reboot'");
        assert_eq!(filled("kubectl cordon edge-1", &form, "120", None), "kubectl cordon edge-1");
    }
}
