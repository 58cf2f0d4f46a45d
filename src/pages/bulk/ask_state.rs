//! What the sheet about many nodes holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{BULK_MAX, BulkOperation, BulkPreview, BulkPreviewRequest, NodeId, OperationKind, read_json};

use super::bar::key;
use super::kind;
use crate::api;
use crate::api::ApiError;
use crate::model::bulk::Form;
use crate::model::bulk::Missing;
use crate::model::expected::Expected;
use crate::pages::actions::OWN_TIME;
use crate::pages::actions::OnceKey;
use crate::pages::context::App;
use crate::platform::locale;
use crate::platform::storage;
use crate::route::Many;
use crate::route::Route;
use crate::route::Which;
use crate::state::Remote;
use crate::words::told;

/// The nodes a sheet is about, as far as they are still there.
#[derive(Clone, PartialEq)]
pub struct Nodes {
    pub ids: Vec<NodeId>,
    /// Of those asked for, gone since.
    pub gone: usize,
}

impl Nodes {
    /// `None` where this tab does not remember the set.
    pub fn of(app: App, set: &Which) -> Option<Self> {
        let asked = match set {
            Which::Listed(ids) => ids.clone(),
            Which::Kept(word) => read_json::<Vec<NodeId>>(&storage::of_tab(&key(word))?)?,
        };
        let ids: Vec<NodeId> = asked.iter().filter(|id| app.live.fleet.row_untracked(id).is_some()).cloned().collect();
        Some(Self { gone: asked.len().saturating_sub(ids.len()), ids })
    }

    /// More than one bulk operation takes.
    pub fn is_too_many(&self) -> bool {
        self.ids.len() > BULK_MAX
    }
}

/// Everything of one open sheet.
#[derive(Clone, Copy)]
pub struct Ask {
    pub app: App,
    pub kind: OperationKind,
    pub preview: Remote<BulkPreview>,
    pub reason: RwSignal<String>,
    /// The menu's word.
    pub expected: RwSignal<String>,
    pub expected_at: RwSignal<String>,
    /// How many at a time, as the menu says it.
    pub at_once: RwSignal<String>,
    pub understood: RwSignal<bool>,
    pub unread: RwSignal<bool>,
    pub allow_last: RwSignal<bool>,
    pub missing: RwSignal<Option<Missing>>,
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
    key: OnceKey,
}

impl Ask {
    /// A fresh sheet, reading the preview.
    pub fn new(app: App, many: &Many, ids: Vec<NodeId>) -> Self {
        let kind = kind(many.action);
        let request = StoredValue::new(BulkPreviewRequest { kind, nodes: ids });
        Self {
            app,
            kind,
            preview: Remote::new(move || {
                let request = request.get_value();
                async move { api::bulk_preview(&request).await }
            }),
            reason: RwSignal::new(String::new()),
            expected: RwSignal::new(String::new()),
            expected_at: RwSignal::new(String::new()),
            at_once: RwSignal::new("1".to_owned()),
            understood: RwSignal::new(false),
            unread: RwSignal::new(false),
            allow_last: RwSignal::new(false),
            missing: RwSignal::new(None),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
            key: OnceKey::new(),
        }
    }

    fn form(self) -> Form {
        let expected = match self.expected.get_untracked().as_str() {
            OWN_TIME => locale::parse_field(&self.expected_at.get_untracked()).map_or(Expected::NotSet, Expected::At),
            word => Expected::from_value(word),
        };
        Form {
            reason: self.reason.get_untracked(),
            expected_back_at: expected.at(self.app.clock.now_untracked()),
            at_once: self.at_once.get_untracked().parse().unwrap_or(1),
            understood_stateful: self.understood.get_untracked(),
            acknowledge_unread: self.unread.get_untracked(),
            allow_last_schedulable: self.allow_last.get_untracked(),
        }
    }

    /// Sends the request, if it is whole.
    pub fn submit(self) {
        let Some(preview) = self.preview.peek() else { return };
        let request = match self.form().request(&preview, self.app.clock.now_untracked()) {
            Ok(request) => request,
            Err(missing) => return self.missing.set(Some(missing)),
        };
        if self.busy.get_untracked() {
            return;
        }
        self.missing.set(None);
        self.problem.set(None);
        self.busy.set(true);
        let key = self.key.for_body(&request);
        spawn_local(async move {
            let outcome = api::bulk(&key, &request).await;
            self.settle(outcome);
        });
    }

    fn settle(self, outcome: Result<BulkOperation, ApiError>) {
        // The sheet may have been closed meanwhile; what was asked for goes on all the same, and the banner tells of it.
        if self.busy.try_set(false).is_some() {
            return;
        }
        if !outcome.as_ref().is_err_and(ApiError::is_unanswered) {
            self.key.answered();
        }
        match outcome {
            Ok(bulk) => {
                self.app.live.chosen.clear();
                self.app.nav.go_on(Route::Bulk { id: Some(bulk.id) });
            }
            Err(error) => {
                // The fleet has changed since it was read: what would remain, most likely.
                if error.refusal().is_some() {
                    self.read_again();
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

    /// What the server says about one field.
    pub fn field_error(self, field: &str) -> Option<String> {
        self.problem.with(|problem| match problem {
            Some(ApiError::Refused(refused)) if refused.field.as_deref() == Some(field) => Some(told(&refused.message)),
            _ => None,
        })
    }
}
