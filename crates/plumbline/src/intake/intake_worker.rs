//! The intake of requests: one thread appends the events of queued requests as a group and answers after the log is durable.
//!
//! Requests that arrive during a sync form the next group, which shares one sync. A lone request waits for one sync.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::Thread;

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
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::reject_retrier::{RejectRetrier, RetryError, RetryOutcome, SOURCE};
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::limits::{EVENTS_PER_BATCH, QUEUED_REQUESTS, REJECT_TRIM_INTERVAL, REQUEST_GROUP_BYTES};
use crate::process::service_status::{ServiceStatus, Way};
use crate::rejects::reject_store::{RejectStore, RejectStoreError};
use crate::rejects::rejected_record::{RejectFilter, RejectedElement, RejectedRecord};

/// The outcome of one element of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ElementOutcome {
    /// The event is in the log.
    Logged,
    /// The entry is in the registry.
    Registered,
    /// A resource of a kind that does not count.
    Skipped {
        /// Its type, such as `Observation`.
        kind: String,
    },
    /// The element is rejected, and its reject is in the log.
    Rejected {
        /// The reason: a word from a closed list.
        reason: String,
        /// Path of the field; empty for the whole element.
        field: String,
        /// The fault, the expected form and the cure.
        detail: String,
    },
}

/// A request with events.
#[derive(Debug)]
pub struct Submission {
    /// The request's body.
    pub body: Bytes,
    /// The feed of events without a feed of their own.
    pub feed: Option<Arc<Feed>>,
    /// The feeds that the sender may write.
    pub writes: Writes,
    /// Receives one outcome an element after the log is durable.
    pub reply: oneshot::Sender<Vec<ElementOutcome>>,
    /// The permit for the body's bytes, released after the answer.
    pub room: OwnedSemaphorePermit,
}

/// A request to the intake thread.
#[derive(Debug)]
pub enum Request {
    /// Append events.
    Events(Submission),
    /// Retry rejected records.
    Retry {
        /// The elements to retry.
        which: RejectFilter,
        /// Receives the counts after the log is durable.
        reply: oneshot::Sender<Result<RetryOutcome, RejectStoreError>>,
    },
}

/// Sends requests to the thread of [`IntakeWorker`].
#[derive(Clone, Debug)]
pub struct IntakeSender(SyncSender<Request>);

impl IntakeSender {
    /// Queues a request. False when the queue is full or the thread has ended.
    #[must_use]
    pub fn hand_in(&self, request: Request) -> bool {
        !matches!(self.0.try_send(request), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
    }
}

/// The intake thread. It ends when every [`IntakeSender`] is dropped and every request is answered, or when the log fails.
#[derive(Debug)]
pub struct IntakeWorker {
    queue: Receiver<Request>,
    intake: Intake,
    log: AnyLog,
    decoder: IntakeDecoder,
    rejects: RejectStore,
    clock: Clock,
    status: Arc<ServiceStatus>,
    wake: Vec<Thread>,
    last_position: u64,
    trimmed: Timestamp,
}

impl IntakeWorker {
    /// An intake for a log with this many partitions of `events`. `wake` are the threads that wait for new records.
    #[must_use]
    pub fn new(
        log: AnyLog,
        partitions: u32,
        decoder: IntakeDecoder,
        rejects: RejectStore,
        clock: Clock,
        status: Arc<ServiceStatus>,
        wake: Vec<Thread>,
    ) -> (IntakeSender, IntakeWorker) {
        let (sender, queue) = sync_channel(QUEUED_REQUESTS);
        let intake = Intake::new(partitions, EVENTS_PER_BATCH);
        let trimmed = Timestamp::EARLIEST;
        (
            IntakeSender(sender),
            IntakeWorker { queue, intake, log, decoder, rejects, clock, status, wake, last_position: 0, trimmed },
        )
    }

