//! A card as text for a terminal: what to try, keep and check, then three domains with values, points and the card's own sentences.

use scorecard::card::scorecard::{
    CardMeasure, CaseMix, Comparator, Composite, Content, Exposure, Giants, MonthGaps, PointsBasis, Reason, Scorecard, Status,
    UnknownCount, VerdictWord,
};
use scorecard::measure::measure_set::{Domain, MeasureSet};
use scorecard::scoring::spoken_number::{bare, with_short_unit};
use scorecard::scoring::standard_sentence::standard_sentence;

use crate::terminal::count::{counted, grouped};
use crate::terminal::layout::{DEFAULT_COLUMNS, cut, wrapped};
use crate::terminal::paint::Paint;

/// Cells of the strip that shows a value among its colleagues.
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
    lines.extend(missing(&card.content).map(|text| paint.dim(&text)));
    lines.push(String::new());
    lines.extend(offers(&card.content, measures, paint));
    for domain in DOMAINS {
        let of_domain: Vec<&CardMeasure> = card.content.measures.iter().filter(|measure| measure.domain == domain).collect();
        if of_domain.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(domain_line(&card.content, domain, paint, columns));
        for measure in of_domain {
            lines.extend(measure_lines(measure, measures, paint, columns));
        }
    }
    lines.push(String::new());
    lines.push(composite(&card.content, paint));
    lines.extend(comparisons(&card.content).map(|text| paint.dim(&text)));
    lines.extend(unadjusted(&card.content).map(|text| paint.dim(&text)));
    lines.extend(card.content.giants.as_ref().map(giants));
    lines.join("\n") + "\n"
}

/// The offers of the card.
fn offers(content: &Content, measures: &MeasureSet, paint: Paint) -> Vec<String> {
    let named = |ids: &[String]| ids.iter().map(|id| title(id, measures)).collect::<Vec<_>>().join("; ");
    let mut lines = match &content.one_thing {
        Some(one) => vec![paint.bold(&format!("One thing to try: {}", one.action)), format!("  {}", one.reason)],
        None => vec!["One thing to try: nothing is clear this month.".to_owned()],
    };
    for (words, ids) in [("Please check", &content.check), ("Keep doing", &content.keep), ("Changed", &content.changed)] {
        if !ids.is_empty() {
            lines.push(format!("{words}: {}", named(ids)));
        }
    }
    lines
}

