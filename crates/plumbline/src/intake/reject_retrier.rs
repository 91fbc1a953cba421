//! Retries rejected records after a repair, through the same decoder and intake as the first time.
//!
//! A file of the store changes only after every result of its records is durable in the log. After a crash in between, the next retry
//! repeats the file; a repeated event counts once.

use codec::formats::record_decoder::Context;
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use serde::{Deserialize, Serialize};
use stream::intake::intake_task::Intake;
use stream::log::LogError;

use crate::config::source_rights::SourceRights;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::rejects::reject_store::{RejectStore, RejectStoreError};
use crate::intake::rejects::rejected_record::{RejectFilter, RejectedElement, RejectedRecord};
use crate::intake::source_check::SourceCheck;
use crate::log::any_log::AnyLog;

/// The source of rejects that arrived in a request.
pub const SOURCE: &str = "http";

/// Counts of a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOutcome {
    /// Events appended to the log.
    pub logged: u64,
    /// Entries appended to the registry.
    pub registered: u64,
    /// Elements of a kind that does not count.
    pub skipped: u64,
    /// Elements rejected again. They stay in the store with their new reason.
    pub refused: u64,
    /// Files that do not decrypt with the keys of this deployment. They stay unchanged.
    pub sealed_files: u64,
}

/// Why a retry broke off. Unprocessed records stay in the store.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The store fails.
    #[error(transparent)]
    Store(#[from] RejectStoreError),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Retries the records of a store with the decoder of the current configuration.
#[derive(Debug)]
pub struct RejectRetrier<'r> {
    decoder: &'r IntakeDecoder,
    store: &'r RejectStore,
}

/// Where the items of a retried record go.
struct RetryTarget<'t> {
    intake: &'t mut Intake,
    log: &'t mut AnyLog,
    check: SourceCheck,
    outcome: RetryOutcome,
}

impl<'r> RejectRetrier<'r> {
    /// A retrier of this store.
    #[must_use]
    pub fn new(decoder: &'r IntakeDecoder, store: &'r RejectStore) -> RejectRetrier<'r> {
        RejectRetrier { decoder, store }
    }

    /// Retries the elements that the filter selects, file by file, oldest first.
    ///
    /// # Errors
    /// [`RetryError`] when the store or the log fails.
    pub fn run(
        &self,
        filter: &RejectFilter,
        intake: &mut Intake,
        log: &mut AnyLog,
        now: Timestamp,
    ) -> Result<RetryOutcome, RetryError> {
        let check = SourceCheck::new(self.decoder);
        let mut target = RetryTarget { intake, log, check, outcome: RetryOutcome::default() };
        for file in self.store.files()? {
            let mut records = match self.store.read(&file) {
                Ok(records) => records,
                Err(RejectStoreError::Sealed { .. }) => {
                    target.outcome.sealed_files += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let is_selected = |record: &RejectedRecord| record.elements.iter().any(|element| filter.matches(record, element));
            if !records.iter().any(is_selected) {
                continue;
            }
            for record in records.iter_mut().filter(|record| is_selected(record)) {
                self.retry_record(record, filter, now, &mut target)?;
            }
            target.intake.flush(target.log)?;
            target.check.expire();
            records.retain(|record| !record.elements.is_empty());
            self.store.replace(&file, &records)?;
        }
        Ok(target.outcome)
    }

    /// Retries the selected elements of a record. Elements that are rejected again stay in it.
    fn retry_record(
        &self,
        record: &mut RejectedRecord,
        filter: &RejectFilter,
        now: Timestamp,
        target: &mut RetryTarget<'_>,
    ) -> Result<(), LogError> {
        let feed = record.feed.as_deref().map(|name| self.decoder.feed(name));
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: record.position, index: None };
        let context = Context { position: &position, feed, received_at: record.received(), now };
        let rights = SourceRights::of_words(record.scopes.as_deref());
        let mut items = 0u32;
        self.decoder.records.decode(&record.body, &context, &mut |_| items += 1);
        // Another version may split a record into other elements. Then retry all of them: repeated events are duplicates.
        let is_renumbered = items != record.items;
        let before = std::mem::take(&mut record.elements);
        let mut left: Vec<RejectedElement> = Vec::new();
        let (mut ordinal, mut result) = (0u32, Ok(()));
        self.decoder.records.decode(&record.body, &context, &mut |item| {
            let old = before.iter().find(|element| element.ordinal == ordinal).filter(|_| !is_renumbered);
            match old {
                Some(old) if !filter.matches(record, old) => left.push(old.clone()),
                None if !is_renumbered => {}
                _ if result.is_ok() => {
                    let checked = target.check.checked(target.log, item, &rights, &position, Some(ordinal));
                    result = checked.and_then(|item| target.retry(ordinal, old, item, &mut left));
                }
                _ => {}
            }
            ordinal += 1;
        });
        record.elements = left;
        record.items = items;
        result
    }
}

