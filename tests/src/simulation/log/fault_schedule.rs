//! Which faults happen: each is numbered as it comes, so that a failing history can be played again without some of them.

use scorecard::time::calendar::Timestamp;

use crate::simulation::random::Dice;

/// So many faults can happen in one moment.
const MOST_A_MOMENT: usize = 40;

/// The faults of one history.
pub struct Weather {
    dice: Dice,
    number: usize,
    /// Whether the fault of this number happens.
    keeps: Box<dyn Fn(usize) -> bool>,
    calm: bool,
    /// Before this instant nothing happens: every history has a month that is published in time, or it would be a toy.
    from: Timestamp,
    now: Timestamp,
    /// How many faults this moment may still see: no bad day lasts for ever.
    left: usize,
    /// Everything that happened, when somebody listens.
    trace: Option<Vec<String>>,
}

impl Weather {
    /// The faults of a seed from an instant on, of which `keeps` says which happen.
    pub(crate) fn new(seed: u64, from: Timestamp, keeps: Box<dyn Fn(usize) -> bool>, trace: Option<Vec<String>>) -> Weather {
        Weather { dice: Dice::new(seed, 5), number: 0, keeps, calm: false, from, now: Timestamp(0), left: MOST_A_MOMENT, trace }
    }

    /// Whether a fault of this probability happens, in thousandths.
    pub(crate) fn happens(&mut self, per_mille: u64, what: &str) -> bool {
        self.may(per_mille) && self.strikes(what)
    }

    /// Whether one would happen.
    pub(crate) fn may(&mut self, per_mille: u64) -> bool {
        !self.calm && self.now >= self.from && self.left > 0 && per_mille > 0 && self.dice.happens(per_mille)
    }

    /// A fault that would happen does, unless it is left out.
    pub(crate) fn strikes(&mut self, what: &str) -> bool {
        self.number += 1;
        self.left = self.left.saturating_sub(1);
        let strikes = (self.keeps)(self.number);
        if strikes {
            self.say(&format!("fault {}: {what}", self.number));
        }
        strikes
    }

    /// No fault from now on.
    pub(crate) fn clear(&mut self) {
        self.calm = true;
        self.say("faults stop");
    }

    /// Another moment begins.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
        self.left = MOST_A_MOMENT;
    }

    /// Whether anybody listens.
    pub(crate) fn listens(&self) -> bool {
        self.trace.is_some()
    }

    /// Takes note of what happened.
    pub(crate) fn say(&mut self, what: &str) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{}  {what}", self.now));
        }
    }

    /// How many faults there were, left out or not.
    pub(crate) fn faults(&self) -> usize {
        self.number
    }

    /// Everything that was said.
    pub(crate) fn into_trace(self) -> Vec<String> {
        self.trace.unwrap_or_default()
    }
}
