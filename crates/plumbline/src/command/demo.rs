//! `demo`: a simulated network of practices through the real pipeline, and one clinician's newest card.

use std::io::Write as _;
use std::iter::Peekable;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use scorecard::card::scorecard::{Content, Scorecard, Status};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::registry::registry_file::parse_registry;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use sim::traffic::deliveries::{Traffic, TrafficConfig};
use sim::traffic::population::{Population, PopulationConfig};
use stream::intake::intake_task::Intake;

use crate::cli::DemoArgs;
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::pipeline::{Pipeline, PipelineSetup};
use crate::history::summary::Summary;
use crate::log::local_log::{Durability, LocalLog};
use crate::measure_files;
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::paint::Paint;
use crate::terminal::progress::Progress;
use crate::view::terminal_card::render;

/// Practices of this size, so that some peer groups are a practice's and some a network's.
const CLINICIANS_A_PRACTICE: u32 = 6;
const PRACTICES_A_PCN: u32 = 4;
/// Working days are thin, so that a laptop shows a whole network in seconds.
const ENCOUNTERS_A_DAY: f64 = 1.2;
const DAY_MS: u64 = 86_400_000;

/// What a demonstration shows when it is done.
#[derive(Debug)]
pub struct DemoResult {
    /// One clinician's newest card, for standard output.
    pub card: String,
    /// What was published, where it lies and what to try next, for standard error.
    pub talk: String,
    /// What `summary.json` holds.
    pub summary: Summary,
}

/// Runs the demonstration.
///
/// # Errors
/// When the folder cannot be written; and [`crate::process::interrupt::CleanStop`].
pub fn demo(args: &DemoArgs, paint: Paint, interrupt: &Interrupt) -> Result<DemoResult> {
    let folder = OutputFolder::make(&args.out)?;
    let shown = demo_into(args, paint, interrupt, &folder);
    folder.finish(&shown)?;
    shown
}

fn demo_into(args: &DemoArgs, paint: Paint, interrupt: &Interrupt, folder: &OutputFolder) -> Result<DemoResult> {
    let clock = Clock::standing_at(Timestamp::EARLIEST);
    let log = LocalLog::open(&folder.log(), clock.clone(), Durability::Buffered)?;
    let population = population(args);
    let mut deliveries = Deliveries::new(args, &population);
    let earliest = deliveries.earliest().context("the simulated network has no event")?;
    let plan = PipelineSetup { zone: Zone::london(), earliest, partitions: 1, measures: Arc::new(measure_files::built_in()) };
    let mut pipeline = Pipeline::start(&plan, &Keys::fixed(), Intake::new(1, 500), log, clock)?;
    for entry in parse_registry(&population.registry()).map_err(|mistakes| anyhow!("the simulated registry: {mistakes:?}"))? {
        pipeline.take(Item::Registry(entry))?;
    }
    play(args, &mut pipeline, &mut deliveries, interrupt)?;
    let summary = outputs::write(&pipeline, folder, deliveries.unknown_fields, interrupt)?;
    let card = newest_card(&pipeline.log(), args.until)?;
    let plain = render(&card, &plan.measures, Paint::Plain);
    folder.create("card.txt")?.write_all(plain.as_bytes()).context("writing card.txt")?;
    Ok(DemoResult { card: render(&card, &plan.measures, paint), talk: talk(&summary, folder), summary })
}

/// Plays the network's events until its last month is final.
fn play(args: &DemoArgs, pipeline: &mut Pipeline, deliveries: &mut Deliveries, interrupt: &Interrupt) -> Result<()> {
    let schedule = &pipeline.deployment().schedule;
    let (first, end) = (schedule.first, schedule.final_from(args.until));
    let days_until = |at: Timestamp| (at.0 - first.0).unsigned_abs() / DAY_MS;
    let progress = Progress::new("demo", days_until(end) + 1);
    while !pipeline.is_final(args.until) {
        deliveries.take_until_cut(pipeline)?;
        let run = pipeline.cut()?;
        progress.at(days_until(run.at), run.at.to_string());
        let done = || format!("at the cut {}, with {} events in the log", run.at, deliveries.number);
        interrupt.check().with_context(done)?;
    }
    Ok(())
}

