//! On disorderly traffic every card of every published cut is the one of the brute-force oracle.

use promises::oracle::{ask_about, compare};
use promises::played_network::{Network, play};
use promises::world::{adjusted_measure_files, deployment, measures};
use scorecard::card::scorecard::Scorecard;
use scorecard::time::schedule::Grid;
use sim::oracle::answer::MeasureAnswer;
use sim::traffic::oddity::Odd;
use stream::deployment::Deployment;

/// Weekly cuts: enough for every state of a month, and few enough for brute force.
const WEEKLY: Grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };

fn network(seed: u64) -> Network {
    let population = sim::traffic::population::PopulationConfig { seed, practices: 4, clinicians: 48, ..Default::default() };
    let traffic =
        sim::traffic::deliveries::TrafficConfig { seed, months: 4, encounters_per_day: 1.0, ages: true, ..Default::default() };
    Network::draw(&population, &traffic)
}

fn weekly(network: &Network, partitions: u32) -> Deployment {
    let mut deployment = deployment(partitions, WEEKLY.at_or_after(network.begins()));
    deployment.schedule.grid = WEEKLY;
    deployment.measures = measures(&files());
    deployment
}

/// The repository's measures, of which one of each kind but shares adjusts for its patients.
fn files() -> Vec<(String, String)> {
    adjusted_measure_files(&["antibiotics_per_1000", "consult_minutes", "cost_per_encounter", "dna_rate", "fft_positive"])
}

#[test]
fn every_published_card_is_the_one_of_the_oracle() {
    let network = network(11);
    let until = network.ends().plus_seconds(60 * 86_400);
    let played = play(&network, weekly(&network, 3), 40, until);
    assert_eq!(played.rejected, Vec::<String>::new());
    assert_eq!(played.world.publisher.refolds(), 0, "on a log without faults publish folds nothing itself");
    let answer = ask_about(&files(), &network.registry, &played.sent);
    let seen = compare(played.world.revisions(), &answer);
    let measures = || answer.cuts.iter().flat_map(|cut| &cut.cards).flat_map(|c| &c.content.measures);
    let count = |holds: fn(&MeasureAnswer) -> bool| measures().filter(|measure| holds(measure)).count();
    let (compared, savings) = (count(|m| m.peers.is_some()), count(|m| m.saving.is_some()));
    let (adjusted, unadjusted) = (count(|m| is_adjusted(m) == Some(true)), count(|m| is_adjusted(m) == Some(false)));
    println!("{adjusted} measures adjusted for patients, {unadjusted} not although they ask for it");
    assert!(adjusted >= 100 && unadjusted >= 20, "{adjusted}, {unadjusted}");
    println!("{compared} measures with colleagues, {savings} with a saving");
    assert!(compared >= 100 && savings >= 20, "{compared}, {savings}");
    println!("{} deliveries, {seen:?}", network.deliveries.len());
    for status in ["provisional", "final", "restated", "withdrawn"] {
        assert!(seen.get(status).is_some_and(|n| *n >= 5), "{status}: {seen:?}");
    }
    let odd = [
        Odd::AmendedOtherMonth,
        Odd::AmendedClinician,
        Odd::AmendedPractice,
        Odd::RetractedFirst,
        Odd::LinkLate,
        Odd::Conflict,
        Odd::AfterSeal,
        Odd::AmendedIntoSealed,
    ];
    for odd in odd {
        assert!(network.odds.count(odd) >= 20, "{odd:?}: only {}", network.odds.count(odd));
    }
    let outcomes = played.world.tallies.iter().map(|tally| tally.outcomes());
    let sum = |of: fn(&scorecard::fold::tally::Outcomes) -> u64| outcomes.clone().map(|o| of(&o)).sum::<u64>();
    let logged: usize = played.sent.logged.values().map(Vec::len).sum();
    let all = sum(|o| o.accepted) + sum(|o| o.duplicate) + sum(|o| o.stale) + sum(|o| o.conflict) + sum(|o| o.sealed);
    assert_eq!(all, logged as u64, "logged = accepted + duplicate + stale + conflict + sealed");
    assert!(sum(|o| o.sealed) >= 20 && sum(|o| o.conflict) >= 20, "sealed {}", sum(|o| o.sealed));
}

/// Whether a measure is adjusted for its patients; `None` if it does not ask for it.
fn is_adjusted(measure: &MeasureAnswer) -> Option<bool> {
    Some(measure.mix.as_ref()?.adjusted.is_some())
}

#[test]
fn batches_and_partitions_change_no_card() {
    let network = network(12);
    let until = network.ends();
    let cards = |partitions, batch| {
        let played = play(&network, weekly(&network, partitions), batch, until);
        let text = |card: &Scorecard| serde_json::to_string(card).unwrap();
        played.world.revisions().iter().map(text).collect::<Vec<_>>()
    };
    let expected = cards(1, 500);
    assert!(expected.len() > 100, "{} revisions", expected.len());
    assert_eq!(cards(4, 1), expected);
    assert_eq!(cards(1, 1), expected);
    assert_eq!(cards(3, 7), expected);
}
