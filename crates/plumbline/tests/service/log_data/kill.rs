//! `kill -9` at any moment: no acknowledged event is lost, and none counts twice.
//!
//! A seed decides after how many responses and idle turns the test kills the process. The surviving log shows the point of each kill.
//! The test ends after twenty kills, once every kind of point was hit twice.
#![cfg(unix)]

use crate::server;
use crate::support;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::server::{Server, request};
use plumbline::log::local_log::{Durability, LocalLog};
use plumbline::process::clock::Clock;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{Log, Topic};

const KILLS: usize = 20;
/// After this many kills every kind of point was hit twice, or the test is wrong.
const MOST_KILLS: usize = 400;
const TWICE: usize = 2;
const POSTERS: usize = 2;
const EVENTS_A_POST: usize = 5;
/// Virtual milliseconds in a real one: two days a second, so that hourly cuts follow each other closely.
const FACTOR: i64 = 172_800;
/// 1 February 2026, noon: the month of the events is over.
const START: i64 = 1_769_947_200_000;

/// The point of a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KillPoint {
    /// A client had sent a request and has no response.
    InAnAppend,
    /// The log holds rows of a tick and not its mark.
    BetweenRowsAndMark,
    /// The log holds the mark of a cut that publish has not begun.
    BetweenMarkAndPublication,
    /// Publish has begun a cut that no run closes.
    InsideAPublication,
}

/// A client that posts, and its request without a response.
#[derive(Debug, Default)]
struct Poster {
    number: usize,
    posts: usize,
    answered: usize,
    pending: Option<String>,
    was_cut_off: bool,
}

impl Poster {
    fn next_body(&mut self) -> String {
        self.posts += 1;
        let event = |n| {
            let at = "2026-01-15T09:00:00Z";
            let event = support::encounter(&format!("k-{}-{}-{n}", self.number, self.posts), at, at);
            event.replacen('{', "{\"feed\":\"surgery\",", 1)
        };
        (0..EVENTS_A_POST).map(|n| event(n) + "\n").collect()
    }

    /// Posts until the service is gone. The next call sends an unacknowledged request again.
    fn post(&mut self, address: &str, answers: &Sender<()>) {
        loop {
            let body = self.pending.take().unwrap_or_else(|| self.next_body());
            match request(address, "POST", "/v1/events", body.as_bytes()) {
                Ok(answered) if answered.status == 200 => {
                    assert_eq!(answered.json()["logged"], EVENTS_A_POST);
                    self.answered += EVENTS_A_POST;
                    // The receiver is gone when it has counted enough responses.
                    let _ = answers.send(());
                }
                Ok(answered) => panic!("{answered:?}"),
                Err(error) => {
                    self.pending = Some(body);
                    self.was_cut_off = error.kind() != ErrorKind::ConnectionRefused;
                    return;
                }
            }
        }
    }
}

/// A linear congruential generator with Knuth's constants for MMIX.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A service whose time continues where that of the last one stopped.
fn command(data: &Path, shown: i64, factor: i64) -> Command {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let mut command = server::command(data);
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},{shown},{factor}"));
    command.env("PLUMBLINE_PARTITIONS", "1").env("PLUMBLINE_PUBLISH_EVERY", "1h");
    command.env("PLUMBLINE_LOG_LEVEL", "error");
    command
}

/// The state of the log after a kill.
#[derive(Debug, Default)]
struct SurvivingLog {
    last_row: Option<u64>,
    last_mark: Option<(u64, Timestamp)>,
    last_begun: Option<Timestamp>,
    last_run: Option<Timestamp>,
}

impl SurvivingLog {
    fn read(data: &Path) -> SurvivingLog {
        let mut log = LocalLog::open(&data.join("log"), Clock::System, Durability::Buffered).expect("a killed log opens");
        let mut left = SurvivingLog::default();
        for topic in [Topic::ClinicianMonths, Topic::Registry, Topic::Runs] {
            let mut each = |lent: stream::log::LogEntry<'_>| {
                match lent.record {
                    Record::ClinicianMonth(row) => left.last_row = left.last_row.max(Some(row.position)),
                    Record::Mark(mark) => left.last_mark = left.last_mark.max(Some((mark.position, mark.at))),
                    Record::Tick(tick) => left.last_begun = left.last_begun.max(Some(tick.at)),
                    Record::Run(run) => left.last_run = left.last_run.max(Some(run.at)),
                    _ => {}
                }
                ControlFlow::Continue(())
            };
            log.read(topic, 0, 0, usize::MAX, &mut each).expect("a killed log is whole");
        }
        left
    }

    fn landed(&self) -> impl Iterator<Item = KillPoint> {
        let rows = self.last_row > self.last_mark.map(|(position, _)| position);
        let begun = self.last_begun > self.last_run;
        let marked = self.last_mark.map(|(_, at)| at) > self.last_run.max(self.last_begun);
        let places = [
            (rows, KillPoint::BetweenRowsAndMark),
            (begun, KillPoint::InsideAPublication),
            (marked, KillPoint::BetweenMarkAndPublication),
        ];
        places.into_iter().filter(|(there, _)| *there).map(|(_, landed)| landed)
    }
}

