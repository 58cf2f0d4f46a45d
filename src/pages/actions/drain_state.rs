//! What the drain sheet holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{DrainPreview, Operation, Refusal};

use super::Subject;
use super::send::OnceKey;
use crate::api;
use crate::api::ApiError;
use crate::model::drain::Form;
use crate::model::drain::Missing;
use crate::model::expected::Expected;
use crate::pages::context::App;
use crate::platform::locale;
use crate::state::Remote;

/// The menu's word for a time of one's own choosing.
pub const OWN_TIME: &str = "at";

/// Everything of one open drain sheet. Nothing of it is remembered for the next node.
#[derive(Clone, Copy)]
pub struct DrainState {
    pub app: App,
    pub subject: Subject,
    pub preview: Remote<DrainPreview>,
    pub reason: RwSignal<String>,
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
    key: OnceKey,
}

impl DrainState {
    /// A fresh sheet.
    pub fn new(app: App, subject: Subject) -> Self {
        Self {
            app,
            subject,
            preview: Remote::new(move || {
                let id = subject.id.get_value();
                async move { api::drain_preview(&id).await }
            }),
            reason: RwSignal::new(String::new()),
            expected: RwSignal::new(String::new()),
            expected_at: RwSignal::new(String::new()),
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

    fn form(self) -> Form {
        let now = self.app.clock.now_untracked();
        let expected = match self.expected.get_untracked().as_str() {
            OWN_TIME => locale::parse_field(&self.expected_at.get_untracked()).map_or(Expected::NotSet, Expected::At),
            word => Expected::from_value(word),
        };
        Form {
            reason: self.reason.get_untracked(),
            expected_back_at: expected.at(now),
            understood_stateful: self.understood.get_untracked(),
            acknowledge_unread: self.unread.get_untracked(),
            allow_last_schedulable: self.allow_last.get_untracked(),
        }
    }

    /// Sends the request, if it is whole.
    pub fn submit(self) {
        let Some(preview) = self.preview.peek() else { return };
        let now = self.app.clock.now_untracked();
        let request = match self.form().request(&preview.stateful, preview.complete, now) {
            Ok(request) => request,
            Err(missing) => return self.missing.set(Some(missing)),
        };
        if self.busy.get_untracked() {
            return;
        }
        self.missing.set(None);
        self.problem.set(None);
        self.busy.set(true);
        let key = self.key.for_body(&(&preview.revision, &request));
        let id = self.subject.id.get_value();
        spawn_local(async move {
            let outcome = api::drain(&id, &preview.revision, &key, &request).await;
            if let Ok(operation) = &outcome {
                self.app.live.fleet.put_operation(operation.clone());
            }
            self.settle(preview, outcome);
        });
    }

    fn settle(self, preview: DrainPreview, outcome: Result<Operation, ApiError>) {
        // The sheet may have been closed meanwhile; what was asked for goes on all the same.
        if self.busy.try_set(false).is_some() {
            return;
        }
        if !outcome.as_ref().is_err_and(ApiError::is_unanswered) {
            self.key.answered();
        }
        match outcome {
            Ok(operation) => self.sent.set(Some(operation)),
            Err(error) => {
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
        }
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
