//! The intake of a service: one thread takes what requests bring, many of them in one go, and answers them once the log is durable.
//!
//! While the disk syncs, further requests wait; the next sync is for all of them. So throughput does not wait for single syncs, and
//! a lone request waits for one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::Thread;
use std::time::Duration;

use axum::body::Bytes;
use codec::formats::record_decoder::{Context, RejectReason};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::time::calendar::Timestamp;
use serde::Serialize;
use stream::intake::intake_task::Intake;
use stream::log::{LogError, with_sources};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::warn;

use crate::config::authorizer::Writes;
use crate::intake::reject_retrier::{RejectRetrier, RetryError, RetryOutcome, SOURCE};
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::service_status::{ServiceStatus, Way};
use crate::rejects::reject_store::RejectStore;
use crate::rejects::rejected_record::{RejectedElement, RejectedRecord, Which};

/// Requests that may wait; their bytes are bounded by permits besides.
const WAITING: usize = 4_096;
/// So many bytes of bodies are taken in one go.
const GROUP_BYTES: usize = 16 << 20;
/// Events of one feed that are packed into one record.
const BATCH_EVENTS: usize = 500;
/// So often it is looked whether refused records have become too old.
const TRIM_EVERY: Duration = Duration::from_secs(3_600);

/// What became of one element of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ElementOutcome {
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
    /// The feeds that its sender may write.
    pub writes: Writes,
    /// Where the answers go, one an element, once the log is durable.
    pub reply: oneshot::Sender<Vec<ElementOutcome>>,
    /// Room for its bytes, given back when it was answered.
    pub room: OwnedSemaphorePermit,
}

/// What the intake's thread is asked for.
#[derive(Debug)]
pub enum Request {
    /// To take events.
    Events(Submission),
    /// To put in again what was refused.
    Retry {
        /// Which of it.
        which: Which,
        /// Where the answer goes once all is durable; a text says what is wrong.
        reply: oneshot::Sender<Result<RetryOutcome, String>>,
    },
}

/// Hands requests to the thread of [`IntakeWorker`].
#[derive(Clone, Debug)]
pub struct IntakeSender(SyncSender<Request>);

impl IntakeSender {
    /// Hands a request in; false when too many wait already, or nobody takes any more.
    #[must_use]
    pub fn hand_in(&self, request: Request) -> bool {
        !matches!(self.0.try_send(request), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
    }
}

/// The intake's thread: ends when every [`IntakeSender`] is gone and everything was answered, or when the log fails.
#[derive(Debug)]
pub struct IntakeWorker {
    queue: Receiver<Request>,
    intake: Intake,
    log: AnyLog,
    retry: RejectRetrier,
    refused: RejectStore,
    clock: Clock,
    vitals: Arc<ServiceStatus>,
    wake: Vec<Thread>,
    last_position: u64,
    trimmed: Timestamp,
}

impl IntakeWorker {
    /// An intake for a log with so many partitions. `wake` are the threads that wait for new records.
    #[must_use]
    pub fn new(
        log: AnyLog,
        partitions: u32,
        retry: RejectRetrier,
        refused: RejectStore,
        clock: Clock,
        vitals: Arc<ServiceStatus>,
        wake: Vec<Thread>,
    ) -> (IntakeSender, IntakeWorker) {
        let (door, queue) = sync_channel(WAITING);
        let intake = Intake::new(partitions, BATCH_EVENTS);
        let trimmed = Timestamp::EARLIEST;
        (IntakeSender(door), IntakeWorker { queue, intake, log, retry, refused, clock, vitals, wake, last_position: 0, trimmed })
    }

