//! Commands that a person copies into a shell: names and reasons come from outside, and nothing in them may become a command.

/// Where a reason belongs in a command that a driver words.
pub const REASON_GAP: &str = "'{reason}'";

/// One word for a POSIX shell, whatever is in it: as it is where a shell reads nothing into it, else in single quotes. It never holds [`REASON_GAP`].
pub fn shell_word(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(harmless) {
        return word.to_owned();
    }
    // Ending a quotation and beginning the next one adds nothing to the word.
    format!("'{}'", word.replace('\'', r"'\''").replace("{reason}", "{''reason}"))
}

/// A command with the reason in its gap.
pub fn with_reason(command: &str, reason: &str) -> String {
    // What begins with a dash is a flag to `pitlane`, unless it is joined to its own.
    let joined = if reason.starts_with('-') { command.replace("--reason '{reason}'", "--reason='{reason}'") } else { command.to_owned() };
    joined.replace(REASON_GAP, &shell_word(reason))
}
