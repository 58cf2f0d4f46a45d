//! Ties the event stream to the stores: every message is folded here, in order, and nowhere else.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::ActivityEntry;

use super::{Chosen, Connection, FleetStore, SessionStore};
use crate::api;
use crate::api::Arrival;
use crate::api::Events;
use crate::model::bulk::Lines;
use crate::model::fold::Message;
use crate::platform::clock::Clock;
use crate::platform::page;

/// How many entries of the stream are kept for the logs that are open.
pub const KEPT: usize = 200;
/// A stream in which nothing arrived for so long is asked after: beats come every few seconds, and a connection that was
/// cut without a word looks open for minutes.
const SILENCE_S: u64 = 20;

/// What the stream feeds.
#[derive(Clone, Copy)]
pub struct Live {
    pub clock: Clock,
    pub connection: Connection,
    pub fleet: FleetStore,
    pub session: SessionStore,
    /// What is chosen on the fleet page.
    pub chosen: Chosen,
    /// The last thing the stream told of bulk operations, and what is known of them; the later part of the program reads it.
    pub bulk_told: RwSignal<String>,
    pub bulk: RwSignal<Lines>,
    /// Moves with every snapshot: what is not in one has to be asked for again.
    pub snapshots: RwSignal<u32>,
    /// Entries of the activity log since the page was opened, oldest first.
    pub activity: RwSignal<Vec<ActivityEntry>>,
    /// Sentences for the live region.
    pub said: RwSignal<Vec<String>>,
}

impl Live {
    /// Nothing is connected yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            connection: Connection::new(clock),
            fleet: FleetStore::new(),
            session: SessionStore::new(clock),
            chosen: Chosen::new(),
            bulk_told: RwSignal::new(String::new()),
            bulk: RwSignal::new(Lines::default()),
            snapshots: RwSignal::new(0),
            activity: RwSignal::new(Vec::new()),
            said: RwSignal::new(Vec::new()),
        }
    }

    /// Reads the stream until the tab is closed or the person signs out.
    pub fn start(self) -> Events {
        let events = Events::open(move |update| self.take(update));
        let again = events.clone();
        page::on_return(move || {
            if self.is_cut() {
                again.reopen();
            }
        });
        page::on_offline(move || self.connection.broke());
        let watched = events.clone();
        set_interval(move || self.ask_after(&watched), Duration::from_secs(5));
        events
    }

    fn take(self, update: Arrival) {
        match update {
            Arrival::Open => self.connection.opened(),
            Arrival::Broken => self.connection.broke(),
            Arrival::Refused => {
                self.connection.broke();
                // Perhaps the session is over. If so this puts the sign-in page up.
                self.session.ask();
            }
            Arrival::Message(message) => {
                if let Some(at) = message.server_time() {
                    self.clock.observe(at);
                }
                self.connection.opened();
                self.connection.heard();
                match &message {
                    Message::Activity(event) => self.activity.update(|kept| {
                        kept.extend(event.entries.iter().cloned());
                        if kept.len() > KEPT {
                            kept.drain(..kept.len() - KEPT);
                        }
                    }),
                    Message::Bulk(told) => self.bulk_told.set(told.clone()),
                    Message::Snapshot(event) if !event.more => self.snapshots.update(|n| *n = n.wrapping_add(1)),
                    _ => {}
                }
                let said = self.fleet.fold(message);
                if !said.is_empty() {
                    self.said.set(said);
                }
            }
        }
    }

    fn is_cut(self) -> bool {
        self.connection.silent_for().is_none_or(|seconds| seconds > SILENCE_S)
    }

    /// Asks the server whether it is there when the stream has been silent. A quiet fleet is no fault.
    fn ask_after(self, events: &Events) {
        let beats = self.fleet.any_beats();
        if !beats || self.connection.silent_for().is_none_or(|seconds| seconds < SILENCE_S) {
            return;
        }
        let events = events.clone();
        spawn_local(async move {
            match api::session().await {
                Ok(_) => events.reopen(),
                Err(_) => {
                    self.connection.broke();
                    events.reopen();
                }
            }
        });
    }
}
