//! Prints the cost of the verdict layer: a fit, a z, limits, a monitored change, points, and the findings of a card of 30 measures.
//!
//! Costs are microseconds of one core, or of the clock where the system does not count a process's time.
//!
//! Run it with `cargo run --release -p scorecard --example verdict_cost`.

use std::hint::black_box;

use scorecard::measure::kind::kinds::Kind;
use scorecard::verdict::change::change_monitor::ChangeMonitor;
use scorecard::verdict::change::season::Season;
use scorecard::verdict::constants::{CHECK_RATE, Z998};
use scorecard::verdict::findings::Findings;
use scorecard::verdict::fitted_network::{FittedNetwork, NetworkUnit};
use scorecard::verdict::funnel_limits::FunnelLimits;
use scorecard::verdict::place::points::{ExpectedPoints, TruePlace};
use scorecard::verdict::place::threshold_place::PointPlaces;
use scorecard::verdict::unit_sums::UnitSums;

/// Prints the mean time of one call.
#[expect(clippy::disallowed_methods, reason = "an example measures time; the crate itself reads no clock")]
fn measure<T>(what: &str, calls: u32, mut call: impl FnMut(u32) -> T) {
    let (start, worked) = (std::time::Instant::now(), processor_time());
    for index in 0..calls {
        black_box(call(index));
    }
    let seconds = processor_time().zip(worked).map_or(start.elapsed().as_secs_f64(), |(now, before)| (now - before) as f64 / 1e9);
    println!("{what}: {:.2} us", seconds * 1e6 / f64::from(calls));
}

/// Nanoseconds that this process ran on a processor, from Linux.
fn processor_time() -> Option<u64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// A number from 0 to 1 that depends on its index alone.
fn scattered(index: u32) -> f64 {
    f64::from(index.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "small counts")]
fn units(kind: Kind, count: u32) -> Vec<NetworkUnit> {
    let unit = |index: u32| {
        let d = 30.0 * (5.0 * scattered(index)).exp();
        let rate = 0.1 * (0.8 * (scattered(3 * index + 7) + scattered(5 * index + 1) - 1.0)).exp();
        let (n, d) = ((rate * d) as i64, d as i64);
        let size = if matches!(kind, Kind::Rate | Kind::Proportion) { 1 } else { 30 };
        let counted = UnitSums::counted(n, d);
        let sums = UnitSums { n: size * n, n_squares: i128::from(2 * size * size * n), ..counted };
        NetworkUnit { sums, expected: None }
    };
    (0..count).map(unit).collect()
}

fn main() {
    for kind in [Kind::Rate, Kind::Proportion, Kind::Mean] {
        for count in [20, 200, 2_000] {
            let units = units(kind, count);
            let network = FittedNetwork::of(kind, 1.3, &units);
            let passes = network.map_or(0, |network| network.fit.passes);
            measure(&format!("fit of {count} units of a {kind:?}, {passes} passes"), 80_000 / count, |_| {
                FittedNetwork::of(kind, 1.3, &units)
            });
        }
    }
    for kind in [Kind::Rate, Kind::Proportion, Kind::Mean] {
        let units = units(kind, 200);
        let Some(network) = FittedNetwork::of(kind, 1.3, &units) else { continue };
        let pick = |index: u32| &units[index as usize % units.len()];
        measure(&format!("z of a {kind:?}"), 1_000_000, |index| network.z_score(pick(index)));
        let place = |index: u32| network.basis.place(&pick(index).sums, None);
        let (centre, gamma) = (network.fit.centre(), network.fit.verdict_gamma());
        measure(&format!("limits of a {kind:?}"), 100_000, |index| {
            place(index).map(|unit| FunnelLimits::of(&unit, centre, gamma, Z998, false))
        });
        let monitor = ChangeMonitor { basis: &network.basis, season: &Season::of(&[(1_000, 10_000); 24]) };
        let months: Vec<Vec<UnitSums>> =
            (0..200).map(|row| (0..24).map(|month| units[(row + 7 * month) % 200].sums).collect()).collect();
        measure(&format!("change of a {kind:?} over 24 uneven months"), 100_000, |index| {
            monitor.change(&months[index as usize % 200])
        });
        let even: Vec<Vec<UnitSums>> = units.iter().map(|unit| vec![unit.sums; 24]).collect();
        measure(&format!("change of a {kind:?} over 24 even months"), 100_000, |index| {
            monitor.change(&even[index as usize % 200])
        });
    }
    measure("points", 1_000_000, |index| {
        ExpectedPoints::of(TruePlace::of(3.0 * scattered(index) - 1.5, 0.6), PointPlaces::quartiles(true), 10.0)
    });
    let p: Vec<f64> = (0..30).map(scattered).collect();
    measure("findings of 30 measures", 100_000, |_| Findings::of(&p, CHECK_RATE));
}
