//! Answers of the verdict layer to questions in JSON, for the test of cases and for the comparison with the second implementation.

use std::error::Error;

use scorecard::measure::kind::kinds::Kind;
use scorecard::statistics::normal::upper_tail;
use scorecard::sums::ratio::Ratio;
use scorecard::verdict::case_mix::{CellRates, CellSums, EventCount};
use scorecard::verdict::change::change_monitor::ChangeScan;
use scorecard::verdict::change::change_z::{WindowCount, angle_z, conditional_z, proportion_z};
use scorecard::verdict::change::year_change::{ChangeInterval, proportion_difference, rate_ratio};
use scorecard::verdict::constants::{
    CUT, FIRST_BOUND, FIRST_MEAN_SQUARE, LATER_BOUND, LATER_MEAN_SQUARE, MONTHS_MEDIAN, QUARTILE, SIGNS_MEDIAN, TWO_THIRDS, Z95,
    Z998,
};
use scorecard::verdict::design_effect::clamped;
use scorecard::verdict::findings::{Findings, expected_looks, least_looks};
use scorecard::verdict::fitted_network::{FittedNetwork, NetworkUnit, thinned};
use scorecard::verdict::funnel_limits::{FunnelLimits, chance_limits, scale_limits};
use scorecard::verdict::month_dispersion::MonthDispersion;
use scorecard::verdict::network_basis::NetworkBasis;
use scorecard::verdict::place::improvement::{Improvement, YearPlace};
use scorecard::verdict::place::points::{ExpectedPoints, TruePlace};
use scorecard::verdict::place::threshold_place::{PointPlaces, place_of_value, shrunk_value};
use scorecard::verdict::placed_unit::{ChanceModel, PlacedUnit};
use scorecard::verdict::roll_up::{PracticePart, RollUpPrior, expected_numerator};
use scorecard::verdict::root::{count_root, expected_count_root, expected_trial_root, trial_root};
use scorecard::verdict::sign_dispersion::{SignDispersion, UnitSigns};
use scorecard::verdict::unit_sums::UnitSums;
use scorecard::verdict::z_score::{ZScore, exact_tail, scale_z};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// An answer, or why a question has none.
pub type Answer = Result<Value, Box<dyn Error>>;

/// The answer to a question with these inputs.
pub fn answer(question: &str, input: &Map<String, Value>) -> Answer {
    let answer = match question {
        "constants" => constants,
        "root" => root,
        "z" => z,
        "limits" => limits,
        "network" => network,
        "signs" => signs,
        "months" => months,
        "roll_up" => roll_up,
        "thinned" => thinned_places,
        "cells" => cells,
        "findings" => findings,
        "looks" => looks,
        "change" => change,
        "ratio" => ratio,
        "difference" => difference,
        "scan" => scan,
        "points" => points,
        "file_points" => file_points,
        "improvement" => improvement,
        "shrunk" => shrunk,
        _ => return Err(format!("no question is called {question}").into()),
    };
    answer(input)
}

type Input = Map<String, Value>;

fn read<T: DeserializeOwned>(input: &Input) -> Result<T, Box<dyn Error>> {
    Ok(serde_json::from_value(Value::Object(input.clone()))?)
}

fn constants(_: &Input) -> Answer {
    let beyond = 2.0 * upper_tail(CUT);
    Ok(json!({
        "two_thirds": TWO_THIRDS,
        "improvement_from": QUARTILE / 5.0,
        "c0": FIRST_BOUND,
        "k0": FIRST_MEAN_SQUARE,
        "c1": LATER_BOUND,
        "k1": LATER_MEAN_SQUARE * (1.0 - beyond) + LATER_BOUND * LATER_BOUND * beyond,
        "kc": LATER_MEAN_SQUARE,
        "z95": Z95,
        "z998": Z998,
        "q25": QUARTILE,
        "chi4_median": SIGNS_MEDIAN,
        "chi11_median": MONTHS_MEDIAN,
    }))
}

fn root(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Root {
        n: Option<f64>,
        d: Option<f64>,
        p: Option<f64>,
        expected: Option<f64>,
    }
    let Root { n, d, p, expected } = read(input)?;
    Ok(match (n, d, p, expected) {
        (Some(n), None, None, None) => json!({"root": count_root(n)}),
        (None, None, None, Some(expected)) => json!({"root0": expected_count_root(expected)}),
        (Some(n), Some(d), None, None) => json!({"root": trial_root(n, d)}),
        (None, Some(d), Some(p), None) => json!({"root0": expected_trial_root(p * d, d)}),
        _ => return Err("a root needs n, expected, n and d, or p and d".into()),
    })
}

