//! The record that closes a run: what it rests on, and what it has published.

use std::collections::BTreeMap;

use scorecard::card::fingerprint::run_id;
use scorecard::card::scorecard::Status;
use scorecard::record::log_record::{Outcome, Run, RunMonth, SealedDigest};
use scorecard::time::calendar::{Month, Timestamp};

use crate::publish::cut_planner::CutPlanner;
use crate::publish::run::RunEffects;
use crate::rows::ledger::Ground;

impl CutPlanner<'_> {
    /// The record of a run that says this; `registry_position` is that of the cut's tick in the registry.
    pub(crate) fn record(&self, cut: Timestamp, ground: &Ground, news: &RunEffects, registry_position: u64) -> Run {
        Run {
            at: cut,
            id: run_id(cut),
            outcome: Outcome::Published,
            engine_version: self.deployment.engine_version.clone(),
            measure_set: self.deployment.measures.hash(),
            revisions: news.revisions.len() as u64,
            months: self.run_months(news),
            positions: ground.marks.iter().map(|mark| mark.position).collect(),
            registry_position,
            sealed: self.sealed(cut),
            refolded: ground.refolded.clone(),
        }
    }

    /// Of each month with revisions how many there are, and how many cards stand after them.
    fn run_months(&self, news: &RunEffects) -> Vec<RunMonth> {
        let mut by_month: BTreeMap<Month, RunMonth> = BTreeMap::new();
        for (month, key, revised) in &news.revisions {
            let last = self.published.cards.get(month);
            let standing = || last.map_or(0, |cards| cards.values().filter(|last| stands(last.status)).count() as u64);
            let begun = || RunMonth { month: *month, cards: standing(), revisions: 0 };
            let of_month = by_month.entry(*month).or_insert_with(begun);
            let stood = last.and_then(|cards| cards.get(key)).is_some_and(|last| stands(last.status));
            of_month.cards = of_month.cards + u64::from(stands(revised.status)) - u64::from(stood);
            of_month.revisions += 1;
        }
        by_month.into_values().collect()
    }

    /// Digests of the months that this cut seals: later publishers believe their rows only if they have these.
    fn sealed(&self, cut: Timestamp) -> Vec<SealedDigest> {
        let schedule = &self.deployment.schedule;
        let (from, until) = (self.published.open_from(schedule), schedule.open_from(cut));
        let months: Vec<Month> = self.rows.months_from(from).into_iter().filter(|month| *month < until).collect();
        let of = |partition| {
            months.iter().map(move |&month| {
                let (rows, digest) = self.rows.digest_of(partition, month);
                SealedDigest { partition, month, rows, digest }
            })
        };
        (0..self.deployment.partitions).flat_map(of).collect()
    }
}

fn stands(status: Status) -> bool {
    status != Status::Withdrawn
}
