//! What is said of a drain that begins later, and of a link that asks for one.

use pitlane_api::{PlanState, PlannedDrain, REASON_MAX, Timestamp, rules};

use super::expected::Expected;
use super::tone::{Glyph, Tone};
use crate::words::{self, tr};

/// The line about a planned drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanWords {
    pub state: PlanState,
    pub starts_at: Timestamp,
    /// `on-call · “Kernel 6.12 reboot”`.
    pub rest: String,
    /// What it waits for, or why it did not begin.
    pub message: Option<String>,
}

impl PlanWords {
    /// The words for `plan`.
    pub fn of(plan: &PlannedDrain) -> Self {
        Self {
            state: plan.state,
            starts_at: plan.starts_at,
            rest: tr!("{} · “{}”", plan.by, plan.reason),
            message: plan.message.as_ref().filter(|_| plan.state != PlanState::Waiting).map(words::told),
        }
    }

    /// Whether it did not begin, and a person has to say what now.
    pub const fn needs_a_person(&self) -> bool {
        matches!(self.state, PlanState::Refused | PlanState::Missed)
    }

    /// The colour of the line.
    pub const fn tone(&self) -> Tone {
        match self.state {
            PlanState::Refused | PlanState::Missed => Tone::Offline,
            PlanState::Due => Tone::Degraded,
            _ => Tone::Pending,
        }
    }

    /// The picture of the line.
    pub const fn glyph(&self) -> Glyph {
        if self.needs_a_person() { Glyph::Warning } else { Glyph::Clock }
    }
}

/// `Drain planned in 3 h`, given `in 3 h`.
pub fn headline(state: PlanState, when: &str) -> String {
    match state {
        PlanState::Due => tr!("Planned drain is due since {}", when),
        PlanState::Refused => tr!("Planned drain refused, nothing was drained"),
        PlanState::Missed => tr!("Planned drain missed, nothing was drained"),
        _ => tr!("Drain planned {}", when),
    }
}

/// What a link "please drain this" brings along. Text from outside: bounded, and never anything but text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Wish {
    pub reason: String,
    /// A word of the menu "Expected back".
    pub back: String,
}

impl Wish {
    /// What can be read of the two; `None` where that is nothing.
    pub fn read(reason: &str, back: &str) -> Option<Self> {
        let bounded: String = reason.chars().take(REASON_MAX).collect();
        let reason = rules::check_reason(&bounded).unwrap_or_default();
        let back = if Expected::from_value(back) == Expected::NotSet { String::new() } else { back.to_owned() };
        (!reason.is_empty() || !back.is_empty()).then_some(Self { reason, back })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wish_is_text_without_tricks() {
        let wish = Wish::read(" <b>Kernel</b> \u{202e}6.12\u{7} ", "120").unwrap_or_default();
        assert_eq!((wish.reason.as_str(), wish.back.as_str()), ("<b>Kernel</b> 6.12", "120"));
        assert_eq!(Wish::read("x", "121"), None, "too short, and no word of the menu");
    }

    #[test]
    fn each_state_says_what_became_of_it() {
        assert_eq!(headline(PlanState::Waiting, "in 3 h"), "Drain planned in 3 h");
        assert!(headline(PlanState::Refused, "2 min ago").contains("nothing was drained"));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_bounded_and_read_alike_twice(reason in ".{0,600}", back in "[0-9]{0,4}") {
            if let Some(wish) = Wish::read(&reason, &back) {
                prop_assert!(wish.reason.chars().count() <= REASON_MAX);
                prop_assert_eq!(Wish::read(&wish.reason, &wish.back), Some(wish));
            }
        }
    }
}
