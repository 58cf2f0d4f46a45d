//! Which workloads of a node are listed, and in what order.

use pitlane_api::{Workload, WorkloadKind};

use crate::words::{self, tr};

/// What narrows the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// Words that must all be found in name, namespace, image, volumes or remarks.
    pub text: String,
    pub stateful: bool,
    pub kind: Option<WorkloadKind>,
    /// Compose project, Swarm stack or namespace.
    pub stack: Option<String>,
}

impl Filter {
    fn matches(&self, workload: &Workload, words: &[String]) -> bool {
        (!self.stateful || workload.stateful)
            && self.kind.is_none_or(|kind| kind == workload.kind)
            && self.stack.as_ref().is_none_or(|stack| workload.stack.as_ref() == Some(stack))
            && (words.is_empty() || matches_text(workload, words))
    }
}

/// What is listed: stateful ones first, otherwise as the engine has them.
pub fn listed(workloads: &[Workload], filter: &Filter) -> Vec<Workload> {
    let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
    let matching: Vec<&Workload> = workloads.iter().filter(|workload| filter.matches(workload, &words)).collect();
    let (stateful, stateless): (Vec<_>, Vec<_>) = matching.into_iter().partition(|workload| workload.stateful);
    stateful.into_iter().chain(stateless).cloned().collect()
}

fn matches_text(workload: &Workload, words: &[String]) -> bool {
    let mut text = workload.name.to_lowercase();
    let remarks: Vec<String> = workload.remarks.iter().map(words::told).collect();
    let parts = workload.stack.iter().chain(&workload.image).chain(&remarks);
    for part in parts.chain(workload.volumes.iter().map(|volume| &volume.name)) {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
    words.iter().all(|word| text.contains(word.as_str()))
}

/// A kind in the menu.
pub fn kind(kind: WorkloadKind) -> String {
    match kind {
        WorkloadKind::Container => tr!("Container"),
        WorkloadKind::Task => tr!("Task"),
        WorkloadKind::Pod => tr!("Pod"),
        WorkloadKind::Allocation => tr!("Allocation"),
        WorkloadKind::Unknown => tr!("Something else"),
    }
}

/// The kinds there are, with the one that is asked for; a menu of one is no choice.
pub fn kinds(workloads: &[Workload], filter: &Filter) -> Vec<WorkloadKind> {
    let mut kinds: Vec<WorkloadKind> = workloads.iter().map(|workload| workload.kind).chain(filter.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The stacks or namespaces there are, with the one that is asked for, by name.
pub fn stacks(workloads: &[Workload], filter: &Filter) -> Vec<String> {
    let mut stacks: Vec<String> = workloads.iter().filter_map(|workload| workload.stack.clone()).chain(filter.stack.clone()).collect();
    stacks.sort_unstable();
    stacks.dedup();
    stacks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(name: &str, stack: &str, stateful: bool) -> Workload {
        serde_json::from_value(serde_json::json!({
            "identity": format!("compose:{stack}:{name}:1"), "name": name, "stack": stack, "image": format!("{name}:1"), "kind": "container",
            "state": "running", "stateful": stateful, "on_restart": "here_with_data", "on_node_down": "waits_for_node",
            "volumes": if stateful { serde_json::json!([{"name": format!("{name}_data"), "kind": "named", "data_lives": "this_node_only"}]) } else { serde_json::json!([]) }
        }))
        .unwrap()
    }

    #[test]
    fn filters_narrow_together_and_stateful_ones_come_first() {
        let all = [workload("web", "shop", false), workload("db", "shop", true), workload("Cache", "assets", true)];
        let names = |filter: Filter| listed(&all, &filter).into_iter().map(|workload| workload.name).collect::<Vec<_>>();
        assert_eq!(names(Filter::default()), ["db", "Cache", "web"]);
        assert_eq!(names(Filter { text: "DB_data".into(), ..Filter::default() }), ["db"]);
        assert_eq!(names(Filter { text: "shop web".into(), ..Filter::default() }), ["web"]);
        assert_eq!(names(Filter { stateful: true, stack: Some("assets".into()), ..Filter::default() }), ["Cache"]);
        assert_eq!(names(Filter { kind: Some(WorkloadKind::Pod), ..Filter::default() }), Vec::<String>::new());
        assert_eq!(stacks(&all, &Filter::default()), ["assets", "shop"]);
        assert_eq!(kinds(&all, &Filter::default()), [WorkloadKind::Container]);
        let gone = Filter { kind: Some(WorkloadKind::Pod), stack: Some("gone".into()), ..Filter::default() };
        assert_eq!((kinds(&all, &gone).len(), stacks(&all, &gone).len()), (2, 3), "what is asked for can be let go of, though nothing has it");
    }
}
