//! The time of each step of the flow, in memory and without the others. `guard` counts the instructions of the same steps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use codec::avro::encoding;
use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::card::scorecard::Status;
use scorecard::event::{Batch, Event};
use scorecard::fold::tally::Tally;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::record::item::Item;
use scorecard::record::log_record::{Position, Record};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::statistics::funnel::{Limits, count_limits, proportion_limits};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use stream::intake::intake_task::Intake;

use crate::measures;
use crate::process;
use crate::sink::Sink;
use crate::traffic::{BATCH_EVENTS, NOW, Traffic};

/// Events of one clinician: as many as in a busy month.
const EVENTS_A_CLINICIAN: u64 = 400;

/// One step.
pub struct Step {
    /// Its name on the command line and in the baseline.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    run: fn(&Input) -> Result<Measurement>,
}

/// The input of a step.
pub enum Input {
    /// This many events of the bench's own traffic.
    Made(u64),
    /// Native events, one a line.
    Lines(String),
}

impl Input {
    /// The lines of a file, all of them valid events.
    pub fn file(path: &Path) -> Result<Input> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(Input::Lines(text))
    }

    fn events(&self) -> u64 {
        match self {
            Input::Made(events) => *events,
            Input::Lines(text) => text.lines().count() as u64,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Input::Made(events) => text(*events).into(),
            Input::Lines(text) => text.into(),
        }
    }
}

/// All steps, in the order of the flow.
pub const STEPS: &[Step] = &[
    Step { name: "intake", unit: "event", run: intake },
    Step { name: "decode_json", unit: "event", run: decode_json },
    Step { name: "encode_batch", unit: "event", run: encode_batch },
    Step { name: "decode_batch", unit: "event", run: decode_batch },
    Step { name: "fold", unit: "event", run: fold },
    Step { name: "cut", unit: "row", run: cut },
    Step { name: "funnel", unit: "pair of limits", run: funnel },
    Step { name: "card", unit: "card", run: card },
];

/// Units of a step, and their CPU time.
struct Measurement {
    units: u64,
    took: Duration,
}

/// Prints one step: units, and CPU nanoseconds per unit.
pub fn print_one(name: &str, input: &Input) -> Result<()> {
    let step = STEPS.iter().find(|step| step.name == name);
    let names = || STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    let step = step.with_context(|| format!("there is no step {name:?}; known: {}", names()))?;
    let Measurement { units, took } = (step.run)(input)?;
    let each = took.as_secs_f64() * 1e9 / units as f64;
    println!("{units} x {name}: {each:.0} ns of CPU per {}", step.unit);
    Ok(())
}

/// Prints all steps.
pub fn print_all(events: u64) -> Result<()> {
    let input = Input::Made(events);
    STEPS.iter().try_for_each(|step| print_one(step.name, &input))
}

/// Runs the measured part. Callgrind counts only inside this function, so it must not be inlined.
#[inline(never)]
fn measured<T>(units: u64, work: impl FnOnce() -> T) -> Result<(Measurement, T)> {
    let begun = process::thread_time()?;
    let done = work();
    Ok((Measurement { units, took: process::thread_time()?.saturating_sub(begun) }, done))
}

fn text(events: u64) -> String {
    let clinicians = u32::try_from(events.div_ceil(EVENTS_A_CLINICIAN)).expect("fewer than 2^40 events");
    let (mut traffic, mut text) = (Traffic::new(1, clinicians), String::new());
    (0..events).for_each(|_| traffic.event(&mut text));
    text
}

fn decode(text: &str, each: &mut dyn FnMut(Item<'_>)) {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let position = Position { source: "bench".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: NOW, now: NOW };
    decoder.decode(text.as_bytes(), &context, each);
}

/// Events by feed, packed like in the service.
fn batches(input: &Input) -> Vec<Batch<'static>> {
    let mut open: BTreeMap<Arc<str>, Vec<Event<'static>>> = BTreeMap::new();
    let mut full = Vec::new();
    let batch = |feed: &str, events| Batch::new(feed.to_owned(), events);
    decode(&input.text(), &mut |item| {
        let Item::Event(feed, event) = item else { return };
        let events = open.entry(feed.name.clone()).or_default();
        events.push(event.into_owned());
        if events.len() == BATCH_EVENTS {
            full.push(batch(&feed.name, std::mem::take(events)));
        }
    });
    full.extend(open.into_iter().map(|(feed, events)| batch(&feed, events)));
    full
}

fn encoded(batches: Vec<Batch<'static>>) -> Result<Vec<Vec<u8>>> {
    let encode = |batch| {
        let mut bytes = Vec::new();
        encoding::encode(&Record::Batch(batch), &mut bytes).map(|()| bytes)
    };
    Ok(batches.into_iter().map(encode).collect::<Result<_, _>>()?)
}

/// Native JSON, one event a line, to the bytes of batches: the work of intake without waiting for a log.
fn intake(input: &Input) -> Result<Measurement> {
    let (text, events) = (input.text(), input.events());
    let (mut sink, mut intake) = (Sink::default(), Intake::new(1, BATCH_EVENTS));
    let (done, taken) = measured(events, || {
        let mut taken = Ok(());
        decode(&text, &mut |item| {
            if taken.is_ok() {
                taken = intake.take(&mut sink, item);
            }
        });
        taken.and_then(|()| intake.flush(&mut sink))
    })?;
    taken?;
    ensure!(intake.counts().logged == events && sink.bytes > events, "{:?}", intake.counts());
    Ok(done)
}

