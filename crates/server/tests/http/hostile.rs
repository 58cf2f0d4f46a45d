//! A stranger cannot starve anybody: every call has a bound for whoever floods it, and who has a valid secret is let in beside them.

use std::{collections::BTreeSet, convert::Infallible};

use axum::body::{Body, Bytes};
use pitlane::store::Store as _;
use pitlane_api::Role;
use serde_json::{Value, json};

use crate::world::{Call, World};

/// Few requests, so that each bound is near.
const NARROW: &[(&str, &str)] = &[("rate-per-second", "1"), ("rate-burst", "10"), ("heartbeat-rate-per-second", "1")];

/// Every call of the document, and what is beside it.
fn calls(link: &str) -> Vec<(String, String)> {
    let document = serde_json::to_value(pitlane::http::document()).unwrap();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path.replace("{token}", link).replace("{id}", "nobody").replace("{op}", "nothing").replace("{link}", "none");
            calls.push((method.to_uppercase(), path));
        }
    }
    for path in [
        "/",
        "/nodes",
        "/sign-in",
        "/style-0123456789abcdef.css",
        "/fonts/inter.woff2",
        "/nope",
        "/shared/page.css",
        "/shared/page.js",
        "/shared/mark.svg",
    ] {
        calls.push(("GET".into(), path.into()));
    }
    for rest in ["", "/picture.png", "/badge.svg"] {
        calls.push(("GET".into(), format!("/shared/{link}{rest}")));
    }
    calls.push(("GET".into(), "/api/v1/no-such-call".into()));
    calls.push(("PUT".into(), "/api/v1/fleet".into()));
    calls.push(("POST".into(), "/".into()));
    calls
}

/// Sends the same until it is refused for being too much.
async fn flooded(what: &str, call: impl Fn() -> Call<'static>) -> usize {
    for count in 0..400 {
        let answer = call().open().await;
        if answer.status() == 429 {
            assert!(answer.headers().contains_key("retry-after"), "{what}");
            return count;
        }
    }
    panic!("{what} has no bound: 400 requests of one address were answered");
}

/// A world that lives as long as the test's process, so that calls of it can be made anywhere.
async fn world(settings: &[(&'static str, &'static str)]) -> &'static World {
    Box::leak(Box::new(World::with(settings).await))
}

#[tokio::test]
async fn every_call_is_bounded_for_strangers_and_open_to_who_is_known() {
    let world = world(NARROW).await;
    let operator = world.token(Role::Operator).await;
    let mut walked = BTreeSet::new();
    for (at, (method, path)) in calls("guess").into_iter().enumerate() {
        let address = format!("10.0.{at}.1");
        let what = format!("{method} {path}");
        let body = json!({ "code": "guess" });
        // Without a secret, and with one that nobody has.
        flooded(&what, || world.call(&method, &path).from(&address).json(&body)).await;
        let other = format!("10.1.{at}.1");
        flooded(&what, || world.call(&method, &path).from(&other).bearer("pl_guess").json(&body)).await;
        // From the very addresses that flood, somebody who is known is answered.
        for address in [address, other] {
            let known = world.token(Role::Viewer).await;
            world.get("/api/v1/fleet").from(&address).bearer(&known).send().await.data(200);
        }
        walked.insert(what);
    }
    assert!(walked.len() >= 55, "only {} calls were walked: {walked:?}", walked.len());
    world.get("/api/v1/fleet").bearer(&operator).send().await.data(200);
}

#[tokio::test]
async fn a_public_link_is_bounded_where_it_is_looked_at_and_shown_elsewhere() {
    let world = world(NARROW).await;
    let (operator, node) = (world.token(Role::Operator).await, world.node("edge-1", &[]).await);
    let made = world.post(&node.path("/share-links")).bearer(&operator).json(&json!({ "lifetime": "1h" })).send().await;
    let path = made.data(201)["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:7070").unwrap().to_owned();
    for (at, rest) in ["", "/picture.png", "/badge.svg"].into_iter().enumerate() {
        let address = format!("10.2.0.{at}");
        flooded(rest, || world.get(&format!("{path}{rest}")).from(&address)).await;
        assert_eq!(world.get(&format!("{path}{rest}")).from("192.0.2.1").open().await.status(), 200, "{rest} elsewhere");
    }
    flooded("the status", || world.get(&format!("/api/v1{path}")).from("10.2.0.9")).await;
    // Who guesses does not keep its neighbours from a link that works.
    flooded("guesses", || world.get("/api/v1/shared/guess").from("10.2.0.10")).await;
    world.get(&format!("/api/v1{path}")).from("10.2.0.10").send().await.data(200);
}

