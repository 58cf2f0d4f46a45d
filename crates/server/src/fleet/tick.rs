//! Once a second: folds in the beats that came, notices those that did not, counts, and sends one frame for all.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ActivityKind, Health, NodeId, Words, rules::health_words, say};

use super::{
    Fleet,
    agents::News,
    lock,
    samples::Bucket,
    view::{Happening, View},
};
use crate::store::NewActivity;

/// Beats are folded in this often, a few at a time: ten thousand of them at once would keep everybody who looks waiting.
const FOLD_EVERY: Duration = Duration::from_millis(100);

impl Fleet {
    pub(super) async fn tick_on(self: Arc<Self>) {
        loop {
            self.settings.clock.after(Duration::from_secs(1)).await;
            self.tick();
        }
    }

    pub(super) async fn fold_on(self: Arc<Self>) {
        loop {
            self.settings.clock.after(FOLD_EVERY).await;
            let told = self.fold_beats(&mut self.view_mut());
            self.tell_all(told);
        }
    }

    /// One second's work.
    pub(super) fn tick(self: &Arc<Self>) {
        let moment = self.moment();
        let passed = {
            let mut last = lock(&self.last_tick);
            moment.elapsed.saturating_sub(std::mem::replace(&mut *last, moment.elapsed))
        };
        let every = self.every();
        let mut ended: Vec<(NodeId, Bucket)> = Vec::new();
        // In two steps, so that whoever looks gets in between.
        for entry in self.view_mut().entries_mut() {
            if let Some(bucket) = entry.bucket.watch(moment.now, passed, every, &entry.node) {
                ended.push((entry.node.id.clone(), bucket));
            }
        }
        let told = {
            let mut view = self.view_mut();
            let mut told = self.fold_beats(&mut view);
            for id in view.aged(moment) {
                self.rebuild(&mut view, &id, &mut told);
            }
            view.recount(moment.now);
            self.publish_changes(&mut view);
            told
        };
        self.hub.flush();
        self.tell_all(told);
        if !ended.is_empty() {
            lock(&self.ended).extend(ended);
            let fleet = self.clone();
            self.spawn("fleet.keep_samples", async move { fleet.keep_ended().await });
        }
        self.begin_plans();
        self.tell_overdue();
        self.end_served_links();
        self.publish_activity();
        self.publish_bulks();
        self.hub.forget_snapshot();
        self.look_after_intents();
        self.watch_engine();
    }

    /// Folds in the beats that came since this was called last. Guards call it too, so that they judge by what is known.
    pub(super) fn fold_beats(&self, view: &mut View) -> Vec<(NodeId, Vec<Happening>)> {
        let mut told = Vec::new();
        for engine_node_id in self.agents.take_beaten() {
            let Some(id) = view.by_engine_node(&engine_node_id).map(|entry| entry.node.id.clone()) else { continue };
            self.rebuild(view, &id, &mut told);
            self.tell_news(view, &id, &engine_node_id);
        }
        told
    }

    pub(super) fn rebuild(&self, view: &mut View, id: &NodeId, told: &mut Vec<(NodeId, Vec<Happening>)>) {
        let Some(engine_node_id) = view.get(id).map(|entry| entry.engine.engine_node_id.clone()) else { return };
        let happenings = view.rebuild(id, self.agents.facts(&engine_node_id), self.moment());
        if view.take_confirmed(id) {
            self.agents.confirm(&engine_node_id);
            self.note_confirmed(id.clone());
        }
        if !happenings.is_empty() {
            told.push((id.clone(), happenings));
        }
    }

    fn tell_news(&self, view: &View, id: &NodeId, engine_node_id: &str) {
        for news in self.agents.take_news(engine_node_id) {
            let (kind, message) = match news {
                News::Rebooted => (ActivityKind::Rebooted, say!("The host has booted anew.")),
                News::Updated { from, to } => (ActivityKind::AgentUpdated, say!("The agent's version changed from {} to {}.", from, to)),
            };
            let name = view.get(id).map(|entry| entry.node.name.clone());
            let entry = NewActivity::by_system(self.settings.clock.now(), kind, message);
            self.note(NewActivity { node_id: Some(id.clone()), node_name: name, ..entry });
        }
    }

    pub(super) fn tell_all(&self, told: Vec<(NodeId, Vec<Happening>)>) {
        for (id, happenings) in told {
            self.tell(&id, happenings);
        }
    }

    /// Puts what happened to a node into the activity log.
    pub(super) fn tell(&self, id: &NodeId, happenings: Vec<Happening>) {
        if happenings.is_empty() {
            return;
        }
        let name = self.view().get(id).map(|entry| entry.node.name.clone());
        for happening in happenings {
            let (kind, message) = match happening {
                Happening::HeartbeatLost { refused: Some(field), .. } => {
                    let message = say!("Offline: its agent goes on, and the server refuses what it reports because of {}.", field);
                    (ActivityKind::HeartbeatLost, message)
                }
                Happening::HeartbeatLost { on_purpose: true, .. } => {
                    (ActivityKind::HeartbeatLost, say!("Offline: its agent was stopped on purpose."))
                }
                Happening::HeartbeatLost { on_purpose: false, .. } => (ActivityKind::HeartbeatLost, say!("Offline: the heartbeat stopped.")),
                Happening::HeartbeatBack => (ActivityKind::HeartbeatBack, say!("The heartbeat is back.")),
                Happening::Health { from: Health::Pending, to, .. } => {
                    (ActivityKind::HealthChanged, say!("Confirmed by its first clean heartbeat: {}.", health_words(to)))
                }
                Happening::Health { from, to, because } if because.is_empty() => {
                    (ActivityKind::HealthChanged, say!("From {} to {}.", health_words(from), health_words(to)))
                }
                Happening::Health { from, to, because } => {
                    (ActivityKind::HealthChanged, say!("From {} to {}: {}.", health_words(from), health_words(to), Words::listed(because)))
                }
            };
            let entry = NewActivity::by_system(self.settings.clock.now(), kind, message);
            self.note(NewActivity { node_id: Some(id.clone()), node_name: name.clone(), ..entry });
        }
    }
}
