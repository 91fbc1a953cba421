//! `replay`: history as it would have been published, cut by cut in virtual time.

use std::sync::Arc;

use anyhow::{Context, Result};
use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::Item;
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use tracing::{info, warn};

use crate::cli::ReplayArgs;
use crate::deployment::registry_file_check;
use crate::history::arrival_queue::Queue;
use crate::history::item_reader::{ItemReader, PendingItems};
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::pipeline::{Pipeline, PipelineSetup};
use crate::history::sources::{self, SourceFile};
use crate::history::summary::Summary;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::progress::Progress;

/// Replays what the arguments name. `now` is the present: it decides what lies in the future, and nothing else.
///
/// # Errors
/// When the files, the registry, the measures or the folder cannot be taken; and
/// [`crate::process::interrupt::CleanStop`].
pub fn replay(args: &ReplayArgs, now: Timestamp, interrupt: &Interrupt) -> Result<Summary> {
    let measures = args.measures.chosen()?.set;
    let registry = args.registry.as_deref().map(registry_file_check::read).transpose()?.unwrap_or_default();
    let found = sources::find(&args.paths, args.feed.as_deref())?;
    let keys = Keys::fixed();
    let pseudonyms = Pseudonyms::new(&keys);
    for path in &found.ignored {
        let path = pseudonyms.protect(path.display().to_string().into());
        warn!(%path, "passed over: neither its name nor its beginning is that of JSON");
    }
    let folder = OutputFolder::make(&args.out)?;
    let run = Run { args, now, interrupt, folder: &folder, keys: &keys, pseudonyms: &pseudonyms, measures: Arc::new(measures) };
    let summary = run.replay(&found.sources, registry);
    folder.finish(&summary)?;
    summary
}

/// What a replay needs from its beginning to its end.
struct Run<'a> {
    args: &'a ReplayArgs,
    now: Timestamp,
    interrupt: &'a Interrupt,
    folder: &'a OutputFolder,
    keys: &'a Keys,
    pseudonyms: &'a Pseudonyms,
    measures: Arc<MeasureSet>,
}

impl Run<'_> {
    fn replay(&self, sources: &[SourceFile], registry: Vec<Entry>) -> Result<Summary> {
        let Run { args, now, interrupt, folder, keys, pseudonyms, .. } = *self;
        let clock = Clock::standing_at(Timestamp::EARLIEST);
        let mut log = LocalLog::open(&folder.log(), clock.clone(), Durability::Buffered)?;
        let config = DecoderConfig { keys: keys.clone(), zone: args.zone.clone(), ..DecoderConfig::default() };
        let decoder = RecordDecoder::new(config);
        let reader = ItemReader { decoder: &decoder, pseudonyms, arrival: args.arrival, zone: &args.zone, now, interrupt };
        let mut intake = Intake::new(args.partitions, args.batch as usize);
        let waiting = reader.read(sources, &mut intake, &mut log)?;
        info!(files = sources.len(), events = waiting.arrivals.len(), "files read");
        let earliest = waiting.arrivals.earliest().unwrap_or(now);
        let plan =
            PipelineSetup { zone: args.zone.clone(), earliest, partitions: args.partitions, measures: self.measures.clone() };
        let mut pipeline = Pipeline::start(&plan, keys, intake, log, clock)?;
        let unknown_fields = waiting.unknown_fields;
        play(&mut pipeline, waiting, registry, interrupt)?;
        outputs::write(&pipeline, folder, unknown_fields, interrupt)
    }
}

/// Plays everything that waits, and then on until the last month with rows is final.
fn play(pipeline: &mut Pipeline, waiting: PendingItems, registry: Vec<Entry>, interrupt: &Interrupt) -> Result<()> {
    // The operator's own file comes last: of two entries that are in force the newer one decides.
    for entry in waiting.entries.into_iter().chain(registry) {
        pipeline.take(Item::Registry(entry))?;
    }
    let mut queue = waiting.arrivals.into_queue();
    let progress = Progress::new("replay", queue.progress().1 as u64);
    let result = play_events(pipeline, &mut queue, &progress, interrupt);
    drop(progress);
    result.with_context(|| {
        let (done, all) = queue.progress();
        format!("at the cut {}, with {done} of {all} events in the log", pipeline.next_cut())
    })
}

fn play_events(pipeline: &mut Pipeline, queue: &mut Queue, progress: &Progress, interrupt: &Interrupt) -> Result<()> {
    loop {
        while let Some((feed, event)) = queue.next_before(pipeline.next_cut()) {
            pipeline.take(Item::Event(feed, event))?;
        }
        let run = pipeline.cut()?;
        progress.at(queue.progress().0 as u64, run.at.to_string());
        interrupt.check()?;
        if queue.is_done() {
            break;
        }
    }
    // Nothing is left that could bring a row of a later month.
    let last_month = outputs::last_month(&pipeline.log())?;
    while last_month.is_some_and(|month| !pipeline.is_final(month)) {
        pipeline.cut()?;
        interrupt.check()?;
    }
    Ok(())
}
