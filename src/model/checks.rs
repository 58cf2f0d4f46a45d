//! The activation checks as the screen tells them, and the settle window's countdown.

use pitlane_api::{ActivationChecks, CheckKind, CheckOutcome, Timestamp, seconds_between};

use super::tone::{Glyph, Tone};
use crate::words::tr;

/// Colour, picture and word of a check's outcome.
pub fn mark(outcome: CheckOutcome) -> (Tone, Glyph, String) {
    match outcome {
        CheckOutcome::Ok => (Tone::Healthy, Glyph::Check, tr!("check" => "ok")),
        CheckOutcome::Blocked => (Tone::Offline, Glyph::Cross, tr!("check" => "blocked")),
        CheckOutcome::NotRequired | CheckOutcome::Unknown => (Tone::Neutral, Glyph::Ring, tr!("check" => "not required")),
    }
}

/// How long it has been clean by now, in seconds. Counts on between two readings, as long as nothing but the window
/// itself is in the way.
pub fn settled_for(checks: &ActivationChecks, now: Timestamp) -> u64 {
    let only_the_window = checks.checks.iter().all(|check| check.outcome != CheckOutcome::Blocked || check.kind == CheckKind::Settled);
    if !only_the_window || checks.settled_for_s == 0 {
        return checks.settled_for_s;
    }
    checks.settled_for_s.saturating_add(seconds_between(checks.read_at, now)).min(checks.settle_window_s)
}

/// `Clean for 42 of 60 s`; nothing once the window is full or where something else is in the way.
pub fn countdown(checks: &ActivationChecks, now: Timestamp) -> Option<u64> {
    if checks.clean {
        return None;
    }
    let only_the_window = checks.checks.iter().all(|check| check.outcome != CheckOutcome::Blocked || check.kind == CheckKind::Settled);
    only_the_window.then(|| checks.settle_window_s.saturating_sub(settled_for(checks, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::{Check, Words};

    fn checks(blocked: &[CheckKind], settled_for_s: u64) -> ActivationChecks {
        let check =
            |kind: &CheckKind| Check { kind: *kind, name: Words::plain(kind.as_str()), outcome: CheckOutcome::Blocked, detail: Words::default() };
        ActivationChecks {
            node_id: "n".into(),
            revision: "r".into(),
            read_at: Timestamp::UNIX_EPOCH,
            checks: blocked.iter().map(check).collect(),
            settle_window_s: 60,
            settled_for_s,
            clean: blocked.is_empty(),
            notice: None,
            commands: vec![],
        }
    }

    #[test]
    fn the_window_counts_on_only_while_nothing_else_is_bad() {
        let later = Timestamp::from_second(10).unwrap_or_default();
        let waiting = checks(&[CheckKind::Settled], 20);
        assert_eq!((settled_for(&waiting, later), countdown(&waiting, later)), (30, Some(30)));
        let bad = checks(&[CheckKind::Settled, CheckKind::Signal], 20);
        assert_eq!((settled_for(&bad, later), countdown(&bad, later)), (20, None));
        assert_eq!(countdown(&checks(&[], 60), later), None);
        let far = Timestamp::from_second(900).unwrap_or_default();
        assert_eq!(settled_for(&waiting, far), 60);
    }
}
