//! Selectors: which labels match what. As the scheduler and the disruption controller read them.

use std::collections::BTreeMap;

use crate::objects::{LabelSelector, NodeSelector, Requirement, Taint, Toleration};

/// A node as selectors see it.
pub(crate) struct Labelled<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a BTreeMap<String, String>,
}

/// Whether a node matches any of the terms. A selector without terms matches nothing.
pub(crate) fn node_matches(selector: &NodeSelector, node: &Labelled<'_>) -> bool {
    selector.node_selector_terms.iter().any(|term| {
        let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
        let field = |requirement: &Requirement| requirement.key == "metadata.name" && holds(requirement, Some(node.name));
        !empty
            && term.match_expressions.iter().all(|requirement| holds(requirement, node.labels.get(&requirement.key).map(String::as_str)))
            && term.match_fields.iter().all(field)
    })
}

/// Whether labels match. A selector without requirements matches everything.
pub(crate) fn labels_match(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| holds(requirement, labels.get(&requirement.key).map(String::as_str)))
}

fn holds(requirement: &Requirement, value: Option<&str>) -> bool {
    let among = |value: &str| requirement.values.iter().any(|one| one == value);
    let compare = |ordering: std::cmp::Ordering| {
        let number = value.and_then(|value| value.parse::<i64>().ok());
        let bound = requirement.values.first().and_then(|bound| bound.parse::<i64>().ok());
        matches!((number, bound), (Some(number), Some(bound)) if number.cmp(&bound) == ordering)
    };
    match requirement.operator.as_str() {
        "In" => value.is_some_and(among),
        "NotIn" => !value.is_some_and(among),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compare(std::cmp::Ordering::Greater),
        "Lt" => compare(std::cmp::Ordering::Less),
        // An operator of a newer version: it cannot be said that it holds.
        _ => false,
    }
}

/// Whether a taint is put up with.
pub(crate) fn tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| {
        let effect = toleration.effect.as_deref().is_none_or(|effect| effect.is_empty() || effect == taint.effect);
        let exists = toleration.operator.as_deref() == Some("Exists");
        let key = match toleration.key.as_deref() {
            None | Some("") => exists,
            Some(key) => key == taint.key,
        };
        let value = exists || toleration.value.as_deref().unwrap_or("") == taint.value.as_deref().unwrap_or("");
        effect && key && value
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::NodeSelectorTerm;

    fn requirement(key: &str, operator: &str, values: &[&str]) -> Requirement {
        Requirement { key: key.into(), operator: operator.into(), values: values.iter().map(|value| (*value).into()).collect() }
    }

    fn matches(requirement: Requirement, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let selector = NodeSelector { node_selector_terms: vec![NodeSelectorTerm { match_expressions: vec![requirement], match_fields: vec![] }] };
        node_matches(&selector, &Labelled { name: "n1", labels: &labels })
    }

    #[test]
    fn operators() {
        assert!(matches(requirement("disk", "In", &["ssd", "nvme"]), &[("disk", "ssd")]));
        assert!(!matches(requirement("disk", "In", &["ssd"]), &[]));
        assert!(matches(requirement("disk", "NotIn", &["ssd"]), &[]), "an absent label is not in the set");
        assert!(matches(requirement("gpu", "Exists", &[]), &[("gpu", "")]));
        assert!(matches(requirement("gpu", "DoesNotExist", &[]), &[]));
        assert!(matches(requirement("cores", "Gt", &["4"]), &[("cores", "8")]));
        assert!(!matches(requirement("cores", "Gt", &["8"]), &[("cores", "8")]));
        assert!(!matches(requirement("cores", "Newer", &["8"]), &[("cores", "8")]));
    }

    #[test]
    fn empty_selectors() {
        let labels = BTreeMap::new();
        let node = Labelled { name: "n1", labels: &labels };
        assert!(!node_matches(&NodeSelector::default(), &node));
        assert!(!node_matches(&NodeSelector { node_selector_terms: vec![NodeSelectorTerm::default()] }, &node));
        assert!(labels_match(&LabelSelector::default(), &labels));
    }

    #[test]
    fn a_field_is_the_name_only() {
        let labels = BTreeMap::new();
        let by_name = |name: &str| NodeSelector {
            node_selector_terms: vec![NodeSelectorTerm {
                match_fields: vec![requirement("metadata.name", "In", &[name])],
                match_expressions: vec![],
            }],
        };
        assert!(node_matches(&by_name("n1"), &Labelled { name: "n1", labels: &labels }));
        assert!(!node_matches(&by_name("n2"), &Labelled { name: "n1", labels: &labels }));
    }

    #[test]
    fn tolerations() {
        let taint = Taint { key: "dedicated".into(), value: Some("db".into()), effect: "NoSchedule".into(), time_added: None };
        let toleration = |key: Option<&str>, operator: Option<&str>, value: Option<&str>, effect: Option<&str>| Toleration {
            key: key.map(Into::into),
            operator: operator.map(Into::into),
            value: value.map(Into::into),
            effect: effect.map(Into::into),
            toleration_seconds: None,
        };
        assert!(tolerated(&[toleration(Some("dedicated"), None, Some("db"), None)], &taint));
        assert!(tolerated(&[toleration(Some("dedicated"), Some("Exists"), None, Some("NoSchedule"))], &taint));
        assert!(tolerated(&[toleration(None, Some("Exists"), None, None)], &taint), "tolerates everything");
        assert!(!tolerated(&[toleration(Some("dedicated"), None, Some("web"), None)], &taint));
        assert!(!tolerated(&[toleration(Some("dedicated"), Some("Exists"), None, Some("NoExecute"))], &taint));
        assert!(!tolerated(&[], &taint));
    }
}
