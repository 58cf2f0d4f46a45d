//! What narrows a node's list of workloads, as it stands in the URL.

use pitlane_api::WorkloadKind;

use super::value;
use crate::model::workloads::Filter;

/// Key and value of each; an empty value is none.
pub fn pairs(filter: &Filter) -> impl Iterator<Item = (&'static str, String)> {
    let Filter { text, stateful, kind, stack } = filter;
    let kind = kind.map(|kind| kind.as_str().to_owned());
    let stateful = stateful.then(|| "yes".to_owned());
    [("q", Some(text.clone())), ("stack", stack.clone()), ("kind", kind), ("stateful", stateful)]
        .into_iter()
        .map(|(key, value)| (key, value.unwrap_or_default()))
}

/// The reverse.
pub fn read(query: &str) -> Filter {
    let kind = value(query, "kind").unwrap_or_default();
    Filter {
        text: value(query, "q").unwrap_or_default(),
        stateful: value(query, "stateful").is_some_and(|word| word == "yes"),
        kind: WorkloadKind::ALL.iter().chain(&[WorkloadKind::Unknown]).copied().find(|known| known.as_str() == kind),
        stack: value(query, "stack").filter(|stack| !stack.is_empty()),
    }
}
