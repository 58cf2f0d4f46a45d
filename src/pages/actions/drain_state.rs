//! What the drain sheet holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{DrainPreview, Operation, PlannedDrain, Refusal, Timestamp};

use super::Subject;
use super::asking::Asking;
use super::asking::OWN_TIME;
use crate::api;
use crate::api::ApiError;
use crate::model::bulk::Form as BulkForm;
use crate::model::drain::Form;
use crate::model::drain::Missing;
use crate::model::expected;
use crate::model::terminal;
use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::locale;
use crate::route::Route;
use crate::state::Remote;

/// The menu's word for a drain that begins later.
pub const LATER: &str = "later";

/// Everything of one open drain sheet. Nothing of it is remembered for the next node.
#[derive(Clone, Copy)]
pub struct DrainState {
    pub asking: Asking,
    pub subject: Subject,
    pub preview: Remote<DrainPreview>,
    /// The menu's word: now, or [`LATER`].
    pub begins: RwSignal<String>,
    /// The field's value for a drain that begins later.
    pub starts_at: RwSignal<String>,
    /// The open plan that is being changed.
    pub plan: StoredValue<Option<PlannedDrain>>,
    /// What keeps the request from going out.
    pub missing: RwSignal<Option<Missing>>,
    pub sent: RwSignal<Option<Operation>>,
}

impl DrainState {
    /// A fresh sheet, with what the address asks for, or with the plan that is to be changed.
    pub fn new(app: App, subject: Subject, plan: Option<PlannedDrain>, later: bool) -> Self {
        let wish = app.nav.route().with_untracked(Route::wish).unwrap_or_default();
        let now = app.clock.now_untracked();
        let (reason, back) = match &plan {
            Some(plan) => (plan.reason.clone(), plan.expected_back_at.map(locale::field)),
            None => (wish.reason.clone(), wish.back_off_the_menu().and_then(|back| back.at(now)).map(locale::field)),
        };
        let begins = if later { LATER.to_owned() } else { String::new() };
        // In an hour, or when it was planned, unless that has gone by.
        let soon = plan.as_ref().map(|plan| plan.starts_at).filter(|at| *at > now).or_else(|| expected::later(now, 3_600));
        let asking = Asking::new(app);
        if asking.reason.with_untracked(String::is_empty) {
            asking.reason.set(reason);
        }
        asking.expected.set(if back.is_some() { OWN_TIME.to_owned() } else { wish.back_on_the_menu() });
        asking.expected_at.set(back.unwrap_or_default());
        Self {
            asking,
            subject,
            preview: Remote::new(move || {
                let id = subject.id.get_value();
                async move { api::drain_preview(&id).await }
            }),
            begins: RwSignal::new(begins),
            starts_at: RwSignal::new(soon.map(locale::field).unwrap_or_default()),
            plan: StoredValue::new(plan),
            missing: RwSignal::new(None),
            sent: RwSignal::new(None),
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

    /// "In 2 hours" is counted from the beginning.
    fn form(self, now: Timestamp) -> Result<Form, Missing> {
        let later = self.begins.with_untracked(|word| word == LATER);
        let starts_at = if later { Some(self.begins_at().ok_or(Missing::NoStart)?) } else { None };
        Ok(Form {
            reason: self.asking.reason.get_untracked(),
            expected_back_at: self.asking.expected_back(starts_at.unwrap_or(now))?,
            starts_at,
            understood_stateful: self.asking.understood.get_untracked(),
            acknowledge_unread: self.asking.unread.get_untracked(),
            allow_last_schedulable: self.asking.allow_last.get_untracked(),
        })
    }

    /// The same from a terminal, with what is filled in and ticked; reactive.
    pub fn commands(self) -> Vec<String> {
        let form = BulkForm {
            reason: self.asking.reason.get(),
            understood_stateful: self.asking.understood.get(),
            acknowledge_unread: self.asking.unread.get(),
            allow_last_schedulable: self.asking.allow_last.get(),
            ..BulkForm::default()
        };
        let back = self.asking.expected.get();
        let starts_at = self.is_later().then(|| locale::parse_field(&self.starts_at.get())).flatten();
        let filled = |command: &String| terminal::filled(command, &form, &back, starts_at);
        self.preview.with(|load| load.data().map(|preview| preview.commands.iter().map(filled).collect()).unwrap_or_default())
    }

    /// Sends the request, if it is whole.
    pub fn submit(self) {
        let Some(preview) = self.preview.peek() else { return };
        let now = self.asking.app.clock.now_untracked();
        let whole = self.form(now).and_then(|form| Ok((form.request(&preview, now)?, form.starts_at)));
        let (request, starts_at) = match whole {
            Ok(whole) => whole,
            Err(missing) => return self.lacks(missing),
        };
        if !self.asking.goes_out() {
            return;
        }
        self.missing.set(None);
        if let Some(starts_at) = starts_at {
            return self.submit_plan(preview, request, starts_at);
        }
        let key = self.asking.key.for_body(&(&preview.revision, &request));
        let id = self.subject.id.get_value();
        spawn_local(async move {
            let outcome = api::drain(&id, &preview.revision, &key, &request).await;
            if let Ok(operation) = &outcome {
                self.asking.app.live.fleet.put_operation(operation.clone());
            }
            if self.asking.answered(&outcome) {
                match outcome {
                    Ok(operation) => self.sent.set(Some(operation)),
                    Err(error) => self.refused(preview, error),
                }
            }
        });
    }

    fn lacks(self, missing: Missing) {
        // What was refused before is corrected, or is refused again.
        self.asking.problem.set(None);
        self.missing.set(Some(missing));
        focus::to_what_is_wrong();
    }

    /// The server said no.
    pub fn refused(self, preview: DrainPreview, error: ApiError) {
        match error.refusal() {
            // The refusal carries the new list. What was ticked was ticked for the old one.
            Some(Refusal::StatefulWorkloadsChanged { now, .. }) => {
                self.asking.understood.set(false);
                self.preview.put(DrainPreview { stateful: now, ..preview });
            }
            Some(Refusal::LastSchedulableNode { .. }) => self.read_again(),
            Some(_) => {
                self.look_again();
                self.read_again();
            }
            None => {}
        }
        self.asking.problem.set(Some(error));
        focus::to_what_is_wrong();
    }

    /// Asks who has changed the node: the stream may be late, and a refusal is seldom somebody's first news of it.
    fn look_again(self) {
        let (id, fleet) = (self.subject.id.get_value(), self.asking.app.live.fleet);
        spawn_local(async move {
            if let Ok(node) = api::node(&id).await {
                fleet.take(node);
            }
        });
    }

    /// Reads the preview anew.
    pub fn read_again(self) {
        self.asking.forget();
        self.preview.reload();
    }
}