    /// Runs until every sender is dropped. Over Kafka it continues after a failure: clients without an answer send again.
    ///
    /// # Errors
    /// [`LogError`] when the embedded log fails or rejected records cannot be stored. Unanswered events may be in the log.
    pub fn run(mut self) -> Result<(), LogError> {
        self.trim()?;
        loop {
            let outcome = match self.queue.recv_timeout(REJECT_TRIM_INTERVAL) {
                Ok(Request::Events(first)) => self.take_group(first),
                Ok(Request::Retry { which, reply }) => self.retry(&which, reply),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            match outcome.and_then(|()| self.trim()) {
                Err(error) if self.log.kafka().is_some() => {
                    self.intake.forget();
                    warn!(error = with_sources(&error), "intake failed, waiting requests are answered with 503");
                }
                outcome => outcome?,
            }
        }
    }

    /// Appends this request and those queued behind it as a group, and answers them after the log is durable.
    fn take_group(&mut self, first: Submission) -> Result<(), LogError> {
        let mut bytes = first.body.len();
        let mut group = vec![first];
        let mut next = None;
        while bytes < REQUEST_GROUP_BYTES
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
        let (mut answers, mut rejected) = (Vec::new(), Vec::new());
        for submission in &group {
            answers.push(self.append(submission, &mut rejected)?);
        }
        // Store rejected records before their rejects are in the log: every reject there can be retried.
        self.rejects.put(&rejected, self.clock.now()).map_err(|error| LogError::Storage(error.into()))?;
        self.flush()?;
        for (submission, answers) in group.into_iter().zip(answers) {
            // A client that hung up receives no answer; its events count.
            let _ = submission.reply.send(answers);
            drop(submission.room);
        }
        next.map_or(Ok(()), |(which, reply)| self.retry(&which, reply))
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.intake.flush(&mut self.log)?;
        self.status.intake(Way::Http).counts = self.intake.counts().clone();
        self.wake.iter().for_each(Thread::unpark);
        Ok(())
    }

    fn retry(
        &mut self,
        which: &RejectFilter,
        reply: oneshot::Sender<Result<RetryOutcome, RejectStoreError>>,
    ) -> Result<(), LogError> {
        let IntakeWorker { decoder, rejects, intake, log, clock, .. } = self;
        let retried = match RejectRetrier::new(decoder, rejects).run(which, intake, log, clock.now()) {
            Err(RetryError::Log(error)) => return Err(error),
            Err(RetryError::Store(error)) => Err(error),
            Ok(retried) => Ok(retried),
        };
        // A retry that broke off may have left unflushed events.
        self.flush()?;
        // A client that hung up receives no answer; its retry counts.
        let _ = reply.send(retried);
        Ok(())
    }

    /// Drops expired records of the store, at most once an hour.
    fn trim(&mut self) -> Result<(), LogError> {
        let now = self.clock.now();
        if now < self.trimmed.plus_seconds(i64::try_from(REJECT_TRIM_INTERVAL.as_secs()).unwrap_or(i64::MAX)) {
            return Ok(());
        }
        self.trimmed = now;
        self.rejects.trim(now).map_err(|error| LogError::Storage(error.into()))
    }

    fn append(&mut self, submission: &Submission, rejected: &mut Vec<RejectedRecord>) -> Result<Vec<ElementOutcome>, LogError> {
        let now = self.clock.now();
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: self.position(now), index: None };
        let context = Context { position: &position, feed: submission.feed.clone(), received_at: now, now };
        let mut answers = Vec::new();
        let mut result = Ok(());
        let IntakeWorker { intake, log, decoder, status, .. } = self;
        let (mut newest, mut ordinal, mut elements) = (None, 0, Vec::new());
        let decoded = decoder.records.decode(&submission.body, &context, &mut |item| {
            if result.is_ok() {
                let item = allowed(item, &submission.writes, &position, ordinal);
                match &item {
                    Item::Event(_, event) => newest = newest.max(event.occurred_at),
                    // No repair of the record grants its sender the right to write the feed.
                    Item::Reject(reject) if reject.reason == RejectReason::FeedNotAllowed.as_str() => {}
                    Item::Reject(reject) => elements.push(RejectedElement::new(ordinal, reject)),
                    _ => {}
                }
                answers.push(answer(&item));
                result = intake.take(log, item);
            }
            ordinal += 1;
        });
        if self.rejects.is_enabled() && !elements.is_empty() {
            let record = RejectedRecord {
                position: position.offset,
                received_at: now.0,
                feed: submission.feed.as_ref().map(|feed| feed.name.to_string()),
                items: ordinal,
                elements,
                body: submission.body.to_vec(),
            };
            rejected.push(record.reduced(&decoder.records, &context));
        }
        let mut of_requests = status.intake(Way::Http);
        of_requests.unknown_fields += decoded.unknown_fields;
        of_requests.newest_event = of_requests.newest_event.max(newest);
        result.map(|()| answers)
    }

    /// The number of a request in `rejects`: its time of arrival, microseconds since 1970, and always larger than the last one.
    fn position(&mut self, now: Timestamp) -> u64 {
        let micros = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        self.last_position = micros.max(self.last_position + 1);
        self.last_position
    }
}

/// The item, or a reject if the sender may not write its feed.
fn allowed<'a>(item: Item<'a>, writes: &Writes, position: &Position, ordinal: u32) -> Item<'a> {
    match item {
        Item::Event(feed, _) | Item::Definition(feed, _) if !writes.include(&feed.name) => Item::Reject(Reject {
            position: Position { index: Some(ordinal), ..position.clone() },
            feed: Some(feed.name.to_string()),
            reason: RejectReason::FeedNotAllowed.as_str().to_owned(),
            field: "feed".to_owned(),
            detail: "the token of this request does not belong to this feed; send its events with the feed's own token"
                .to_owned(),
            excerpt: String::new(),
        }),
        item => item,
    }
}

fn answer(item: &Item<'_>) -> ElementOutcome {
    match item {
        Item::Event(..) => ElementOutcome::Logged,
        Item::Registry(_) | Item::Definition(..) => ElementOutcome::Registered,
        Item::Skipped(kind) => ElementOutcome::Skipped { kind: kind.clone() },
        Item::Reject(reject) => {
            ElementOutcome::Rejected { reason: reject.reason.clone(), field: reject.field.clone(), detail: reject.detail.clone() }
        }
    }
}
