//! What a person may write into a field.

use std::fmt;

use crate::{REASON_MAX, REASON_MIN, Timestamp, Words, say};

/// A field that is wrong: 422 with `details.field`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// For a person.
    pub message: Words,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for FieldError {}

/// Characters that change how the text around them is read: bidirectional marks, embeddings and isolates.
pub(super) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A reason as it is kept: trimmed, control and bidirectional characters removed, 3 to 500 characters long.
pub fn check_reason(reason: &str) -> Result<String, FieldError> {
    let kept: String = reason
        .chars()
        .map(|c| if c == '\n' || c == '\t' || c == '\r' { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_bidi_control(*c))
        .collect();
    let kept = kept.trim().to_owned();
    let length = kept.chars().count();
    if !(REASON_MIN..=REASON_MAX).contains(&length) {
        return Err(FieldError {
            field: "reason",
            message: say!("The reason must have {} to {} characters; this one has {}.", REASON_MIN, REASON_MAX, length),
        });
    }
    Ok(kept)
}

/// When the node is expected back: ahead of now, and not more than a year.
pub fn check_expected_back(at: Option<Timestamp>, now: Timestamp) -> Result<(), FieldError> {
    let Some(at) = at else { return Ok(()) };
    let ahead = at.as_second() - now.as_second();
    let message = if ahead <= 0 {
        say!("The time at which the node is expected back lies in the past.")
    } else if ahead > 366 * 24 * 3600 {
        say!("The time at which the node is expected back is more than a year away.")
    } else {
        return Ok(());
    };
    Err(FieldError { field: "expected_back_at", message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_measured_in_characters_after_trimming() {
        assert!(check_reason("  ab  ").is_err());
        assert_eq!(check_reason(" abc ").as_deref(), Ok("abc"));
        assert!(check_reason(&"ü".repeat(500)).is_ok());
        assert!(check_reason(&"ü".repeat(501)).is_err());
    }

    #[test]
    fn a_reason_cannot_turn_the_text_around_it() {
        assert_eq!(check_reason("re\u{202e}boot\u{7}\nnow").as_deref(), Ok("reboot now"));
        assert!(check_reason("\u{202e}\u{202e}\u{202e}").is_err());
    }

    #[test]
    fn expected_back_lies_ahead() {
        let now = Timestamp::from_second(1_000).unwrap();
        assert!(check_expected_back(None, now).is_ok());
        assert!(check_expected_back(Timestamp::from_second(1_001).ok(), now).is_ok());
        assert_eq!(check_expected_back(Timestamp::from_second(1_000).ok(), now).unwrap_err().field, "expected_back_at");
        assert!(check_expected_back(Timestamp::from_second(1_000 + 400 * 86_400).ok(), now).is_err());
    }
}
