//! A real `plumbline run`, and a number of events through its HTTP.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::local::CLINICIANS;
use crate::service::{Connection, Service};
use crate::traffic::Traffic;

/// Events in one request.
const EVENTS_A_REQUEST: u64 = 1_000;
/// Single events that are timed from request to row.
const SINGLE: usize = 50;

/// Prints the CPU time per accepted event, and the time from a `POST` to its row.
pub fn measure(events: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let service = Service::start(folder.path(), &["run"])?;
    let process = service.process();
    let mut traffic = Traffic::new(2, CLINICIANS);
    let mut connection = service.connection()?;
    send(&mut connection, &mut traffic, EVENTS_A_REQUEST)?;
    wait_until_folded(&mut connection, EVENTS_A_REQUEST)?;
    let begun = process.cpu_seconds()?;
    let mut sent = 0;
    while sent < events {
        send(&mut connection, &mut traffic, EVENTS_A_REQUEST)?;
        sent += EVENTS_A_REQUEST;
    }
    wait_until_folded(&mut connection, EVENTS_A_REQUEST + sent)?;
    let seconds = process.cpu_seconds()? - begun;
    println!("{:.2} us of CPU an accepted event, {EVENTS_A_REQUEST} in a request, folding included", seconds * 1e6 / sent as f64);
    let mut times = Vec::new();
    for single in 1..=SINGLE {
        let sent_at = Instant::now();
        send(&mut connection, &mut traffic, 1)?;
        wait_until_folded(&mut connection, EVENTS_A_REQUEST + sent + single as u64)?;
        times.push(sent_at.elapsed());
    }
    times.sort();
    let [median, worst] = [times[SINGLE / 2], times[SINGLE - 1]].map(|time: Duration| time.as_secs_f64() * 1e3);
    println!(
        "{median:.1} ms (median of {SINGLE}; worst {worst:.1} ms) from a POST to its row in memory, disk and polling included"
    );
    Ok(())
}

fn send(connection: &mut Connection, traffic: &mut Traffic, events: u64) -> Result<()> {
    let mut text = String::new();
    (0..events).for_each(|_| traffic.event(&mut text));
    let answer: serde_json::Value = serde_json::from_str(&connection.ask("POST", "/v1/events", &text)?)?;
    ensure!(answer["logged"] == events, "not all events were logged: {}", answer["events"][0]);
    Ok(())
}

fn wait_until_folded(connection: &mut Connection, events: u64) -> Result<()> {
    while connection.metric("plumbline_tally_events_total")? < events {}
    Ok(())
}
