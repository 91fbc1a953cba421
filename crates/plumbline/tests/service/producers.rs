//! The programs of `examples` that send, against a real service.

use std::path::Path;
use std::process::Command;

use crate::server::{Server, command};
use crate::support::Place;

#[test]
fn the_python_producer_amends_and_retracts() {
    // Without Python the program is a document only.
    let python = std::env::var("PLUMBLINE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if Command::new(&python).arg("--version").output().is_err() {
        eprintln!("skipped: no {python}; set PLUMBLINE_PYTHON");
        return;
    }
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python/send_events.py");
    let url = format!("http://{}", server.address);
    let sent = Command::new(&python).arg(program).args([&url, "surgery"]).output().expect("Python runs");
    assert!(sent.status.success() && sent.stdout.starts_with(b"5 logged, 0 rejected"), "{sent:?}");
    // Three events are recorded; one of them is amended and one retracted.
    let folded = |body: &str| body.contains("plumbline_tally_events_total{outcome=\"accepted\"} 5\n");
    let metrics = server.until("/metrics", |answered| folded(&answered.body)).body;
    assert!(metrics.contains("plumbline_tally_events_total{outcome=\"conflict\"} 0\n"), "{metrics}");
}