/// Missing and unknown data.
fn missing(content: &Content) -> Option<String> {
    let months: Vec<String> = content.coverage.iter().filter(|gaps| gaps.missing).map(|gaps| gaps.month.to_string()).collect();
    let gap = |gaps: &MonthGaps| {
        let kinds = gaps.gaps.iter().map(|gap| format!("{} days without {}", gap.days, gap.kind));
        let kinds = kinds.chain(gaps.not_sent.iter().map(|kind| format!("{kind} not sent"))).collect::<Vec<_>>();
        (!kinds.is_empty()).then(|| format!("{}: {}", gaps.month, kinds.join(", ")))
    };
    let unknown = |count: &UnknownCount| format!("{} of {} {} unknown", count.unknown, count.of, count.kind);
    let mut parts: Vec<String> = content.coverage.iter().filter_map(gap).collect();
    parts.extend(content.unknown.iter().map(unknown));
    if !months.is_empty() {
        parts.push(format!("months without rows: {}", months.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("data: {}", parts.join("; ")))
}

/// How many comparisons look unusual by chance alone.
fn comparisons(content: &Content) -> Option<String> {
    let of = &content.comparisons;
    let expected = number(of.expected);
    (of.made > 0).then(|| {
        format!("Chance alone brings about {expected} of your {} comparisons to one side; you have {}.", of.made, of.looks)
    })
}

/// The number of comparisons that are not adjusted for the patients.
fn unadjusted(content: &Content) -> Option<String> {
    let compared = || content.measures.iter().filter(|measure| measure.z.is_some());
    let is_adjusted = |measure: &CardMeasure| measure.case_mix.as_ref().is_some_and(CaseMix::is_adjusted_for_patients);
    let (all, adjusted) = (compared().count(), compared().filter(|measure| is_adjusted(measure)).count());
    match (all, adjusted) {
        (0, _) => None,
        (_, 0) => Some("Your values are not adjusted for whom you see.".to_owned()),
        (all, adjusted) if all == adjusted => Some("No value is adjusted for illness.".to_owned()),
        _ => Some(format!(
            "Not adjusted for whom you see: {} of {all} comparisons. No value is adjusted for illness.",
            all - adjusted
        )),
    }
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
    format!("{status}; revision {} ({})", card.revision, reasons.join(", "))
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

fn measure_lines(measure: &CardMeasure, measures: &MeasureSet, paint: Paint, columns: usize) -> Vec<String> {
    let width = columns.saturating_sub(VALUE_COLUMNS).max(LEAST_TITLE_COLUMNS);
    let mut first = format!("  {:<width$}", cut(title(&measure.id, measures), width));
    match measure.value {
        Some(value) => first += &painted(measure, &format!("{:>22}", with_short_unit(value, &measure.unit)), paint),
        None => first += &paint.dim(&format!("{:>22}", why_not(measure))),
    }
    first += &points(measure).map(|points| format!(" {points}")).unwrap_or_default();
    let mut lines = vec![first.trim_end().to_owned()];
    lines.extend(compared(measure).map(|text| paint.dim(&text)));
    lines.extend(measure.case_mix.as_ref().and_then(|mix| case_mix(measure, mix)).map(|text| paint.dim(&text)));
    lines.push(format!("    {}", measure.sentence));
    lines.extend(standard_sentence(measure).map(|text| format!("    {text}")));
    lines.extend(measure.change.as_ref().and_then(|change| change.sentence.as_ref()).map(|text| format!("    {text}")));
    lines
}

/// Points scored and available; those of improvement are marked.
fn points(measure: &CardMeasure) -> Option<String> {
    let points = measure.points.as_ref()?;
    let mark = if points.basis == PointsBasis::Improvement { "+" } else { "" };
    Some(format!("{:>9}", format!("{}{mark}/{}", number(points.points), number(points.available))))
}

/// Colours findings. A measure without a better side is never coloured.
fn painted(measure: &CardMeasure, text: &str, paint: Paint) -> String {
    match measure.verdict {
        Some(VerdictWord::BetterThanMost) => paint.good(text),
        Some(VerdictWord::PleaseCheck) => paint.look(text),
        _ => text.to_owned(),
    }
}

fn why_not(measure: &CardMeasure) -> &'static str {
    match measure.suppressed.as_deref() {
        Some("denominator_below_minimum") => "not enough data",
        Some(_) => "too much unknown",
        None => "no data",
    }
}

/// The adjusted value with the crude one, or the words that nothing is adjusted. `None` for a measure that does not ask for it.
fn case_mix(measure: &CardMeasure, mix: &CaseMix) -> Option<String> {
    let (crude, unknown) = (measure.value?, mix.unknown?);
    let value = |of: f64| with_short_unit(of, &measure.unit);
    let share = number(100.0 * unknown as f64 / measure.d as f64);
    let unknown = if unknown == 0 { String::new() } else { format!("; age or sex unknown for {share}%") };
    match mix.standardised.filter(|_| mix.is_adjusted_for_patients()) {
        Some(adjusted) => {
            Some(format!("    for patients of the same age and sex {}, crude {}{unknown}", value(adjusted), value(crude)))
        }
        None => Some(format!("    not adjusted for whom you see{unknown}")),
    }
}

/// The value among colleagues: a strip around their middle half, and its figures.
fn compared(measure: &CardMeasure) -> Option<String> {
    let adjusted = measure.case_mix.as_ref().filter(|mix| mix.is_adjusted_for_patients()).and_then(|mix| mix.standardised);
    let value = adjusted.or(measure.value)?;
    let Comparator { reference, typical, median, p25, p75, .. } = measure.comparator.as_ref()?;
    let (Some(lower), Some(upper)) = (*p25, *p75) else {
        let median = median.map(|median| format!("colleagues' median {}", bare(median, &measure.unit)));
        let network = reference.as_ref().map(|name| format!("compared with the network {name}"));
        let parts: Vec<String> = network.into_iter().chain(median).collect();
        return (!parts.is_empty()).then(|| format!("    {}", parts.join(", ")));
    };
    let room = (upper - lower) / 2.0;
    let scale = Scale { low: lower - room, high: upper + room, centre: typical.or(*median)?, inner: (lower, upper) };
    let [lower, upper] = [lower, upper].map(|end| bare(end, &measure.unit));
    Some(format!("    {}  colleagues' middle half {lower} to {upper}", scale.strip(value)))
}

/// A strip around the middle half of colleagues, widened if the value or the typical colleague is outside.
struct Scale {
    low: f64,
    high: f64,
    centre: f64,
    inner: (f64, f64),
}

impl Scale {
    fn strip(&self, value: f64) -> String {
        let low = self.low.min(value).min(self.centre);
        let high = self.high.max(value).max(self.centre);
        let width = high - low;
        let place = |x: f64| -> usize {
            let share = if width > 0.0 { ((x - low) / width).clamp(0.0, 1.0) } else { 0.5 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a strip of 31 cells")]
            let place = (share * (STRIP - 1) as f64).round() as usize;
            place
        };
        let (from, to) = (place(self.inner.0), place(self.inner.1));
        let mut cells: Vec<char> = (0..STRIP).map(|n| if (from..=to).contains(&n) { '─' } else { '·' }).collect();
        cells[place(self.centre)] = '│';
        cells[place(value)] = '●';
        cells.into_iter().collect()
    }
}

fn composite(content: &Content, paint: Paint) -> String {
    match content.composite.as_ref() {
        Some(Composite { percent: Some(percent), lower, upper, points, available }) => {
            let range =
                lower.zip(*upper).map(|(low, high)| format!(" ({} to {})", number(low), number(high))).unwrap_or_default();
            paint.bold(&format!("Personal QOF {} %{range}: {} of {}", number(*percent), number(*points), points_of(*available)))
        }
        Some(Composite { percent: None, available: 0.0, .. }) => {
            "Personal QOF: no points yet; points need at least 20 colleagues in the quarter before".to_owned()
        }
        Some(Composite { percent: None, points, available, .. }) => {
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
        parts.push(format!("waste {} against colleagues' median, {} against their best tenth", pounds(median), pounds(decile)));
    }
    if let Some(variation) = giants.variation {
        parts.push(format!("variation {} (1 is ordinary), {} beyond 95 %", number(variation), giants.outside_95));
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

#[cfg(test)]
mod tests {
    use scorecard::card::scorecard::Cause;

    use super::*;

    #[test]
    fn a_strip_shows_the_value_at_its_place_even_outside_the_limits() {
        let scale = Scale { low: 10.0, high: 40.0, centre: 25.0, inner: (15.0, 35.0) };
        let inside: Vec<char> = scale.strip(40.0).chars().collect();
        assert_eq!((inside.len(), inside[30], inside[15], inside[0]), (STRIP, '●', '│', '·'));
        let outside: Vec<char> = scale.strip(70.0).chars().collect();
        assert_eq!(outside[30], '●');
        assert!(outside[..30].contains(&'│'));
        let skewed = Scale { low: 25.0, high: 25.0, centre: 26.0, inner: (25.0, 25.0) };
        let skewed: Vec<char> = skewed.strip(25.5).chars().collect();
        assert_eq!(
            (skewed[0], skewed[15], skewed[30]),
            ('─', '●', '│'),
            "a typical colleague outside the middle half has a place"
        );
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
            comparisons: scorecard::card::scorecard::Comparisons::default(),
            one_thing: None,
            check: Vec::new(),
            keep: Vec::new(),
            changed: Vec::new(),
            domains: Vec::new(),
            composite,
            giants: None,
            coverage: Vec::new(),
            unknown: Vec::new(),
        };
        Scorecard {
            schema: 1,
            scorecard_id: String::new(),
            revision: 2,
            supersedes: None,
            reasons: scorecard::card::scorecard::Reasons::one(Cause::Retracted, 1),
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
        render(&card(status, composite), &crate::input_files::measure_files::built_in(), Paint::Plain)
    }

    #[test]
    fn a_withdrawn_card_says_that_nothing_is_left_and_shows_no_empty_headings() {
        let shown = shown(Status::Withdrawn, None);
        assert!(shown.contains("withdrawn; revision 2 (retracted: 1 event)"), "{shown}");
        assert!(shown.contains("no event of the month is left") && !shown.contains("CLINICAL"), "{shown}");
    }

    #[test]
    fn a_card_without_points_says_why() {
        let none = Composite { percent: None, lower: None, upper: None, points: 0.0, available: 0.0 };
        let first_quarter = shown(Status::Final, Some(none));
        assert!(first_quarter.contains("no points yet; points need at least 20 colleagues"), "{first_quarter}");
        let few = shown(Status::Final, Some(Composite { percent: None, lower: None, upper: None, points: 2.5, available: 4.0 }));
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
