//! `peek`: the records of one of Plumbline's topics, one a line, for people and scripts.

use std::collections::VecDeque;
use std::io::Write;
use std::ops::{ControlFlow, Range};

use anyhow::{Result, bail, ensure};
use codec::avro::encoding::Form;
use codec::avro::record_json;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use serde_json::Value;
use stream::log::{CARD_PARTITIONS, Log, LogEntry, Topic};

use crate::cli::{Output, PeekArgs};
use crate::config::did_you_mean::unknown;
use crate::config::options::Config;
use crate::deployment::configured_files::files;
use crate::deployment::read_only_log::log_to_read;
use crate::log::any_log::AnyLog;
use crate::process::limits::RECORDS_PER_READ;
use crate::terminal::layout::cut;

/// Writes the selected records that the log holds now. Rows for people are cut to `columns`, if standard output is a terminal.
///
/// # Errors
/// When there is no such topic or partition, the log cannot be read, or `out` cannot be written.
pub fn peek(args: &PeekArgs, config: &Config, columns: Option<usize>, out: &mut impl Write) -> Result<()> {
    let topic = topic_named(&args.topic, config)?;
    let mut log = log_to_read(config)?;
    let partitions = partitions(args, &mut log, topic, config)?;
    let measures = files(config)?.measures.set;
    let mut sheet = Sheet { out, output: args.output, columns, lines: 0 };
    sheet.begin()?;
    match args.newest {
        Some(most) => {
            for line in newest(args, &mut log, topic, partitions, most, &measures)? {
                sheet.write(&line)?;
            }
        }
        None => {
            for partition in partitions {
                let bounds = log.bounds(topic, partition)?;
                let range = bounds.start.max(args.from.unwrap_or(0))..bounds.end;
                each_line(&mut log, topic, partition, range, args, &measures, &mut |line| sheet.write(&line))?;
            }
        }
    }
    sheet.end()
}

/// The topic of this name, with or without `kafka.prefix`.
fn topic_named(name: &str, config: &Config) -> Result<Topic> {
    let bare = config.kafka.as_ref().and_then(|kafka| name.strip_prefix(&kafka.prefix)).unwrap_or(name);
    let names = Topic::ALL.map(Topic::name);
    match Topic::ALL.into_iter().find(|topic| topic.name() == bare) {
        Some(topic) => Ok(topic),
        None => bail!(unknown("topic", bare, &names)),
    }
}

fn partitions(args: &PeekArgs, log: &mut AnyLog, topic: Topic, config: &Config) -> Result<Range<u32>> {
    let count = match topic {
        Topic::Events => begun_with(log)?.unwrap_or(config.partitions),
        Topic::Scorecards | Topic::ScorecardRevisions => CARD_PARTITIONS,
        _ => 1,
    };
    let Some(partition) = args.partition else { return Ok(0..count) };
    ensure!(partition < count, "partition {partition} of {} does not exist; name one from 0 to {}", topic.name(), count - 1);
    Ok(partition..partition + 1)
}

/// The number of partitions of events by the log's first record; `None` for an empty log.
fn begun_with(log: &mut AnyLog) -> Result<Option<u32>> {
    let mut begun = None;
    log.read(Topic::Registry, 0, 0, 1, &mut |entry| {
        if let Record::Genesis(genesis) = entry.record {
            begun = Some(genesis.partitions);
        }
        ControlFlow::Break(())
    })?;
    Ok(begun)
}

/// One record of the output.
struct Line {
    partition: u32,
    offset: u64,
    appended: Timestamp,
    key: String,
    /// Name of the schema, or `tombstone`, and the value as JSON; or the reason why the bytes cannot be decoded.
    value: Result<(&'static str, String), String>,
}

impl Line {
    fn of(entry: &LogEntry<'_>, partition: u32, measures: &MeasureSet) -> Line {
        let value = match (&entry.record, Form::of_record(&entry.record), record_json::record(&entry.record, measures)) {
            (_, Some(form), Some(json)) => Ok((form.name(), json)),
            (Record::Undecodable(why), ..) => Err(why.clone()),
            (Record::Tombstone, ..) => Ok(("tombstone", "null".to_owned())),
            _ => unreachable!("every record but a tombstone and an undecodable one has a schema"),
        };
        Line { partition, offset: entry.offset, appended: entry.appended, key: entry.key.to_owned(), value }
    }

