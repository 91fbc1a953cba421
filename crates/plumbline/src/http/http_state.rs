//! The parts of the service that HTTP handlers use.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::response::Response;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::access_record::AccessRecord;
use stream::deployment::Deployment;
use stream::log::with_sources;
use tokio::sync::Semaphore;

use crate::config::authorizer::{Authorizer, SenderRights};
use crate::config::options::{Config, OpenMetrics};
use crate::deployment::configuration_reload::{ConfigurationReload, ReloadedValues};
use crate::deployment::data_directory::DataDirectory;
use crate::http::open_connections::OpenConnections;
use crate::http::problem::ProblemType;
use crate::http::responses::panicked;
use crate::intake::body_room::BodyRoom;
use crate::intake::dry_run::DryRunner;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::intake_worker::IntakeSender;
use crate::intake::rejects::reject_store::RejectStore;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::disk_space::DiskSpace;
use crate::process::limits::{EXPLAIN_QUEUE, EXPORTS, FOLLOWERS};
use crate::process::metric_registry::MetricRegistry;
use crate::process::reloadable::Reloadable;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_store::CardStore;
use crate::sign_in::access::access_log::AccessLog;

/// The parts that every handler sees.
#[derive(Clone, Debug)]
pub struct HttpState {
    /// Reads events without storing them.
    pub dry_runner: Arc<DryRunner>,
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
    /// Permits of clients that follow the changes.
    pub followers: Arc<Semaphore>,
    /// Permits of exports.
    pub exports: Arc<Semaphore>,
    /// The published cards; none where this process has no role serve.
    pub cards: Option<CardStore>,
    /// The log of looks at named cards; none where pages are turned off.
    pub looks: Option<Arc<AccessLog>>,
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
    /// Records the look of a token at named cards, where looks are recorded.
    ///
    /// # Errors
    /// The response in place of the cards, when the look could not be recorded.
    pub(crate) async fn record(&self, rights: &SenderRights, look: AccessRecord) -> Result<(), Response> {
        // Without tokens the service answers this machine alone, and there is no reader to name.
        let (Some(looks), SenderRights::Of(token)) = (self.looks.clone(), rights) else { return Ok(()) };
        let look = AccessRecord { at: self.clock.now(), reader: token.name.to_string(), role: "token".to_owned(), ..look };
        match tokio::task::spawn_blocking(move || looks.record(look)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failed)) => {
                tracing::error!(error = with_sources(&failed), "a look could not be recorded");
                Err(ProblemType::LogFailed
                    .response("the look at named cards could not be recorded, so none is sent; retry later"))
            }
            Err(_) => Err(panicked("recording the look")),
        }
    }

    /// The state for this data directory.
    #[must_use]
    pub fn of(
        data: &DataDirectory,
        config: &Config,
        intake: Option<IntakeSender>,
        status: Arc<ServiceStatus>,
        metrics: MetricRegistry,
        looks: Option<Arc<AccessLog>>,
        (values, reload): (ReloadedValues, ConfigurationReload),
    ) -> HttpState {
        HttpState {
            dry_runner: Arc::new(DryRunner::new(&data.decoder, data.log.clone())),
            intake,
            authorizer: values.gate,
            listen: config.listen,
            connections: OpenConnections::new(config.max_connections),
            metrics_are_open: match config.open_metrics {
                OpenMetrics::Always => true,
                OpenMetrics::Never => false,
                // Behind a proxy, requests of other machines arrive from this one.
                OpenMetrics::Loopback => config.listen.ip().is_loopback() && !config.is_behind_proxy(),
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
            followers: Arc::new(Semaphore::new(FOLLOWERS.min(config.max_connections / 2))),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            cards: data.shelf.clone(),
            looks,
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