impl RetryTarget<'_> {
    /// Retries an element. The log of rejects already holds a reject with the same fault.
    fn retry(
        &mut self,
        ordinal: u32,
        old: Option<&RejectedElement>,
        item: Item<'_>,
        left: &mut Vec<RejectedElement>,
    ) -> Result<(), LogError> {
        match &item {
            Item::Event(..) => self.outcome.logged += 1,
            Item::Registry(_) | Item::Definition(..) => self.outcome.registered += 1,
            Item::Skipped(_) => self.outcome.skipped += 1,
            Item::Reject(reject) => {
                self.outcome.refused += 1;
                let element = RejectedElement::new(ordinal, reject);
                let is_known = old.is_some_and(|old| old.has_same_fault(&element));
                left.push(element);
                if is_known {
                    return Ok(());
                }
            }
        }
        self.intake.take(self.log, item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::formats::record_decoder::DecoderConfig;
    use codec::identity::keys::Keys;

    use crate::log::local_log::{Durability, LocalLog};
    use crate::process::clock::Clock;

    const DOCTOR: &str = "{\"resourceType\":\"Practitioner\",\"id\":\"d1\",\"meta\":{\"versionId\":\"1\"},\"identifier\":[{\"system\":\
                          \"https://fhir.nhs.uk/Id/gmc-reference-number\",\"value\":\"7012345\"}]}";

    /// The outcome of a retry of a registry entry that a sender with these scopes sent, and the reasons that are left.
    fn retried(scopes: Option<&[&str]>) -> (RetryOutcome, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(&dir.path().join("refused"), &Keys::fixed(), 1 << 20);
        let text = |text: &str| text.to_owned();
        let element = RejectedElement {
            ordinal: 0,
            feed: Some(text("north")),
            reason: text("malformed_value"),
            field: text("identifier"),
            detail: String::new(),
            excerpt: String::new(),
        };
        let record = RejectedRecord {
            position: 1_000_000,
            received_at: 1_000,
            feed: Some(text("north")),
            items: 1,
            elements: vec![element],
            scopes: scopes.map(|words| words.iter().map(|word| text(word)).collect()),
            counted: Vec::new(),
            body: DOCTOR.into(),
        };
        let now = Timestamp(2_000);
        store.put(&[record], now).unwrap();
        let log = LocalLog::open(&dir.path().join("log"), Clock::standing_at(now), Durability::Buffered).unwrap();
        let decoder = IntakeDecoder::new(DecoderConfig { keys: Keys::fixed(), ..DecoderConfig::default() });
        let mut intake = Intake::new(1, 1);
        let retrier = RejectRetrier::new(&decoder, &store);
        let outcome = retrier.run(&RejectFilter::default(), &mut intake, &mut AnyLog::Local(log), now).unwrap();
        let left =
            store.files().unwrap().into_iter().flat_map(|file| store.read(&file).unwrap()).flat_map(|record| record.elements);
        (outcome, left.map(|element| element.reason).collect())
    }

    #[test]
    fn a_retry_has_the_rights_of_the_first_sender() {
        let (outcome, left) = retried(Some(&["write:north"]));
        assert_eq!((outcome.registered, outcome.refused, left), (0, 1, vec!["registry_not_allowed".to_owned()]));
        let (outcome, left) = retried(Some(&["write:north", "registry"]));
        assert_eq!((outcome.registered, outcome.refused, left.len()), (1, 0, 0));
        assert_eq!(retried(None).0.registered, 1);
    }
}
