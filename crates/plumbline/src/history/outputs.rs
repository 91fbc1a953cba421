//! The files of a run, written from its log: one NDJSON file a topic.
//!
//! Their order and content depend neither on partitions nor on batches. Fields that name partitions or offsets are left out.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::ops::ControlFlow;

use anyhow::{Context, Result, anyhow};
use codec::formats::record_decoder::DecodeOutcome;
use codec::json::record_lines;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{Record, RowKey};
use scorecard::sums::measure_sums::Base;
use scorecard::time::calendar::{Month, Timestamp};
use stream::deployment::Deployment;
use stream::feed_rules::FeedRules;
use stream::log::{Log, LogEntry, LogError, Topic};
use tracing::info;

use crate::history::compared_roles::ComparedRoles;
use crate::history::line_view::without;
use crate::history::output_folder::OutputFolder;
use crate::history::pipeline::Pipeline;
use crate::history::prescription_coverage::PrescriptionCoverage;
use crate::history::summary::{LogBytes, Summary};
use crate::log::local_log::LocalLog;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{CARDS_PER_READ, RECORDS_PER_READ};

/// Writes the files of a run. The summary is written last: its presence shows that the other files are complete. `decoder`
/// holds the counts of the decoder.
///
/// # Errors
/// When the log cannot be read or the folder cannot be written; and [`crate::process::interrupt::CleanStop`].
pub fn write(pipeline: &Pipeline, folder: &OutputFolder, decoder: &DecodeOutcome, interrupt: &Interrupt) -> Result<Summary> {
    let deployment = pipeline.deployment();
    let mut summary = Summary {
        engine_version: deployment.engine_version.clone(),
        measure_set: deployment.measures.hash().to_string(),
        zone: deployment.schedule.zone.name().to_owned(),
        ..Summary::default()
    };
    summary.add_decoder(decoder);
    summary.add_intake(pipeline.intake_counts());
    summary.add_outcomes(pipeline.outcomes(), pipeline.unattributed());
    let written = OutputOptions { deployment, folder, interrupt };
    written.all(&mut pipeline.log(), &mut pipeline.log(), summary)
}

/// The inputs of the files.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions<'a> {
    /// The source of the units of sums, and of the number of partitions.
    pub deployment: &'a Deployment,
    /// The folder to write to.
    pub folder: &'a OutputFolder,
    /// Checked between records.
    pub interrupt: &'a Interrupt,
}

impl OutputOptions<'_> {
    /// Writes the content of `log`, the rejects of `intake`, and `summary` with the counts added.
    ///
    /// # Errors
    /// As [`write`].
    pub fn all(&self, log: &mut LocalLog, intake: &mut impl Log, mut summary: Summary) -> Result<Summary> {
        let OutputOptions { deployment, folder, interrupt } = *self;
        let measures = &deployment.measures;
        to_file(folder, "scorecards.ndjson", |out| scorecards(log, out, &mut summary, interrupt))?;
        to_file(folder, "clinician-months.ndjson", |out| rows(log, measures, out, &mut summary))?;
        to_file(folder, "peer-groups.ndjson", |out| peer_groups(log, out))?;
        to_file(folder, "rejects.ndjson", |out| rejects(intake, out))?;
        to_file(folder, "runs.ndjson", |out| runs(log, out, &mut summary))?;
        summary.prescriptions = prescriptions(intake, deployment.partitions)?.counted(measures.codes()).summary();
        let rules = FeedRules::read(intake)?;
        summary.versioning = rules.all().map(|rule| (rule.feed.clone(), rule.versioning.word().to_owned())).collect();
        // The summary shows that the folder is complete, and the log is a part of it.
        log.sync()?;
        summary.log = Some(LogBytes { disk: log.disk_bytes()?, events: log.event_bytes()? });
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
    each(&mut log.clone(), Topic::ClinicianMonths, 0, |entry| {
        if let Record::ClinicianMonth(row) = entry.record {
            last = last.max(Some(row.key.month));
        }
        Ok(())
    })?;
    Ok(last)
}

fn to_file(folder: &OutputFolder, name: &str, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = folder.create(name)?;
    fill(&mut out).and_then(|()| Ok(out.flush()?)).with_context(|| format!("writing {}", folder.path().join(name).display()))
}

/// Writes every revision in order of publication, by merging the partitions of the topic.
fn scorecards(log: &mut LocalLog, out: &mut dyn Write, summary: &mut Summary, interrupt: &Interrupt) -> Result<()> {
    let mut cursors: Vec<Cursor> = log.partitions(Topic::ScorecardRevisions).into_iter().map(Cursor::new).collect();
    let mut statuses: BTreeMap<String, Status> = BTreeMap::new();
    let mut roles = ComparedRoles::default();
    loop {
        interrupt.check()?;
        for cursor in &mut cursors {
            cursor.fill(log)?;
        }
        let next = cursors.iter_mut().filter(|cursor| !cursor.cards.is_empty()).min_by_key(|cursor| cursor.position());
        let Some(card) = next.and_then(|cursor| cursor.cards.pop_front()) else { break };
        line(out, &record_lines::scorecard(&card))?;
        summary.add_revision(&card);
        roles.add(&card);
        statuses.insert(card.key(), card.content.status);
    }
    summary.withdrawn = statuses.values().filter(|status| **status == Status::Withdrawn).count() as u64;
    summary.cards = statuses.len() as u64 - summary.withdrawn;
    summary.not_compared = roles.not_compared();
    Ok(())
}

