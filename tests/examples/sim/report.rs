//! The output of the simulation: progress and results.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use promises::simulation::campaign::{Campaign, LEAST_BITES};
use promises::simulation::log::fault::Kind;

/// The progress line of a campaign: rewritten on a terminal, else repeated every few seconds.
pub struct Progress {
    seeds: u64,
    begun: Instant,
    shown: u64,
}

impl Progress {
    /// The progress of a campaign of `seeds` seeds.
    pub fn new(seeds: u64) -> Progress {
        Progress { seeds, begun: Instant::now(), shown: 0 }
    }

    /// Shows the number of finished and of failed histories.
    pub fn show(&mut self, done: u64, failing: usize) {
        let terminal = std::io::stderr().is_terminal();
        let step = if terminal { 1 } else { self.seeds.div_ceil(20) };
        if done < self.seeds && done < self.shown + step {
            return;
        }
        self.shown = done;
        let seconds = self.begun.elapsed().as_secs();
        let line = format!("{done} of {} seeds, {failing} failing, {seconds} s", self.seeds);
        let (before, after) = if terminal && done < self.seeds { ("\r", "") } else { ("\r", "\n") };
        // Standard error may be closed; progress is not worth an error.
        let _ = write!(std::io::stderr(), "{before}{line}{after}");
    }
}

/// Prints the results of a campaign.
pub fn print(campaign: &Campaign, took: Duration) {
    println!("{:<22} {:>12}", "fault", "times it bit");
    for kind in Kind::ALL {
        println!("{:<22} {:>12}", format!("{kind:?}"), campaign.bites.of(kind));
    }
    let rows = [
        ("histories", campaign.histories),
        ("events", campaign.events),
        ("cuts", campaign.cuts),
        ("cuts skipped", campaign.skipped),
        ("partitions refolded", campaign.refolded),
        ("revisions", campaign.revisions),
    ];
    println!();
    for (name, number) in rows {
        println!("{name:<22} {number:>12}");
    }
    let rare = campaign.rare(LEAST_BITES);
    if !rare.is_empty() {
        println!("\nkinds that bit less often than {LEAST_BITES} times: {rare:?}");
    }
    for failing in &campaign.failing {
        let how: String = failing.how.chars().take(300).collect();
        println!("\nseed {}: {}\n  {how}\n  see more: just sim seed {}", failing.seed, failing.promise, failing.seed);
    }
    println!("\n{} of {} seeds fail, {:.1} s", campaign.failing.len(), campaign.histories, took.as_secs_f64());
}
