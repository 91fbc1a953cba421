//! Every metric that a service may show, over the embedded log or Kafka, without brokers and before any event.

use plumbline::config::config_file::{self, ConfigSources};
use plumbline::deployment::data_directory::DataDirectory;
use plumbline::process::clock::Clock;
use plumbline::process::metric_registry::MetricRegistry;
use plumbline::process::roles::ProcessRoles;
use plumbline::process::service_status::{InputStatus, ServiceStatus};
use plumbline::process::shutdown_signal::ShutdownSignal;
use scorecard::time::calendar::Month;

use crate::support::Place;

pub fn every_metric() -> MetricRegistry {
    let place = Place::new();
    let flags = vec![("data", "--data", place.path("data").display().to_string())];
    let config = config_file::read(&ConfigSources { flags, ..ConfigSources::default() }).expect("the defaults are sound");
    let roles = ProcessRoles::ALL;
    let data = DataDirectory::open(&config, Clock::System, roles, &ShutdownSignal::default()).expect("no process has it open");
    let status = ServiceStatus::new(data.deployment.partitions);
    status.begin_partition(0, 0);
    status.partition(0).whole_from = Some(Month(24_300));
    status.inputs().insert(("gp-encounters".to_owned(), 0), InputStatus::default());
    plumbline::service::metric_sources::every_metric(&data, status)
}
