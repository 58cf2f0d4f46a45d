//! `pitlane`: the control plane, its agent and its commands in one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    pitlane::cli::main()
}
