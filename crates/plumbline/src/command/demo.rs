//! `demo`: a simulated network of practices through the real pipeline, and one clinician's newest card.

use std::io::Write as _;
use std::iter::Peekable;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use codec::formats::record_decoder::{Context, DecodeOutcome, DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::registry::registry_file::parse_registry;
use scorecard::time::calendar::{Timestamp, Zone};
use sim::traffic::deliveries::{Traffic, TrafficConfig};
use sim::traffic::population::{Population, PopulationConfig};
use stream::intake::intake_task::Intake;

use crate::cli::DemoArgs;
use crate::command::replay::other_cards;
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::pipeline::{Pipeline, PipelineSetup};
use crate::history::showcase::{Showcase, showcase};
use crate::history::summary::Summary;
use crate::input_files::measure_files::{self, BuiltIn};
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::paint::Paint;
use crate::terminal::progress::Progress;
use crate::view::terminal_card::{render, render_within};

/// Clinicians of one practice. At this size some peer groups are of a practice and some of a network.
const CLINICIANS_A_PRACTICE: u32 = 6;
const PRACTICES_A_PCN: u32 = 4;
/// Encounters of a full-time clinician on a working day.
const ENCOUNTERS_A_DAY: f64 = 9.0;
/// The work of the clinicians in turn, as shares of full time.
const WORKLOADS: [f64; 7] = [1.0, 0.45, 0.75, 1.6, 0.6, 1.2, 0.5];
/// Disorder of the traffic: 131 of 1,000 events are odd at 1.
const DISORDER: f64 = 0.1;
/// The last months are published day by day. Earlier ones are loaded before the first cut, as a service loads the past of a practice.
const PUBLISHED_MONTHS: u32 = 14;
const DAY_MS: u64 = 86_400_000;
/// Deliveries between two checks for Ctrl-C: at most some milliseconds.
const DELIVERIES_A_CHECK: u64 = 500;

/// A demonstration that is complete.
#[derive(Debug)]
pub struct DemoResult {
    /// One clinician's newest card, for standard output.
    pub card: String,
    /// The counts, the folder and the next commands to try, for standard error.
    pub report: String,
    /// The content of `summary.json`.
    pub summary: Summary,
}

/// Runs the demonstration.
///
/// # Errors
/// When the folder cannot be written, or no card is published; and [`crate::process::interrupt::CleanStop`].
pub fn demo(args: &DemoArgs, paint: Paint, columns: usize, interrupt: &Interrupt) -> Result<DemoResult> {
    let folder = OutputFolder::make(&args.out)?;
    let result = demo_into(args, (paint, columns), interrupt, &folder);
    folder.finish(&result)?;
    result
}

fn demo_into(
    args: &DemoArgs,
    (paint, columns): (Paint, usize),
    interrupt: &Interrupt,
    folder: &OutputFolder,
) -> Result<DemoResult> {
    let clock = Clock::standing_at(Timestamp::EARLIEST);
    let log = LocalLog::open(&folder.log(), clock.clone(), Durability::Buffered)?;
    let population = population(args);
    let mut deliveries = Deliveries::new(args, &population);
    let first = deliveries.earliest().context("the simulated network has no event")?;
    let history = args.months.saturating_sub(PUBLISHED_MONTHS);
    let oldest = i32::try_from(args.months - history).expect("at most 14 months");
    let earliest = first.max(Zone::london().start_of(args.until.plus(1 - oldest).first_day()));
    let selection = measure_files::chosen(None, BuiltIn::Keep, &[])?;
    folder.keep_keys(&Keys::fixed())?;
    folder.keep_measures(&selection.source)?;
    let plan = PipelineSetup { zone: Zone::london(), earliest, partitions: 1, measures: Arc::new(selection.set) };
    let mut pipeline = Pipeline::start(&plan, &Keys::fixed(), Intake::new(1, 500), log, clock)?;
    let registry = parse_registry(&population.registry()).map_err(|mistakes| anyhow!("the simulated registry: {mistakes:?}"))?;
    registry.entries.into_iter().try_for_each(|entry| pipeline.take(Item::Registry(entry)))?;
    pipeline.add_people(&registry.people)?;
    play(args, &mut pipeline, &mut deliveries, interrupt)?;
    let summary = outputs::write(&pipeline, folder, &deliveries.decoded, interrupt)?;
    let none = "no card was published; raise --clinicians or --months";
    let shown = showcase(&pipeline.log(), Some(args.until))?.context(none)?;
    let plain = render(&shown.card, &plan.measures, Paint::Plain);
    folder.create("card.txt")?.write_all(plain.as_bytes()).context("writing card.txt")?;
    let report = report(&summary, &shown, folder);
    Ok(DemoResult { card: render_within(&shown.card, &plan.measures, paint, columns), report, summary })
}

/// Plays the network's events until its last month is final.
fn play(args: &DemoArgs, pipeline: &mut Pipeline, deliveries: &mut Deliveries, interrupt: &Interrupt) -> Result<()> {
    let begin = deliveries.earliest().unwrap_or(pipeline.next_cut());
    let days_until = |at: Timestamp| (at.0 - begin.0).unsigned_abs() / DAY_MS;
    let progress = Progress::new("demo", days_until(pipeline.deployment().schedule.final_from(args.until)) + 1);
    while !pipeline.is_final(args.until) {
        deliveries.take_until_cut(pipeline, &mut |arrival| {
            progress.at(days_until(arrival), arrival.to_string());
            Ok(interrupt.check()?)
        })?;
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
    decoded: DecodeOutcome,
}

impl Deliveries {
    fn new(args: &DemoArgs, population: &Population) -> Deliveries {
        let config = TrafficConfig {
            seed: args.seed,
            until: sim_month(args),
            months: args.months,
            encounters_per_day: ENCOUNTERS_A_DAY,
            workloads: WORKLOADS.to_vec(),
            odd: DISORDER,
            ages: true,
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
            decoded: DecodeOutcome::default(),
        }
    }

    fn earliest(&mut self) -> Option<Timestamp> {
        self.traffic.peek().map(|delivery| Timestamp(delivery.arrival))
    }

    /// Takes every delivery before the next cut. Calls `each` from time to time with the arrival of a delivery.
    fn take_until_cut(&mut self, pipeline: &mut Pipeline, each: &mut dyn FnMut(Timestamp) -> Result<()>) -> Result<()> {
        let cut = pipeline.next_cut();
        while let Some(delivery) = self.traffic.next_if(|delivery| Timestamp(delivery.arrival) < cut) {
            self.number += 1;
            let position = Position { source: delivery.feed, partition: 0, offset: self.number, index: None };
            let arrival = Timestamp(delivery.arrival);
            if self.number.is_multiple_of(DELIVERIES_A_CHECK) {
                each(arrival)?;
            }
            let context = Context { position: &position, feed: None, received_at: arrival, now: arrival };
            let mut result = Ok(());
            let decoded = self.decoder.decode(delivery.json.as_bytes(), &context, &mut |item| {
                if result.is_ok() {
                    result = pipeline.take(item);
                }
            });
            result?;
            self.decoded.add(decoded);
        }
        Ok(())
    }
}

fn report(summary: &Summary, shown: &Showcase, folder: &OutputFolder) -> String {
    format!(
        "\n{}{}{}Next:\n  \
         plumbline view {}     serves the cards as pages for a browser on this machine\n  \
         plumbline simulate --out - --events 3     shows what events look like\n  \
         plumbline replay PATH --out DIR           computes the cards of your own events or FHIR export\n\
         All data are invented. Pseudonyms are made with a fixed, public key: never use `demo` for real data.\n",
        summary.report(folder.path()),
        summary.unknowns(),
        other_cards(summary.cards, shown, folder.path()),
        folder.path().display()
    )
}
