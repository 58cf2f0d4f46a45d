//! What the activate sheet holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{ActivateRequest, ActivationChecks, Operation, Override, Refusal};

use super::Subject;
use super::send::OnceKey;
use super::signed_out::written_before;
use crate::api;
use crate::api::ApiError;
use crate::model::drain;
use crate::pages::context::App;
use crate::platform::focus;
use crate::state::Remote;

/// Everything of one open activate sheet.
#[derive(Clone, Copy)]
pub struct ActivateState {
    pub app: App,
    pub subject: Subject,
    pub checks: Remote<ActivationChecks>,
    pub reason: RwSignal<String>,
    pub reason_error: RwSignal<Option<String>>,
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
    pub sent: RwSignal<Option<Operation>>,
    key: OnceKey,
}

impl ActivateState {
    /// A fresh sheet, reading the checks.
    pub fn new(app: App, subject: Subject) -> Self {
        Self {
            app,
            subject,
            checks: Remote::new(move || {
                let id = subject.id.get_value();
                async move { api::activation_checks(&id).await }
            }),
            reason: RwSignal::new(written_before(app).unwrap_or_default()),
            reason_error: RwSignal::new(None),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
            sent: RwSignal::new(None),
            key: OnceKey::new(),
        }
    }

    /// Asks for the activation.
    pub fn send(self, request: ActivateRequest) {
        let Some(checks) = self.checks.peek() else { return };
        if self.busy.get_untracked() {
            return;
        }
        self.problem.set(None);
        self.busy.set(true);
        let key = self.key.for_body(&(&checks.revision, &request));
        let id = self.subject.id.get_value();
        spawn_local(async move {
            let outcome = api::activate(&id, &checks.revision, &key, &request).await;
            if let Ok(operation) = &outcome {
                self.app.live.fleet.put_operation(operation.clone());
            }
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
                        Some(Refusal::ActivationBlocked { checks }) => self.checks.put(*checks),
                        _ => self.checks.reload(),
                    }
                    self.problem.set(Some(error));
                }
            }
        });
    }

    /// The same although checks are blocked, once there is a reason.
    pub fn override_(self) {
        let reason = self.reason.get_untracked();
        match drain::reason_problem(&reason) {
            Some(problem) => {
                self.reason_error.set(Some(problem.words().to_owned()));
                focus::to_what_is_wrong();
            }
            None => {
                self.reason_error.set(None);
                self.send(ActivateRequest { override_: Some(Override { reason: reason.trim().to_owned() }) });
            }
        }
    }
}
