//! `card`: the published cards of one clinician, from the running service, its data folder, or the folder of a demo or a replay.

use anyhow::{Result, bail};
use scorecard::measure::measure_set::MeasureSet;

use crate::cli::{CardArgs, Output};
use crate::command::card_source::CardSource;
use crate::config::options::Config;
use crate::deployment::configured_files::files;
use crate::terminal::paint::Paint;
use crate::view::card_reader;
use crate::view::terminal_card::render_within;

/// The cards of one clinician.
#[derive(Debug)]
pub struct CardResult {
    /// The cards, for standard output.
    pub text: String,
    /// The person to whom an alias led, for standard error.
    pub note: Option<String>,
}

/// The cards that the arguments name, as text of at most `columns` columns.
///
/// # Errors
/// When no such card is published, a number names several persons, or the cards cannot be read.
pub fn card(args: &CardArgs, config: &Config, paint: Paint, columns: usize) -> Result<CardResult> {
    let alias = &args.clinician;
    let mut source = CardSource::of(config)?;
    if let Some(first) = source.first_cards(config)? {
        bail!(first);
    }
    let found = source.find(alias, config, |source, person| {
        let lines = source.lines(person, args.month, args.revision)?;
        Ok(Some(lines).filter(|lines| !lines.is_empty()))
    })?;
    let Some((person, lines)) = found else {
        bail!("no such card of {alias:?} is published; {}", cure(config));
    };
    Ok(CardResult { text: text(&lines, args.output, config, paint, columns)?, note: note(alias, &person) })
}

/// The line that names the person to whom an alias led.
pub(crate) fn note(alias: &str, person: &str) -> Option<String> {
    (person != alias).then(|| format!("{alias} is an alias of {person}"))
}

/// The place that lists the published cards.
fn cure(config: &Config) -> String {
    let file = config.data.join("scorecards.ndjson");
    match file.exists() {
        true => format!("`subject.clinician` in {} names the clinicians", file.display()),
        false => "GET /v1/changes of the service lists clinicians, months and revisions".to_owned(),
    }
}

fn text(lines: &[String], output: Output, config: &Config, paint: Paint, columns: usize) -> Result<String> {
    Ok(match output {
        Output::Table => tables(lines, &files(config)?.measures.set, paint, columns)?,
        Output::Json => format!("[{}]\n", lines.join(",\n")),
        Output::Ndjson => lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect(),
    })
}

fn tables(lines: &[String], measures: &MeasureSet, paint: Paint, columns: usize) -> Result<String> {
    let table = |line: &String| Ok(render_within(&card_reader::scorecard(line)?, measures, paint, columns));
    Ok(lines.iter().map(table).collect::<Result<Vec<_>>>()?.join("\n"))
}