/// A unit of counts and its network.
#[derive(Deserialize)]
struct CountUnit {
    kind: Kind,
    #[serde(default)]
    n: i64,
    d: i64,
    centre: f64,
    gamma: f64,
    phi: f64,
}

impl CountUnit {
    fn placed(&self) -> Result<PlacedUnit, Box<dyn Error>> {
        let basis = NetworkBasis {
            kind: self.kind,
            phi: self.phi,
            flipped: false,
            event_size: 0.0,
            relative_variance: 0.0,
            typical: 0.0,
        };
        Ok(basis.place(&UnitSums::counted(self.n, self.d), None).ok_or("the unit has no place")?)
    }
}

fn z(input: &Input) -> Answer {
    let counted: CountUnit = read(input)?;
    let unit = counted.placed()?;
    let (b, _) = unit.expectation(counted.centre);
    let score = ZScore::of(&unit, counted.centre, counted.gamma, false);
    let tail = exact_tail(&unit, counted.centre, unit.root >= b).map(|tail| tail.max(1e-300));
    Ok(json!({
        "a": unit.root,
        "b": b,
        "z_scale": scale_z(&unit, unit.root, b, counted.gamma),
        "chance_tail": tail,
        "z": score.adjusted,
        "z_raw": score.raw,
        "p_high": score.p_high(),
        "p_low": score.p_low(),
    }))
}

fn limits(input: &Input) -> Answer {
    let counted: CountUnit = read(input)?;
    let z = if input["z"] == json!(95) { Z95 } else { Z998 };
    let (unit, d) = (counted.placed()?, counted.d as f64);
    let both = FunnelLimits::of(&unit, counted.centre, counted.gamma, z, false);
    let scale = scale_limits(&unit, counted.centre, counted.gamma, z);
    let chance = chance_limits(&unit, counted.centre, z);
    Ok(json!({
        "lower": both.lower,
        "upper": both.upper,
        "scale_lower": scale.0,
        "scale_upper": scale.1,
        "chance_lower_count": (chance.0 * d).round(),
        "chance_upper_count": (chance.1 * d).round(),
    }))
}

/// Numerator, denominator and a sum of squares: of the denominator's amounts for a share, else of the numerator's. Rule by facts applies
/// to counts only.
fn unit_sums(kind: Kind, numbers: &[i64]) -> Result<UnitSums, Box<dyn Error>> {
    let many = UnitSums { facts_n: 1_000, facts_d: 2_000, ..UnitSums::default() };
    Ok(match (kind, numbers) {
        (Kind::Rate | Kind::Proportion, [n, d]) => UnitSums::counted(*n, *d),
        (Kind::Share, [n, d, squares]) => UnitSums { n: *n, d: *d, d_squares: i128::from(*squares), ..many },
        (Kind::Mean | Kind::Amount, [n, d, squares]) => UnitSums { n: *n, d: *d, n_squares: i128::from(*squares), ..many },
        _ => return Err(format!("{numbers:?} are no sums of a unit of a {kind:?}").into()),
    })
}

fn network(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Network {
        kind: Kind,
        phi: f64,
        units: Vec<Vec<i64>>,
    }
    let Network { kind, phi, units } = read(input)?;
    let unit = |numbers: &Vec<i64>| Ok(NetworkUnit { sums: unit_sums(kind, numbers)?, expected: None });
    let units = units.iter().map(unit).collect::<Result<Vec<NetworkUnit>, Box<dyn Error>>>()?;
    let FittedNetwork { basis, fit } = FittedNetwork::of(kind, phi, &units).ok_or("there is no network")?;
    let places = || units.iter().filter_map(|unit| basis.place(&unit.sums, None));
    let z: Vec<f64> = places().map(|unit| ZScore::of(&unit, fit.centre(), fit.verdict_gamma(), basis.flipped).adjusted).collect();
    Ok(json!({
        "flipped": basis.flipped,
        "ln_centre": fit.ln_centre,
        "centre": fit.centre(),
        "gamma_cautious": fit.gamma_cautious,
        "gamma": fit.gamma,
        "left_out": fit.left_out,
        "rounds": fit.passes,
        "estimating_units": fit.estimating,
        "rare": fit.rare,
        "mixed": fit.mixed,
        "z": z,
        "reliability": places().map(|unit| unit.reliability(fit.centre(), fit.gamma)).collect::<Vec<f64>>(),
    }))
}

