//! A small role is compared with the network of a reference file.

use scorecard::card::scorecard::{CardMeasure, CaseMixState, Status, VerdictWord};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::measure::reference_network::{BadReference, ReferenceNetwork};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::reference_figures::exported;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::cell_sum::{CellSum, cell_sides};
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

fn measures() -> MeasureSet {
    MeasureSet::parse([("dna_rate.toml", include_str!("../../../measures/dna_rate.toml"))]).expect("a built-in measure")
}

fn month() -> Month {
    "2026-10".parse().expect("a month")
}

struct Site {
    measures: MeasureSet,
    schedule: Schedule,
    directory: Directory,
    units: Vec<UnitMonth>,
}

impl Site {
    /// A site whose patients miss that many of 100 slots a month of each clinician.
    fn new(measures: MeasureSet, missed: &[i64]) -> Site {
        let mut directory = Directory::default();
        let mut units = Vec::new();
        for (at, n) in missed.iter().enumerate() {
            let person = format!("p{at:02}");
            let role = format!(r#"{{"type":"role","person":"{person}","practice":"A1","role":"gp"}}"#);
            directory.apply(&serde_json::from_str(&role).expect("an entry"));
            let mut sums = Sums::zero(1);
            (sums.base.facts, sums.base.encounters) = (100, 100);
            let (n, d) = (*n, 100);
            sums.measures[0] =
                MeasureSums { facts_n: n, facts_d: d, n, d, n_squares: n.into(), d_squares: d.into(), ..MeasureSums::default() };
            units.push(UnitMonth::new(UnitKey { person, practice: "A1".to_owned() }, vec![sums; MONTHS]));
        }
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(1_577_847_600_000) };
        Site { measures, schedule, directory, units }
    }

    fn scorer(&self) -> Scorer<'_> {
        Scorer { measures: &self.measures, schedule: &self.schedule, directory: &self.directory }
    }

    fn peers(&self) -> PeerTable {
        let scorer = self.scorer();
        let members = self.units.iter().filter_map(|unit| scorer.member(unit, month())).collect();
        scorer.peers(month(), Timestamp(0), members)
    }

    fn card(&self, at: usize) -> CardMeasure {
        let (scorer, peers) = (self.scorer(), self.peers());
        let benchmarks = scorer.benchmarks(month(), &peers, &peers.for_quarter(month()));
        scorer.content(&self.units[at], Status::Final, &benchmarks).measures.remove(0)
    }
}

/// 40 clinicians at 4 to 8 % and the file of their network.
fn north() -> ReferenceNetwork {
    let missed: Vec<i64> = (0..40).map(|at| 4 + at % 5).collect();
    let site = Site::new(measures(), &missed);
    exported("North", month(), site.peers().networks(), &site.measures).expect("a short name")
}

#[test]
fn a_small_role_is_compared_with_the_network_of_the_file_and_named() {
    let with = measures().with_reference(north()).expect("the same measure");
    let mut missed = vec![6; 11];
    missed.push(40);
    let site = Site::new(with, &missed);
    let high = site.card(11);
    let comparator = high.comparator.clone().expect("a reference network");
    assert_eq!((high.verdict, comparator.reference.as_deref()), (Some(VerdictWord::PleaseCheck), Some("North")));
    // The middle of 4 to 8 % on a scale of ratios is a little below 6 %. The median is that of the 12 here.
    assert!(comparator.typical.is_some_and(|typical| (5.6..=6.0).contains(&typical)), "{comparator:?}");
    assert_eq!((comparator.median, comparator.p25, high.place, high.saving.is_none()), (Some(6.0), None, None, true));
    assert!(high.points.is_some() && high.reliability.is_some(), "{high:?}");
    assert!(high.sentence.contains(" in North. Lower is better. Please check"), "{}", high.sentence);
    assert!(high.sentence.chars().count() <= 140);
    assert_eq!(site.card(0).verdict, Some(VerdictWord::InLine));
}

#[test]
fn a_sentence_without_room_for_the_name_leaves_it_to_the_comparator() {
    let mut file = north();
    file.name = "Sixteen letters.".into();
    let mut missed = vec![6; 11];
    missed.push(40);
    let mut site = Site::new(measures().with_reference(file).expect("the same measure"), &missed);
    // 11 of 12 months hold facts: the longest form of the span.
    let mut months = site.units[11].months.clone();
    months[MONTHS - 5] = Sums::zero(1);
    site.units[11] = UnitMonth::new(site.units[11].key.clone(), months);
    let high = site.card(11);
    assert!(high.sentence.contains("in 11 of 12 months; a typical colleague"), "{}", high.sentence);
    assert!(high.sentence.chars().count() <= 140, "{}", high.sentence);
    assert_eq!(high.comparator.and_then(|one| one.reference).as_deref(), Some("Sixteen letters."));
}

