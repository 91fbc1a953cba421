//! Many histories on all cores, and their summary.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::simulation::history::{Extract, History, Trace, history};
use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::verifier::verdict::BrokenPromise;

/// `cargo test` plays the seeds below this number.
pub const CI_SEEDS: u64 = 300;

/// Times that every kind of fault must bite in the histories of `cargo test`.
pub const LEAST_BITES: u64 = 20;

/// The outcome of a seed: its history, or the panic of a task or of the simulation itself.
pub type Outcome = Result<History, String>;

/// Plays the history of one seed, or the part of it that `extract` selects.
///
/// # Errors
/// The text of a panic.
pub fn play(seed: u64, extract: &Extract, trace: Trace) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| history(seed, extract, trace))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("a panic without a text").to_owned()
    })
}

/// Plays the histories of these seeds on all cores. Calls `each` on this thread, in the order in which they end.
pub fn play_all(seeds: &[u64], mut each: impl FnMut(u64, Outcome)) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (sender, ended) = channel();
    std::thread::scope(|scope| {
        for _ in 0..cores.min(seeds.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = play(seed, &Extract::default(), Trace::Off);
                    if sender.send((seed, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (seed, outcome) in ended {
            each(seed, outcome);
        }
    });
}

/// A seed whose history broke a promise, panicked, or was too small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingSeed {
    /// The seed.
    pub seed: u64,
    /// The promise.
    pub promise: String,
    /// The details.
    pub how: String,
}

impl FailingSeed {
    /// The failure of a seed, if it failed.
    #[must_use]
    pub fn of(seed: u64, outcome: &Outcome) -> Option<FailingSeed> {
        let (promise, how) = match outcome {
            Err(panic) => ("nothing panics".to_owned(), panic.clone()),
            Ok(history) => match history.verdict.all().first() {
                Some(BrokenPromise { promise, how, .. }) => ((*promise).to_owned(), how.clone()),
                None => ("a history is not a toy".to_owned(), history.size.falls_short()?),
            },
        };
        Some(FailingSeed { seed, promise, how })
    }
}

/// The summary of many histories.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    /// Number of histories.
    pub histories: u64,
    /// The number of times that each kind of fault bit.
    pub bites: Bites,
    /// Events in all logs.
    pub events: u64,
    /// Revisions in all logs.
    pub revisions: u64,
    /// Cuts in all logs.
    pub cuts: u64,
    /// Skipped cuts.
    pub skipped: u64,
    /// Partitions whose log publish folded itself.
    pub refolded: u64,
    /// Failed seeds, in order.
    pub failing: Vec<FailingSeed>,
}

impl Campaign {
    /// Adds the outcome of one seed.
    pub fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.histories += 1;
        if let Ok(history) = outcome {
            self.bites.add(&history.bites);
            self.events += history.size.events;
            self.revisions += history.size.revisions;
            self.cuts += history.size.cuts;
            self.skipped += history.size.skipped;
            self.refolded += history.size.refolded;
        }
        self.failing.extend(FailingSeed::of(seed, outcome));
        self.failing.sort_by_key(|failing| failing.seed);
    }

    /// Kinds of faults that bit less often than `least` times.
    #[must_use]
    pub fn rare(&self, least: u64) -> Vec<(Kind, u64)> {
        Kind::ALL.into_iter().map(|kind| (kind, self.bites.of(kind))).filter(|(_, times)| *times < least).collect()
    }
}
