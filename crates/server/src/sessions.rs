//! Sessions of people: how many there may be, what the activity log says of them, and how they are shown. Used by `http` and by the commands.

use pitlane_api::{ActivityKind, OpenSession, SignedInWith, Words, say};

use crate::{
    plain,
    store::{NewActivity, SessionOwner, StoredSession},
};

/// Most sessions of one owner: browsers, devices and private windows of a person, and a bound for a script that signs in at each run.
pub const PER_OWNER: u32 = 50;
/// Most sessions of everybody together.
pub const IN_ALL: u32 = 2_000;

/// Names in one entry of the activity log, at most.
const NAMES: usize = 5;
/// Longest description of a browser, in characters.
const BROWSER_MAX: usize = 100;

/// A new session's id: short enough to be typed, and not its secret.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect()
}

/// The browser and system that a `User-Agent` header claims, as in "Firefox · Linux"; of what is not known its beginning, as it is. `None`: nothing
/// that can be read.
pub fn browser(user_agent: &str) -> Option<String> {
    let user_agent = plain::line(user_agent);
    // The first that fits: most browsers name those that they want to be taken for, too.
    let find = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    let program = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"),
        ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("HeadlessChrome/", "Chrome, headless"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => Some(format!("{program} · {system}")),
        (Some(program), None) => Some(program.to_owned()),
        (None, _) => Some(user_agent.trim().chars().take(BROWSER_MAX).collect()).filter(|text: &String| !text.is_empty()),
    }
}

/// What is said where sessions were ended: whose, and of a single one where it was opened from.
pub fn ended(sessions: &[StoredSession]) -> Words {
    match sessions {
        [StoredSession { name, origin: Some(origin), .. }] => say!("Ended the session of {} from {}.", name, origin),
        several => say!("Ended 1 session of {}." | "Ended {n} sessions of {}." % several.len(), names(several)),
    }
}

/// The entries of a sign-in: the session that was opened, and those that made room for it.
pub fn opened(sessions: &[StoredSession], entry: &NewActivity) -> Vec<NewActivity> {
    let Some((opened, ended)) = sessions.split_first() else { return Vec::new() };
    let by = |kind, message| NewActivity { kind, message, actor: Some(opened.name.clone()), ..entry.clone() };
    let mut entries = vec![by(ActivityKind::SignedIn, say!("Signed in."))];
    if !ended.is_empty() {
        let message = say!(
            "Too many sessions were open: ended the one of {} that was used longest ago."
                | "Too many sessions were open: ended the {n} of {} that were used longest ago." % ended.len(),
            names(ended)
        );
        entries.push(by(ActivityKind::SessionEnded, message));
    }
    entries
}

/// Each name once, a few of them.
fn names(sessions: &[StoredSession]) -> Words {
    let mut names: Vec<&str> = Vec::new();
    for session in sessions {
        if !names.contains(&session.name.as_str()) {
            names.push(&session.name);
        }
    }
    let first = Words::listed(names.iter().take(NAMES).map(|name| Words::plain(*name)));
    if names.len() > NAMES { say!("{} and others", first) } else { first }
}

/// As it goes over the wire to a caller, who may be one of them.
pub fn shown(stored: StoredSession, current: bool, caller: Option<&SessionOwner>) -> OpenSession {
    let own = caller.is_some_and(|caller| *caller == stored.owner());
    OpenSession {
        signed_in_with: if stored.token_id.is_some() { SignedInWith::Token } else { SignedInWith::Link },
        id: stored.id,
        name: stored.name,
        role: stored.role,
        token_id: stored.token_id,
        origin: stored.origin,
        browser: stored.browser,
        created_at: stored.created_at,
        last_used_at: stored.last_used_at,
        expires_at: stored.expires_at,
        current,
        own,
    }
}

#[cfg(test)]
mod tests {
    use pitlane_api::{Role, Timestamp};

    use super::*;
    use crate::store::SecretHash;

    #[test]
    fn a_browser_is_told_in_a_few_words_and_a_stranger_by_its_own() {
        for (header, said) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge · Windows",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari · macOS"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
            ("curl/8.5.0", "curl/8.5.0"),
            (" \u{202e}evil\u{1b}[2J ", "evil[2J"),
        ] {
            assert_eq!(browser(header).as_deref(), Some(said), "{header}");
        }
        assert_eq!(browser(" "), None);
        assert_eq!(browser(&"x".repeat(10_000)).unwrap().chars().count(), BROWSER_MAX);
    }

    #[test]
    fn the_log_says_whose_sessions_ended() {
        let session = |name: &str, origin: Option<&str>| StoredSession {
            id: "a".into(),
            hash: SecretHash::of("a"),
            name: name.into(),
            role: Role::Viewer,
            token_id: None,
            origin: origin.map(Into::into),
            browser: None,
            created_at: Timestamp::UNIX_EPOCH,
            last_used_at: None,
            expires_at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(ended(&[session("ada", Some("10.0.0.1"))]), "Ended the session of ada from 10.0.0.1.");
        assert_eq!(ended(&[session("ada", None)]), "Ended 1 session of ada.");
        assert_eq!(ended(&[session("ada", None), session("bob", None), session("ada", None)]), "Ended 3 sessions of ada, bob.");
        let many: Vec<_> = (0..9).map(|n| session(&format!("n{n}"), None)).collect();
        assert_eq!(ended(&many), "Ended 9 sessions of n0, n1, n2, n3, n4 and others.");
    }
}
