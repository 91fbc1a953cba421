//! The cards of one month at one cut, and the decision which of them become revisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::card::fingerprint::{content_hash, month_sums, run_id, scorecard_id};
use scorecard::card::scorecard::{Cause, Content, NoReasonError, Quality, Reason, Reasons, SCHEMA, Scorecard, Status};
use scorecard::fold::feed_coverage::{coverage, days_seen, weekdays};
use scorecard::measure::measure_set::SetHash;
use scorecard::peer_group::unit::{UnitKey, UnitMonth};
use scorecard::record::log_record::FeedCoverage;
use scorecard::scoring::benchmark::Benchmarks;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;

use crate::publish::month_states::MonthStep;
use crate::publish::published::LastRevision;
use crate::rows::month_units::MonthUnits;

/// The fields that every card of a run shares.
#[derive(Debug)]
pub(crate) struct RunHeader<'a> {
    pub cut: Timestamp,
    pub engine_version: &'a str,
    pub measure_set: SetHash,
    /// The measure set differs from that of the previous run.
    pub redefined: bool,
    /// The persons whose mapping or roles changed in the registry since the previous cut.
    pub reattributed: &'a BTreeSet<String>,
    pub feeds: &'a BTreeMap<Arc<str>, FeedCoverage>,
    /// The first open month; the days of earlier months are forgotten.
    pub open_from: Month,
}

/// Months of a card's coverage.
const COVERED: i32 = 12;

/// One month at one cut.
#[derive(Debug)]
pub(crate) struct MonthCut<'a> {
    pub month: Month,
    pub step: MonthStep,
    pub scorer: &'a Scorer<'a>,
    pub units: &'a MonthUnits<'a>,
    /// The benchmarks of its peers.
    pub benchmarks: &'a Benchmarks<'a>,
    pub header: &'a RunHeader<'a>,
}

/// A content with its hash: computing the hash costs more than computing most contents.
struct HashedContent {
    content: Content,
    hash: String,
}

impl HashedContent {
    fn of(content: Content) -> HashedContent {
        HashedContent { hash: content_hash(&content), content }
    }
}

impl MonthCut<'_> {
    /// The new revision of a card; `None` when its content is that of the last revision.
    pub(crate) fn revise(&self, key: &UnitKey, unit: Option<&UnitMonth>, last: Option<&LastRevision>) -> Option<Scorecard> {
        let hashed = match unit {
            Some(unit) => self.content(unit, last)?,
            None => self.withdrawal(key, last?)?,
        };
        Some(self.issue(key, hashed, last))
    }

    /// The content of a card that is not withdrawn; `None` when its hash is that of the last revision.
    fn content(&self, unit: &UnitMonth, last: Option<&LastRevision>) -> Option<HashedContent> {
        let fresh = match last {
            _ if self.step.now < MonthState::Final => Status::Provisional,
            Some(_) if self.step.was_final() => Status::Restated,
            _ => Status::Final,
        };
        let mut content = self.scorer.content(unit, fresh, self.benchmarks);
        // A final card with the same content stays final. Only a changed card is restated.
        if let Some(last) = last
            && last.status == Status::Final
            && fresh == Status::Restated
        {
            content.status = Status::Final;
            if content_hash(&content) == last.content_hash {
                return None;
            }
            content.status = fresh;
        }
        let hashed = HashedContent::of(content);
        last.is_none_or(|last| hashed.hash != last.content_hash).then_some(hashed)
    }

    fn withdrawal(&self, key: &UnitKey, last: &LastRevision) -> Option<HashedContent> {
        (last.status != Status::Withdrawn).then(|| HashedContent::of(self.scorer.withdrawn(key, self.month)))
    }

    fn issue(&self, key: &UnitKey, hashed: HashedContent, last: Option<&LastRevision>) -> Scorecard {
        let sums = &self.units.month_sums(key, self.month);
        let header = self.header;
        let revision = last.map_or(1, |last| last.revision + 1);
        let card_key = scorecard::card::scorecard::key(&key.person, &key.practice, self.month);
        Scorecard {
            schema: SCHEMA,
            scorecard_id: scorecard_id(&card_key, revision),
            revision,
            supersedes: last.map(|last| last.id.clone()),
            reasons: self.reasons(key, sums, &hashed.content, last),
            cut: header.cut,
            run_id: run_id(header.cut),
            engine_version: header.engine_version.to_owned(),
            measure_set: header.measure_set.to_string(),
            content_hash: hashed.hash,
            quality: self.quality(key, sums),
            content: hashed.content,
        }
    }

    fn reasons(&self, key: &UnitKey, sums: &Sums, content: &Content, last: Option<&LastRevision>) -> Reasons {
        let Some(last) = last else {
            let cause = if self.step.was_final() { Cause::Late } else { Cause::First };
            return Reasons::one(cause, sums.base.recorded);
        };
        let mut reasons = Vec::new();
        let both_published = content.status != Status::Withdrawn && last.status != Status::Withdrawn;
        let covered = !both_published || content.coverage == *last.coverage;
        let whole = [
            (self.step.becomes_final(), Cause::Final),
            (self.header.redefined, Cause::DefinitionChange),
            (self.header.reattributed.contains(&key.person), Cause::Attribution),
            (!covered, Cause::Coverage),
        ];
        reasons.extend(whole.into_iter().filter(|(holds, _)| *holds).map(|(_, cause)| Reason { cause, events: 0 }));
        let counted = [
            (Cause::Late, sums.base.recorded - last.recorded),
            (Cause::Amended, sums.base.amended - last.amended),
            (Cause::Retracted, sums.base.retracted - last.retracted),
        ];
        reasons.extend(counted.into_iter().filter(|(_, n)| *n > 0).map(|(cause, events)| Reason { cause, events }));
        // A definition arrived later than the event that refers to it. Or the flags of one practice changed: a roll-up shows those of
        // all its practices together.
        Reasons::try_from(reasons).unwrap_or_else(|NoReasonError| Reasons::one(Cause::Coverage, 0))
    }

    fn quality(&self, key: &UnitKey, sums: &Sums) -> Quality {
        let feeds = self.units.feeds(key, self.month);
        let feeds: Vec<&FeedCoverage> = feeds.iter().filter_map(|feed| self.header.feeds.get(feed)).collect();
        let months = || (1 - COVERED..=0).map(|back| self.month.plus(back));
        Quality {
            feeds: feeds.iter().map(|feed| coverage(feed, self.month, self.header.cut)).collect(),
            days_seen: months().map(|month| days_seen(&feeds, month, self.header.open_from)).collect(),
            days_expected: months().map(weekdays).collect(),
            month_sums: month_sums(sums),
            recorded: sums.base.recorded,
            amended: sums.base.amended,
            retracted: sums.base.retracted,
        }
    }
}