fn population(args: &DemoArgs) -> Population {
    let practices = (args.clinicians / CLINICIANS_A_PRACTICE).max(4);
    let pcns = (practices / PRACTICES_A_PCN).max(2);
    let change = sim_month(args).plus(-1).first_day();
    Population::generate(&PopulationConfig {
        seed: args.seed,
        practices: practices as usize,
        pcns: pcns as usize,
        localities: (pcns as usize).div_ceil(3),
        clinicians: args.clinicians as usize,
        change,
    })
}

fn sim_month(args: &DemoArgs) -> sim::calendar::Month {
    sim::calendar::Month(args.until.0)
}

/// Simulated deliveries on their way through the decoder.
struct Deliveries {
    traffic: Peekable<Traffic>,
    decoder: RecordDecoder,
    number: u64,
    unknown_fields: u64,
}

impl Deliveries {
    fn new(args: &DemoArgs, population: &Population) -> Deliveries {
        let config = TrafficConfig {
            seed: args.seed,
            until: sim_month(args),
            months: args.months,
            encounters_per_day: ENCOUNTERS_A_DAY,
            ..TrafficConfig::default()
        };
        let declared = |(name, practice): (&str, &str)| {
            (name.to_owned(), Arc::new(Feed { practice: Some(practice.into()), ..Feed::undeclared(name) }))
        };
        let decoder =
            DecoderConfig { keys: Keys::fixed(), feeds: population.feeds().map(declared).collect(), ..DecoderConfig::default() };
        Deliveries {
            traffic: Traffic::new(population, &config).peekable(),
            decoder: RecordDecoder::new(decoder),
            number: 0,
            unknown_fields: 0,
        }
    }

    fn earliest(&mut self) -> Option<Timestamp> {
        self.traffic.peek().map(|delivery| Timestamp(delivery.arrival))
    }

    /// Takes everything that comes in before the next cut.
    fn take_until_cut(&mut self, pipeline: &mut Pipeline) -> Result<()> {
        let cut = pipeline.next_cut();
        while let Some(delivery) = self.traffic.next_if(|delivery| Timestamp(delivery.arrival) < cut) {
            self.number += 1;
            let position = Position { source: delivery.feed, partition: 0, offset: self.number, index: None };
            let arrival = Timestamp(delivery.arrival);
            let context = Context { position: &position, feed: None, received_at: arrival, now: arrival };
            let mut result = Ok(());
            let decoded = self.decoder.decode(delivery.json.as_bytes(), &context, &mut |item| {
                if result.is_ok() {
                    result = pipeline.take(item);
                }
            });
            result?;
            self.unknown_fields += decoded.unknown_fields;
        }
        Ok(())
    }
}

/// Of the last month the card that shows most: a person at one practice with the most measures that have points, the first by key
/// among equals.
fn newest_card(log: &LocalLog, until: Month) -> Result<Scorecard> {
    let shown = |card: &Scorecard| {
        let windows = card.content.measures.iter().flat_map(|measure| &measure.windows);
        windows.filter(|window| window.value.is_some() && window.qof.is_some() && window.peer.is_some()).count()
    };
    let stands = |card: &Scorecard| {
        let Content { subject, period, status, .. } = &card.content;
        *status != Status::Withdrawn && !subject.practice.is_empty() && period.month <= until
    };
    let cards = outputs::newest_cards(log)?.into_iter().filter(stands);
    cards
        .rev()
        .max_by_key(|card| (card.content.period.month, shown(card)))
        .context("no card was published; ask for more clinicians or months")
}

fn talk(summary: &Summary, folder: &OutputFolder) -> String {
    let dir = folder.path().display();
    format!(
        "\n{}\
         Everything is made up, and pseudonyms come from a fixed key that everybody can read: never use it for real data.\n\
         The card above is {dir}/card.txt; beside it lie all cards, rows, peer groups, rejects and runs as NDJSON.\n\
         Next:\n  \
         plumbline simulate --out - --events 3     shows what events look like\n  \
         plumbline replay PATH --out DIR           makes the cards of your own events or FHIR export\n",
        summary.told(folder.path())
    )
}
