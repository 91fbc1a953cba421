//! An attack on everything that is published about a group: the card of one member, the public group, one's own value, and all versions
//! and months. Quantiles are linear in the ordered values (R type 7), so the attack solves a linear system.
//!
//! A colleague is found where the estimate is within 5 % of the value. The yardstick is the published median as the guess for everybody.
//! The aim is at most 3 points more. Attacks that find more have a limit of their own, which the page on disclosure names.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts below 2,000")]

#[path = "disclosure/attacker.rs"]
mod attacker;
#[path = "disclosure/world.rs"]
mod world;

use attacker::{added, densest, is_found, mean_found, newcomer, reconstructed, share_found, without};
use scorecard::measure::measure_set::MeasureSet;
use world::{Clinician, Draws, Network, Version, WORLDS, World};

/// Most points by which an attack may beat the yardstick.
const MARGIN: f64 = 0.03;
/// The same for a guess at the densest place of the published figures. Quartiles tell it better than a median.
const DENSEST: f64 = 0.10;
/// The same for a newcomer of the next month. Each month forms its own group, because verdicts compare with colleagues of the same
/// months. The page on disclosure names this gap.
const NEWCOMER: f64 = 0.35;

fn measures() -> MeasureSet {
    MeasureSet::parse([("dna_rate.toml", include_str!("../../../measures/dna_rate.toml"))]).expect("a built-in measure")
}

fn draws(world: World, members: usize) -> Draws {
    Draws(members as u64 * 1_000_003 + world as u64)
}

fn group(world: World, members: usize, draws: &mut Draws) -> Vec<Clinician> {
    (0..members).map(|_| Clinician::drawn(world, 1.0, draws)).collect()
}

