//! The Kafka suite: the binary's own processes against a real Apache Kafka, judged by a subscriber and a verifier that share
//! nothing with them.
//!
//! Where no broker can be had every test that wants one is shown as ignored, with the reason and the way to get one. A file imports
//! only from files further down this list.
#![cfg(unix)]

mod same_cards;
mod kill_any_role;
mod instances_come_and_go;
mod paused_processes;
mod broker_failures;
mod malformed_records;
mod rejects_first;
mod sasl_over_tls;
mod whole_service;
mod schema_registry_ids;
mod topics_and_peek;
mod verifier_finds_breaks;
mod processes;
mod traffic_by_cut;
mod deployment_under_test;
mod topic_writer;
mod accounts;
mod replay_in_memory;
mod subscriber_view;
mod dump;
mod broker;
mod real_schema_registry;
#[path = "../support/schema_registry.rs"]
mod test_registry;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial, run};

use crate::broker::{Means, MissingTool};

/// Tests of the verifier itself.
const VERIFIER: [(&str, fn()); 3] = [
    ("a_good_dump_breaks_no_promise", verifier_finds_breaks::a_good_dump_breaks_no_promise),
    ("every_damage_is_seen", verifier_finds_breaks::every_damage_is_seen),
    ("every_flipped_value_is_seen", verifier_finds_breaks::every_flipped_value_is_seen),
];

/// A test against brokers and its name.
type Promise = (&'static str, fn(&Means));

/// Tests against brokers, the longest first.
const PROMISES: [Promise; 15] = [
    ("brokers_die_one_after_the_other_and_nothing_is_lost", broker_failures::brokers_die_one_after_the_other_and_nothing_is_lost),
    (
        "killed_at_random_moments_nothing_is_lost_and_nothing_counts_twice",
        kill_any_role::killed_at_random_moments_nothing_is_lost_and_nothing_counts_twice,
    ),
    ("instances_come_and_go_under_load", instances_come_and_go::instances_come_and_go_under_load),
    ("a_publisher_that_wakes_up_again_publishes_nothing", paused_processes::a_publisher_that_wakes_up_again_publishes_nothing),
    ("an_owner_that_wakes_up_again_does_no_harm", paused_processes::an_owner_that_wakes_up_again_does_no_harm),
    (
        "one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes",
        same_cards::one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes,
    ),
    (
        "a_refused_record_is_acknowledged_only_after_its_reject_is_stored",
        rejects_first::a_refused_record_is_acknowledged_only_after_its_reject_is_stored,
    ),
    ("garbage_is_accounted_for_element_by_element", malformed_records::garbage_is_accounted_for_element_by_element),
    ("the_line_works_through_tls_as_a_scram_user", sasl_over_tls::the_line_works_through_tls_as_a_scram_user),
    (
        "two_whole_services_tick_by_themselves_and_count_everything_once",
        whole_service::two_whole_services_tick_by_themselves_and_count_everything_once,
    ),
    (
        "a_line_with_a_registry_writes_its_ids_and_waits_for_those_it_does_not_know",
        schema_registry_ids::a_line_with_a_registry_writes_its_ids_and_waits_for_those_it_does_not_know,
    ),
    (
        "topics_are_made_as_they_have_to_be_and_what_is_wrong_is_said_and_mended",
        topics_and_peek::topics_are_made_as_they_have_to_be_and_what_is_wrong_is_said_and_mended,
    ),
    (
        "another_number_of_partitions_is_refused_and_nothing_is_changed",
        topics_and_peek::another_number_of_partitions_is_refused_and_nothing_is_changed,
    ),
    ("peek_shows_every_record_and_what_does_not_open", topics_and_peek::peek_shows_every_record_and_what_does_not_open),
    ("a_wrong_password_is_refused_in_words", sasl_over_tls::a_wrong_password_is_refused_in_words),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A list needs no broker.
    let not_looked_for = || MissingTool { short: "against a broker", why: String::new() };
    let means = if arguments.list { Err(not_looked_for()) } else { broker::look() };
    if let Err(lacking) = &means
        && !arguments.list
    {
        eprintln!("kafka: the tests against a broker do not run. {}", lacking.why);
    }
    let verifier = VERIFIER.into_iter().map(|(name, test)| trial(name, test));
    let promises = PROMISES.into_iter().map(|(name, test)| against_brokers(name, test, &means));
    let schemas = against_a_registry(&arguments);
    let conclusion = run(&arguments, verifier.chain(promises).chain([schemas]).collect());
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
fn against_brokers(name: &str, test: fn(&Means), means: &Result<Means, MissingTool>) -> Trial {
    let required = std::env::var(broker::KAFKA_VARIABLE).is_ok_and(|value| value == "require");
    match means.clone() {
        Ok(means) => trial(name, move || test(&means)),
        Err(lacking) if required => Trial::test(name, move || Err(Failed::from(lacking.why))),
        Err(lacking) => trial(name, || {}).with_kind(lacking.short).with_ignored_flag(true),
    }
}

/// The same with a real schema registry, which needs no broker.
fn against_a_registry(arguments: &Arguments) -> Trial {
    let name = "a_real_registry_gives_ids_refuses_what_breaks_readers_and_may_be_down";
    let chosen = arguments.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    // Neither a list nor a run of other tests needs its program.
    let found = if arguments.list || !chosen { Err("not looked for".to_owned()) } else { real_schema_registry::look() };
    let required = std::env::var(broker::KAFKA_VARIABLE).is_ok_and(|value| value == "require");
    match found {
        Ok(()) => trial(name, real_schema_registry::a_real_registry_gives_ids_refuses_what_breaks_readers_and_may_be_down),
        Err(why) if required && chosen && !arguments.list => Trial::test(name, move || Err(Failed::from(why))),
        Err(why) => {
            if chosen && !arguments.list {
                eprintln!("kafka: the test against a schema registry does not run. {why}");
            }
            trial(name, || {}).with_kind("against a schema registry").with_ignored_flag(true)
        }
    }
}
