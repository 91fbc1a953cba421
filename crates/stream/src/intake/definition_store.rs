//! The definitions that intake knows: the codes of resources, such as a FHIR Medication, that events of a feed refer to.
//!
//! The topic `definitions` keeps the newest definition of each resource. Intake repeats a definition in each batch that refers to it.
//! A batch and the definitions that it needs then leave the log together, and cards stay a function of `events`.

use std::ops::ControlFlow;

use scorecard::event::CodeDefinition;
use scorecard::fold::fast_map::FastMap;
use scorecard::record::log_record::{FeedDefinition, Record};

use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError, Topic};

/// Definitions by feed and reference, as of an offset of the topic `definitions`.
#[derive(Debug, Default)]
pub(crate) struct DefinitionStore {
    by_feed: FastMap<Box<str>, FastMap<Box<str>, CodeDefinition<'static>>>,
    /// Offset of the next record to read.
    position: u64,
}

impl DefinitionStore {
    /// Reads the definitions that intakes have appended since the last call.
    pub(crate) fn refresh(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        let bounds = log.bounds(Topic::Definitions, 0)?;
        self.position = self.position.max(bounds.start);
        while self.position < bounds.end {
            let from = self.position;
            let mut read = Vec::new();
            self.position = log.read(Topic::Definitions, 0, from, RECORDS_PER_READ, &mut |entry| {
                if let Record::Definition(defined) = entry.record {
                    read.push(FeedDefinition {
                        feed: defined.feed.into_owned().into(),
                        definition: defined.definition.into_owned(),
                    });
                }
                ControlFlow::Continue(())
            })?;
            read.into_iter().for_each(|one| {
                self.learn(&one.feed, one.definition);
            });
            if self.position == from {
                break;
            }
        }
        Ok(())
    }

    /// Stores a definition. Returns whether it is newer than the known one.
    pub(crate) fn learn(&mut self, feed: &str, definition: CodeDefinition<'static>) -> bool {
        let of_feed = match self.by_feed.get_mut(feed) {
            Some(of_feed) => of_feed,
            None => self.by_feed.entry(feed.into()).or_default(),
        };
        let is_newer = of_feed.get(&*definition.reference).is_none_or(|known| known.version < definition.version);
        if is_newer {
            of_feed.insert(definition.reference.as_ref().into(), definition);
        }
        is_newer
    }

    /// The newest definition of a resource.
    pub(crate) fn find(&self, feed: &str, reference: &str) -> Option<&CodeDefinition<'static>> {
        self.by_feed.get(feed)?.get(reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::event::Codes;

    #[test]
    fn the_highest_version_of_a_feeds_resource_is_known_in_any_order() {
        let definition =
            |version, code: &'static str| CodeDefinition { reference: "Medication/1".into(), version, codes: Codes::one(code) };
        let mut store = DefinitionStore::default();
        assert!(store.learn("a", definition(2, "snomed|2")));
        assert!(!store.learn("a", definition(1, "snomed|1")) && !store.learn("a", definition(2, "snomed|3")));
        assert_eq!(store.find("a", "Medication/1"), Some(&definition(2, "snomed|2")));
        assert_eq!(store.find("b", "Medication/1"), None);
        assert!(store.learn("b", definition(1, "snomed|1")));
    }
}
