//! The run record: the positions and digests that a run read, and the number of its revisions.

use std::collections::BTreeMap;

use scorecard::card::fingerprint::run_id;
use scorecard::card::scorecard::Status;
use scorecard::record::log_record::{Outcome, Run, RunMonth, SealedDigest};
use scorecard::time::calendar::Month;
use scorecard::time::month_state::MonthState;

use crate::publish::cut_planner::CutPlanner;
use crate::publish::run::RunEffects;
use crate::rows::ledger::CutBasis;

impl CutPlanner<'_> {
    /// The record of a run with these effects. `registry_position` is the offset of the cut's tick in the registry.
    pub(crate) fn run_record(&self, basis: &CutBasis, effects: &RunEffects, registry_position: u64) -> Run {
        Run {
            at: self.cut,
            id: run_id(self.cut),
            outcome: Outcome::Published,
            engine_version: self.deployment.engine_version.clone(),
            measure_set: self.deployment.measures.hash(),
            revisions: effects.revisions.len() as u64,
            months: self.run_months(effects),
            positions: basis.marks.iter().map(|mark| mark.position).collect(),
            registry_position,
            sealed: self.sealed_digests(),
            refolded: basis.refolded.clone(),
        }
    }

    /// The number of revisions of each month, and the number of its cards after the run.
    fn run_months(&self, effects: &RunEffects) -> Vec<RunMonth> {
        let mut by_month: BTreeMap<Month, RunMonth> = BTreeMap::new();
        for (month, key, revised) in &effects.revisions {
            let last = self.published.cards.get(month);
            let cards = || last.map_or(0, |cards| cards.values().filter(|last| is_card(last.status)).count() as u64);
            let of_month = by_month.entry(*month).or_insert_with(|| RunMonth { month: *month, cards: cards(), revisions: 0 });
            let was_card = last.and_then(|cards| cards.get(key)).is_some_and(|last| is_card(last.status));
            of_month.cards = of_month.cards + u64::from(is_card(revised.status)) - u64::from(was_card);
            of_month.revisions += 1;
        }
        by_month.into_values().collect()
    }

    /// The digests of the months that this cut seals. Later publishers verify the rows of these months by them.
    fn sealed_digests(&self) -> Vec<SealedDigest> {
        let from = self.published.open_from(&self.deployment.schedule);
        let mut months = self.rows.months_from(from);
        months.retain(|month| self.steps.of(*month).now == MonthState::Sealed);
        let of = |partition| {
            months.iter().map(move |&month| {
                let (rows, digest) = self.rows.digest_of(partition, month);
                SealedDigest { partition, month, rows, digest }
            })
        };
        (0..self.deployment.partitions).flat_map(of).collect()
    }
}

fn is_card(status: Status) -> bool {
    status != Status::Withdrawn
}
