//! Text from outside, for places where a character can do more than be read: a terminal, a picture, a preview, a table.

use pitlane_api::{Timestamp, seconds_between};

/// The text without control characters and without those that turn the reading direction around. Line breaks and tabs
/// become spaces in [`line`], and stay here.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !steers(*c)).collect()
}

/// Like [`plain`], on one line.
pub fn line(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !steers(*c)).collect()
}

fn steers(c: char) -> bool {
    // The last two are no characters at all, and no XML may hold them.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Like [`line`], without what looks like a secret or the address of a person: tokens, what stands behind a word such as `password=`,
/// credentials in an address, mail addresses. For texts that are handed to others.
pub fn redacted(text: &str) -> String {
    let text = line(text);
    let mut words = text.split(' ').peekable();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        kept.push(redacted_word(word));
        // "Authorization: Bearer abc": the next word is the secret.
        if word.trim_end_matches(':').eq_ignore_ascii_case("bearer") && words.next().is_some() {
            kept.push(REMOVED.to_owned());
        }
    }
    kept.join(" ")
}

const REMOVED: &str = "[removed]";
/// What stands behind a name with one of these in it is nobody's business.
const SECRETIVE: [&str; 7] = ["password", "passwd", "secret", "token", "apikey", "api_key", "api-key"];

fn redacted_word(word: &str) -> String {
    if let Some((name, value)) = word.split_once(['=', ':'])
        && !value.is_empty()
        && SECRETIVE.iter().any(|secretive| name.to_lowercase().contains(secretive))
    {
        return format!("{name}={REMOVED}");
    }
    let mail = |part: &str| part.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    if mail(word) {
        // In an address of the web only who asks is removed.
        return match word.split_once("://").zip(word.rsplit_once('@')) {
            Some(((scheme, _), (_, host))) => format!("{scheme}://{REMOVED}@{host}"),
            None => REMOVED.to_owned(),
        };
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let long = word.split(|c: char| !is_part(c)).any(|part| {
        let random = part.len() >= 40 && part.contains(|c: char| c.is_ascii_digit()) && part.contains(|c: char| c.is_ascii_alphabetic());
        random || part.strip_prefix("pl_").or_else(|| part.strip_prefix("ple_")).is_some_and(|rest| rest.len() >= 16)
    });
    if long { REMOVED.to_owned() } else { word.to_owned() }
}

/// "3 s", "5 min", "2 h 10 min", "4 d".
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 if seconds % 3_600 < 60 => format!("{} h", seconds / 3_600),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, by the server's clock.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span(seconds_between(at, now)))
}

/// A text of at most `max` characters; what is cut off is marked.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn what_looks_like_a_secret_or_a_person_s_address_is_removed() {
        let token = crate::secret::token();
        for text in [
            format!("rotated {token}, see the ticket"),
            format!("curl -H Authorization: Bearer {}", &token[3..]),
            format!("DB_PASSWORD={token}"),
            format!("ask ops ({})", crate::secret::enrolment_token()),
            format!("https://ada:{token}@host.example/x"),
        ] {
            assert!(!redacted(&text).contains(&token[3..]), "{}", redacted(&text));
            assert!(redacted(&text).contains("[removed]"), "{}", redacted(&text));
        }
        assert_eq!(redacted("ask ada@example.org or the night shift"), "ask [removed] or the night shift");
        assert_eq!(redacted("Kernel 6.12 reboot: 91 % of 512 GiB on /var/lib"), "Kernel 6.12 reboot: 91 % of 512 GiB on /var/lib");
        assert_eq!(redacted("operation 018f2f6e-7b2a-7c31-9d40-0a1b2c3d4e5f"), "operation 018f2f6e-7b2a-7c31-9d40-0a1b2c3d4e5f");
        assert_eq!(redacted("a\u{202e}b\u{1b}[2J\nc"), "ab[2J c");
    }
}
