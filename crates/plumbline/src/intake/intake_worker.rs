//! The intake of requests: one thread appends the events of queued requests as a group and answers after the log is durable.
//!
//! Requests that arrive during a sync form the next group, which shares one sync. A lone request waits for one sync.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::Thread;

use axum::body::Bytes;
use codec::formats::record_decoder::Context;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use serde::Serialize;
use stream::intake::intake_task::{Intake, IntakeCounts};
use stream::log::{LogError, with_sources};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::config::authorizer::SenderRights;
use crate::intake::body_room::RoomPermit;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::reject_retrier::SOURCE;
use crate::intake::rejects::reject_store::RejectStore;
use crate::intake::rejects::rejected_record::RejectedRecord;
use crate::intake::request_rejects::RequestRejects;
use crate::intake::source_check::{SourceCheck, is_refused_source};
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::limits::{EVENTS_PER_BATCH, QUEUED_REQUESTS, REJECT_TRIM_INTERVAL, REQUEST_GROUP_BYTES};
use crate::process::reloadable::Reloadable;
use crate::process::service_status::{ServiceStatus, Way};

/// The outcome of one element of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ElementOutcome {
    /// The event is in the log.
    Logged {
        /// Its id, as the log holds it.
        id: String,
    },
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

impl ElementOutcome {
    /// The outcome of an item that passed every check.
    pub(crate) fn of(item: &Item<'_>) -> ElementOutcome {
        match item {
            Item::Event(_, event) => ElementOutcome::Logged { id: event.id.to_string() },
            Item::Registry(_) | Item::Definition(..) => ElementOutcome::Registered,
            Item::Skipped(kind) => ElementOutcome::Skipped { kind: kind.clone() },
            Item::Reject(reject) => ElementOutcome::Rejected {
                reason: reject.reason.clone(),
                field: reject.field.clone(),
                detail: reject.detail.clone(),
            },
        }
    }
}

/// A request with events.
#[derive(Debug)]
pub struct Submission {
    /// The request's body.
    pub body: Bytes,
    /// The feed of events without a feed of their own.
    pub feed: Option<Arc<Feed>>,
    /// The rights of the sender.
    pub rights: SenderRights,
    /// Elements behind this number are not read.
    pub most_elements: usize,
    /// Receives the outcomes after the log is durable.
    pub reply: oneshot::Sender<SubmissionAnswer>,
    /// The room for the body's bytes, released after the answer.
    pub room: RoomPermit,
}

/// The outcomes of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionAnswer {
    /// One outcome an element, in order.
    pub elements: Vec<ElementOutcome>,
    /// Rejected elements that are counted and not kept for a retry.
    pub not_kept: u64,
    /// Elements behind the limit, which were not read.
    pub beyond: u64,
    /// Events without a version in feeds that are versioned by number.
    pub without_version: u64,
}

/// Whether a request came into the queue of intake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// It did.
    Queued,
    /// The queue is full.
    Full,
    /// The intake thread has ended.
    Ended,
}

/// Sends requests to the thread of [`IntakeWorker`].
#[derive(Clone, Debug)]
pub struct IntakeSender(SyncSender<Submission>);

impl IntakeSender {
    /// Queues a request.
    #[must_use]
    pub fn hand_in(&self, submission: Submission) -> Handover {
        match self.0.try_send(submission) {
            Ok(()) => Handover::Queued,
            Err(TrySendError::Full(_)) => Handover::Full,
            Err(TrySendError::Disconnected(_)) => Handover::Ended,
        }
    }
}

