//! Points of a quarter are those of places among the network of the month before it, frozen with the quarter's first cards.

use promises::world::{World, deployment, prescription, records, utc};
use scorecard::card::peer_snapshot::{PeerSnapshot, Purpose};
use scorecard::card::scorecard::{MeasurePoints, Scorecard};
use scorecard::event::{Detail, Event};
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

fn points(card: &Scorecard) -> Option<MeasurePoints> {
    card.content.measures.iter().find(|measure| &*measure.id == MEASURE).expect("a measure with facts").points
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
            // Each month clinician n prescribes the same 2 to 10 of 20 broad-spectrum items.
            let broad = 2 + clinician % 9;
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
fn a_quarters_points_are_earned_by_the_network_of_the_month_before_it() {
    let world = played(false);
    let quarters: Vec<PeerSnapshot> = records(&world.log, Topic::PeerSnapshots, 0)
        .into_iter()
        .filter_map(|record| match record {
            Record::PeerSnapshot(one) if one.purpose == Purpose::Quarter && &*one.key.measure == "broad_spectrum@1" => Some(one),
            _ => None,
        })
        .filter(|one| one.key.month.to_string() == "2026-10")
        .collect();
    let [october] = quarters.as_slice() else { panic!("frozen once, not {quarters:?}") };
    let figures = october.figures.as_ref().expect("chunk 0 has them");
    assert_eq!((figures.members, october.values.len(), figures.estimating), (21, 0, 21));
    // Shares from 10 % to 50 %, most clinicians twice or three times: the typical one is near 30 %.
    assert!((0.25..0.35).contains(&figures.centre.expect("a centre")), "{figures:?}");
    let earned = |month: &str, clinician: usize| {
        let key = format!("gmc%7C{}|A81001|{month}", 7_000_000 + clinician);
        points(&world.cards()[&key])
    };
    assert_eq!(earned("2026-09", 10), None, "the first quarter has none before it");
    let (october, december) = (earned("2026-10", 20).expect("points"), earned("2026-12", 20).expect("points"));
    assert_eq!((october.begins, october.full), (december.begins, december.full), "one quarter, one scale");
    assert!(october.begins > october.full, "low is good: {october:?}");
    // Clinician 20 has 4 of 20 every month, well below the typical 30 %: more than half of the points.
    assert!(december.points > 5.0 && december.low <= december.points && december.points <= december.high, "{december:?}");
}

#[test]
fn a_restarted_publisher_has_the_same_thresholds() {
    let text = |world: &World| -> Vec<String> {
        world.revisions().iter().map(|card| serde_json::to_string(card).expect("a card")).collect()
    };
    let (once, anew) = (played(false), played(true));
    assert!(text(&once).len() > 4 * CLINICIANS);
    assert_eq!(text(&once), text(&anew));
    assert_eq!(records(&once.log, Topic::PeerSnapshots, 0), records(&anew.log, Topic::PeerSnapshots, 0));
}
