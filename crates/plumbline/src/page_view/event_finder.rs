//! The events behind a number, found again in the log. One search runs at a time, because each folds the log; the events of the last
//! cards are kept, because a reader opens several measures of one card.

use std::sync::{Arc, Mutex, PoisonError};

use scorecard::card::scorecard::Scorecard;
use scorecard::fold::explanation::{Explanation, LocatedShare, explain};
use stream::deployment::Deployment;
use stream::evidence::evidence;
use stream::log::with_sources;

use crate::log::any_log::AnyLog;

/// Cards whose events are kept.
const CARDS: usize = 4;

/// The events of one revision in a window.
type FoundEvents = (String, Arc<Vec<LocatedShare>>);

/// The search with its memory.
#[derive(Debug, Default)]
pub(crate) struct EventFinder {
    found: Mutex<Vec<FoundEvents>>,
}

impl EventFinder {
    /// The explanation of a measure of this index in its headline window; the text of an error says why there is none. `wanted` returns
    /// whether the client still waits.
    pub(crate) fn explanation(
        &self,
        (log, deployment): (&AnyLog, &Deployment),
        card: &Scorecard,
        measure: usize,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Explanation, String> {
        let window = deployment.measures.measures()[measure].definition.window;
        let key = format!("{}|{window}", card.scorecard_id);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match found.iter().position(|(of, _)| *of == key) {
            Some(place) => found.remove(place).1,
            None => Arc::new(evidence(deployment, &mut log.clone(), card, window, wanted).map_err(|error| with_sources(&error))?),
        };
        found.insert(0, (key, known.clone()));
        found.truncate(CARDS);
        drop(found);
        explain(card, &deployment.measures, measure, window, &known).map_err(|error| error.to_string())
    }
}
