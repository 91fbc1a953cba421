//! `/readyz` while the log is replayed: what it waits for, how far it is, how long it may take.

mod support;
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use codec::decoder::{Decoder, DecoderConfig};
use codec::keys::Keys;
use plumbline::card_index::CardIndex;
use plumbline::clock::Clock;
use plumbline::http::router;
use plumbline::local_log::{Durability, LocalLog};
use plumbline::refused::Refused;
use plumbline::retrying::Retry;
use plumbline::served::{Served, room};
use plumbline::taking::Taking;
use plumbline::vitals::Vitals;
use promises::world::{deployment, utc};
use scorecard::calendar::Zone;
use server::{Answered, request};
use support::Place;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What a service with these vitals answers under `/readyz`.
fn readyz(place: &Place, vitals: &Arc<Vitals>) -> Answered {
    let log = LocalLog::open(&place.path("log"), Clock::System, Durability::Buffered).expect("nobody has it open");
    let refused = Refused::new(&place.path("refused"), &Keys::fixed(), 0);
    let decoder = Arc::new(Decoder::new(DecoderConfig::default()));
    let retry = Retry { decoder, feeds: Arc::default(), zone: Zone::london() };
    let (door, _taking) = Taking::new(log.clone(), 2, retry, refused.clone(), Clock::System, vitals.clone(), Vec::new());
    let served = Served {
        door,
        room: room(1 << 20),
        max_body: 1 << 20,
        feeds: Arc::new(BTreeMap::new()),
        refused,
        explaining: Arc::new(Semaphore::new(1)),
        index: Arc::new(RwLock::new(CardIndex::default())),
        log,
        vitals: vitals.clone(),
        deployment: deployment(2, utc(2026, 10, 1, 3)),
        clock: Clock::System,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    runtime.spawn(async move { axum::serve(listener, router(served)).await });
    request(&address, "GET", "/readyz", &[]).expect("it answers")
}

#[test]
fn while_the_log_is_replayed_it_is_not_ready_and_tells_why_how_far_and_how_long() {
    let place = Place::new();
    let vitals = Vitals::new(2);
    for (partition, (position, end)) in (0..).zip([(30, 30), (10, 70)]) {
        vitals.partition(partition).position = position;
        vitals.partition(partition).replay_end = end;
    }
    vitals.partition(0).caught_up = true;
    let told = readyz(&place, &vitals);
    let said = told.json();
    assert_eq!((told.status, &said["ready"], &said["reason"]), (503, &false.into(), &"the log is being replayed".into()));
    assert_eq!((&said["records_done"], &said["records_total"]), (&40.into(), &100.into()));
    assert!(said["estimate_seconds"].is_u64(), "{said}");

    vitals.partition(1).caught_up = true;
    let said = readyz(&place, &vitals).json();
    assert_eq!((&said["ready"], &said["reason"]), (&false.into(), &"what is published is being read back".into()));
    vitals.publish().caught_up = true;
    let told = readyz(&place, &vitals);
    assert_eq!((told.status, &told.json()["ready"]), (200, &true.into()));
}
