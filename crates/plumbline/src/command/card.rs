//! `card`: the published cards of one clinician, from the running service, its data folder or the folder of a replay.

use std::path::Path;

use anyhow::{Result, bail};
use codec::identity::systems::PREFERENCE;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::registry::entry::Entry;
use stream::log::Log;

use crate::cli::{CardArgs, Output};
use crate::command::clinician_alias::ClinicianAliases;
use crate::config::options::Config;
use crate::deployment::data_directory::{self, running_at};
use crate::deployment::registry_change;
use crate::history::replayed_cards;
use crate::published_cards::card_index::{card_at, read_index};
use crate::published_cards::card_store::CardStore;
use crate::service_client::{accept, ask, encoded};
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
    let mut source = CardSource::of(args, config)?;
    let alias = &args.clinician;
    let (person, lines) = find(args, config, &mut source)?;
    let note = (person != *alias).then(|| format!("{alias} is an alias of {person}"));
    Ok(CardResult { text: text(&lines, args.output, config, paint, columns)?, note })
}

/// The person and their cards. The registry file decides first, then the name as it was typed, then the log and the published cards.
fn find(args: &CardArgs, config: &Config, source: &mut CardSource<'_>) -> Result<(String, Vec<String>)> {
    let alias = &args.clinician;
    let mut aliases = ClinicianAliases::default();
    let registry = data_directory::files(config)?.registry.entries;
    registry.iter().for_each(|entry| aliases.add_entry(entry));
    let by_file = aliases.person_of(alias)?;
    for person in by_file.into_iter().chain([alias.clone()]) {
        let lines = source.lines(args, &person)?;
        if !lines.is_empty() {
            return Ok((person, lines));
        }
    }
    let mut found = Vec::new();
    for person in source.other_names(alias, registry.as_slice(), config)? {
        let lines = source.lines(args, &person)?;
        if !lines.is_empty() {
            found.push((person, lines));
        }
    }
    match found.len() {
        0 => bail!("no such card of {alias:?} is published; {}", source.cure()),
        1 => Ok(found.remove(0)),
        several => {
            let persons: Vec<String> = found.iter().map(|(person, _)| format!("{person:?}")).collect();
            bail!("{alias} names {several} persons: {}; name one of them", persons.join(", "))
        }
    }
}

fn text(lines: &[String], output: Output, config: &Config, paint: Paint, columns: usize) -> Result<String> {
    Ok(match output {
        Output::Table => tables(lines, &data_directory::files(config)?.measures, paint, columns)?,
        Output::Json => format!("[{}]\n", lines.join(",\n")),
        Output::Ndjson => lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect(),
    })
}

fn tables(lines: &[String], measures: &MeasureSet, paint: Paint, columns: usize) -> Result<String> {
    let table = |line: &String| Ok(render_within(&card_reader::scorecard(line)?, measures, paint, columns));
    Ok(lines.iter().map(table).collect::<Result<Vec<_>>>()?.join("\n"))
}

/// The place from which cards are read.
#[derive(Debug)]
enum CardSource<'a> {
    /// A service that runs at this address.
    Service(String),
    /// The data folder of a service that does not run.
    Folder(Box<CardStore>),
    /// The folder of a replay.
    Replayed(&'a Path),
}

impl CardSource<'_> {
    fn of<'a>(args: &'a CardArgs, config: &Config) -> Result<CardSource<'a>> {
        if let Some(dir) = &args.replayed {
            return Ok(CardSource::Replayed(dir));
        }
        if let Some(address) = running_at(&config.data)
            && ask(&address, "GET", "/livez", accept(Output::Json))?.is_some()
        {
            return Ok(CardSource::Service(address));
        }
        Ok(CardSource::Folder(Box::new(data_directory::published(config)?)))
    }

    /// The place that lists the published cards, for an error.
    fn cure(&self) -> String {
        match self {
            CardSource::Replayed(dir) => {
                format!("`subject.clinician` in {}/scorecards.ndjson names the clinicians", dir.display())
            }
            _ => "GET /v1/changes of the service lists clinicians, months and revisions".to_owned(),
        }
    }

    /// The cards of a clinician as JSON lines, by month and practice; none if no such card is published.
    fn lines(&mut self, args: &CardArgs, clinician: &str) -> Result<Vec<String>> {
        match self {
            CardSource::Service(address) => from_service(args, address, clinician),
            CardSource::Replayed(dir) => replayed_cards::of_clinician(dir, clinician, args.month, args.revision),
            CardSource::Folder(store) => {
                let places = read_index(&store.index, |index| index.of_clinician(clinician, args.month, args.revision));
                let line = |place| Ok(codec::json::record_lines::scorecard(&*card_at(&mut store.cards, place)?));
                places.into_iter().map(line).collect()
            }
        }
    }

    /// The persons whom an alias may name by the log and the published cards. An embedded log that a service has open cannot be read,
    /// so a number alone is then tried with every system of identifiers.
    fn other_names(&self, alias: &str, file: &[Entry], config: &Config) -> Result<Vec<String>> {
        let mut aliases = ClinicianAliases::default();
        match self {
            CardSource::Replayed(dir) => replayed_cards::clinicians(dir)?.iter().for_each(|name| aliases.add_clinician(name)),
            CardSource::Folder(store) => {
                read_index(&store.index, |index| index.clinicians().for_each(|name| aliases.add_clinician(name)));
                if config.kafka.is_none() {
                    add_registry(&mut store.cards.clone(), &mut aliases)?;
                }
            }
            CardSource::Service(_) => {}
        }
        if config.kafka.is_some() && !matches!(self, CardSource::Replayed(_)) {
            add_registry(&mut data_directory::log_to_read(config)?, &mut aliases)?;
        }
        file.iter().for_each(|entry| aliases.add_entry(entry));
        Ok(match (aliases.person_of(alias)?, self) {
            (Some(person), _) => vec![person],
            (None, CardSource::Service(_)) if !alias.contains('|') => {
                PREFERENCE.iter().map(|system| format!("{system}|{alias}")).collect()
            }
            (None, _) => Vec::new(),
        })
    }
}

/// Adds the registry entries of a log in its order.
fn add_registry(log: &mut impl Log, aliases: &mut ClinicianAliases) -> Result<()> {
    Ok(registry_change::entries(log, &mut |_, entry| aliases.add_entry(&entry))?)
}

fn from_service(args: &CardArgs, address: &str, clinician: &str) -> Result<Vec<String>> {
    let month = args.month.map(|month| format!("month={month}&")).unwrap_or_default();
    let revision = args.revision.map(|revision| format!("revision={revision}")).unwrap_or_default();
    let path = format!("/v1/scorecards/{}?{month}{revision}", encoded(clinician));
    let Some(answer) = ask(address, "GET", &path, accept(Output::Ndjson))? else {
        bail!("the service at {address} has stopped; run the command again to read its data folder")
    };
    match answer.status {
        200 => Ok(answer.body.lines().map(str::to_owned).collect()),
        404 => Ok(Vec::new()),
        _ => bail!("the service at {address} answered: {}", answer.error()),
    }
}
