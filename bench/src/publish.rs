//! The cost of a run: the publish task of production over rows that are generated when they are read, so that their log takes no memory.
//! It publishes the first cards of a month, then the cards that change because one clinician in a hundred changed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use codec::avro::encoding;
use scorecard::card::fingerprint::run_id;
use scorecard::event::Event;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::digest::{mark_check, row_digest};
use scorecard::record::log_record::{ClinicianMonth, FeedCoverage, Mark, Outcome, Record, RowKey, Run};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use stream::deployment::Deployment;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};
use stream::publish::publish_task::PublishTask;

use crate::network::{Draw, month_of, organisations};
use crate::process::{self, Process};

const MONTHS: u32 = 12;
/// Clinicians of a practice. Six practices are a network, 180 a locality.
const PRACTICE: u32 = 100;
/// One clinician in this many changes between the runs.
const CHANGED: u32 = 100;
/// Positions of the three cuts: one before anything is published, the month's first, and the next.
const POSITIONS: [u64; 3] = [100, 200, 300];

/// Prints the cost of publishing the cards of this many clinicians.
pub fn measure(clinicians: u32) -> Result<()> {
    ensure!(clinicians > 0, "0 clinicians have no cards; write a whole number above 0");
    let measures = Arc::new(crate::measures::of_the_repository()?);
    let deployment = deployment(&measures)?;
    let log = GeneratedLog::new(Arc::new(Practice::new(clinicians, &measures)), &deployment)?;
    let written = log.written.clone();
    let (ready, task) = timed(|| PublishTask::new(&deployment, log))?;
    let mut task = task?;
    println!("{clinicians} clinicians x {MONTHS} months x {} measures", measures.measures().len());
    println!("reading rows: {:.2} s of CPU, peak RSS {:.2} GB", ready.cpu.as_secs_f64(), gigabytes()?);
    for stage in [2, 3] {
        written.borrow_mut().begin(stage);
        let (took, run) = timed(|| task.step())?;
        let run = run?.context("every partition has its mark, so there is a run")?;
        ensure!(run.refolded.is_empty() && run.outcome == Outcome::Published, "{run:?}");
        let out = written.borrow();
        print_run(if stage == 2 { "all cards" } else { "one in a hundred changed" }, &run, &took, &out);
    }
    println!("peak RSS {:.2} GB", gigabytes()?);
    Ok(())
}

fn print_run(what: &str, run: &Run, took: &Took, out: &AppendTotals) {
    let (cpu, cards) = (took.cpu.as_secs_f64(), run.revisions as f64);
    println!(
        "{what}: {} cards in {cpu:.2} s of CPU ({:.2} s by the clock), {:.0} cards/s, {:.1} us a card",
        run.revisions,
        took.clock.as_secs_f64(),
        cards / cpu,
        cpu * 1e6 / cards,
    );
    let megabytes = out.card_bytes as f64 / 1e6;
    println!(
        "  {megabytes:.1} MB of cards, each once ({:.0} bytes a card), {:.1} MB/s; {} groups and snapshots, {:.1} MB",
        out.card_bytes as f64 / cards,
        megabytes / cpu,
        out.peers,
        out.peer_bytes as f64 / 1e6,
    );
}

fn gigabytes() -> Result<f64> {
    Ok(Process::own().peak_rss()? as f64 / 1e9)
}

struct Took {
    cpu: Duration,
    clock: Duration,
}

fn timed<T>(work: impl FnOnce() -> T) -> Result<(Took, T)> {
    let (cpu, clock) = (process::thread_time()?, Instant::now());
    let done = work();
    Ok((Took { cpu: process::thread_time()?.saturating_sub(cpu), clock: clock.elapsed() }, done))
}

/// The third, fourth and fifth of March 2026: only February's cards are due at the second of these cuts.
fn cuts() -> Result<[Timestamp; 3]> {
    let march: Month = "2026-03".parse()?;
    let third = Zone::london().start_of(march.first_day()).plus_seconds(2 * 86_400);
    let first = Grid::DAILY.at_or_after(third);
    Ok([first, Grid::DAILY.after(first), Grid::DAILY.after(Grid::DAILY.after(first))])
}

fn deployment(measures: &Arc<MeasureSet>) -> Result<Deployment> {
    let first: Month = "2024-01".parse()?;
    let zone = Zone::london();
    let first = Grid::DAILY.at_or_after(zone.start_of(first.first_day()));
    let schedule = Schedule { zone, grid: Grid::DAILY, first };
    Ok(Deployment { schedule, partitions: 1, measures: measures.clone(), identity_seed: 1, engine_version: "bench".to_owned() })
}

