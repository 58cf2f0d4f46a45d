//! Takes what looks like a secret, or like the address of a person, out of a text that is handed to others.
//!
//! This is a second belt: whoever hands a text on leaves out first what people wrote. What is found here is found by its form: the value beside
//! a telling name, a header, a token of a known kind, a key in armour, who signs in within an address, and long random words. A secret without any such form
//! is not found, so nobody may promise more than this.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use crate::plain::line;

const REMOVED: &str = "[removed]";

/// Names whose value is nobody's business, as parts of a longer name too: `DB_PASSWORD`, `aws_secret_access_key`, `X-Api-Key`.
const TELLING: &str = r"pass(?:word|wd|phrase|code|wort)?|pwd|kennwort|secret|token|credentials?|api[_-]?key|access[_-]?key(?:[_-]?id)?|account[_-]?key|shared[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|cookie|session[_-]?id|signature|sig";

/// A form of a secret, and what stands in its place.
struct Form {
    pattern: Regex,
    instead: &'static str,
}

/// In the order in which they are looked for: what holds others comes first. A test sees to it that every pattern can be read.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let forms = patterns().into_iter().map(|(pattern, instead)| Regex::new(&pattern).map(|pattern| Form { pattern, instead }));
    forms.filter_map(Result::ok).collect()
});

