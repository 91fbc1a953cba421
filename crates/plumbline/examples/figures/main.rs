//! The figures of the embedded log, as README.md shows them. Timings are CPU time of the process that works, for machines are noisy.
//!
//! `figures write DIR EVENTS` makes a log, `figures fold DIR` folds it from the disk in a process of its own, so that its memory is
//! that of the facts, and `figures http EVENTS` sends as many through a `plumbline run` beside this example's own binary.

mod http;
mod process;
mod traffic;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use codec::decoder::{Context, Decoder, DecoderConfig};
use plumbline::clock::Clock;
use plumbline::local_log::{Durability, LocalLog};
use plumbline::measures;
use scorecard::calendar::{Timestamp, Zone};
use scorecard::record::Position;
use scorecard::schedule::{Grid, Schedule};
use stream::deployment::Deployment;
use stream::intake::Intake;
use stream::tally_task::TallyTask;

use crate::process::Process;
use crate::traffic::Traffic;

/// Noon UTC on 1 January 2027: after the last event.
const NOW: Timestamp = Timestamp(1_798_804_800_000);
/// As the service packs them.
const BATCH_EVENTS: usize = 500;
/// Events between two flushes.
const EVENTS_A_FLUSH: u64 = 10_000;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", dir, events] => write(Path::new(dir), events.parse().context("EVENTS is a whole number")?),
        ["fold", dir] => fold(Path::new(dir)),
        ["http", events] => http::measure(events.parse().context("EVENTS is a whole number")?),
        _ => bail!("figures write DIR EVENTS | figures fold DIR | figures http EVENTS"),
    }
}

fn write(dir: &Path, events: u64) -> Result<()> {
    let mut log = LocalLog::open(dir, Clock::standing_at(NOW), Durability::Buffered)?;
    let decoder = Decoder::new(DecoderConfig::default());
    let position = Position { source: "figures".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: NOW, now: NOW };
    let (mut intake, mut traffic, mut text) = (Intake::new(1, BATCH_EVENTS), Traffic::new(1), String::new());
    for number in 0..events {
        traffic.event(&mut text);
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

fn fold(dir: &Path) -> Result<()> {
    let process = Process::own();
    let empty = process.peak_rss()?;
    let begun = process.cpu_seconds()?;
    let deployment = Deployment {
        schedule: Schedule { grid: Grid::DAILY, zone: Zone::london(), first: Grid::DAILY.at_or_after(NOW) },
        partitions: 1,
        measures: Arc::new(measures::built_in()),
        identity_seed: 1,
        engine_version: "figures".to_owned(),
    };
    let log = LocalLog::open(dir, Clock::standing_at(NOW), Durability::Buffered)?;
    let mut task = TallyTask::new(&deployment, 0, log)?;
    let opened = process.cpu_seconds()?;
    while task.step(1_000)? {}
    let seconds = process.cpu_seconds()? - opened;
    let (outcomes, facts) = (task.outcomes(), task.facts());
    let folded = outcomes.accepted + outcomes.duplicate + outcomes.stale + outcomes.conflict + outcomes.sealed;
    println!("{folded} events, {facts} facts, {} rows", task.row_count());
    println!("{:.2} million events a second and core, opening the log {:.2} s", folded as f64 / seconds / 1e6, opened - begun);
    println!("{:.1} bytes a fact: (peak RSS - RSS empty) / facts", (process.peak_rss()? - empty) as f64 / facts as f64);
    println!("{:.1} bytes a fact as the facts and their index count themselves", task.fact_bytes() as f64 / facts as f64);
    Ok(())
}
