//! A card as text for a terminal: three domains, the clinician's value against peers and control limits, points.

use std::fmt::Write;

use scorecard::card::peer_group::Level;
use scorecard::card::scorecard::{Band, Content, Exposure, Funnel, Grade, Interval, Reason, Scorecard, Status, WindowValue};
use scorecard::card::scorecard::{CardMeasure, Composite, Giants};
use scorecard::measure::measure_set::{Direction, Domain, MeasureSet};

use crate::terminal::count::{counted, grouped};
use crate::terminal::layout::{DEFAULT_COLUMNS, cut, wrapped};
use crate::terminal::paint::Paint;

/// Cells of the strip that shows a value between its limits.
const STRIP: usize = 31;
const DOMAINS: [Domain; 3] = [Domain::Clinical, Domain::Perception, Domain::Resource];

/// Columns of a value with its unit, and of the points.
const VALUE_COLUMNS: usize = 36;
/// A title has at least this many columns, however narrow the terminal is.
const LEAST_TITLE_COLUMNS: usize = 20;

/// The card as lines of at most [`DEFAULT_COLUMNS`] columns. Titles of the measures come from `measures`.
#[must_use]
pub fn render(card: &Scorecard, measures: &MeasureSet, paint: Paint) -> String {
    render_within(card, measures, paint, DEFAULT_COLUMNS)
}

/// The card as lines of at most this many columns. A wider terminal than [`DEFAULT_COLUMNS`] gets the same card.
#[must_use]
pub fn render_within(card: &Scorecard, measures: &MeasureSet, paint: Paint, columns: usize) -> String {
    let columns = columns.min(DEFAULT_COLUMNS);
    wrapped(&lines(card, measures, paint, columns), columns)
}

fn lines(card: &Scorecard, measures: &MeasureSet, paint: Paint, columns: usize) -> String {
    let mut lines = vec![heading(card, paint), paint.dim(&subheading(card))];
    if card.content.status == Status::Withdrawn {
        lines.push(
            "This card was withdrawn: no event of the month is left. Earlier revisions show the former content.".to_owned(),
        );
        return lines.join("\n") + "\n";
    }
    lines.extend(exposure(&card.content).map(|text| paint.dim(&text)));
    for domain in DOMAINS {
        lines.push(String::new());
        lines.push(domain_line(&card.content, domain, paint, columns));
        for measure in card.content.measures.iter().filter(|measure| measure.domain == domain) {
            lines.extend(measure_lines(measure, measures, paint, columns));
        }
    }
    lines.push(String::new());
    lines.push(composite(&card.content, paint));
    if headlines(&card.content).any(|headline| headline.qof.is_some() && !counts(headline)) {
        lines.push(paint.dim("Points in brackets do not count: the value could be chance."));
    }
    lines.extend(card.content.giants.as_ref().map(giants));
    for highlight in &card.content.highlights {
        let title = title(&highlight.measure, measures);
        lines.push(if highlight.good { paint.good(&format!("+ {title}")) } else { paint.look(&format!("> {title}")) });
        lines.push(format!("  {}", highlight.sentence));
    }
    lines.join("\n") + "\n"
}

fn heading(card: &Scorecard, paint: Paint) -> String {
    let subject = &card.content.subject;
    let place = if subject.practice.is_empty() { "all practices".to_owned() } else { format!("practice {}", subject.practice) };
    paint.bold(&format!("{}, {}, {place}, {}", subject.clinician, subject.role, card.content.period.month))
}

fn subheading(card: &Scorecard) -> String {
    let status = match card.content.status {
        Status::Provisional => "provisional, more events are expected",
        Status::Final => "final",
        Status::Restated => "restated",
        Status::Withdrawn => "withdrawn",
    };
    let reason = |reason: &Reason| match reason.events {
        0 => reason.cause.word().to_owned(),
        events => format!("{}: {}", reason.cause.word(), counted(events.unsigned_abs(), "event", "events")),
    };
    let reasons: Vec<String> = card.reasons.iter().map(reason).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    format!("{status}; revision {}{reasons}", card.revision)
}

fn exposure(content: &Content) -> Option<String> {
    let of = |e: &Exposure| {
        let months = if e.window == 1 { "this month".to_owned() } else { format!("{} months", e.window) };
        let number = |count: i64, one, many| counted(count.unsigned_abs(), one, many);
        format!(
            "{months}: {}, {}, {}",
            number(e.encounters, "encounter", "encounters"),
            number(e.items, "item", "items"),
            number(e.responses, "answer", "answers")
        )
    };
    let shown: Vec<String> = content.exposure.iter().filter(|e| e.window != 3).map(of).collect();
    (!shown.is_empty()).then(|| shown.join("; "))
}

