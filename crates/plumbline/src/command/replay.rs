//! `replay`: the cards of past events, computed cut by cut in virtual time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::card::scorecard::Scorecard;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::Item;
use scorecard::registry::entry::Entry;
use scorecard::registry::registry_file::{RegistryContent, parse_registry};
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use tracing::{info, warn};

use crate::cli::ReplayArgs;
use crate::command::replay_settings::ReplaySettings;
use crate::command::source_data::map::registry_text;
use crate::config::options::feed_named;
use crate::deployment::protected_registry::protected;
use crate::history::arrival_queue::Queue;
use crate::history::item_reader::{ItemReader, MappedFolder, PendingItems};
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::pipeline::{Pipeline, PipelineSetup};
use crate::history::showcase::{Showcase, showcase};
use crate::history::sources::{self, SourceFile, SourceList};
use crate::history::summary::Summary;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::source_check::SourceCheck;
use crate::log::local_log::{Durability, LocalLog};
use crate::map::map_file::TableMap;
use crate::map::map_run::MapRun;
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;
use crate::terminal::paint::Paint;
use crate::terminal::progress::Progress;
use crate::view::terminal_card::render_within;

/// Every event was rejected. The files of the replay are written, and list each reject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "every event was rejected ({}); correct the files that {} lists, and run the replay again",
    counted(*.rejected, "reject", "rejects"),
    .file.display()
)]
pub struct TotalRejection {
    /// Number of rejects.
    pub rejected: u64,
    /// The file that lists them.
    pub file: PathBuf,
}

/// A replay that is complete.
#[derive(Debug)]
pub struct ReplayResult {
    /// The content of `summary.json`.
    pub summary: Summary,
    /// One card, to be shown; none if none was published.
    pub card: Option<Showcase>,
    /// The measures of the cards.
    measures: Arc<MeasureSet>,
    folder: PathBuf,
    /// The account of the map, if there is one.
    map_report: String,
}

impl ReplayResult {
    /// The card for standard output, empty if there is none.
    #[must_use]
    pub fn card_text(&self, paint: Paint, columns: usize) -> String {
        self.card.as_ref().map(|shown| render_within(&shown.card, &self.measures, paint, columns)).unwrap_or_default()
    }

    /// The counts, and the command that shows other cards, for standard error.
    #[must_use]
    pub fn report(&self) -> String {
        let counts = self.summary.report(&self.folder);
        let cards = self.card.as_ref().map(|shown| other_cards(self.summary.cards, shown, &self.folder));
        format!("{}{counts}{}{}", self.map_report, cards.unwrap_or_default(), self.summary.unknowns())
    }

    /// An error if every event was rejected.
    ///
    /// # Errors
    /// [`TotalRejection`].
    pub fn check_rejects(&self) -> Result<(), TotalRejection> {
        let rejected = self.summary.rejected.values().sum();
        let file = self.folder.join("rejects.ndjson");
        if self.summary.is_all_rejected() { Err(TotalRejection { rejected, file }) } else { Ok(()) }
    }
}

/// How to see other cards than the one that was shown, and the events behind one of its numbers.
pub(crate) fn other_cards(cards: u64, shown: &Showcase, folder: &Path) -> String {
    let dir = folder.display();
    let subject = &shown.card.content.subject;
    let explain = match measure_to_explain(&shown.card) {
        Some(measure) => {
            let month = shown.card.content.period.month;
            let practice = if shown.has_roll_up { format!(" --practice {}", subject.practice) } else { String::new() };
            format!("\n  plumbline explain '{}' {month} {measure}{practice} --data {dir}", subject.clinician)
        }
        None => String::new(),
    };
    format!(
        "The card above is one of {}. `subject.clinician` in {dir}/scorecards.ndjson names the clinicians. The folder keeps the log, so \
         that every card and the events behind every number can be shown:\n  plumbline card '{}' --data {dir}{explain}\n",
        counted(cards, "card", "cards"),
        subject.clinician
    )
}

/// A measure with a value and a numerator, and with few events: a long list explains little.
fn measure_to_explain(card: &Scorecard) -> Option<String> {
    let counted = card.content.measures.iter().filter(|measure| measure.n > 0);
    counted.map(|measure| (measure.value.is_none(), measure.d, measure.id.to_string())).min().map(|(.., id)| id)
}

/// Replays the files of the arguments. `now` is the present: events after it are rejected, and it has no other effect.
///
/// # Errors
/// When the files, the registry, the measures or the folder are invalid; and
/// [`crate::process::interrupt::CleanStop`].
pub fn replay(args: &ReplayArgs, now: Timestamp, interrupt: &Interrupt) -> Result<ReplayResult> {
    let settings = ReplaySettings::of(args)?;
    let measures = settings.measures(args)?;
    let registry = settings.registry(args)?;
    let map = args.map.as_deref().map(TableMap::read).transpose()?;
    let mut tables = match &map {
        Some(map) => Some(MapRun::load(map, tables_folder(args)?, args.feed.as_deref())?),
        None => None,
    };
    let found = if tables.is_some() { SourceList::default() } else { sources::find(&args.paths, args.feed.as_deref())? };
    let registry = match (&map, &mut tables) {
        (Some(map), Some(tables)) => with_entries_of(map, tables, registry, interrupt)?,
        _ => registry,
    };
    let keys = Keys::fixed();
    let pseudonyms = Pseudonyms::new(&keys);
    let registry = protected(registry, &pseudonyms);
    for path in &found.ignored {
        let path = pseudonyms.protect(path.display().to_string().into());
        warn!(%path, "file ignored: it has neither the name nor the content of JSON");
    }
    let folder = OutputFolder::make(&args.out)?;
    let run = Run {
        args,
        settings,
        now,
        interrupt,
        folder: &folder,
        keys: &keys,
        pseudonyms: &pseudonyms,
        measures: Arc::new(measures.set),
    };
    let kept = folder.keep_keys(&keys).and_then(|()| folder.keep_measures(&measures.source)).map_err(Into::into);
    let result = kept.and_then(|()| run.replay(&found.sources, map.as_ref().zip(tables.as_mut()), registry));
    folder.finish(&result)?;
    Ok(ReplayResult { map_report: tables.map(|tables| tables.report.text()).unwrap_or_default(), ..result? })
}

