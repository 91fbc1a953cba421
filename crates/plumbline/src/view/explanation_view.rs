//! An explanation as text, JSON or NDJSON.

use std::fmt::Write;

use scorecard::fold::explanation::{Effect, Explanation, Line};
use serde_json::{Value, json};

use crate::terminal::count::counted;
use crate::terminal::paint::Paint;

/// The explanation as one JSON object, its events in `events`.
#[must_use]
pub fn json(explanation: &Explanation) -> String {
    let Explanation { clinician, practice, month, revision, cut, measure, window, n, d, n_unit, d_unit, lines } = explanation;
    json!({
        "clinician": clinician,
        "practice": practice,
        "month": month.to_string(),
        "revision": revision,
        "cut": cut.to_string(),
        "measure": measure,
        "window": window,
        "numerator": n,
        "denominator": d,
        "numerator_unit": n_unit,
        "denominator_unit": d_unit,
        "events": lines.iter().map(event).collect::<Vec<_>>(),
    })
    .to_string()
        + "\n"
}

/// The events alone, one a line.
#[must_use]
pub fn ndjson(explanation: &Explanation) -> String {
    explanation.lines.iter().map(|line| format!("{}\n", event(line))).collect()
}

fn event(line: &Line) -> Value {
    let Line { feed, id, version, day, month, clinician, practice, kind, what, effect, numerator, denominator } = line;
    json!({
        "feed": feed,
        "id": id,
        "version": version,
        "day": day.map(|day| day.to_string()),
        "month": month.to_string(),
        "clinician": clinician,
        "practice": practice,
        "kind": kind,
        "what": what,
        "effect": effect.word(),
        "numerator": numerator,
        "denominator": denominator,
    })
}

/// The explanation as text: a heading, one line for each event, and the sums.
#[must_use]
pub fn table(explanation: &Explanation, paint: Paint) -> String {
    let Explanation { clinician, practice, month, revision, cut, measure, window, n, d, n_unit, d_unit, lines } = explanation;
    let place = if practice.is_empty() { "all practices".to_owned() } else { format!("practice {practice}") };
    let months = if *window == 1 { "the month".to_owned() } else { format!("{window} months up to it") };
    let mut text = paint.bold(&format!("{clinician}, {place}, {month}: {measure}, {months}"));
    text.push('\n');
    text.push_str(&paint.dim(&format!("revision {revision}, published {cut}")));
    write!(text, "\n{n} {} over {d} {}\n\n", unit(n_unit), unit(d_unit)).expect("a String takes all");
    let rows: Vec<[String; 7]> = lines.iter().map(|line| row(line, practice.is_empty())).collect();
    let head = ["day", "feed", "id", "version", "numerator", "denominator", "what"].map(str::to_owned);
    let widths: [usize; 7] =
        std::array::from_fn(|at| rows.iter().chain([&head]).map(|row| row[at].chars().count()).max().unwrap_or(0));
    text.push_str(&paint.dim(&aligned(&head, widths)));
    text.push('\n');
    for row in &rows {
        text.push_str(&aligned(row, widths));
        text.push('\n');
    }
    let sum = |of: fn(&Line) -> Option<i64>| lines.iter().filter_map(of).sum::<i64>();
    let sums = (sum(|line| line.numerator), sum(|line| line.denominator));
    let events = counted(lines.len() as u64, "event", "events");
    writeln!(text, "{events}: {} over {}", sums.0, sums.1).expect("a String takes all");
    text
}

/// The unit of counts is events.
fn unit(unit: &str) -> &str {
    if unit == "count" { "events" } else { unit }
}

fn row(line: &Line, everywhere: bool) -> [String; 7] {
    let amount = |amount: Option<i64>| amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string());
    let mut what = format!("{} {}", line.kind, line.what);
    if everywhere {
        what += &format!(" at {}", line.practice);
    }
    if line.day.is_some_and(|day| day.month() != line.month) {
        what += &format!(" (counts in {})", line.month);
    }
    if line.effect != Effect::Counts {
        what += &format!(" ({}: left out)", line.effect.word());
    }
    let day = line.day.map(|day| day.to_string()).unwrap_or_default();
    let (n, d) = (amount(line.numerator), amount(line.denominator));
    [day, line.feed.clone(), line.id.clone(), line.version.to_string(), n, d, what]
}

/// Aligns texts to the left and numbers to the right.
fn aligned(row: &[String; 7], widths: [usize; 7]) -> String {
    let cells = row.iter().zip(widths).zip(0..).map(|((cell, width), column)| match column {
        3..=5 => format!("{cell:>width$}"),
        _ => format!("{cell:width$}"),
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
