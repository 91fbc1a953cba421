//! Computes cards: the pure part of publish. A scorer has measures, calendar and registry as of a cut. It computes the peer groups
//! from the sums of all units of a month, and the content of a card from one unit's sums and its groups.

use crate::card::scorecard::{
    CardMeasure, Comparisons, Content, Exposure, Grade, Period, Status, Subject, UnknownCount, VerdictWord,
};
use crate::measure::measure_set::MeasureSet;
use crate::peer_group::peer_member::{PeerMember, compared_role};
use crate::peer_group::peer_table_builder::form;
use crate::registry::directory::{Directory, UNKNOWN_ROLE};
use crate::scoring::benchmark::Benchmarks;
use crate::scoring::giants::giants;
use crate::scoring::judgement::judge;
use crate::scoring::measure_draft::{MeasureDraft, draft};
use crate::scoring::network::ComparisonObstacle;
use crate::scoring::offers;
use crate::scoring::points::{Contribution, by_domain, composite};
use crate::scoring::sentences::{change_sentence, sentence};
use crate::sums::measure_sums::Base;
use crate::time::calendar::{Month, Timestamp};
use crate::time::schedule::Schedule;

pub use crate::card::fingerprint::{content_hash, month_sums, run_id, scorecard_id};
pub use crate::peer_group::peer_table::PeerTable;
pub use crate::peer_group::unit::{UnitKey, UnitMonth, WINDOWS};

/// Attended encounters in 12 months below which composite and highlights are withheld.
pub const LEAST_ENCOUNTERS: i64 = 20;

/// Computes peer groups and cards as of one cut.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// The measures, in the order of the sums.
    pub measures: &'a MeasureSet,
    /// Zone and states of months.
    pub schedule: &'a Schedule,
    /// The registry as of the cut.
    pub directory: &'a Directory,
}

