//! Makes secrets: sign-in codes, session cookies, tokens.

use rand::Rng as _;

/// 32 random bytes from the operating system's generator by way of a CSPRNG, in 43 characters that need no escaping in a
/// URL, a header or a shell.
pub fn random() -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A token for people and scripts; the prefix makes one that leaked recognisable.
pub fn token() -> String {
    format!("pl_{}", random())
}

/// A token for enrolling agents.
pub fn enrolment_token() -> String {
    format!("ple_{}", random())
}

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_are_long_plain_and_different() {
        let (one, other) = (super::token(), super::token());
        assert_ne!(one, other);
        assert!(one.len() > 43 && one.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    }
}
