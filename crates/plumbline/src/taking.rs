//! The intake of a service: one thread takes what requests bring, many of them in one go, and answers them once the log is durable.
//!
//! While the disk syncs, further requests wait; the next sync is for all of them. So throughput does not wait for single syncs, and
//! a lone request waits for one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::Thread;

use axum::body::Bytes;
use codec::decoder::{Context, Decoder};
use scorecard::calendar::Timestamp;
use scorecard::item::{Feed, Item};
use scorecard::record::Position;
use serde::Serialize;
use stream::intake::Intake;
use stream::log::LogError;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::clock::Clock;
use crate::local_log::LocalLog;
use crate::vitals::Vitals;

/// Requests that may wait; their bytes are bounded by permits besides.
const WAITING: usize = 4_096;
/// So many bytes of bodies are taken in one go.
const GROUP_BYTES: usize = 16 << 20;
/// Events of one feed that are packed into one record.
const BATCH_EVENTS: usize = 500;
/// What rejects that came in a request name as their source.
const SOURCE: &str = "http";

/// What became of one element of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Answer {
    /// It is in the log.
    Logged,
    /// It is in the registry.
    Registered,
    /// A resource of a kind that is not counted.
    Skipped {
        /// Its type.
        kind: String,
    },
    /// It was refused, and that is in the log of rejects.
    Rejected {
        /// A word from a closed list.
        reason: String,
        /// Path of the field, empty when it is the whole element.
        field: String,
        /// What was found, what was expected and the cure.
        detail: String,
    },
}

/// A request on its way into the log.
#[derive(Debug)]
pub struct Submission {
    /// Its body.
    pub body: Bytes,
    /// The feed of what names none.
    pub feed: Option<Arc<Feed>>,
    /// Where the answers go, one an element, once the log is durable.
    pub reply: oneshot::Sender<Vec<Answer>>,
    /// Room for its bytes, given back when it was answered.
    pub room: OwnedSemaphorePermit,
}

/// Hands requests to the thread of [`Taking`].
#[derive(Clone, Debug)]
pub struct Door(SyncSender<Submission>);

impl Door {
    /// Hands a request in; false when too many wait already, or nobody takes any more.
    #[must_use]
    pub fn hand_in(&self, submission: Submission) -> bool {
        !matches!(self.0.try_send(submission), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
    }
}

/// The intake's thread: ends when every [`Door`] is gone and everything was answered, or when the log fails.
#[derive(Debug)]
pub struct Taking {
    queue: Receiver<Submission>,
    intake: Intake,
    log: LocalLog,
    decoder: Arc<Decoder>,
    clock: Clock,
    vitals: Arc<Vitals>,
    wake: Vec<Thread>,
    last_position: u64,
}

impl Taking {
    /// An intake for a log with so many partitions. `wake` are the threads that wait for new records.
    #[must_use]
    pub fn new(
        log: LocalLog,
        partitions: u32,
        decoder: Arc<Decoder>,
        clock: Clock,
        vitals: Arc<Vitals>,
        wake: Vec<Thread>,
    ) -> (Door, Taking) {
        let (door, queue) = sync_channel(WAITING);
        let intake = Intake::new(partitions, BATCH_EVENTS);
        (Door(door), Taking { queue, intake, log, decoder, clock, vitals, wake, last_position: 0 })
    }

    /// Takes until nobody can hand in any more.
    ///
    /// # Errors
    /// [`LogError`] when the log fails: what was not answered is not known to be in it.
    pub fn run(mut self) -> Result<(), LogError> {
        while let Ok(first) = self.queue.recv() {
            let mut bytes = first.body.len();
            let mut group = vec![first];
            while bytes < GROUP_BYTES
                && let Ok(next) = self.queue.try_recv()
            {
                bytes += next.body.len();
                group.push(next);
            }
            let answers = group.iter().map(|one| self.take(one)).collect::<Result<Vec<_>, _>>()?;
            self.intake.flush(&mut self.log)?;
            self.vitals.intake().counts = self.intake.counts().clone();
            for (submission, answers) in group.into_iter().zip(answers) {
                // Whoever hung up does not wait for an answer; the events count all the same.
                let _ = submission.reply.send(answers);
                drop(submission.room);
            }
            self.wake.iter().for_each(Thread::unpark);
        }
        Ok(())
    }

    fn take(&mut self, submission: &Submission) -> Result<Vec<Answer>, LogError> {
        let now = self.clock.now();
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: self.position(now), index: None };
        let context = Context { position: &position, feed: submission.feed.clone(), received_at: now, now };
        let mut answers = Vec::new();
        let mut result = Ok(());
        let Taking { intake, log, decoder, vitals, .. } = self;
        let mut newest = None;
        let decoded = decoder.decode(&submission.body, &context, &mut |item| {
            if result.is_ok() {
                if let Item::Event(_, event) = &item {
                    newest = newest.max(event.occurred_at);
                }
                answers.push(answer(&item));
                result = intake.take(log, item);
            }
        });
        let mut vitals = vitals.intake();
        vitals.unknown_fields += decoded.unknown_fields;
        vitals.newest_event = vitals.newest_event.max(newest);
        result.map(|()| answers)
    }

    /// The number of a request, as rejects name it: microseconds since 1970 at which it came in, and one more than the last where
    /// two came in at once.
    fn position(&mut self, now: Timestamp) -> u64 {
        let micros = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        self.last_position = micros.max(self.last_position + 1);
        self.last_position
    }
}

fn answer(item: &Item<'_>) -> Answer {
    match item {
        Item::Event(..) => Answer::Logged,
        Item::Registry(_) => Answer::Registered,
        Item::Skipped(kind) => Answer::Skipped { kind: kind.clone() },
        Item::Reject(reject) => {
            Answer::Rejected { reason: reject.reason.clone(), field: reject.field.clone(), detail: reject.detail.clone() }
        }
    }
}
