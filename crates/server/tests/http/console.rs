//! The console's files: what is cached, what is not, and what a page may do.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::world::World;

const CSS: &str = "/style-0123456789abcdef.css";

#[tokio::test]
async fn the_page_is_not_cached_and_its_policy_is_strict() {
    let world = World::new().await;
    for path in ["/", "/nodes/node-1", "/activity", "/sign-in", "/activity?node=x"] {
        let page = world.get(path).send().await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        let policy = page.header("content-security-policy");
        let script = "import init from '/app.js'; init();";
        let hash = format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)));
        assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' {hash};")), "{policy}");
        for part in
            ["default-src 'none'", "style-src 'self';", "frame-ancestors 'none'", "connect-src 'self'", "object-src 'none'", "base-uri 'self'"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
}

#[tokio::test]
async fn every_answer_carries_the_fixed_headers() {
    let world = World::new().await;
    for path in ["/", CSS, "/api/v1/fleet", "/healthz", "/nope"] {
        let answer = world.get(path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-robots-tag", "noindex, nofollow"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("x-request-id").is_empty());
    }
    assert_eq!(world.get("/api/v1/fleet").send().await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn hashed_files_are_kept_for_good_in_the_smallest_encoding() {
    let world = World::new().await;
    for (accept, encoding, content) in
        [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("identity", "", "body{}"), ("br;q=0, gzip", "gzip", "gzip")]
    {
        let file = world.get(CSS).header("accept-encoding", accept).send().await;
        assert_eq!(file.status, 200);
        assert_eq!(file.bytes, content);
        assert_eq!(file.header("content-encoding"), encoding);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
        assert_eq!(file.header("vary"), "accept-encoding");
    }
    let font = world.get("/fonts/inter.woff2").send().await;
    assert_eq!((font.status, font.header("cache-control")), (200, "no-cache"), "without a hash in its name it may change");
    let again = world.get("/fonts/inter.woff2").header("if-none-match", font.header("etag")).send().await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    assert_eq!(world.call("HEAD", CSS).send().await.status, 200);
}

#[tokio::test]
async fn what_is_no_page_is_not_found() {
    let world = World::new().await;
    let mistyped = world.get("/nodez").header("accept", "text/html,*/*").send().await;
    assert_eq!(mistyped.status, 404, "the console shows its own not found, and the status says so too");
    assert_eq!(mistyped.header("content-type"), "text/html; charset=utf-8");
    world.get("/style-ffffffffffffffff.css").header("accept", "text/css").send().await.refused(404, "not_found");
    world.get("/style-0123456789abcdef.css.br").send().await.refused(404, "not_found");
    world.get("/../Cargo.toml").send().await.refused(404, "not_found");
    world.get("/%2e%2e/Cargo.toml").send().await.refused(404, "not_found");
}
