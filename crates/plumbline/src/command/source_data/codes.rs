//! `codes coverage`: the commonest codes of prescriptions that no table maps.

use anyhow::{Context as _, Result};
use codec::formats::record_decoder::RecordDecoder;
use codec::identity::keys::Keys;
use scorecard::time::calendar::Timestamp;

use crate::cli::{CodesCoverageArgs, Output};
use crate::config::decoder_settings::decoder_config;
use crate::config::options::{Config, feed_named};
use crate::deployment::configured_files::{files, recognised};
use crate::deployment::read_only_log::read_under;
use crate::history::coverage_reader::CoverageReader;
use crate::history::outputs;
use crate::history::prescription_coverage::PrescriptionCoverage;
use crate::history::sources;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;

/// The listed codes.
#[derive(Debug)]
pub struct CodesResult {
    /// The codes, for standard output.
    pub text: String,
    /// The number of rejected elements, for standard error.
    pub report: String,
}

/// Lists the commonest unmapped codes of files, or of the log of the configuration.
///
/// # Errors
/// When a file, a table or the log cannot be read; and [`crate::process::interrupt::CleanStop`].
pub fn coverage(args: &CodesCoverageArgs, config: &Config, now: Timestamp, interrupt: &Interrupt) -> Result<CodesResult> {
    let config = if args.log { recognised(config.clone())? } else { config.clone() };
    let measures =
        if args.log && args.measures.is_default() { files(&config)?.measures } else { args.measures.chosen_over(&config)? };
    let measures = measures.set;
    let (found, report) = if args.log {
        let (mut log, deployment) = read_under(&config, measures.clone())?;
        (outputs::prescriptions(&mut log, deployment.partitions).context("reading the log")?, String::new())
    } else {
        of_files(args, &config, now, interrupt)?
    };
    let items = found.counted(measures.codes());
    let text = match args.output {
        Output::Table => items.table(args.limit),
        Output::Json => items.json(args.limit),
        Output::Ndjson => items.ndjson(args.limit),
    };
    Ok(CodesResult { text, report })
}

/// The prescriptions of files, and a line about rejected elements.
fn of_files(
    args: &CodesCoverageArgs,
    config: &Config,
    now: Timestamp,
    interrupt: &Interrupt,
) -> Result<(PrescriptionCoverage, String)> {
    let decoder = RecordDecoder::new(decoder_config(config, Keys::fixed(), None)?);
    let feed = |name: &str| feed_named(&config.feeds, &config.zone, name);
    let mut reader =
        CoverageReader { decoder: &decoder, feed: &feed, now, interrupt, found: PrescriptionCoverage::default(), rejected: 0 };
    for source in sources::find(&args.paths, None)?.sources {
        reader.read(&source).with_context(|| format!("reading {}", source.path.display()))?;
    }
    let rejected = counted(reader.rejected, "element", "elements");
    let report = format!("{rejected} rejected; `plumbline replay` lists them\n");
    Ok((reader.found, if reader.rejected > 0 { report } else { String::new() }))
}
