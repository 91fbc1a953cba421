//! Any body and query of a request: it is answered element by element, or refused as a whole with a status that says why.
#![no_main]

use std::path::Path;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use plumbline::process::clock::Clock;
use plumbline::config::options::Config;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::http::routes;
use plumbline::process::roles::ProcessRoles;
use plumbline::http::http_state::HttpState;
use plumbline::deployment::data_directory::DataDirectory;
use plumbline::process::shutdown_signal::ShutdownSignal;
use plumbline::intake::intake_worker::IntakeWorker;
use plumbline::process::service_status::ServiceStatus;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// After so many requests the log is made anew, so that it does not fill the disk.
const REQUESTS: u32 = 20_000;

/// A service without its threads of tally and publish, and without a socket.
struct Service {
    router: Router,
    runtime: Runtime,
    requests: u32,
    _folder: tempfile::TempDir,
}

static SERVICE: Mutex<Option<Service>> = Mutex::new(None);

impl Service {
    fn new() -> Service {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = configuration(folder.path());
        let site = DataDirectory::open(&config, Clock::System, ProcessRoles::ALL, &ShutdownSignal::default()).expect("a folder of its own");
        let vitals = ServiceStatus::new(site.deployment.partitions);
        let parts = site.deployment.partitions;
        let (door, taking) = IntakeWorker::new(
            site.log.clone(),
            parts,
            site.decoder.clone(),
            site.refused.clone(),
            site.clock.clone(),
            vitals.clone(),
            Vec::new(),
        );
        std::thread::spawn(move || taking.run().expect("the log takes everything"));
        let served = HttpState::of(&site, &config, Some(door), vitals);
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Service { router: routes::router(served), runtime, requests: 0, _folder: folder }
    }

    fn answer(&mut self, request: Request<Body>) -> (u16, Vec<u8>) {
        self.requests += 1;
        let router = self.router.clone();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.expect("handlers never fail");
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
            (status, body.to_vec())
        })
    }
}

fn configuration(data: &Path) -> Config {
    // Little room for what was refused, so that the oldest go.
    let flags = vec![("data", "--data", data.display().to_string()), ("refused", "--refused", "256KiB".to_owned())];
    let given = ConfigSources { flags, ..Given::default() };
    config_file::read(&given).expect("the defaults are sound")
}

// The first line is path and query of a GET, the rest the body of a POST.
fuzz_target!(|bytes: &[u8]| {
    let (line, body) =
        bytes.iter().position(|byte| *byte == b'\n').map_or((&b""[..], bytes), |at| (&bytes[..at], &bytes[at + 1..]));
    let mut held = SERVICE.lock().expect("a request that panicked ends the process");
    if held.as_ref().is_some_and(|service| service.requests > REQUESTS) {
        *held = None;
    }
    let service = held.get_or_insert_with(Service::new);
    let path = String::from_utf8_lossy(line);
    if let Ok(request) = Request::get(format!("/v1/{path}")).body(Body::empty()) {
        let (status, _) = service.answer(request);
        assert!(status < 500, "{path}: {status}");
    }
    let post = Request::post("/v1/events?feed=surgery").body(Body::from(body.to_vec())).expect("a request");
    let (status, answer) = service.answer(post);
    assert_eq!(status, 200);
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    let count = |name: &str| answer[name].as_u64().expect("a count");
    let sum = ["logged", "registered", "skipped", "rejected"].into_iter().map(count).sum::<u64>();
    assert_eq!((sum, answer["events"].as_array().map_or(0, Vec::len) as u64), (count("received"), count("received")));
});