#[test]
fn killed_at_any_moment_the_service_loses_nothing_and_counts_nothing_twice() {
    let place = support::Place::new();
    let data = place.path("data");
    let mut draw = Draw(20_261_124);
    let mut posters: Vec<Poster> = (0..POSTERS).map(|number| Poster { number, ..Poster::default() }).collect();
    let mut landed: BTreeMap<KillPoint, usize> = BTreeMap::new();
    let mut shown = START;
    let mut kills = 0;
    while kills < KILLS || landed.len() < 4 || landed.values().any(|hits| *hits < TWICE) {
        assert!(kills < MOST_KILLS, "not every kind of point was hit: {landed:?}");
        let started = Instant::now();
        kill_one(Server::start(command(&data, shown, FACTOR)), &mut posters, &mut draw);
        shown += i64::try_from(started.elapsed().as_millis()).expect("minutes") * FACTOR;
        kills += 1;
        for place in SurvivingLog::read(&data).landed() {
            *landed.entry(place).or_default() += 1;
        }
        if posters.iter().any(|poster| poster.was_cut_off) {
            *landed.entry(KillPoint::InAnAppend).or_default() += 1;
        }
    }
    eprintln!("{kills} kills landed {landed:?}");
    check(&data, shown, &mut posters);
}

fn kill_one(mut server: Server, posters: &mut [Poster], draw: &mut Draw) {
    server.drain();
    let address = server.address.clone();
    let (sender, answers) = channel();
    thread::scope(|scope| {
        for poster in posters {
            let (sender, address) = (sender.clone(), &address);
            scope.spawn(move || poster.post(address, &sender));
        }
        for _ in 0..=draw.below(12) {
            answers.recv().expect("a client posts");
        }
        for _ in 0..draw.below(200_000) {
            std::hint::spin_loop();
        }
        server.kill();
    });
}

/// Sends unacknowledged requests again. Then time runs at its real pace, and once every due cut is published the card counts every event.
fn check(data: &Path, shown: i64, posters: &mut [Poster]) {
    // Four days later, so that the month is provisional however few cuts there were.
    let shown = shown + 4 * 86_400_000;
    let server = Server::start(command(data, shown, 1));
    for poster in posters.iter_mut() {
        if let Some(body) = poster.pending.take() {
            assert_eq!(server.post("/v1/events", body.as_bytes()).json()["logged"], EVENTS_A_POST);
            poster.answered += EVENTS_A_POST;
        }
    }
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(0), "{said}");
    // Two hours later: one more cut covers everything that was sent.
    let shown = shown + 2 * 3_600_000;
    let mut server = Server::start(command(data, shown, 1));
    server.drain();
    let due = Timestamp(shown - 3_600_000).to_string();
    server.until("/readyz", |answered| {
        answered.status == 200 && answered.json()["last_cut"].as_str().is_some_and(|cut| cut >= due.as_str())
    });
    let sent: usize = posters.iter().map(|poster| poster.answered).sum();
    assert_eq!(sent, posters.iter().map(|poster| poster.posts * EVENTS_A_POST).sum::<usize>());
    let cards = server.get("/v1/scorecards/gmc%7C7012345?month=2026-01").json();
    assert_eq!(cards[0]["exposure"][0]["encounters"], sent, "{}", cards[0]["exposure"]);
    assert_gapless(&server);
}

fn assert_gapless(server: &Server) {
    let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
    let mut after = 0;
    loop {
        let changes = server.get(&format!("/v1/changes?limit=1000&after={after}")).json();
        let changes = changes.as_array().expect("a list");
        let Some(last) = changes.last() else { break };
        after = last["sequence"].as_u64().expect("a number");
        for change in changes {
            let card = format!("{} {} {}", change["clinician"], change["practice"], change["month"]);
            let revision = revisions.entry(card).or_default();
            *revision += 1;
            assert_eq!(change["revision"], *revision, "{change}");
        }
    }
    assert!(!revisions.is_empty());
}