#[tokio::test]
async fn a_valid_secret_is_let_in_beside_a_flood_from_its_address() {
    let world = world(&[]).await;
    let here = "198.51.100.7";
    let cookie = world.sign_in(Role::Viewer).await;
    let (node, enrolment) = (world.node("edge-1", &[]).await, world.enrolment_token().await);
    flooded("codes", || world.post("/api/v1/session").from(here).json(&json!({ "code": "guess" }))).await;
    flooded("bearers", || world.get("/api/v1/fleet").from(here).bearer("pl_guess")).await;
    flooded("sessions", || world.get("/api/v1/fleet").from(here).header("cookie", "pitlane_7070=guess")).await;
    flooded("nothing", || world.get("/api/v1/fleet").from(here)).await;
    flooded("enrolments", || {
        world.post("/api/v1/agents/enroll").from(here).json(&json!({ "token": "guess", "name": "x", "machine_id": "x", "agent_version": "0.1.0" }))
    })
    .await;
    flooded("beats", || world.post("/api/v1/agents/heartbeat").from(here).bearer("pla_guess")).await;

    let (code, token) = (world.code(Role::Operator).await, world.token(Role::Operator).await);
    world.post("/api/v1/session").from(here).json(&json!({ "code": code })).send().await.data(200);
    world.post("/api/v1/session").from(here).json(&json!({ "token": token })).send().await.data(200);
    world.get("/api/v1/fleet").from(here).bearer(&world.token(Role::Viewer).await).send().await.data(200);
    world.get("/api/v1/fleet").from(here).header("cookie", &cookie).send().await.data(200);
    let request = json!({ "token": enrolment, "name": "edge-2", "machine_id": "m2", "agent_version": "0.1.0" });
    world.post("/api/v1/agents/enroll").from(here).json(&request).send().await.data(200);
    world.post("/api/v1/agents/heartbeat").from(here).bearer(&node.token).json(&crate::world::heartbeat(2, &[])).send().await.data(200);
    world.call("DELETE", "/api/v1/session").from(here).cookie(&cookie).send().await.data(200);
    world.get("/api/v1/session").from("192.0.2.1").header("cookie", &cookie).send().await.refused(401, "unauthorized");
}

#[tokio::test]
async fn what_cannot_be_read_is_charged_too() {
    let world = world(NARROW).await;
    flooded("JSON that is none", || world.post("/api/v1/session").from("10.3.0.1").text("application/json", "{")).await;
    flooded("text", || world.post("/api/v1/session").from("10.3.0.2").text("text/plain", "{}")).await;
    flooded("another site's page", || {
        world.post("/api/v1/session").from("10.3.0.3").header("origin", "http://evil.example").json(&json!({ "code": "x" }))
    })
    .await;
    flooded("too much", || world.post("/api/v1/session").from("10.3.0.4").text("application/json", &" ".repeat(3_000))).await;
    flooded("enrolments that are none", || world.post("/api/v1/agents/enroll").from("10.3.0.5").text("application/json", "[]")).await;
    flooded("a foreign host", || world.get("/healthz").from("10.3.0.6").header("host", "evil.example").another("host", "evil.example")).await;
    flooded("another foreign host", || world.get("/").from("10.3.0.7").header("host", "evil.example")).await;
    flooded("an agent's own nonsense", || world.post("/api/v1/agents/heartbeat").from("10.3.0.8").bearer("x").text("application/json", "{")).await;
}

