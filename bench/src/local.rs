//! The embedded log: written like intake writes it, and folded from the disk by the tally of production.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use plumbline::input_files::measure_files::{self, BuiltIn};
use plumbline::log::local_log::{Durability, LocalLog};
use plumbline::process::clock::Clock;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Zone;
use scorecard::time::schedule::{Grid, Schedule};
use stream::deployment::Deployment;
use stream::intake::intake_task::Intake;
use stream::tally::tally_task::TallyTask;

use crate::process::Process;
use crate::traffic::{BATCH_EVENTS, Cost, NOW, Traffic};

/// Clinicians of the log, in a hundred feeds.
pub const CLINICIANS: u32 = 10_000;
/// Events between two flushes.
const EVENTS_A_FLUSH: u64 = 10_000;

/// Writes this many events into a new log, with prescriptions at these costs.
///
/// # Errors
/// When the log cannot be written.
pub fn write(dir: &Path, events: u64, cost: Cost) -> Result<()> {
    let mut traffic = Traffic::new(1, CLINICIANS).at(cost);
    write_lines(dir, events, &mut |text| {
        traffic.event(text);
        Ok(())
    })
}

/// Writes the events of a file, one JSON object a line, into a new log.
///
/// # Errors
/// When the file cannot be read or the log cannot be written.
pub fn write_file(dir: &Path, file: &Path) -> Result<()> {
    let open = || File::open(file).map(BufReader::new).with_context(|| file.display().to_string());
    let mut read = open()?;
    write_lines(dir, open()?.lines().count() as u64, &mut |text| {
        read.read_line(text).with_context(|| file.display().to_string())?;
        Ok(())
    })
}

fn write_lines(dir: &Path, events: u64, line: &mut dyn FnMut(&mut String) -> Result<()>) -> Result<()> {
    let mut log = LocalLog::open(dir, Clock::standing_at(NOW), Durability::Buffered)?;
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let position = Position { source: "bench".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: NOW, now: NOW };
    let (mut intake, mut text) = (Intake::new(1, BATCH_EVENTS), String::new());
    for number in 0..events {
        line(&mut text)?;
        if (number + 1) % EVENTS_A_FLUSH != 0 && number + 1 < events {
            continue;
        }
        let mut result = Ok(());
        decoder.decode(text.as_bytes(), &context, &mut |item| {
            result = std::mem::replace(&mut result, Ok(())).and_then(|()| intake.take(&mut log, item));
        });
        result?;
        text.clear();
    }
    intake.flush(&mut log)?;
    println!("{:?}", intake.counts());
    Ok(())
}

/// Folds the log with the built-in measures and those of a folder, and prints the cost of an event and of a fact. It needs a process of its
/// own, so that its memory is the memory of the facts.
///
/// # Errors
/// When the log or the folder cannot be read.
pub fn fold(dir: &Path, own_measures: Option<&Path>) -> Result<()> {
    let process = Process::own();
    let empty = process.peak_rss()?;
    let begun = process.cpu_seconds()?;
    let deployment = Deployment {
        schedule: Schedule { grid: Grid::DAILY, zone: Zone::london(), first: Grid::DAILY.at_or_after(NOW) },
        partitions: 1,
        measures: Arc::new(measure_files::chosen(own_measures, BuiltIn::Keep, &[])?.set),
        identity_seed: 1,
        engine_version: "bench".to_owned(),
    };
    let log = LocalLog::open(dir, Clock::standing_at(NOW), Durability::Buffered)?;
    let mut task = TallyTask::new(&deployment, 0, log)?;
    let opened = process.cpu_seconds()?;
    while task.step(1_000)? {}
    let seconds = process.cpu_seconds()? - opened;
    let (outcomes, facts) = (task.outcomes(), task.facts());
    let folded = outcomes.accepted + outcomes.duplicate + outcomes.stale + outcomes.conflict + outcomes.sealed;
    println!("{folded} events, {facts} facts, {} rows", task.row_count());
    println!("{:.3} us of CPU an event, opening the log {:.2} s", seconds * 1e6 / folded as f64, opened - begun);
    println!("{:.1} bytes a fact: (peak RSS - RSS empty) / facts", (process.peak_rss()? - empty) as f64 / facts as f64);
    println!("{:.1} bytes a fact by the counters of the facts and their index", task.fact_bytes() as f64 / facts as f64);
    Ok(())
}
