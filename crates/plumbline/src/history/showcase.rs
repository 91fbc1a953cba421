//! One card that shows much, for the end of `demo` and `replay`.

use std::collections::BTreeMap;

use anyhow::Result;
use scorecard::card::card_measure::VerdictWord;
use scorecard::card::scorecard::{Content, Scorecard, Status};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Month;
use stream::log::Topic;

use crate::history::outputs::{each, one};
use crate::log::local_log::LocalLog;

/// The value of a card for a reader. The card with the greatest is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CardAppeal {
    /// A card of one practice has peers, one over all practices has none.
    has_practice: bool,
    month: Month,
    /// Windows outside their 95 % limits: there is something to talk about.
    findings: usize,
    /// Windows with a value, points and peers.
    full_windows: usize,
}

/// The card that is shown.
#[derive(Clone, Debug)]
pub struct Showcase {
    /// The card.
    pub card: Scorecard,
    /// The clinician has a card over all practices of the same month, so that a number is explained with the name of a practice.
    pub has_roll_up: bool,
}

/// The card that shows most: of one practice, of the latest month up to `until`, with the most windows outside their limits, then with
/// the most that have points and peers.
/// Among equals the first by key. `None` if every card was withdrawn or none was published.
///
/// # Errors
/// When the log cannot be read.
pub fn showcase(log: &LocalLog, until: Option<Month>) -> Result<Option<Showcase>> {
    let mut log = log.clone();
    // A card is some kilobytes and there may be a million of them: only the newest place of each is kept.
    let mut newest: BTreeMap<String, (Option<CardAppeal>, u32, u64)> = BTreeMap::new();
    for partition in log.partitions(Topic::Scorecards) {
        each(&mut log, Topic::Scorecards, partition, |entry| {
            if let Record::Scorecard(card) = entry.record {
                newest.insert(entry.key.to_owned(), (appeal(&card, until), partition, entry.offset));
            }
            Ok(())
        })?;
    }
    let offers = newest.values().rev().filter_map(|(appeal, partition, offset)| Some(((*appeal)?, *partition, *offset)));
    let Some((_, partition, offset)) = offers.max_by_key(|(appeal, ..)| *appeal) else { return Ok(None) };
    match one(&mut log, Topic::Scorecards, partition, offset)? {
        Record::Scorecard(card) => {
            let roll_up = scorecard::card::scorecard::key(&card.content.subject.clinician, "", card.content.period.month);
            let has_roll_up = newest.contains_key(&roll_up);
            Ok(Some(Showcase { card: *card, has_roll_up }))
        }
        _ => Ok(None),
    }
}

fn appeal(card: &Scorecard, until: Option<Month>) -> Option<CardAppeal> {
    let Content { subject, period, status, measures, .. } = &card.content;
    if *status == Status::Withdrawn || until.is_some_and(|until| period.month > until) {
        return None;
    }
    let found = |verdict: &VerdictWord| !matches!(verdict, VerdictWord::InLine | VerdictWord::NoEvidence);
    let findings = measures.iter().filter(|one| one.verdict.as_ref().is_some_and(found)).count();
    let full = measures.iter().filter(|one| one.value.is_some() && one.points.is_some() && one.comparator.is_some());
    let has_practice = !subject.practice.is_empty();
    Some(CardAppeal { has_practice, month: period.month, findings, full_windows: full.count() })
}
