//! `pitlane token` and `pitlane sign-in-link`: work on the data directory itself, so that the first token needs no token.

use std::{path::Path, process::ExitCode, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use pitlane_api::{ActivityKind, ActorKind, Role, Timestamp, Words, say};

use super::{
    data::open_existing,
    data_dir,
    exit::{Failure, USAGE},
    local, text,
};
use crate::{
    secret,
    settings::{DataDirOnly, parse_duration},
    store::{ApiToken, EnrolmentToken, NewActivity, SecretHash, SignInCode, SqliteStore, Store},
};

/// How long a sign-in link works.
pub const CODE_TTL: Duration = Duration::from_secs(600);
/// How long an enrolment token works unless told otherwise.
pub const ENROL_TTL: Duration = Duration::from_secs(24 * 3_600);

/// A role that can be given.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum GivenRole {
    /// Reads.
    Viewer,
    /// Also drains, activates, asks for placements.
    Operator,
    /// Also removes nodes and manages tokens.
    Admin,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Self {
        match role {
            GivenRole::Viewer => Role::Viewer,
            GivenRole::Operator => Role::Operator,
            GivenRole::Admin => Role::Admin,
        }
    }
}

/// `pitlane token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes an enrolment token, which an agent turns into a token of its own. It is printed this once.
    Enroll(EnrollArgs),
    /// Makes a token for a person or a script. It is printed this once.
    Create(CreateArgs),
    /// Lists the tokens of people and scripts.
    List(ListArgs),
    /// Revokes a token, or all: every session and stream that was opened with it ends.
    Revoke(RevokeArgs),
}

/// Arguments of `pitlane token enroll`.
#[derive(Debug, Args)]
pub struct EnrollArgs {
    /// Any number of agents may enrol with it until it expires, as for a global service.
    #[arg(long)]
    multi_use: bool,
    /// The agent may take over a node that has an agent already.
    #[arg(long)]
    allow_replace: bool,
    /// Only for the node with this id at its engine.
    #[arg(long, value_name = "ID")]
    engine_node_id: Option<String>,
    /// Not valid after this long: 12h, 90d [default: 24h].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    expires: Option<Duration>,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Arguments of `pitlane token create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What it may do.
    #[arg(long, value_enum, required_unless_present = "enroll", conflicts_with = "enroll")]
    role: Option<GivenRole>,
    /// Whose it is, or what it is for.
    #[arg(long, required_unless_present = "enroll")]
    name: Option<String>,
    /// Not valid after this long: 12h, 90d [default: never].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    expires: Option<Duration>,
    #[command(flatten)]
    enrolment: OldEnrolment,
    #[command(flatten)]
    data: DataDirOnly,
}

/// How an enrolment token was asked for before there was `pitlane token enroll`. Scripts that do so go on working.
#[derive(Debug, Args)]
struct OldEnrolment {
    #[arg(long, hide = true)]
    enroll: bool,
    #[arg(long, hide = true, requires = "enroll")]
    multi_use: bool,
    #[arg(long, hide = true, requires = "enroll")]
    allow_replace: bool,
    #[arg(long, hide = true, requires = "enroll", value_name = "ID")]
    engine_node_id: Option<String>,
}

/// Arguments of `pitlane token list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Revoked and expired ones too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Arguments of `pitlane token revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Its id or, where only one has it, its name.
    #[arg(required_unless_present = "all")]
    token: Option<String>,
    /// Revokes every token of people and scripts, ends every session, and takes back sign-in links that are not used yet. Only the commands of this machine's user are
    /// still let in, by the token that the running server made for them.
    #[arg(long, conflicts_with = "token")]
    all: bool,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Arguments of `pitlane sign-in-link`.
#[derive(Debug, Args)]
pub struct SignInLinkArgs {
    /// What whoever uses it may do.
    #[arg(long, value_enum, default_value = "admin")]
    role: GivenRole,
    /// Who signs in with it [default: the name of the user on this machine].
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    data: DataDirOnly,
}

/// Runs `pitlane token …`.
pub async fn run(command: TokenCommand) -> Result<ExitCode, Failure> {
    match command {
        TokenCommand::Enroll(args) => enroll(args).await,
        TokenCommand::Create(CreateArgs {
            enrolment: OldEnrolment { enroll: true, multi_use, allow_replace, engine_node_id },
            expires,
            data,
            ..
        }) => enroll(EnrollArgs { multi_use, allow_replace, engine_node_id, expires, data }).await,
        TokenCommand::Create(args) => create(args).await,
        TokenCommand::List(args) => list(args).await,
        TokenCommand::Revoke(args) => revoke(args).await,
    }
}

