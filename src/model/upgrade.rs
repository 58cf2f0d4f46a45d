//! An upgrade as a checklist. Where it stands is the contract's rule; this puts it in words.

use pitlane_api::Node;
use pitlane_api::rules::{Upgrade, UpgradeStep};

use super::format;
use super::operation::StepState;

use crate::words::tr;

/// Every step, where it stands, and its words.
pub fn steps(upgrade: &Upgrade) -> Vec<(StepState, String)> {
    let to = upgrade.to.as_deref().unwrap_or(format::UNKNOWN);
    let from = upgrade.from.as_deref().unwrap_or(format::UNKNOWN);
    UpgradeStep::ALL
        .into_iter()
        .map(|step| {
            let done = step < upgrade.current;
            let state = match step {
                _ if done => StepState::Done,
                _ if step > upgrade.current => StepState::Ahead,
                UpgradeStep::Drain if upgrade.underway => StepState::Now,
                _ => StepState::Waiting,
            };
            let words = match step {
                UpgradeStep::Drain if done => tr!("Drained: the scheduler places nothing new here"),
                UpgradeStep::Drain => tr!("Drain the node"),
                UpgradeStep::Upgrade if done => tr!("Upgraded: {from} → {to}", from, to),
                UpgradeStep::Upgrade => tr!("Upgrade it on the host: {from} → {to}", from, to),
                UpgradeStep::Clean if done => tr!("Heartbeat clean"),
                UpgradeStep::Clean => tr!("Heartbeat fresh, and no signal bad"),
                UpgradeStep::Activate => tr!("Activate it"),
            };
            (state, words)
        })
        .collect()
}

/// What is upgraded: the agent where one runs, else the engine's own process.
pub fn subject(node: &Node) -> String {
    if node.agent_version.is_some() { tr!("Agent") } else { tr!("Engine") }
}

/// What to do now, or what is waited for.
pub fn hint(upgrade: &Upgrade) -> String {
    match upgrade.current {
        UpgradeStep::Drain if upgrade.underway => tr!("Waiting for the engine to confirm the drain."),
        UpgradeStep::Drain => tr!("Maintenance first: while it is upgraded, nothing new should be placed here."),
        UpgradeStep::Upgrade => tr!("Install the new version on the host. This list goes on by itself once the node reports it."),
        UpgradeStep::Clean => tr!("The new version reports. Waiting for a fresh heartbeat with no bad signal."),
        UpgradeStep::Activate => tr!("Everything is clean. The node can take placements again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_is_the_current_one() {
        for current in UpgradeStep::ALL {
            let upgrade = Upgrade { from: Some("1.8.1".into()), to: Some("1.8.2".into()), current, underway: false };
            let states: Vec<StepState> = steps(&upgrade).into_iter().map(|(state, _)| state).collect();
            assert_eq!(states.iter().filter(|state| **state == StepState::Waiting).count(), 1);
            assert!(states.windows(2).all(|pair| pair != [StepState::Ahead, StepState::Done]));
        }
        let seen = Upgrade { from: Some("1.8.1".into()), to: Some("1.8.2".into()), current: UpgradeStep::Activate, underway: false };
        assert_eq!(steps(&seen).get(1).map(|(_, words)| words.as_str()), Some("Upgraded: 1.8.1 → 1.8.2"));
    }
}