#[tokio::test]
async fn one_network_is_one_stranger() {
    let world = world(NARROW).await;
    let count = std::cell::Cell::new(0_u32);
    let from_next_host = || {
        count.set(count.get() + 1);
        world.get("/api/v1/fleet").from(&format!("2001:db8:1:2::{:x}", count.get()))
    };
    for _ in 0..10 {
        from_next_host().send().await.refused(401, "unauthorized");
    }
    from_next_host().send().await.refused(429, "rate_limited");
    world.get("/api/v1/fleet").from("2001:db8:1:3::1").send().await.refused(401, "unauthorized");
    // IPv4 written as IPv6 is the same host.
    for at in 0..10 {
        world.get("/api/v1/fleet").from(if at % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" }).send().await.refused(401, "unauthorized");
    }
    world.get("/api/v1/fleet").from("::ffff:192.0.2.1").send().await.refused(429, "rate_limited");
}

#[tokio::test]
async fn behind_a_proxy_that_is_named_limits_count_by_who_is_behind_it() {
    let world = world(&[("rate-per-second", "1"), ("rate-burst", "5"), ("trusted-proxies", "10.0.0.0/24, 10.9.0.1")]).await;
    let ask = |peer: &'static str, behind: &'static str| world.get("/api/v1/fleet").from(peer).header("x-forwarded-for", behind);
    for at in 0..5 {
        ask(if at % 2 == 0 { "10.0.0.1" } else { "10.9.0.1" }, "203.0.113.1").send().await.refused(401, "unauthorized");
    }
    ask("10.0.0.2", "203.0.113.1").send().await.refused(429, "rate_limited");
    ask("10.0.0.1", "1.1.1.1, 203.0.113.1").send().await.refused(429, "rate_limited");
    ask("10.0.0.1", "203.0.113.2").send().await.refused(401, "unauthorized");
    // Who is not named is believed nothing: another address each time is of no use.
    for behind in ["203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7"] {
        ask("192.0.2.1", behind).send().await.refused(401, "unauthorized");
    }
    ask("192.0.2.1", "203.0.113.8").send().await.refused(429, "rate_limited");
}

#[tokio::test]
async fn without_a_name_only_a_proxy_on_this_machine_is_believed() {
    let world = world(&[("tls-terminated-upstream", "true"), ("public-url", "https://pitlane.example.org")]).await;
    let origin = async |peer: &str, name: &'static str| {
        let token = world.token(Role::Viewer).await;
        let sign_in = world.post("/api/v1/session").from(peer).header("host", "pitlane.example.org").header(name, "203.0.113.77");
        sign_in.json(&json!({ "token": token })).send().await.data(200);
        let log = world.store.activity(&pitlane::store::ActivityQuery { limit: 50, ..Default::default() }).await.unwrap();
        log.iter().find(|entry| entry.kind == pitlane_api::ActivityKind::SignedIn).and_then(|entry| entry.origin.clone())
    };
    crate::world::eventually("the proxy's word", async || origin("127.0.0.1", "x-forwarded-for").await.as_deref() == Some("203.0.113.77")).await;
    crate::world::eventually("the peer itself", async || origin("192.0.2.9", "x-forwarded-for").await.as_deref() == Some("192.0.2.9")).await;
}

#[tokio::test]
async fn nothing_is_read_of_who_may_not() {
    let world = world(&[]).await;
    let viewer = world.token(Role::Viewer).await;
    let unread =
        || Body::from_stream(futures::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, Infallible>>> { panic!("a byte was read") }));
    for (method, path) in calls("guess") {
        if path.ends_with("/session") || path.ends_with("/agents/enroll") {
            continue;
        }
        let answer = world.call(&method, &path).stream("application/json", unread()).open().await;
        assert!(answer.status() != 500, "{method} {path} reads a stranger's body");
        let answer = world.call(&method, &path).bearer("pl_guess").header("if-match", "*").stream("application/json", unread()).open().await;
        assert!(answer.status() != 500, "{method} {path} reads the body of a token that nobody has");
    }
    // Nor of who is known and may not do this.
    let answer = world.post("/api/v1/nodes/x/drain").bearer(&viewer).header("if-match", "*").stream("application/json", unread()).open().await;
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn a_body_is_as_large_as_its_call_needs() {
    let world = world(&[]).await;
    let node = world.node("edge-1", &[]).await;
    world.node("edge-2", &[]).await;
    let operator = world.token(Role::Operator).await;
    let identity = |n: usize| format!("compose:{}/{}/{n}", "p".repeat(60), "s".repeat(60));
    let padded = |body: Value, bytes: usize| format!("{body}{}", " ".repeat(bytes.saturating_sub(body.to_string().len())));
    for (method, path, body, most) in [
        ("POST", "/api/v1/session".to_owned(), json!({ "code": "x" }), 2 << 10),
        ("POST", "/api/v1/agents/enroll".to_owned(), json!({ "token": "x" }), 48 << 10),
        ("POST", "/api/v1/agents/heartbeat".to_owned(), crate::world::heartbeat(3, &[]), 4 << 20),
        ("POST", node.path("/drain"), json!({ "reason": "no" }), 256 << 10),
        ("PATCH", node.path("/maintenance"), json!({ "reason": "no" }), 16 << 10),
        ("POST", node.path("/activate"), json!({}), 16 << 10),
        ("POST", node.path("/planned-drain"), json!({ "reason": "no" }), 256 << 10),
        ("POST", node.path("/share-links"), json!({ "lifetime": "x" }), 16 << 10),
        ("POST", "/api/v1/placements".to_owned(), json!({ "strategy": "least_loaded" }), 16 << 10),
        ("POST", "/api/v1/bulk-operations/preview".to_owned(), json!({ "nodes": [] }), 128 << 10),
        ("POST", "/api/v1/bulk-operations".to_owned(), json!({ "nodes": [] }), 1 << 20),
    ] {
        let token = if path.ends_with("heartbeat") { &node.token } else { &operator };
        let send =
            |bytes| world.call(method, &path).bearer(token).header("if-match", "*").text("application/json", &padded(body.clone(), bytes)).send();
        let fits = send(most).await;
        assert_ne!(fits.status, 413, "{path} does not take {most} bytes");
        send(most + 1).await.refused(413, "too_large");
    }
    // The largest that a person would send: a host of a thousand stateful containers.
    let seen: Vec<String> = (0..1_000).map(identity).collect();
    let drain =
        world.post(&node.path("/drain")).bearer(&operator).header("if-match", "*").json(&json!({ "reason": "Kernel reboot", "seen_stateful": seen }));
    assert_eq!(drain.send().await.status, 202);
}

