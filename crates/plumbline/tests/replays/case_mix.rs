//! A measure that adjusts for age and sex: `replay` compares clinicians as if everybody saw the same patients, and says so where it cannot.
//!
//! Each test derives its expected numbers. Nobody computed them with this program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::{Place, assert_accounted_for};
use serde_json::Value;

/// A patient: age in bands of five years, and sex.
#[derive(Clone, Copy)]
struct Patient(Option<u8>, Option<&'static str>);

const YOUNG: Patient = Patient(Some(4), Some("female"));
const OLD: Patient = Patient(Some(15), Some("female"));
const OLD_WITHOUT_SEX: Patient = Patient(Some(15), None);
/// The cells are of women and men, so this patient is in none.
const OTHER: Patient = Patient(Some(4), Some("other"));

/// Appointments of one feed in July 2026 and the months before it.
#[derive(Default)]
struct Appointments {
    text: String,
    events: u32,
}

impl Appointments {
    /// Appointments of a clinician at a practice, `back` months before July 2026, the first `missed` of them missed.
    fn add(&mut self, clinician: usize, practice: &str, back: usize, patient: Patient, (missed, all): (usize, usize)) {
        let months = 2026 * 12 + 6 - back;
        for at in 0..all {
            self.events += 1;
            let (id, day, minute) = (self.events, 1 + self.events % 28, self.events % 60);
            let time = format!("{}-{:02}-{day:02}T10:{minute:02}:00Z", months / 12, 1 + months % 12);
            let age = patient.0.map(|band| format!(r#""age_band":{band},"#)).unwrap_or_default();
            let sex = patient.1.map(|sex| format!(r#""sex":"{sex}","#)).unwrap_or_default();
            let status = if at < missed { "noshow" } else { "attended" };
            writeln!(
                self.text,
                r#"{{"id":"e{id}","type":"encounter","occurred_at":"{time}","recorded_at":"{time}","clinician":{{"system":"gmc","value":"{}"}},"practice":"{practice}","patient":"p{id}",{age}{sex}"encounter":{{"mode":"telephone","status":"{status}"}}}}"#,
                7_000_000 + clinician
            )
            .expect("memory takes all");
        }
    }

    /// The newest cards of July 2026 by clinician, each with these measures; cards of all practices together if `roll_up`.
    fn cards(self, roll_up: bool) -> BTreeMap<usize, [Value; 2]> {
        let place = Place::new();
        let file = include_str!("../../../../measures/dna_rate.toml");
        let adjusted = file.replacen("id = \"dna_rate\"", "id = \"dna_adjusted\"", 1).replacen(
            "\nscale = ",
            "\nadjust = [\"age\", \"sex\"]\nscale = ",
            1,
        );
        place.put("own/dna_adjusted.toml", adjusted);
        place.put("surgery/events.ndjson", self.text);
        let folder = place.path("own").display().to_string();
        // Roll-ups sum the practices of the operator's roles.
        let role = |clinician: usize, practice: &str| {
            format!(r#"{{"type":"role","person":"gmc|{}","practice":"{practice}","role":"gp"}}"#, 7_000_000 + clinician)
        };
        let roles = (0..24).flat_map(|clinician| ["A81001", "A81002"].map(|practice| role(clinician, practice)));
        let person = |clinician: usize| format!(r#"{{"type":"person","id":"gmc|{}"}}"#, 7_000_000 + clinician);
        let places = ["A81001", "A81002"].map(|code| format!(r#"{{"type":"organisation","code":"{code}","kind":"practice"}}"#));
        let entries = (0..24).map(person).chain(places).chain(roles);
        let registry = place.put("registry.ndjson", entries.collect::<Vec<_>>().join("\n")).display().to_string();
        let options: &[&str] = if roll_up { &["--measures", &folder, "--registry", &registry] } else { &["--measures", &folder] };
        let summary = place.replay("out", &["surgery"], options);
        assert_accounted_for(&summary);
        assert_eq!(summary.accepted, u64::from(self.events));
        let mut newest = BTreeMap::new();
        for card in place.lines("out/scorecards.ndjson") {
            if card["period"]["month"] == "2026-07" && (card["subject"]["practice"] == "") == roll_up {
                let clinician = card["subject"]["clinician"].as_str().expect("an id").trim_start_matches("gmc|").parse::<usize>();
                newest.insert(clinician.expect("a number") - 7_000_000, card);
            }
        }
        let of = |card: &Value, id: &str| {
            card["measures"].as_array().and_then(|all| all.iter().find(|one| one["id"] == id)).cloned().expect("on the card")
        };
        newest.iter().map(|(clinician, card)| (*clinician, [of(card, "dna_rate"), of(card, "dna_adjusted")])).collect()
    }
}

fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() <= 1e-8 * expected.abs())
}

/// In each of 12 months 39 clinicians have 20 young patients and 5 old ones; 1 of each misses. The last has 60 old ones; 12 of them miss.
/// Care of patients of one age is identical, and over all it is 8 % against 16.25 %.
fn an_age_mix(old_of_the_last: Patient) -> BTreeMap<usize, [Value; 2]> {
    let mut appointments = Appointments::default();
    for back in 0..12 {
        for clinician in 0..40 {
            let (old, of) = if clinician == 39 { ((12, 60), old_of_the_last) } else { ((1, 5), OLD) };
            appointments.add(clinician, "A81001", back, YOUNG, (1, 20));
            appointments.add(clinician, "A81001", back, of, old);
        }
    }
    appointments.cards(false)
}

#[test]
fn older_patients_make_a_clinician_different_crude_and_in_line_adjusted() {
    let cards = an_age_mix(OLD);
    assert_eq!(cards.len(), 40);
    let [crude, adjusted] = &cards[&39];
    let sentence = crude["sentence"].as_str().expect("a sentence");
    assert!(sentence.starts_with("16% in 12 months; a typical colleague 8"), "{sentence}");
    assert!(sentence.ends_with("Please check: more than chance and usual differences."), "{sentence}");
    assert!(crude.get("case_mix").is_none(), "{crude}");
    // Rates of 5 % and 20 % by age for everybody: the expectation is what is seen, 12 x (1 + 12) and 12 x (1 + 1).
    // The rate of all weighs w = 1/(1 + 0.1225 mu d), where mu is 1092/12660.
    // For d = 300 w is 0.239814, for d = 960 it is 0.0897368.
    // So the rate is (39 x 24 x 0.239814 + 156 x 0.0897368) / (39 x 300 x 0.239814 + 960 x 0.0897368), 0.082457552 in Python.
    for (clinician, [_, adjusted]) in &cards {
        let mix = &adjusted["case_mix"];
        assert_eq!((&mix["state"], &mix["unknown"]), (&Value::from("age_sex"), &Value::from(0)), "{adjusted}");
        assert!(near(&mix["expected"], if *clinician == 39 { 156.0 } else { 24.0 }), "{adjusted}");
        assert!(near(&mix["standardised"], 8.245_755_16) && near(&mix["ratio"], 1.0), "{adjusted}");
        assert_eq!(adjusted["verdict"], "in_line", "{adjusted}");
    }
    // The card has the crude value, too.
    assert!(near(&adjusted["value"], 16.25), "{adjusted}");
    let sentence = adjusted["sentence"].as_str().expect("a sentence");
    assert!(sentence.starts_with("8.2% in 12 months, adjusted; a typical colleague 8."), "{sentence}");
    assert!(sentence.ends_with("Lower is better. In line with most colleagues."), "{sentence}");
}

#[test]
fn unknown_patients_are_a_part_of_the_card_and_too_many_leave_the_value_unadjusted_in_words() {
    let cards = an_age_mix(OLD_WITHOUT_SEX);
    let [_, last] = &cards[&39];
    // The sex of 720 of 960 is not known, and of 720 of 12,660 in the network.
    assert_eq!((&last["case_mix"]["state"], &last["case_mix"]["unknown"]), (&Value::from("not_adjusted"), &Value::from(720)));
    assert!(last["case_mix"].get("expected").is_none() && last["case_mix"].get("standardised").is_none(), "{last}");
    let sentence = last["sentence"].as_str().expect("a sentence");
    assert!(sentence.starts_with("16% in 12 months, not adjusted for whom you see; a typical colleague 8."), "{sentence}");
    assert!(sentence.ends_with("Lower is better. Please check: more than chance."), "{sentence}");
    for [_, adjusted] in cards.values().take(39) {
        assert_eq!(adjusted["case_mix"]["state"], "age_sex", "{adjusted}");
        assert!(near(&adjusted["case_mix"]["expected"], 24.0), "{adjusted}");
    }
}

#[test]
fn a_network_of_unknown_patients_is_compared_crude_and_says_so() {
    let mut appointments = Appointments::default();
    for clinician in 0..20 {
        appointments.add(clinician, "A81001", 0, YOUNG, (2, 30));
        appointments.add(clinician, "A81001", 0, Patient(None, None), (1 + clinician % 3, 10));
    }
    for [crude, adjusted] in appointments.cards(false).values() {
        let mix = &adjusted["case_mix"];
        assert_eq!((&mix["state"], &mix["unknown"]), (&Value::from("not_adjusted"), &Value::from(10)), "{adjusted}");
        for field in ["z", "verdict", "value", "reliability"] {
            assert_eq!(adjusted[field], crude[field], "{field}");
        }
        let sentence = adjusted["sentence"].as_str().expect("a sentence");
        assert!(sentence.contains("not adjusted for whom you see; a typical colleague"), "{sentence}");
    }
}

#[test]
fn expectations_are_those_of_indirect_standardisation() {
    let mut appointments = Appointments::default();
    for clinician in 0..20 {
        appointments.add(clinician, "A81001", 0, YOUNG, (1 + clinician % 3, 30));
        appointments.add(clinician, "A81001", 0, OLD, (4 + clinician % 4, 20 + clinician));
        appointments.add(clinician, "A81001", 0, OTHER, (0, 2));
    }
    // Python, from the rule alone, gives the rates 0.0649481845 and 0.187755158, and 0.121464946 over all:
    // ```
    // U = [((1+i%3, 30), (4+i%4, 20+i), (0, 2)) for i in range(20)]; tot = lambda u: tuple(map(sum, zip(*u)))
    // mu = sum(tot(u)[0] for u in U) / sum(tot(u)[1] for u in U); w = [1/(1 + 0.1225*mu*tot(u)[1]) for u in U]
    // r = lambda k: sum(v*u[k][0] for v, u in zip(w, U)) / sum(v*u[k][1] for v, u in zip(w, U))
    // a = sum(v*tot(u)[0] for v, u in zip(w, U)) / sum(v*tot(u)[1] for v, u in zip(w, U))
    // E = round(r(0)*u[0][1] + r(1)*u[1][1] + a*2, 6); standardised = 100*a*n/E
    // ```
    let cards = appointments.cards(false);
    for (clinician, expected, standardised) in
        [(0, 5.946_479, 10.213_182_12), (7, 7.260_765, 15.056_051_409), (19, 9.513_827, 11.490_481_317)]
    {
        let mix = &cards[&clinician][1]["case_mix"];
        assert_eq!((&mix["state"], &mix["unknown"]), (&Value::from("age_sex"), &Value::from(2)));
        assert!(near(&mix["expected"], expected), "{clinician}: {mix}");
        assert!(near(&mix["standardised"], standardised), "{clinician}: {mix}");
    }
}

#[test]
fn a_roll_up_is_adjusted_for_its_practices_and_for_its_patients() {
    let mut appointments = Appointments::default();
    for clinician in 0..24 {
        for (practice, factor) in [("A81001", 1), ("A81002", 2)] {
            // 5 % and 20 % by age at the first practice, twice that at the second. The last clinician has twelve times as many old patients.
            let old = if clinician == 23 { 120 } else { 10 };
            appointments.add(clinician, practice, 0, YOUNG, (2 * factor, 40));
            appointments.add(clinician, practice, 0, OLD, (old / 5 * factor, old));
        }
    }
    let cards = appointments.cards(true);
    assert_eq!(cards.len(), 24);
    for (clinician, [crude, adjusted]) in &cards {
        assert_eq!(adjusted["case_mix"]["state"], "practices_age_sex", "{adjusted}");
        assert_eq!(crude["case_mix"]["state"], "practices", "{crude}");
        let ratio = |card: &Value| card["case_mix"]["ratio"].as_f64().expect("a ratio");
        // Everybody is at what the practices and the patients bring. A prior of 11 events draws the practices towards each other.
        assert!((0.93..1.07).contains(&ratio(adjusted)), "{clinician}: {adjusted}");
        // By the practices alone the last clinician is far above: 78 of 320 against 12 of 100.
        assert!(*clinician != 23 || ratio(crude) > 1.4, "{crude}");
    }
}
