//! Secrets are kept as hashes only.

use sha2::{Digest, Sha256};

/// SHA-256 of a secret. Enough for secrets that are long and random, which all of Pitlane's are; a password would need more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The bytes, for keeping.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what was kept. `None` where it is not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for SecretHash {
    /// The hash itself stays out of logs: enough of it to tell two apart.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::SecretHash;

    #[test]
    fn it_is_sha_256_and_survives_being_kept() {
        let hash = SecretHash::of("abc");
        assert_eq!(hash.as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(SecretHash::from_bytes(hash.as_bytes()), Some(hash));
        assert_eq!(SecretHash::from_bytes(b"short"), None);
    }

    #[test]
    fn a_log_line_does_not_carry_it() {
        assert_eq!(format!("{:?}", SecretHash::of("abc")), "SecretHash(ba78…)");
    }
}
