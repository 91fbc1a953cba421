//! The parts of the service that HTTP handlers use.

use std::net::SocketAddr;
use std::sync::Arc;

use scorecard::measure::measure_set::MeasureSet;
use stream::deployment::Deployment;
use tokio::sync::Semaphore;

use crate::config::authorizer::Authorizer;
use crate::config::options::{Config, OpenMetrics};
use crate::deployment::configuration_reload::{ConfigurationReload, ReloadedValues};
use crate::deployment::data_directory::DataDirectory;
use crate::http::open_connections::OpenConnections;
use crate::intake::body_room::BodyRoom;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::intake_worker::IntakeSender;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::disk_space::DiskSpace;
use crate::process::limits::EXPLAIN_QUEUE;
use crate::process::metric_registry::MetricRegistry;
use crate::process::reloadable::Reloadable;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_store::CardStore;
use crate::rejects::reject_store::RejectStore;

/// The parts that every handler sees.
#[derive(Clone, Debug)]
pub struct HttpState {
    /// Passes events to intake; none where this process has no role intake.
    pub intake: Option<IntakeSender>,
    /// Checks tokens.
    pub authorizer: Reloadable<Authorizer>,
    /// The address of the service.
    pub listen: SocketAddr,
    /// The open connections.
    pub connections: OpenConnections,
    /// Whether metrics and version need no token.
    pub metrics_are_open: bool,
    /// Room for the bodies that wait for the log.
    pub room: BodyRoom,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// The largest number of elements of a body.
    pub max_elements: usize,
    /// Raw records that were rejected.
    pub rejects: RejectStore,
    /// Decodes retried records, and holds the declared feeds.
    pub decoder: Reloadable<IntakeDecoder>,
    /// The measures.
    pub measures: Reloadable<MeasureSet>,
    /// Reads the configuration again.
    pub reload: ConfigurationReload,
    /// The disk of the data folder.
    pub disk: DiskSpace,
    /// The clock of retries.
    pub clock: Clock,
    /// One permit: a retry reads all rejects, so only one runs at a time.
    pub retry_permit: Arc<Semaphore>,
    /// One permit: an explanation folds the log again, so only one is computed at a time.
    pub explain_permit: Arc<Semaphore>,
    /// Permits of explanations that run or wait.
    pub explain_queue: Arc<Semaphore>,
    /// The published cards; none where this process has no role serve.
    pub cards: Option<CardStore>,
    /// A handle on the log.
    pub log: AnyLog,
    /// The reports of all threads.
    pub status: Arc<ServiceStatus>,
    /// The deployment with the measures of the start.
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
        (values, reload): (ReloadedValues, ConfigurationReload),
    ) -> HttpState {
        HttpState {
            intake,
            authorizer: values.gate,
            listen: config.listen,
            connections: OpenConnections::new(config.max_connections),
            metrics_are_open: match config.open_metrics {
                OpenMetrics::Always => true,
                OpenMetrics::Never => false,
                OpenMetrics::Loopback => config.listen.ip().is_loopback(),
            },
            room: BodyRoom::new(config.max_waiting, config.max_body),
            max_body: config.max_body,
            max_elements: config.max_elements,
            rejects: data.refused.clone(),
            decoder: values.decoder,
            measures: values.measures,
            reload,
            disk: data.disk.clone(),
            clock: data.clock.clone(),
            retry_permit: Arc::new(Semaphore::new(1)),
            explain_queue: Arc::new(Semaphore::new(1 + EXPLAIN_QUEUE)),
            explain_permit: Arc::new(Semaphore::new(1)),
            cards: data.shelf.clone(),
            log: data.log.clone(),
            status,
            deployment: data.deployment.clone(),
            metrics,
        }
    }

    /// The deployment with the present measures.
    #[must_use]
    pub fn present_deployment(&self) -> Deployment {
        Deployment { measures: self.measures.get(), ..self.deployment.clone() }
    }
}