fn tables_folder(args: &ReplayArgs) -> Result<&Path> {
    match args.paths.as_slice() {
        [folder] => Ok(folder),
        _ => bail!("--map reads one folder of tables; name it as the only PATH"),
    }
}

/// The registry with the entries of a map. Those of the registry file come later, so they count where both state something.
fn with_entries_of(
    map: &TableMap,
    tables: &mut MapRun<'_>,
    registry: RegistryContent,
    interrupt: &Interrupt,
) -> Result<RegistryContent> {
    let text = registry_text(tables, map, interrupt)?;
    if text.is_empty() {
        return Ok(registry);
    }
    let found = parse_registry(&text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().take(REGISTRY_MISTAKES).map(|mistake| mistake.text.clone()).collect();
        anyhow!("the registry entries of the map do not fit together: {}", lines.join("; "))
    })?;
    let entries = found.entries.into_iter().chain(registry.entries).collect();
    let people = found.people.into_iter().chain(registry.people).collect();
    Ok(RegistryContent { entries, people })
}

/// Mistakes of a map's registry entries that an error names.
const REGISTRY_MISTAKES: usize = 10;

/// The inputs of a replay.
struct Run<'a> {
    args: &'a ReplayArgs,
    settings: ReplaySettings,
    now: Timestamp,
    interrupt: &'a Interrupt,
    folder: &'a OutputFolder,
    keys: &'a Keys,
    pseudonyms: &'a Pseudonyms,
    measures: Arc<MeasureSet>,
}

impl Run<'_> {
    fn replay(
        &self,
        sources: &[SourceFile],
        tables: Option<(&TableMap, &mut MapRun<'_>)>,
        registry: RegistryContent,
    ) -> Result<ReplayResult> {
        let Run { args, now, interrupt, folder, keys, pseudonyms, .. } = *self;
        let clock = Clock::standing_at(Timestamp::EARLIEST);
        let mut log = LocalLog::open(&folder.log(), clock.clone(), Durability::Buffered)?;
        let ReplaySettings { config, zone, .. } = &self.settings;
        let mut rules = self.settings.decoder(keys)?;
        rules.no_contact.extend(args.no_contact.iter().cloned());
        let feeds = IntakeDecoder::new(rules);
        let mut check = SourceCheck::new(&feeds);
        registry.entries.iter().for_each(|entry| check.apply(entry));
        let feed = |name: &str| feed_named(&config.feeds, zone, name);
        let (decoder, own_feed_only) = (&feeds.records, args.own_feed_only);
        let reader = ItemReader { decoder, pseudonyms, arrival: args.arrival, feed: &feed, own_feed_only, now, interrupt };
        let mut intake = Intake::new(args.partitions, args.batch as usize);
        let folder_name = args.paths.first().and_then(|path| path.canonicalize().ok());
        let folder_name = folder_name.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let tables = tables.map(|(map, run)| MappedFolder { feed: args.feed.clone().unwrap_or(folder_name), map, run });
        let waiting = reader.read(sources, tables, check, &mut intake, &mut log)?;
        info!(files = sources.len(), events = waiting.arrivals.len(), "files read");
        let earliest = waiting.arrivals.earliest().unwrap_or(now);
        let plan = PipelineSetup { zone: zone.clone(), earliest, partitions: args.partitions, measures: self.measures.clone() };
        let mut pipeline = Pipeline::start(&plan, keys, intake, log, clock)?;
        let decoder_counts = waiting.decoder.clone();
        pipeline.add_people(&registry.people)?;
        play(&mut pipeline, waiting, registry.entries, interrupt)?;
        let summary = outputs::write(&pipeline, folder, &decoder_counts, interrupt)?;
        let card = showcase(&pipeline.log(), None)?;
        let (measures, folder) = (self.measures.clone(), args.out.clone());
        Ok(ReplayResult { summary, card, measures, folder, map_report: String::new() })
    }
}

/// Plays all pending items, and then publishes until the last month with rows is final.
fn play(pipeline: &mut Pipeline, waiting: PendingItems, registry: Vec<Entry>, interrupt: &Interrupt) -> Result<()> {
    for entry in waiting.entries.into_iter().chain(registry) {
        pipeline.take(Item::Registry(entry))?;
    }
    for (feed, definition) in waiting.definitions {
        pipeline.take(Item::Definition(feed, definition))?;
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
    // No later event can add a row of a later month.
    let last_month = outputs::last_month(&pipeline.log())?;
    while last_month.is_some_and(|month| !pipeline.is_final(month)) {
        pipeline.cut()?;
        interrupt.check()?;
    }
    Ok(())
}