/// The rows of this many clinicians, each computed from its number.
struct Practice {
    clinicians: u32,
    measures: Arc<MeasureSet>,
    names: Vec<Arc<str>>,
    last: Month,
}

impl Practice {
    fn new(clinicians: u32, measures: &Arc<MeasureSet>) -> Practice {
        let names = measures.measures().iter().map(|measure| measure.name().into()).collect();
        Practice { clinicians, measures: measures.clone(), names, last: "2026-02".parse().expect("a month") }
    }

    fn rows(&self) -> u32 {
        self.clinicians * MONTHS
    }

    fn changed(&self) -> u32 {
        self.clinicians.div_ceil(CHANGED)
    }

    /// The newest month of a clinician that changes.
    fn changing(&self, number: u32) -> u32 {
        number * CHANGED * MONTHS
    }

    fn key(&self, row: u32) -> RowKey {
        let (clinician, back) = (row / MONTHS, row % MONTHS);
        let practice = clinician / PRACTICE;
        RowKey {
            feed: feed(practice),
            clinician: format!("gmc|{:07}", 1_000_000 + clinician).into(),
            practice: format!("P{practice:05}").into(),
            month: self.last.plus(-i32::try_from(back).expect("twelve")),
        }
    }

    fn sums(&self, row: u32, version: u64) -> Sums {
        let size = 1 + i64::from(row / MONTHS % 20);
        let mut draw = Draw(u64::from(row) * 1_000 + version);
        let mut sums = Sums::zero(self.names.len());
        let base = &mut sums.base;
        (base.facts, base.encounters, base.minutes, base.items) = (200, 100, 1_000, 100);
        base.recorded = 200 + i64::try_from(version).expect("0 or 1");
        for (sums, measure) in sums.measures.iter_mut().zip(self.measures.measures()) {
            *sums = month_of(measure, &mut draw, size);
        }
        sums
    }

    fn digest(&self, row: u32, version: u64) -> u128 {
        row_digest(self.measures.hash(), &self.key(row), &self.sums(row, version))
    }
}

fn feed(practice: u32) -> Arc<str> {
    format!("https://practice-{practice:05}.example").into()
}

/// The appended records, and the readable part of the log.
struct AppendTotals {
    registry: Vec<Record<'static>>,
    /// Number of readable marks of the three, each after its rows.
    marks: u32,
    card_bytes: u64,
    peers: u64,
    peer_bytes: u64,
}

impl AppendTotals {
    /// Resets the counts, with this many readable marks.
    fn begin(&mut self, marks: u32) {
        self.marks = marks;
        (self.card_bytes, self.peers, self.peer_bytes) = (0, 0, 0);
    }
}

/// A log that generates rows when they are read, and encodes, counts and drops cards.
struct GeneratedLog {
    practice: Arc<Practice>,
    marks: [Mark; 3],
    run: Run,
    written: Rc<RefCell<AppendTotals>>,
    buffer: Vec<u8>,
}

impl GeneratedLog {
    fn new(practice: Arc<Practice>, deployment: &Deployment) -> Result<GeneratedLog> {
        let cuts = cuts()?;
        let first = (0..practice.rows()).fold(0, |sum: u128, row| sum.wrapping_add(practice.digest(row, 0)));
        let moved = (0..practice.changed()).map(|number| practice.changing(number));
        let second =
            moved.fold(first, |sum: u128, row| sum.wrapping_sub(practice.digest(row, 0)).wrapping_add(practice.digest(row, 1)));
        let mark = |at: usize, digest| mark(&practice, deployment, cuts[at], POSITIONS[at], digest);
        let marks = [mark(0, first), mark(1, first), mark(2, second)];
        let run = Run {
            at: cuts[0],
            id: run_id(cuts[0]),
            outcome: Outcome::Published,
            engine_version: deployment.engine_version.clone(),
            measure_set: practice.measures.hash(),
            revisions: 0,
            months: Vec::new(),
            positions: vec![POSITIONS[0]],
            registry_position: 0,
            sealed: Vec::new(),
            refolded: Vec::new(),
        };
        let entries = organisations(practice.clinicians.div_ceil(PRACTICE))?;
        let registry: Vec<Record<'static>> = entries.into_iter().map(Record::Registry).collect();
        let run = Run { registry_position: registry.len() as u64 - 1, ..run };
        let written = AppendTotals { registry, marks: 1, card_bytes: 0, peers: 0, peer_bytes: 0 };
        Ok(GeneratedLog { practice, marks, run, written: Rc::new(RefCell::new(written)), buffer: Vec::new() })
    }

