//! The console's files, inside the binary, as `scripts/console.sh` left them in `dist/`: each plain and, where that is
//! smaller, as `.br` and `.gz`. This module picks; it never compresses. It knows nothing of routes or sign-in.

use std::{borrow::Cow, path::PathBuf, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

#[derive(rust_embed::RustEmbed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// How a file is encoded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `br`
    Brotli,
    /// `gzip`
    Gzip,
    /// As it is.
    Plain,
}

/// A file of the console, ready to be sent.
pub struct File {
    /// Its bytes, encoded.
    pub bytes: Cow<'static, [u8]>,
    /// How they are encoded.
    pub encoding: Encoding,
    /// `text/css; charset=utf-8`
    pub content_type: &'static str,
    /// Its name carries a hash of its content: it never changes.
    pub immutable: bool,
}

impl File {
    /// Names this content in this encoding, for `ETag`.
    pub fn tag(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        format!("\"{}\"", digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// Where the console's files come from.
#[derive(Clone)]
pub enum Console {
    /// The binary.
    Embedded,
    /// A folder that is read anew each time: for those who work on the console.
    Folder(PathBuf),
    /// A map from name to content, for tests.
    Given(Arc<std::collections::BTreeMap<String, Vec<u8>>>),
}

impl Console {
    /// What the binary carries. A debug build takes the folder in `PITLANE_CONSOLE_DIR` instead, so that a change of the console
    /// needs no build of the server; a release knows no such way around its own files.
    pub fn chosen() -> Self {
        match std::env::var_os("PITLANE_CONSOLE_DIR").filter(|_| cfg!(debug_assertions)) {
            Some(folder) => Console::Folder(folder.into()),
            None => Console::Embedded,
        }
    }

    fn get(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Console::Embedded => Dist::get(name).map(|file| file.data),
            Console::Folder(folder) if name.split('/').all(|part| !part.starts_with('.')) => std::fs::read(folder.join(name)).ok().map(Cow::Owned),
            Console::Folder(_) => None,
            Console::Given(files) => files.get(name).map(|bytes| Cow::Owned(bytes.clone())),
        }
    }

    /// The page every route of the console starts from. Where the console was not built: a page that says so.
    pub fn index(&self, accept_encoding: &str) -> File {
        self.file("index.html", accept_encoding).unwrap_or(File {
            bytes: Cow::Borrowed(NOT_BUILT.as_bytes()),
            encoding: Encoding::Plain,
            content_type: "text/html; charset=utf-8",
            immutable: false,
        })
    }

    /// A file by its path below `/`, without a leading slash.
    pub fn file(&self, name: &str, accept_encoding: &str) -> Option<File> {
        // The compressed copies are not files of their own, and dot files are the build's.
        if name.ends_with(".br") || name.ends_with(".gz") || name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return None;
        }
        let plain = self.get(name)?;
        let accepted = accepted(accept_encoding);
        let (bytes, encoding) = accepted
            .into_iter()
            .find_map(|encoding| match encoding {
                Encoding::Brotli => self.get(&format!("{name}.br")).map(|bytes| (bytes, encoding)),
                Encoding::Gzip => self.get(&format!("{name}.gz")).map(|bytes| (bytes, encoding)),
                Encoding::Plain => None,
            })
            .unwrap_or((plain, Encoding::Plain));
        Some(File { bytes, encoding, content_type: content_type(name), immutable: is_hashed(name) })
    }

    /// The hashes of the inline scripts of the page, for the content security policy: Trunk puts one there to start the
    /// program. Computed when the server starts, so that the page itself stays a plain file.
    pub fn inline_script_hashes(&self) -> Vec<String> {
        let index = self.get("index.html").unwrap_or_default();
        inline_scripts(&String::from_utf8_lossy(&index))
            .iter()
            .map(|script| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()))))
            .collect()
    }
}

