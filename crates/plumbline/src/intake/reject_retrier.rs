//! Puts refused records in again after a repair, through the same decoder and intake as the first time.
//!
//! A file of the store changes only after everything that came of it is durable in the log: whoever is killed in between puts it in
//! again, and an event counts once however often it comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::formats::record_decoder::{Context, RecordDecoder};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::{Timestamp, Zone};
use serde::{Deserialize, Serialize};
use stream::intake::intake_task::Intake;
use stream::log::LogError;

use crate::config::options::feed_named;
use crate::log::any_log::AnyLog;
use crate::rejects::reject_store::{RejectStore, RejectStoreError};
use crate::rejects::rejected_record::{RejectedElement, RejectedRecord, Which};

/// What rejects that came in a request name as their source.
pub const SOURCE: &str = "http";

/// What became of the elements that were put in again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOutcome {
    /// Events that are in the log now.
    pub logged: u64,
    /// Entries that are in the registry now.
    pub registered: u64,
    /// Elements of a kind that is not counted.
    pub skipped: u64,
    /// Elements that were refused again; they wait on, with their new reason.
    pub refused: u64,
    /// Files that do not open with the keys of this deployment; they are left alone.
    pub sealed_files: u64,
}

/// Why a retry broke off. What it had not come to waits on.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The store.
    #[error(transparent)]
    Refused(#[from] RejectStoreError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// How refused records are opened again: as the configuration has it now.
#[derive(Clone, Debug)]
pub struct RejectRetrier {
    /// Opens what was sent.
    pub decoder: Arc<RecordDecoder>,
    /// Declared feeds.
    pub feeds: Arc<BTreeMap<String, Arc<Feed>>>,
    /// The zone of feeds that nobody declared.
    pub zone: Zone,
}

impl RejectRetrier {
    /// Puts those that are meant in again, file by file, oldest first.
    ///
    /// # Errors
    /// [`RetryError`] when store or log fail.
    pub fn run(
        &self,
        which: &Which,
        store: &RejectStore,
        intake: &mut Intake,
        log: &mut AnyLog,
        now: Timestamp,
    ) -> Result<RetryOutcome, RetryError> {
        let mut retried = RetryOutcome::default();
        for file in store.files()? {
            let mut records = match store.read(&file) {
                Ok(records) => records,
                Err(RejectStoreError::Sealed { .. }) => {
                    retried.sealed_files += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let meant = |record: &RejectedRecord| record.elements.iter().any(|element| which.holds(record, element));
            if !records.iter().any(meant) {
                continue;
            }
            for record in records.iter_mut().filter(|record| meant(record)) {
                self.record(record, which, intake, log, now, &mut retried)?;
            }
            intake.flush(log)?;
            records.retain(|record| !record.elements.is_empty());
            store.replace(&file, &records)?;
        }
        Ok(retried)
    }

    /// Puts the elements of one record in again that are meant, and leaves those in it that are refused again.
    fn record(
        &self,
        record: &mut RejectedRecord,
        which: &Which,
        intake: &mut Intake,
        log: &mut AnyLog,
        now: Timestamp,
        retried: &mut RetryOutcome,
    ) -> Result<(), LogError> {
        let feed = record.feed.as_deref().map(|name| feed_named(&self.feeds, &self.zone, name));
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: record.position, index: None };
        let context = Context { position: &position, feed, received_at: record.received(), now };
        let mut items = 0u32;
        self.decoder.decode(&record.body, &context, &mut |_| items += 1);
        // Another version may tell elements apart otherwise; then all of them go in again, and those that did before are duplicates.
        let renumbered = items != record.items;
        let before = std::mem::take(&mut record.elements);
        let mut left: Vec<RejectedElement> = Vec::new();
        let (mut ordinal, mut result) = (0u32, Ok(()));
        self.decoder.decode(&record.body, &context, &mut |item| {
            let old = before.iter().find(|element| element.ordinal == ordinal).filter(|_| !renumbered);
            let waits_on = old.is_some_and(|old| !which.holds(record, old));
            match old {
                Some(old) if waits_on => left.push(old.clone()),
                None if !renumbered => {}
                _ if result.is_ok() => result = take_again(ordinal, old, item, intake, log, &mut left, retried),
                _ => {}
            }
            ordinal += 1;
        });
        record.elements = left;
        record.items = items;
        result
    }
}

/// Takes an element again. One that is refused for the same reason as before is in the log of rejects already.
fn take_again(
    ordinal: u32,
    old: Option<&RejectedElement>,
    item: Item<'_>,
    intake: &mut Intake,
    log: &mut AnyLog,
    left: &mut Vec<RejectedElement>,
    retried: &mut RetryOutcome,
) -> Result<(), LogError> {
    match &item {
        Item::Event(..) => retried.logged += 1,
        Item::Registry(_) => retried.registered += 1,
        Item::Skipped(_) => retried.skipped += 1,
        Item::Reject(reject) => {
            retried.refused += 1;
            let element = RejectedElement::new(ordinal, reject);
            let known = old.is_some_and(|old| old.is_refused_as(&element));
            left.push(element);
            if known {
                return Ok(());
            }
        }
    }
    intake.take(log, item)
}
