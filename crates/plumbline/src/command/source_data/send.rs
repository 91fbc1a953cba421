//! `send`: files of any size to a service or to a topic.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tracing::warn;

use crate::cli::SendArgs;
use crate::command::source_data::map::faulty_rows;
use crate::config::options::Config;
use crate::history::lines::RawRecord;
use crate::history::sources;
use crate::kafka::topic_sender::TopicSender;
use crate::map::map_file::TableMap;
use crate::map::map_run::{MapRun, MapSource};
use crate::process::interrupt::Interrupt;
use crate::send::http_sender::HttpSender;
use crate::send::send_error::SendError;
use crate::send::send_run::{SendInput, SendRun, SendTarget};
use crate::send::send_state::{SendState, stamp};
use crate::send::send_summary::{RejectList, SendSummary};
use crate::service_client::TOKEN_VARIABLE;
use crate::terminal::progress::Progress;

/// The counts of a sender, and how it ended.
#[derive(Debug)]
pub struct SendResult {
    /// The counts of this run and the runs that it resumed.
    pub summary: SendSummary,
    /// The text for standard error.
    pub report: String,
    /// Everything was sent, or the reason why not.
    pub outcome: Result<()>,
}

/// Sends the files of the arguments.
///
/// # Errors
/// When the arguments, the files or the target are invalid. A sender that stops later returns its counts.
pub fn send(args: &SendArgs, config: &Config, interrupt: &Interrupt) -> Result<SendResult> {
    let map = args.map.as_deref().map(TableMap::read).transpose()?;
    let mut tables = match &map {
        Some(map) => Some(MapRun::load(map, folder(args)?, args.feed.as_deref())?),
        None => None,
    };
    let inputs = if map.is_some() { Vec::new() } else { inputs(args)? };
    let target = target(args, config, interrupt)?;
    let state = state(args, &inputs)?;
    if state.is_resumed() {
        eprintln!("plumbline: an earlier run of this command sent a part; this run goes on behind it");
    }
    let file = args.rejects.as_ref().map(|path| File::create(path).with_context(|| format!("writing {}", path.display())));
    let file = file.transpose()?.map(|file| Box::new(BufWriter::new(file)) as Box<dyn Write>);
    let rejects = RejectList { file, printed: Vec::new() };
    let total =
        tables.as_ref().map_or_else(|| inputs.iter().map(size).sum(), |tables| tables.sources.iter().map(table_size).sum());
    let mut run = SendRun::new(target, state, rejects, Progress::new("send", total), interrupt);
    let outcome = match (&map, &mut tables) {
        (Some(map), Some(tables)) => send_tables(&mut run, map, tables),
        _ => inputs.iter().try_for_each(|input| run.send(input)),
    };
    let SendRun { state, summary, mut rejects, progress, .. } = run;
    drop(progress);
    if let Some(file) = &mut rejects.file {
        file.flush().context("writing the file of --rejects")?;
    }
    if outcome.is_ok() {
        state.remove()?;
    }
    let outcome = outcome.and_then(|()| match summary.not_taken() {
        0 => Ok(()),
        rejected => Err(SendError::Rejected { rejected, received: summary.all() }.into()),
    });
    let outcome = outcome.and_then(|()| tables.as_ref().map_or(Ok(()), faulty_rows));
    let mut report: String = rejects.printed.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    if summary.not_taken() > rejects.printed.len() as u64 && args.rejects.is_none() && !rejects.printed.is_empty() {
        report += "--rejects FILE lists all of them\n";
    }
    report += &summary.report(args.dry_run);
    if let (Some(tables), Some(map)) = (&tables, &map) {
        report += &tables.report.text();
        if tables.sources.iter().any(|source| source.kind(map).is_registry()) {
            report += "persons, roles and organisations of the map are not sent; write them with `plumbline map --registry-out FILE`, and \
                       load them with `plumbline registry load FILE`\n";
        }
    }
    Ok(SendResult { summary, report, outcome })
}

