//! The content of a folder that pages need: cards, groups, their figures, the registry and the counts of the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use scorecard::card::peer_snapshot::{GroupFigures, Purpose};
use scorecard::card::public_group::{PeerGroup, PeerKey};
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::card::snapshot_id::SnapshotId;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use stream::deployment::Deployment;
use stream::log::{Log as _, Topic};

use crate::config::options::Config;
use crate::deployment::configured_files::files;
use crate::deployment::read_only_log::{ReadOnlyLog, log_to_read, published, read};
use crate::log::any_log::AnyLog;
use crate::log::local_log::LocalLog;
use crate::page_view::folder_counts::FolderCounts;
use crate::page_view::folder_registry::FolderRegistry;
use crate::published_cards::card_index::{card_at, read_index};
use crate::published_cards::card_key::CardKey;
use crate::published_cards::card_store::CardStore;

/// The cards of one month, read together.
type MonthCards = (Month, Arc<Vec<Scorecard>>);

/// Months whose cards are kept.
const MONTHS_KEPT: usize = 2;

/// The content of one folder. Nothing changes it while it is open.
#[derive(Debug)]
pub struct FolderCards {
    dir: PathBuf,
    shelf: CardStore,
    /// The log with the events; none in a folder of `replay --from-kafka`.
    events: Option<(AnyLog, Deployment)>,
    pub(crate) measures: Arc<MeasureSet>,
    pub(crate) schedule: Schedule,
    pub(crate) registry: FolderRegistry,
    pub(crate) counts: FolderCounts,
    groups: BTreeMap<Month, Vec<PeerGroup>>,
    figures: BTreeMap<SnapshotId, GroupFigures>,
    months: Mutex<Vec<MonthCards>>,
}

