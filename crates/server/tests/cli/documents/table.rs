//! What is known beforehand: which programs documents may call, and the commands that cannot run in a test, each with its reason.

/// Commands that cannot run here. They are stood in for by a program that records how it was called and looks at what it can: that files it is given
/// are there, that the Makefile has the target, that the workspace has the package. A row that no document calls any more fails the test.
pub const CANNOT_RUN: &[(&str, &str)] = &[
    ("make", "builds, or runs every test"),
    ("cargo", "builds, or runs tests; this is one of them"),
    ("node", "runs tests and benches of their own tiers"),
    ("kubectl", "needs a cluster; the lab of Kubernetes has one"),
    ("docker", "needs a swarm; the lab of Swarm has one"),
    ("systemctl", "changes the machine's services"),
];

/// Commands of Pitlane whose flags are read and which do not run, each with its reason. A row that fits nothing fails the test.
pub const ONLY_READ: &[(&str, &str)] = &[("DOCKER_TLS_VERIFY=1", "needs the certificates of a swarm's manager")];

/// Texts that look like a command and are none, each with what it is. A row that fits nothing fails the test.
pub const NO_COMMANDS: &[(&str, &str)] = &[("pitlane host {machine_id}", "is hashed into the id of a host")];

/// Flags that documents name and that are another program's.
pub const FLAGS_OF_OTHERS: &[(&str, &str)] = &[("--converge", "wasm-opt")];

/// What looks like a file of the checkout and is none.
pub const NO_FILES: &[(&str, &str)] = &[("deploy/pitlane", "kubectl's way to name the deployment"), ("tests/e2e/out", "made by the tests")];

/// Programs of every system that a document may call; they run in the test's own folder.
pub const TOOLS: &[&str] =
    &["awk", "cat", "chmod", "cp", "curl", "cut", "date", "grep", "head", "install", "jq", "ls", "mkdir", "mv", "rm", "sed", "sh", "tail", "tr"];

/// What stands where a person fills something in, as it is written in documents, help and messages.
pub const CAPITALS: &[&str] = &["NODE", "N", "NAME", "ID", "TOKEN", "URL"];
