//! Whole services: every role in each process, with ticks every few seconds.

use promises::simulation::verifier::verdict::Verdict;
use scorecard::time::calendar::Timestamp;
use scorecard::time::schedule::Grid;
use stream::partition::partition_of;

use crate::accounts::{self, Delivery, ProducedCounts};
use crate::broker::{TestTools, shared};
use crate::deployment_under_test::{DeploymentPlan, Role, TestDeployment, real_now};
use crate::dump::Subscriber;
use crate::replay_in_memory::Extent;
use crate::traffic_by_cut::{INPUT, network};
use crate::{replay_in_memory, subscriber_view};

/// A busy machine keeps up with this grid, and some cuts occur under load.
const OFTEN: Grid = Grid { period_seconds: 5, offset_seconds: 0 };
/// Events per flush.
const A_FEW: usize = 5;

/// Events arrive all the time, with a cut every few seconds. Every event before a tick is in its rows.
pub fn two_whole_services_count_every_event_once(tools: &TestTools) {
    let (network, bootstrap) = (network(39), shared(tools));
    let first = OFTEN.at_or_after(Timestamp(real_now() + 2_000));
    let registry = &network.registry;
    let plan =
        DeploymentPlan { name: "whole", bootstrap: &bootstrap, partitions: 3, inputs: vec![INPUT], grid: OFTEN, first, registry };
    let deployment = TestDeployment::new(&plan);
    let writer = deployment.writer();
    let mut services = [deployment.start(Role::All), deployment.start(Role::All)];
    writer.until_published(first);
    for some in network.deliveries.chunks(A_FEW) {
        for delivery in some {
            let partition = partition_of(&delivery.feed, INPUT.partitions);
            writer.send(INPUT.name, partition, Some(delivery.feed.as_bytes()), Some(delivery.json.as_bytes()));
        }
        writer.flush();
    }
    writer.until_committed("intake", INPUT.name, INPUT.partitions);
    writer.until_published(OFTEN.after(Timestamp(real_now())));
    for service in &mut services {
        assert_eq!(service.end().code(), Some(0), "{}", service.log_text());
    }
    let dump = Subscriber { python: tools.python.clone(), bootstrap }.dump(&deployment.prefix, &[&writer.topic(INPUT.name)]);
    let mut verdict = Verdict::default();
    let config = replay_in_memory::deployment(&dump, deployment.identity_seed(), env!("CARGO_PKG_VERSION"));
    subscriber_view::judge(&dump, &config.schedule, &mut verdict);
    let again = replay_in_memory::replay(&dump, &config);
    accounts::judge_folded(&dump, &again.outcomes, &mut verdict);
    let mut produced = ProducedCounts::default();
    let topic = writer.topic(INPUT.name);
    produced.decode(&deployment.decoder(), &topic, &dump.inputs[&topic], None, Timestamp(real_now()));
    accounts::judge(&dump, &produced, &deployment.registry, Delivery::AtLeastOnce, &mut verdict);
    // The services were stopped between a tick and its run.
    replay_in_memory::judge(&dump, &again.dump, Extent::Prefix, &mut verdict);
    assert!(verdict.is_clean(), "{:#?}", verdict.all());
    let refolded = dump.runs().iter().filter(|run| !run.refolded.is_empty()).count();
    eprintln!("{}{} runs, {refolded} of them with a partition folded by publish", deployment.prefix, dump.runs().len());
    assert_eq!(refolded, 0, "without a crash, rows and marks suffice");
}

/// A clock an hour from that of the brokers is refused, ahead or behind, and the override starts. A start with the brokers' clock works.
pub fn a_clock_an_hour_from_the_brokers_is_refused_at_the_start(tools: &TestTools) {
    let (network, bootstrap) = (network(40), shared(tools));
    let first = OFTEN.at_or_after(Timestamp(real_now() + 86_400_000));
    let registry = &network.registry;
    let plan =
        DeploymentPlan { name: "clock", bootstrap: &bootstrap, partitions: 1, inputs: vec![INPUT], grid: OFTEN, first, registry };
    let deployment = TestDeployment::new(&plan);
    for hours in [-1, 1] {
        let lapse = format!("{},{},1", real_now(), real_now() + hours * 3_600_000);
        for role in [Role::Intake, Role::Tally, Role::Publish, Role::All] {
            let mut refused = deployment.start_at(role, &lapse, &[]);
            let status = refused.ended();
            let said = refused.log_text();
            assert_eq!(status.code(), Some(78), "{role:?}, {hours} h: {said}");
            assert!(said.contains("--accept-clock") && said.contains("they differ by"), "{said}");
        }
        let mut accepted = deployment.start_at(Role::All, &lapse, &["--accept-clock"]);
        while !accepted.log_text().contains("listening") {
            assert!(accepted.runs(), "{}", accepted.log_text());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert_eq!(accepted.end().code(), Some(0), "{}", accepted.log_text());
    }
    let mut right = deployment.start(Role::All);
    while !right.log_text().contains("listening") {
        assert!(right.runs(), "{}", right.log_text());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(right.end().code(), Some(0), "{}", right.log_text());
}
