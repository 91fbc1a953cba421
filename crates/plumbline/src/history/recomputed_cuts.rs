//! The tasks of a deployment over a log that holds events and ticks already: every cut of the past again, in its order.

use anyhow::{Context, Result};
use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;
use stream::log::Log;
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::{Outcomes, TallyTask};

use crate::history::summary::Summary;
use crate::process::interrupt::Interrupt;
use crate::process::limits::RECORDS_PER_STEP;

/// The tallies' counts and the last cut of a recomputation.
#[derive(Debug)]
pub struct RecomputedCuts {
    /// Outcomes of the events, and facts without a clinician, of each tally.
    pub tallies: Vec<(Outcomes, u64)>,
    /// The last cut.
    pub last_cut: Option<Timestamp>,
}

impl RecomputedCuts {
    /// Folds every partition and publishes every cut. `ended` returns whether the log ends before the next cut, so that an error of publish
    /// is expected. `at` gets the number of folded records.
    ///
    /// The slowest partitions go first: publish keeps in memory the events between the slowest and the fastest partition.
    ///
    /// # Errors
    /// When the log fails, or the work is interrupted ([`crate::process::interrupt::CleanStop`]).
    pub fn compute<L: Log + Clone>(
        deployment: &Deployment,
        log: &L,
        ended: &dyn Fn() -> bool,
        interrupt: &Interrupt,
        at: &dyn Fn(u64),
    ) -> Result<RecomputedCuts> {
        let tally = |partition| TallyTask::new(deployment, partition, log.clone());
        let mut tallies: Vec<_> = (0..deployment.partitions).map(tally).collect::<Result<_, _>>()?;
        let mut publish = PublishTask::new(deployment, log.clone())?;
        let mut under_way: Vec<usize> = (0..tallies.len()).collect();
        while !under_way.is_empty() {
            interrupt.check()?;
            let slowest = under_way.iter().map(|at| tallies[*at].last_tick()).min().flatten();
            let mut done = Vec::new();
            for at in under_way.iter().copied().filter(|at| tallies[*at].last_tick() == slowest).collect::<Vec<_>>() {
                if !tallies[at].step(RECORDS_PER_STEP).with_context(|| format!("folding partition {at}"))? {
                    done.push(at);
                }
            }
            under_way.retain(|at| !done.contains(at));
            publish_what_is_ready(&mut publish, ended, interrupt)?;
            at(tallies.iter().map(TallyTask::position).sum());
        }
        Ok(RecomputedCuts {
            tallies: tallies.iter().map(|tally| (tally.outcomes(), tally.unattributed())).collect(),
            last_cut: publish.last_cut(),
        })
    }

    /// The summary of these counts.
    #[must_use]
    pub fn summary(&self, deployment: &Deployment) -> Summary {
        let mut summary = Summary {
            engine_version: deployment.engine_version.clone(),
            measure_set: deployment.measures.hash().to_string(),
            zone: deployment.schedule.zone.name().to_owned(),
            ..Summary::default()
        };
        self.tallies.iter().for_each(|(outcomes, unattributed)| summary.add_outcomes(*outcomes, *unattributed));
        summary.logged = summary.accepted + summary.duplicate + summary.stale + summary.conflict + summary.sealed;
        summary
    }
}

fn publish_what_is_ready<L: Log>(publish: &mut PublishTask<L>, ended: &dyn Fn() -> bool, interrupt: &Interrupt) -> Result<()> {
    loop {
        match publish.step() {
            Ok(Some(_)) => interrupt.check()?,
            Ok(None) => return Ok(()),
            Err(_) if ended() => return Ok(()),
            Err(error) => return Err(error).context("publishing"),
        }
    }
}
