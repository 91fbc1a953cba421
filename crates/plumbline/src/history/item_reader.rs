//! Decodes the raw records of files. Rejects and skipped resources go to intake at once; registry entries and events are kept until
//! their time of arrival.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use codec::formats::record_decoder::{Context, DecodeOutcome, RecordDecoder, RecordFormat, RejectReason};
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::{CodeDefinition, Event, Versioning};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use tracing::warn;

use crate::cli::Arrival;
use crate::config::source_rights::SourceRights;
use crate::history::arrival_queue::ArrivalQueue;
use crate::history::lines::{self, RawRecord};
use crate::history::sources::SourceFile;
use crate::intake::source_check::SourceCheck;
use crate::log::local_log::LocalLog;
use crate::map::map_file::TableMap;
use crate::map::map_run::MapRun;
use crate::process::interrupt::Interrupt;

/// Reads and decodes files.
pub struct ItemReader<'a> {
    /// The decoder.
    pub decoder: &'a RecordDecoder,
    /// Names of files and folders may contain a patient's number. It is replaced by its keyed hash.
    pub pseudonyms: &'a Pseudonyms,
    /// The choice of arrival times; without one native events arrive when recorded, FHIR resources when they occurred.
    pub arrival: Option<Arrival>,
    /// The feed of a name, as declared or with the defaults.
    pub feed: &'a dyn Fn(&str) -> Arc<Feed>,
    /// Whether a file may write the feed of its folder only, and registry entries of that feed.
    pub own_feed_only: bool,
    /// The current time. Events that occurred later are rejected; planned ones arrive now.
    pub now: Timestamp,
    /// Checked between records.
    pub interrupt: &'a Interrupt,
}

/// A folder of tables with its map.
#[derive(Debug)]
pub struct MappedFolder<'t, 'm> {
    /// The feed of its events.
    pub feed: String,
    /// The map.
    pub map: &'t TableMap,
    /// The map with its files and look-ups.
    pub run: &'t mut MapRun<'m>,
}

/// The items of all files.
#[derive(Debug, Default)]
pub struct PendingItems {
    /// Events by arrival.
    pub arrivals: ArrivalQueue,
    /// Registry entries in the order of files and lines.
    pub entries: Vec<Entry>,
    /// Definitions of resources that events refer to. They come before the events, so a file may define what an earlier one uses.
    pub definitions: Vec<(Arc<Feed>, CodeDefinition<'static>)>,
    /// Fields and details that the decoder could not read.
    pub decoder: DecodeOutcome,
    /// Details that were dropped or rounded, and numbers that cannot be of their system, by feed and words.
    warnings: BTreeMap<(Arc<str>, String), u64>,
    /// Events of files without any time. They arrive with the first event of all files.
    untimed: Vec<(Arc<Feed>, Event<'static>)>,
    /// Number of records and events that were read.
    read: i64,
}

impl PendingItems {
    /// The time of arrival that orders versions: the present, and a millisecond for each record and event before it. The last version
    /// of the last file is the newest, whenever its event occurred.
    fn reading_time(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add(self.read))
    }
}

impl ItemReader<'_> {
    /// Reads all files in this order. Rejects and skipped resources go to `intake` at once, because they have no time of arrival.
    ///
    /// # Errors
    /// When a file cannot be read, the log fails, or the run is interrupted ([`crate::process::interrupt::CleanStop`]).
    pub fn read(
        &self,
        sources: &[SourceFile],
        tables: Option<MappedFolder<'_, '_>>,
        mut check: SourceCheck,
        intake: &mut Intake,
        log: &mut LocalLog,
    ) -> Result<PendingItems> {
        let mut waiting = PendingItems::default();
        let mut feeds: BTreeMap<&str, Arc<Feed>> = BTreeMap::new();
        for source in sources {
            let name = self.pseudonyms.protect(source.feed.as_str().into());
            let feed = feeds.entry(&source.feed).or_insert_with(|| (self.feed)(&name)).clone();
            let rights = if self.own_feed_only { SourceRights::bound(&name) } else { SourceRights::all() };
            let (last, head) = (None, Vec::new());
            let check = &mut check;
            let mut file = OneFile { reader: self, source, feed, rights, check, intake, log, waiting: &mut waiting, last, head };
            file.read().with_context(|| format!("reading {}", source.path.display()))?;
        }
        if let Some(tables) = tables {
            self.read_tables(tables, (&mut check, intake, log), &mut waiting)?;
        }
        for ((feed, what), count) in std::mem::take(&mut waiting.warnings) {
            warn!(%feed, count, "{what}");
        }
        let first = waiting.arrivals.earliest().unwrap_or(self.now);
        for (feed, event) in std::mem::take(&mut waiting.untimed) {
            waiting.arrivals.push(first, &feed, event)?;
        }
        Ok(waiting)
    }

    /// Reads the events of a map. A position names table, file and line.
    fn read_tables(
        &self,
        tables: MappedFolder<'_, '_>,
        (check, intake, log): (&mut SourceCheck, &mut Intake, &mut LocalLog),
        waiting: &mut PendingItems,
    ) -> Result<()> {
        let MappedFolder { feed, map, run } = tables;
        let name = self.pseudonyms.protect(feed.as_str().into());
        let feed = (self.feed)(&name);
        let rights = if self.own_feed_only { SourceRights::bound(&name) } else { SourceRights::all() };
        for table in run.sources.clone().into_iter().filter(|table| !table.kind(map).is_registry()) {
            let (name, path) = (table.name(map), table.path().to_owned());
            let source = SourceFile { name, feed: feed.name.to_string(), path };
            let (last, head) = (None, Vec::new());
            let mut file = OneFile {
                reader: self,
                source: &source,
                feed: feed.clone(),
                rights: rights.clone(),
                check: &mut *check,
                intake: &mut *intake,
                log: &mut *log,
                waiting: &mut *waiting,
                last,
                head,
            };
            run.read::<anyhow::Error>(&table, &mut |record| file.record(record.line, RawRecord::Bytes(record.json)))?;
            file.waiting.untimed.append(&mut file.head);
        }
        Ok(())
    }

