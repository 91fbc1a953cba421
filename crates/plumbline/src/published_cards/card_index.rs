//! The index of published revisions: the place of each in the log, by clinician, by month and in the order of publication. The cards
//! themselves stay in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::card::public_group::PeerKey;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::record::log_record::{Outcome, Record, Run};
use scorecard::time::calendar::{Month, Timestamp};
use stream::log::{Log, LogError, Topic};

use crate::log::local_log::LocalLog;
use crate::process::limits::RECORDS_PER_READ;
use crate::published_cards::card_key::CardKey;
use crate::published_cards::newest_month::NewestMonth;

/// The place of a revision in the topic of revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevisionPlace {
    revision: u32,
    partition: u32,
    offset: u64,
}

/// One revision in the order of publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardChange {
    /// The card.
    pub key: Arc<CardKey>,
    /// 1, 2, 3...
    pub revision: u32,
    /// The cut that published it.
    pub cut: Timestamp,
    /// The status of the card in this revision.
    pub status: Status,
}

/// One card of a month, as its newest revision.
#[derive(Clone, Copy, Debug)]
pub struct MonthCard<'a> {
    /// The card.
    pub key: &'a Arc<CardKey>,
    /// The status of its newest revision.
    pub status: Status,
    /// The place of its newest revision.
    pub newest: RevisionPlace,
}

/// Counts since the log began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishedCounts {
    /// Runs that published.
    pub published: u64,
    /// Runs that were skipped.
    pub skipped: u64,
    /// Revisions by cause; one with several causes counts for each.
    pub revisions: BTreeMap<String, u64>,
    /// Cards without the withdrawn ones.
    pub cards: u64,
}

/// The index of one log up to the last call of [`CardIndex::follow`].
#[derive(Debug, Default)]
pub struct CardIndex {
    cards: BTreeMap<Arc<CardKey>, Vec<RevisionPlace>>,
    months: BTreeMap<Month, BTreeSet<Arc<CardKey>>>,
    changes: Vec<CardChange>,
    /// Revisions that retention removed before the first of `changes`.
    expired: usize,
    statuses: BTreeMap<Arc<CardKey>, Status>,
    counts: PublishedCounts,
    last_run: Option<Run>,
    runs_read: u64,
    read: BTreeMap<u32, u64>,
    groups_read: u64,
    groups: BTreeMap<PeerKey, u64>,
    newest: NewestMonth,
}

struct IndexEntry {
    cut: Timestamp,
    key: CardKey,
    revision: u32,
    status: Status,
    place: RevisionPlace,
}

impl CardIndex {
    /// An index of a log whose retention has removed this many revisions. Changes keep their numbers.
    #[must_use]
    pub fn behind(expired: usize) -> CardIndex {
        CardIndex { expired, ..CardIndex::default() }
    }

