//! `/readyz` while the log is replayed: what it waits for, how far it is, how long it may take.

use std::sync::Arc;

use crate::server::{Response, request};
use crate::support::Place;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::deployment::data_directory::DataDirectory;
use plumbline::http::http_state::HttpState;
use plumbline::http::routes::router;
use plumbline::process::clock::Clock;
use plumbline::process::metric_registry::MetricRegistry;
use plumbline::process::roles::ProcessRoles;
use plumbline::process::service_status::ServiceStatus;
use plumbline::process::shutdown_signal::ShutdownSignal;
use tokio::net::TcpListener;

/// What a service with these vitals answers under `/readyz`.
fn readyz(place: &Place, vitals: &Arc<ServiceStatus>) -> Response {
    let flags = vec![("data", "--data", place.path("data").display().to_string())];
    let config = config_file::read(&ConfigSources { flags, ..ConfigSources::default() }).expect("the defaults are sound");
    let site =
        DataDirectory::open(&config, Clock::System, ProcessRoles::ALL, &ShutdownSignal::default()).expect("nobody has it open");
    let served = HttpState::of(&site, &config, None, vitals.clone(), MetricRegistry::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    runtime.spawn(async move { axum::serve(listener, router(served)).await });
    request(&address, "GET", "/readyz", &[]).expect("it answers")
}

#[test]
fn while_the_log_is_replayed_it_is_not_ready_and_tells_why_how_far_and_how_long() {
    let place = Place::new();
    let vitals = ServiceStatus::new(2);
    vitals.publish().active = true;
    for (partition, (position, end)) in (0..).zip([(30, 30), (10, 70)]) {
        vitals.begin_partition(partition, end);
        vitals.partition(partition).position = position;
    }
    vitals.partition(0).caught_up = true;
    let told = readyz(&place, &vitals);
    let said = told.json();
    assert_eq!((told.status, &said["ready"], &said["reason"]), (503, &false.into(), &"the log is being replayed".into()));
    assert_eq!((&said["records_done"], &said["records_total"]), (&40.into(), &100.into()));
    assert!(said["estimate_seconds"].is_u64(), "{said}");

    vitals.partition(1).caught_up = true;
    let said = readyz(&place, &vitals).json();
    assert_eq!((&said["ready"], &said["reason"]), (&false.into(), &"publish is reading the published cards".into()));
    vitals.publish().caught_up = true;
    let told = readyz(&place, &vitals);
    assert_eq!((told.status, &told.json()["ready"]), (200, &true.into()));
}
