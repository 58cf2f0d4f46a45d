//! What lives in memory and is to survive a restart is kept: buckets of samples once they have ended, and once a minute as they stand, with the agents'
//! reports. What is past its time is removed by `upkeep`.

use std::{sync::Arc, time::Duration};

use pitlane_api::{NodeId, Sample};

use super::{Fleet, lock};

/// Samples and reports are kept this often.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// So many are kept in one transaction: a drain that is asked for meanwhile must not wait for ten thousand.
const KEEP_TOGETHER: usize = 500;
/// So many buckets of each node wait at most while the store cannot be written.
const ENDED: usize = 2;

impl Fleet {
    /// Keeps samples and reports.
    pub(super) async fn keep_house(self: Arc<Self>) {
        loop {
            self.settings.clock.after(KEEP_EVERY).await;
            self.keep_samples_and_reports().await;
        }
    }

    pub(super) async fn keep_samples_and_reports(&self) {
        {
            let _keeping = self.keeping.lock().await;
            self.put_ended().await;
            self.merge_samples().await;
            self.put_current().await;
        }
        let reports = self.agents.take_reports_to_keep();
        for some in reports.chunks(KEEP_TOGETHER) {
            if let Err(error) = self.store.save_reports(some).await {
                tracing::warn!(%error, "reports could not be kept");
                self.agents.keep_again(some);
            }
        }
    }

    /// Keeps the buckets that have ended.
    pub(super) async fn keep_ended(&self) {
        let _keeping = self.keeping.lock().await;
        self.put_ended().await;
    }

    /// They are remembered until they are kept, for whoever looks, and for a shutdown in between. To be kept twice does them no harm. The caller
    /// holds `keeping`, so that their places stay.
    async fn put_ended(&self) {
        let unmerged: Vec<_> =
            lock(&self.ended).iter().enumerate().filter_map(|(at, (id, bucket))| Some((at, id.clone(), bucket.unmerged()?))).collect();
        for (at, id, since) in unmerged {
            match self.store.samples(&id, since).await {
                Ok(earlier) => {
                    if let Some((_, bucket)) = lock(&self.ended).get_mut(at) {
                        bucket.merge(earlier.iter().find(|sample| sample.at == since), self.every());
                    }
                }
                Err(error) => return self.ended_wait(&error),
            }
        }
        loop {
            let some: Vec<_> = lock(&self.ended).iter().take(KEEP_TOGETHER).cloned().collect();
            if some.is_empty() {
                return;
            }
            let samples: Vec<(NodeId, Sample)> = some.iter().filter_map(|(id, bucket)| Some((id.clone(), bucket.sample()?.clone()))).collect();
            if let Err(error) = self.store.put_samples(&samples).await {
                return self.ended_wait(&error);
            }
            lock(&self.ended).drain(..some.len());
        }
    }

    /// They are tried again with the next ones, or within a minute. The oldest go where there are too many.
    fn ended_wait(&self, error: &crate::store::Error) {
        tracing::warn!(%error, "samples could not be kept");
        let most = self.view().engine_node_ids().len() * ENDED;
        let mut ended = lock(&self.ended);
        let over = ended.len().saturating_sub(most);
        ended.drain(..over);
    }

    async fn put_current(&self) {
        // One that an earlier run began and that could not be read would be overwritten.
        let whole = |entry: &super::view::Entry| entry.bucket.sample().filter(|_| entry.bucket.unmerged().is_none()).cloned();
        let samples: Vec<(NodeId, Sample)> = self.view().entries().filter_map(|entry| Some((entry.node.id.clone(), whole(entry)?))).collect();
        for some in samples.chunks(KEEP_TOGETHER) {
            if let Err(error) = self.store.put_samples(some).await {
                return tracing::warn!(%error, "samples could not be kept");
            }
        }
    }

    pub(super) fn every(&self) -> Duration {
        Duration::from_secs(self.settings.thresholds.heartbeat_every_s)
    }

    /// A bucket that an earlier run of the server began is continued, not overwritten.
    async fn merge_samples(&self) {
        let unmerged: Vec<_> = self.view().entries().filter_map(|entry| Some((entry.node.id.clone(), entry.bucket.unmerged()?))).collect();
        for (id, since) in unmerged {
            match self.store.samples(&id, since).await {
                Ok(earlier) => self.view_mut().merge_sample(&id, earlier.iter().find(|sample| sample.at == since), self.every()),
                Err(error) => {
                    tracing::warn!(%error, "samples could not be read");
                    return;
                }
            }
        }
    }
}