/// Reads one partition of revisions. A partition is sorted by cut, month, clinician and practice.
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
        self.next = log.read(Topic::ScorecardRevisions, self.partition, self.next, CARDS_PER_READ, &mut |entry| {
            if let Record::Scorecard(card) = entry.record {
                cards.push_back(card);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn position(&self) -> (Timestamp, Month, String, String) {
        let first = self.cards.front().expect("only cursors with cards are asked");
        let subject = &first.content.subject;
        (first.cut, first.content.period.month, subject.clinician.clone(), subject.practice.clone())
    }
}

/// Writes the newest value of every row that is not zero, in order of the rows' keys.
fn rows(log: &mut LocalLog, measures: &MeasureSet, out: &mut dyn Write, summary: &mut Summary) -> Result<()> {
    // Keys and offsets fit into memory; the rows may not.
    let mut newest: BTreeMap<RowKey, (u64, u64)> = BTreeMap::new();
    each(log, Topic::ClinicianMonths, 0, |entry| {
        if let Record::ClinicianMonth(row) = entry.record {
            let value = newest.entry(row.key).or_insert((row.position, entry.offset));
            *value = (*value).max((row.position, entry.offset));
        }
        Ok(())
    })?;
    for (_, offset) in newest.into_values() {
        let Record::ClinicianMonth(row) = one(log, Topic::ClinicianMonths, 0, offset)? else { continue };
        if row.measures.is_empty() && row.base == Base::default() {
            continue;
        }
        summary.rows += 1;
        summary.add_statuses(&row.base);
        line(out, &without(&record_lines::clinician_month(&row, measures), &["partition", "position"]))?;
    }
    Ok(())
}

/// The prescriptions of a log with this number of partitions.
///
/// # Errors
/// When the log cannot be read.
pub fn prescriptions(log: &mut impl Log, partitions: u32) -> Result<PrescriptionCoverage, LogError> {
    let mut found = PrescriptionCoverage::default();
    let mut read = |topic, partition| {
        let mut position = log.bounds(topic, partition)?.start;
        log.read_to_end(topic, partition, &mut position, &mut |entry| match entry.record {
            Record::Definition(defined) => found.definition(&defined.feed, &defined.definition),
            Record::Batch(batch) => found.batch(&batch),
            _ => {}
        })
    };
    read(Topic::Definitions, 0)?;
    (0..partitions).try_for_each(|partition| read(Topic::Events, partition))?;
    Ok(found)
}

/// Writes the newest value of every peer group, in order of the keys.
fn peer_groups(log: &mut LocalLog, out: &mut dyn Write) -> Result<()> {
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    each(log, Topic::PeerGroups, 0, |entry| {
        newest.insert(entry.key.to_owned(), entry.offset);
        Ok(())
    })?;
    for offset in newest.into_values() {
        if let Record::PeerGroup(group) = one(log, Topic::PeerGroups, 0, offset)? {
            line(out, &record_lines::peer_group(&group))?;
        }
    }
    Ok(())
}

fn rejects(log: &mut impl Log, out: &mut dyn Write) -> Result<()> {
    each(log, Topic::Rejects, 0, |entry| match entry.record {
        Record::Reject(reject) => Ok(line(out, &record_lines::reject(&reject))?),
        _ => Ok(()),
    })
}

fn runs(log: &mut LocalLog, out: &mut dyn Write, summary: &mut Summary) -> Result<()> {
    each(log, Topic::Runs, 0, |entry| {
        if let Record::Run(run) = entry.record {
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
///
/// # Errors
/// When the log cannot be read, and the first error of `take`.
pub(crate) fn each(
    log: &mut impl Log,
    topic: Topic,
    partition: u32,
    mut take: impl FnMut(LogEntry<'_>) -> Result<()>,
) -> Result<()> {
    let mut from = 0;
    loop {
        let mut result = Ok(());
        let next = log.read(topic, partition, from, RECORDS_PER_READ, &mut |entry| {
            result = take(entry);
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        result?;
        if next == from {
            return Ok(());
        }
        from = next;
    }
}

/// The record at this offset of a partition.
///
/// # Errors
/// When the log cannot be read or does not hold the offset.
pub(crate) fn one(log: &mut LocalLog, topic: Topic, partition: u32, offset: u64) -> Result<Record<'static>> {
    let mut found = None;
    log.read(topic, partition, offset, 1, &mut |entry| {
        found = Some(entry.record.into_owned());
        ControlFlow::Break(())
    })?;
    found.ok_or_else(|| {
        anyhow!("offset {offset} of {} disappeared from the log while it was read; run the command again", topic.name())
    })
}
