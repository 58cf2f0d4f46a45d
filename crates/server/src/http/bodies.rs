//! Reads bodies: each bounded in size and time, all of them together in memory. Who may send one at all was asked before.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use futures::StreamExt as _;
use pitlane_api::{Words, say};
use tokio::{sync::Semaphore, time::timeout};

use super::problem::Problem;

/// Bodies of all requests together, in bytes as they come. What they are read into takes a few times as much for a moment.
const TOGETHER: usize = 64 << 20;
/// From here on a body is one of the few large ones: lists of containers, large sets of nodes.
const LARGE: usize = 64 << 10;
/// Large bodies that are read at once. The others wait for as long as they have.
const LARGE_AT_ONCE: usize = 8;
/// A body of a few KB is here within this time, also from a phone.
pub const WITHIN: Duration = Duration::from_secs(10);
/// Time of a large one: 4 MiB at 1.7 Mbit/s. Shorter than a request may take in all.
const LARGE_WITHIN: Duration = Duration::from_secs(20);

/// What all bodies together take.
pub struct Bodies {
    held: Arc<AtomicUsize>,
    large: Semaphore,
}

/// Bytes of a body that count until this is dropped.
struct Held {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Held {
    fn more(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes += bytes;
        if self.all.fetch_add(bytes, Ordering::AcqRel) + bytes <= TOGETHER {
            return Ok(());
        }
        Err(Problem::unavailable("busy", say!("Too much is being sent to this server at once. Try again shortly."), 2))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

fn too_large(most: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", Words::plain("The body is larger than this call takes."))
        .details(serde_json::json!({ "at_most_bytes": most }))
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", Words::plain("The body did not arrive in time."))
}

impl Bodies {
    /// Nothing is being read yet.
    pub fn new() -> Self {
        Self { held: Arc::default(), large: Semaphore::new(LARGE_AT_ONCE) }
    }

    /// Reads a body of at most `most` bytes, the small part of it `within` a time, and makes something of it.
    ///
    /// # Errors
    /// 413 where it is larger, without reading it where its length says so; 408 where it does not arrive in time; 503 where all bodies together are too
    /// much; and what `read` refuses.
    pub async fn read<T>(
        &self,
        headers: &HeaderMap,
        body: Body,
        (most, within): (usize, Duration),
        read: impl FnOnce(Bytes) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > most as u64) {
            return Err(too_large(most));
        }
        let mut held = Held { all: self.held.clone(), bytes: 0 };
        let mut chunks = body.into_data_stream();
        let mut bytes = Vec::new();
        let small = timeout(within, collect(&mut chunks, &mut bytes, &mut held, most.min(LARGE))).await.map_err(|_| too_slow())??;
        if small {
            return read(bytes.into());
        }
        if bytes.len() > most {
            return Err(too_large(most));
        }
        // The rest of a large one waits until few others are read, and its place is kept until it is read as JSON, which takes more than its bytes.
        let rest = async {
            let place = self.large.acquire().await.map_err(Problem::internal)?;
            Ok::<_, Problem>((collect(&mut chunks, &mut bytes, &mut held, most).await?, place))
        };
        let (whole, _place) = timeout(LARGE_WITHIN, rest).await.map_err(|_| too_slow())??;
        if whole { read(bytes.into()) } else { Err(too_large(most)) }
    }
}

/// Reads until the end, or until there are more than `most` bytes. Gives back whether it is the end.
async fn collect(chunks: &mut axum::body::BodyDataStream, bytes: &mut Vec<u8>, held: &mut Held, most: usize) -> Result<bool, Problem> {
    while bytes.len() <= most {
        let Some(chunk) = chunks.next().await else { return Ok(true) };
        let chunk = chunk.map_err(|_| Problem::malformed("The body could not be read."))?;
        held.more(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    async fn read(bodies: &Bodies, body: Body, most: usize) -> Result<usize, u16> {
        bodies
            .read(&HeaderMap::new(), body, (most, Duration::from_millis(50)), |bytes| Ok(bytes.len()))
            .await
            .map_err(|problem| problem.status().as_u16())
    }

    fn endless() -> Body {
        Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4096]))))
    }

    #[tokio::test]
    async fn a_body_has_the_size_that_its_call_takes() {
        let bodies = Bodies::new();
        for most in [10, LARGE, LARGE + 1, 1 << 20] {
            assert_eq!(read(&bodies, Body::from(vec![b' '; most]), most).await, Ok(most));
            assert_eq!(read(&bodies, Body::from(vec![b' '; most + 1]), most).await, Err(413));
            assert_eq!(read(&bodies, endless(), most).await, Err(413));
        }
        assert_eq!(bodies.held.load(Ordering::SeqCst), 0, "what was read counts no more");
    }

    #[tokio::test]
    async fn a_length_that_is_too_much_is_refused_without_reading() {
        let bodies = Bodies::new();
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, "11".parse().unwrap())]);
        let body = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let refused = bodies.read(&headers, body, (10, WITHIN), |_| Ok(())).await.unwrap_err();
        assert_eq!(refused.status(), 413);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let bodies = Bodies::new();
        let stuck = Body::from_stream(stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]).chain(stream::pending()));
        assert_eq!(read(&bodies, stuck, 1_000).await, Err(408));
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let bodies = Bodies::new();
        bodies.held.store(TOGETHER - 100, Ordering::SeqCst);
        assert_eq!(read(&bodies, Body::from(vec![b' '; 101]), 1_000).await, Err(503));
        assert_eq!(bodies.held.load(Ordering::SeqCst), TOGETHER - 100, "what was refused counts no more");
        assert_eq!(read(&bodies, Body::from(vec![b' '; 100]), 1_000).await, Ok(100));
    }
}
