//! The content of a running service for its pages. A thread follows the log; a request takes the content of that moment.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use scorecard::measure::measure_set::MeasureSet;
use scorecard::time::schedule::Schedule;
use stream::deployment::Deployment;
use stream::log::LogError;

use crate::log::any_log::AnyLog;
use crate::page_view::page_cards::{MonthCards, PageCards};
use crate::page_view::page_groups::PageGroups;
use crate::page_view::page_registry::PageRegistry;
use crate::published_cards::card_store::CardStore;
use crate::sign_in::access::access_log::AccessLog;

/// The content, as far as the log was read.
#[derive(Debug)]
pub(crate) struct LiveCards {
    shelf: CardStore,
    measures: Arc<MeasureSet>,
    schedule: Schedule,
    dir: std::path::PathBuf,
    months: Arc<Mutex<Vec<MonthCards>>>,
    looks: Arc<AccessLog>,
    /// The part that follows the log, for the one thread that does.
    read: Mutex<(PageRegistry, PageGroups)>,
    /// `None` until the log was read once: without leads and logins no reader has a role.
    shown: RwLock<Option<(Arc<PageRegistry>, Arc<PageGroups>)>>,
}

impl LiveCards {
    /// Nothing is read yet.
    pub(crate) fn new(shelf: CardStore, deployment: &Deployment, data: &Path, looks: Arc<AccessLog>) -> LiveCards {
        LiveCards {
            shelf,
            measures: deployment.measures.clone(),
            schedule: deployment.schedule.clone(),
            dir: data.to_owned(),
            months: Arc::default(),
            looks,
            read: Mutex::default(),
            shown: RwLock::default(),
        }
    }

    /// Reads what the log has since the last call.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read. The content stays as it was.
    pub(crate) fn follow(&self, log: &mut AnyLog) -> Result<(), LogError> {
        self.looks.follow()?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (registry, groups) = &mut *read;
        let (registry_changed, groups_changed) = (registry.follow(log)?, groups.follow(log)?);
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let (known, known_groups) = match shown.take() {
            Some((registry, groups)) => (Some(registry), Some(groups)),
            None => (None, None),
        };
        let registry = known.filter(|_| !registry_changed).unwrap_or_else(|| Arc::new(registry.clone()));
        let groups = known_groups.filter(|_| !groups_changed).unwrap_or_else(|| Arc::new(groups.clone()));
        *shown = Some((registry, groups));
        Ok(())
    }

    /// The content of this moment; `None` until the log was read once.
    pub(crate) fn now(&self) -> Option<PageCards> {
        let (registry, groups) = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(PageCards {
            dir: self.dir.clone(),
            shelf: self.shelf.clone(),
            events: None,
            measures: self.measures.clone(),
            schedule: self.schedule.clone(),
            registry,
            counts: Arc::default(),
            groups,
            months: self.months.clone(),
        })
    }
}