async fn create(args: CreateArgs) -> Result<ExitCode, Failure> {
    let name = checked_name(args.name.unwrap_or_default())?;
    let role = Role::from(args.role.unwrap_or(GivenRole::Viewer));
    let store = open_existing(&data_dir(&args.data)?).await?;
    let now = Timestamp::now();
    let expires_at = args.expires.map(|after| later(now, after)).transpose()?;
    let (secret, token) = api_token(&name, role, now, expires_at);
    store.create_token(&token, &[by_user(say!("made a token for {} with the role {}", &name, role.as_str()))]).await?;
    store.close().await;
    let until = expires_at.map_or_else(|| "until it is revoked".to_owned(), |at| format!("until {at}"));
    eprintln!("Token {} for {} ({role}), valid {until}. It is shown this once:", token.id, text::line(&name));
    println!("{secret}");
    Ok(ExitCode::SUCCESS)
}

/// The token alone goes to standard output, so that a script can take it: `$(pitlane token enroll)`.
async fn enroll(args: EnrollArgs) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(&args.data)?;
    let store = open_existing(&data_dir).await?;
    let expires_at = later(Timestamp::now(), args.expires.unwrap_or(ENROL_TTL))?;
    let shape = EnrolmentShape { multi_use: args.multi_use, allow_replace: args.allow_replace, engine_node_id: args.engine_node_id };
    let (secret, token) = enrolment_token(shape, &user(), expires_at);
    store.create_enrolment_token(&token, &[by_user(say!("made the enrolment token {}", &token.id))]).await?;
    store.close().await;
    let uses = if token.multi_use { "any number of agents" } else { "one agent" };
    let console = local::read(&data_dir).map_or_else(|| "<the address of this server>".to_owned(), |local| local.console);
    eprintln!(
        "Enrolment token {} for {uses}, valid until {expires_at:.0}. On the node: `pitlane agent --server {console} --token <this token>`:",
        token.id
    );
    println!("{secret}");
    Ok(ExitCode::SUCCESS)
}

/// What an enrolment token allows.
#[derive(Debug, Default)]
pub struct EnrolmentShape {
    /// Any number of agents.
    pub multi_use: bool,
    /// May take over a node.
    pub allow_replace: bool,
    /// Only this node.
    pub engine_node_id: Option<String>,
}

/// A new enrolment token: its secret, and what is kept of it.
pub fn enrolment_token(shape: EnrolmentShape, by: &str, expires_at: Timestamp) -> (String, EnrolmentToken) {
    let secret = secret::enrolment_token();
    let token = EnrolmentToken {
        id: short_id(),
        hash: SecretHash::of(&secret),
        multi_use: shape.multi_use,
        allow_replace: shape.allow_replace,
        engine_node_id: shape.engine_node_id,
        created_by: by.to_owned(),
        created_at: Timestamp::now(),
        expires_at,
        used_at: None,
    };
    (secret, token)
}

/// A new token for people and scripts: its secret, and what is kept of it.
pub fn api_token(name: &str, role: Role, now: Timestamp, expires_at: Option<Timestamp>) -> (String, ApiToken) {
    let secret = secret::token();
    let hash = SecretHash::of(&secret);
    let token = ApiToken { id: short_id(), hash, name: name.to_owned(), role, created_at: now, expires_at, revoked_at: None, last_used_at: None };
    (secret, token)
}

/// A new one-time code: its secret, and what is kept of it.
pub fn sign_in_code(name: &str, role: Role, now: Timestamp) -> Result<(String, SignInCode), Failure> {
    let secret = secret::random();
    let code = SignInCode { hash: SecretHash::of(&secret), name: name.to_owned(), role, expires_at: later(now, CODE_TTL)? };
    Ok((secret, code))
}

fn short_id() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect()
}

