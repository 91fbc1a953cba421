//! The monitor of change over months without a change, and after a doubling.

use scorecard::measure::measure_set::Kind;
use scorecard::verdict::change::change_monitor::{ChangeMonitor, MonitoredChange};
use scorecard::verdict::change::season::Season;
use scorecard::verdict::constants::CAP;
use scorecard::verdict::network_basis::NetworkBasis;
use scorecard::verdict::unit_sums::UnitSums;

use crate::draw::Draw;
use crate::percent;

const MONTHS: usize = 24;
/// Exposure of a month, in chances of an event.
const EXPOSURE: i64 = 10_000;

/// The change of a clinician with these expected events a month before and in the last months.
fn change(draw: &mut Draw, events: f64, doubled: usize) -> Option<MonitoredChange> {
    let month = |at: usize| {
        let times = if at + doubled >= MONTHS { 2.0 } else { 1.0 };
        UnitSums::counted(draw.poisson(events * times), EXPOSURE)
    };
    let months: Vec<UnitSums> = (0..MONTHS).map(month).collect();
    let basis =
        NetworkBasis { kind: Kind::Rate, phi: 1.0, flipped: false, event_size: 0.0, relative_variance: 0.0, typical: 0.0 };
    ChangeMonitor { basis: &basis, season: &Season::default() }.change(&months)
}

fn signals(draw: &mut Draw, units: u32, events: f64, doubled: usize) -> (f64, f64) {
    let (mut up, mut down) = (0, 0);
    for _ in 0..units {
        let signal = change(draw, events, doubled).filter(|change| change.scan.p <= CAP && change.is_large);
        up += u32::from(signal.is_some_and(|change| change.scan.z > 0.0));
        down += u32::from(signal.is_some_and(|change| change.scan.z < 0.0));
    }
    (percent(up, units), percent(down, units))
}

#[test]
fn events_that_do_not_drift_are_not_said_to() {
    println!("| events a month | up | down |");
    println!("|---|---|---|");
    for (seed, events) in (40_001..).zip([0.25, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0]) {
        let (up, down) = signals(&mut Draw(seed), 10_000, events, 0);
        println!("| {events} | {up:.2} % | {down:.2} % |");
        // 0.2 % and three standard errors of ten thousand.
        assert!(up <= 0.33 && down <= 0.33, "{events} a month: {up} % up, {down} % down");
        assert!(events >= 2.0 || up + down <= 0.3, "{events} a month: rare events drift, {up} % up and {down} % down");
    }
}

#[test]
fn a_doubling_of_many_events_is_found_within_months() {
    println!("| events a month | twice as many for | found |");
    println!("|---|---|---|");
    for (seed, (events, months, least)) in
        (40_011..).zip([(5.0, 12, 80.0), (20.0, 3, 95.0), (20.0, 9, 99.0), (100.0, 1, 99.0), (100.0, 9, 99.0)])
    {
        let (up, down) = signals(&mut Draw(seed), 500, events, months);
        println!("| {events} | {months} months | {up:.0} % |");
        assert!(up >= least && down == 0.0, "{events} a month, {months} months: {up} % up, {down} % down");
    }
}
