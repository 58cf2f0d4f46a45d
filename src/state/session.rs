//! Who is signed in.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, Role, Session, SessionRequest};

use crate::api;
use crate::api::ApiError;
use crate::model::role;
use crate::platform::clock::Clock;
use crate::platform::early;
use crate::words::tr;

/// What is known of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    /// Being asked.
    Asking,
    /// Nobody.
    Nobody,
    /// Somebody.
    Somebody(Session),
    /// The server could not say.
    Failed(ApiError),
}

/// In the context, made at the root.
#[derive(Clone, Copy)]
pub struct SessionStore {
    clock: Clock,
    who: RwSignal<Who>,
    /// The session ended without a word from here: by time, or because somebody ended it.
    over: RwSignal<bool>,
}

impl SessionStore {
    /// Not asked yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, who: RwSignal::new(Who::Asking), over: RwSignal::new(false) }
    }

    /// What is known.
    pub fn who(self) -> Signal<Who> {
        self.who.into()
    }

    /// Asks the server.
    pub fn ask(self) {
        spawn_local(async move {
            match api::session().await {
                Ok(session) => self.enter(session),
                Err(error) if error.status() == Some(401) && matches!(self.who.get_untracked(), Who::Somebody(_)) => self.ended(),
                Err(error) if error.status() == Some(401) => self.leave(),
                // Somebody who is signed in stays so while the server is away.
                Err(error) if !matches!(self.who.get_untracked(), Who::Somebody(_)) => self.who.set(Who::Failed(error)),
                Err(_) => {}
            }
        });
    }

    /// Somebody is about to sign in; who they were does not matter.
    pub fn nobody(self) {
        self.leave();
    }

    /// The server says that the session is over. The page for signing in, which takes the place of everything, says so too.
    pub fn ended(self) {
        self.over.set(true);
        self.leave();
    }

    /// Whether the last session ended without a word from here.
    pub fn is_over(self) -> bool {
        self.over.get()
    }

    /// Signs in.
    ///
    /// # Errors
    /// As the server says.
    pub async fn sign_in(self, request: SessionRequest) -> Result<(), ApiError> {
        self.enter(api::sign_in(request).await?);
        Ok(())
    }

    /// Signs out, here in any case.
    pub fn sign_out(self) {
        spawn_local(async move {
            let _ = api::sign_out().await;
            self.leave();
        });
    }

    fn leave(self) {
        early::expect(false);
        self.who.set(Who::Nobody);
    }

    fn enter(self, session: Session) {
        early::expect(true);
        self.over.set(false);
        self.clock.observe(session.server_time);
        self.who.set(Who::Somebody(session));
    }

    /// Who is signed in. Reactive.
    pub fn name(self) -> Option<String> {
        self.who.with(|who| match who {
            Who::Somebody(session) => Some(session.name.clone()),
            _ => None,
        })
    }

    /// Why this person may not do `action`; `None` where they may. Reactive.
    pub fn why_not(self, action: Action) -> Option<String> {
        self.who.with(|who| match who {
            // The server's own list counts; the role only words the reason.
            Who::Somebody(session) if session.may.contains(&action) => None,
            Who::Somebody(session) => {
                role::why_not(session.role, action).or_else(|| Some(tr!("Your session does not allow this ({}).", role::name(session.role))))
            }
            _ => role::why_not(Role::Unknown, action),
        })
    }
}
