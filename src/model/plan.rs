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
    /// In so many minutes, or `2h` or `1d`; text as it came.
    pub back: String,
}

impl Wish {
    /// What can be read of the two; `None` where that is nothing.
    pub fn read(reason: &str, back: &str) -> Option<Self> {
        let bounded: String = reason.chars().take(REASON_MAX).collect();
        let reason = rules::check_reason(&bounded).unwrap_or_default();
        let back = if back.len() <= BACK_MAX && back.bytes().all(|byte| byte.is_ascii_alphanumeric()) { back } else { "" };
        (!reason.is_empty() || !back.is_empty()).then_some(Self { reason, back: back.to_owned() })
    }

    /// The time that is meant, in the words of the menu where it has that.
    pub fn back_on_the_menu(&self) -> String {
        let word = minutes(&self.back).map(|minutes| minutes.to_string()).unwrap_or_default();
        if Expected::from_value(&word) == Expected::NotSet { String::new() } else { word }
    }

    /// The same where the menu does not have it.
    pub fn back_off_the_menu(&self) -> Option<Expected> {
        if self.back_on_the_menu().is_empty() { minutes(&self.back).map(Expected::Minutes) } else { None }
    }
}

/// The longest `back` that is read.
const BACK_MAX: usize = 8;

/// `90` and `90m`, `2h` and `1d`, at most a year.
fn minutes(text: &str) -> Option<u32> {
    let of = |unit: char, minutes| text.strip_suffix(unit).map(|number| (number, minutes));
    let (number, unit) = of('m', 1).or_else(|| of('h', 60)).or_else(|| of('d', 1_440)).unwrap_or((text, 1));
    number.parse::<u32>().ok()?.checked_mul(unit).filter(|minutes| (1..=366 * 1_440).contains(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wish_is_text_without_tricks() {
        let wish = Wish::read(" <b>Kernel</b> \u{202e}6.12\u{7} ", "120").unwrap_or_default();
        assert_eq!((wish.reason.as_str(), wish.back.as_str()), ("<b>Kernel</b> 6.12", "120"));
        assert_eq!(Wish::read("x", "<b>"), None, "too short, and no time");
    }

    #[test]
    fn a_wish_knows_minutes_hours_and_days() {
        let back = |text| Wish { back: String::from(text), ..Wish::default() };
        assert_eq!(["120", "120m", "2h", "1d", "90"].map(|text| back(text).back_on_the_menu()), ["120", "120", "120", "1440", ""]);
        assert_eq!(["90", "90m", "3d"].map(|text| back(text).back_off_the_menu()), [90, 90, 4_320].map(|minutes| Some(Expected::Minutes(minutes))));
        assert_eq!(["2h", "0", "-5", "h", "2w", "999d", "9999999d"].map(|text| back(text).back_off_the_menu()), [None; 7]);
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
