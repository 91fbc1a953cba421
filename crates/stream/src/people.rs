//! Names, logins and contacts of persons in `people`: one record per person, the newest counts. They change no card.

use std::collections::BTreeMap;

use scorecard::record::log_record::Record;
use scorecard::registry::person_details::PersonDetails;

use crate::log::{Log, LogError, Topic};

/// The details of all persons, as far as the topic was read.
#[derive(Clone, Debug, Default)]
pub struct People {
    details: BTreeMap<String, PersonDetails>,
    /// Offset of the next record of the topic.
    position: u64,
}

impl People {
    /// The details that the log holds now.
    ///
    /// # Errors
    /// [`LogError`] when the topic cannot be read.
    pub fn read(log: &mut impl Log) -> Result<People, LogError> {
        let mut people = People { position: log.bounds(Topic::People, 0)?.start, ..People::default() };
        people.follow(log)?;
        Ok(people)
    }

    /// The offset of the next record that [`People::follow`] reads.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The details of a person.
    #[must_use]
    pub fn get(&self, person: &str) -> Option<&PersonDetails> {
        self.details.get(person)
    }

    /// The details of all persons, in order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &PersonDetails> {
        self.details.values()
    }

    /// Appends the details that differ from those of the log, without waiting for the log. Returns their number.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub fn update(&mut self, log: &mut impl Log, details: &[PersonDetails]) -> Result<u64, LogError> {
        let mut written = 0;
        for one in details {
            if self.details.get(&one.person) != Some(one) {
                log.append(Topic::People, 0, &one.person, &Record::PersonDetails(one.clone()))?;
                self.details.insert(one.person.clone(), one.clone());
                written += 1;
            }
        }
        Ok(written)
    }

    /// Erases the details of a person with a tombstone, without waiting for the log. Compaction then removes the earlier records.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub fn erase(&mut self, log: &mut impl Log, person: &str) -> Result<(), LogError> {
        self.details.remove(person);
        log.append(Topic::People, 0, person, &Record::Tombstone)
    }

    /// Reads the topic up to its end.
    ///
    /// # Errors
    /// [`LogError`] when the topic cannot be read.
    pub fn follow(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        let People { details, position } = self;
        log.read_to_end(Topic::People, 0, position, &mut |entry| match entry.record {
            Record::PersonDetails(one) => drop(details.insert(one.person.clone(), one)),
            Record::Tombstone => drop(details.remove(entry.key)),
            _ => {}
        })
    }
}
