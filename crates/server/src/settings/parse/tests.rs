//! What settings are read as, and the words of those that are refused.

use super::*;

fn read(pairs: &[(&'static str, &str)]) -> Result<Settings, String> {
    Settings::read(Given::from_pairs(pairs)).map_err(|wrong| wrong.to_string())
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7070");
    assert_eq!(settings.thresholds, Thresholds::default());
    assert!(!settings.production);
    assert_eq!(settings.session_ttl, Duration::from_secs(7 * 86_400));
    assert_eq!(settings.local_url(), "http://127.0.0.1:7070");
}

#[test]
fn kubernetes_has_the_rhythm_of_its_leases() {
    let settings = read(&[("engine", "kubernetes"), ("kube-context", "edge")]).unwrap();
    assert_eq!((settings.thresholds.late_after_s, settings.thresholds.offline_after_s), (25, 40));
    assert_eq!(settings.kube_context.as_deref(), Some("edge"));
    assert_eq!(read(&[("engine", "kubernetes"), ("late-after", "30s")]).unwrap().thresholds.late_after_s, 30);
}

#[test]
fn a_wrong_setting_is_refused_by_its_name() {
    for (name, text, says) in [
        ("listen", "7070", "--listen: \"7070\" is not an address"),
        ("production", "maybe", "--production: \"maybe\" is not one of true, false"),
        ("engine", "nomad", "--engine: the driver for Nomad is not in this version"),
        ("engine", "bogus", "--engine: \"bogus\" is not an engine"),
        ("heartbeat-every", "0s", "--heartbeat-every: must be at least one second"),
        ("heartbeat-every", "soon", "is not a duration such as 30s"),
        ("late-after", "5s", "--late-after (5 s) must be longer than --heartbeat-every"),
        ("offline-after", "15s", "--offline-after (15 s) must be longer than --late-after"),
        ("disk-bad-percent", "900", "--disk-bad-percent: 900 is not between 1 and 100"),
        ("memory-bad-percent", "NaN", "is not between 1 and 100"),
        ("public-url", "pitlane.example.org", "--public-url: \"pitlane.example.org\" is not a URL"),
        ("public-url", "https://example.org/pitlane", "must be a scheme and a host only"),
        ("log-format", "xml", "is not one of text, json"),
        ("log-level", "a=b=c", "--log-level"),
        ("rate-burst", "0", "is not between 1 and"),
        ("fleet-name", " ", "1 to 60 characters"),
        ("config", "/nowhere/pitlane.toml", "cannot read /nowhere/pitlane.toml"),
    ] {
        let error = read(&[(name, text)]).expect_err(text);
        assert!(error.contains(says), "{name}={text} says {error:?}, not {says:?}");
    }
}

#[test]
fn beyond_loopback_it_needs_tls_in_front_and_its_own_address() {
    let error = read(&[("listen", "0.0.0.0:7070")]).unwrap_err();
    assert!(error.contains("--tls-terminated-upstream"), "{error}");
    let error = read(&[("listen", "0.0.0.0:7070"), ("tls-terminated-upstream", "true")]).unwrap_err();
    assert!(error.contains("--public-url"), "{error}");
    let settings =
        read(&[("listen", "0.0.0.0:7070"), ("tls-terminated-upstream", "true"), ("public-url", "https://Pitlane.example.org:8443/")]).unwrap();
    assert_eq!(settings.browse_url(), "https://pitlane.example.org:8443");
    assert_eq!(settings.local_url(), "http://127.0.0.1:7070");
}

#[test]
fn the_public_address_may_carry_the_port_of_its_scheme() {
    let public = |text: &str| read(&[("public-url", text)]).map(|settings| settings.public_url.unwrap());
    for (text, origin) in [
        ("https://x.example:443", "https://x.example"),
        ("http://x.example:80/", "http://x.example"),
        ("https://x.example:80", "https://x.example:80"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]"),
    ] {
        assert_eq!(public(text).unwrap().origin(), origin, "{text}");
    }
    let url = public("https://x.example").unwrap();
    assert!(url.is_host("x.example") && url.is_host("X.example:443") && !url.is_host("x.example:80") && !url.is_host("x.example:4430"));
    assert!(url.is_origin("https://x.example:443") && !url.is_origin("http://x.example") && !url.is_origin("https://x.example.evil"));
    assert!(public("https://:secret@x.example").is_err());
}

#[test]
fn proxies_are_named_by_address_and_network() {
    let proxies = |pairs: &[(&'static str, &str)]| {
        read(pairs).map(|settings| settings.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(proxies(&[]).unwrap(), "", "nobody");
    assert_eq!(proxies(&[("tls-terminated-upstream", "true")]).unwrap(), "127.0.0.0/8 ::1/128", "the one on this machine");
    let named = [("tls-terminated-upstream", "true"), ("trusted-proxies", "10.0.0.7, 10.1.2.3/16 fd00::1/8,::ffff:192.0.2.1")];
    assert_eq!(proxies(&named).unwrap(), "10.0.0.7/32 10.1.0.0/16 fd00::/8 192.0.2.1/32");
    assert!(proxies(&[("trusted-proxies", "proxy.example.org")]).unwrap_err().contains("is not an address or a network"));
    assert!(proxies(&[("trusted-proxies", "0.0.0.0/0")]).unwrap_err().contains("is everybody"));
    let outside = [("listen", "0.0.0.0:7070"), ("tls-terminated-upstream", "true"), ("public-url", "https://x.example")];
    assert!(read(&outside).unwrap().proxy_is_not_named());
    assert!(!read(&[&outside[..], &[("trusted-proxies", "10.0.0.7")]].concat()).unwrap().proxy_is_not_named());
}

#[test]
fn one_address_and_one_caller_may_have_a_part_of_all() {
    let most = |pairs: &[(&'static str, &str)]| read(pairs).map(|s| (s.max_connections_per_address, s.max_streams_per_caller)).unwrap();
    assert_eq!(most(&[]), (1_000, 250));
    assert_eq!(most(&[("max-connections", "60"), ("max-streams", "1")]), (30, 1));
    assert_eq!(most(&[("max-connections-per-address", "5000"), ("max-streams-per-caller", "7")]), (5_000, 7));
}

#[test]
fn the_file_gives_what_flags_do_not() {
    let folder = std::env::temp_dir().join(format!("pitlane-settings-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pitlane.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:9000\"\nproduction = true\nsettle = 5\ndisk_bad_percent = 85.5\n").unwrap();
    let path = file.to_str().unwrap();
    let settings = read(&[("config", path), ("settle", "2m")]).unwrap();
    assert_eq!(settings.listen.port(), 9000);
    assert!(settings.production);
    assert_eq!(settings.thresholds.settle_s, 120, "a flag wins over the file");
    assert_eq!(settings.thresholds.disk_bad_percent, 85.5);

    std::fs::write(&file, "trusted_proxies = [\"10.0.0.7\", \"10.1.0.0/16\"]\n").unwrap();
    assert_eq!(read(&[("config", path)]).unwrap().trusted_proxies.len(), 2, "a list");

    std::fs::write(&file, "listne = \"127.0.0.1:9000\"\n").unwrap();
    let error = read(&[("config", path)]).unwrap_err();
    assert!(error.contains("listne in") && error.contains("no such setting"), "{error}");
    std::fs::write(&file, "listen = [1]\n").unwrap();
    assert!(read(&[("config", path)]).unwrap_err().contains("must be a text"));
    std::fs::write(&file, "listen = \n").unwrap();
    assert!(read(&[("config", path)]).unwrap_err().contains("is not TOML"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_file_that_is_shipped_is_right() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/systemd/pitlane.toml");
    let settings = read(&[("config", path)]).unwrap();
    assert!(settings.tls_terminated_upstream && settings.public_url.is_some());
}

#[test]
fn durations() {
    assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
    assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7_200)));
    assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(604_800)));
    for wrong in ["", "-1s", "2 weeks", "h", "99999999999999999999s", "1.5h"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}