fn signs(input: &Input) -> Answer {
    /// Sums, sums of squares, and signed sums of both sides.
    type Unit = (i64, i64, i64, i64, [i64; 4], [i64; 4]);
    #[derive(Deserialize)]
    struct Signs {
        kind: Kind,
        units: Vec<Unit>,
    }
    let Signs { kind, units } = read(input)?;
    let signed = |(n, d, n_squares, d_squares, a, b): &Unit| UnitSigns {
        sums: UnitSums { facts_n: *n, facts_d: *d, n: *n, d: *d, n_squares: (*n_squares).into(), d_squares: (*d_squares).into() },
        numerator: a.map(i128::from),
        denominator: b.map(i128::from),
    };
    let units: Vec<UnitSigns> = units.iter().map(signed).collect();
    let found = SignDispersion::of(kind, &units).ok_or("the network has no dispersion")?;
    Ok(json!({"phi": clamped(found.phi), "median_over_expected": found.median, "units_used": found.units}))
}

fn months(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Months {
        kind: Kind,
        rows: Vec<Vec<Ratio>>,
    }
    let Months { kind, rows } = read(input)?;
    let rows: Vec<&[Ratio]> = rows.iter().map(Vec::as_slice).collect();
    let model = if kind == Kind::Proportion { ChanceModel::Binomial } else { ChanceModel::Poisson };
    let found = MonthDispersion::of(model, &rows).ok_or("the network has no dispersion")?;
    Ok(json!({"phi": clamped(found.phi), "median_over_expected": found.median}))
}

fn roll_up(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Part {
        d: i64,
        n_others: i64,
        d_others: i64,
    }
    #[derive(Deserialize)]
    struct RollUp {
        centre: f64,
        parts: Vec<Part>,
    }
    let RollUp { centre, parts } = read(input)?;
    let part = |Part { d, n_others, d_others }: &Part| PracticePart {
        d: *d,
        practice_n: *n_others,
        practice_d: *d_others,
        practice_facts: *d_others,
    };
    let parts: Vec<PracticePart> = parts.iter().map(part).collect();
    Ok(json!({"expected": expected_numerator(RollUpPrior { kind: Kind::Rate, centre, flipped: false }, &parts)}))
}

fn thinned_places(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct NetworkSize {
        units: usize,
        kept: usize,
    }
    let NetworkSize { units, kept } = read(input)?;
    let places: Vec<usize> = thinned(units).collect();
    if places.len() != kept {
        return Err(format!("{} of {units} units are kept, not {kept}", places.len()).into());
    }
    Ok(json!({"first": places[..5], "last": places[places.len() - 1]}))
}

fn cells(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Cells {
        units: Vec<Vec<Ratio>>,
    }
    let Cells { units } = read(input)?;
    let units: Vec<CellSums> = units.into_iter().map(|cells| CellSums { cells, unknown: (0, 0) }).collect();
    let rates = CellRates::of(&units, EventCount::Numerator(1.0));
    let expected: Vec<f64> = units.iter().map(|unit| rates.expected(unit)).collect();
    Ok(json!({"rates": rates.rates, "expected": expected}))
}

fn findings(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Candidates {
        p: Vec<f64>,
        q: f64,
    }
    let Candidates { p, q } = read(input)?;
    let Findings { rank, threshold, found } = Findings::of(&p, q);
    let found: Vec<usize> = (0..found.len()).filter(|index| found[*index]).collect();
    Ok(json!({"found": found, "rank": rank, "threshold": threshold}))
}

fn looks(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Looks {
        measures: usize,
    }
    let Looks { measures } = read(input)?;
    Ok(json!({"least_worth_a_look": least_looks(measures), "expected": expected_looks(measures)}))
}

/// Counts of now and before.
#[derive(Deserialize)]
struct Windows {
    kind: Kind,
    n_now: f64,
    d_now: f64,
    n_before: f64,
    d_before: f64,
    #[serde(default)]
    network_shift: f64,
    phi: f64,
}

impl Windows {
    fn now(&self) -> WindowCount {
        WindowCount { n: self.n_now, d: self.d_now }
    }

