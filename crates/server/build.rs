//! Rebuilds when the console in `dist/` or a migration changes, and makes `dist/` where it is missing, so that the
//! server builds before the console does; it then serves a page that says how to build it.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist");
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo::warning=dist/ could not be made: {error}");
    }
    println!("cargo::rerun-if-changed={dist}");
    println!("cargo::rerun-if-changed=migrations");
}
