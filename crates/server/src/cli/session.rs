//! `pitlane session`: who is signed in, and the end of it. Works on the data directory itself, so that it helps where nobody can sign in any more.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use pitlane_api::{ActivityKind, ActorKind, OpenSession, OpenSessions, Timestamp};

use super::{data::open_existing, data_dir, exit::Failure, text, token::user};
use crate::{
    sessions,
    settings::DataDirOnly,
    store::{NewActivity, SessionFilter, Store as _, StoredSession},
};

/// `pitlane session …`
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Lists who is signed in: from where, with which browser, since when, and when it was last used.
    List(ListArgs),
    /// Ends one session, those of a name, or all. Open pages lead to the sign-in within seconds.
    Revoke(RevokeArgs),
}

/// Arguments of `pitlane session list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Expired ones too, as long as they are kept.
    #[arg(long)]
    all: bool,
    /// Only those of this name.
    #[arg(long)]
    name: Option<String>,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Arguments of `pitlane session revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The session's id, as in the list.
    #[arg(required_unless_present_any = ["all", "name"])]
    id: Option<String>,
    /// Ends every session, and sign-in links that are not used yet. Tokens stay valid: `pitlane token revoke --all` revokes those.
    #[arg(long, conflicts_with_all = ["id", "name"])]
    all: bool,
    /// Ends every session of this name, and its sign-in links that are not used yet.
    #[arg(long, conflicts_with = "id")]
    name: Option<String>,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Runs `pitlane session …`.
pub async fn run(command: SessionCommand) -> Result<ExitCode, Failure> {
    match command {
        SessionCommand::List(args) => list(args).await,
        SessionCommand::Revoke(args) => revoke(args).await,
    }
}

async fn list(args: ListArgs) -> Result<ExitCode, Failure> {
    let store = open_existing(&data_dir(&args.data)?).await?;
    let now = Timestamp::now();
    let filter = SessionFilter { name: args.name, open_at: (!args.all).then_some(now), ..SessionFilter::default() };
    let found = store.sessions(&filter).await?;
    store.close().await;
    let found: Vec<OpenSession> = found.into_iter().map(|stored| sessions::shown(stored, false, None)).collect();
    if args.json {
        text::json(&OpenSessions { sessions: found, server_time: now });
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        println!("Nobody is signed in.");
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["ID", "NAME", "ROLE", "WITH", "FROM", "BROWSER", "SIGNED IN", "LAST USED", "UNTIL"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(found.into_iter().map(|session| row(session, now)));
    print!("{}", text::table(&rows));
    Ok(ExitCode::SUCCESS)
}

fn row(session: OpenSession, now: Timestamp) -> Vec<String> {
    let unknown = || "not known".to_owned();
    let with = session.token_id.map_or_else(|| session.signed_in_with.to_string(), |id| format!("token {id}"));
    let until =
        if session.expires_at <= now { format!("expired {}", text::age(session.expires_at, now)) } else { format!("{:.0}", session.expires_at) };
    vec![
        session.id,
        session.name,
        session.role.to_string(),
        with,
        session.origin.unwrap_or_else(unknown),
        session.browser.unwrap_or_else(unknown),
        text::age(session.created_at, now),
        session.last_used_at.map_or_else(unknown, |at| text::age(at, now)),
        until,
    ]
}

async fn revoke(args: RevokeArgs) -> Result<ExitCode, Failure> {
    let store = open_existing(&data_dir(&args.data)?).await?;
    let filter = SessionFilter { id: args.id.clone(), name: args.name.clone(), ..SessionFilter::default() };
    let entry = |ended: &[StoredSession]| {
        vec![NewActivity {
            actor_kind: ActorKind::Person,
            actor: Some(user()),
            origin: Some(pitlane_api::TERMINAL.into()),
            ..NewActivity::by_system(Timestamp::now(), ActivityKind::SessionEnded, sessions::ended(ended))
        }]
    };
    let (ended, _) = store.end_sessions(&filter, &entry).await?;
    store.close().await;
    if let (Some(id), []) = (&args.id, ended.as_slice()) {
        return Err(Failure::refused(format!("there is no session {id}; `pitlane session list` shows them")));
    }
    let what = match ended.as_slice() {
        [] => "Nobody was signed in.".to_owned(),
        [one] => format!("Ended the session {} of {}. Its open pages close within seconds.", one.id, text::line(&one.name)),
        several => format!("Ended {} sessions. Their open pages close within seconds.", several.len()),
    };
    let links = if args.id.is_none() { " Sign-in links that were not used yet work no more." } else { "" };
    println!("{what}{links}");
    Ok(ExitCode::SUCCESS)
}