#[test]
fn one_clinician_alone_has_the_typical_value_of_the_file_and_no_median() {
    let with = measures().with_reference(north()).expect("the same measure");
    let comparator = Site::new(with, &[6]).card(0).comparator.expect("a reference network");
    assert!(comparator.typical.is_some() && comparator.median.is_none(), "{comparator:?}");
    assert_eq!(Site::new(measures(), &[6]).card(0).comparator, None);
}

#[test]
fn twenty_members_have_a_fit_of_their_own() {
    let missed: Vec<i64> = (0..20).map(|at| 10 + at % 3).collect();
    let own = Site::new(measures(), &missed);
    let with = Site::new(measures().with_reference(north()).expect("the same measure"), &missed);
    assert_eq!(own.card(3), with.card(3));
}

#[test]
fn the_file_is_part_of_the_hash_and_fits_one_definition_of_the_measure_alone() {
    let hash = |file: ReferenceNetwork| measures().with_reference(file).map(|set| set.hash());
    let mut other = north();
    other.groups[0].phi += 0.1;
    let (known, changed) = (hash(north()).expect("the same measure"), hash(other).expect("the same measure"));
    assert!(known != measures().hash() && known != changed);
    let mut version = north();
    version.groups[0].measure = "dna_rate@2".into();
    let used = "dna_rate@1".to_owned();
    assert_eq!(hash(version), Err(BadReference::Version { found: "dna_rate@2".into(), used }));
    let mut definition = north();
    definition.groups[0].definition = "0".repeat(32);
    assert_eq!(hash(definition), Err(BadReference::Definition("dna_rate@1".into())));
    let mut unused = north();
    unused.groups[0].measure = "other@1".into();
    assert!(hash(unused).is_ok());
}

#[test]
fn an_export_holds_no_person_no_small_role_and_rounded_sizes() {
    let file = north();
    assert_eq!(file.groups.iter().map(|group| (&*group.role, group.members)).collect::<Vec<_>>(), [("gp", 40)]);
    assert_eq!(ReferenceNetwork::parse(&file.text()), Ok(file.clone()));
    let small = Site::new(measures(), &[6; 19]);
    let found = exported("South", month(), small.peers().networks(), &small.measures).expect("a short name");
    assert_eq!(found.groups, []);
    let borrowed = Site::new(measures().with_reference(file).expect("the same measure"), &[6; 12]);
    let found = exported("South", month(), borrowed.peers().networks(), &borrowed.measures).expect("a short name");
    assert_eq!(found.groups, [], "figures of a file are not exported again");
}

#[test]
fn an_adjusted_measure_is_exported_as_the_value_of_a_typical_clinician() {
    // 20 clinicians see women of 30 and 20 see women of 70. Patients miss 5 and 15 of 100 slots: all are as expected, and the rate of all
    // patients is 10 %.
    let text =
        include_str!("../../../measures/dna_rate.toml").replacen("direction =", "adjust = [\"age\", \"sex\"]\ndirection =", 1);
    let adjusted = || MeasureSet::parse([("dna_rate.toml", text.as_str())]).expect("a measure with adjust");
    let missed: Vec<i64> = (0..40).map(|at| if at % 2 == 0 { 5 } else { 15 }).collect();
    let mut north = Site::new(adjusted(), &missed);
    for (unit, (n, cell)) in north.units.iter_mut().zip(missed.iter().zip([6, 10].into_iter().cycle())) {
        let mut months = unit.months.clone();
        for month in &mut months {
            let [side_n, side_d] = cell_sides(0);
            month.cells.add(CellSum { side: side_n, cell, n: *n });
            month.cells.add(CellSum { side: side_d, cell, n: 100 });
        }
        *unit = UnitMonth::new(unit.key.clone(), months);
    }
    let of_north = north.card(1);
    let mix = of_north.case_mix.expect("a measure with adjust");
    assert_eq!((mix.state, of_north.verdict), (CaseMixState::AgeSex, Some(VerdictWord::InLine)));
    let file = exported("North", month(), north.peers().networks(), &north.measures).expect("a short name");
    assert!((file.groups[0].centre - 0.1).abs() < 0.002, "{}", file.groups[0].centre);
    let small = Site::new(adjusted().with_reference(file).expect("the same measure"), &[10, 10, 40]);
    let (typical, high) = (small.card(0), small.card(2));
    assert_eq!(typical.comparator.clone().and_then(|one| one.typical), Some(10.0));
    assert_eq!(
        typical.sentence,
        "10% in 12 months, not adjusted for whom you see; a typical colleague 10% in North. Lower is better. In line with most colleagues."
    );
    assert_eq!(
        (high.verdict, high.case_mix.map(|mix| mix.state)),
        (Some(VerdictWord::PleaseCheck), Some(CaseMixState::NotAdjusted))
    );
}
