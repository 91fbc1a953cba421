//! Reads the prescriptions of files without a log.

use std::sync::Arc;

use anyhow::Result;
use codec::formats::record_decoder::{Context, RecordDecoder};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;

use crate::history::lines::{self, RawRecord};
use crate::history::prescription_coverage::PrescriptionCoverage;
use crate::history::sources::SourceFile;
use crate::process::interrupt::Interrupt;

/// Decodes files, and keeps their prescriptions.
pub struct CoverageReader<'r> {
    /// The decoder.
    pub decoder: &'r RecordDecoder,
    /// The feed of a name.
    pub feed: &'r dyn Fn(&str) -> Arc<Feed>,
    /// The current time. Events that occurred later are rejected.
    pub now: Timestamp,
    /// Checked between records.
    pub interrupt: &'r Interrupt,
    /// The prescriptions.
    pub found: PrescriptionCoverage,
    /// Number of rejected elements.
    pub rejected: u64,
}

impl CoverageReader<'_> {
    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be read, or the work is interrupted ([`crate::process::interrupt::CleanStop`]).
    pub fn read(&mut self, source: &SourceFile) -> Result<()> {
        let feed = (self.feed)(&source.feed);
        lines::read(&source.path, &mut |line, raw| {
            self.interrupt.check()?;
            let position = Position { source: source.name.clone(), partition: 0, offset: line, index: None };
            match raw {
                RawRecord::Bytes(bytes) => self.decode(bytes, &position, &feed),
                RawRecord::TooLong(_) | RawRecord::Damaged => self.rejected += 1,
            }
            Ok(())
        })
    }

    fn decode(&mut self, bytes: &[u8], position: &Position, feed: &Arc<Feed>) {
        let context = Context { position, feed: Some(feed.clone()), received_at: self.now, now: self.now };
        let (found, rejected) = (&mut self.found, &mut self.rejected);
        self.decoder.decode(bytes, &context, &mut |item| match item {
            Item::Event(feed, event) => found.event(&feed.name, feed.ids, &event),
            Item::Definition(feed, definition) => found.definition(&feed.name, &definition),
            Item::Reject(_) => *rejected += 1,
            Item::Registry(_) | Item::Skipped(_) => {}
        });
    }
}
