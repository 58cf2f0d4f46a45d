//! An upgrade as a checklist. Where it stands is the contract's rule; this puts it in words.

use pitlane_api::Node;
use pitlane_api::rules::{Upgrade, UpgradeStep};

use super::format;
use super::operation::StepState;

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
                UpgradeStep::Drain if done => "Drained: the scheduler places nothing new here".to_owned(),
                UpgradeStep::Drain => "Drain the node".to_owned(),
                UpgradeStep::Upgrade if done => format!("Upgraded: {from} → {to}"),
                UpgradeStep::Upgrade => format!("Upgrade it on the host: {from} → {to}"),
                UpgradeStep::Clean if done => "Heartbeat clean".to_owned(),
                UpgradeStep::Clean => "Heartbeat fresh, and no signal bad".to_owned(),
                UpgradeStep::Activate => "Activate it".to_owned(),
            };
            (state, words)
        })
        .collect()
}

/// What is upgraded: the agent where one runs, else the engine's own process.
pub fn subject(node: &Node) -> &'static str {
    if node.agent_version.is_some() { "Agent" } else { "Engine" }
}

/// What to do now, or what is waited for.
pub fn hint(upgrade: &Upgrade) -> &'static str {
    match upgrade.current {
        UpgradeStep::Drain if upgrade.underway => "Waiting for the engine to confirm the drain.",
        UpgradeStep::Drain => "Maintenance first: while it is upgraded, nothing new should be placed here.",
        UpgradeStep::Upgrade => "Install the new version on the host. This list goes on by itself once the node reports it.",
        UpgradeStep::Clean => "The new version reports. Waiting for a fresh heartbeat with no bad signal.",
        UpgradeStep::Activate => "Everything is clean. The node can take placements again.",
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
