//! Whole services, as one runs them: every role in each process, ticks of their own every few seconds.

use promises::simulation::verifier::verdict::Verdict;
use scorecard::time::calendar::Timestamp;
use scorecard::time::schedule::Grid;
use stream::partition::partition_of;

use crate::accounts::{self, ProducedCounts, Times};
use crate::broker::{Means, shared};
use crate::deployment_under_test::{Line, Plan, Role, real_now};
use crate::dump::Subscriber;
use crate::replay_in_memory::Extent;
use crate::traffic_by_cut::{INPUT, network};
use crate::{replay_in_memory, subscriber_view};

/// So that a busy machine keeps up, and some cuts fall into the load.
const OFTEN: Grid = Grid { period_seconds: 5, offset_seconds: 0 };
/// Events that are sent at once.
const A_FEW: usize = 5;

/// Events come all the time, a cut every few seconds; whatever lies before a tick is in its rows.
pub fn two_whole_services_tick_by_themselves_and_count_everything_once(means: &Means) {
    let (network, bootstrap) = (network(39), shared(means));
    let first = OFTEN.at_or_after(Timestamp(real_now() + 2_000));
    let registry = &network.registry;
    let plan = Plan { name: "whole", bootstrap: &bootstrap, partitions: 3, inputs: vec![INPUT], grid: OFTEN, first, registry };
    let line = Line::new(&plan);
    let hand = line.hand();
    let mut services = [line.start(Role::All), line.start(Role::All)];
    hand.until_published(first);
    for some in network.deliveries.chunks(A_FEW) {
        for delivery in some {
            let partition = partition_of(&delivery.feed, INPUT.partitions);
            hand.send(INPUT.name, partition, Some(delivery.feed.as_bytes()), Some(delivery.json.as_bytes()));
        }
        hand.flush();
    }
    hand.until_committed("intake", INPUT.name, INPUT.partitions);
    hand.until_published(OFTEN.after(Timestamp(real_now())));
    for service in &mut services {
        assert_eq!(service.end().code(), Some(0), "{}", service.said());
    }
    let dump = Subscriber { python: means.python.clone(), bootstrap }.dump(&line.prefix, &[&hand.topic(INPUT.name)]);
    let mut verdict = Verdict::default();
    let deployment = replay_in_memory::deployment(&dump, line.identity_seed(), env!("CARGO_PKG_VERSION"));
    subscriber_view::judge(&dump, &deployment.schedule, &mut verdict);
    let again = replay_in_memory::play_again(&dump, &deployment);
    accounts::judge_folded(&dump, &again.outcomes, &mut verdict);
    let mut produced = ProducedCounts::default();
    let topic = hand.topic(INPUT.name);
    produced.open(&line.decoder(), &topic, &dump.inputs[&topic], None, Timestamp(real_now()));
    accounts::judge(&dump, &produced, &line.registry, Times::OnceOrMore, &mut verdict);
    // They were stopped somewhere between a tick and its run.
    replay_in_memory::judge(&dump, &again.dump, Extent::AsFarAsItGoes, &mut verdict);
    assert!(verdict.is_clean(), "{:#?}", verdict.all());
    let refolded = dump.runs().iter().filter(|run| !run.refolded.is_empty()).count();
    eprintln!("{}{} runs, {refolded} of them with a partition folded by publish", line.prefix, dump.runs().len());
    assert_eq!(refolded, 0, "rows and marks suffice where nobody died");
}