fn domain_line(content: &Content, domain: Domain, paint: Paint, columns: usize) -> String {
    let name = match domain {
        Domain::Clinical => "CLINICAL",
        Domain::Perception => "PERCEPTION",
        Domain::Resource => "RESOURCE",
    };
    let points = content.domains.iter().find(|of| of.domain == domain).filter(|of| of.available > 0.0);
    let points = points.map(|of| format!("{} of {}", number(of.points), points_of(of.available))).unwrap_or_default();
    let gap = columns - name.len();
    paint.bold(format!("{name}{points:>gap$}").trim_end())
}

fn headline(measure: &CardMeasure) -> Option<&WindowValue> {
    measure.windows.iter().find(|window| window.window == measure.headline)
}

fn headlines(content: &Content) -> impl Iterator<Item = &WindowValue> {
    content.measures.iter().filter_map(headline)
}

fn measure_lines(measure: &CardMeasure, measures: &MeasureSet, paint: Paint, columns: usize) -> Vec<String> {
    let Some(headline) = headline(measure) else { return Vec::new() };
    let width = columns.saturating_sub(VALUE_COLUMNS).max(LEAST_TITLE_COLUMNS);
    let mut first = format!("  {:<width$}", cut(title(&measure.id, measures), width));
    match headline.value {
        Some(value) => first += &painted(measure, headline, &with_unit(value, &measure.unit), paint),
        None => first += &paint.dim(&format!("{:>22}", why_not(headline))),
    }
    first += &points(headline).map(|points| format!(" {points}")).unwrap_or_default();
    let mut lines = vec![first.trim_end().to_owned()];
    if headline.value.is_some() {
        lines.extend(compared(headline).map(|text| paint.dim(&text)));
        lines.extend(moved(measure, headline).map(|text| paint.dim(&text)));
    }
    lines
}

/// Points scored and available; in brackets if the value is not reliable enough to count.
fn points(headline: &WindowValue) -> Option<String> {
    let qof = headline.qof.as_ref()?;
    let text = format!("{}/{}", number(qof.points), number(qof.points_available));
    Some(if counts(headline) { format!("{text:>8}") } else { format!("{:>9}", format!("({text})")) })
}

fn counts(headline: &WindowValue) -> bool {
    matches!(headline.grade, Some(Grade::Moderate | Grade::Good))
}

/// Colours a reliable value outside the widest limits. A measure without a good direction is never coloured.
fn painted(measure: &CardMeasure, window: &WindowValue, text: &str, paint: Paint) -> String {
    let outside = window.funnel.as_ref().filter(|_| window.grade == Some(Grade::Good)).map(|funnel| funnel.band);
    match (measure.direction, outside) {
        (Direction::Low, Some(Band::FarBelow)) | (Direction::High, Some(Band::FarAbove)) => paint.good(text),
        (Direction::Low, Some(Band::FarAbove)) | (Direction::High, Some(Band::FarBelow)) => paint.look(text),
        _ => text.to_owned(),
    }
}

fn why_not(window: &WindowValue) -> &'static str {
    match window.suppressed.as_deref() {
        Some("denominator_below_minimum") => "not enough data",
        Some("unknown_status_above_limit") => "too much unknown",
        _ => "no data",
    }
}

/// The value among its peers: a strip, the peers' mean and the limits.
fn compared(window: &WindowValue) -> Option<String> {
    let value = window.value?;
    let limits = window.funnel.as_ref().map(limits);
    let scale = match (&limits, &window.peer) {
        (Some(limits), _) => {
            Scale { low: limits.wide.lower, high: limits.wide.upper, centre: limits.target, inner: limits.inner }
        }
        (None, Some(peer)) => {
            let (low, centre, high) = (peer.p10?, peer.p50?, peer.p90?);
            Scale { low, high, centre, inner: Interval { lower: low, upper: high } }
        }
        (None, None) => return None,
    };
    let mut text = format!("    {}", scale.strip(value));
    if let Some(peer) = &window.peer {
        let level = match peer.level {
            Level::Practice => "the practice",
            Level::Pcn => "the PCN",
            Level::Locality => "the locality",
            Level::Network => "the network",
        };
        let mean = peer.mean.map(number).unwrap_or_default();
        let peers = counted(u64::from(peer.size.saturating_sub(1)), "peer", "peers");
        write!(text, "  mean {mean} of {peers} in {level}").expect("a String takes all");
    }
    if let Some(limits) = &limits {
        write!(text, "; limits {} to {}", number(limits.wide.lower), number(limits.wide.upper)).expect("a String takes all");
    }
    Some(text)
}