    fn json(&self) -> String {
        let Line { partition, offset, appended, key, value } = self;
        let quoted = |text: &str| Value::from(text).to_string();
        let rest = match value {
            Ok((schema, value)) => format!("\"schema\":{},\"value\":{value}", quoted(schema)),
            Err(why) => format!("\"undecodable\":{}", quoted(why)),
        };
        format!("{{\"partition\":{partition},\"offset\":{offset},\"appended\":\"{appended}\",\"key\":{},{rest}}}", quoted(key))
    }

    fn row(&self) -> String {
        let Line { partition, offset, appended, key, value } = self;
        let (schema, value) = match value {
            Ok((schema, value)) => (*schema, value),
            Err(why) => ("undecodable", why),
        };
        let appended = appended.to_string();
        format!("{partition:>4}  {offset:>10}  {appended:<24}  {schema:<15}  {}  {value}", key.escape_debug())
    }
}

/// Calls `each` with every selected line of a range of offsets, in order.
fn each_line(
    log: &mut AnyLog,
    topic: Topic,
    partition: u32,
    range: Range<u64>,
    args: &PeekArgs,
    measures: &MeasureSet,
    each: &mut dyn FnMut(Line) -> Result<()>,
) -> Result<()> {
    let (mut from, mut failed) = (range.start, Ok(()));
    while from < range.end && failed.is_ok() {
        let next = log.read(topic, partition, from, RECORDS_PER_READ, &mut |entry| {
            if entry.offset >= range.end {
                return ControlFlow::Break(());
            }
            if args.key.as_deref().is_none_or(|key| key == entry.key) {
                failed = each(Line::of(&entry, partition, measures));
            }
            if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if next == from {
            break;
        }
        from = next;
    }
    failed
}

/// The newest `most` lines of all these partitions, oldest first.
fn newest(
    args: &PeekArgs,
    log: &mut AnyLog,
    topic: Topic,
    partitions: Range<u32>,
    most: usize,
    measures: &MeasureSet,
) -> Result<Vec<Line>> {
    let mut found = Vec::new();
    for partition in partitions {
        found.extend(newest_of(args, log, topic, partition, most, measures)?);
    }
    found.sort_by_key(|line: &Line| (line.appended, line.partition, line.offset));
    Ok(found.split_off(found.len().saturating_sub(most)))
}

/// The newest `most` lines of one partition. Offsets have gaps, so the read starts further back until it finds enough.
fn newest_of(
    args: &PeekArgs,
    log: &mut AnyLog,
    topic: Topic,
    partition: u32,
    most: usize,
    measures: &MeasureSet,
) -> Result<VecDeque<Line>> {
    let bounds = log.bounds(topic, partition)?;
    let mut back = (most as u64).saturating_add(1);
    loop {
        let from = bounds.end.saturating_sub(back).max(bounds.start);
        let mut last = VecDeque::new();
        each_line(log, topic, partition, from..bounds.end, args, measures, &mut |line| {
            last.push_back(line);
            if last.len() > most {
                last.pop_front();
            }
            Ok(())
        })?;
        if last.len() >= most || from == bounds.start {
            return Ok(last);
        }
        back = back.saturating_mul(8);
    }
}

/// Writes lines in the selected form.
struct Sheet<'o, W> {
    out: &'o mut W,
    output: Output,
    columns: Option<usize>,
    lines: u64,
}

impl<W: Write> Sheet<'_, W> {
    fn begin(&mut self) -> Result<()> {
        if self.output == Output::Json {
            write!(self.out, "[")?;
        }
        Ok(())
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        match self.output {
            Output::Table => {
                writeln!(self.out, "{}", self.columns.map_or_else(|| line.row(), |columns| cut(&line.row(), columns)))?
            }
            Output::Ndjson => writeln!(self.out, "{}", line.json())?,
            Output::Json => write!(self.out, "{}{}", if self.lines == 0 { "" } else { ",\n" }, line.json())?,
        }
        self.lines += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.output == Output::Json {
            writeln!(self.out, "]")?;
        }
        Ok(self.out.flush()?)
    }
}
