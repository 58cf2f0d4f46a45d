//! The conformance suite: what every driver promises, as plain functions that any of them can be run through.
//!
//! A driver brings a [`Harness`] (its engine, and hands that change things behind its back) and one line:
//! `pitlane_engine::conformance_tests!(harness().await, not_here: &[])`, which makes a test of every check. A check
//! answers with a [`Verdict`]; one that cannot be asked of an engine says so, and the test fails unless the driver
//! listed it in `not_here`, so that nothing is skipped by accident.
//!
//! The suite must not know any driver. Checks may share one engine: each works on nodes of its own.

mod harness;
mod life;
mod scheduling;
mod watching;
mod workloads;

use futures::future::BoxFuture;

pub use harness::{Harness, Held, Placed, Verdict};
pub use life::*;
pub use scheduling::*;
pub use watching::*;
pub use workloads::*;

/// A check.
pub type Check = for<'a> fn(&'a dyn Harness) -> BoxFuture<'a, Verdict>;

/// Calls a macro with the name of every check: `each_check!(macro_to_call; anything before the names)`.
#[macro_export]
macro_rules! each_check {
    ($callback:path; $($with:tt)*) => {
        $callback! { $($with)*;
            a_node_is_listed_as_it_is_read,
            an_unknown_node_is_not_found,
            what_it_cannot_do_it_says,
            the_same_from_a_terminal_names_the_node,
            a_removed_node_is_gone,
            record_survives_restart_of_driver,
            unreachable_is_unreachable_not_empty,
            drain_is_confirmed_and_carries_the_record,
            the_record_comes_back_letter_by_letter,
            draining_twice_is_one_effect,
            the_record_can_be_changed_in_maintenance,
            stale_revision_is_a_conflict_and_changes_nothing,
            two_writers_one_wins,
            activate_removes_the_record,
            activating_a_schedulable_node_is_a_success,
            other_labels_untouched,
            a_label_does_not_change_the_revision,
            takes_no_new_placements_while_in_maintenance,
            maintenance_set_outside_has_no_record_and_can_be_taken_over,
            activation_outside_leaves_nothing_that_stays,
            an_outside_change_makes_the_revision_stale,
            own_change_is_seen_by_the_watch,
            outside_change_is_seen_by_the_watch,
            every_receiver_of_the_watch_sees_a_change,
            the_watch_tells_that_the_engine_went_and_came_back,
            stateful_workloads_are_told_from_stateless_ones,
            nothing_that_runs_is_touched,
            unread_workloads_are_said,
        }
    };
}

macro_rules! list {
    (; $($name:ident,)*) => {
        /// Every check by name.
        pub const ALL: &[(&str, Check)] = &[$((stringify!($name), |harness| Box::pin($name(harness))),)*];
    };
}

each_check!(list;);

/// Makes a test of every check. `$harness` is evaluated anew, in the test's own runtime, for each, and is a `Result` whose
/// error has words; `not_here` lists the
/// checks that cannot be asked of this engine.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr, not_here: $not_here:expr) => {
        $crate::each_check!($crate::conformance_test_fns; $harness, $not_here);
    };
}

/// Part of [`conformance_tests!`].
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test_fns {
    ($harness:expr, $not_here:expr; $($name:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let harness = match $harness {
                    Ok(harness) => harness,
                    Err(why) => panic!("the harness does not start: {why}"),
                };
                let not_here: &[&str] = $not_here;
                let listed = not_here.contains(&stringify!($name));
                match $crate::conformance::$name(&harness).await {
                    Ok($crate::conformance::Held::Yes) => assert!(!listed, "it holds: take it from the list of what cannot be asked here"),
                    Ok($crate::conformance::Held::NotHere(why)) => assert!(listed, "cannot be asked of this engine ({why}), and is not listed"),
                    Err(why) => panic!("{why}"),
                }
            }
        )*
    };
}