    /// Takes until nobody can hand in any more. Over Kafka it goes on after a failure: whoever was not answered sends again.
    ///
    /// # Errors
    /// [`LogError`] when the embedded log fails, or what was refused cannot be kept: what was not answered is not known to be in it.
    pub fn run(mut self) -> Result<(), LogError> {
        self.trim()?;
        loop {
            let outcome = match self.queue.recv_timeout(TRIM_EVERY) {
                Ok(Request::Events(first)) => self.take_group(first),
                Ok(Request::Retry { which, reply }) => self.take_again(&which, reply),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            match outcome.and_then(|()| self.trim()) {
                Err(error) if self.log.kafka().is_some() => {
                    self.intake.forget();
                    warn!("requests are answered 503, to be sent again: {}", with_sources(&error));
                }
                outcome => outcome?,
            }
        }
    }

    /// Takes this request and those that wait behind it in one go, and answers them once the log is durable.
    fn take_group(&mut self, first: Submission) -> Result<(), LogError> {
        let mut bytes = first.body.len();
        let mut group = vec![first];
        let mut next = None;
        while bytes < GROUP_BYTES
            && let Ok(request) = self.queue.try_recv()
        {
            match request {
                Request::Events(submission) => {
                    bytes += submission.body.len();
                    group.push(submission);
                }
                Request::Retry { which, reply } => {
                    next = Some((which, reply));
                    break;
                }
            }
        }
        let (mut answers, mut refused) = (Vec::new(), Vec::new());
        for submission in &group {
            answers.push(self.take(submission, &mut refused)?);
        }
        // What was refused is on the disk before the log says so: each reject there can be retried.
        self.refused.put(&refused, self.clock.now()).map_err(|error| LogError::Storage(error.into()))?;
        self.flush()?;
        for (submission, answers) in group.into_iter().zip(answers) {
            // Whoever hung up does not wait for an answer; the events count all the same.
            let _ = submission.reply.send(answers);
            drop(submission.room);
        }
        next.map_or(Ok(()), |(which, reply)| self.take_again(&which, reply))
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.intake.flush(&mut self.log)?;
        self.vitals.intake(Way::Http).counts = self.intake.counts().clone();
        self.wake.iter().for_each(Thread::unpark);
        Ok(())
    }

    fn take_again(&mut self, which: &Which, reply: oneshot::Sender<Result<RetryOutcome, String>>) -> Result<(), LogError> {
        let IntakeWorker { retry, refused, intake, log, clock, .. } = self;
        let retried = match retry.run(which, refused, intake, log, clock.now()) {
            Err(RetryError::Log(error)) => return Err(error),
            Err(RetryError::Refused(error)) => Err(error.to_string()),
            Ok(retried) => Ok(retried),
        };
        // A retry that broke off may have left events that no flush has seen yet.
        self.flush()?;
        // Whoever hung up does not wait for an answer; what was put in again counts all the same.
        let _ = reply.send(retried);
        Ok(())
    }

    /// Lets refused records go that have become too old.
    fn trim(&mut self) -> Result<(), LogError> {
        let now = self.clock.now();
        if now < self.trimmed.plus_seconds(i64::try_from(TRIM_EVERY.as_secs()).unwrap_or(i64::MAX)) {
            return Ok(());
        }
        self.trimmed = now;
        self.refused.trim(now).map_err(|error| LogError::Storage(error.into()))
    }

    fn take(&mut self, submission: &Submission, refused: &mut Vec<RejectedRecord>) -> Result<Vec<ElementOutcome>, LogError> {
        let now = self.clock.now();
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: self.position(now), index: None };
        let context = Context { position: &position, feed: submission.feed.clone(), received_at: now, now };
        let mut answers = Vec::new();
        let mut result = Ok(());
        let IntakeWorker { intake, log, retry, vitals, .. } = self;
        let (mut newest, mut ordinal, mut elements) = (None, 0, Vec::new());
        let decoded = retry.decoder.decode(&submission.body, &context, &mut |item| {
            if result.is_ok() {
                let item = allowed(item, &submission.writes, &position, ordinal);
                match &item {
                    Item::Event(_, event) => newest = newest.max(event.occurred_at),
                    // No repair of what was sent gives its sender a right to it.
                    Item::Reject(reject) if reject.reason == RejectReason::FeedNotAllowed.as_str() => {}
                    Item::Reject(reject) => elements.push(RejectedElement::new(ordinal, reject)),
                    _ => {}
                }
                answers.push(answer(&item));
                result = intake.take(log, item);
            }
            ordinal += 1;
        });
        if self.refused.keeps() && !elements.is_empty() {
            let record = RejectedRecord {
                position: position.offset,
                received_at: now.0,
                feed: submission.feed.as_ref().map(|feed| feed.name.to_string()),
                items: ordinal,
                elements,
                body: submission.body.to_vec(),
            };
            refused.push(record.reduced(&retry.decoder, &context));
        }
        let mut vitals = vitals.intake(Way::Http);
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

/// The item, or a reject where its sender may not write its feed.
fn allowed<'a>(item: Item<'a>, writes: &Writes, position: &Position, ordinal: u32) -> Item<'a> {
    match item {
        Item::Event(feed, _) if !writes.include(&feed.name) => Item::Reject(Reject {
            position: Position { index: Some(ordinal), ..position.clone() },
            feed: Some(feed.name.to_string()),
            reason: RejectReason::FeedNotAllowed.as_str().to_owned(),
            field: "feed".to_owned(),
            detail: "the token that was shown is not this feed's; send its events with its own".to_owned(),
            excerpt: String::new(),
        }),
        item => item,
    }
}

fn answer(item: &Item<'_>) -> ElementOutcome {
    match item {
        Item::Event(..) => ElementOutcome::Logged,
        Item::Registry(_) => ElementOutcome::Registered,
        Item::Skipped(kind) => ElementOutcome::Skipped { kind: kind.clone() },
        Item::Reject(reject) => {
            ElementOutcome::Rejected { reason: reject.reason.clone(), field: reject.field.clone(), detail: reject.detail.clone() }
        }
    }
}