#[tokio::test]
async fn one_caller_writes_two_exports_at_once() {
    let world = world(&[]).await;
    let (one, other) = (world.token(Role::Viewer).await, world.token(Role::Viewer).await);
    let export = |token: &str| world.get("/api/v1/activity/export").bearer(token);
    let open = [export(&one).open().await, export(&one).open().await];
    export(&one).send().await.refused(503, "too_many_exports");
    assert_eq!(export(&other).open().await.status(), 200);
    drop(open);
    assert_eq!(export(&one).open().await.status(), 200, "once they have ended");
}

#[tokio::test]
async fn two_hosts_are_no_host() {
    let world = world(&[]).await;
    let token = world.token(Role::Viewer).await;
    for path in ["/api/v1/fleet", "/", "/healthz", "/metrics"] {
        for second in ["127.0.0.1:7070", "evil.example"] {
            world.get(path).bearer(&token).another("host", second).send().await.refused(400, "malformed");
        }
        let twice = world.get(path).bearer(&token).another("authorization", "Bearer other").send().await;
        twice.refused(400, "malformed");
    }
    // HTTP/2 names the host in its address; a header that says otherwise is a second opinion.
    world.get("http://127.0.0.1:7070/api/v1/fleet").bearer(&token).header("host", "evil.example").send().await.refused(400, "malformed");
    world.get("http://evil.example/api/v1/fleet").bearer(&token).without("host").send().await.refused(403, "host_refused");
    world.get("http://127.0.0.1:7070/api/v1/fleet").bearer(&token).without("host").send().await.data(200);
    world.get("http://LOCALHOST:7070/api/v1/fleet").bearer(&token).header("host", "localhost:7070").send().await.data(200);
}

#[tokio::test]
async fn the_public_address_is_the_same_with_the_port_it_has_anyway() {
    for (given, hosts, origin, others) in [
        (
            "https://pitlane.example.org:443",
            ["pitlane.example.org", "Pitlane.example.org:443"],
            "https://pitlane.example.org",
            "pitlane.example.org:80",
        ),
        (
            "https://pitlane.example.org",
            ["pitlane.example.org", "pitlane.example.org:443"],
            "https://pitlane.example.org:443",
            "pitlane.example.org:8443",
        ),
        (
            "http://pitlane.example.org:80/",
            ["pitlane.example.org", "pitlane.example.org:80"],
            "http://pitlane.example.org",
            "pitlane.example.org:443",
        ),
    ] {
        let world = world(&[("public-url", given)]).await;
        for host in hosts {
            let code = world.code(Role::Viewer).await;
            let sign_in = world.post("/api/v1/session").header("host", host).header("origin", origin).json(&json!({ "code": code })).send().await;
            sign_in.data(200);
        }
        world.get("/").header("host", others).send().await.refused(403, "host_refused");
    }
}

#[tokio::test]
async fn the_document_is_made_once_and_not_sent_twice() {
    let world = world(&[]).await;
    let first = world.get("/api/v1/openapi.json").send().await;
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = world.get("/api/v1/openapi.json").header("if-none-match", &tag).header("accept-encoding", "br").send().await;
    assert_eq!((again.status, again.bytes.len(), again.header("etag")), (304, 0, tag.as_str()));
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(world.get("/api/v1/openapi.json").header("accept-encoding", "br").send().await.status, 200);
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "a hundred took {:?}", begun.elapsed());
}
