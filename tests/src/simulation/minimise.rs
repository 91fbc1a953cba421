//! The minimiser: it removes faults and then stories from a failing history while the same promise breaks.

use crate::simulation::campaign::{FailingSeed, play};
use crate::simulation::history::{Extract, Trace};

/// Histories that it plays at most.
const MOST_TRIES: usize = 600;

/// A failing history from which nothing more can be removed.
#[derive(Clone, Debug)]
pub struct Smallest {
    /// The remaining faults and stories.
    pub extract: Extract,
    /// The broken promise, and how it broke.
    pub failing: FailingSeed,
    /// The trace of the history.
    pub trace: Vec<String>,
}

impl Smallest {
    /// A report for the search of the cause.
    #[must_use]
    pub fn report(&self) -> String {
        let FailingSeed { seed, promise, how } = &self.failing;
        let count = |kept: &Option<Vec<usize>>| kept.as_ref().map_or(0, Vec::len);
        let (faults, stories) = (count(&self.extract.faults), count(&self.extract.stories));
        let trace = self.trace.join("\n    ");
        format!(
            "seed {seed} breaks a promise: {promise}\n  {how}\n  remaining: {faults} faults, {stories} stories\n    {trace}\n  \
             replay it with: just sim seed {seed}"
        )
    }
}

/// Minimises a failing history; `None` when it does not fail. A history that panics has no trace.
#[must_use]
pub fn minimise(seed: u64) -> Option<Smallest> {
    let whole = play(seed, &Extract::default(), Trace::Off);
    let failing = FailingSeed::of(seed, &whole)?;
    let numbers = |count: usize| (1..=count).collect::<Vec<_>>();
    let (faults, stories) =
        whole.as_ref().map_or((Vec::new(), Vec::new()), |h| (numbers(h.size.faults), numbers(h.size.stories)));
    let mut extract = Extract::default();
    let mut tries = MOST_TRIES;
    let fails = |extract: &Extract| {
        FailingSeed::of(seed, &play(seed, extract, Trace::Off)).is_some_and(|other| other.promise == failing.promise)
    };
    if whole.is_ok() {
        let kept = shrink(faults, &mut tries, |faults| fails(&Extract { faults: Some(faults.to_vec()), ..extract.clone() }));
        extract.faults = Some(kept);
        let kept = shrink(stories, &mut tries, |stories| fails(&Extract { stories: Some(stories.to_vec()), ..extract.clone() }));
        extract.stories = Some(kept);
    }
    let last = play(seed, &extract, Trace::On);
    let failing = FailingSeed::of(seed, &last).unwrap_or(failing);
    Some(Smallest { failing, trace: last.map_or(Vec::new(), |history| history.trace), extract })
}

/// A part of `all` for which `fails` is true and from which no single element can be removed, unless `tries` runs out. `fails` is
/// true for `all`.
///
/// Source: delta debugging (Zeller and Hildebrandt 2002), in the variant that only removes.
fn shrink(all: Vec<usize>, tries: &mut usize, fails: impl Fn(&[usize]) -> bool) -> Vec<usize> {
    let mut kept = all;
    let mut chunk = kept.len();
    while chunk > 0 {
        let mut at = 0;
        let mut removed = false;
        while at < kept.len() && *tries > 0 {
            *tries -= 1;
            let rest = [&kept[..at], &kept[(at + chunk).min(kept.len())..]].concat();
            if fails(&rest) {
                (kept, removed) = (rest, true);
            } else {
                at += chunk;
            }
        }
        // A pass over single elements that removed some may have made others removable.
        let again = chunk == 1 && removed && *tries > 0;
        chunk = if again { 1 } else { chunk / 2 };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_enough_and_nothing_in_it_is_superfluous() {
        let needed = [3, 40, 41, 97];
        let kept = shrink((1..=100).collect(), &mut 1_000, |part| needed.iter().all(|one| part.contains(one)));
        assert_eq!(kept, needed);
        assert!(shrink((1..=100).collect(), &mut 1_000, |_| true).is_empty());
        // 7 is needed only while 50 is in the list.
        let fails = |part: &[usize]| part.contains(&9) && (!part.contains(&50) || part.contains(&7));
        assert_eq!(shrink((1..=100).collect(), &mut 1_000, fails), [9]);
    }

    #[test]
    fn tries_are_bounded() {
        let mut tries = 10;
        let kept = shrink((1..=100).collect(), &mut tries, |part| part.len() > 60);
        assert_eq!(tries, 0);
        assert!(kept.len() > 60);
    }
}
