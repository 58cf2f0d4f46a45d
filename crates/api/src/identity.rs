//! Identities of stateful workloads that survive a restart.
//!
//! A container's id changes when it restarts, so a person's "I have seen these" cannot be kept by it. An
//! [`Identity`] names the workload by what stays (compose project, service and index; namespace, owner and
//! ordinal; service and slot) together with its volumes and where their data lives. On the wire it is one opaque
//! string, `compose:shop/postgres/1|shop_pgdata@node,cache@network`; clients send back what they were shown.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::DataLives;

/// A stateful workload by what survives a restart, with its volumes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// `compose:<project>/<service>/<index>`, `container:<name>`, …
    pub base: String,
    /// Volume name to where its data lives.
    pub volumes: BTreeMap<String, DataLives>,
}

impl Identity {
    /// An identity without volumes yet. `kind` and `parts` are escaped, so that no name can forge another.
    pub fn new(kind: &str, parts: &[&str]) -> Self {
        let parts: Vec<String> = parts.iter().map(|part| escape(part)).collect();
        Self { base: format!("{}:{}", escape(kind), parts.join("/")), volumes: BTreeMap::new() }
    }

    /// Adds a volume. Of two with one name the more local one counts.
    pub fn with_volume(mut self, name: &str, lives: DataLives) -> Self {
        let entry = self.volumes.entry(name.to_owned()).or_insert(lives);
        if lives.locality() > entry.locality() {
            *entry = lives;
        }
        self
    }
}

/// An identity that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadIdentity;

impl fmt::Display for BadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not an identity from the drain preview")
    }
}

impl std::error::Error for BadIdentity {}

const RESERVED: &[char] = &['%', '|', ',', '@', '/', ':'];

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if RESERVED.contains(&c) || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn unescape(text: &str) -> Result<String, BadIdentity> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next().ok_or(BadIdentity)?, rest.next().ok_or(BadIdentity)?];
        let digits = std::str::from_utf8(&digits).map_err(|_| BadIdentity)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| BadIdentity)?);
    }
    String::from_utf8(bytes).map_err(|_| BadIdentity)
}

fn lives_word(lives: DataLives) -> &'static str {
    match lives {
        DataLives::ThisNodeOnly => "node",
        DataLives::NetworkVolume => "network",
        DataLives::Unknown => "unknown",
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        for (i, (name, lives)) in self.volumes.iter().enumerate() {
            f.write_str(if i == 0 { "|" } else { "," })?;
            write!(f, "{}@{}", escape(name), lives_word(*lives))?;
        }
        Ok(())
    }
}

impl FromStr for Identity {
    type Err = BadIdentity;

    fn from_str(text: &str) -> Result<Self, BadIdentity> {
        let (base, volumes) = match text.split_once('|') {
            Some((base, volumes)) => (base, volumes),
            None => (text, ""),
        };
        if base.is_empty() || !base.contains(':') {
            return Err(BadIdentity);
        }
        let mut identity = Self { base: base.to_owned(), volumes: BTreeMap::new() };
        for volume in volumes.split(',').filter(|volume| !volume.is_empty()) {
            let (name, lives) = volume.rsplit_once('@').ok_or(BadIdentity)?;
            let lives = match lives {
                "node" => DataLives::ThisNodeOnly,
                "network" => DataLives::NetworkVolume,
                "unknown" => DataLives::Unknown,
                _ => return Err(BadIdentity),
            };
            identity.volumes.insert(unescape(name)?, lives);
        }
        Ok(identity)
    }
}

impl serde::Serialize for Identity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Identity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Identity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Opaque: a stateful workload by what survives a restart, with its volumes."))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Identity {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_identity_survives_the_wire(
            parts in prop::collection::vec(".{0,12}", 1..4),
            volumes in prop::collection::btree_map(".{1,12}", prop::sample::select(vec![DataLives::ThisNodeOnly, DataLives::NetworkVolume, DataLives::Unknown]), 0..4),
        ) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let mut identity = Identity::new("compose", &parts);
            for (name, lives) in &volumes {
                identity = identity.with_volume(name, *lives);
            }
            let text = identity.to_string();
            prop_assert_eq!(text.parse::<Identity>().ok(), Some(identity));
        }

        #[test]
        fn names_cannot_forge_other_names(a in ".{0,8}", b in ".{0,8}", c in ".{0,8}", d in ".{0,8}") {
            let one = Identity::new("compose", &[&a, &b]);
            let other = Identity::new("compose", &[&c, &d]);
            prop_assert_eq!(one == other, a == c && b == d);
        }

        #[test]
        fn nonsense_is_refused_and_never_panics(text in ".{0,40}") {
            if let Ok(identity) = text.parse::<Identity>() {
                prop_assert!(identity.base.contains(':'));
            }
        }
    }
}
