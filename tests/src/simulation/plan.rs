//! The decisions of a seed before a history begins: topology, calendar, and which faults happen how often.

use scorecard::time::calendar::{Day, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::simulation::random::Random;

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// The retention of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    /// Everything is kept.
    Kept,
    /// Records are deleted after 16 months, the recommended limit.
    Advised,
    /// Records are deleted although they are still needed.
    Early,
}

/// Frequencies of faults, in thousandths of the occasions. Every history leaves some kinds out, so that the others can bite.
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

/// The decisions of a seed before a history begins.
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
    /// Instants at which something may happen, in order.
    pub moments: Vec<Timestamp>,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn new(seed: u64) -> Plan {
        let mut random = Random::new(seed, 1);
        let grid = Grid {
            period_seconds: 86_400 * random.weighted(&[(1, 7), (1, 10), (2, 14), (5, 21), (9, 28), (6, 33)]),
            offset_seconds: random.pick(&[0, 10_800, 10_800]),
        };
        let begin = Day::from_ymd(2025, 1, 6).expect("a date").0 + i32::try_from(random.below(500)).expect("small");
        let first = grid.at_or_after(Timestamp(i64::from(begin) * DAY));
        let schedule = Schedule { zone: Zone::london(), grid, first };
        let until = Timestamp(first.0 + random.range(430, 480) * DAY);
        let rollout = random.happens(300).then(|| {
            let from = first.0 + random.range(40, 420) * DAY;
            Rollout { from: Timestamp(from), until: Timestamp(from + random.range(1, 60) * DAY) }
        });
        let mut plan = Plan {
            seed,
            partitions: random.pick(&[4, 4, 5]),
            until,
            batch_events: random.pick(&[1, 3, 20]),
            compaction_lag: random.range(3, 40) * DAY,
            retention: random.weighted(&[(5, Retention::Kept), (2, Retention::Advised), (3, Retention::Early)]),
            rollout,
            rates: rates(&mut random),
            moments: Vec::new(),
            schedule,
        };
        if plan.retention == Retention::Advised {
            // The history is long enough for the log's first records to be older than the recommended retention.
            plan.until = Timestamp(plan.until.0 + 60 * DAY);
        }
        plan.moments = plan.draw_moments(&mut random);
        plan
    }

    /// The first instant of a fault: after the second cut.
    pub(crate) fn stormy_from(&self) -> Timestamp {
        Timestamp(self.schedule.first.0 + 35 * DAY)
    }

    /// The last instant of a fault.
    pub(crate) fn end(&self) -> Timestamp {
        self.moments.iter().copied().fold(self.until, Timestamp::max)
    }

    /// The cut up to which everything must be published after the faults have stopped.
    pub(crate) fn last_cut(&self) -> Timestamp {
        self.schedule.grid.after(self.end())
    }

    /// Moments around every cut: shortly before it, at it, shortly after it, and one between it and the next.
    fn draw_moments(&self, random: &mut Random) -> Vec<Timestamp> {
        let grid = self.schedule.grid;
        let period = i64::from(grid.period_seconds) * 1000;
        let mut moments = vec![Timestamp(self.schedule.first.0 - period)];
        let mut cut = self.schedule.first;
        while cut <= self.until {
            let near = random.range(1_000, 7_200_000);
            let chosen = [
                (random.happens(300), cut.0 - near),
                (random.happens(500), cut.0),
                (random.happens(800), cut.0 + random.range(1, 7_200_000)),
                (random.happens(700), cut.0 + random.range(7_200_000, period / 2)),
                (random.happens(500), cut.0 + random.range(period / 2, period - 7_200_001)),
            ];
            moments.extend(chosen.into_iter().filter(|(chosen, _)| *chosen).map(|(_, at)| Timestamp(at)));
            cut = grid.after(cut);
        }
        moments
    }
}

fn rates(random: &mut Random) -> Rates {
    let mut rate = |usual: u64| match random.below(10) {
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