/// The folder of the tables.
fn folder(args: &SendArgs) -> Result<&Path> {
    match args.paths.as_slice() {
        [folder] if folder != Path::new("-") => Ok(folder),
        _ => bail!("--map reads one folder of tables; name it as the only PATH"),
    }
}

/// Sends the events of a map, table by table.
fn send_tables(run: &mut SendRun<'_>, map: &TableMap, tables: &mut MapRun<'_>) -> Result<()> {
    // Another map, or another look-up file, makes other events of the same table.
    let mut shared = map.fingerprint();
    for file in &tables.lookup_files {
        shared += &format!(" {}", stamp(file).with_context(|| format!("reading {}", file.display()))?);
    }
    for source in tables.sources.clone().into_iter().filter(|source| !source.kind(map).is_registry()) {
        let own = stamp(source.path()).with_context(|| format!("reading {}", source.path().display()))?;
        run.source(&source.name(map), format!("{own} {shared}"), table_size(&source), &mut |each| {
            tables.read::<anyhow::Error>(&source, &mut |record| each(record.line, RawRecord::Bytes(record.json)))
        })?;
    }
    Ok(())
}

fn table_size(source: &MapSource) -> u64 {
    std::fs::metadata(source.path()).map_or(0, |found| found.len())
}

fn inputs(args: &SendArgs) -> Result<Vec<SendInput>> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        if args.paths.len() > 1 {
            bail!("- is standard input, which cannot be resumed; send it alone");
        }
        return Ok(vec![SendInput::Stdin]);
    }
    let found = sources::find(&args.paths, Some(""))?;
    for path in &found.ignored {
        warn!(path = %path.display(), "file ignored: it has neither the name nor the content of JSON");
    }
    let rejects = args.rejects.as_ref().and_then(|path| path.canonicalize().ok());
    let events = found.sources.into_iter().filter(|source| Some(&source.path) != rejects.as_ref());
    Ok(events.map(|source| SendInput::File { name: source.name, path: source.path }).collect())
}

fn size(input: &SendInput) -> u64 {
    match input {
        SendInput::File { path, .. } => std::fs::metadata(path).map_or(0, |found| found.len()),
        SendInput::Stdin => 0,
    }
}

fn target(args: &SendArgs, config: &Config, interrupt: &Interrupt) -> Result<SendTarget> {
    if let Some(topic) = &args.kafka {
        let settings = config.kafka.as_ref().context("kafka.brokers is not set; set it, or send over HTTP with --to")?;
        return Ok(SendTarget::Topic(topic.clone(), TopicSender::new(settings, topic)?));
    }
    let address = args.to.as_deref().context("name the target with --to URL or --kafka TOPIC")?;
    let token = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
    let patience = Duration::from_secs(u64::from(args.give_up_after));
    let http = HttpSender::new(address, args.feed.as_deref(), args.dry_run, token, patience, interrupt)?;
    Ok(SendTarget::Http(http))
}

/// The state of this command. A dry run, and standard input, keep none.
fn state(args: &SendArgs, inputs: &[SendInput]) -> Result<SendState> {
    if args.dry_run || inputs.contains(&SendInput::Stdin) {
        return Ok(SendState::none());
    }
    let target = args.to.as_deref().map_or_else(|| format!("topic {}", args.kafka.as_deref().unwrap_or_default()), str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for path in &args.paths {
        names.push(path.canonicalize().with_context(|| format!("reading {}", path.display()))?.display().to_string());
    }
    let feed = args.feed.as_deref().unwrap_or_default();
    if let Some(map) = &args.map {
        names.push(format!("map {}", map.display()));
    }
    let command = format!("{target}\n{feed}\n{}", names.join("\n"));
    let state = SendState::open(&args.state, command)?;
    if args.restart {
        state.remove()?;
        return SendState::open(&args.state, state.command().to_owned());
    }
    Ok(state)
}
