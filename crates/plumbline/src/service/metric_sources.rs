//! The parts of a service whose values are metrics: one line for each room that defines some.

use std::sync::{Arc, RwLock};

use stream::deployment::Deployment;

use crate::config::config_file::{self, ConfigSources};
use crate::deployment::configuration_reload::{ConfigurationReload, ReloadedValues};
use crate::deployment::data_directory::DataDirectory;
use crate::http::open_connections::OpenConnections;
use crate::http::request_metrics::RequestMetrics;
use crate::intake::intake_metrics;
use crate::intake::rejects::reject_metrics;
use crate::intake::rejects::reject_store::RejectStore;
use crate::kafka::client_metrics;
use crate::kafka::contact::Contact;
use crate::kafka::schema_registry::registry::RegistryCounts;
use crate::log::any_log::AnyLog;
use crate::log::local_log::LocalLog;
use crate::process::clock::Clock;
use crate::process::disk_space::DiskSpace;
use crate::process::metric_registry::MetricRegistry;
use crate::process::process_metrics;
use crate::process::roles::ProcessRoles;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_index::CardIndex;
use crate::published_cards::card_metrics;
use crate::service::worker_metrics::WorkerMetrics;
use crate::service::{broker_watch, memory_metrics, publish_metrics, tally_metrics};

/// Counts of the schema registry's client at this moment.
type ReadRegistryCounts = Arc<dyn Fn() -> RegistryCounts + Send + Sync>;

/// The parts of a service that metrics read at each scrape.
#[derive(Clone)]
pub struct MetricSources {
    /// Reports of the threads.
    pub status: Arc<ServiceStatus>,
    /// The index of published cards, where this process serves them.
    pub cards: Option<Arc<RwLock<CardIndex>>>,
    /// The embedded log, where there is no Kafka.
    pub embedded_log: Option<LocalLog>,
    /// The clients of the brokers, where the log is on Kafka.
    pub brokers: Option<Contact>,
    /// The client of the schema registry, where there is one.
    pub schema_registry: Option<ReadRegistryCounts>,
    /// The disk of the data folder.
    pub disk: DiskSpace,
    /// Rejected records that wait for a repair.
    pub rejects: RejectStore,
    /// The deployment.
    pub deployment: Deployment,
    /// The clock that lags are measured with.
    pub clock: Clock,
}

impl MetricSources {
    /// The parts of a service with this data directory.
    #[must_use]
    pub fn of(data: &DataDirectory, status: Arc<ServiceStatus>) -> MetricSources {
        let (embedded_log, brokers, registry) = match &data.log {
            AnyLog::Local(log) => (Some(log.clone()), None, None),
            AnyLog::Kafka(log) => (None, Some(log.contact().clone()), log.schema_registry().cloned()),
        };
        MetricSources {
            status,
            cards: data.shelf.as_ref().map(|cards| cards.index.clone()),
            embedded_log,
            brokers,
            schema_registry: registry.map(|registry| -> ReadRegistryCounts { Arc::new(move || registry.counts()) }),
            disk: data.disk.clone(),
            rejects: data.refused.clone(),
            deployment: data.deployment.clone(),
            clock: data.clock.clone(),
        }
    }

    /// Adds the metrics that are read at each scrape.
    pub fn register(&self, registry: &MetricRegistry) {
        let MetricSources { status, rejects, deployment, clock, .. } = self;
        process_metrics::register(registry);
        memory_metrics::register(registry, status, self.cards.clone(), self.embedded_log.clone());
        self.disk.register_metrics(registry);
        intake_metrics::register(registry, status, clock);
        reject_metrics::register(registry, rejects);
        tally_metrics::register(registry, status, deployment, clock);
        publish_metrics::register(registry, status, deployment, clock);
        self.cards.iter().for_each(|cards| card_metrics::register(registry, cards, deployment));
        self.embedded_log.iter().for_each(|log| log.register_metrics(registry));
        if let Some(brokers) = &self.brokers {
            client_metrics::register(registry, brokers);
            broker_watch::register(registry, status);
            intake_metrics::register_topics(registry, status, clock);
        }
        if let Some(read) = self.schema_registry.clone() {
            client_metrics::register_schema_registry(registry, move || read());
        }
    }
}

/// Every metric that a service may show, over the embedded log or Kafka: for the reference page and for checks of dashboards.
#[must_use]
pub fn every_metric(data: &DataDirectory, status: Arc<ServiceStatus>) -> MetricRegistry {
    let registry = MetricRegistry::default();
    let sources = MetricSources::of(data, status);
    let brokers = Some(Contact::default());
    let schema_registry: Option<ReadRegistryCounts> = Some(Arc::new(RegistryCounts::default));
    MetricSources { brokers, schema_registry, ..sources }.register(&registry);
    OpenConnections::new(0).register(&registry);
    let config = config_file::defaults();
    let values = ReloadedValues::of(&config, data);
    let reload = ConfigurationReload::new(ConfigSources::default(), &config, ProcessRoles::ALL, values, data);
    reload.register_metrics(&registry);
    // Both add their histograms, which stay empty here.
    let _ = (WorkerMetrics::register(&registry), RequestMetrics::register(&registry));
    registry
}