/// The intake thread. It ends when every [`IntakeSender`] is dropped and every request is answered, or when the log fails.
#[derive(Debug)]
pub struct IntakeWorker {
    queue: Receiver<Submission>,
    intake: Intake,
    /// Rejects that are counted only.
    counted_only: IntakeCounts,
    log: AnyLog,
    decoders: Reloadable<IntakeDecoder>,
    decoder: Arc<IntakeDecoder>,
    check: SourceCheck,
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
        decoders: Reloadable<IntakeDecoder>,
        rejects: RejectStore,
        clock: Clock,
        status: Arc<ServiceStatus>,
        wake: Vec<Thread>,
    ) -> (IntakeSender, IntakeWorker) {
        let (sender, queue) = sync_channel(QUEUED_REQUESTS);
        let intake = Intake::new(partitions, EVENTS_PER_BATCH);
        let (trimmed, decoder) = (Timestamp::EARLIEST, decoders.get());
        (
            IntakeSender(sender),
            IntakeWorker {
                queue,
                intake,
                counted_only: IntakeCounts::default(),
                log,
                check: SourceCheck::new(&decoder),
                decoder,
                decoders,
                rejects,
                clock,
                status,
                wake,
                last_position: 0,
                trimmed,
            },
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
                Ok(first) => self.take_group(first),
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
        while bytes < REQUEST_GROUP_BYTES
            && let Ok(submission) = self.queue.try_recv()
        {
            bytes += submission.body.len();
            group.push(submission);
        }
        if !self.decoders.is(&self.decoder) {
            self.decoder = self.decoders.get();
            self.check = SourceCheck::new(&self.decoder);
        }
        self.check.expire();
        let (mut answers, mut rejected) = (Vec::new(), Vec::new());
        for submission in &group {
            answers.push(self.append(submission, &mut rejected)?);
        }
        // Store rejected records before their rejects are in the log: every reject there can be retried.
        self.rejects.put(&rejected, self.clock.now()).map_err(|error| LogError::Storage(error.into()))?;
        self.flush()?;
        for (submission, answers) in group.into_iter().zip(answers) {
            log_rights(&submission.rights, &answers);
            // A client that hung up receives no answer; its events count.
            let _ = submission.reply.send(answers);
            drop(submission.room);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.intake.flush(&mut self.log)?;
        let mut counts = self.intake.counts().clone();
        counts.add(&self.counted_only);
        self.status.intake(Way::Http).counts = counts;
        self.wake.iter().for_each(Thread::unpark);
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

    fn append(&mut self, submission: &Submission, rejected: &mut Vec<RejectedRecord>) -> Result<SubmissionAnswer, LogError> {
        let now = self.clock.now();
        self.check.learn_versioning(&mut self.log, submission.feed.as_ref())?;
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: self.position(now), index: None };
        let context = Context { position: &position, feed: submission.feed.clone(), received_at: now, now };
        let mut answer = SubmissionAnswer::default();
        let mut result = Ok(());
        let rights = submission.rights.source();
        let IntakeWorker { intake, log, decoder, check, status, counted_only, .. } = self;
        let (mut newest, mut ordinal, mut rejects) = (None, 0, RequestRejects::default());
        let most = submission.most_elements;
        let decoded = decoder.records.decode_at_most(&submission.body, most, &context, &mut |item| {
            if answer.elements.len() == submission.most_elements {
                answer.beyond += 1;
            } else if result.is_ok() {
                let item = match check.checked(log, item, &rights, &position, Some(ordinal)) {
                    Ok(item) => item,
                    Err(error) => return result = Err(error),
                };
                answer.elements.push(ElementOutcome::of(&item));
                match &item {
                    Item::Event(_, event) => newest = newest.max(event.occurred_at),
                    Item::Reject(reject) if !rejects.keep(ordinal, reject) => {
                        counted_only.received += 1;
                        *counted_only.rejected.entry(reject.reason.clone()).or_default() += 1;
                        ordinal += 1;
                        return;
                    }
                    _ => {}
                }
                result = intake.take(log, item);
            }
            ordinal += 1;
        });
        answer.without_version = decoded.without_version;
        let RequestRejects { elements, counted, .. } = rejects;
        answer.not_kept = counted.iter().map(|rejects| rejects.count).sum();
        // A body beyond the limit was refused: its sender sends it again in parts, so a retry must not read the rest of it.
        if self.rejects.is_enabled() && !elements.is_empty() && answer.beyond == 0 {
            let record = RejectedRecord {
                position: position.offset,
                received_at: now.0,
                feed: submission.feed.as_ref().map(|feed| feed.name.to_string()),
                items: ordinal,
                elements,
                scopes: rights.words(),
                counted,
                body: submission.body.to_vec(),
            };
            rejected.push(record.reduced(&decoder.records, &context));
        }
        let mut of_requests = status.intake(Way::Http);
        of_requests.add_decoded(&decoded);
        of_requests.newest_event = of_requests.newest_event.max(newest);
        result.map(|()| answer)
    }

    /// The number of a request in `rejects`: its time of arrival, microseconds since 1970, and always larger than the last one.
    fn position(&mut self, now: Timestamp) -> u64 {
        let micros = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        self.last_position = micros.max(self.last_position + 1);
        self.last_position
    }
}

/// Logs that a sender changed the registry, or sent elements that it may not write.
fn log_rights(rights: &SenderRights, answer: &SubmissionAnswer) {
    let token = rights.token_name();
    let count = |of: fn(&ElementOutcome) -> bool| answer.elements.iter().filter(|outcome| of(outcome)).count();
    let entries = count(|outcome| matches!(outcome, ElementOutcome::Registered));
    if entries > 0 {
        info!(token, entries, "registry entries or definitions written");
    }
    let refused = count(|outcome| matches!(outcome, ElementOutcome::Rejected { reason, .. } if is_refused_source(reason)));
    if refused > 0 {
        warn!(token, elements = refused, "elements rejected that the token may not write");
    }
}
