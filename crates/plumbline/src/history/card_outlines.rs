//! The compared part of every card of a log.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::Result;
use scorecard::record::log_record::Record;
use stream::log::{CARD_PARTITIONS, Log, Topic};

use crate::history::card_difference::CardOutline;
use crate::process::limits::RECORDS_PER_READ;

/// The newest revision of every card, by key.
#[derive(Debug, Default)]
pub struct CardOutlines {
    /// The cards that this version reads.
    pub cards: BTreeMap<String, CardOutline>,
    /// Number of revisions that this version cannot read.
    pub unreadable: u64,
}

impl CardOutlines {
    /// Reads the cards of a log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(log: &mut impl Log) -> Result<CardOutlines> {
        let mut outlines = CardOutlines::default();
        for partition in 0..CARD_PARTITIONS {
            outlines.read_partition(log, partition)?;
        }
        Ok(outlines)
    }

    fn read_partition(&mut self, log: &mut impl Log, partition: u32) -> Result<()> {
        let end = log.bounds(Topic::Scorecards, partition)?.end;
        let mut from = 0;
        while from < end {
            let next = log.read(Topic::Scorecards, partition, from, RECORDS_PER_READ, &mut |entry| {
                match entry.record {
                    Record::Scorecard(card) => drop(self.cards.insert(entry.key.to_owned(), CardOutline::of(&card))),
                    _ => self.unreadable += 1,
                }
                ControlFlow::Continue(())
            })?;
            if next == from {
                break;
            }
            from = next;
        }
        Ok(())
    }
}