fn values(group: &[Clinician]) -> Vec<f64> {
    let mut values: Vec<f64> = group.iter().map(Clinician::value).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Share of colleagues who are found, as a mean over many groups, and the same by the median.
#[derive(Clone, Copy, Debug, Default)]
struct FoundShare {
    attack: f64,
    median: f64,
}

impl FoundShare {
    fn add(&mut self, part: f64, attack: f64, median: f64) {
        self.attack += part * attack;
        self.median += part * median;
    }

    fn assert(self, what: &str, margin: f64) {
        let [attack, median] = [self.attack, self.median].map(|share| 100.0 * share);
        println!("{what}: {attack:.1} % by attack, {median:.1} % by the median, {:.1} points more", attack - median);
        assert!(self.attack <= self.median + margin, "{what}: {self:?}");
    }
}

#[test]
fn below_ten_members_nothing_is_published() {
    let set = measures();
    for members in 6..10 {
        let version = Network::new(&set).publish(&group(World::Half, members, &mut Draws(5)), true);
        assert_eq!(version, Version::default(), "{members} members");
    }
}

#[test]
fn no_named_colleague_is_found_by_one_version() {
    const GROUPS: usize = 150;
    let set = measures();
    for world in WORLDS {
        for (members, savings) in
            [(10, false), (15, false), (20, false), (20, true), (25, true), (30, true), (39, true), (40, true), (60, true)]
        {
            let mut draws = draws(world, members);
            let [mut by_name, mut densest_place, mut knows_three] = [FoundShare::default(); 3];
            let mut by_rank = 0.0;
            for _ in 0..GROUPS {
                let group = group(world, members, &mut draws);
                let version = Network::new(&set).publish(&group, savings);
                let median = version.median().expect("ten members");
                let others = values(&group[1..]);
                let estimates = without(reconstructed(members, &version.figures), group[0].value());
                let part = 1.0 / GROUPS as f64;
                let yardstick = share_found(median, &others);
                by_name.add(part, mean_found(&estimates, &others), yardstick);
                densest_place.add(part, share_found(densest(&estimates), &others), yardstick);
                by_rank += part * estimates.iter().zip(&others).filter(|(one, truth)| is_found(**one, **truth)).count() as f64
                    / others.len() as f64;
                // The exact values of three colleagues are known from elsewhere. The others are guessed from what is left.
                let unknown = values(&group[4..]);
                let left = group[1..4].iter().fold(estimates, |left, known| without(left, known.value()));
                let best = share_found(densest(&left), &unknown).max(mean_found(&left, &unknown));
                knows_three.add(part, best, share_found(median, &unknown));
            }
            let at = format!("{world:?}, {members} members, savings {savings}");
            println!("{at}: {:.1} % by rank", 100.0 * by_rank);
            by_name.assert(&format!("{at}, a random place in the list"), MARGIN);
            densest_place.assert(&format!("{at}, the densest place"), DENSEST);
            knows_three.assert(&format!("{at}, three are known"), DENSEST);
        }
    }
}

#[test]
fn versions_of_a_month_that_differ_by_fewer_than_ten_members_are_the_same() {
    let set = measures();
    for world in WORLDS {
        for members in [10, 15, 20, 21, 30, 39, 40, 60] {
            let mut draws = draws(world, members);
            let first = group(world, members, &mut draws);
            for differing in [1, 2, 5, 9] {
                let mut network = Network::new(&set);
                let before = network.publish(&first, true);
                let comers = group(world, differing, &mut draws);
                let (mut more, mut changed) = (first.clone(), first.clone());
                more.extend(comers.clone());
                changed[members - differing..].clone_from_slice(&comers);
                // Late events of everybody hide nobody, so they change nothing either.
                let mut late = more.clone();
                late.iter_mut().for_each(|one| one.months[20].1 += 1);
                let versions: &[&[Clinician]] = if members < 20 && members + differing >= 20 {
                    // The group becomes large enough for its first quartiles.
                    &[&changed]
                } else {
                    &[&more, &changed, &late, &first]
                };
                for version in versions {
                    assert_eq!(network.publish(version, true), before, "{world:?}, {members} members, {differing} differ");
                }
                if members - differing >= 20 || members < 20 && members - differing >= 10 {
                    assert_eq!(network.publish(&first[differing..], true), before, "{world:?}, {differing} of {members} left");
                }
            }
        }
    }
}

#[test]
fn a_group_that_falls_below_twenty_shows_the_median_of_before_and_nothing_else() {
    let set = measures();
    for world in WORLDS {
        let group = group(world, 20, &mut Draws(7));
        let mut network = Network::new(&set);
        let before = network.publish(&group, true);
        let after = network.publish(&group[1..], true);
        assert_eq!((after.median(), after.figures.len(), after.typical), (before.median(), 1, None));
        let again = network.publish(&group, true);
        assert_eq!((again.figures, again.typical), (before.figures, before.typical));
    }
}

#[test]
fn those_who_came_together_are_not_found_when_a_version_changes() {
    const GROUPS: usize = 150;
    let set = measures();
    for world in WORLDS {
        for members in [10, 20, 25, 30, 40, 50] {
            let comers = 10.max((members as f64 / 2.0).ceil() as usize);
            let mut draws = draws(world, members);
            let [mut by_name, mut densest_place] = [FoundShare::default(); 2];
            for _ in 0..GROUPS {
                let mut all = group(world, members, &mut draws);
                let mut network = Network::new(&set);
                let before = network.publish(&all, true);
                all.extend(group(world, comers, &mut draws));
                let after = network.publish(&all, true);
                let truths = values(&all[members..]);
                let median = after.median().expect("ten members");
                let came = if before == after {
                    vec![median]
                } else {
                    let [old, new] = [(members, &before), (members + comers, &after)]
                        .map(|(size, version)| reconstructed(size, &version.figures));
                    added(&old, &new)
                };
                let part = 1.0 / GROUPS as f64;
                let yardstick = share_found(median, &truths);
                by_name.add(part, mean_found(&came, &truths), yardstick);
                densest_place.add(part, share_found(densest(&came), &truths), yardstick);
            }
            let at = format!("{world:?}, {members} members and {comers} who came");
            by_name.assert(&format!("{at}, a random one"), MARGIN);
            densest_place.assert(&format!("{at}, the densest place"), DENSEST);
        }
    }
}

/// A network that a newcomer joins: its members, the size of their practices, the months before, and whether the measure has a saving.
#[derive(Clone, Copy, Debug)]
struct Newcomer {
    members: usize,
    size: f64,
    months: usize,
    savings: bool,
}

/// The share of newcomers who are found by the first card after they came. The attacker supposes that the figures move by this part of
/// the spread by themselves.
fn newcomers(set: &MeasureSet, world: World, joined: Newcomer, noises: [f64; 2]) -> [FoundShare; 2] {
    const GROUPS: usize = 600;
    let Newcomer { members, size, months, savings } = joined;
    let mut draws = draws(world, members);
    let mut found = [FoundShare::default(); 2];
    for _ in 0..GROUPS {
        let mut all: Vec<Clinician> = (0..members).map(|_| Clinician::drawn(world, size, &mut draws)).collect();
        let mut network = Network::new(set);
        let mut before = network.publish(&all, savings);
        for _ in 1..months {
            all.iter_mut().for_each(|one| one.next_month(&mut draws));
            network.next_month();
            before = network.publish(&all, savings);
        }
        all.iter_mut().for_each(|one| one.next_month(&mut draws));
        all.push(Clinician::drawn(world, size, &mut draws));
        network.next_month();
        let after = network.publish(&all, savings);
        let truth = all[members].value();
        let by_median = hit(after.median().expect("ten members"), truth);
        for (found, noise) in found.iter_mut().zip(noises) {
            let guess = newcomer(members, &before, &after, noise).expect("a median");
            found.add(1.0 / GROUPS as f64, hit(guess, truth), by_median);
        }
    }
    found
}

#[test]
fn a_newcomer_of_the_next_month_is_found_no_more_often_than_the_page_says() {
    let set = measures();
    for world in WORLDS {
        for (members, size, months) in [(10, 1.0, 1), (20, 4.0, 1), (20, 1.0, 3), (20, 4.0, 3), (30, 4.0, 3), (40, 4.0, 3)] {
            let joined = Newcomer { members, size, months, savings: false };
            for found in newcomers(&set, world, joined, [0.02, 0.05]) {
                found.assert(&format!("{world:?}, {joined:?}, a newcomer"), NEWCOMER);
            }
        }
    }
}

/// The gap that the page on disclosure names.
#[test]
fn exact_savings_show_a_newcomer_of_the_next_month_by_no_more_than_the_page_says() {
    let set = measures();
    for world in WORLDS {
        for (members, months) in [(20, 1), (20, 3), (30, 3), (40, 3)] {
            let joined = Newcomer { members, size: 1.0, months, savings: true };
            for found in newcomers(&set, world, joined, [0.02, 0.05]) {
                found.assert(&format!("{world:?}, {joined:?}, a newcomer with savings"), NEWCOMER);
            }
        }
    }
}

fn hit(guess: f64, truth: f64) -> f64 {
    f64::from(u8::from(is_found(guess, truth)))
}
