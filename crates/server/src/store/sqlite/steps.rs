//! Upkeep in steps. One connection writes for people; upkeep borrows their turn for a moment, does a little, and lets it go again.
//!
//! A step is as large as what took about [`TARGET`] the last times. It begins only where nobody waits to write (or, where somebody always does, once
//! in a while), and writes on a connection of its own that does not wait for other processes: with them it waits outside its turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction, pool::PoolConnection};
use tokio::sync::OwnedMutexGuard;

use super::{BUSY_TIMEOUT, SqliteStore};
use crate::store::{Error, Result};

/// How long a step should hold the writer. The bound is 50 ms; this leaves room for a disk that is slower now and then.
const TARGET: Duration = Duration::from_millis(20);
/// Rows of the first step, before anything was measured.
const FIRST_ROWS: u32 = 100;
/// Rows of a step at most.
const MOST_ROWS: u32 = 5_000;
/// Gives way to people for so long; then it takes its place in the line like anybody else.
const GIVES_WAY: Duration = Duration::from_secs(1);
/// Looks this often whether nobody writes.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What upkeep needs: a connection, and how large its steps may be.
#[derive(Debug, Clone)]
pub(super) struct Steps(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: SqlitePool,
    one_at_a_time: Arc<tokio::sync::Mutex<()>>,
    longest_us: AtomicU64,
}

impl Steps {
    pub(super) fn new(connection: SqlitePool) -> Self {
        Self(Arc::new(Inner { connection, one_at_a_time: Arc::default(), longest_us: AtomicU64::new(0) }))
    }

    pub(super) async fn close(&self) {
        self.0.connection.close().await;
    }
}

/// How many rows a step of one kind takes.
#[derive(Debug)]
pub(super) struct Pace {
    rows: AtomicU32,
    most: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: AtomicU32::new(FIRST_ROWS), most: MOST_ROWS }
    }
}

impl Pace {
    /// For rows of which each may take many others along.
    pub(super) fn of_large_rows() -> Self {
        Self { rows: AtomicU32::new(1), most: 4 }
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Learns from a step that took so many rows and so long.
    fn learn(&self, rows: u32, took: Duration) {
        let next = match took {
            _ if took > TARGET * 3 / 2 => rows / 2,
            // A step that was not full says nothing about larger ones.
            _ if took < TARGET / 2 && rows >= self.rows() => rows.saturating_mul(2),
            _ => return,
        };
        self.rows.store(next.clamp(1, self.most), Ordering::Relaxed);
    }
}

/// A step that is being made: nobody else writes meanwhile. Dropped without [`Step::done`], nothing of it was kept.
pub(super) struct Step {
    // Dropped in this order: the transaction ends before the writer is let go.
    transaction: Transaction<'static, Sqlite>,
    _writer: PoolConnection<Sqlite>,
    begun: Instant,
    steps: Steps,
    _turn: OwnedMutexGuard<()>,
}

impl Step {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Keeps what the step did with so many rows, and pauses for as long as it took, so that upkeep has at most half of the writer.
    pub(super) async fn done(self, pace: &Pace, rows: u32) -> Result<()> {
        let Self { transaction, _writer, begun, steps, _turn } = self;
        transaction.commit().await?;
        let took = begun.elapsed();
        drop(_writer);
        pace.learn(rows, took);
        steps.0.longest_us.fetch_max(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        drop(_turn);
        tokio::time::sleep(took.max(LOOK_EVERY)).await;
        Ok(())
    }
}

impl SqliteStore {
    /// Begins a step of upkeep once nobody else of this process writes or waits to.
    pub(super) async fn step(&self) -> Result<Step> {
        let asked = Instant::now();
        loop {
            let turn = self.steps.0.one_at_a_time.clone().lock_owned().await;
            let writer = self.writer_that_nobody_wants().await?;
            let begun = Instant::now();
            let error = match self.steps.0.connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(transaction) => return Ok(Step { transaction, _writer: writer, begun, steps: self.steps.clone(), _turn: turn }),
                Err(error) => Error::from(error),
            };
            drop((writer, turn));
            if !error.is_transient() || asked.elapsed() > BUSY_TIMEOUT {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn writer_that_nobody_wants(&self) -> Result<PoolConnection<Sqlite>> {
        let asked = Instant::now();
        while asked.elapsed() < GIVES_WAY {
            // `None` also where somebody waits: the queue is served in order.
            if let Some(writer) = self.writer.try_acquire() {
                return Ok(writer);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(self.writer.acquire().await?)
    }

    /// Copies what is in the log into the database, beside those who write and read. Gives back how many pages are still to be copied, because
    /// somebody reads what was before them.
    pub(super) async fn copy_log(&self) -> Result<u64> {
        let _turn = self.steps.0.one_at_a_time.lock().await;
        let (_, pages, copied): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&self.steps.0.connection).await?;
        Ok(u64::try_from(pages.saturating_sub(copied)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Steps {
        /// The longest that a step has held the writer so far.
        pub(in crate::store::sqlite) fn longest(&self) -> Duration {
            Duration::from_micros(self.0.longest_us.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn steps_grow_while_they_are_short_and_halve_where_one_was_long() {
        let pace = Pace::default();
        for _ in 0..20 {
            pace.learn(pace.rows(), Duration::from_millis(1));
        }
        assert_eq!(pace.rows(), MOST_ROWS);
        pace.learn(MOST_ROWS, Duration::from_millis(31));
        assert_eq!(pace.rows(), MOST_ROWS / 2);
        pace.learn(10, Duration::from_millis(1));
        assert_eq!(pace.rows(), MOST_ROWS / 2, "a step that was not full says nothing");
        for _ in 0..40 {
            pace.learn(pace.rows(), Duration::from_secs(1));
        }
        assert_eq!(pace.rows(), 1);
    }
}
