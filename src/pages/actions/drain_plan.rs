//! Sending a plan instead of a drain: a new one, or a change of the one that is open.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{DrainPreview, DrainRequest, PlanPatch, PlanRequest, Timestamp};

use super::drain_state::DrainState;
use crate::api;
use crate::words::tr;

impl DrainState {
    /// Sends what was filled in as a plan. `request` is the drain that it will be.
    pub fn submit_plan(self, preview: DrainPreview, request: DrainRequest, starts_at: Timestamp) {
        let id = self.subject.id.get_value();
        let changed = self.plan.get_value();
        let request = PlanRequest {
            reason: request.reason,
            starts_at,
            expected_back_at: request.expected_back_at,
            seen_stateful: request.seen_stateful,
            acknowledge_unread: request.acknowledge_unread,
            allow_last_schedulable: request.allow_last_schedulable,
        };
        let key = self.asking.key.for_body(&(&preview.revision, &request));
        spawn_local(async move {
            let outcome = match changed {
                Some(plan) => api::change_plan(&id, &plan.revision, &patch(request)).await,
                None => api::plan_drain(&id, &preview.revision, &key, &request).await,
            };
            if self.asking.answered(&outcome) {
                match outcome {
                    Ok(()) => {
                        self.asking.app.announcer.say(tr!("Drain planned"));
                        self.asking.app.nav.close();
                    }
                    Err(error) => self.refused(preview, error),
                }
            }
        });
    }
}

/// Everything that was on the screen.
fn patch(request: PlanRequest) -> PlanPatch {
    PlanPatch {
        reason: Some(request.reason),
        starts_at: Some(request.starts_at),
        expected_back_at: Some(request.expected_back_at),
        seen_stateful: Some(request.seen_stateful),
        acknowledge_unread: Some(request.acknowledge_unread),
        allow_last_schedulable: Some(request.allow_last_schedulable),
    }
}
