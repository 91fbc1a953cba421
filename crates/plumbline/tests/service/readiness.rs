//! `/readyz` during a replay of the log: the reason, the progress and the remaining time.

use std::sync::Arc;

use crate::server::{Response, request};
use crate::support::Place;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::deployment::configuration_reload::{ConfigurationReload, ReloadedValues};
use plumbline::deployment::data_directory::DataDirectory;
use plumbline::http::http_state::HttpState;
use plumbline::http::routes::router;
use plumbline::process::clock::Clock;
use plumbline::process::metric_registry::MetricRegistry;
use plumbline::process::roles::ProcessRoles;
use plumbline::process::service_status::ServiceStatus;
use plumbline::process::shutdown_signal::ShutdownSignal;
use tokio::net::TcpListener;

/// The response of a service with this status to `/readyz`.
fn readyz(place: &Place, status: &Arc<ServiceStatus>) -> Response {
    let flags = vec![("data", "--data", place.path("data").display().to_string())];
    let config = config_file::read(&ConfigSources { flags, ..ConfigSources::default() }).expect("the defaults are sound");
    let data = DataDirectory::open(&config, Clock::System, ProcessRoles::ALL, &ShutdownSignal::default())
        .expect("no process has it open");
    let values = ReloadedValues::of(&config, &data);
    let reload = ConfigurationReload::new(ConfigSources::default(), &config, ProcessRoles::ALL, values.clone(), &data);
    let state = HttpState::of(&data, &config, None, status.clone(), MetricRegistry::default(), None, (values, reload));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    runtime.spawn(async move { axum::serve(listener, router(state, None)).await });
    request(&address, "GET", "/readyz", &[]).expect("it answers")
}

#[test]
fn during_a_replay_the_service_is_not_ready_and_reports_reason_progress_and_remaining_time() {
    let place = Place::new();
    let status = ServiceStatus::new(2);
    status.publish().active = true;
    for (partition, (position, end)) in (0..).zip([(30, 30), (10, 70)]) {
        status.begin_partition(partition, end);
        status.partition(partition).position = position;
    }
    status.partition(0).caught_up = true;
    let response = readyz(&place, &status);
    let body = response.json();
    assert_eq!((response.status, &body["ready"], &body["reason"]), (503, &false.into(), &"the log is being replayed".into()));
    assert_eq!((&body["records_done"], &body["records_total"]), (&40.into(), &100.into()));
    assert!(body["estimate_seconds"].is_u64(), "{body}");

    status.partition(1).caught_up = true;
    let body = readyz(&place, &status).json();
    assert_eq!((&body["ready"], &body["reason"]), (&false.into(), &"publish is reading the published cards".into()));
    status.publish().caught_up = true;
    let response = readyz(&place, &status);
    assert_eq!((response.status, &response.json()["ready"]), (200, &true.into()));
}
