//! The schedule of faults. Each fault has a number, so that a failing history can be replayed without some of them.

use scorecard::time::calendar::Timestamp;

use crate::simulation::random::Random;

/// Faults that can happen in one moment.
const MOST_A_MOMENT: usize = 40;

/// The faults of one history.
pub struct FaultSchedule {
    random: Random,
    number: usize,
    /// Whether the fault with this number happens.
    keeps: Box<dyn Fn(usize) -> bool>,
    calm: bool,
    /// No fault happens before this instant, so that every history publishes a month in time.
    from: Timestamp,
    now: Timestamp,
    /// Faults that this moment may still have. The limit ends every bad spell.
    left: usize,
    /// The trace, if it is requested.
    trace: Option<Vec<String>>,
}

impl FaultSchedule {
    /// The faults of a seed from an instant on; `keeps` selects which ones happen.
    pub(crate) fn new(
        seed: u64,
        from: Timestamp,
        keeps: Box<dyn Fn(usize) -> bool>,
        trace: Option<Vec<String>>,
    ) -> FaultSchedule {
        FaultSchedule {
            random: Random::new(seed, 5),
            number: 0,
            keeps,
            calm: false,
            from,
            now: Timestamp(0),
            left: MOST_A_MOMENT,
            trace,
        }
    }

    /// Whether a fault of this probability happens, in thousandths.
    pub(crate) fn happens(&mut self, per_mille: u64, what: &str) -> bool {
        self.may(per_mille) && self.strikes(what)
    }

    /// Whether a fault is due.
    pub(crate) fn may(&mut self, per_mille: u64) -> bool {
        !self.calm && self.now >= self.from && self.left > 0 && per_mille > 0 && self.random.happens(per_mille)
    }

    /// A due fault happens unless it is left out.
    pub(crate) fn strikes(&mut self, what: &str) -> bool {
        self.number += 1;
        self.left = self.left.saturating_sub(1);
        let strikes = (self.keeps)(self.number);
        if strikes {
            self.say(&format!("fault {}: {what}", self.number));
        }
        strikes
    }

    /// Ends all faults.
    pub(crate) fn clear(&mut self) {
        self.calm = true;
        self.say("faults stop");
    }

    /// Begins the next moment.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
        self.left = MOST_A_MOMENT;
    }

    /// Whether the trace is requested.
    pub(crate) fn listens(&self) -> bool {
        self.trace.is_some()
    }

    /// Adds a line to the trace.
    pub(crate) fn say(&mut self, what: &str) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{}  {what}", self.now));
        }
    }

    /// Number of due faults, left out or not.
    pub(crate) fn faults(&self) -> usize {
        self.number
    }

    /// The trace.
    pub(crate) fn into_trace(self) -> Vec<String> {
        self.trace.unwrap_or_default()
    }
}