    fn row(&self, row: u32, version: u64, cut: usize) -> Record<'static> {
        let sums = self.practice.sums(row, version);
        Record::ClinicianMonth(ClinicianMonth {
            key: self.practice.key(row),
            partition: 0,
            position: POSITIONS[cut],
            at: self.marks[cut].at,
            measure_set: self.practice.measures.hash(),
            base: sums.base,
            signed: sums.signed().map(|(side, signed)| (u32::try_from(side).expect("sides are few"), signed)).collect(),
            measures: self.practice.names.iter().cloned().zip(sums.measures).collect(),
            cells: Vec::new(),
        })
    }

    /// Rows, two marks, changed rows, the last mark.
    fn clinician_month(&self, offset: u64) -> Record<'static> {
        let rows = u64::from(self.practice.rows());
        let number = |offset: u64| u32::try_from(offset).expect("numbers of rows have 32 bits");
        match offset {
            row if row < rows => self.row(number(row), 0, 0),
            mark if mark < rows + 2 => Record::Mark(self.marks[usize::from(mark > rows)].clone()),
            row if row < rows + 2 + u64::from(self.practice.changed()) => {
                self.row(self.practice.changing(number(row - rows - 2)), 1, 2)
            }
            _ => Record::Mark(self.marks[2].clone()),
        }
    }

    fn end(&self, topic: Topic) -> u64 {
        let written = self.written.borrow();
        match topic {
            Topic::ClinicianMonths => {
                let changed = if written.marks == 3 { u64::from(self.practice.changed()) } else { 0 };
                u64::from(self.practice.rows()) + u64::from(written.marks) + changed
            }
            Topic::Registry => written.registry.len() as u64,
            Topic::Runs => 1,
            _ => 0,
        }
    }

    fn at(&self, topic: Topic, offset: u64) -> Record<'static> {
        match topic {
            Topic::ClinicianMonths => self.clinician_month(offset),
            Topic::Registry => self.written.borrow().registry[usize::try_from(offset).expect("a number of entries")].clone(),
            _ => Record::Run(self.run.clone()),
        }
    }
}

fn mark(practice: &Practice, deployment: &Deployment, at: Timestamp, position: u64, digest: u128) -> Mark {
    let feeds: BTreeSet<Arc<str>> = (0..practice.clinicians.div_ceil(PRACTICE)).map(feed).collect();
    let seen = |feed| FeedCoverage {
        feed,
        last_appended: at,
        newest_day: Some(practice.last.last_day()),
        days: (0..MONTHS).rev().map(|back| (practice.last.plus(-i32::try_from(back).expect("twelve")), 0x0fff_ffff)).collect(),
        kinds: Vec::new(),
    };
    let mut mark = Mark {
        partition: 0,
        at,
        position,
        digest,
        rows: u64::from(practice.rows()),
        measure_set: practice.measures.hash(),
        open_from: deployment.schedule.open_from(Timestamp(at.0 - 1)),
        feeds: feeds.into_iter().map(seen).collect(),
        check: 0,
    };
    mark.check = mark_check(&mark);
    mark
}

impl Log for GeneratedLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let end = self.bounds(topic, partition)?.end.min(from.saturating_add(most as u64));
        for offset in from..end {
            let record = self.at(topic, offset);
            if each(LogEntry { offset, appended: self.marks[2].at, key: "", record }).is_break() {
                return Ok(offset + 1);
            }
        }
        Ok(end.max(from))
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        Ok(0..if partition == 0 { self.end(topic) } else { 0 })
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, _: u32, _: &str, record: &Record<'_>) -> Result<(), LogError> {
        if let (Topic::Registry, Record::Tick(tick)) = (topic, record) {
            self.written.borrow_mut().registry.push(Record::Tick(*tick));
            return Ok(());
        }
        self.buffer.clear();
        encoding::encode(record, &mut self.buffer).map_err(|error| LogError::unencodable(topic, error))?;
        let (bytes, mut written) = (self.buffer.len() as u64, self.written.borrow_mut());
        match topic {
            Topic::Scorecards => written.card_bytes += bytes,
            Topic::PeerGroups | Topic::PeerSnapshots => {
                written.peers += 1;
                written.peer_bytes += bytes;
            }
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        fill(&mut |topic, partition, key, record| self.append(topic, partition, key, record))
    }
}
