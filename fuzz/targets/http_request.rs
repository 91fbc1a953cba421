//! Any body and query of a request: the answer covers each element, or refuses the whole with a status that gives the reason.
#![no_main]

use std::path::Path;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::config::options::Config;
use plumbline::deployment::data_directory::DataDirectory;
use plumbline::http::http_state::HttpState;
use plumbline::http::routes;
use plumbline::intake::intake_worker::IntakeWorker;
use plumbline::process::clock::Clock;
use plumbline::process::metric_registry::MetricRegistry;
use plumbline::process::roles::ProcessRoles;
use plumbline::process::service_status::ServiceStatus;
use plumbline::process::shutdown_signal::ShutdownSignal;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// After this many requests a new log replaces the old one, so that it does not fill the disk.
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
        let directory = DataDirectory::open(&config, Clock::System, ProcessRoles::ALL, &ShutdownSignal::default())
            .expect("an empty folder can be opened");
        let status = ServiceStatus::new(directory.deployment.partitions);
        let (sender, worker) = IntakeWorker::new(
            directory.log.clone(),
            directory.deployment.partitions,
            directory.decoder.clone(),
            directory.refused.clone(),
            directory.clock.clone(),
            status.clone(),
            Vec::new(),
        );
        std::thread::spawn(move || worker.run().expect("the log accepts every record"));
        let state = HttpState::of(&directory, &config, Some(sender), status, MetricRegistry::default(), None);
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        Service { router: routes::router(state, None), runtime, requests: 0, _folder: folder }
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
    // Little room for rejects, so that the oldest are evicted.
    let flags = vec![("data", "--data", data.display().to_string()), ("refused", "--refused", "256KiB".to_owned())];
    let sources = ConfigSources { flags, ..ConfigSources::default() };
    config_file::read(&sources).expect("the defaults are sound")
}

// The first line is path and query of a GET, the rest the body of a POST.
fuzz_target!(|bytes: &[u8]| {
    let (line, body) =
        bytes.iter().position(|byte| *byte == b'\n').map_or((&b""[..], bytes), |at| (&bytes[..at], &bytes[at + 1..]));
    let mut service = SERVICE.lock().expect("a request that panicked ends the process");
    if service.as_ref().is_some_and(|service| service.requests > REQUESTS) {
        *service = None;
    }
    let service = service.get_or_insert_with(Service::new);
    let path = String::from_utf8_lossy(line);
    if let Ok(request) = Request::get(format!("/v1/{path}")).header("host", "localhost").body(Body::empty()) {
        let (status, _) = service.answer(request);
        assert!(status < 500, "{path}: {status}");
    }
    let post = Request::post("/v1/events?feed=surgery").header("host", "localhost");
    let (status, answer) = service.answer(post.body(Body::from(body.to_vec())).expect("a request"));
    // An empty body, or one with too many elements or bytes, is refused as a whole.
    if [400, 413].contains(&status) {
        return;
    }
    assert!([200, 422].contains(&status), "{status}");
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    let count = |name: &str| answer[name].as_u64().expect("a count");
    let sum = ["logged", "registered", "skipped", "rejected"].into_iter().map(count).sum::<u64>();
    assert_eq!(status == 422, count("rejected") > 0 && count("rejected") == count("received"));
    assert_eq!((sum, answer["events"].as_array().map_or(0, Vec::len) as u64), (count("received"), count("received")));
});