struct Limits {
    target: f64,
    wide: Interval,
    inner: Interval,
}

/// The limits in force: those with over-dispersion, if there are any.
fn limits(funnel: &Funnel) -> Limits {
    Limits {
        target: funnel.target,
        wide: funnel.over_dispersed_998.unwrap_or(funnel.limits_998),
        inner: funnel.over_dispersed_95.unwrap_or(funnel.limits_95),
    }
}

/// A strip from the lower to the upper limit, widened if the value is outside.
struct Scale {
    low: f64,
    high: f64,
    centre: f64,
    inner: Interval,
}

impl Scale {
    fn strip(&self, value: f64) -> String {
        let low = self.low.min(value);
        let high = self.high.max(value);
        let width = high - low;
        let place = |x: f64| -> usize {
            let share = if width > 0.0 { ((x - low) / width).clamp(0.0, 1.0) } else { 0.5 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a strip of 31 cells")]
            let place = (share * (STRIP - 1) as f64).round() as usize;
            place
        };
        let (from, to) = (place(self.inner.lower), place(self.inner.upper));
        let mut cells: Vec<char> = (0..STRIP).map(|n| if (from..=to).contains(&n) { '─' } else { '·' }).collect();
        cells[place(self.centre)] = '│';
        cells[place(value)] = '●';
        cells.into_iter().collect()
    }
}

fn moved(measure: &CardMeasure, headline: &WindowValue) -> Option<String> {
    let month = measure.windows.iter().find(|window| window.window == 1).and_then(|window| window.value);
    let trend = headline.trend.as_ref()?;
    let mut parts: Vec<String> = month.map(|value| format!("this month {}", number(value))).into_iter().collect();
    // A month with too few events has no value, and a difference from it would be chance.
    if let Some(difference) = trend.difference.filter(|_| month.is_some()) {
        parts.push(match number(difference).as_str() {
            "0" => "same as the month before".to_owned(),
            lower if lower.starts_with('-') => format!("{lower} from the month before"),
            higher => format!("+{higher} from the month before"),
        });
    }
    if trend.run_length.unsigned_abs() >= 3 {
        let side = if trend.run_length > 0 { "above" } else { "below" };
        parts.push(format!("{} months in a row {side} the 12-month value", trend.run_length.unsigned_abs()));
    }
    (!parts.is_empty()).then(|| format!("    {}", parts.join(", ")))
}

fn composite(content: &Content, paint: Paint) -> String {
    match content.composite.as_ref() {
        Some(Composite { percent: Some(percent), points, available }) => {
            paint.bold(&format!("Personal QOF {} %: {} of {}", number(*percent), number(*points), points_of(*available)))
        }
        Some(Composite { percent: None, available: 0.0, .. }) if headlines(content).any(|headline| headline.qof.is_some()) => {
            "Personal QOF: no points yet; every value could be chance".to_owned()
        }
        Some(Composite { percent: None, available: 0.0, .. }) => {
            "Personal QOF: no points yet; thresholds need at least 20 colleagues in the quarter before".to_owned()
        }
        Some(Composite { percent: None, points, available }) => {
            format!("Personal QOF: {} of {}; too few points apply for a percentage", number(*points), points_of(*available))
        }
        None => "Personal QOF: withheld, fewer than 20 attended encounters in 12 months".to_owned(),
    }
}

fn giants(giants: &Giants) -> String {
    let pounds = |pence: f64| format!("£{}", number(pence / 100.0));
    let slots = counted(giants.noshow_slots.unsigned_abs(), "slot", "slots");
    let mut parts = Vec::new();
    if let (Some(median), Some(decile)) = (giants.waste_p50_pence, giants.waste_p10_pence) {
        parts.push(format!("waste {} against the peers' median, {} against their best tenth", pounds(median), pounds(decile)));
    }
    if let Some(variation) = giants.variation {
        parts.push(format!("variation {} (1 is ordinary), {} outside 95 % limits", number(variation), giants.outside_95));
    }
    parts.push(format!("{slots} lost to no-shows, £{}", grouped(giants.noshow_pence / 100)));
    format!("Giants: {}", parts.join("; "))
}

/// Three significant digits, fewer where they are zeros.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    if text == "-0" { "0".to_owned() } else { text }
}