async fn list(args: ListArgs) -> Result<ExitCode, Failure> {
    let store = open_existing(&data_dir(&args.data)?).await?;
    let tokens = store.tokens().await?;
    store.close().await;
    let now = Timestamp::now();
    let mut rows = vec![["ID", "NAME", "ROLE", "STATE", "LAST USED"].map(str::to_owned).to_vec()];
    rows.extend(tokens.iter().filter(|token| args.all || token.usable(now)).map(|token| {
        let state = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {}", text::age(at, now)),
            (None, Some(at)) if at <= now => format!("expired {}", text::age(at, now)),
            (None, Some(at)) => format!("valid until {at}"),
            (None, None) => "valid".to_owned(),
        };
        let used = token.last_used_at.map_or_else(|| "never".to_owned(), |at| text::age(at, now));
        vec![token.id.clone(), token.name.clone(), token.role.to_string(), state, used]
    }));
    print!("{}", text::table(&rows));
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: RevokeArgs) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(&args.data)?;
    let store = open_existing(&data_dir).await?;
    let Some(wanted) = args.token else { return revoke_all(&store, &data_dir).await };
    let valid: Vec<ApiToken> = store.tokens().await?.into_iter().filter(|token| token.revoked_at.is_none()).collect();
    let by_id = valid.iter().find(|token| token.id == wanted);
    let named: Vec<&ApiToken> = valid.iter().filter(|token| token.name == wanted).collect();
    let token = match (by_id, named.as_slice()) {
        (Some(token), _) => token,
        (None, [token]) => token,
        (None, []) => return Err(Failure::refused(format!("there is no valid token {}; `pitlane token list` shows them", wanted))),
        (None, several) => return Err(Failure::refused(format!("{} tokens are called {}; name one by its id", several.len(), wanted))),
    };
    store.revoke_token(&token.id, Timestamp::now(), &[by_user(say!("revoked the token of {}", &token.name))]).await?;
    store.close().await;
    println!("Revoked {} ({}). Its sessions have ended; open pages close within seconds.", token.id, text::line(&token.name));
    Ok(ExitCode::SUCCESS)
}

/// The way out where nobody knows who has what: afterwards only this machine's commands are let in.
async fn revoke_all(store: &SqliteStore, data_dir: &Path) -> Result<ExitCode, Failure> {
    let kept = local::read(data_dir).map(|local| SecretHash::of(&local.token));
    let entry = by_user(say!("revoked every token and ended every session"));
    let (tokens, sessions) = store.revoke_every_token(kept.as_ref(), Timestamp::now(), &[entry]).await?;
    store.close().await;
    let count = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    println!(
        "Revoked {} and ended {}; sign-in links that were not used yet work no more. Open pages close within seconds.",
        count(tokens, "token"),
        count(sessions, "session")
    );
    Ok(ExitCode::SUCCESS)
}

/// Makes a sign-in link.
pub async fn sign_in_link(args: SignInLinkArgs) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(&args.data)?;
    let name = checked_name(args.name.unwrap_or_else(user))?;
    let store = open_existing(&data_dir).await?;
    let (secret, code) = sign_in_code(&name, args.role.into(), Timestamp::now())?;
    store.create_sign_in_code(&code, &[by_user(say!("made a sign-in link for {}", &name))]).await?;
    store.close().await;
    let console = local::read(&data_dir).map_or_else(|| "http://127.0.0.1:7070".to_owned(), |local| local.console);
    eprintln!("Signs in {} ({}) once, within ten minutes:", text::line(&name), code.role);
    println!("{console}/sign-in#{secret}");
    Ok(ExitCode::SUCCESS)
}

/// The entry that is written together with what it tells of.
fn by_user(message: Words) -> NewActivity {
    NewActivity {
        actor_kind: ActorKind::Person,
        actor: Some(user()),
        origin: Some(pitlane_api::TERMINAL.into()),
        ..NewActivity::by_system(Timestamp::now(), ActivityKind::TokenChanged, message)
    }
}

/// Who runs this command, as the system calls them.
pub fn user() -> String {
    ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok()).find(|name| !name.is_empty()).unwrap_or_else(|| "admin".to_owned())
}

fn checked_name(name: String) -> Result<String, Failure> {
    let name = text::line(name.trim());
    match name.chars().count() {
        1..=100 => Ok(name),
        _ => Err(Failure::new(USAGE, "--name must have 1 to 100 characters")),
    }
}

/// `now` and a span later.
pub fn later(now: Timestamp, after: Duration) -> Result<Timestamp, Failure> {
    let span = jiff::SignedDuration::try_from(after).map_err(|error| Failure::new(USAGE, error.to_string()))?;
    now.checked_add(span).map_err(|error| Failure::new(USAGE, error.to_string()))
}
