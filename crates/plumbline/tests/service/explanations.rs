//! Many explanations at once: one is computed, a few wait, and the service refuses the rest at once.

use std::sync::{Arc, Barrier};

use crate::published::published;
use crate::server::request;

#[test]
fn a_crowd_of_explanations_is_refused_at_once_and_the_first_are_answered() {
    const CROWD: usize = 60;
    let (_place, server) = published();
    let path = "/v1/scorecards/gmc%7C7000005/explain?month=2026-01&measure=dna_rate";
    assert_eq!(server.get(path).status, 200);
    let start = Arc::new(Barrier::new(CROWD));
    let ask = |_| {
        let (start, address) = (start.clone(), server.address.clone());
        std::thread::spawn(move || {
            start.wait();
            request(&address, "GET", path, &[]).expect("it answers")
        })
    };
    let crowd: Vec<_> = (0..CROWD).map(ask).collect();
    let answers: Vec<_> = crowd.into_iter().map(|one| one.join().expect("no panic")).collect();
    let busy = answers.iter().filter(|answer| answer.status == 429 && answer.problem() == "busy").count();
    let answered = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(answered >= 5 && busy >= 1 && answered + busy == CROWD, "{answered} answered, {busy} busy");
    assert_eq!(server.get(path).status, 200);
}
