//! Thresholds of points come from the last month before the quarter and are frozen with the quarter's first cards.

use promises::world::{World, deployment, prescription, records, utc};
use scorecard::card::scorecard::{Qof, Scorecard};
use scorecard::event::{Detail, Event};
use scorecard::peer_group::thresholds::holds_thresholds;
use scorecard::record::log_record::Record;
use scorecard::time::schedule::Grid;
use stream::log::Topic;

const CLINICIANS: usize = 21;
const MEASURE: &str = "broad_spectrum";

/// Twenty antibiotics of one clinician in a month of 2026, `broad` of them broad-spectrum.
fn antibiotics(clinician: usize, month: i8, broad: usize) -> Vec<Event<'static>> {
    let one = |number: usize| {
        let id = format!("{month}-{clinician}-{number}");
        let mut event = prescription(&id, 1, &format!("{}", 7_000_000 + clinician), utc(2026, month, 7, 9));
        if let Detail::Prescription(Some(drug)) = &mut event.detail
            && number < broad
        {
            drug.drug = scorecard::event::Codes::one("bnf|0501013K0AAAJAJ");
        }
        event
    };
    (0..20).map(one).collect()
}

fn qof(card: &Scorecard) -> Option<Qof> {
    let measure = card.content.measures.iter().find(|measure| &*measure.id == MEASURE).expect("a built-in measure");
    measure.windows[2].qof
}

/// The last months of a year, published weekly, with or without restarts of the publisher.
fn played(restarts: bool) -> World {
    let mut deployment = deployment(2, utc(2026, 9, 2, 3));
    deployment.schedule.grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 6 * 86_400 + 10_800 };
    let mut world = World::new(deployment);
    for month in 9..=12 {
        let day = utc(2026, month, 9, 9);
        world.run_until(day);
        for clinician in 0..CLINICIANS {
            // In September clinician n prescribes n of 20 broad-spectrum items; later nobody prescribes any.
            let broad = if month == 9 { clinician } else { 0 };
            world.feed(day, "a", antibiotics(clinician, month, broad));
        }
        if restarts {
            world.restart_publisher();
        }
    }
    // After October's first cards September changes: one more item that is not broad-spectrum.
    world.feed(utc(2026, 12, 12, 9), "a", vec![prescription("late", 1, "7000020", utc(2026, 9, 8, 9))]);
    world.run_until(utc(2027, 1, 20, 3));
    if restarts {
        world.restart_publisher();
    }
    world.run_until(utc(2027, 3, 10, 3));
    world
}

#[test]
fn a_quarters_points_are_earned_between_the_quartiles_of_the_month_before_it() {
    let world = played(false);
    let frozen: Vec<_> = records(&world.log, Topic::PeerGroups, 0)
        .into_iter()
        .filter_map(|record| match record {
            Record::PeerGroup(group) if holds_thresholds(&group) && &*group.key.measure == "broad_spectrum@1" => Some(*group),
            _ => None,
        })
        .collect();
    // 0 % to 100 % in steps of five, low is good: R type 7 gives 75 and 25.
    let october = frozen.iter().find(|group| group.key.month.to_string() == "2026-10").expect("October's quarter");
    assert_eq!((october.lower, october.upper, october.size), (Some(75.0), Some(25.0), 21));
    let earned = |month: &str, clinician: usize| {
        let key = format!("gmc%7C{}|A81001|{month}", 7_000_000 + clinician);
        qof(&world.cards()[&key]).map(|qof| (qof.lower, qof.upper, qof.points))
    };
    assert_eq!(earned("2026-09", 10), None, "the first quarter has none before it");
    // October and September: 20 of 40 are 50 %, half way. All three months of the quarter have its thresholds.
    assert_eq!(earned("2026-10", 20), Some((75.0, 25.0, 5.0)));
    assert_eq!(earned("2026-12", 20).map(|(lower, upper, _)| (lower, upper)), Some((75.0, 25.0)));
    assert_eq!(frozen.iter().filter(|group| group.key.month == october.key.month).count(), 1, "frozen once");
}

#[test]
fn a_restarted_publisher_has_the_same_thresholds() {
    let text = |world: &World| -> Vec<String> {
        world.revisions().iter().map(|card| serde_json::to_string(card).expect("a card")).collect()
    };
    let (once, anew) = (played(false), played(true));
    assert!(text(&once).len() > 4 * CLINICIANS);
    assert_eq!(text(&once), text(&anew));
    assert_eq!(records(&once.log, Topic::PeerGroups, 0).len(), records(&anew.log, Topic::PeerGroups, 0).len());
}
