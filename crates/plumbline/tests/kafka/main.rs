//! The Kafka suite: processes of the binary against a real Apache Kafka, judged by an independent subscriber and verifier.
//!
//! Without a broker, the tests that need one are shown as ignored, with the reason and the cure. A file imports only from files
//! further down this list.
#![cfg(unix)]

mod administration;
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
mod input_topic;
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

use crate::broker::{MissingTool, TestTools};

/// Tests of the verifier itself.
const VERIFIER: [(&str, fn()); 3] = [
    ("a_good_dump_breaks_no_promise", verifier_finds_breaks::a_good_dump_breaks_no_promise),
    ("every_damage_is_seen", verifier_finds_breaks::every_damage_is_seen),
    ("every_flipped_value_is_seen", verifier_finds_breaks::every_flipped_value_is_seen),
];

/// A test against brokers and its name.
type Promise = (&'static str, fn(&TestTools));

/// Tests that crash brokers or run many processes for minutes, the longest first.
const LONG_PROMISES: [Promise; 7] = [
    (
        "brokers_crash_one_after_the_other_and_nothing_is_lost",
        broker_failures::brokers_crash_one_after_the_other_and_nothing_is_lost,
    ),
    (
        "kills_at_random_moments_lose_nothing_and_count_nothing_twice",
        kill_any_role::kills_at_random_moments_lose_nothing_and_count_nothing_twice,
    ),
    ("instances_come_and_go_under_load", instances_come_and_go::instances_come_and_go_under_load),
    ("a_resumed_publisher_publishes_nothing", paused_processes::a_resumed_publisher_publishes_nothing),
    ("a_resumed_owner_does_no_harm", paused_processes::a_resumed_owner_does_no_harm),
    (
        "one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes",
        same_cards::one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes,
    ),
    ("two_whole_services_count_every_event_once", whole_service::two_whole_services_count_every_event_once),
];

/// Tests of one process or two against one broker.
const SHORT_PROMISES: [Promise; 20] = [
    (
        "a_rejected_record_is_acknowledged_after_its_reject_is_stored",
        rejects_first::a_rejected_record_is_acknowledged_after_its_reject_is_stored,
    ),
    ("every_malformed_element_has_a_reject", malformed_records::every_malformed_element_has_a_reject),
    ("a_deployment_works_over_tls_as_a_scram_user", sasl_over_tls::a_deployment_works_over_tls_as_a_scram_user),
    (
        "a_clock_an_hour_from_the_brokers_is_refused_at_the_start",
        whole_service::a_clock_an_hour_from_the_brokers_is_refused_at_the_start,
    ),
    ("a_schema_registry_gives_ids_and_unknown_ids_wait", schema_registry_ids::a_schema_registry_gives_ids_and_unknown_ids_wait),
    (
        "send_writes_each_record_into_an_existing_input_topic_alone",
        topics_and_peek::send_writes_each_record_into_an_existing_input_topic_alone,
    ),
    ("topics_are_created_checked_and_repaired", topics_and_peek::topics_are_created_checked_and_repaired),
    (
        "another_number_of_partitions_is_rejected_without_a_change",
        topics_and_peek::another_number_of_partitions_is_rejected_without_a_change,
    ),
    ("peek_shows_every_record_and_undecodable_ones", topics_and_peek::peek_shows_every_record_and_undecodable_ones),
    ("an_empty_events_topic_overwrites_no_card", administration::lost_events::an_empty_events_topic_overwrites_no_card),
    ("a_truncated_events_topic_overwrites_no_card", administration::lost_events::a_truncated_events_topic_overwrites_no_card),
    (
        "other_records_beyond_the_former_end_overwrite_no_card",
        administration::lost_events::other_records_beyond_the_former_end_overwrite_no_card,
    ),
    (
        "a_lost_beginning_is_said_and_makes_no_card_worse",
        administration::lost_events::a_lost_beginning_is_said_and_makes_no_card_worse,
    ),
    (
        "a_registry_that_was_created_again_stops_publication",
        administration::lost_topics::a_registry_that_was_created_again_stops_publication,
    ),
    ("lost_run_records_stop_publication", administration::lost_topics::lost_run_records_stop_publication),
    (
        "silent_brokers_are_said_and_requests_get_an_answer",
        administration::brokers_away::silent_brokers_are_said_and_requests_get_an_answer,
    ),
    ("a_missing_right_is_named_with_its_topic", administration::missing_rights::a_missing_right_is_named_with_its_topic),
    ("topics_are_not_created_over_a_loss", topics_and_peek::topics_are_not_created_over_a_loss),
    ("added_partitions_are_ignored_and_said", administration::partitions::added_partitions_are_ignored_and_said),
    ("a_wrong_password_is_reported", sasl_over_tls::a_wrong_password_is_reported),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Listing tests needs no broker.
    let not_searched = || MissingTool { short: "against a broker", why: String::new() };
    let tools = if arguments.list { Err(not_searched()) } else { broker::find_tools() };
    if let Err(missing) = &tools
        && !arguments.list
    {
        eprintln!("kafka: the tests against a broker are skipped. {}", missing.why);
    }
    let against = |promises: &[Promise]| -> Vec<Trial> {
        promises.iter().map(|(name, test)| against_brokers(name, *test, &tools)).collect()
    };
    let verifier = VERIFIER.into_iter().map(|(name, test)| trial(name, test));
    let short = verifier.chain(against(&SHORT_PROMISES)).chain([against_a_registry(&arguments)]).collect();
    // A long test starts up to four brokers and ten processes. Two of them at once on two cores leave a broker silent for minutes. A
    // short test waits most of its time for one broker.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let at_once = |threads: usize| Arguments { test_threads: arguments.test_threads.or(Some(threads)), ..arguments.clone() };
    let parts = [(against(&LONG_PROMISES), (cores / 4).max(1)), (short, cores.max(3))];
    let conclusions = parts.map(|(trials, threads)| run(&at_once(threads), trials));
    broker::end_shared();
    match conclusions.iter().find(|conclusion| conclusion.has_failed()) {
        Some(conclusion) => conclusion.exit_code(),
        None => ExitCode::SUCCESS,
    }
}

fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// A test against brokers. Without brokers it is ignored with the reason, or fails if the environment requires them.
fn against_brokers(name: &str, test: fn(&TestTools), tools: &Result<TestTools, MissingTool>) -> Trial {
    let required = std::env::var(broker::KAFKA_VARIABLE).is_ok_and(|value| value == "require");
    match tools.clone() {
        Ok(tools) => trial(name, move || test(&tools)),
        Err(missing) if required => Trial::test(name, move || Err(Failed::from(missing.why))),
        Err(missing) => trial(name, || {}).with_kind(missing.short).with_ignored_flag(true),
    }
}

/// The test against a real schema registry, which needs no broker.
fn against_a_registry(arguments: &Arguments) -> Trial {
    let name = "a_real_registry_gives_ids_rejects_incompatible_schemas_and_may_be_down";
    let chosen = arguments.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    // Neither listing nor running other tests needs its program.
    let found = if arguments.list || !chosen { Err("not searched".to_owned()) } else { real_schema_registry::find_program() };
    let required = std::env::var(broker::KAFKA_VARIABLE).is_ok_and(|value| value == "require");
    match found {
        Ok(()) => trial(name, real_schema_registry::a_real_registry_gives_ids_rejects_incompatible_schemas_and_may_be_down),
        Err(why) if required && chosen && !arguments.list => Trial::test(name, move || Err(Failed::from(why))),
        Err(why) => {
            if chosen && !arguments.list {
                eprintln!("kafka: the test against a schema registry is skipped. {why}");
            }
            trial(name, || {}).with_kind("against a schema registry").with_ignored_flag(true)
        }
    }
}
