//! Whether an agent is behind the server.

/// `server` where `agent` is an older version; `None` where it is not, or one of them is not a version.
pub(in crate::fleet) fn update_for(agent: &str, server: &str) -> Option<String> {
    (numbers(agent)? < numbers(server)?).then(|| server.to_owned())
}

/// The numbers of a version; what follows a `-` or `+` is not compared.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let core = version.trim_start_matches('v').split(['-', '+']).next()?;
    core.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::update_for;

    #[test]
    fn only_an_older_agent_is_asked_to_update() {
        assert_eq!(update_for("0.9.0", "0.10.0").as_deref(), Some("0.10.0"));
        assert_eq!(update_for("0.10.0", "0.10.0"), None);
        assert_eq!(update_for("1.0.0", "0.10.0"), None);
        assert_eq!(update_for("devel", "0.10.0"), None);
    }
}
