//! What is known of the log: pages that were fetched, and what the stream brings. While somebody follows, it is shown as it comes; while somebody
//! reads, it is held back until they ask for it, so that no line moves under their eyes.

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
    /// The newest entry that is shown; newer ones are held back. `None`: nothing was fetched yet. [`ALL`]: none is held back.
    upto: RwSignal<Option<i64>>,
    /// For older entries.
    cursor: RwSignal<Option<String>>,
    /// Entries may be missing between what was fetched before and after the stream was cut.
    gap: StoredValue<bool>,
    /// Why older entries could not be fetched.
    pub problem: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
}

/// No entry is newer.
const ALL: i64 = i64::MAX;

/// The first page is there, or why not, with the request's id.
pub type Stage = Result<(), (Line, Option<String>)>;

impl Feed {
    /// Begins to fetch, and listens. What is new is shown at once while `follow` holds, and waits until it is asked for while not.
    pub fn new(app: App, query: LogQuery, follow: Memo<bool>) -> Self {
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
                feed.take(page, follow.get_untracked());
            }
        });
        Effect::new(move || {
            let follow = follow.get();
            match feed.upto.get_untracked() {
                Some(ALL) if !follow => feed.upto.set(Some(feed.newest())),
                Some(upto) if follow && upto != ALL => feed.catch_up(),
                _ => {}
            }
        });
        // Who follows for long keeps no more of it than the stream does: then the newest page is the beginning again.
        Effect::new(move || {
            let overflown = feed.overflown();
            if overflown && feed.upto.get_untracked() == Some(ALL) && !feed.gap.get_value() {
                feed.gap.set_value(true);
                first.reload();
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

    fn take(self, page: ActivityPage, follow: bool) {
        let newest = page.entries.first().map_or(0, |entry| entry.id);
        let oldest = page.entries.last().map_or(0, |entry| entry.id);
        if self.upto.with_untracked(Option::is_none) {
            self.cursor.set(page.next_cursor);
            self.fetched.set(page.entries);
            self.upto.set(Some(if follow { ALL } else { newest }));
            return;
        }
        let known = self.fetched.with_untracked(|known| known.first().map_or(0, |entry| entry.id));
        if page.next_cursor.is_some() && oldest > known {
            self.gap.set_value(true);
        }
        if self.gap.get_value() && self.upto.get_untracked() == Some(ALL) {
            self.gap.set_value(false);
            self.cursor.set(page.next_cursor);
            self.fetched.set(page.entries);
            self.app.live.activity.update(|live| live.retain(|entry| entry.id > newest));
            return;
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
        if self.gap.get_value() || untrack(|| self.overflown()) {
            self.gap.set_value(false);
            self.upto.set(None);
            self.app.live.activity.update(Vec::clear);
            self.first.reload();
        } else {
            self.upto.set(Some(self.newest()));
        }
    }

    fn catch_up(self) {
        self.show_new();
        if self.upto.with_untracked(Option::is_some) {
            self.upto.set(Some(ALL));
        }
    }

    fn newest(self) -> i64 {
        untrack(|| self.all().first().map_or(0, |entry| entry.id))
    }

    fn overflown(self) -> bool {
        self.app.live.activity.with(Vec::len) >= crate::state::KEPT
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
