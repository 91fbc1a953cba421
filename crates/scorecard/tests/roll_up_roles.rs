//! The practices that count in a roll-up: forged events and roles elsewhere reach nobody's roll-up.

use scorecard::registry::directory::Directory;
use scorecard::registry::entry::{Entry, EntrySource};
use scorecard::time::calendar::{Day, Month};

fn directory(entries: &[(&str, &str)]) -> Directory {
    let mut directory = Directory::default();
    for (author, line) in entries {
        let entry: Entry = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        directory.apply(&match *author {
            "" => entry,
            author => entry.stated_by(EntrySource::of_text(author)),
        });
    }
    directory
}

fn month(text: &str) -> Month {
    text.parse().expect("a valid text")
}

const GP: &str = r#"{"type":"role","person":"p1","practice":"A1","role":"gp"}"#;
const NURSE: &str = r#"{"type":"role","person":"p1","practice":"B2","role":"nurse"}"#;

#[test]
fn a_role_that_a_feed_forges_counts_in_no_roll_up() {
    for author in ["feed|b2", "trusted|b2", ""] {
        let d = directory(&[("operator", GP), (author, NURSE)]);
        assert!(d.rolls_up("p1", "A1", month("2026-10")));
        assert!(!d.rolls_up("p1", "B2", month("2026-10")), "{author:?}");
        let day = Day::from_ymd(2026, 10, 31).unwrap();
        assert_eq!(d.role_at("p1", "", day).role, "gp", "{author:?}");
        assert_eq!(d.role_at("p1", "B2", day).role, "nurse", "the card at the practice itself shows the role");
    }
}

#[test]
fn without_a_role_of_the_operator_those_of_trusted_sources_count() {
    let trusted = [("trusted|a1", GP), ("trusted|b2", NURSE)];
    let rolls_up = |entries: &[(&str, &str)]| ["A1", "B2"].map(|at| directory(entries).rolls_up("p1", at, month("2026-10")));
    assert_eq!(rolls_up(&trusted), [true, true]);
    // An entry of an older version names no author.
    assert_eq!(rolls_up(&[("feed|a1", GP), ("", NURSE)]), [false, true]);
    let other = r#"{"type":"role","person":"p9","practice":"C3","role":"gp"}"#;
    assert_eq!(rolls_up(&[trusted[0], trusted[1], ("operator", other)]), [false, false], "the operator has stated a role");
}

#[test]
fn a_practice_counts_in_the_months_with_a_day_of_the_role() {
    // From 15 May to 10 August: May, June, July and August have such a day.
    let line = r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-05-15","until":"2026-08-10"}"#;
    let d = directory(&[("operator", line)]);
    let counts = |text: &str| d.rolls_up("p1", "A1", month(text));
    let months = ["2026-04", "2026-05", "2026-06", "2026-08", "2026-09"];
    assert_eq!(months.map(counts), [false, true, true, true, false]);
    let all = month("2020-01")..=month("2030-01");
    let spans = [
        (month("2020-01")..=month("2026-04"), false),
        (month("2026-05")..=month("2026-08"), true),
        (month("2026-09")..=month("2030-01"), false),
    ];
    assert_eq!(d.roll_up_spans("p1", "A1", &all), spans);
}

#[test]
fn a_withdrawn_role_and_a_name_of_another_person_do_not_count() {
    let gone = r#"{"type":"withdrawal","withdraws":"role","person":"p1","practice":"A1","from":"2026-06-01"}"#;
    let d = directory(&[("operator", GP), ("operator", gone)]);
    assert!(d.rolls_up("p1", "A1", month("2026-05")) && !d.rolls_up("p1", "A1", month("2026-06")));
    let alias = r#"{"type":"person","id":"p2","aliases":["p1"]}"#;
    let d = directory(&[("operator", GP), ("operator", alias)]);
    assert!(!d.rolls_up("p1", "A1", month("2026-05")) && d.rolls_up("p2", "A1", month("2026-05")));
}

#[test]
fn a_practice_of_another_setting_counts_in_no_roll_up_and_a_closed_one_does() {
    let place = |setting: &str, days: &str| {
        let text = format!(r#"{{"type":"organisation","code":"A1","kind":"practice","setting":"{setting}"{days}}}"#);
        directory(&[("operator", GP), ("operator", &text)])
    };
    let of = month("2026-10");
    assert!(!place("out_of_hours", "").rolls_up("p1", "A1", of) && place("gp", "").rolls_up("p1", "A1", of));
    assert!(place("gp", r#","open_until":"2026-03-31""#).rolls_up("p1", "A1", of));
    // It becomes a prison on 15 June: the setting of the last day of a month counts.
    let later = place("prison", r#","open_from":"2026-06-15""#);
    assert!(later.rolls_up("p1", "A1", month("2026-05")) && !later.rolls_up("p1", "A1", month("2026-06")));
    let spans = later.roll_up_spans("p1", "A1", &(month("2026-01")..=month("2026-12")));
    assert_eq!(spans, [(month("2026-01")..=month("2026-05"), true), (month("2026-06")..=month("2026-12"), false)]);
}

#[test]
fn spans_agree_with_single_months() {
    let lines = [
        r#"{"type":"role","person":"f|1","practice":"f|org","role":"gp","from":"2026-02-03","until":"2026-02-04"}"#,
        r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-07-31"}"#,
        r#"{"type":"person","id":"p1","aliases":["f|1"]}"#,
        r#"{"type":"organisation","code":"A1","kind":"practice","aliases":["f|org"]}"#,
        r#"{"type":"organisation","code":"A1","kind":"practice","setting":"25","open_from":"2026-09-01"}"#,
        r#"{"type":"organisation","code":"A1","kind":"practice","setting":"4","open_from":"2026-10-05"}"#,
        r#"{"type":"withdrawal","withdraws":"role","person":"p1","practice":"A1","from":"2026-11-01"}"#,
        r#"{"type":"withdrawal","withdraws":"alias","person":"p1","alias":"f|1","from":"2026-12-05"}"#,
    ];
    let d = directory(&lines.map(|line| ("operator", line)));
    let spans = d.roll_up_spans("p1", "A1", &(month("2025-01")..=month("2027-12")));
    let months = (0..36).map(|after| month("2025-01").plus(after));
    for of in months {
        let span = spans.iter().find(|(span, _)| span.contains(&of)).map(|(_, counts)| *counts);
        assert_eq!(span, Some(d.rolls_up("p1", "A1", of)), "{of}");
    }
    assert_eq!(spans.iter().filter(|(_, counts)| *counts).count(), 3, "{spans:?}");
}