    /// Adds the revisions published since the last call. A run appears as a whole: its cards are shown after its last record.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn follow(&mut self, log: &mut LocalLog) -> Result<(), LogError> {
        self.follow_runs(log)?;
        let Some(last) = self.last_run.as_ref().map(|run| run.at) else { return Ok(()) };
        self.follow_groups(log)?;
        let mut found = Vec::new();
        for partition in log.partitions(Topic::ScorecardRevisions) {
            self.follow_cards(log, partition, last, &mut found)?;
        }
        found.sort_by(|a, b| (a.cut, &a.key, a.revision).cmp(&(b.cut, &b.key, b.revision)));
        for one in found {
            self.keep(one);
        }
        Ok(())
    }

    fn follow_runs(&mut self, log: &mut LocalLog) -> Result<(), LogError> {
        let CardIndex { runs_read, last_run, counts, .. } = self;
        loop {
            let next = log.read(Topic::Runs, 0, *runs_read, RECORDS_PER_READ, &mut |lent| {
                if let Record::Run(run) = lent.record {
                    match run.outcome {
                        Outcome::Published => counts.published += 1,
                        Outcome::Skipped(_) => counts.skipped += 1,
                    }
                    *last_run = Some(run);
                }
                ControlFlow::Continue(())
            })?;
            if next == *runs_read {
                return Ok(());
            }
            *runs_read = next;
        }
    }

    fn follow_cards(
        &mut self,
        log: &mut LocalLog,
        partition: u32,
        last: Timestamp,
        found: &mut Vec<IndexEntry>,
    ) -> Result<(), LogError> {
        let read = self.read.entry(partition).or_default();
        let (counts, newest) = (&mut self.counts, &mut self.newest);
        loop {
            let mut beyond = None;
            let next = log.read(Topic::ScorecardRevisions, partition, *read, RECORDS_PER_READ, &mut |lent| {
                let Record::Scorecard(card) = lent.record else { return ControlFlow::Continue(()) };
                if card.cut > last {
                    beyond = Some(lent.offset);
                    return ControlFlow::Break(());
                }
                for reason in card.reasons.iter() {
                    *counts.revisions.entry(reason.cause.word().to_owned()).or_default() += 1;
                }
                let one = found_in(&card, RevisionPlace { revision: card.revision, partition, offset: lent.offset });
                newest.card(&one.key, &card);
                found.push(one);
                ControlFlow::Continue(())
            })?;
            let done = beyond.is_some() || next == *read;
            *read = beyond.unwrap_or(next);
            if done {
                return Ok(());
            }
        }
    }

    fn follow_groups(&mut self, log: &mut LocalLog) -> Result<(), LogError> {
        let CardIndex { groups_read, groups, newest, .. } = self;
        loop {
            let next = log.read(Topic::PeerGroups, 0, *groups_read, RECORDS_PER_READ, &mut |lent| {
                if let Record::PeerGroup(group) = lent.record {
                    newest.group(&group);
                    groups.insert(group.key, lent.offset);
                }
                ControlFlow::Continue(())
            })?;
            if next == *groups_read {
                return Ok(());
            }
            *groups_read = next;
        }
    }

    fn keep(&mut self, found: IndexEntry) {
        let key = match self.cards.get_key_value(&found.key) {
            Some((key, _)) => key.clone(),
            None => Arc::new(found.key),
        };
        self.cards.entry(key.clone()).or_default().push(found.place);
        self.months.entry(key.month).or_default().insert(key.clone());
        let before = self.statuses.insert(key.clone(), found.status);
        let counts = |status: Status| status != Status::Withdrawn;
        match (before.is_some_and(counts), counts(found.status)) {
            (false, true) => self.counts.cards += 1,
            (true, false) => self.counts.cards -= 1,
            _ => {}
        }
        self.changes.push(CardChange { key, revision: found.revision, cut: found.cut, status: found.status });
    }

    /// Counts since the log began.
    #[must_use]
    pub fn counts(&self) -> &PublishedCounts {
        &self.counts
    }

    /// The newest month over all clinicians.
    #[must_use]
    pub fn newest(&self) -> &NewestMonth {
        &self.newest
    }

    /// The last run.
    #[must_use]
    pub fn last_run(&self) -> Option<&Run> {
        self.last_run.as_ref()
    }

    /// Whether no card is published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// The last month with a card.
    #[must_use]
    pub fn last_month(&self) -> Option<Month> {
        self.months.keys().next_back().copied()
    }

    /// The months with a card, oldest first.
    #[must_use]
    pub fn months(&self) -> Vec<Month> {
        self.months.keys().copied().collect()
    }

    /// The keys of a month's cards, in order.
    pub fn keys_of(&self, month: Month) -> impl Iterator<Item = &CardKey> {
        self.months.get(&month).into_iter().flatten().map(Arc::as_ref)
    }

    /// The places of a clinician's cards: of one month or of all, the given revision or the newest.
    #[must_use]
    pub fn of_clinician(&self, clinician: &str, month: Option<Month>, revision: Option<u32>) -> Vec<RevisionPlace> {
        let from = CardKey { clinician: clinician.to_owned(), month: month.unwrap_or(Month(i32::MIN)), practice: String::new() };
        let cards = self.cards.range::<CardKey, _>(&from..);
        let ours = cards.take_while(|(key, _)| key.clinician == clinician && month.is_none_or(|month| key.month == month));
        ours.filter_map(|(_, places)| at(places, revision)).collect()
    }

    /// The cards of a clinician in order of month and practice.
    #[must_use]
    pub fn cards_of(&self, clinician: &str) -> Vec<&CardKey> {
        let from = CardKey { clinician: clinician.to_owned(), month: Month(i32::MIN), practice: String::new() };
        let cards = self.cards.range::<CardKey, _>(&from..).map(|(key, _)| key.as_ref());
        cards.take_while(|key| key.clinician == clinician).collect()
    }

    /// All clinicians who have a card, in order.
    pub fn clinicians(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        let clinicians = self.cards.keys().map(|key| key.clinician.as_str());
        clinicians.filter(move |clinician| last.replace(*clinician) != Some(*clinician))
    }

    /// The place of a revision of a card; without a revision that of the newest.
    #[must_use]
    pub fn place(&self, key: &CardKey, revision: Option<u32>) -> Option<RevisionPlace> {
        at(self.cards.get(key)?, revision)
    }

    /// The number of revisions of a card, with those that retention removed.
    #[must_use]
    pub fn revisions_of(&self, key: &CardKey) -> usize {
        self.cards.get(key).and_then(|places| places.last()).map_or(0, |last| last.revision as usize)
    }

    /// The newest revisions of a month's cards in order of clinician and practice, from the first one after `after`; those of one
    /// clinician where one is named.
    pub fn month_cards<'a>(
        &'a self,
        month: Month,
        after: Option<&'a CardKey>,
        clinician: Option<&'a str>,
    ) -> impl Iterator<Item = MonthCard<'a>> {
        let first = clinician.map(|clinician| CardKey { clinician: clinician.to_owned(), month, practice: String::new() });
        let from = match (after, first) {
            (Some(after), first) if first.as_ref().is_none_or(|first| first <= after) => Bound::Excluded(after.clone()),
            (_, Some(first)) => Bound::Included(first),
            (_, None) => Bound::Unbounded,
        };
        let keys =
            self.months.get(&month).into_iter().flat_map(move |keys| keys.range::<CardKey, _>((from.clone(), Bound::Unbounded)));
        let ours = keys.take_while(move |key| clinician.is_none_or(|clinician| key.clinician == clinician));
        ours.filter_map(|key| {
            let (newest, status) = (at(self.cards.get(key)?, None)?, *self.statuses.get(key)?);
            Some(MonthCard { key, status, newest })
        })
    }

    /// The offsets of the newest versions of peer groups, in order of measure, window, role and month.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<PeerKey, u64> {
        &self.groups
    }

    /// At most `most` revisions behind the first `after`, in the order of publication, and the number of the first of them, from 1.
    /// Revisions that retention removed are left out.
    #[must_use]
    pub fn changes(&self, after: usize, most: usize) -> (usize, &[CardChange]) {
        let after = after.max(self.expired);
        let rest = self.changes.get(after - self.expired..).unwrap_or_default();
        (after.saturating_add(1), &rest[..most.min(rest.len())])
    }

    /// The number of revisions of all cards, with those that retention removed.
    #[must_use]
    pub fn revisions(&self) -> usize {
        self.expired + self.changes.len()
    }

    /// Memory of the index, bytes, as an estimate: the entries with their texts, without the maps' own spare room.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let text: usize = self.cards.keys().map(|key| key.clinician.len() + key.practice.len() + size_of::<CardKey>()).sum();
        let of_card = 3 * size_of::<Arc<CardKey>>() + size_of::<Vec<RevisionPlace>>() + size_of::<Status>();
        let of_change = size_of::<CardChange>() + size_of::<RevisionPlace>();
        (text + self.cards.len() * of_card + self.changes.len() * of_change) as u64
    }
}

