//! No broker answers: the service says so, and requests do not hang.

use std::time::{Duration, Instant};

use scorecard::time::calendar::Timestamp;

use crate::administration::damaged_deployment::{readyz, request};
use crate::broker::{Brokers, TestTools};
use crate::deployment_under_test::{DeploymentPlan, Process, Role, TestDeployment, WEEKLY, real_now};

const READY_WITHIN: Duration = Duration::from_secs(600);
/// The promise of the documents.
const SAID_WITHIN: Duration = Duration::from_secs(15);

const EVENT: &str = r#"{"id":"e1","kind":"encounter","occurred_at":"2026-11-02T09:00:00Z","recorded_at":"2026-11-02T09:10:00Z","patient":{"id":"p1"},"clinician":"gmc|7012345","practice":"A81001","status":"attended"}"#;

fn until(process: &Process, within: Duration, holds: impl Fn(&str) -> bool) -> Duration {
    let (begun, mut last) = (Instant::now(), String::new());
    while begun.elapsed() < within {
        last = readyz(process).unwrap_or_default();
        if holds(&last) {
            return begun.elapsed();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("not within {within:?}: {last}");
}

/// The broker stops answering, which is worse than a crash: connections stay open.
pub fn silent_brokers_are_said_and_requests_get_an_answer(_: &TestTools) {
    let brokers = Brokers::start(1);
    let first = WEEKLY.at_or_after(Timestamp(real_now()));
    let inputs = Vec::new();
    let plan =
        DeploymentPlan { name: "away", bootstrap: &brokers.bootstrap, partitions: 2, inputs, grid: WEEKLY, first, registry: "" };
    let deployment = TestDeployment::new(&plan);
    let mut service = deployment.start(Role::All);
    let is_ready = |answer: &str| answer.starts_with("HTTP/1.1 200");
    until(&service, READY_WITHIN, is_ready);
    let post = || request(&service, "POST", "/v1/events?feed=a", EVENT).expect("an answer");
    let answer = post();
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 422"), "{answer}");
    brokers.run(&["pause", "1"]);
    // The first request is on its way when the silence begins.
    let begun = Instant::now();
    let answer = post();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.to_lowercase().contains("retry-after: 5"), "{answer}");
    let hanging = begun.elapsed();
    let said = until(&service, SAID_WITHIN, |answer| answer.starts_with("HTTP/1.1 503") && answer.contains("no broker"));
    let begun = Instant::now();
    assert!(post().contains("no broker answers"), "a later request is answered at once");
    eprintln!("answered after {hanging:?}, said after {said:?} more, then {:?}", begun.elapsed());
    assert!(hanging < SAID_WITHIN && begun.elapsed() < Duration::from_secs(2));
    brokers.run(&["resume", "1"]);
    until(&service, READY_WITHIN, is_ready);
    let answer = post();
    assert!(!answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(service.runs());
}