impl Scorer<'_> {
    /// The subject of this unit's card, as of the month's last day.
    #[must_use]
    pub fn subject(&self, key: &UnitKey, month: Month) -> Subject {
        let day = month.last_day();
        let held = self.directory.role_at(&key.person, &key.practice, day);
        let chain = self.directory.chain(&key.practice, day);
        Subject {
            clinician: key.person.clone(),
            role: held.role.to_owned(),
            locum: held.locum,
            practice: key.practice.clone(),
            pcn: chain.pcn.map(str::to_owned),
            locality: chain.locality.map(str::to_owned),
        }
    }

    /// A unit as a member of its peer groups. `None` without a card, or at a practice that is out of scope.
    #[must_use]
    pub fn member(&self, unit: &UnitMonth, month: Month) -> Option<PeerMember> {
        let compared = unit.has_card() && self.directory.in_scope(&unit.key.practice, month.last_day());
        compared.then(|| PeerMember::new(self.measures, unit, &self.subject(&unit.key, month)))
    }

    /// The first peer groups of a month at a cut, from all its units in any order.
    #[must_use]
    pub fn peers(&self, month: Month, as_of: Timestamp, members: Vec<PeerMember>) -> PeerTable {
        self.peers_after(None, month, as_of, members)
    }

    /// The peer groups of a month that follow its last groups, if it has some: a group stays where too few members differ.
    #[must_use]
    pub fn peers_after(&self, last: Option<&PeerTable>, month: Month, as_of: Timestamp, members: Vec<PeerMember>) -> PeerTable {
        form(self.measures, month, as_of, members, last)
    }

    /// The benchmarks of a month from its peer groups and the figures of its quarter. A thread shares one for all cards that it
    /// computes.
    #[must_use]
    pub fn benchmarks<'a>(&'a self, month: Month, peers: &'a PeerTable, quarter: &PeerTable) -> Benchmarks<'a> {
        Benchmarks::new(self.measures, month, peers, quarter)
    }

    /// The content of a unit's card. `status` is never [`Status::Withdrawn`]: see [`Scorer::withdrawn`].
    #[must_use]
    pub fn content(&self, unit: &UnitMonth, status: Status, benchmarks: &Benchmarks<'_>) -> Content {
        let month = benchmarks.month;
        let subject = self.subject(&unit.key, month);
        let in_scope = self.directory.in_scope(&unit.key.practice, month.last_day());
        let networks = if in_scope { benchmarks.networks(&compared_role(&subject)) } else { &[] };
        let network = |index: usize| networks.get(index).and_then(Option::as_ref);
        let mut drafts: Vec<MeasureDraft<'_>> =
            benchmarks.measures().iter().filter_map(|one| draft(one, unit, network(one.index))).collect();
        if !in_scope {
            drafts.iter_mut().for_each(|draft| draft.obstacle = ComparisonObstacle::OutOfScope);
        }
        let comparisons = judge(&mut drafts);
        drafts.iter_mut().for_each(finish);
        let year = &unit.windows[WINDOWS.len() - 1];
        let enough = year.base.encounters >= LEAST_ENCOUNTERS;
        let offered: &[MeasureDraft<'_>] = if enough { &drafts } else { &[] };
        let contributions: Vec<Contribution> = drafts.iter().map(contribution).collect();
        let (one_thing, check) = (offers::one_thing(offered), offers::check(offered));
        let (keep, changed) = (offers::keep(offered), offers::changed(offered));
        let measures: Vec<CardMeasure> = drafts.into_iter().map(|draft| draft.card).collect();
        Content {
            period: self.period(month),
            status,
            exposure: exposure(unit),
            comparisons,
            one_thing,
            check,
            keep,
            changed,
            domains: by_domain(&contributions),
            composite: enough.then(|| composite(&contributions)),
            giants: Some(giants(self.measures, year, &measures)),
            coverage: unit.coverage.clone(),
            unknown: unknown(&year.base),
            measures,
            subject,
        }
    }

    /// The content of a withdrawn card: key and period, and nothing else about the person.
    #[must_use]
    pub fn withdrawn(&self, key: &UnitKey, month: Month) -> Content {
        Content {
            subject: Subject {
                clinician: key.person.clone(),
                role: UNKNOWN_ROLE.to_owned(),
                locum: false,
                practice: key.practice.clone(),
                pcn: None,
                locality: None,
            },
            period: self.period(month),
            status: Status::Withdrawn,
            exposure: Vec::new(),
            measures: Vec::new(),
            comparisons: Comparisons::default(),
            one_thing: None,
            check: Vec::new(),
            keep: Vec::new(),
            changed: Vec::new(),
            domains: Vec::new(),
            composite: None,
            giants: None,
            coverage: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn period(&self, month: Month) -> Period {
        let zone = &self.schedule.zone;
        Period { month, zone: zone.name().to_owned(), start: zone.start_of(month.first_day()), end: self.schedule.end_of(month) }
    }
}

fn exposure(unit: &UnitMonth) -> Vec<Exposure> {
    let of = |(window, sums): (u8, &crate::sums::measure_sums::Sums)| Exposure {
        window,
        encounters: sums.base.encounters,
        minutes: sums.base.minutes,
        items: sums.base.items,
        responses: sums.base.responses,
    };
    WINDOWS.into_iter().zip(&unit.windows).map(of).collect()
}

/// Fills the sentences of a measure, its change and its points.
fn finish(draft: &mut MeasureDraft<'_>) {
    let change = draft.change.as_ref().map(|change| {
        let sentence = change.change.signal.then(|| change_sentence(draft.measure, change)).flatten();
        crate::card::scorecard::Change { sentence, ..change.change.clone() }
    });
    draft.card.change = change;
    if draft.card.verdict.is_some_and(is_finding) {
        // A finding is more than chance. A grade that calls the value mostly chance says the opposite next to it.
        draft.card.grade = draft.card.grade.filter(|grade| matches!(grade, Grade::Moderate | Grade::Good));
    }
    draft.card.points = draft.points.and_then(|points| points.points).map(|(_, shown)| shown);
    draft.card.sentence = sentence(draft);
}

/// Whether a verdict says that a value is more than chance.
fn is_finding(verdict: VerdictWord) -> bool {
    matches!(verdict, VerdictWord::PleaseCheck | VerdictWord::BetterThanMost | VerdictWord::Higher | VerdictWord::Lower)
}

fn contribution(draft: &MeasureDraft<'_>) -> Contribution {
    Contribution {
        domain: draft.card.domain,
        offered: draft.measure.definition.points.filter(|_| !draft.card.trial).map_or(0.0, |points| points.available),
        points: draft.points.and_then(|points| points.points).map(|(awarded, _)| awarded),
        measures: u32::from(draft.card.value.is_some()),
    }
}

/// Unknown values of 12 months.
fn unknown(year: &Base) -> Vec<UnknownCount> {
    let counts = [
        ("codes", year.unmapped_items, year.items),
        ("costs", year.items_without_cost, year.items),
        ("quantities", year.items_without_quantity, year.items),
        ("statuses", year.unknown_status, year.encounters + year.unknown_status),
    ];
    let counted = counts.into_iter().filter(|(_, unknown, _)| *unknown > 0);
    counted.map(|(kind, unknown, of)| UnknownCount { kind: kind.to_owned(), unknown, of }).collect()
}

#[cfg(test)]
mod tests;
