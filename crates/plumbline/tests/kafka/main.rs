//! The Kafka suite: the binary's own processes against a real Apache Kafka, judged by a subscriber and a verifier that share
//! nothing with them.
//!
//! Where no broker can be had every test that wants one is shown as ignored, with the reason and the way to get one. A file imports
//! only from files further down this list.
#![cfg(unix)]

mod same_cards;
mod killed;
mod zombies;
mod cluster;
mod garbage;
mod rejects_first;
mod secured;
mod whole_service;
mod broken;
mod crew;
mod course;
mod line;
mod hand;
mod accounts;
mod again;
mod subscribed;
mod dump;
mod broker;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial, run};

use crate::broker::{Lacking, Means};

/// Tests of the verifier itself.
const VERIFIER: [(&str, fn()); 3] = [
    ("a_good_dump_breaks_no_promise", broken::a_good_dump_breaks_no_promise),
    ("every_damage_is_seen", broken::every_damage_is_seen),
    ("every_flipped_value_is_seen", broken::every_flipped_value_is_seen),
];

/// A test against brokers and its name.
type Promise = (&'static str, fn(&Means));

/// Tests against brokers, the longest first.
const PROMISES: [Promise; 10] = [
    ("brokers_die_one_after_the_other_and_nothing_is_lost", cluster::brokers_die_one_after_the_other_and_nothing_is_lost),
    (
        "killed_at_random_moments_nothing_is_lost_and_nothing_counts_twice",
        killed::killed_at_random_moments_nothing_is_lost_and_nothing_counts_twice,
    ),
    ("a_publisher_that_wakes_up_again_publishes_nothing", zombies::a_publisher_that_wakes_up_again_publishes_nothing),
    ("an_owner_that_wakes_up_again_does_no_harm", zombies::an_owner_that_wakes_up_again_does_no_harm),
    (
        "one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes",
        same_cards::one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes,
    ),
    (
        "a_refused_record_is_acknowledged_only_after_its_reject_is_stored",
        rejects_first::a_refused_record_is_acknowledged_only_after_its_reject_is_stored,
    ),
    ("garbage_is_accounted_for_element_by_element", garbage::garbage_is_accounted_for_element_by_element),
    ("the_line_works_through_tls_as_a_scram_user", secured::the_line_works_through_tls_as_a_scram_user),
    (
        "two_whole_services_tick_by_themselves_and_count_everything_once",
        whole_service::two_whole_services_tick_by_themselves_and_count_everything_once,
    ),
    ("a_wrong_password_is_refused_in_words", secured::a_wrong_password_is_refused_in_words),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A list needs no broker.
    let not_looked_for = || Lacking { short: "against a broker", why: String::new() };
    let means = if arguments.list { Err(not_looked_for()) } else { broker::look() };
    if let Err(lacking) = &means
        && !arguments.list
    {
        eprintln!("kafka: the tests against a broker do not run. {}", lacking.why);
    }
    let verifier = VERIFIER.into_iter().map(|(name, test)| trial(name, test));
    let promises = PROMISES.into_iter().map(|(name, test)| against_brokers(name, test, &means));
    let conclusion = run(&arguments, verifier.chain(promises).collect());
    broker::end_shared();
    conclusion.exit_code()
}

fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// Runs against brokers if they can be had; else it is shown as ignored with the reason, or fails where they are required.
fn against_brokers(name: &str, test: fn(&Means), means: &Result<Means, Lacking>) -> Trial {
    let required = std::env::var(broker::KAFKA_VARIABLE).is_ok_and(|value| value == "require");
    match means.clone() {
        Ok(means) => trial(name, move || test(&means)),
        Err(lacking) if required => Trial::test(name, move || Err(Failed::from(lacking.why))),
        Err(lacking) => trial(name, || {}).with_kind(lacking.short).with_ignored_flag(true),
    }
}