/// Native JSON, one event a line, to events: parsed, checked, pseudonymised.
fn decode_json(input: &Input) -> Result<Measurement> {
    let (text, events) = (input.text(), input.events());
    let mut taken = 0;
    let (done, ()) = measured(events, || {
        decode(&text, &mut |item| taken += u64::from(matches!(black_box(item), Item::Event(..))));
    })?;
    ensure!(taken == events, "{taken} of {events} events were accepted");
    Ok(done)
}

/// Events to the records of `events`.
fn encode_batch(input: &Input) -> Result<Measurement> {
    let records: Vec<Record<'static>> = batches(input).into_iter().map(Record::Batch).collect();
    let (done, bytes) = measured(input.events(), || {
        let mut bytes = Vec::new();
        records.iter().try_for_each(|record| encoding::encode(record, &mut bytes)).map(|()| bytes.len())
    })?;
    ensure!(bytes? > 0, "nothing was written");
    Ok(done)
}

/// The records of `events`, decoded.
fn decode_batch(input: &Input) -> Result<Measurement> {
    let records = encoded(batches(input))?;
    let (done, opened) = measured(input.events(), || {
        let events = |bytes: &Vec<u8>| match black_box(encoding::decode(bytes)) {
            Record::Batch(batch) => batch.events.len() as u64,
            _ => 0,
        };
        records.iter().map(events).sum::<u64>()
    })?;
    ensure!(opened == done.units, "{opened} of {} events were decoded", done.units);
    Ok(done)
}

fn schedule() -> Schedule {
    Schedule { grid: Grid::DAILY, zone: Zone::london(), first: Grid::DAILY.at_or_after(NOW) }
}

fn tally(measures: &Arc<MeasureSet>) -> Tally {
    Tally::new(measures, &schedule(), 1, Month::EARLIEST)
}

/// Events to facts and sums.
fn fold(input: &Input) -> Result<Measurement> {
    let batches = batches(input);
    let mut tally = tally(&Arc::new(measures::of_the_repository()?));
    let (done, ()) = measured(input.events(), || batches.iter().for_each(|batch| tally.apply(batch, NOW)))?;
    ensure!(tally.outcomes().accepted == done.units, "{:?}", tally.outcomes());
    Ok(done)
}

/// The work of a tick on all rows: their digests, their order, their keys.
fn cut(input: &Input) -> Result<Measurement> {
    let mut tally = tally(&Arc::new(measures::of_the_repository()?));
    batches(input).iter().for_each(|batch| tally.apply(batch, NOW));
    let mut rows = 0;
    let (done, state) = measured(tally.row_count(), || {
        tally.cut_with(|key, sums| {
            black_box((key, sums));
            rows += 1;
            Ok::<(), Infallible>(())
        })
    })?;
    let Ok(_) = state;
    ensure!(rows == done.units, "{rows} of {} rows changed", done.units);
    Ok(done)
}

/// Both control limits of a proportion and of a rate, for units of 1 to 1,000 events and targets from 1 % to 99 %.
fn funnel(input: &Input) -> Result<Measurement> {
    let pairs = (input.events() / 10).max(1);
    let (done, sum) = measured(4 * pairs, || {
        let both = |pair: u64| {
            let (target, of) = (1 + pair * 37 % 99, 1 + pair * 101 % 1_000);
            let target = target as f64 / 100.0;
            let limits = |limits| {
                let proportion = proportion_limits(target, i64::try_from(of).expect("a thousand at most"), limits);
                let count = count_limits(target * of as f64, limits);
                proportion.map_or(0.0, |(lower, upper)| upper - lower) + count.1 - count.0
            };
            limits(Limits::P95) + limits(Limits::P998)
        };
        (0..pairs).map(both).sum::<f64>()
    })?;
    ensure!(sum > 0.0, "limits are apart");
    Ok(done)
}

/// The content of a card with known peers: every measure, verdict, change, points and sentence.
fn card(input: &Input) -> Result<Measurement> {
    let measures = Arc::new(measures::of_the_repository()?);
    let mut tally = tally(&measures);
    batches(input).iter().for_each(|batch| tally.apply(batch, NOW));
    let cut = tally.cut();
    let empty = Sums::zero(measures.measures().len());
    let mut units = BTreeMap::new();
    let (mut directory, mut month) = (Directory::default(), Month::EARLIEST);
    for (row, sums) in tally.all_rows(&cut) {
        month = row.month;
        let mut months = vec![empty.clone(); MONTHS];
        months[MONTHS - 1] = sums;
        let key = UnitKey { person: row.clinician.to_string(), practice: row.practice.to_string() };
        let practice = format!(r#"{{"type":"organisation","code":"{}","kind":"practice","setting":"gp"}}"#, key.practice);
        directory.apply(&serde_json::from_str(&practice)?);
        units.insert(key.clone(), UnitMonth::new(key, months));
    }
    let schedule = schedule();
    let scorer = Scorer { measures: &measures, schedule: &schedule, directory: &directory };
    let members = units.values().filter_map(|unit| scorer.member(unit, month)).collect();
    let peers = scorer.peers(month, NOW, members);
    let benchmarks = scorer.benchmarks(month, &peers, &peers.for_quarter(month));
    let (done, values) = measured(units.len() as u64, || {
        let values = |unit| scorer.content(unit, Status::Provisional, &benchmarks).measures.len();
        units.values().map(values).sum::<usize>()
    })?;
    ensure!(values > 0, "cards show measures");
    Ok(done)
}
