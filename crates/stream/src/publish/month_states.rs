//! The states of the open months at a cut. Publish computes them once a cut and passes them to every step of the run.

use std::collections::BTreeMap;

use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;
use scorecard::time::schedule::Schedule;

/// The state of a month at a cut, and its state after the last published one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MonthStep {
    pub before: MonthState,
    pub now: MonthState,
}

impl MonthStep {
    /// Whether the month is provisional, or final, for the first time. Every card of the month is computed then.
    pub(crate) fn is_new(self) -> bool {
        self.before < self.now.min(MonthState::Final)
    }

    /// Whether the month becomes final at this cut.
    pub(crate) fn becomes_final(self) -> bool {
        self.before < MonthState::Final && self.now >= MonthState::Final
    }

    /// Whether an earlier published cut made the month final.
    pub(crate) fn was_final(self) -> bool {
        self.before >= MonthState::Final
    }
}

/// The steps of all open months at one cut, and of the month after each: a quarter may begin with a month that has no rows yet.
#[derive(Debug)]
pub(crate) struct MonthSteps {
    steps: BTreeMap<Month, MonthStep>,
}

impl MonthSteps {
    /// The steps of these open months from the last published cut to this one.
    pub(crate) fn new(
        open: impl IntoIterator<Item = Month>,
        schedule: &Schedule,
        last: Option<Timestamp>,
        cut: Timestamp,
    ) -> MonthSteps {
        let state = |month, at| schedule.state_of(month, at);
        let step = |month| MonthStep { before: last.map_or(MonthState::Running, |at| state(month, at)), now: state(month, cut) };
        let mut steps = BTreeMap::new();
        for month in open.into_iter().flat_map(|month| [month, month.plus(1)]) {
            steps.entry(month).or_insert_with(|| step(month));
        }
        MonthSteps { steps }
    }

    /// The step of an open month or of the month after one.
    pub(crate) fn of(&self, month: Month) -> MonthStep {
        self.steps[&month]
    }
}