fn patterns() -> Vec<(String, &'static str)> {
    let value = r#"(?:"[^"]*"?|'[^']*'?|[^\s"',;&]+)"#;
    vec![
        // A key in armour, to its end or to the end of the text.
        (r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|$)".into(), REMOVED),
        // Headers: all that follows, since schemes have parts (`Digest username=…, response=…`).
        (r#"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key|auth))(["']?\s*[:=]\s*)["']?[^"']*"#.into(), "${1}${2}[removed]"),
        (r"(?i)\b(bearer|negotiate)\s+[\w+/=.~-]+".into(), "${1} [removed]"),
        (r"\b([Bb]asic)\s+(?:[A-Za-z0-9+/]{4}){2,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)".into(), "${1} [removed]"),
        // Who signs in within an address.
        (r"(?i)\b([a-z][a-z0-9+.-]*://)\S*@".into(), "${1}[removed]@"),
        // The value beside a telling name: `name=value`, `"name": "value"`, `name => value`, `--name value`, `the name is value`.
        (format!(r#"(?i)([\w.-]*(?:{TELLING})[\w.-]*["']?\s*(?:=>|:=|=|:)\s*){value}"#), "${1}[removed]"),
        (format!(r#"(?i)(--?[\w-]*(?:{TELLING})[\w-]*\s+){value}"#), "${1}[removed]"),
        (format!(r#"(?i)\b((?:{TELLING})\s+(?:is|was|ist|lautet)\s+){value}"#), "${1}[removed]"),
        (r#"(?i)\b((?:password|passwd|passphrase|pwd|passwort|kennwort)\s+)(?:[^\s]*[\d!#$%&*+=?@^~][^\s]*)"#.into(), "${1}[removed]"),
        // Tokens and keys of known kinds.
        (r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*".into(), REMOVED),
        (r"\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA|ANVA|AIPA)[A-Z0-9]{12,}\b".into(), REMOVED),
        (r"\bAIza[\w-]{30,}|\bya29\.[\w.-]+|\bGOCSPX-[\w-]+".into(), REMOVED),
        (r"\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{8,}|\bnpm_\w{20,}|\bdop_v1_\w{16,}".into(), REMOVED),
        (r"\b[srp]k_(?:live|test)_\w{8,}|\bsk-[\w-]{16,}|\bhv[sbr]\.[\w-]{16,}|\bSWMTKN-[\w-]+|\b[a-z0-9]{6}\.[a-z0-9]{16}\b".into(), REMOVED),
        (r"\bpl[ea]?_[\w-]{16,}".into(), REMOVED),
        // Hashes of passwords.
        (r"\$(?:1|2[abxy]?|5|6|y|7|argon2\w*)\$\S+".into(), REMOVED),
        // Mail addresses.
        (r#"[^\s@<>()\[\]"',;:]+@[\w-]+(?:\.[\w-]+)+"#.into(), REMOVED),
    ]
}

/// Words of base64 and the like: looked at one by one in [`looks_random`].
static LONG_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{32,}={0,2}").ok());

/// On one line, without what steers a terminal, and without what has the form of a secret or of a mail address.
pub fn redacted(text: &str) -> String {
    let mut text = line(text);
    for Form { pattern, instead } in FORMS.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *instead) {
            text = changed;
        }
    }
    let Some(long_word) = LONG_WORD.as_ref() else { return text };
    long_word.replace_all(&text, |found: &Captures<'_>| if looks_random(&found[0]) { REMOVED.to_owned() } else { found[0].to_owned() }).into_owned()
}

/// Identifiers of operations and paths stay; what mixes digits, small and large letters at length, or is a long number in hex, goes.
fn looks_random(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let (digit, small, large) = (has(char::is_ascii_digit), has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
    let is_path = word.starts_with('/') || word.matches('/').count() > 3;
    let whole = word
        .split(['/', '-'])
        .any(|part| part.len() >= 40 && part.contains(|c: char| c.is_ascii_digit()) && part.contains(|c: char| c.is_ascii_alphabetic()));
    whole || (!is_path && digit && small && large) || (word.ends_with('=') && digit && (small || large))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        for (pattern, _) in patterns() {
            Regex::new(&pattern).unwrap();
        }
        assert!(LONG_WORD.is_some());
    }

    #[test]
    fn what_has_the_form_of_a_secret_is_removed() {
        let token = crate::secret::token();
        let cases = [
            ("password: hunter2", "hunter2"),
            ("the password is hunter2, really", "hunter2"),
            ("password hunter2", "hunter2"),
            ("Passwort: geheim1", "geheim1"),
            (r#"{"password": "correct horse battery"}"#, "horse"),
            ("DB_PASSWORD=hunter2", "hunter2"),
            ("PGPASSWORD='hunter2 x' psql", "hunter2"),
            ("mysql --password hunter2 -u root", "hunter2"),
            ("spring.datasource.password = hunter2", "hunter2"),
            ("Authorization: Basic YWRhOmh1bnRlcjI=", "YWRh"),
            ("authorization: basic YWRhOmh1bnRlcjI=", "YWRh"),
            (r#"curl -H "Authorization: Bearer abc.def" https://x"#, "abc.def"),
            (r#"Authorization: Digest username="ada", response="6629fae4""#, "Digest"),
            ("sent Basic YWRhOmh1bnRlcjI= to it", "YWRh"),
            ("Bearer abcdef", "abcdef"),
            ("Cookie: sid=abc; theme=dark", "abc"),
            ("X-Api-Key: abcdef", "abcdef"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "eyJ"),
            ("AKIAIOSFODNN7EXAMPLE", "AKIA"),
            ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"),
            ("found wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY in it", "wJalr"),
            ("AIzaSyA-1234567890abcdefghijklmnopqrstuv", "AIza"),
            (
                "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;",
                "Eby8",
            ),
            ("https://x.blob.core.windows.net/a?sv=2022&sig=abc%2Fdef%3D", "abc%2F"),
            ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_"),
            ("SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx", "SWMTKN"),
            ("kubeadm join --token abcdef.0123456789abcdef", "0123456789abcdef"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY----- and more", "MIIEow"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "b3Blb"),
            ("postgres://ada:hun/ter2@db.internal:5432/x", "ter2"),
            ("redis://:hunter2@cache:6379", "hunter2"),
            ("$6$rounds=5000$abc$defg", "defg"),
            ("ask ada@example.org or the night shift", "ada"),
        ];
        for (text, secret) in cases {
            let shown = redacted(text);
            assert!(!shown.contains(secret), "{text:?} became {shown:?}");
            assert!(shown.contains(REMOVED), "{text:?} became {shown:?}");
        }
        for text in [format!("rotated {token}, see the ticket"), format!("ask ops ({})", crate::secret::enrolment_token())] {
            assert!(!redacted(&text).contains(&token[3..]) && redacted(&text).contains(REMOVED), "{}", redacted(&text));
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "Kernel 6.12 reboot: 91 % of 512 GiB on /var/lib",
            "operation 018f2f6e-7b2a-7c31-9d40-0a1b2c3d4e5f",
            "permission denied on /var/run/docker.sock; add the agent's user to group docker",
            "error trying to connect: tcp connect error: Connection refused (os error 111)",
            "/var/lib/docker/overlay2/merged/usr/share/zoneinfo/America/Argentina",
            "kubelet v1.37.2, containerd://2.4.1, Debian GNU/Linux 12 (bookworm)",
            "basic authentication is not offered",
            "edge-fra-02.internal.example:7070",
        ] {
            assert_eq!(redacted(text), text);
        }
        assert_eq!(redacted("a\u{202e}b\u{1b}[2J\nc"), "ab[2J c");
        assert_eq!(redacted("https://ada:x@host.example/x"), "https://[removed]@host.example/x");
        assert_eq!(redacted("ask ada@example.org or the night shift"), "ask [removed] or the night shift");
    }
}
