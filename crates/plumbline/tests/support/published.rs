//! A service that has published the cards of 21 clinicians for one month.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::server::{Server, command};
use crate::support::Place;

/// A slot of one of 21 clinicians in January 2026.
fn slot(clinician: usize, number: usize, status: &str) -> String {
    format!(
        r#"{{"feed":"surgery","id":"{clinician}-{number}","type":"encounter","occurred_at":"2026-01-{:02}T09:00:00Z","recorded_at":"2026-01-31T09:00:00Z","clinician":{{"system":"gmc","value":"{}"}},"practice":"A81001","patient":"9434765919","encounter":{{"mode":"telephone","status":"{status}"}}}}"#,
        1 + number,
        7_000_000 + clinician
    )
}

/// 20 slots of each of 21 clinicians. Patients of clinician 0 miss none, patients of clinician 20 miss all.
pub fn slots() -> String {
    let status = |clinician, number| if number < clinician { "noshow" } else { "attended" };
    let lines = (0..=20).flat_map(|clinician| (0..20).map(move |number| (clinician, number)));
    lines.map(|(clinician, number)| slot(clinician, number, status(clinician, number)) + "\n").collect()
}

pub fn published() -> (Place, Server) {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    // 1 February 2026 at noon UTC; ten days pass in a second.
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},1769947200000,864000"));
    let mut server = Server::start(command);
    server.drain();
    assert_eq!(server.post("/v1/events", slots().as_bytes()).json()["logged"], 420);
    server.until("/v1/scorecards?month=2026-01", |answered| answered.json().as_array().is_some_and(|cards| cards.len() == 21));
    (place, server)
}
