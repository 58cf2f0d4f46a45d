//! Where the manager is: a socket, or TCP with client certificates. The environment variables that Docker's own
//! client reads mean the same thing here.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Docker's own socket.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// The manager's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket on this host.
    Socket(PathBuf),
    /// `host:port`, with certificates or, on a network that is trusted, without.
    Tcp {
        /// `host:port`
        address: String,
        /// Certificates.
        tls: Option<Tls>,
    },
}

/// Files with certificates, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Authority that signed the manager's certificate.
    pub ca: PathBuf,
    /// The client's certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Tls {
    /// The files as Docker names them: `ca.pem`, `cert.pem`, `key.pem`.
    pub fn in_folder(folder: &Path) -> Self {
        Self { ca: folder.join("ca.pem"), cert: folder.join("cert.pem"), key: folder.join("key.pem") }
    }
}

impl Endpoint {
    /// Reads `PITLANE_SWARM_HOST`, else `DOCKER_HOST`, else Docker's socket; `DOCKER_CERT_PATH` is the folder of the
    /// certificates, `DOCKER_TLS_VERIFY` asks for TLS. Unlike Docker's client it never leaves the check of the
    /// manager's certificate out.
    ///
    /// # Errors
    /// What is wrong with the address, for a person.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let host = set("PITLANE_SWARM_HOST").or_else(|| set("DOCKER_HOST"));
        let folder = set("DOCKER_CERT_PATH").map(PathBuf::from);
        // Docker's client looks for certificates in ~/.docker when it is only told to verify.
        let folder = folder.or_else(|| set("DOCKER_TLS_VERIFY").and_then(|_| set("HOME")).map(|home| Path::new(&home).join(".docker")));
        Self::parse(host.as_deref(), folder.as_deref())
    }

    /// Reads an address as Docker writes it: `unix:///path`, `/path`, `tcp://host:port`, `https://host:port`.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn parse(host: Option<&str>, certificates: Option<&Path>) -> Result<Self, String> {
        let host = host.unwrap_or(DEFAULT_SOCKET).trim();
        let (scheme, rest) = host.split_once("://").unwrap_or(if host.starts_with('/') { ("unix", host) } else { ("tcp", host) });
        let tls = certificates.map(Tls::in_folder);
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Socket(rest.into())),
            "unix" => Err(format!("'{host}': a socket is written as unix:///path/to/docker.sock")),
            "tcp" | "http" | "https" => {
                let tls = match (scheme, tls) {
                    ("https", None) => return Err(format!("'{host}': https needs DOCKER_CERT_PATH with ca.pem, cert.pem and key.pem")),
                    ("http", _) => None,
                    (_, tls) => tls,
                };
                let address = rest.trim_end_matches('/');
                let (name, port) = address.rsplit_once(':').unwrap_or((address, if tls.is_some() { "2376" } else { "2375" }));
                if name.is_empty() || port.parse::<u16>().is_err() {
                    return Err(format!("'{host}': an address is written as tcp://host:port"));
                }
                Ok(Self::Tcp { address: format!("{name}:{port}"), tls })
            }
            "ssh" => {
                Err("ssh:// is not supported: forward the socket (ssh -L /run/swarm.sock:/var/run/docker.sock host) and give unix:///run/swarm.sock"
                    .into())
            }
            _ => Err(format!("'{host}': Pitlane speaks unix:// and tcp:// to Docker, not {scheme}://")),
        }
    }

    /// Whether the engine behind it runs on this very host.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Socket(_))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { address, .. } => write!(f, "tcp://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(vars: &[(&str, &str)]) -> Result<Endpoint, String> {
        Endpoint::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_variables_of_docker_users_work() {
        assert_eq!(from(&[]), Ok(Endpoint::Socket("/var/run/docker.sock".into())));
        assert_eq!(from(&[("DOCKER_HOST", "unix:///run/x.sock")]), Ok(Endpoint::Socket("/run/x.sock".into())));
        assert_eq!(from(&[("DOCKER_HOST", "unix:///run/x.sock"), ("PITLANE_SWARM_HOST", "/run/y.sock")]), Ok(Endpoint::Socket("/run/y.sock".into())));
        let plain = Endpoint::Tcp { address: "10.0.0.1:2375".into(), tls: None };
        assert_eq!(from(&[("DOCKER_HOST", "tcp://10.0.0.1:2375")]), Ok(plain));
        let tls = |folder: &str| Some(Tls::in_folder(Path::new(folder)));
        let with = from(&[("DOCKER_HOST", "tcp://10.0.0.1"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")]);
        assert_eq!(with, Ok(Endpoint::Tcp { address: "10.0.0.1:2376".into(), tls: tls("/certs") }));
        let home = from(&[("DOCKER_HOST", "tcp://m:2376"), ("DOCKER_TLS_VERIFY", "1"), ("HOME", "/home/a")]);
        assert_eq!(home, Ok(Endpoint::Tcp { address: "m:2376".into(), tls: tls("/home/a/.docker") }));
    }

    #[test]
    fn what_cannot_work_is_refused_in_words() {
        for host in ["ssh://a@b", "npipe:////./pipe/docker", "tcp://", "tcp://a:b", "unix://relative", "https://m:2376"] {
            assert!(Endpoint::parse(Some(host), None).is_err(), "{host}");
        }
    }
}