    /// `None` if the event has no time.
    fn arrival_of(&self, event: &Event<'_>, kind: RecordFormat) -> Option<Timestamp> {
        let order = match (self.arrival, kind == RecordFormat::Fhir) {
            (Some(Arrival::Recorded), _) | (None, false) => [event.recorded_at, event.occurred_at],
            (Some(Arrival::Occurred), _) | (None, true) => [event.occurred_at, event.recorded_at],
        };
        order.into_iter().flatten().next().map(|at| at.min(self.now))
    }
}

struct OneFile<'a, 'r> {
    reader: &'a ItemReader<'r>,
    source: &'a SourceFile,
    feed: Arc<Feed>,
    rights: SourceRights,
    check: &'a mut SourceCheck,
    intake: &'a mut Intake,
    log: &'a mut LocalLog,
    waiting: &'a mut PendingItems,
    /// Arrival of the event before. An event without a time arrives with it.
    last: Option<Timestamp>,
    /// Events before the first one with a time.
    head: Vec<(Arc<Feed>, Event<'static>)>,
}

impl OneFile<'_, '_> {
    fn read(&mut self) -> Result<()> {
        let path = self.source.path.clone();
        lines::read(&path, &mut |line, raw| self.record(line, raw))?;
        self.waiting.untimed.append(&mut self.head);
        Ok(())
    }

    fn record(&mut self, line: u64, raw: RawRecord<'_>) -> Result<()> {
        self.reader.interrupt.check()?;
        let source = self.reader.pseudonyms.protect(self.source.name.as_str().into()).into_owned();
        let position = Position { source, partition: 0, offset: line, index: None };
        match raw {
            RawRecord::Bytes(bytes) => self.decode(bytes, &position),
            RawRecord::TooLong(limit) => {
                let detail = format!("the record is longer than {} MiB; write one record a line", limit >> 20);
                self.reject(position, RejectReason::TooLong, detail)
            }
            RawRecord::Damaged => {
                let detail = "the gzip data are damaged here; compress the file again".to_owned();
                self.reject(position, RejectReason::WrongFormat, detail)
            }
        }
    }

    fn decode(&mut self, bytes: &[u8], position: &Position) -> Result<()> {
        let now = self.reader.now;
        let kind = RecordFormat::of(bytes);
        self.waiting.read += 1;
        let received_at = self.waiting.reading_time(now);
        let context = Context { position, feed: Some(self.feed.clone()), received_at, now };
        let (mut result, mut index) = (Ok(()), 0);
        let decoder = self.reader.decoder;
        let decoded = decoder.decode(bytes, &context, &mut |item| {
            if result.is_ok() {
                let checked = self.check.checked(self.log, item, &self.rights, position, Some(index));
                result = checked.map_err(Into::into).and_then(|item| self.item(item, kind));
            }
            index += 1;
        });
        self.warn(&decoded);
        self.waiting.decoder.add(decoded);
        result
    }

    /// Counts the warnings of a record, to log each kind once for the feed of the file.
    fn warn(&mut self, decoded: &DecodeOutcome) {
        let kinds = [
            (&decoded.dropped_details, "is faulty in places and absent there"),
            (&decoded.rounded_details, "is rounded to thousandths in places"),
            (&decoded.impossible_numbers, "numbers have not the form of their system; they count as they were sent"),
        ];
        for (counts, what) in kinds {
            for (field, count) in counts {
                *self.waiting.warnings.entry((self.feed.name.clone(), format!("{field} {what}"))).or_default() += count;
            }
        }
    }

    fn item(&mut self, item: Item<'_>, kind: RecordFormat) -> Result<()> {
        match item {
            Item::Event(feed, event) => self.event(feed, event, kind),
            Item::Registry(entry) => {
                self.waiting.entries.push(entry);
                Ok(())
            }
            Item::Definition(feed, definition) => {
                self.waiting.definitions.push((feed, definition.into_owned()));
                Ok(())
            }
            Item::Skipped(_) | Item::Reject(_) => Ok(self.intake.take(self.log, item)?),
        }
    }

    fn event(&mut self, feed: Arc<Feed>, mut event: Event<'_>, kind: RecordFormat) -> Result<()> {
        self.waiting.read += 1;
        if feed.versioning == Versioning::Arrival {
            event.version = u64::try_from(self.waiting.reading_time(self.reader.now).0).ok();
        }
        let Some(arrival) = self.reader.arrival_of(&event, kind).or(self.last) else {
            self.head.push((feed, event.into_owned()));
            return Ok(());
        };
        for (feed, event) in std::mem::take(&mut self.head) {
            self.waiting.arrivals.push(arrival, &feed, event)?;
        }
        self.last = Some(arrival);
        self.waiting.arrivals.push(arrival, &feed, event)?;
        Ok(())
    }

    fn reject(&mut self, position: Position, reason: RejectReason, detail: String) -> Result<()> {
        let feed = Some(self.feed.name.to_string());
        let reason = reason.as_str().to_owned();
        let reject = Reject { position, feed, reason, field: String::new(), detail, excerpt: String::new() };
        Ok(self.intake.take(self.log, Item::Reject(reject))?)
    }
}
