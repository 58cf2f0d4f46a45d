//! Who this host is: ids, names, addresses. Read once at the agent's start, except the boot id.

use std::{collections::BTreeMap, net::IpAddr};

use reqwest::Url;
use sha2::{Digest, Sha256};

/// Changes when the host boots; none where the kernel does not say.
pub fn boot_id() -> Option<String> {
    read_line("/proc/sys/kernel/random/boot_id")
}

/// The host's name as the kernel has it.
pub fn name() -> Option<String> {
    read_line("/proc/sys/kernel/hostname")
}

/// The machine's id, hashed with Pitlane's name: machine-id(5) asks that the id itself stays on the host.
pub fn machine_id() -> Option<String> {
    let raw = read_line("/etc/machine-id").or_else(|| read_line("/var/lib/dbus/machine-id"))?;
    is_machine_id(&raw).then(|| hashed_id(&raw))
}

/// A fresh image carries "uninitialized" or nothing there.
fn is_machine_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hashed_id(raw: &str) -> String {
    hex(&Sha256::digest(format!("pitlane-agent {raw}")))[..32].to_owned()
}

/// SHA-256 in hex digits.
pub fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an operator wants to tell hosts apart by: `os`, `kernel`, `arch`.
pub fn labels() -> BTreeMap<String, String> {
    let os = std::fs::read_to_string("/etc/os-release").ok().and_then(|text| os_name(&text));
    let kernel = read_line("/proc/sys/kernel/osrelease");
    let arch = Some(std::env::consts::ARCH.to_owned());
    [("os", os), ("kernel", kernel), ("arch", arch)].into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// `PRETTY_NAME` of os-release(5).
fn os_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned()).filter(|name| !name.is_empty())
}

/// The address this host uses towards the control plane. Where that is loopback, its first address that is not.
pub async fn address(server: &Url) -> Option<IpAddr> {
    towards(server).await.filter(|ip| !ip.is_loopback()).or_else(first_address)
}

/// Asks the routing table; connecting a UDP socket sends nothing.
async fn towards(server: &Url) -> Option<IpAddr> {
    let host = server.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = server.port_or_known_default()?;
    let target = tokio::net::lookup_host((host, port)).await.ok()?.next()?;
    let any: IpAddr = if target.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let socket = tokio::net::UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(target).await.ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Of the interfaces in the order of their names; bridges of Docker's own are left out.
fn first_address() -> Option<IpAddr> {
    let networks = sysinfo::Networks::new_with_refreshed_list().ok()?;
    let mut interfaces: Vec<_> = networks.iter().filter(|(name, _)| !is_bridge(&name.to_string_lossy())).collect();
    interfaces.sort_by(|a, b| a.0.cmp(b.0));
    let addresses = interfaces.iter().flat_map(|(_, data)| data.ip_networks().iter().map(|network| network.addr));
    let usable = addresses.filter(|ip| match ip {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    });
    usable.min_by_key(|ip| u8::from(ip.is_ipv6()))
}

fn is_bridge(name: &str) -> bool {
    ["docker", "br-", "veth", "cni", "flannel", "virbr"].iter().any(|prefix| name.starts_with(prefix))
}

fn read_line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_id_does_not_leave_the_host() {
        let raw = "0123456789abcdef0123456789abcdef";
        assert!(is_machine_id(raw) && !is_machine_id("uninitialized") && !is_machine_id(""));
        let hashed = hashed_id(raw);
        assert_eq!(hashed.len(), 32);
        assert_ne!(hashed, raw);
        assert_eq!(hashed, hashed_id(raw));
    }

    #[test]
    fn the_systems_name_is_read_with_and_without_quotes() {
        assert_eq!(os_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n").as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(os_name("PRETTY_NAME=Alpine").as_deref(), Some("Alpine"));
        assert_eq!(os_name("ID=x"), None);
    }

    #[test]
    fn this_very_host_says_what_linux_says() {
        assert!(boot_id().is_some_and(|id| id.len() == 36));
        assert!(name().is_some());
        assert!(labels().contains_key("kernel") && labels().contains_key("arch"));
    }

    #[tokio::test]
    async fn loopback_is_no_address_of_a_node() {
        let address = address(&"http://127.0.0.1:7070".parse().unwrap()).await;
        assert!(address.is_none_or(|ip| !ip.is_loopback()));
    }
}
