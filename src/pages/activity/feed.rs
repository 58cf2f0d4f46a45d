//! What is known of the log: pages that were fetched, and what the stream brings. Where somebody reads, what is new is held back until
//! they ask for it, so that no line moves under their eyes.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{ActivityEntry, ActivityPage};

use crate::api;
use crate::api::ApiError;
use crate::model::activity;
use crate::model::log_query::LogQuery;
use crate::pages::context::App;
use crate::state::Link;
use crate::state::Load;
use crate::state::Remote;
use crate::words::Line;

/// The log as one query shows it.
#[derive(Clone, Copy)]
pub struct Feed {
    app: App,
    query: StoredValue<LogQuery>,
    /// The newest page, fetched again after the stream was cut.
    first: Remote<ActivityPage>,
    fetched: RwSignal<Vec<ActivityEntry>>,
    /// The newest entry that is shown; newer ones are held back. `None`: nothing was fetched yet.
    upto: RwSignal<Option<i64>>,
    /// For older entries.
    cursor: RwSignal<Option<String>>,
    /// Entries may be missing between what was fetched before and after the stream was cut.
    gap: StoredValue<bool>,
    /// Why older entries could not be fetched.
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
}

/// The first page is there, or why not, with the request's id.
pub type Stage = Result<(), (Line, Option<String>)>;

impl Feed {
    /// Begins to fetch, and listens. `hold`: new entries wait until they are asked for.
    pub fn new(app: App, query: LogQuery, hold: bool) -> Self {
        let query = StoredValue::new(query);
        let first = Remote::new(move || {
            let query = query.get_value();
            async move { api::activity(&query, None).await }
        });
        let feed = Self {
            app,
            query,
            first,
            fetched: RwSignal::new(Vec::new()),
            upto: RwSignal::new(None),
            cursor: RwSignal::new(None),
            gap: StoredValue::new(false),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
        };
        Effect::new(move || {
            let page = first.with(|load| if let Load::Ready(page) = load { Some(page.clone()) } else { None });
            if let Some(page) = page {
                feed.take(page, hold);
            }
        });
        Effect::new(move |was: Option<bool>| {
            let live = app.live.connection.link() == Link::Live;
            if live && was == Some(false) && feed.upto.with_untracked(Option::is_some) {
                first.reload();
            }
            live
        });
        feed
    }

    fn take(self, page: ActivityPage, hold: bool) {
        let newest = page.entries.first().map_or(0, |entry| entry.id);
        let oldest = page.entries.last().map_or(0, |entry| entry.id);
        if self.upto.with_untracked(Option::is_none) {
            self.cursor.set(page.next_cursor);
            self.fetched.set(page.entries);
            self.upto.set(Some(if hold { newest } else { i64::MAX }));
            return;
        }
        let known = self.fetched.with_untracked(|known| known.first().map_or(0, |entry| entry.id));
        if page.next_cursor.is_some() && oldest > known {
            self.gap.set_value(true);
        }
        self.fetched.update(|known| *known = activity::merged(known, &page.entries));
    }

    fn all(self) -> Vec<ActivityEntry> {
        let live = self
            .app
            .live
            .activity
            .with(|live| self.query.with_value(|query| live.iter().filter(|entry| query.matches(entry)).cloned().collect::<Vec<_>>()));
        self.fetched.with(|fetched| activity::merged(fetched, &live))
    }

    /// What is shown, newest first.
    pub fn shown(self) -> Memo<Vec<ActivityEntry>> {
        Memo::new(move |_| {
            let upto = self.upto.get().unwrap_or(0);
            let mut entries = self.all();
            entries.retain(|entry| entry.id <= upto);
            entries
        })
    }

    /// How many are held back.
    pub fn held(self) -> Memo<usize> {
        Memo::new(move |_| match self.upto.get() {
            Some(upto) => self.all().iter().filter(|entry| entry.id > upto).count(),
            None => 0,
        })
    }

    /// Shows what was held back. Where entries may be missing between, the newest page is the beginning again.
    pub fn show_new(self) {
        let newest = untrack(|| self.all().first().map_or(0, |entry| entry.id));
        let overflown = self.app.live.activity.with_untracked(Vec::len) >= crate::state::KEPT;
        if self.gap.get_value() || overflown {
            self.gap.set_value(false);
            self.upto.set(None);
            self.app.live.activity.update(Vec::clear);
            self.first.reload();
        } else {
            self.upto.set(Some(newest));
        }
    }

    /// Whether there are older ones.
    pub fn has_older(self) -> Memo<bool> {
        Memo::new(move |_| self.cursor.with(Option::is_some))
    }

    /// Fetches older ones.
    pub fn fetch_older(self) {
        let Some(at) = self.cursor.get_untracked() else { return };
        self.busy.set(true);
        let query = self.query.get_value();
        spawn_local(async move {
            let outcome = api::activity(&query, Some(&at)).await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(page) => {
                    self.problem.set(None);
                    self.fetched.update(|known| *known = activity::merged(known, &page.entries));
                    self.cursor.set(page.next_cursor);
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }

    /// `None` while nothing is there; why not, with the request's id, where the first page could not be had.
    pub fn stage(self) -> Memo<Option<Stage>> {
        let first = self.first;
        Memo::new(move |_| {
            let there = self.upto.with(Option::is_some);
            first.with(|load| match load {
                _ if there => Some(Ok(())),
                Load::Failed(error, _) => Some(Err((error.message(), error.request_id()))),
                _ => None,
            })
        })
    }

    /// Tries again.
    pub fn again(self) {
        self.first.reload();
    }
}
