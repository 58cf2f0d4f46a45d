//! Which address a request comes from, and which addresses count as one. Knows no limits.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The addresses that count as one with this one. An IPv6 host has a whole /64 to itself; an IPv4 address written as IPv6 is the IPv4 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

/// Whether this is one of the proxies.
pub fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// Where a request comes from: the peer, or what the trusted proxies between say: the last address that is none of theirs. What anybody else
/// claims is not looked at. Where a proxy says something that is no address, the proxy itself is what is known.
pub fn client(proxies: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut nearest = peer.to_canonical();
    if !is_trusted(proxies, nearest) {
        return nearest;
    }
    // `Forwarded` is looked at only where its older form is missing, since every usual proxy writes that one and hands on the other as it came.
    let hops: Box<dyn Iterator<Item = Option<IpAddr>>> = if headers.contains_key(&X_FORWARDED_FOR) {
        Box::new(headers.get_all(&X_FORWARDED_FOR).iter().rev().flat_map(|line| parts(line, plain)))
    } else {
        Box::new(headers.get_all(header::FORWARDED).iter().rev().flat_map(|line| parts(line, element)))
    };
    for hop in hops {
        let Some(hop) = hop else { return nearest };
        nearest = hop;
        if !is_trusted(proxies, hop) {
            break;
        }
    }
    nearest
}

/// The parts of a header's line, the last one first.
fn parts(line: &HeaderValue, read: fn(&str) -> Option<IpAddr>) -> impl Iterator<Item = Option<IpAddr>> {
    line.to_str().unwrap_or("unreadable").rsplit(',').map(read)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn plain(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}

/// `for="[2001:db8::1]:4711";proto=https`, as RFC 7239 has it.
fn element(text: &str) -> Option<IpAddr> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    plain(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies: Vec<IpNet> = ["127.0.0.0/8", "10.1.0.0/16", "fd00::/8"].iter().map(|network| network.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        client(&proxies, peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_proxies_that_are_named_are_believed() {
        const XFF: &str = "x-forwarded-for";
        assert_eq!(seen("192.0.2.7", &[(XFF, "203.0.113.9")]), "192.0.2.7", "a stranger claims");
        assert_eq!(seen("127.0.0.1", &[(XFF, "203.0.113.9")]), "203.0.113.9");
        assert_eq!(seen("::ffff:127.0.0.1", &[(XFF, "203.0.113.9")]), "203.0.113.9");
        assert_eq!(
            seen("127.0.0.1", &[(XFF, "1.1.1.1, 203.0.113.9, 10.1.2.3")]),
            "203.0.113.9",
            "the last that is no proxy; before it anybody may write"
        );
        assert_eq!(seen("127.0.0.1", &[(XFF, "1.1.1.1"), (XFF, "203.0.113.9")]), "203.0.113.9", "several lines are one list");
        assert_eq!(seen("127.0.0.1", &[(XFF, "203.0.113.9, not an address, 10.1.2.3")]), "10.1.2.3");
        assert_eq!(seen("127.0.0.1", &[(XFF, "10.1.0.1, 10.1.0.2")]), "10.1.0.1", "proxies all the way");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &[(XFF, "[2001:db8::1]:4711")]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &[(XFF, "203.0.113.9:4711")]), "203.0.113.9");
    }

    #[test]
    fn the_newer_header_is_read_where_the_older_is_missing() {
        assert_eq!(seen("127.0.0.1", &[("forwarded", "for=1.1.1.1, for=\"[2001:db8::1]:4711\";proto=https")]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &[("forwarded", "proto=https;For=203.0.113.9")]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &[("forwarded", "for=unknown")]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")]), "203.0.113.9");
    }

    #[test]
    fn a_host_counts_once_however_its_address_is_written() {
        let one = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(one("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
    }
}
