//! The event hub: frames of the event stream, numbered, kept for a while, and handed to every browser.
//!
//! A frame is serialised once and shared. Whoever falls behind is cut off instead of being waited for: frames are held
//! in one ring for all subscribers, never per subscriber, so a slow browser holds no memory. A client that comes back
//! with a known `epoch-seq` gets what it missed, else a snapshot.
//!
//! The hub must not know what is in a frame, nor how it travels (the keep-alive comments are `http`'s).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast;

/// One event of the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// `epoch-seq`; empty for a piece of a snapshot that is not its last.
    pub id: String,
    /// Name of the event.
    pub event: &'static str,
    /// JSON.
    pub data: String,
}

/// Frames a subscriber may be behind before it is cut off.
const QUEUE: usize = 64;
/// Frames kept for clients that come back.
const RING: usize = 512;
/// Bytes kept for clients that come back.
const RING_BYTES: usize = 16 << 20;

/// Numbers, keeps and hands out frames.
pub struct Hub {
    epoch: String,
    inner: Mutex<Inner>,
}

struct Inner {
    seq: u64,
    ring: VecDeque<Arc<Frame>>,
    ring_bytes: usize,
    /// `None` once the server shuts down.
    sender: Option<broadcast::Sender<Arc<Frame>>>,
    /// The last snapshot, and the sequence it stands for: what came since is in the ring.
    snapshot: Option<(u64, Vec<Arc<Frame>>)>,
}

impl Hub {
    /// A hub whose epoch no other hub has.
    pub fn new() -> Self {
        let epoch = uuid::Uuid::now_v7().simple().to_string();
        let inner = Inner { seq: 0, ring: VecDeque::new(), ring_bytes: 0, sender: Some(broadcast::Sender::new(QUEUE)), snapshot: None };
        Self { epoch, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a frame to everybody, at once.
    pub fn publish(&self, event: &'static str, data: String) {
        let mut inner = self.lock();
        inner.seq += 1;
        let frame = Arc::new(Frame { id: format!("{}-{}", self.epoch, inner.seq), event, data });
        inner.ring_bytes += frame.data.len();
        inner.ring.push_back(frame.clone());
        while inner.ring.len() > RING || (inner.ring_bytes > RING_BYTES && inner.ring.len() > 1) {
            if let Some(old) = inner.ring.pop_front() {
                inner.ring_bytes -= old.data.len();
            }
        }
        if let Some(sender) = &inner.sender {
            // Nobody listens: that is no error.
            let _ = sender.send(frame);
        }
    }

    /// How many listen.
    pub fn subscribers(&self) -> usize {
        self.lock().sender.as_ref().map_or(0, broadcast::Sender::receiver_count)
    }

    /// Ends every stream, after it has handed over what is on its way.
    pub fn close(&self) {
        self.lock().sender = None;
    }

    /// What a client missed, or a snapshot, and then everything from now on. The caller holds whatever keeps the
    /// state of `snapshot` and the publishing of its changes in step.
    pub fn subscribe(
        &self,
        last_event_id: Option<&str>,
        event: &'static str,
        snapshot: impl FnOnce() -> Vec<String>,
    ) -> BoxStream<'static, Arc<Frame>> {
        let mut inner = self.lock();
        let missed = match last_event_id.and_then(|id| self.missed(&inner, id)) {
            Some(missed) => missed,
            None => self.with_snapshot(&mut inner, event, snapshot),
        };
        let live = inner.sender.as_ref().map(broadcast::Sender::subscribe);
        drop(inner);
        let live = stream::unfold(live, |live| async move {
            let mut live = live?;
            // `Lagged`: too slow. The stream ends, and the client comes back for what it missed, or a snapshot.
            live.recv().await.ok().map(|frame| (frame, Some(live)))
        });
        stream::iter(missed).chain(live).boxed()
    }

    /// `None` where the id is of another epoch, or so old that not everything since is kept.
    fn missed(&self, inner: &Inner, last_event_id: &str) -> Option<Vec<Arc<Frame>>> {
        let (epoch, seq) = last_event_id.rsplit_once('-')?;
        let seq: u64 = seq.parse().ok()?;
        if epoch != self.epoch || seq > inner.seq {
            return None;
        }
        since(inner, seq)
    }

    fn with_snapshot(&self, inner: &mut Inner, event: &'static str, snapshot: impl FnOnce() -> Vec<String>) -> Vec<Arc<Frame>> {
        // Many browsers come back at once after a restart: they share one snapshot and what came since.
        let kept = inner.snapshot.as_ref().and_then(|(seq, frames)| {
            let newer = since(inner, *seq)?;
            Some(frames.iter().cloned().chain(newer).collect::<Vec<_>>())
        });
        if let Some(frames) = kept {
            return frames;
        }
        let pieces = snapshot();
        let last = pieces.len().saturating_sub(1);
        let id = format!("{}-{}", self.epoch, inner.seq);
        // Who was cut off in the middle of it comes back without an id, and begins anew.
        let piece = |(at, data)| Arc::new(Frame { id: if at == last { id.clone() } else { String::new() }, event, data });
        let frames: Vec<Arc<Frame>> = pieces.into_iter().enumerate().map(piece).collect();
        inner.snapshot = Some((inner.seq, frames.clone()));
        frames
    }

    /// Lets go of the shared snapshot. Called every second: clients count ages from the time that stands in it.
    pub fn forget_snapshot(&self) {
        self.lock().snapshot = None;
    }
}

fn since(inner: &Inner, seq: u64) -> Option<Vec<Arc<Frame>>> {
    let behind = usize::try_from(inner.seq.checked_sub(seq)?).ok()?;
    let skip = inner.ring.len().checked_sub(behind)?;
    Some(inner.ring.iter().skip(skip).cloned().collect())
}
