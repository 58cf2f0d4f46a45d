//! What the command palette finds. Predictable before clever: the same words find the same things in the same order, another letter only
//! ever takes things away, and what begins with what was typed stands first.

use pitlane_api::{Node, NodeId, Scheduling};

use super::entry::natural;

/// The most that is shown at once. Who wants the fifty-first types another letter.
pub const MOST: usize = 50;

/// What can be done with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Open,
    Drain,
    Activate,
    Share,
    /// Drain it later.
    Plan,
    /// Change the drain that is planned.
    Replan,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 6] = [Verb::Open, Verb::Drain, Verb::Activate, Verb::Share, Verb::Plan, Verb::Replan];
}

/// A node as the palette knows it: read once, when it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub id: NodeId,
    pub name: String,
    lower: String,
    /// The name, so written that plain comparison puts `node-2` before `node-10`.
    sorted: String,
    schedulable: bool,
    planned: bool,
}

impl Subject {
    /// Reads a node.
    pub fn of(node: &Node) -> Self {
        let schedulable = node.scheduling == Scheduling::Schedulable;
        let planned = node.planned.is_some();
        Self { id: node.id.clone(), name: node.name.clone(), lower: node.name.to_lowercase(), sorted: natural(&node.name), schedulable, planned }
    }

    /// Whether the verb makes sense now.
    pub fn can(&self, verb: Verb) -> bool {
        match verb {
            Verb::Open | Verb::Share => true,
            Verb::Drain => self.schedulable,
            Verb::Activate => !self.schedulable,
            Verb::Plan => self.schedulable && !self.planned,
            Verb::Replan => self.planned,
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// A command, by its place in the list that was handed in.
    Command(usize),
    /// Something to do with a node.
    Node(Verb, NodeId, String),
}

/// What the words find, the best first. Without words: every command, and no node.
pub fn find(typed: &str, commands: &[String], verbs: &[(Verb, String)], nodes: &[Subject]) -> Vec<Hit> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(u32, &str, Hit)> = Vec::new();
    for (at, label) in commands.iter().enumerate() {
        found.extend(cost(&words, &label.to_lowercase()).map(|cost| (cost, "", Hit::Command(at))));
    }
    if !words.is_empty() {
        for (verb, label) in verbs {
            let label = label.to_lowercase();
            // The words that the verb does not answer must be the node's. What stands behind the verb is no name for it, but belongs to it.
            let named = words.iter().any(|word| label.starts_with(word));
            let belongs = |word: &&str| named && label.split(' ').any(|part| part.starts_with(word));
            let rest: Vec<&str> = words.iter().map(String::as_str).filter(|word| !belongs(word)).collect();
            // Every node can be opened, so the verb need not be said. Whatever changes something is found by its verb, or below the node.
            for node in nodes.iter().filter(|node| node.can(*verb)) {
                let mut total = if named || *verb == Verb::Open { 0 } else { LATER };
                if rest.iter().all(|word| {
                    cost_of(word, &node.lower).is_some_and(|cost| {
                        total += cost;
                        true
                    })
                }) {
                    found.push((total, node.sorted.as_str(), Hit::Node(*verb, node.id.clone(), node.name.clone())));
                }
            }
        }
    }
    found.sort_by(|(a, x, hit), (b, y, other)| a.cmp(b).then_with(|| x.cmp(y)).then_with(|| order(hit, other)));
    found.truncate(MOST);
    found.into_iter().map(|(_, _, hit)| hit).collect()
}

/// What is not asked for by name stands below what is.
const LATER: u32 = 1_000;

fn order(a: &Hit, b: &Hit) -> std::cmp::Ordering {
    match (a, b) {
        (Hit::Command(a), Hit::Command(b)) => a.cmp(b),
        (Hit::Command(_), Hit::Node(..)) => std::cmp::Ordering::Less,
        (Hit::Node(..), Hit::Command(_)) => std::cmp::Ordering::Greater,
        (Hit::Node(v, a, _), Hit::Node(w, b, _)) => v.cmp(w).then_with(|| a.cmp(b)),
    }
}

/// All words must be found.
fn cost(words: &[String], text: &str) -> Option<u32> {
    words.iter().try_fold(0, |sum, word| cost_of(word, text).map(|cost| sum + cost))
}

/// How far a word is from a text: at its beginning, at the beginning of a part, within it, or its letters in order.
fn cost_of(word: &str, text: &str) -> Option<u32> {
    if text.starts_with(word) {
        return Some(0);
    }
    if text.split(|letter: char| !letter.is_alphanumeric()).any(|part| part.starts_with(word)) {
        return Some(1);
    }
    if text.contains(word) {
        return Some(2);
    }
    let mut letters = text.chars();
    word.chars().all(|wanted| letters.any(|letter| letter == wanted)).then_some(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use proptest::prelude::*;

    fn verbs() -> Vec<(Verb, String)> {
        let words = ["Open", "Drain", "Activate", "Share", "Plan a drain of", "Plan a drain of"];
        Verb::ALL.into_iter().zip(words.map(str::to_owned)).collect()
    }

    fn commands() -> Vec<String> {
        ["Go to nodes", "Go to activity", "Use the dark theme"].map(str::to_owned).into()
    }

    fn fleet() -> Vec<Subject> {
        let mut away = node("edge-fra-02");
        away.scheduling = Scheduling::Maintenance;
        [node("edge-fra-10"), node("edge-fra-1"), away, node("db-ams-01")].iter().map(Subject::of).collect()
    }

    fn found(typed: &str) -> Vec<String> {
        let commands = commands();
        let said = |hit: Hit| match hit {
            Hit::Command(at) => commands.get(at).cloned().unwrap_or_default(),
            Hit::Node(verb, _, name) => format!("{verb:?} {name}"),
        };
        find(typed, &commands, &verbs(), &fleet()).into_iter().map(said).collect()
    }

    #[test]
    fn without_words_there_are_the_commands() {
        assert_eq!(found(""), commands());
        assert_eq!(found("  "), commands());
    }

    #[test]
    fn a_name_opens_and_a_verb_acts() {
        assert_eq!(found("edge-fra-1").first().map(String::as_str), Some("Open edge-fra-1"));
        assert_eq!(found("drain fra"), ["Drain edge-fra-1", "Drain edge-fra-10"]);
        assert_eq!(found("fra act"), ["Activate edge-fra-02"], "the order of the words does not matter");
        assert_eq!(found("drain 02"), Vec::<String>::new(), "what is out of the scheduler is not drained");
        assert_eq!(found("dark"), ["Use the dark theme"]);
        assert_eq!(found("plan fra"), ["Plan edge-fra-1", "Plan edge-fra-10"], "what is out of the scheduler needs no plan");
        assert_eq!(found("plan a drain of db"), ["Plan db-ams-01"]);
    }

    #[test]
    fn letters_in_order_are_enough() {
        assert_eq!(found("dams").first().map(String::as_str), Some("Open db-ams-01"));
        assert_eq!(found("gta").first().map(String::as_str), Some("Go to activity"));
    }

    proptest! {
        #[test]
        fn another_letter_only_takes_away(typed in "[a-f0-9 -]{0,6}", letter in "[a-f0-9-]") {
            let more = format!("{typed}{letter}");
            let (before, after) = (found(&typed), found(&more));
            prop_assume!(!typed.trim().is_empty() && !typed.ends_with(' '));
            // A word may stop being a verb's and become a name's; what is left was there before in some line about the same thing.
            let name = |line: &String| line.split_once(' ').map(|(_, name)| name.to_owned()).unwrap_or_default();
            let known: Vec<String> = before.iter().map(name).collect();
            prop_assert!(after.iter().all(|line| known.contains(&name(line))), "{before:?} then {after:?}");
        }

        #[test]
        fn every_word_is_found_in_its_letters(typed in "[a-z0-9 ]{1,8}") {
            for line in found(&typed) {
                let line = line.to_lowercase();
                for word in typed.split_whitespace() {
                    let mut letters = line.chars();
                    prop_assert!(word.chars().all(|wanted| letters.any(|letter| letter == wanted)), "{typed:?} found {line:?}");
                }
            }
        }

        #[test]
        fn the_same_words_find_the_same(typed in "\\PC{0,8}") {
            prop_assert_eq!(found(&typed), found(&typed.to_uppercase().to_lowercase()));
            prop_assert!(found(&typed).len() <= MOST);
        }
    }
}
