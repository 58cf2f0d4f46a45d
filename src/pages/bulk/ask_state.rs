//! What the sheet about many nodes holds, and sending it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{BULK_MAX, BulkOperation, BulkPreview, BulkPreviewRequest, NodeId, OperationKind, Timestamp, read_json};

use super::bar::key;
use super::kind;
use crate::api;
use crate::api::ApiError;
use crate::model::bulk::Form;
use crate::model::bulk::Missing;
use crate::model::terminal;
use crate::pages::actions::Asking;
use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::storage;
use crate::route::Many;
use crate::route::Route;
use crate::route::Which;
use crate::state::Remote;

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
    pub asking: Asking,
    pub kind: OperationKind,
    pub preview: Remote<BulkPreview>,
    /// How many at a time, as the menu says it.
    pub at_once: RwSignal<String>,
    pub missing: RwSignal<Option<Missing>>,
}

impl Ask {
    /// A fresh sheet, reading the preview.
    pub fn new(app: App, many: &Many, ids: Vec<NodeId>) -> Self {
        let kind = kind(many.action);
        let request = StoredValue::new(BulkPreviewRequest { kind, nodes: ids });
        Self {
            asking: Asking::new(app),
            kind,
            preview: Remote::new(move || {
                let request = request.get_value();
                async move { api::bulk_preview(&request).await }
            }),
            at_once: RwSignal::new("1".to_owned()),
            missing: RwSignal::new(None),
        }
    }

    fn form(self, now: Timestamp) -> Result<Form, Missing> {
        Ok(Form {
            reason: self.asking.reason.get_untracked(),
            expected_back_at: self.asking.expected_back(now).map_err(Missing::Drain)?,
            at_once: self.at_once.get_untracked().parse().unwrap_or(1),
            understood_stateful: self.asking.understood.get_untracked(),
            acknowledge_unread: self.asking.unread.get_untracked(),
            allow_last_schedulable: self.asking.allow_last.get_untracked(),
        })
    }

    /// Sends the request, if it is whole.
    pub fn submit(self) {
        let Some(preview) = self.preview.peek() else { return };
        let now = self.asking.app.clock.now_untracked();
        let request = match self.form(now).and_then(|form| form.request(&preview, now)) {
            Ok(request) => request,
            Err(missing) => {
                self.asking.problem.set(None);
                self.missing.set(Some(missing));
                return focus::to_what_is_wrong();
            }
        };
        if !self.asking.goes_out() {
            return;
        }
        self.missing.set(None);
        let key = self.asking.key.for_body(&request);
        spawn_local(async move {
            let outcome = api::bulk(&key, &request).await;
            self.settle(outcome);
        });
    }

    /// The same from a terminal; reactive.
    pub fn command(self) -> Option<String> {
        let form = Form {
            reason: self.asking.reason.get(),
            expected_back_at: None,
            at_once: self.at_once.with(|word| word.parse().unwrap_or(1)),
            understood_stateful: self.asking.understood.get(),
            acknowledge_unread: self.asking.unread.get(),
            allow_last_schedulable: self.asking.allow_last.get(),
        };
        let back = self.asking.expected.get();
        self.preview.with(|load| load.data().map(|preview| terminal::command(preview, &form, &back)))
    }

    fn settle(self, outcome: Result<BulkOperation, ApiError>) {
        // The sheet may have been closed meanwhile; what was asked for goes on all the same, and the banner tells of it.
        if !self.asking.answered(&outcome) {
            return;
        }
        match outcome {
            Ok(bulk) => {
                self.asking.app.live.chosen.clear();
                self.asking.app.nav.go_on(Route::Bulk { id: Some(bulk.id) });
            }
            Err(error) => {
                // The fleet has changed since it was read: what would remain, most likely.
                if error.refusal().is_some() {
                    self.read_again();
                }
                self.asking.problem.set(Some(error));
                focus::to_what_is_wrong();
            }
        }
    }

    /// Reads the preview anew.
    pub fn read_again(self) {
        self.asking.forget();
        self.preview.reload();
    }
}
