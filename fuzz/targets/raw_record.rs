//! Any bytes from a practice system, in any format: every element is logged, registered, rejected or skipped exactly once, and the
//! log can be read back and folded.
#![no_main]

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, LazyLock};

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use libfuzzer_sys::fuzz_target;
use scorecard::event::Event;
use scorecard::fold::tally::Tally;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::Feed;
use scorecard::record::log_record::{Position, Record};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use stream::intake::intake_task::Intake;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

/// Noon UTC on 1 November 2026.
const NOW: Timestamp = Timestamp(1_793_534_400_000);

static DECODER: LazyLock<RecordDecoder> = LazyLock::new(|| RecordDecoder::new(DecoderConfig::default()));
static FEED: LazyLock<Arc<Feed>> = LazyLock::new(|| Arc::new(Feed::undeclared("surgery")));
static MEASURES: LazyLock<Arc<MeasureSet>> = LazyLock::new(|| Arc::new(measures()));

/// The measures of the repository, read from their folder, so that this target builds without the binary's crate.
fn measures() -> MeasureSet {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../measures");
    let files = std::fs::read_dir(folder).expect("the repository has measures").map(|file| file.expect("a file").path());
    let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file).expect("a measure file")).collect();
    MeasureSet::parse(texts.iter().map(|text| ("", text.as_str()))).expect("measures of the repository")
}

/// Keeps the bytes of the appended records.
#[derive(Default)]
struct MemoryLog(BTreeMap<Topic, Vec<Vec<u8>>>);

impl Log for MemoryLog {
    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        codec::avro::encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, _: u32, _: &str, record: &Record<'_>) -> Result<(), LogError> {
        let mut bytes = Vec::new();
        codec::avro::encoding::encode(record, &mut bytes).expect("a record of the intake can be written");
        self.0.entry(topic).or_default().push(bytes);
        Ok(())
    }

    fn append_atomically(&mut self, _: &mut Fill<'_>) -> Result<(), LogError> {
        unreachable!("intake has no transactions")
    }

    fn flush(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        unreachable!("intake has no transactions")
    }

    fn bounds(&mut self, topic: Topic, _: u32) -> Result<Range<u64>, LogError> {
        // Intake reads definitions, which nobody else has written here, and the rules of feeds.
        let records = self.0.get(&topic).filter(|_| topic == Topic::Registry).map_or(0, Vec::len);
        Ok(0..records as u64)
    }

    fn read(
        &mut self,
        topic: Topic,
        _: u32,
        from: u64,
        _: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let end = self.bounds(topic, 0)?.end;
        for (offset, bytes) in (0..end).zip(self.0.get(&topic).into_iter().flatten()).filter(|(offset, _)| *offset >= from) {
            let _ = each(LogEntry { offset, appended: NOW, key: "", record: codec::avro::encoding::decode(bytes) });
        }
        Ok(end.max(from))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let position = Position { source: "fuzz".to_owned(), partition: 0, offset: 1, index: None };
    let context = Context { position: &position, feed: Some(FEED.clone()), received_at: NOW, now: NOW };
    let (mut intake, mut log) = (Intake::new(1, 100), MemoryLog::default());
    let mut items = 0;
    let decoded = DECODER.decode(bytes, &context, &mut |item| {
        items += 1;
        intake.take(&mut log, item).expect("this log accepts every record");
    });
    intake.flush(&mut log).expect("this log accepts every record");
    let counts = intake.counts();
    let rejected: u64 = counts.rejected.values().sum();
    let skipped: u64 = counts.skipped.values().sum();
    assert_eq!((decoded.items, counts.received), (items, items));
    assert_eq!(counts.received, counts.logged + counts.registered + rejected + skipped);
    // Only an empty list, Bundle or file has no items.
    assert!(items > 0 || String::from_utf8_lossy(bytes).contains(['[', ']']) || bytes.starts_with(b"Obj"), "the record was lost");
    assert_eq!(log.0.get(&Topic::Rejects).map_or(0, |rejects| rejects.len() as u64), rejected);
    fold(log.0.get(&Topic::Events).map_or(&[], Vec::as_slice), counts.logged);
});

fn fold(batches: &[Vec<u8>], logged: u64) {
    let schedule = Schedule { grid: Grid::DAILY, zone: Zone::london(), first: NOW };
    let mut tally = Tally::new(&MEASURES, &schedule, 1, Month::EARLIEST);
    for bytes in batches {
        let Record::Batch(batch) = codec::avro::encoding::decode(bytes) else { panic!("a batch does not open again") };
        tally.apply(&batch, NOW);
    }
    let outcomes = tally.outcomes();
    let sum = outcomes.accepted + outcomes.duplicate + outcomes.stale + outcomes.conflict + outcomes.sealed;
    assert_eq!(sum, logged, "{outcomes:?}");
}
