//! The event hub: frames of the event stream, numbered, kept for a while, and handed to every browser.
//!
//! A frame gets its number while whoever publishes it holds the state it is about, and is encoded afterwards, in order, by whoever
//! [flushes](Hub::flush). It is serialised once and shared. Whoever falls behind is cut off instead of being waited for: frames are held
//! in one ring for all subscribers, never per subscriber, so a slow browser holds no memory. A client that comes back
//! with a known `epoch-seq` gets what it missed, else a snapshot. That is encoded once for all who ask in the same second, beside the
//! hub's lock and, where it is large, beside the threads that answer requests.
//!
//! The hub must not know what is in a frame, nor how it travels (the keep-alive comments are `http`'s).

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use pitlane_supervisor::panic_message;
use tokio::sync::{OnceCell, broadcast};

use super::view_lock;

/// One event of the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// `epoch-seq`; empty for a piece of a snapshot that is not its last.
    pub id: String,
    /// Name of the event.
    pub event: &'static str,
    /// JSON.
    pub data: String,
    seq: u64,
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
    /// Of the newest frame, encoded or not.
    seq: u64,
    /// Of the newest frame that was handed out.
    handed_out: u64,
    /// Numbered and not encoded yet, in order.
    queue: VecDeque<Queued>,
    /// Somebody is encoding, and takes what is queued meanwhile as well.
    encoding: bool,
    ring: VecDeque<Arc<Frame>>,
    ring_bytes: usize,
    /// `None` once the server shuts down.
    sender: Option<broadcast::Sender<Arc<Frame>>>,
    /// The last snapshot: what came since is in the ring.
    snapshot: Option<Arc<Snapshot>>,
}

type Encode = Box<dyn FnOnce() -> serde_json::Result<String> + Send>;

struct Queued {
    seq: u64,
    event: &'static str,
    encode: Encode,
}

/// What a snapshot is encoded from: copied while the state stands still, encoded later.
pub struct Source {
    at_once: bool,
    encode: Arc<dyn Fn() -> serde_json::Result<Vec<String>> + Send + Sync>,
}

impl Source {
    /// `at_once`: it is so small that it is encoded by whoever reads it first; else a thread of its own does it.
    pub fn new(at_once: bool, encode: impl Fn() -> serde_json::Result<Vec<String>> + Send + Sync + 'static) -> Self {
        Self { at_once, encode: Arc::new(encode) }
    }
}

/// A snapshot, and the sequence it stands for.
struct Snapshot {
    seq: u64,
    event: &'static str,
    id: String,
    source: Source,
    frames: OnceCell<Vec<Arc<Frame>>>,
}

impl Snapshot {
    /// Encodes it, unless somebody has: one at a time, and everybody who waits gets the same. `None`: it cannot be encoded.
    async fn frames(&self) -> Option<Vec<Arc<Frame>>> {
        let encode = || async {
            let encode = self.source.encode.clone();
            let pieces = match self.source.at_once {
                true => encode().map_err(|error| error.to_string()),
                false => match tokio::task::spawn_blocking(move || encode()).await {
                    Ok(pieces) => pieces.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                },
            };
            pieces.map(|pieces| self.framed(pieces))
        };
        match self.frames.get_or_try_init(encode).await {
            Ok(frames) => Some(frames.clone()),
            Err(error) => {
                tracing::error!(error, "a snapshot could not be written");
                None
            }
        }
    }

    fn framed(&self, pieces: Vec<String>) -> Vec<Arc<Frame>> {
        let last = pieces.len().saturating_sub(1);
        // Who was cut off in the middle of it comes back without an id, and begins anew.
        let piece = |(at, data)| {
            let id = if at == last { self.id.clone() } else { String::new() };
            Arc::new(Frame { id, event: self.event, data, seq: self.seq })
        };
        pieces.into_iter().enumerate().map(piece).collect()
    }
}

/// Lets the next one encode, also where encoding panicked.
struct Turn<'a>(&'a Hub);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().encoding = false;
    }
}

