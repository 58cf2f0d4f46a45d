//! Placements: which node would take a workload. A node in maintenance never does.

use crate::{Health, Node, PassedOver, Placement, PlacementRequest, Refusal, Scheduling, Strategy, say};

use super::{FieldError, Realm, drain_pending};

/// The node that would be chosen, or why each was passed over.
///
/// # Errors
/// The outer error is a field that is wrong (`pinned` without `node_id`, an unknown strategy); the inner one is
/// [`Refusal::PlacementBlocked`].
pub fn place<'a>(request: &PlacementRequest, nodes: impl IntoIterator<Item = &'a Node>) -> Result<Result<Placement, Refusal>, FieldError> {
    match request.strategy {
        Strategy::Unknown => return Err(FieldError { field: "strategy", message: say!("The strategy must be least_loaded or pinned.") }),
        Strategy::Pinned if request.node_id.is_none() => {
            return Err(FieldError { field: "node_id", message: say!("A pinned placement needs a node_id.") });
        }
        Strategy::Pinned | Strategy::LeastLoaded => {}
    }
    let realm = if request.simulated { Realm::Simulated } else { Realm::Real };
    let mut passed_over = Vec::new();
    let mut best: Option<(f64, &'a Node)> = None;
    for node in nodes {
        let named = request.node_id.as_ref() == Some(&node.id);
        // A named node speaks for itself, in whichever realm it lives; otherwise the realms do not meet.
        if request.strategy == Strategy::LeastLoaded && Realm::of(node.node_source) != realm {
            continue;
        }
        let because = if request.strategy == Strategy::Pinned && !named { Some("another node is named".to_owned()) } else { why_not(request, node) };
        match because {
            Some(because) => {
                passed_over.push(PassedOver { node_id: node.id.clone(), node_name: node.name.clone(), because });
            }
            None => {
                let load = load(node);
                // Ties go to the name that comes first, so that the same question has the same answer.
                let better =
                    best.is_none_or(|(other, chosen)| load < other || (load == other && (&node.name, &node.id) < (&chosen.name, &chosen.id)));
                if better {
                    best = Some((load, node));
                }
            }
        }
    }
    Ok(match best {
        Some((load, node)) => Ok(Placement {
            node_id: node.id.clone(),
            node_name: node.name.clone(),
            because: match request.strategy {
                Strategy::Pinned => "It is the node that is named.".into(),
                _ => format!("It has the most room: {:.0} % in use.", load * 100.0),
            },
        }),
        None => Err(Refusal::PlacementBlocked { passed_over }),
    })
}

/// The larger share in use of memory and processors; a node that reports neither counts as full, and is taken last.
fn load(node: &Node) -> f64 {
    let resources = &node.resources;
    let memory = match (resources.memory_used_bytes, resources.memory_total_bytes) {
        (Some(used), Some(total)) if total > 0 => Some(used as f64 / total as f64),
        _ => None,
    };
    let cpu = resources.cpu_percent.map(|percent| percent / 100.0);
    match (memory, cpu) {
        (Some(memory), Some(cpu)) => memory.max(cpu),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => 1.0,
    }
}

fn why_not(request: &PlacementRequest, node: &Node) -> Option<String> {
    if node.scheduling != Scheduling::Schedulable {
        return Some("it is in maintenance".into());
    }
    if drain_pending(node.operation.as_ref()) {
        return Some("a drain of it is pending".into());
    }
    if !matches!(node.health, Health::Healthy | Health::Degraded) {
        return Some(format!("it is {}", node.health));
    }
    for tag in &request.selector_tags {
        let matches = match tag.split_once('=') {
            Some((key, value)) => node.labels.get(key).is_some_and(|has| has == value),
            None => node.labels.contains_key(tag),
        };
        if !matches {
            return Some(format!("it does not have the tag {tag}"));
        }
    }
    let resources = &node.resources;
    if let Some(needs) = request.requests.memory_bytes {
        let free = resources.memory_total_bytes.zip(resources.memory_used_bytes).map(|(total, used)| total.saturating_sub(used));
        match free {
            Some(free) if free >= needs => {}
            Some(free) => return Some(format!("it has {} MiB of memory free", free >> 20)),
            None => return Some("it does not say how much memory is free".into()),
        }
    }
    if let Some(needs) = request.requests.cpu_cores {
        let free = resources.cpu_cores.zip(resources.cpu_percent).map(|(cores, percent)| cores * (1.0 - percent / 100.0));
        match free {
            Some(free) if free >= needs => {}
            Some(free) => return Some(format!("it has {free:.1} processors free")),
            None => return Some("it does not say how many processors are free".into()),
        }
    }
    None
}
