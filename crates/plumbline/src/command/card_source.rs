//! The place from which `card` and `explain` read published cards, and the person to whom an alias leads there.

use anyhow::{Result, bail};
use codec::identity::systems::PREFERENCE;
use codec::json::record_lines;
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Month;
use stream::deployment::{genesis_of, schedule_of};

use crate::cli::Output;
use crate::command::clinician_alias::ClinicianAliases;
use crate::config::options::Config;
use crate::deployment::configured_files::{files, running_at};
use crate::deployment::read_only_log::{log_to_read, published};
use crate::deployment::registry_change::entries;
use crate::published_cards::card_index::{CardIndex, card_at, read_index};
use crate::published_cards::card_store::CardStore;
use crate::service_client::{accept, ask, encoded};
use crate::view::first_cards::{BEGIN, FirstCards};

/// The place of published cards.
#[derive(Debug)]
pub enum CardSource {
    /// A service that runs at this address.
    Service(String),
    /// A folder with a log, of a service that does not run, or of `demo`, `replay` or `migrate`.
    Folder(Box<CardStore>),
}

/// The address of the running service that has the data folder open.
///
/// # Errors
/// When the service cannot be asked.
pub fn running_service(config: &Config) -> Result<Option<String>> {
    let Some(address) = running_at(&config.data) else { return Ok(None) };
    Ok(ask(&address, "GET", "/livez", accept(Output::Json))?.map(|_| address))
}

impl CardSource {
    /// The running service, else its folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(config: &Config) -> Result<CardSource> {
        Ok(match running_service(config)? {
            Some(address) => CardSource::Service(address),
            None => CardSource::Folder(Box::new(published(config)?)),
        })
    }

    /// The person behind an alias, and the answer of `look` for them. The registry file decides first, then the name as it was typed, then
    /// the log and the published cards. `look` returns `None` for a person without an answer; if all do, so does this.
    ///
    /// # Errors
    /// When an alias names several persons with an answer, or the cards cannot be read.
    pub fn find<T>(
        &mut self,
        alias: &str,
        config: &Config,
        mut look: impl FnMut(&mut CardSource, &str) -> Result<Option<T>>,
    ) -> Result<Option<(String, T)>> {
        let mut aliases = ClinicianAliases::default();
        let registry = files(config)?.registry.entries;
        registry.iter().for_each(|entry| aliases.add_entry(entry));
        for person in aliases.person_of(alias)?.into_iter().chain([alias.to_owned()]) {
            if let Some(answer) = look(self, &person)? {
                return Ok(Some((person, answer)));
            }
        }
        let mut found = Vec::new();
        for person in self.other_names(alias, &registry, config)? {
            if let Some(answer) = look(self, &person)? {
                found.push((person, answer));
            }
        }
        if found.len() > 1 {
            let persons: Vec<String> = found.iter().map(|(person, _)| format!("{person:?}")).collect();
            bail!("{alias} names {} persons: {}; name one of them", found.len(), persons.join(", "));
        }
        Ok(found.pop())
    }

    /// The cards of a clinician as JSON lines, by month and practice: the newest revision of each, or the one that is named. None if no
    /// such card is published.
    ///
    /// # Errors
    /// When the cards cannot be read.
    pub fn lines(&mut self, clinician: &str, month: Option<Month>, revision: Option<u32>) -> Result<Vec<String>> {
        match self {
            CardSource::Service(address) => from_service(address, clinician, month, revision),
            CardSource::Folder(store) => {
                let places = read_index(&store.index, |index| index.of_clinician(clinician, month, revision));
                let line = |place| Ok(record_lines::scorecard(&*card_at(&mut store.cards, place)?));
                places.into_iter().map(line).collect()
            }
        }
    }

    /// The answer of a deployment without any card; `None` where there are cards.
    ///
    /// # Errors
    /// When the service cannot be asked, or the log cannot be read.
    pub fn first_cards(&mut self, config: &Config) -> Result<Option<String>> {
        match self {
            CardSource::Service(address) => {
                let answer = ask(address, "GET", "/v1/scorecards?limit=1", accept(Output::Ndjson))?;
                Ok(answer
                    .filter(|answer| answer.status == 404)
                    .map(|answer| answer.error())
                    .filter(|text| text.starts_with(BEGIN)))
            }
            CardSource::Folder(store) => {
                if !read_index(&store.index, CardIndex::is_empty) || config.kafka.is_some() {
                    return Ok(None);
                }
                let mut log = store.cards.clone();
                let Some(genesis) = genesis_of(&mut log)? else { return Ok(None) };
                Ok(Some(FirstCards::of_log(&mut log, &schedule_of(&genesis)?, genesis.partitions)?.to_string()))
            }
        }
    }

    /// Whether a clinician has a card.
    ///
    /// # Errors
    /// When the service cannot be asked.
    pub fn knows(&mut self, clinician: &str) -> Result<bool> {
        match self {
            CardSource::Service(_) => Ok(!self.lines(clinician, None, None)?.is_empty()),
            CardSource::Folder(store) => Ok(read_index(&store.index, |index| !index.cards_of(clinician).is_empty())),
        }
    }

    /// The persons whom an alias may name by the log and the published cards. An embedded log that a service has open cannot be read,
    /// so a number alone is then tried with every system of identifiers.
    fn other_names(&self, alias: &str, file: &[Entry], config: &Config) -> Result<Vec<String>> {
        let mut aliases = ClinicianAliases::default();
        if let CardSource::Folder(store) = self {
            read_index(&store.index, |index| index.clinicians().for_each(|name| aliases.add_clinician(name)));
            if config.kafka.is_none() {
                entries(&mut store.cards.clone(), &mut |_, entry| aliases.add_entry(&entry))?;
            }
        }
        if config.kafka.is_some() {
            entries(&mut log_to_read(config)?, &mut |_, entry| aliases.add_entry(&entry))?;
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

fn from_service(address: &str, clinician: &str, month: Option<Month>, revision: Option<u32>) -> Result<Vec<String>> {
    let month = month.map(|month| format!("month={month}&")).unwrap_or_default();
    let revision = revision.map(|revision| format!("revision={revision}")).unwrap_or_default();
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
