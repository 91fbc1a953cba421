//! The parts of the service that HTTP handlers use.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::record::item::Feed;
use stream::deployment::Deployment;
use tokio::sync::Semaphore;

use crate::config::authorizer::Authorizer;
use crate::config::options::Config;
use crate::deployment::data_directory::DataDirectory;
use crate::intake::intake_worker::IntakeSender;
use crate::log::any_log::AnyLog;
use crate::process::metric_registry::MetricRegistry;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_store::CardStore;
use crate::rejects::reject_store::RejectStore;

/// One permit is one kibibyte of bodies, so that gigabytes fit into the 32 bits of a permit count.
const BYTES_A_PERMIT: usize = 1 << 10;

/// The parts that every handler sees.
#[derive(Clone, Debug)]
pub struct HttpState {
    /// Passes events to intake; none where this process has no role intake.
    pub intake: Option<IntakeSender>,
    /// Checks tokens.
    pub authorizer: Arc<Authorizer>,
    /// Permits for the bodies that wait for the log.
    pub body_permits: Arc<Semaphore>,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// Declared feeds.
    pub feeds: Arc<BTreeMap<String, Arc<Feed>>>,
    /// Raw records that were rejected.
    pub rejects: RejectStore,
    /// One permit: an explanation folds the log again, so only one is computed at a time.
    pub explain_permit: Arc<Semaphore>,
    /// The published cards; none where this process has no role serve.
    pub cards: Option<CardStore>,
    /// A handle on the log.
    pub log: AnyLog,
    /// The reports of all threads.
    pub status: Arc<ServiceStatus>,
    /// The deployment.
    pub deployment: Deployment,
    /// The metrics of this process.
    pub metrics: MetricRegistry,
}

impl HttpState {
    /// The state for this data directory.
    #[must_use]
    pub fn of(
        data: &DataDirectory,
        config: &Config,
        intake: Option<IntakeSender>,
        status: Arc<ServiceStatus>,
        metrics: MetricRegistry,
    ) -> HttpState {
        HttpState {
            intake,
            authorizer: Arc::new(config.gate.clone()),
            body_permits: Arc::new(Semaphore::new((config.max_waiting / BYTES_A_PERMIT).min(Semaphore::MAX_PERMITS))),
            max_body: config.max_body,
            feeds: data.decoder.feeds.clone(),
            rejects: data.refused.clone(),
            explain_permit: Arc::new(Semaphore::new(1)),
            cards: data.shelf.clone(),
            log: data.log.clone(),
            status,
            deployment: data.deployment.clone(),
            metrics,
        }
    }
}

/// Permits for a body of this size, at least one.
pub(crate) fn body_permits(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES_A_PERMIT).max(1)).unwrap_or(u32::MAX)
}
