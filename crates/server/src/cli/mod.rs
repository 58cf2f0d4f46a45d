//! The commands. Each either runs something here (`serve`, `agent`, `demo`), works on the data directory (`token`,
//! `session`, `sign-in-link`, `backup`), or asks a Pitlane over HTTP (`status`, `drain`, `activate`, …) like anybody else would.

mod agent;
mod changes;
mod client;
mod data;
mod demo;
mod diagnostics;
mod doctor;
mod engine;
mod exit;
mod local;
mod place;
mod plan;
mod serve;
mod session;
mod several;
mod share;
mod status;
mod text;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;

use crate::settings::{DataDirOnly, ServeGiven};

/// The maintenance console for container nodes: see the fleet, take a node out of the scheduler, bring it back.
///
/// Exit codes: 0 done · 1 refused, or something needs attention · 2 wrong usage or setting · 3 the server cannot be
/// reached · 4 --wait gave up · 5 the operation failed, or something on this machine did.
#[derive(Debug, Parser)]
#[command(name = "pitlane", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the control plane and its console.
    Serve(ServeGiven),
    /// Runs the agent that reports for this machine.
    Agent(Box<agent::AgentArgs>),
    /// Plays a fleet of simulated nodes against a control plane.
    Demo(demo::DemoArgs),
    /// Shows the fleet, or one node. Exit code 1: something needs attention.
    Status(status::StatusArgs),
    /// Prints what is known of a node as plain text without secrets, to be handed to somebody who is to help.
    Diagnostics(diagnostics::DiagnosticsArgs),
    /// Takes a node, or several one after another, out of the scheduler. Nothing that runs is moved.
    Drain(changes::DrainArgs),
    /// Brings a node back, once its checks are clean; of several those whose checks are clean.
    Activate(changes::ActivateArgs),
    /// Stops the unfinished operation of a node.
    Abort(changes::AbortArgs),
    /// Tries the unfinished operation of a node again at once.
    Retry(changes::AbortArgs),
    /// Lists the drains that are planned, and cancels one.
    Plan(plan::PlanArgs),
    /// Makes, lists and revokes public links to one node's status.
    Share(share::ShareArgs),
    /// Asks which node a workload would be placed on.
    Place(place::PlaceArgs),
    /// Makes, lists and revokes tokens, in the data directory of this machine's server.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Lists who is signed in, and ends sessions: one, those of a name, or all.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Makes a one-time link for signing in to this machine's server.
    SignInLink(token::SignInLinkArgs),
    /// Writes a consistent copy of the database, also while the server runs.
    Backup(data::BackupArgs),
    /// Says in words what is wrong with this set-up.
    Doctor(doctor::DoctorArgs),
    /// Prints every setting of `serve`, as in docs/operating.md.
    Settings,
    /// Prints the OpenAPI document.
    Openapi,
}

/// Reads the command line, runs the command, and gives back its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // One process, one provider; somebody else having set it is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::here(format!("cannot start: {error}")).report(),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(given) => serve::run(given).await,
        Command::Agent(args) => agent::run(*args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Status(args) => status::run(args).await,
        Command::Diagnostics(args) => diagnostics::run(args).await,
        Command::Drain(args) => changes::drain(args).await,
        Command::Activate(args) => changes::activate(args).await,
        Command::Abort(args) => changes::abort(args, "abort").await,
        Command::Retry(args) => changes::abort(args, "retry").await,
        Command::Plan(args) => plan::run(args).await,
        Command::Share(args) => share::run(args).await,
        Command::Place(args) => place::run(args).await,
        Command::Token(command) => token::run(command).await,
        Command::Session(command) => session::run(command).await,
        Command::SignInLink(args) => token::sign_in_link(args).await,
        Command::Backup(args) => data::backup(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Settings => {
            print!("{}", crate::settings::markdown());
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            println!("{}", crate::http::document().to_pretty_json().map_err(|error| Failure::here(error.to_string()))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A data directory that is needed by a command.
fn data_dir(given: &DataDirOnly) -> Result<std::path::PathBuf, Failure> {
    given.data_dir().map_err(Failure::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn switches_and_values_are_read() {
        let cli = Cli::try_parse_from(["pitlane", "serve", "--production", "--listen", "127.0.0.1:0", "--with-demo=false"]).unwrap();
        let Command::Serve(ServeGiven(given)) = cli.command else { panic!("not serve") };
        assert_eq!(given.get("production").unwrap().text, "true");
        assert_eq!(given.get("with-demo").unwrap().text, "false");
        assert_eq!(given.get("listen").unwrap().from, "--listen");
        assert!(given.get("engine").is_none());
    }
}