impl FolderCards {
    /// Opens the folder that a configuration names, to read it.
    ///
    /// # Errors
    /// When there is no log, a process has it open, or it has another format. The message names the cure.
    pub fn open(config: &Config) -> Result<FolderCards> {
        let (shelf, events, measures, schedule) = if has_events(config)? {
            let ReadOnlyLog { log, shelf, deployment } = read(config)?;
            let (measures, schedule) = (deployment.measures.clone(), deployment.schedule.clone());
            (shelf, Some((log, deployment)), measures, schedule)
        } else {
            let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp::EARLIEST };
            (published(config)?, None, Arc::new(files(config)?.measures.set), schedule)
        };
        let mut log = shelf.cards.clone();
        Ok(FolderCards {
            dir: config.data.clone(),
            events,
            measures,
            schedule,
            registry: FolderRegistry::read(&mut log)?,
            counts: FolderCounts::read(&config.data, &mut log)?,
            groups: groups(&mut log)?,
            figures: figures(&mut log)?,
            months: Mutex::default(),
            shelf,
        })
    }

    /// Its path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// The log with the events.
    pub(crate) fn events(&self) -> Option<(&AnyLog, &Deployment)> {
        self.events.as_ref().map(|(log, deployment)| (log, deployment))
    }

    /// The public groups of a month.
    pub(crate) fn groups(&self, month: Month) -> &[PeerGroup] {
        self.groups.get(&month).map_or(&[], Vec::as_slice)
    }

    /// The figures of a version of a group.
    pub(crate) fn figures(&self, id: SnapshotId) -> Option<&GroupFigures> {
        self.figures.get(&id)
    }

    /// Everybody with a card, in order of their ids.
    pub(crate) fn clinicians(&self) -> Vec<String> {
        read_index(&self.shelf.index, |index| index.clinicians().map(str::to_owned).collect())
    }

    /// Whether anybody has a card at this practice.
    pub(crate) fn knows_practice(&self, practice: &str) -> bool {
        read_index(&self.shelf.index, |index| {
            index.clinicians().any(|person| index.cards_of(person).iter().any(|key| key.practice == practice))
        })
    }

    /// The keys of a clinician's cards, by month and practice.
    pub(crate) fn cards_of(&self, clinician: &str) -> Vec<CardKey> {
        read_index(&self.shelf.index, |index| index.cards_of(clinician).into_iter().cloned().collect())
    }

    /// Every revision of a card, oldest first.
    pub(crate) fn revisions(&self, key: &CardKey) -> Result<Vec<Scorecard>> {
        let places: Vec<_> = read_index(&self.shelf.index, |index| {
            let last = u32::try_from(index.revisions_of(key)).unwrap_or(u32::MAX);
            (1..=last).filter_map(|revision| index.place(key, Some(revision))).collect()
        });
        let mut log = self.shelf.cards.clone();
        places.into_iter().map(|place| Ok(*card_at(&mut log, place)?)).collect()
    }

    /// The newest revisions of all cards of a month, withdrawn ones left out.
    pub(crate) fn of_month(&self, month: Month) -> Result<Arc<Vec<Scorecard>>> {
        let mut kept = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cards)) = kept.iter().find(|(of, _)| *of == month) {
            return Ok(cards.clone());
        }
        let places: Vec<_> =
            read_index(&self.shelf.index, |index| index.month_cards(month, None, None).map(|card| card.newest).collect());
        let mut log: LocalLog = self.shelf.cards.clone();
        let mut cards = Vec::with_capacity(places.len());
        for place in places {
            let card = card_at(&mut log, place)?;
            if card.content.status != Status::Withdrawn {
                cards.push(*card);
            }
        }
        let cards = Arc::new(cards);
        kept.insert(0, (month, cards.clone()));
        kept.truncate(MONTHS_KEPT);
        Ok(cards)
    }

    /// The last month with a card.
    pub(crate) fn last_month(&self) -> Option<Month> {
        read_index(&self.shelf.index, |index| index.last_month())
    }

    /// The months with cards that are final, oldest first.
    pub(crate) fn final_months(&self) -> Vec<Month> {
        let (months, last_run) = read_index(&self.shelf.index, |index| (index.months(), index.last_run().map(|run| run.at)));
        let is_final = |month: &Month| last_run.is_some_and(|at| self.schedule.final_from(*month) <= at);
        months.into_iter().filter(is_final).collect()
    }
}

/// Whether the log of the folder holds events. A folder of `replay --from-kafka` holds cards alone.
fn has_events(config: &Config) -> Result<bool> {
    Ok(log_to_read(config)?.bounds(Topic::Registry, 0)?.end > 0)
}

/// The newest record of each group, by month.
fn groups(log: &mut LocalLog) -> Result<BTreeMap<Month, Vec<PeerGroup>>> {
    let mut newest: BTreeMap<PeerKey, PeerGroup> = BTreeMap::new();
    let mut position = log.bounds(Topic::PeerGroups, 0)?.start;
    log.read_to_end(Topic::PeerGroups, 0, &mut position, &mut |entry| {
        if let Record::PeerGroup(group) = entry.record {
            newest.insert(group.key.clone(), *group);
        }
    })?;
    let mut months: BTreeMap<Month, Vec<PeerGroup>> = BTreeMap::new();
    newest.into_values().for_each(|group| months.entry(group.key.month).or_default().push(group));
    Ok(months)
}

/// The figures of every version of a group.
fn figures(log: &mut LocalLog) -> Result<BTreeMap<SnapshotId, GroupFigures>> {
    let mut found = BTreeMap::new();
    let mut position = log.bounds(Topic::PeerSnapshots, 0)?.start;
    log.read_to_end(Topic::PeerSnapshots, 0, &mut position, &mut |entry| {
        if let Record::PeerSnapshot(snapshot) = entry.record
            && snapshot.purpose == Purpose::Month
            && let Some(mut figures) = snapshot.figures
        {
            // A page draws limits from centre, spread and design effect.
            figures.season.clear();
            found.insert(snapshot.snapshot_id, figures);
        }
    })?;
    Ok(found)
}