impl Hub {
    /// A hub whose epoch no other hub has.
    pub fn new() -> Self {
        let epoch = uuid::Uuid::now_v7().simple().to_string();
        let inner = Inner {
            seq: 0,
            handed_out: 0,
            queue: VecDeque::new(),
            encoding: false,
            ring: VecDeque::new(),
            ring_bytes: 0,
            sender: Some(broadcast::Sender::new(QUEUE)),
            snapshot: None,
        };
        Self { epoch, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // What it guards is changed by single calls of collections, so a panic of whoever held it leaves it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a frame its place among the others. It is encoded and handed out by the next [`Hub::flush`].
    pub fn queue(&self, event: &'static str, encode: impl FnOnce() -> serde_json::Result<String> + Send + 'static) {
        let mut inner = self.lock();
        inner.seq += 1;
        let seq = inner.seq;
        inner.queue.push_back(Queued { seq, event, encode: Box::new(encode) });
    }

    /// Encodes what is queued and hands it to everybody. Where somebody else is at it, they take this along.
    pub fn flush(&self) {
        view_lock::assert_not_held("a frame is encoded");
        loop {
            let Queued { seq, event, encode } = {
                let mut inner = self.lock();
                if inner.encoding {
                    return;
                }
                let Some(next) = inner.queue.pop_front() else { return };
                inner.encoding = true;
                next
            };
            let _turn = Turn(self);
            match catch_unwind(AssertUnwindSafe(encode)) {
                Ok(Ok(data)) => self.hand_out(Frame { id: format!("{}-{seq}", self.epoch), event, data, seq }),
                Ok(Err(error)) => self.cut_off(seq, event, &error.to_string()),
                Err(panic) => self.cut_off(seq, event, &panic_message(panic.as_ref())),
            }
        }
    }

    fn hand_out(&self, frame: Frame) {
        let frame = Arc::new(frame);
        let mut inner = self.lock();
        inner.handed_out = frame.seq;
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

    /// A frame is lost: everybody comes back for a snapshot.
    fn cut_off(&self, seq: u64, event: &'static str, why: &str) {
        tracing::error!(why, event, "a frame could not be written");
        let mut inner = self.lock();
        inner.handed_out = seq;
        inner.ring.clear();
        inner.ring_bytes = 0;
        inner.snapshot = None;
        if let Some(sender) = &mut inner.sender {
            *sender = broadcast::Sender::new(QUEUE);
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
    /// state of `snapshot` and the numbering of its changes in step.
    pub fn subscribe(&self, last_event_id: Option<&str>, event: &'static str, snapshot: impl FnOnce() -> Source) -> BoxStream<'static, Arc<Frame>> {
        let mut inner = self.lock();
        let missed = last_event_id.and_then(|id| self.missed(&inner, id));
        let (snapshot, since, after) = match missed {
            Some((missed, after)) => (None, missed, after),
            None => {
                let (snapshot, since) = self.shared_snapshot(&mut inner, event, snapshot);
                let after = snapshot.seq.max(inner.handed_out);
                (Some(snapshot), since, after)
            }
        };
        let live = inner.sender.as_ref().map(broadcast::Sender::subscribe);
        drop(inner);
        let live = stream::unfold(live, |live| async move {
            let mut live = live?;
            // `Lagged`: too slow. The stream ends, and the client comes back for what it missed, or a snapshot.
            live.recv().await.ok().map(|frame| (frame, Some(live)))
        });
        // What was numbered before and is handed out only now is in the snapshot already.
        let newer = stream::iter(since).chain(live.filter(move |frame| std::future::ready(frame.seq > after)));
        match snapshot {
            None => newer.boxed(),
            Some(snapshot) => stream::once(async move {
                match snapshot.frames().await {
                    Some(frames) => stream::iter(frames).chain(newer).boxed(),
                    // It ends, and the client comes back.
                    None => stream::empty().boxed(),
                }
            })
            .flatten()
            .boxed(),
        }
    }

    /// `None` where the id is of another epoch, or so old that not everything since is kept.
    fn missed(&self, inner: &Inner, last_event_id: &str) -> Option<(Vec<Arc<Frame>>, u64)> {
        let (epoch, seq) = last_event_id.rsplit_once('-')?;
        let seq: u64 = seq.parse().ok()?;
        if epoch != self.epoch || seq > inner.seq {
            return None;
        }
        Some((since(inner, seq)?, seq.max(inner.handed_out)))
    }

    /// Many browsers come back at once after a restart: they share one snapshot and what came since.
    fn shared_snapshot(&self, inner: &mut Inner, event: &'static str, source: impl FnOnce() -> Source) -> (Arc<Snapshot>, Vec<Arc<Frame>>) {
        if let Some(kept) = inner.snapshot.clone()
            && let Some(newer) = since(inner, kept.seq)
        {
            return (kept, newer);
        }
        let id = format!("{}-{}", self.epoch, inner.seq);
        let snapshot = Arc::new(Snapshot { seq: inner.seq, event, id, source: source(), frames: OnceCell::new() });
        inner.snapshot = Some(snapshot.clone());
        (snapshot, Vec::new())
    }

    /// Lets go of the shared snapshot. Called every second: clients count ages from the time that stands in it.
    pub fn forget_snapshot(&self) {
        self.lock().snapshot = None;
    }
}

/// What was handed out since this number; `None` where not all of it is kept.
fn since(inner: &Inner, seq: u64) -> Option<Vec<Arc<Frame>>> {
    let behind = usize::try_from(inner.handed_out.saturating_sub(seq)).ok()?;
    let skip = inner.ring.len().checked_sub(behind)?;
    Some(inner.ring.iter().skip(skip).cloned().collect())
}