/// The smallest encoding that whoever sends this `Accept-Encoding` takes.
pub fn preferred(header: &str) -> Encoding {
    accepted(header).first().copied().unwrap_or(Encoding::Plain)
}

/// Encodings in the order they are tried: those that are accepted, brotli first because it is smallest.
fn accepted(header: &str) -> Vec<Encoding> {
    let takes = |name: &str| {
        header.split(',').any(|part| {
            let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
            let refused = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
            coding.trim().eq_ignore_ascii_case(name) && !refused
        })
    };
    [("br", Encoding::Brotli), ("gzip", Encoding::Gzip)].into_iter().filter(|(name, _)| takes(name)).map(|(_, encoding)| encoding).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether Trunk put a hash into the name: `tokens-0f1e2d3c4b5a6978.css`, `pitlane-console-…_bg.wasm`. It is a number of 64
/// bits in hex without leading zeros, so a few digits may be missing.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split(['-', '.', '_']).any(|part| (12..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// The contents of `<script>` elements without `src`. The page is our own build's, so a small reader is enough.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let Some(open) = rest[start..].find('>').map(|end| start + end) else { break };
        let Some(close) = rest[open..].find("</script>").map(|end| open + end) else { break };
        let content = &rest[open + 1..close];
        if !content.trim().is_empty() && !rest[start..open].contains(" src=") {
            scripts.push(content);
        }
        rest = &rest[close..];
    }
    scripts
}

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Pitlane</title></head>
<body><h1>The console is not in this binary</h1>
<p>The control plane runs, and its API answers under <code>/api/v1</code>. Build the console and the server again:</p>
<pre>make console build</pre>
<p>Or work from a terminal meanwhile: <code>pitlane status</code>.</p></body></html>
";

#[cfg(test)]
mod tests {
    use super::*;

    fn console(files: &[(&str, &str)]) -> Console {
        Console::Given(Arc::new(files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()))
    }

    #[test]
    fn the_smallest_accepted_copy_is_sent() {
        let console = console(&[("a.css", "plain"), ("a.css.br", "br"), ("a.css.gz", "gz"), ("b.css", "plain")]);
        let sent = |name: &str, accept: &str| console.file(name, accept).map(|file| (String::from_utf8(file.bytes.to_vec()).unwrap(), file.encoding));
        assert_eq!(sent("a.css", "gzip, deflate, br"), Some(("br".into(), Encoding::Brotli)));
        assert_eq!(sent("a.css", "gzip;q=0.5, br;q=0"), Some(("gz".into(), Encoding::Gzip)));
        assert_eq!(sent("a.css", ""), Some(("plain".into(), Encoding::Plain)));
        assert_eq!(sent("b.css", "br"), Some(("plain".into(), Encoding::Plain)));
        assert!(sent("a.css.br", "br").is_none());
        assert!(sent("../Cargo.toml", "").is_none());
        assert!(sent(".pitlane-inputs", "").is_none());
    }

    #[test]
    fn names_with_a_hash_never_change() {
        assert!(is_hashed("tokens-0f1e2d3c4b5a6978.css"));
        assert!(is_hashed("node-1bd381b67554605.css"), "a leading zero is missing");
        assert!(is_hashed("pitlane-console-0f1e2d3c4b5a6978_bg.wasm"));
        assert!(!is_hashed("snippets/x-0f1e2d3c4b5a6978/inline0.js"), "the folder's name is not the file's");
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("fonts/inter.woff2"));
    }

    #[test]
    fn only_inline_scripts_are_hashed() {
        let html = "<script src=\"/boot.js\"></script><script type=\"module\">go()</script><script></script>";
        assert_eq!(inline_scripts(html), ["go()"]);
        let console = console(&[("index.html", html)]);
        assert_eq!(console.inline_script_hashes(), [format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(b"go()")))]);
    }

    #[test]
    fn without_a_console_it_says_how_to_build_one() {
        let file = console(&[]).index("br");
        assert!(String::from_utf8_lossy(&file.bytes).contains("make console build"));
    }
}
