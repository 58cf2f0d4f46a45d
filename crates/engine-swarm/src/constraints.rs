//! Swarm's placement constraints: whether a service may run on a node. The words are Swarm's own
//! (`node.labels.disk == ssd`); one that it does not know lets no node pass, and so it is here.

use bollard::models::{Node, NodeSpecRoleEnum, Platform, TaskSpecPlacement};

/// Whether the constraints and platforms of `placement` let `node` pass. Availability and state are not asked: a node
/// that is down today may be up when it matters.
pub(crate) fn admits(placement: Option<&TaskSpecPlacement>, node: &Node) -> bool {
    let Some(placement) = placement else { return true };
    let constraints = placement.constraints.as_deref().unwrap_or_default();
    let platforms = placement.platforms.as_deref().unwrap_or_default();
    constraints.iter().all(|constraint| holds(constraint, node)) && (platforms.is_empty() || platforms.iter().any(|platform| runs_on(platform, node)))
}

fn holds(constraint: &str, node: &Node) -> bool {
    let (key, wanted, equal) = match (constraint.split_once("=="), constraint.split_once("!=")) {
        (Some((key, value)), _) => (key, value, true),
        (None, Some((key, value))) => (key, value, false),
        (None, None) => return false,
    };
    match fact(key.trim(), node) {
        Some(value) => value.eq_ignore_ascii_case(wanted.trim()) == equal,
        None => false,
    }
}

/// What a node has under a key. An absent label is empty; a key that Swarm does not know is `None`.
fn fact(key: &str, node: &Node) -> Option<String> {
    let description = node.description.as_ref();
    let platform = description.and_then(|description| description.platform.as_ref());
    let text = |value: Option<&String>| Some(value.cloned().unwrap_or_default());
    if let Some(label) = strip(key, "node.labels.") {
        return text(node.spec.as_ref().and_then(|spec| spec.labels.as_ref()).and_then(|labels| labels.get(label)));
    }
    if let Some(label) = strip(key, "engine.labels.") {
        return text(description.and_then(|description| description.engine.as_ref()?.labels.as_ref()?.get(label)));
    }
    match key.to_ascii_lowercase().as_str() {
        "node.id" => text(node.id.as_ref()),
        "node.hostname" => text(description.and_then(|description| description.hostname.as_ref())),
        "node.ip" => text(node.status.as_ref().and_then(|status| status.addr.as_ref())),
        "node.role" => Some(if is_manager(node) { "manager" } else { "worker" }.to_owned()),
        "node.platform.os" => text(platform.and_then(|platform| platform.os.as_ref())),
        "node.platform.arch" => text(platform.and_then(|platform| platform.architecture.as_ref())),
        _ => None,
    }
}

fn strip<'a>(key: &'a str, prefix: &str) -> Option<&'a str> {
    let head = key.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &key[prefix.len()..])
}

pub(crate) fn is_manager(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.role) == Some(NodeSpecRoleEnum::MANAGER)
}

fn runs_on(platform: &Platform, node: &Node) -> bool {
    let has = node.description.as_ref().and_then(|description| description.platform.as_ref());
    let same = |wanted: Option<&str>, has: Option<&str>| {
        wanted.is_none_or(|wanted| wanted.is_empty() || has.is_some_and(|has| has.eq_ignore_ascii_case(wanted)))
    };
    let has_architecture = has.map(|has| architecture(has.architecture.as_deref()));
    let wanted_architecture = platform.architecture.as_deref().map(|wanted| architecture(Some(wanted)));
    same(platform.os.as_deref(), has.and_then(|has| has.os.as_deref())) && same(wanted_architecture, has_architecture)
}

/// Images and kernels name the same processor differently; Swarm takes these for the same.
fn architecture(name: Option<&str>) -> &str {
    match name.unwrap_or_default() {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::models::{NodeDescription, NodeSpec};

    use super::*;

    fn node() -> Node {
        Node {
            id: Some("abc".into()),
            spec: Some(NodeSpec {
                labels: Some(HashMap::from([("disk".into(), "ssd".into())])),
                role: Some(NodeSpecRoleEnum::WORKER),
                ..NodeSpec::default()
            }),
            description: Some(NodeDescription {
                hostname: Some("N2".into()),
                platform: Some(Platform { architecture: Some("x86_64".into()), os: Some("linux".into()) }),
                ..NodeDescription::default()
            }),
            ..Node::default()
        }
    }

    fn passes(constraint: &str) -> bool {
        admits(Some(&TaskSpecPlacement { constraints: Some(vec![constraint.into()]), ..TaskSpecPlacement::default() }), &node())
    }

    #[test]
    fn the_words_of_swarm_are_read_as_swarm_reads_them() {
        for yes in [
            "node.id==abc",
            "node.hostname == n2",
            "node.role!=manager",
            "node.labels.disk==SSD",
            "node.labels.rack != 1",
            "node.platform.arch==x86_64",
        ] {
            assert!(passes(yes), "{yes}");
        }
        for no in [
            "node.id==abd",
            "node.role==manager",
            "node.labels.disk!=ssd",
            "node.labels.rack==1",
            "engine.labels.a==b",
            "node.colour==red",
            "nonsense",
        ] {
            assert!(!passes(no), "{no}");
        }
        assert!(admits(None, &node()));
    }

    #[test]
    fn platforms_are_compared_as_images_name_them() {
        let on = |architecture: &str, os: &str| {
            let platform = Platform { architecture: Some(architecture.into()), os: Some(os.into()) };
            admits(Some(&TaskSpecPlacement { platforms: Some(vec![platform]), ..TaskSpecPlacement::default() }), &node())
        };
        assert!(on("amd64", "linux") && on("", "linux"));
        assert!(!on("arm64", "linux") && !on("amd64", "windows"));
    }
}
