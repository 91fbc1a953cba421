//! What a run leaves in its folder, read back from the log: one NDJSON file a topic.
//!
//! Everything is in an order that neither partitions nor batches decide, and nothing that tells of them is shown.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::ops::ControlFlow;

use anyhow::{Context, Result, anyhow};
use codec::json::record_lines;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{Record, RowKey};
use scorecard::sums::measure_sums::Base;
use scorecard::time::calendar::{Month, Timestamp};
use stream::log::{Log, LogEntry, Topic};
use tracing::info;

use crate::history::line_view::without;
use crate::history::output_folder::OutputFolder;
use crate::history::pipeline::Pipeline;
use crate::history::summary::Summary;
use crate::log::local_log::LocalLog;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{CARDS_PER_READ, RECORDS_PER_READ};

/// Writes everything that a run leaves in its folder. The summary comes last: it says that everything else is complete.
/// `unknown_fields` is the decoder's count.
///
/// # Errors
/// When the log cannot be read or the folder not be written; and [`crate::process::interrupt::CleanStop`].
pub fn write(pipeline: &Pipeline, folder: &OutputFolder, unknown_fields: u64, interrupt: &Interrupt) -> Result<Summary> {
    let deployment = pipeline.deployment();
    let mut summary = Summary {
        engine_version: deployment.engine_version.clone(),
        measure_set: deployment.measures.hash().to_string(),
        zone: deployment.schedule.zone.name().to_owned(),
        unknown_fields,
        ..Summary::default()
    };
    summary.add_intake(pipeline.intake_counts());
    summary.add_outcomes(pipeline.outcomes(), pipeline.unattributed());
    let written = OutputOptions { measures: &deployment.measures, folder, interrupt };
    written.all(&mut pipeline.log(), &mut pipeline.log(), summary)
}

/// How the files of a folder are written.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions<'a> {
    /// What units of sums are taken from.
    pub measures: &'a MeasureSet,
    /// Where to.
    pub folder: &'a OutputFolder,
    /// Whether somebody wants it to end.
    pub interrupt: &'a Interrupt,
}

impl OutputOptions<'_> {
    /// Everything that `log` holds, with the rejects of `intake`, and `summary` with what is counted of them.
    ///
    /// # Errors
    /// As [`write`].
    pub fn all(&self, log: &mut LocalLog, intake: &mut impl Log, mut summary: Summary) -> Result<Summary> {
        let OutputOptions { measures, folder, interrupt } = *self;
        to_file(folder, "scorecards.ndjson", |out| scorecards(log, out, &mut summary, interrupt))?;
        to_file(folder, "clinician-months.ndjson", |out| rows(log, measures, out, &mut summary))?;
        to_file(folder, "peer-groups.ndjson", |out| peer_groups(log, out))?;
        to_file(folder, "rejects.ndjson", |out| rejects(intake, out))?;
        to_file(folder, "runs.ndjson", |out| runs(log, out, &mut summary))?;
        to_file(folder, "summary.json", |out| {
            serde_json::to_writer_pretty(&mut *out, &summary)?;
            Ok(out.write_all(b"\n")?)
        })?;
        info!(cuts = summary.cuts, cards = summary.cards, revisions = summary.revisions, "published");
        Ok(summary)
    }
}

/// The last month with a row that is not zero.
///
/// # Errors
/// When the log cannot be read.
pub fn last_month(log: &LocalLog) -> Result<Option<Month>> {
    let mut last = None;
    each(&mut log.clone(), Topic::ClinicianMonths, 0, |lent| {
        if let Record::ClinicianMonth(row) = lent.record {
            last = last.max(Some(row.key.month));
        }
        Ok(())
    })?;
    Ok(last)
}

/// The newest revision of every card, in order of the cards' keys.
///
/// # Errors
/// When the log cannot be read.
pub fn newest_cards(log: &LocalLog) -> Result<Vec<Scorecard>> {
    let mut log = log.clone();
    let mut newest = BTreeMap::new();
    for partition in log.partitions(Topic::Scorecards) {
        each(&mut log, Topic::Scorecards, partition, |lent| {
            if let Record::Scorecard(card) = lent.record {
                newest.insert(lent.key.to_owned(), *card);
            }
            Ok(())
        })?;
    }
    Ok(newest.into_values().collect())
}

fn to_file(folder: &OutputFolder, name: &str, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = folder.create(name)?;
    fill(&mut out).and_then(|()| Ok(out.flush()?)).with_context(|| format!("writing {}", folder.path().join(name).display()))
}