/// `20 points`, `1 point`.
fn points_of(available: f64) -> String {
    let text = number(available);
    if text == "1" { "1 point".to_owned() } else { format!("{text} points") }
}

fn title<'m>(id: &'m str, measures: &'m MeasureSet) -> &'m str {
    measures.index_of(id).map_or(id, |n| measures.measures()[n].definition.title.as_str())
}

/// A value with the first words of its unit, in 22 columns: `12.3 %`, `£261`, `64.7 per 1,000`. The title names the rest.
fn with_unit(value: f64, unit: &str) -> String {
    let value = number(value);
    let (amount, rest) = match unit.split_once(' ') {
        _ if unit.starts_with('£') => (format!("£{value}"), ""),
        Some(("per", rest)) => (value, rest),
        Some((first, _)) => return format!("{value:>9} {first:<12}"),
        None => return format!("{value:>9} {unit:<12}"),
    };
    let per = rest.split(' ').next().filter(|word| !word.is_empty()).map(|word| format!("per {word}")).unwrap_or_default();
    format!("{amount:>9} {per:<12}")
}

#[cfg(test)]
mod tests {
    use scorecard::card::scorecard::Cause;

    use super::*;

    #[test]
    fn a_strip_shows_the_value_at_its_place_even_outside_the_limits() {
        let scale = Scale { low: 10.0, high: 40.0, centre: 25.0, inner: Interval { lower: 15.0, upper: 35.0 } };
        let inside: Vec<char> = scale.strip(40.0).chars().collect();
        assert_eq!((inside.len(), inside[30], inside[15], inside[0]), (STRIP, '●', '│', '·'));
        let outside: Vec<char> = scale.strip(70.0).chars().collect();
        assert_eq!(outside[30], '●');
        assert!(outside[..30].contains(&'│'));
    }

    fn card(status: Status, composite: Option<Composite>) -> Scorecard {
        let content = Content {
            subject: scorecard::card::scorecard::Subject {
                clinician: "gmc|7012345".to_owned(),
                role: "trainee".to_owned(),
                locum: false,
                practice: "A81001".to_owned(),
                pcn: None,
                locality: None,
            },
            period: scorecard::card::scorecard::Period {
                month: "2026-10".parse().unwrap(),
                zone: "Europe/London".to_owned(),
                start: scorecard::time::calendar::Timestamp(0),
                end: scorecard::time::calendar::Timestamp(1),
            },
            status,
            exposure: Vec::new(),
            measures: Vec::new(),
            domains: Vec::new(),
            composite,
            giants: None,
            highlights: Vec::new(),
        };
        Scorecard {
            scorecard_id: String::new(),
            revision: 2,
            supersedes: None,
            reasons: vec![scorecard::card::scorecard::Reason { cause: Cause::Retracted, events: 1 }],
            cut: scorecard::time::calendar::Timestamp(0),
            run_id: String::new(),
            engine_version: String::new(),
            measure_set: String::new(),
            content_hash: String::new(),
            content,
            quality: scorecard::card::scorecard::Quality::default(),
        }
    }

    fn shown(status: Status, composite: Option<Composite>) -> String {
        render(&card(status, composite), &crate::measure_files::built_in(), Paint::Plain)
    }

    #[test]
    fn a_withdrawn_card_says_that_nothing_is_left_and_shows_no_empty_headings() {
        let shown = shown(Status::Withdrawn, None);
        assert!(shown.contains("withdrawn; revision 2 (retracted: 1 event)"), "{shown}");
        assert!(shown.contains("no event of the month is left") && !shown.contains("CLINICAL"), "{shown}");
    }

    #[test]
    fn a_card_without_points_says_why() {
        let none = Composite { percent: None, points: 0.0, available: 0.0 };
        let first_quarter = shown(Status::Final, Some(none));
        assert!(first_quarter.contains("no points yet; thresholds need at least 20 colleagues"), "{first_quarter}");
        let few = shown(Status::Final, Some(Composite { percent: None, points: 2.5, available: 4.0 }));
        assert!(few.contains("2.5 of 4 points; too few points apply for a percentage"), "{few}");
        assert!(shown(Status::Final, None).contains("withheld, fewer than 20 attended encounters"));
    }

    #[test]
    fn numbers_have_three_significant_digits_and_no_negative_zero() {
        let cases = [(6.428_571, "6.43"), (15.0, "15"), (1234.56, "1235"), (-0.001, "0"), (10.05, "10.1"), (0.5, "0.5")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}
