//! What the drain sheet holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{DrainPreview, Operation, PlannedDrain, Refusal, Timestamp};

use super::Subject;
use super::send::OnceKey;
use crate::api;
use crate::api::ApiError;
use crate::model::drain::Form;
use crate::model::drain::Missing;
use crate::model::expected;
use crate::model::expected::Expected;
use crate::pages::context::App;
use crate::platform::locale;
use crate::route::Route;
use crate::state::Remote;
use crate::words::told;

/// The menu's word for a time of one's own choosing.
pub const OWN_TIME: &str = "at";
/// The menu's word for a drain that begins later.
pub const LATER: &str = "later";

/// Everything of one open drain sheet. Nothing of it is remembered for the next node.
#[derive(Clone, Copy)]
pub struct DrainState {
    pub app: App,
    pub subject: Subject,
    pub preview: Remote<DrainPreview>,
    pub reason: RwSignal<String>,
    /// The menu's word: now, or [`LATER`].
    pub begins: RwSignal<String>,
    /// The field's value for a drain that begins later.
    pub starts_at: RwSignal<String>,
    /// The open plan that is being changed.
    pub plan: StoredValue<Option<PlannedDrain>>,
    /// The menu's word.
    pub expected: RwSignal<String>,
    /// The field's value where the menu says "at a time".
    pub expected_at: RwSignal<String>,
    pub understood: RwSignal<bool>,
    pub unread: RwSignal<bool>,
    pub allow_last: RwSignal<bool>,
    /// What keeps the request from going out.
    pub missing: RwSignal<Option<Missing>>,
    /// What the server said no to.
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
    pub sent: RwSignal<Option<Operation>>,
    pub key: OnceKey,
}

impl DrainState {
    /// A fresh sheet, with what the address asks for, or with the plan that is to be changed.
    pub fn new(app: App, subject: Subject, plan: Option<PlannedDrain>, later: bool) -> Self {
        let wish = app.nav.route().with_untracked(Route::wish).unwrap_or_default();
        let (reason, back) = match &plan {
            Some(plan) => (plan.reason.clone(), plan.expected_back_at.map(locale::field)),
            None => (wish.reason, None),
        };
        let begins = if later { LATER.to_owned() } else { String::new() };
        // In an hour, or when it was planned, unless that has gone by.
        let now = app.clock.now_untracked();
        let soon = plan.as_ref().map(|plan| plan.starts_at).filter(|at| *at > now).or_else(|| expected::later(now, 3_600));
        Self {
            app,
            subject,
            preview: Remote::new(move || {
                let id = subject.id.get_value();
                async move { api::drain_preview(&id).await }
            }),
            reason: RwSignal::new(reason),
            begins: RwSignal::new(begins),
            starts_at: RwSignal::new(soon.map(locale::field).unwrap_or_default()),
            plan: StoredValue::new(plan),
            expected: RwSignal::new(if back.is_some() { OWN_TIME.to_owned() } else { wish.back }),
            expected_at: RwSignal::new(back.unwrap_or_default()),
            understood: RwSignal::new(false),
            unread: RwSignal::new(false),
            allow_last: RwSignal::new(false),
            missing: RwSignal::new(None),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
            sent: RwSignal::new(None),
            key: OnceKey::new(),
        }
    }

    /// Whether it begins later.
    pub fn is_later(self) -> bool {
        self.begins.with(|word| word == LATER)
    }

    /// The time in the field. It knows whole minutes only: what nobody changed in a plan stays to the second.
    fn begins_at(self) -> Option<Timestamp> {
        let field = self.starts_at.get_untracked();
        let planned = self.plan.with_value(|plan| plan.as_ref().map(|plan| plan.starts_at)).filter(|at| locale::field(*at) == field);
        planned.or_else(|| locale::parse_field(&field))
    }

    /// `from`: what "in 2 hours" is counted from.
    fn form(self, from: Timestamp) -> Form {
        let expected = match self.expected.get_untracked().as_str() {
            OWN_TIME => locale::parse_field(&self.expected_at.get_untracked()).map_or(Expected::NotSet, Expected::At),
            word => Expected::from_value(word),
        };
        Form {
            reason: self.reason.get_untracked(),
            expected_back_at: expected.at(from),
            understood_stateful: self.understood.get_untracked(),
            acknowledge_unread: self.unread.get_untracked(),
            allow_last_schedulable: self.allow_last.get_untracked(),
        }
    }

    /// Sends the request, if it is whole.
    pub fn submit(self) {
        let Some(preview) = self.preview.peek() else { return };
        let now = self.app.clock.now_untracked();
        let later = self.begins.with_untracked(|word| word == LATER);
        let starts_at = if later { self.begins_at().unwrap_or(now) } else { now };
        let whole = self.form(starts_at).request(&preview.stateful, preview.complete, starts_at);
        let request = match whole {
            _ if later && starts_at <= now => return self.missing.set(Some(Missing::StartsInThePast)),
            Ok(request) => request,
            Err(missing) => return self.missing.set(Some(missing)),
        };
        if self.busy.get_untracked() {
            return;
        }
        self.missing.set(None);
        self.problem.set(None);
        self.busy.set(true);
        if later {
            return self.submit_plan(preview, request, starts_at);
        }
        let key = self.key.for_body(&(&preview.revision, &request));
        let id = self.subject.id.get_value();
        spawn_local(async move {
            let outcome = api::drain(&id, &preview.revision, &key, &request).await;
            if let Ok(operation) = &outcome {
                self.app.live.fleet.put_operation(operation.clone());
            }
            if self.answered(&outcome) {
                match outcome {
                    Ok(operation) => self.sent.set(Some(operation)),
                    Err(error) => self.refused(preview, error),
                }
            }
        });
    }

    /// `false`: the sheet was closed meanwhile; what was asked for goes on all the same.
    pub fn answered<T>(self, outcome: &Result<T, ApiError>) -> bool {
        if self.busy.try_set(false).is_some() {
            return false;
        }
        if !outcome.as_ref().is_err_and(ApiError::is_unanswered) {
            self.key.answered();
        }
        true
    }

    /// The server said no.
    pub fn refused(self, preview: DrainPreview, error: ApiError) {
        match error.refusal() {
            // The refusal carries the new list. What was ticked was ticked for the old one.
            Some(Refusal::StatefulWorkloadsChanged { now, .. }) => {
                self.understood.set(false);
                self.preview.put(DrainPreview { stateful: now.clone(), ..preview });
            }
            Some(Refusal::LastSchedulableNode { .. }) => {}
            Some(_) => self.read_again(),
            None => {}
        }
        self.problem.set(Some(error));
    }

    /// What the server says is wrong with a field.
    pub fn field_error(self, field: &str) -> Option<String> {
        self.problem.with(|problem| match problem {
            Some(ApiError::Refused(refused)) if refused.field.as_deref() == Some(field) => Some(told(&refused.message)),
            _ => None,
        })
    }

    /// Reads the preview anew. An acknowledgement holds only for what was acknowledged.
    pub fn read_again(self) {
        self.understood.set(false);
        self.unread.set(false);
        self.preview.reload();
    }

    /// The rule that said no, for the parts that show it in their own place.
    pub fn refusal(self) -> Option<Refusal> {
        self.problem.with(|problem| problem.as_ref().and_then(ApiError::refusal).cloned())
    }
}
