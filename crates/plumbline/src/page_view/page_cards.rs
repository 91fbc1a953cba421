//! The content that pages need: cards, groups, their figures, the registry and the counts of a run. It is that of a folder, or that of
//! a running service at one moment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::card::snapshot_id::SnapshotId;
use scorecard::measure::measure_set::MeasureSet;
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
use crate::page_view::page_groups::PageGroups;
use crate::page_view::page_registry::PageRegistry;
use crate::published_cards::card_index::{card_at, read_index};
use crate::published_cards::card_key::CardKey;
use crate::published_cards::card_store::CardStore;

/// The cards of one month, read together when the index held this many revisions.
pub(crate) type MonthCards = (Month, usize, Arc<Vec<Scorecard>>);

/// Months whose cards are kept.
const MONTHS_KEPT: usize = 2;

/// The content. Only the index of cards changes while it is in use. A clone shares everything.
#[derive(Clone, Debug)]
pub struct PageCards {
    pub(crate) dir: PathBuf,
    pub(crate) shelf: CardStore,
    /// The log in which a page may look for events; none in a folder of `replay --from-kafka`, and none in a service, where a search
    /// would fold the log for each click.
    pub(crate) events: Option<(AnyLog, Deployment)>,
    pub(crate) measures: Arc<MeasureSet>,
    pub(crate) schedule: Schedule,
    pub(crate) registry: Arc<PageRegistry>,
    pub(crate) counts: Arc<FolderCounts>,
    pub(crate) groups: Arc<PageGroups>,
    /// The cards of the last months that were read whole, with the number of revisions at that time.
    pub(crate) months: Arc<Mutex<Vec<MonthCards>>>,
}

impl PageCards {
    /// Opens the folder that a configuration names, to read it.
    ///
    /// # Errors
    /// When there is no log, a process has it open, or it has another format. The message names the cure.
    pub fn open(config: &Config) -> Result<PageCards> {
        let (shelf, events, measures, schedule) = if has_events(config)? {
            let ReadOnlyLog { log, shelf, deployment } = read(config)?;
            let (measures, schedule) = (deployment.measures.clone(), deployment.schedule.clone());
            (shelf, Some((log, deployment)), measures, schedule)
        } else {
            let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp::EARLIEST };
            (published(config)?, None, Arc::new(files(config)?.measures.set), schedule)
        };
        let mut log = shelf.cards.clone();
        Ok(PageCards {
            dir: config.data.clone(),
            events,
            measures,
            schedule,
            registry: Arc::new(PageRegistry::read(&mut log)?),
            counts: Arc::new(FolderCounts::read(&config.data, &mut log)?),
            groups: Arc::new(PageGroups::read(&mut log)?),
            months: Arc::default(),
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
        self.groups.of_month(month)
    }

    /// The figures of a version of a group.
    pub(crate) fn figures(&self, id: SnapshotId) -> Option<&GroupFigures> {
        self.groups.figures(id)
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

    /// The practices at which a clinician has a card, of this month or a later one.
    pub(crate) fn practices_of(&self, clinician: &str, since: Option<Month>) -> BTreeSet<String> {
        read_index(&self.shelf.index, |index| {
            let keys = index.cards_of(clinician).into_iter().filter(|key| since.is_none_or(|since| key.month >= since));
            keys.map(|key| key.practice.clone()).filter(|practice| !practice.is_empty()).collect()
        })
    }

    /// The last cut.
    pub(crate) fn last_cut(&self) -> Option<Timestamp> {
        read_index(&self.shelf.index, |index| index.last_run().map(|run| run.at))
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
        let (places, revisions) = read_index(&self.shelf.index, |index| {
            let places: Vec<_> = index.month_cards(month, None, None).map(|card| card.newest).collect();
            (places, index.revisions())
        });
        if let Some((.., cards)) = kept.iter().find(|(of, then, _)| *of == month && *then == revisions) {
            return Ok(cards.clone());
        }
        let mut log: LocalLog = self.shelf.cards.clone();
        let mut cards = Vec::with_capacity(places.len());
        for place in places {
            let card = card_at(&mut log, place)?;
            if card.content.status != Status::Withdrawn {
                cards.push(*card);
            }
        }
        let cards = Arc::new(cards);
        kept.retain(|(of, ..)| *of != month);
        kept.insert(0, (month, revisions, cards.clone()));
        kept.truncate(MONTHS_KEPT);
        Ok(cards)
    }

    /// The keys of a month's cards at a practice, in order of clinicians.
    pub(crate) fn keys_at(&self, practice: &str, month: Month) -> Vec<CardKey> {
        read_index(&self.shelf.index, |index| index.keys_of(month).filter(|key| key.practice == practice).cloned().collect())
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
