//! What a role may not do, in words.

use pitlane_api::{Action, Role};

use crate::words::tr;

/// A role by its name.
pub fn name(role: Role) -> String {
    match role {
        Role::Viewer => tr!("viewer"),
        Role::Operator => tr!("operator"),
        Role::Admin => tr!("admin"),
        Role::Unknown => role.to_string(),
    }
}

/// Why a role may not do `action`; `None` where it may.
pub fn why_not(role: Role, action: Action) -> Option<String> {
    (!role.may(action)).then(|| tr!("Needs the {} role; you are signed in as {}.", name(action.needs()), name(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_says_what_the_server_says() {
        for role in Role::ALL {
            for action in Action::ALL {
                assert_eq!(why_not(*role, *action), role.why_not(*action).map(|why| why.to_string()));
            }
        }
    }
}
