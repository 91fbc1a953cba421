//! What a seed decides before anything happens: topology, calendar, how bad the log is and which faults are in the air.

use scorecard::time::calendar::{Day, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::simulation::random::Dice;

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// How much of the log's beginning is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    /// Nothing.
    Kept,
    /// What is older than 16 months, as deployments are told to.
    Advised,
    /// Also what is still needed.
    Early,
}

/// How often things go wrong, in thousandths of the occasions. Every history leaves some of them out, so that the rest can bite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub append: u64,
    pub flush: u64,
    pub read: u64,
    pub transaction: u64,
    pub fence: u64,
    pub crash: u64,
    pub stall: u64,
    pub second_owner: u64,
    pub outage: u64,
    pub compaction: u64,
    pub clock: u64,
    pub hurry: u64,
}

/// A change of the measure set, instance by instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rollout {
    /// Before this instant every instance starts with the first set.
    pub from: Timestamp,
    /// From this instant on every instance starts with the second.
    pub until: Timestamp,
}

/// What a seed decides before anything happens.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    pub partitions: u32,
    pub schedule: Schedule,
    /// The last instant of the history.
    pub until: Timestamp,
    pub batch_events: usize,
    pub compaction_lag: i64,
    pub retention: Retention,
    pub rollout: Option<Rollout>,
    pub rates: Rates,
    /// Instants at which anything may happen, in order.
    pub moments: Vec<Timestamp>,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn new(seed: u64) -> Plan {
        let mut dice = Dice::new(seed, 1);
        let grid = Grid {
            period_seconds: 86_400 * dice.weighted(&[(1, 7), (1, 10), (2, 14), (5, 21), (9, 28), (6, 33)]),
            offset_seconds: dice.pick(&[0, 10_800, 10_800]),
        };
        let begin = Day::from_ymd(2025, 1, 6).expect("a date").0 + i32::try_from(dice.below(500)).expect("small");
        let first = grid.at_or_after(Timestamp(i64::from(begin) * DAY));
        let schedule = Schedule { zone: Zone::london(), grid, first };
        let until = Timestamp(first.0 + dice.range(430, 480) * DAY);
        let rollout = dice.happens(300).then(|| {
            let from = first.0 + dice.range(40, 420) * DAY;
            Rollout { from: Timestamp(from), until: Timestamp(from + dice.range(1, 60) * DAY) }
        });
        let mut plan = Plan {
            seed,
            partitions: dice.pick(&[4, 4, 5]),
            until,
            batch_events: dice.pick(&[1, 3, 20]),
            compaction_lag: dice.range(3, 40) * DAY,
            retention: dice.weighted(&[(5, Retention::Kept), (2, Retention::Advised), (3, Retention::Early)]),
            rollout,
            rates: rates(&mut dice),
            moments: Vec::new(),
            schedule,
        };
        if plan.retention == Retention::Advised {
            // Long enough for the log's first records to be older than deployments have to keep them.
            plan.until = Timestamp(plan.until.0 + 60 * DAY);
        }
        plan.moments = plan.draw_moments(&mut dice);
        plan
    }

    /// The first instant at which a fault may happen: behind the second cut.
    pub(crate) fn stormy_from(&self) -> Timestamp {
        Timestamp(self.schedule.first.0 + 35 * DAY)
    }

    /// The last instant at which a fault may happen.
    pub(crate) fn end(&self) -> Timestamp {
        self.moments.iter().copied().fold(self.until, Timestamp::max)
    }

    /// The cut up to which everything has to be published once the faults have stopped.
    pub(crate) fn last_cut(&self) -> Timestamp {
        self.schedule.grid.after(self.end())
    }

    /// Around every cut: shortly before it, at it, shortly after it, and somewhere between it and the next.
    fn draw_moments(&self, dice: &mut Dice) -> Vec<Timestamp> {
        let grid = self.schedule.grid;
        let period = i64::from(grid.period_seconds) * 1000;
        let mut moments = vec![Timestamp(self.schedule.first.0 - period)];
        let mut cut = self.schedule.first;
        while cut <= self.until {
            let near = dice.range(1_000, 7_200_000);
            let chosen = [
                (dice.happens(300), cut.0 - near),
                (dice.happens(500), cut.0),
                (dice.happens(800), cut.0 + dice.range(1, 7_200_000)),
                (dice.happens(700), cut.0 + dice.range(7_200_000, period / 2)),
                (dice.happens(500), cut.0 + dice.range(period / 2, period - 7_200_001)),
            ];
            moments.extend(chosen.into_iter().filter(|(taken, _)| *taken).map(|(_, at)| Timestamp(at)));
            cut = grid.after(cut);
        }
        moments
    }
}

fn rates(dice: &mut Dice) -> Rates {
    let mut rate = |usual: u64| match dice.below(10) {
        0..4 => 0,
        4..8 => usual,
        _ => usual * 2,
    };
    Rates {
        append: rate(10),
        flush: rate(60),
        read: rate(60),
        transaction: rate(120),
        fence: rate(80),
        crash: rate(3),
        stall: rate(4),
        second_owner: rate(60),
        outage: rate(25),
        compaction: rate(400),
        clock: rate(60),
        hurry: rate(200),
    }
}