fn at(places: &[RevisionPlace], revision: Option<u32>) -> Option<RevisionPlace> {
    match revision {
        Some(revision) => places.binary_search_by_key(&revision, |place| place.revision).ok().map(|index| places[index]),
        None => places.last().copied(),
    }
}

fn found_in(card: &Scorecard, place: RevisionPlace) -> IndexEntry {
    let subject = &card.content.subject;
    let (clinician, practice) = (subject.clinician.clone(), subject.practice.clone());
    let key = CardKey { clinician, month: card.content.period.month, practice };
    IndexEntry { cut: card.cut, key, revision: card.revision, status: card.content.status, place }
}

/// Reads a shared index. A thread that panicked leaves a sound one: each change is one insertion.
pub fn read_index<T>(index: &RwLock<CardIndex>, read: impl FnOnce(&CardIndex) -> T) -> T {
    read(&index.read().unwrap_or_else(PoisonError::into_inner))
}

/// The card at a place of the log.
///
/// # Errors
/// [`LogError`] when the log cannot be read, or holds no card at this place.
pub fn card_at(log: &mut LocalLog, place: RevisionPlace) -> Result<Box<Scorecard>, LogError> {
    let mut found = None;
    log.read(Topic::ScorecardRevisions, place.partition, place.offset, 1, &mut |lent| {
        if let Record::Scorecard(card) = lent.record {
            found = Some(card);
        }
        ControlFlow::Break(())
    })?;
    found.ok_or_else(|| LogError::Missing {
        what: format!("the card at offset {} of partition {}", place.offset, place.partition),
    })
}