    fn before(&self) -> WindowCount {
        WindowCount { n: self.n_before, d: self.d_before }
    }
}

fn change(input: &Input) -> Answer {
    let windows: Windows = read(input)?;
    let (now, before, phi) = (windows.now(), windows.before(), windows.phi);
    if windows.kind == Kind::Rate {
        return Ok(json!({"z": conditional_z(now, before, phi)}));
    }
    let events = now.n + before.n;
    Ok(json!({
        "z_scale": angle_z(now, before, windows.network_shift, phi),
        "rarer_total": events.min(now.d + before.d - events),
        "z": proportion_z(now, before, |_| (now.d, before.d), windows.network_shift, phi),
    }))
}

fn ratio(input: &Input) -> Answer {
    let windows: Windows = read(input)?;
    let ChangeInterval { change, lower, upper } =
        rate_ratio(windows.now(), windows.before(), windows.phi).ok_or("there is no ratio")?;
    Ok(json!({"ratio": change, "lower": lower, "upper": upper}))
}

fn difference(input: &Input) -> Answer {
    let windows: Windows = read(input)?;
    let ChangeInterval { change, lower, upper } =
        proportion_difference(windows.now(), windows.before(), windows.phi).ok_or("there is no difference")?;
    Ok(json!({"difference": change, "lower": lower, "upper": upper}))
}

fn scan(input: &Input) -> Answer {
    let windows: Map<String, Value> = serde_json::from_value(input["z_by_months"].clone())?;
    let mut windows = windows
        .iter()
        .map(|(months, z)| Ok((months.parse()?, z.as_f64().ok_or("z is no number")?)))
        .collect::<Result<Vec<(usize, f64)>, Box<dyn Error>>>()?;
    windows.sort_by_key(|(months, _)| *months);
    let found = ChangeScan::of(&windows).ok_or("there is no window")?;
    Ok(json!({"p": found.p, "months": found.months, "direction": if found.z > 0.0 { "up" } else { "down" }}))
}

fn points(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Points {
        available: f64,
        reliability: f64,
        z_good: f64,
        t_lower: f64,
        t_upper: f64,
    }
    let Points { available, reliability, z_good, t_lower, t_upper } = read(input)?;
    let place = TruePlace::of(z_good, reliability);
    let found = ExpectedPoints::of(place, PointPlaces { begin: t_lower, full: t_upper }, available);
    Ok(json!({
        "place": place.mean,
        "place_sd": place.deviation,
        "points": found.points,
        "points_low": found.low,
        "points_high": found.high,
    }))
}

fn file_points(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct FilePoints {
        kind: Kind,
        available: f64,
        centre: f64,
        gamma: f64,
        lower: f64,
        upper: f64,
        z: f64,
        reliability: f64,
    }
    let file: FilePoints = read(input)?;
    let place = |value: f64| place_of_value(model_of(file.kind), value, file.centre, file.gamma).ok_or("the value has no place");
    let places = PointPlaces { begin: place(file.lower)?, full: place(file.upper)? };
    let found = ExpectedPoints::of(TruePlace::of(file.z, file.reliability), places, file.available);
    Ok(json!({"t_lower": places.begin, "t_upper": places.full, "points": found.points}))
}

fn improvement(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Years {
        available: f64,
        z_now: f64,
        z_before: f64,
        reliability_now: f64,
        reliability_before: f64,
    }
    let years: Years = read(input)?;
    let before = YearPlace { z: years.z_before, reliability: years.reliability_before };
    let now = YearPlace { z: years.z_now, reliability: years.reliability_now };
    let found = Improvement::between(before, now);
    Ok(json!({"improvement": found.mean, "improvement_sd": found.deviation, "points": found.points(years.available).points}))
}

fn shrunk(input: &Input) -> Answer {
    #[derive(Deserialize)]
    struct Shrunk {
        kind: Kind,
        centre: f64,
        gamma: f64,
        z: f64,
        reliability: f64,
    }
    let Shrunk { kind, centre, gamma, z, reliability } = read(input)?;
    Ok(json!({"shrunk": shrunk_value(model_of(kind), z, reliability, centre, gamma)}))
}

fn model_of(kind: Kind) -> ChanceModel {
    match kind {
        Kind::Proportion | Kind::Share => ChanceModel::Binomial,
        Kind::Rate | Kind::Amount => ChanceModel::Poisson,
        Kind::Mean => ChanceModel::Normal,
    }
}