/// Every revision in order of publication: the partitions of the topic are merged again.
fn scorecards(log: &mut LocalLog, out: &mut dyn Write, summary: &mut Summary, interrupt: &Interrupt) -> Result<()> {
    let mut cursors: Vec<Cursor> = log.partitions(Topic::ScorecardRevisions).into_iter().map(Cursor::new).collect();
    let mut standing: BTreeMap<String, Status> = BTreeMap::new();
    loop {
        interrupt.check()?;
        for cursor in &mut cursors {
            cursor.fill(log)?;
        }
        let next = cursors.iter_mut().filter(|cursor| !cursor.cards.is_empty()).min_by_key(|cursor| cursor.place());
        let Some(card) = next.and_then(|cursor| cursor.cards.pop_front()) else { break };
        line(out, &record_lines::scorecard(&card))?;
        summary.add_revision(&card);
        standing.insert(card.key(), card.content.status);
    }
    summary.withdrawn = standing.values().filter(|status| **status == Status::Withdrawn).count() as u64;
    summary.cards = standing.len() as u64 - summary.withdrawn;
    Ok(())
}

/// Reads one partition of revisions; within a partition they stand by cut, month, clinician and practice.
struct Cursor {
    partition: u32,
    next: u64,
    cards: VecDeque<Box<Scorecard>>,
}

impl Cursor {
    fn new(partition: u32) -> Cursor {
        Cursor { partition, next: 0, cards: VecDeque::new() }
    }

    fn fill(&mut self, log: &mut LocalLog) -> Result<()> {
        if !self.cards.is_empty() {
            return Ok(());
        }
        let cards = &mut self.cards;
        self.next = log.read(Topic::ScorecardRevisions, self.partition, self.next, CARDS_PER_READ, &mut |lent| {
            if let Record::Scorecard(card) = lent.record {
                cards.push_back(card);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn place(&self) -> (Timestamp, Month, String, String) {
        let first = self.cards.front().expect("only cursors with cards are asked");
        let subject = &first.content.subject;
        (first.cut, first.content.period.month, subject.clinician.clone(), subject.practice.clone())
    }
}

/// The last value of every row that is not zero, in order of the rows' keys.
fn rows(log: &mut LocalLog, measures: &MeasureSet, out: &mut dyn Write, summary: &mut Summary) -> Result<()> {
    // Keys and offsets fit into memory where the rows themselves might not.
    let mut newest: BTreeMap<RowKey, (u64, u64)> = BTreeMap::new();
    each(log, Topic::ClinicianMonths, 0, |lent| {
        if let Record::ClinicianMonth(row) = lent.record {
            let value = newest.entry(row.key).or_insert((row.position, lent.offset));
            *value = (*value).max((row.position, lent.offset));
        }
        Ok(())
    })?;
    for (_, offset) in newest.into_values() {
        let Record::ClinicianMonth(row) = one(log, Topic::ClinicianMonths, offset)? else { continue };
        if row.measures.is_empty() && row.base == Base::default() {
            continue;
        }
        summary.rows += 1;
        line(out, &without(&record_lines::clinician_month(&row, measures), &["partition", "position"]))?;
    }
    Ok(())
}

/// The newest value of every peer group, in order of the keys.
fn peer_groups(log: &mut LocalLog, out: &mut dyn Write) -> Result<()> {
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    each(log, Topic::PeerGroups, 0, |lent| {
        newest.insert(lent.key.to_owned(), lent.offset);
        Ok(())
    })?;
    for offset in newest.into_values() {
        if let Record::PeerGroup(group) = one(log, Topic::PeerGroups, offset)? {
            line(out, &record_lines::peer_group(&group))?;
        }
    }
    Ok(())
}

fn rejects(log: &mut impl Log, out: &mut dyn Write) -> Result<()> {
    each(log, Topic::Rejects, 0, |lent| match lent.record {
        Record::Reject(reject) => Ok(line(out, &record_lines::reject(&reject))?),
        _ => Ok(()),
    })
}

fn runs(log: &mut LocalLog, out: &mut dyn Write, summary: &mut Summary) -> Result<()> {
    each(log, Topic::Runs, 0, |lent| {
        if let Record::Run(run) = lent.record {
            summary.add_cut(run.at);
            line(out, &without(&record_lines::run(&run), &["positions", "registry_position", "sealed", "refolded"]))?;
        }
        Ok(())
    })
}

fn line(out: &mut dyn Write, json: &str) -> io::Result<()> {
    out.write_all(json.as_bytes())?;
    out.write_all(b"\n")
}

/// Calls `take` with every record of a partition, in order.
fn each(log: &mut impl Log, topic: Topic, partition: u32, mut take: impl FnMut(LogEntry<'_>) -> Result<()>) -> Result<()> {
    let mut from = 0;
    loop {
        let mut result = Ok(());
        let next = log.read(topic, partition, from, RECORDS_PER_READ, &mut |lent| {
            result = take(lent);
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        result?;
        if next == from {
            return Ok(());
        }
        from = next;
    }
}

/// The record at this offset of the only partition of a topic.
fn one(log: &mut LocalLog, topic: Topic, offset: u64) -> Result<Record<'static>> {
    let mut found = None;
    log.read(topic, 0, offset, 1, &mut |lent| {
        found = Some(lent.record.into_owned());
        ControlFlow::Break(())
    })?;
    found.ok_or_else(|| anyhow!("the log lost offset {offset} of {} while it was read", topic.name()))
}
