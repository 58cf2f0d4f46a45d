//! What the sheets that ask for a drain have in common, be it of one node or of many: what a person fills in and ticks, and how sending it
//! goes.

use leptos::prelude::*;
use pitlane_api::{Refusal, Timestamp};

use super::send::OnceKey;
use crate::api::ApiError;
use crate::model::expected::Expected;
use crate::pages::context::App;
use crate::platform::locale;
use crate::words::{Line, told};

/// The menu's word for a time of one's own choosing.
pub const OWN_TIME: &str = "at";

/// What is filled in and ticked, and how sending it goes. Nothing of it is remembered for the next sheet.
#[derive(Clone, Copy)]
pub struct Asking {
    pub app: App,
    pub reason: RwSignal<String>,
    /// The menu's word.
    pub expected: RwSignal<String>,
    /// The field's value where the menu says "at a time".
    pub expected_at: RwSignal<String>,
    pub understood: RwSignal<bool>,
    pub unread: RwSignal<bool>,
    pub allow_last: RwSignal<bool>,
    /// What the server said no to.
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
    pub key: OnceKey,
}

impl Asking {
    /// Nothing is filled in.
    pub fn new(app: App) -> Self {
        Self {
            app,
            reason: RwSignal::new(String::new()),
            expected: RwSignal::new(String::new()),
            expected_at: RwSignal::new(String::new()),
            understood: RwSignal::new(false),
            unread: RwSignal::new(false),
            allow_last: RwSignal::new(false),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
            key: OnceKey::new(),
        }
    }

    /// `from`: what "in 2 hours" is counted from.
    pub fn expected_back(self, from: Timestamp) -> Option<Timestamp> {
        let expected = match self.expected.get_untracked().as_str() {
            OWN_TIME => locale::parse_field(&self.expected_at.get_untracked()).map_or(Expected::NotSet, Expected::At),
            word => Expected::from_value(word),
        };
        expected.at(from)
    }

    /// Something goes out now. `false`: something is under way already.
    pub fn goes_out(self) -> bool {
        if self.busy.get_untracked() {
            return false;
        }
        self.problem.set(None);
        self.busy.set(true);
        true
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

    /// What is shown is read anew. An acknowledgement holds only for what was acknowledged.
    pub fn forget(self) {
        self.understood.set(false);
        self.unread.set(false);
    }

    /// What the server says is wrong with a field.
    pub fn field_error(self, field: &str) -> Option<String> {
        self.problem.with(|problem| match problem {
            Some(ApiError::Refused(refused)) if refused.field.as_deref() == Some(field) => Some(told(&refused.message)),
            _ => None,
        })
    }

    /// What the server said no to, unless one of these fields tells of it.
    pub fn problem_beside(self, fields: &[&str]) -> Option<Line> {
        let at_field = fields.iter().any(|field| self.field_error(field).is_some());
        self.problem.with(|problem| problem.as_ref().filter(|_| !at_field).map(|problem| problem.message()))
    }

    /// The rule that said no, for the parts that show it in their own place.
    pub fn refusal(self) -> Option<Refusal> {
        self.problem.with(|problem| problem.as_ref().and_then(ApiError::refusal))
    }
}
