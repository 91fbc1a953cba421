//! The talks of a practice, for its clinical lead: praise that is due, what to check and then to ask about, and how the practice is.
//!
//! Conversations, not ranks: nothing is sorted by a score, and points are never shown.

use maud::{Markup, html};
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{CardMeasure, Movement, Scorecard, VerdictWord};
use scorecard::measure::measure_set::{Direction, Measure, MeasureSet};
use scorecard::scoring::disclosure::{Audience, CardView, disclose};
use scorecard::time::calendar::{Day, Month};

use crate::figure::lead_dots::{LetterMark, lead_dots};
use crate::frame::addresses::{Addresses, as_csv};
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::sheet::{Sheet, number};
use crate::pages::card_facts::feed_state;
use crate::text::measure_words::{better_sentence, role, value, value_with_unit};
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month};

/// Least events of the numerator for a talk about them.
const LEAST_EVENTS: i64 = 10;
/// Most pictures.
const MOST_PICTURES: usize = 6;
/// Least clinicians with a value for a picture.
const LEAST_LETTERS: usize = 3;

/// One clinician of the practice with their final card.
#[derive(Clone, Copy, Debug)]
pub struct NamedCard<'a> {
    /// Their name, else their id.
    pub name: &'a str,
    /// The card.
    pub card: &'a Scorecard,
}

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct TalksReading<'a> {
    /// Code of the practice.
    pub practice: &'a str,
    /// Its name, if the registry has one.
    pub practice_name: Option<&'a str>,
    /// The month.
    pub month: Month,
    /// The day on which the month becomes final.
    pub final_on: Day,
    /// The measures.
    pub measures: &'a MeasureSet,
    /// The public groups of the month.
    pub groups: &'a [PeerGroup],
    /// The final cards of the practice.
    pub cards: &'a [NamedCard<'a>],
    /// Names of clinicians whose card is not final.
    pub waiting: &'a [String],
    /// Months with final cards of the practice, oldest first.
    pub months: &'a [Month],
}

/// A clinician as the page shows them.
struct Colleague<'a> {
    name: &'a str,
    letters: String,
    card: Scorecard,
}

impl Colleague<'_> {
    fn measure(&self, id: &str) -> Option<&CardMeasure> {
        self.card.content.measures.iter().find(|measure| *measure.id == *id)
    }
}

/// The page.
#[must_use]
pub fn talks_page(reading: &TalksReading<'_>, navigation: &Navigation) -> String {
    let title = say("talks.heading", &[("month", &month(reading.month))]);
    let team = team(reading);
    let addresses = &navigation.addresses;
    let place =
        reading.practice_name.map_or_else(|| reading.practice.to_owned(), |name| format!("{name} ({})", reading.practice));
    let main = html! {
        h1 { (title) }
        p.lead { (say("talks.practice", &[("practice", &place)])) " " (counted("clinicians", i64::try_from(team.len()).unwrap_or(i64::MAX))) }
        dl.facts {
            dt { (text("talks.you_see")) } dd { (text("talks.you_see_text")) }
            dt { (text("talks.final")) } dd { (say("talks.final_text", &[("final_on", &day(reading.final_on))])) }
            @if !reading.waiting.is_empty() { dt { (text("talks.waiting")) } dd { (reading.waiting.join(&text("lists.semicolon"))) } }
            dt { (text("facts.data")) } dd { (feeds(&team)) }
            dt { (text("talks.order")) } dd { (text("talks.order_text")) }
        }
        @if team.is_empty() { p.note { (text("talks.empty")) } }
        @else {
            (praise(&team, addresses))
            (to_check(reading, &team, addresses))
            (nothing_to_raise(&team, addresses))
            (pictures(reading, &team))
        }
        (guide())
        (other_months(reading, addresses))
    };
    document(navigation, &title, &main)
}

/// The clinicians in order of their surnames, each with the card that a lead may see.
fn team<'a>(reading: &TalksReading<'a>) -> Vec<Colleague<'a>> {
    let mut cards: Vec<&NamedCard<'a>> = reading.cards.iter().collect();
    cards.sort_by(|a, b| surname(a.name).cmp(surname(b.name)).then(a.name.cmp(b.name)));
    let mut team: Vec<Colleague<'a>> = Vec::new();
    for named in cards {
        let card = match disclose(named.card, Audience::ClinicalLead) {
            CardView::Whole(card) => card.clone(),
            CardView::Curtailed(card) => *card,
            CardView::Blinded(_) | CardView::Withheld => continue,
        };
        let base = letters(named.name);
        let taken = |letters: &str| team.iter().any(|other| other.letters == letters);
        let free = (2..).map(|number| format!("{base}{number}")).find(|letters| !taken(letters));
        let letters = if taken(&base) { free.unwrap_or_default() } else { base };
        team.push(Colleague { name: named.name, letters, card });
    }
    team
}

fn surname(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or(name)
}

/// The first letters of the first and the last name; of an id its last two characters.
fn letters(name: &str) -> String {
    let words: Vec<&str> =
        name.split_whitespace().filter(|word| !matches!(*word, "Dr" | "Dr." | "Nurse" | "Mr" | "Ms" | "Mrs")).collect();
    match words.as_slice() {
        [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect::<String>().to_uppercase(),
        _ => {
            let all: Vec<char> = name.chars().collect();
            all[all.len().saturating_sub(2)..].iter().collect()
        }
    }
}

fn feeds(team: &[Colleague<'_>]) -> String {
    let mut states: Vec<String> = team
        .iter()
        .flat_map(|one| one.card.quality.feeds.iter().map(|feed| feed_state(feed, one.card.content.period.month)))
        .collect();
    states.sort();
    states.dedup();
    if states.is_empty() { text("data.no_feed") } else { states.join(" ") }
}

/// Favourable findings, and signals to the better side.
fn praised(card: &Scorecard) -> Vec<String> {
    let measures = card.content.measures.iter();
    let found = measures.filter(|measure| measure.verdict == Some(VerdictWord::BetterThanMost) || improved(measure));
    let spoken = |measure: &CardMeasure| Some(format!("{} {}", measure.name, value_with_unit(measure.value?, &measure.unit)));
    found.filter_map(spoken).collect()
}

fn improved(measure: &CardMeasure) -> bool {
    let better = match measure.direction {
        Direction::Low => Movement::Down,
        Direction::High => Movement::Up,
        Direction::None => return false,
    };
    measure.change.as_ref().is_some_and(|change| change.signal && change.direction == better)
}

fn praise(team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let due: Vec<(&Colleague<'_>, Vec<String>)> =
        team.iter().map(|one| (one, praised(&one.card))).filter(|(_, due)| !due.is_empty()).collect();
    html! {
        section aria-labelledby="praise" {
            h2 #praise { (text("talks.praise")) }
            @if due.is_empty() { p { (text("talks.no_praise")) } }
            @else { ul { @for (one, due) in due { li { (name(one, addresses)) ": " (due.join("; ")) "." } } } }
        }
    }
}

/// The name with a link to the card.
fn name(one: &Colleague<'_>, addresses: &Addresses) -> Markup {
    let (of_month, practice) = (one.card.content.period.month, &one.card.content.subject.practice);
    let address = addresses.of(&one.card.content.subject.clinician).month(of_month, practice);
    html! { a href=(address) { (one.name) } }
}

/// Adverse findings with enough events.
fn findings(card: &Scorecard) -> Vec<&CardMeasure> {
    let is_one = |measure: &&CardMeasure| {
        measure.verdict == Some(VerdictWord::PleaseCheck)
            && measure.facts_n.max(measure.facts_d - measure.facts_n) >= LEAST_EVENTS
    };
    card.content.measures.iter().filter(is_one).collect()
}

fn to_check(reading: &TalksReading<'_>, team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let rows: Vec<(&Colleague<'_>, &CardMeasure)> =
        team.iter().flat_map(|one| findings(&one.card).into_iter().map(move |measure| (one, measure))).collect();
    html! {
        section aria-labelledby="to-check" {
            h2 #to-check { (text("talks.check")) }
            @if rows.is_empty() { p { (text("talks.no_check")) } }
            @else {
                p { (text("talks.check_text")) }
                table.stacked role="table" {
                    caption { (text("talks.check_caption")) }
                    thead role="rowgroup" {
                        tr role="row" {
                            @for heading in ["clinician", "what", "checked", "depends"] { th scope="col" role="columnheader" { (text(&format!("talks.{heading}"))) } }
                        }
                    }
                    tbody role="rowgroup" {
                        @for (one, measure) in rows {
                            tr role="row" {
                                th scope="row" role="rowheader" { (name(one, addresses)) }
                                td role="cell" { strong { (measure.name) } ". " (measure.sentence) }
                                td role="cell" { (checks(&one.card, measure)) }
                                td role="cell" { (depends(reading, measure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The checks of the data that are done.
fn checks(card: &Scorecard, measure: &CardMeasure) -> String {
    let gaps =
        card.content.coverage.iter().filter(|gaps| gaps.missing || !gaps.gaps.is_empty() || !gaps.not_sent.is_empty()).count();
    let events = counted("events_all", measure.facts_d);
    let data = if gaps == 0 { text("talks.no_gap") } else { counted("gap_months", i64::try_from(gaps).unwrap_or(i64::MAX)) };
    let unknown = if measure.unknown == 0 { String::new() } else { format!(" {}", counted("left_out", measure.unknown)) };
    format!("{events} {data}{unknown} {}", say("talks.version", &[("version", &measure.version.to_string())]))
}

fn depends(reading: &TalksReading<'_>, measure: &CardMeasure) -> String {
    let found = reading.measures.index_of(&measure.id).map(|index| &reading.measures.measures()[index].definition);
    text(if found.is_some_and(|definition| definition.controllable) { "talks.own_choice" } else { "talks.shared" })
}

fn nothing_to_raise(team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let is_quiet = |one: &&Colleague<'_>| findings(&one.card).is_empty() && praised(&one.card).is_empty();
    let quiet: Vec<&Colleague<'_>> = team.iter().filter(is_quiet).collect();
    html! {
        @if !quiet.is_empty() {
            p {
                strong { (text("talks.nothing")) }
                @for one in &quiet { " " span.apart { (name(one, addresses)) } }
                (text("talks.nothing_text"))
            }
        }
    }
}

/// The measures with a picture: those with a finding first, then those with most points available.
fn shown_measures<'a>(reading: &TalksReading<'a>, team: &[Colleague<'_>]) -> Vec<(&'a Measure, &'a PeerGroup)> {
    let compared = main_role(team);
    let of = |measure: &'a std::sync::Arc<Measure>| {
        let name = measure.name();
        let group = reading.groups.iter().find(|group| *group.key.measure == *name && *group.key.role == *compared)?;
        let has_picture = group.p25.is_some() && group.p75.is_some() && group.typical.or(group.median).is_some();
        let values = with_values(team, &compared, &measure.definition.id).len();
        let is_one = has_picture && values >= LEAST_LETTERS && measure.definition.direction != Direction::None;
        is_one.then_some((&**measure, group))
    };
    let mut measures: Vec<(&Measure, &PeerGroup)> = reading.measures.measures().iter().filter_map(of).collect();
    let found = |measure: &Measure| team.iter().any(|one| one.measure(&measure.definition.id).is_some_and(is_found));
    let available = |measure: &Measure| measure.definition.points.map_or(0.0, |points| points.available);
    measures.sort_by(|(a, _), (b, _)| found(b).cmp(&found(a)).then(available(b).total_cmp(&available(a))));
    measures.truncate(MOST_PICTURES);
    measures
}

fn is_found(measure: &CardMeasure) -> bool {
    matches!(measure.verdict, Some(VerdictWord::PleaseCheck | VerdictWord::BetterThanMost))
}

/// The role of most clinicians of the practice; of several the first by name.
fn main_role(team: &[Colleague<'_>]) -> String {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    team.iter().for_each(|one| *counts.entry(&one.card.content.subject.role).or_default() += 1);
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or_else(String::new, |(role, _)| role.to_owned())
}

/// The clinicians of a role with a value, in order of the value.
fn with_values<'t, 'n>(team: &'t [Colleague<'n>], role: &str, id: &str) -> Vec<(&'t Colleague<'n>, f64, bool)> {
    let of = |one: &'t Colleague<'n>| {
        let measure = one.measure(id).filter(|_| one.card.content.subject.role == role)?;
        Some((one, measure.value?, is_found(measure)))
    };
    let mut found: Vec<_> = team.iter().filter_map(of).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.letters.cmp(&b.0.letters)));
    found
}

fn pictures(reading: &TalksReading<'_>, team: &[Colleague<'_>]) -> Markup {
    let compared = main_role(team);
    let measures = shown_measures(reading, team);
    if measures.is_empty() {
        return html! {};
    }
    let key: Vec<String> = team.iter().map(|one| format!("{} {}", one.letters, one.name)).collect();
    html! {
        h2 { (text("talks.pictures")) }
        p { (text("talks.pictures_text")) }
        p.small.soft { (key.join("; ")) ". " (say("talks.only_role", &[("role", &role(&compared))])) }
        div.pair.pictures {
            @for (measure, group) in &measures { (picture(measure, group, &with_values(team, &compared, &measure.definition.id))) }
        }
        p.small.soft { (text("talks.found")) }
        details { summary { (text("talks.table")) } (table(&measures, team, &compared)) }
    }
}

fn picture(measure: &Measure, group: &PeerGroup, values: &[(&Colleague<'_>, f64, bool)]) -> Markup {
    let unit = &measure.definition.unit;
    let marks: Vec<LetterMark> = values
        .iter()
        .map(|(one, value, found)| LetterMark { letters: one.letters.clone(), value: *value, found: *found })
        .collect();
    let spoken: Vec<String> = values.iter().map(|(one, own, _)| format!("{} {}", one.letters, value(*own, unit))).collect();
    let (low, high) = (group.p25.unwrap_or_default(), group.p75.unwrap_or_default());
    let centre = group.typical.or(group.median).unwrap_or_default();
    let name = measure.definition.short_name();
    let values =
        [("name", name.as_str()), ("values", &spoken.join(", ")), ("low", &value(low, unit)), ("high", &value(high, unit))];
    let title = say("talks.picture", &values);
    html! {
        section {
            h3 { (name) " " span.small.soft { (better_sentence(measure.definition.direction)) } }
            figure { (lead_dots(&marks, (low, high), centre, unit, &title)) }
        }
    }
}

fn table(measures: &[(&Measure, &PeerGroup)], team: &[Colleague<'_>], compared: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(text("talks.table")) {
            table {
                caption { (text("talks.table_caption")) }
                thead { tr { th scope="col" { (text("talks.clinician")) } @for (measure, _) in measures { th.right scope="col" { (measure.definition.short_name()) } } } }
                tbody {
                    @for one in team.iter().filter(|one| one.card.content.subject.role == compared) {
                        tr {
                            th scope="row" { (one.letters) " " (one.name) }
                            @for (measure, _) in measures {
                                @let own = one.measure(&measure.definition.id).and_then(|own| own.value);
                                td.right { (own.map_or_else(|| text("ledger.no_points"), |own| value(own, &measure.definition.unit))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn guide() -> Markup {
    html! {
        section aria-labelledby="guide" {
            h2 #guide { (text("guide.heading")) }
            ol { @for step in ["first", "second", "third", "fourth", "fifth"] { li { (text(&format!("guide.{step}"))) } } }
            p { (text("guide.never")) }
        }
    }
}

fn other_months(reading: &TalksReading<'_>, addresses: &Addresses) -> Markup {
    let own = addresses.talks(reading.practice, reading.month);
    let others: Vec<&Month> = reading.months.iter().rev().filter(|other| **other != reading.month).take(12).collect();
    html! {
        p.screen-only { a href=(as_csv(&own)) { (text("talks.csv")) } }
        @if !others.is_empty() {
            p.screen-only { (text("versions.other_months")) @for other in others { " " a.apart href=(addresses.talks(reading.practice, *other)) { (month(*other)) } } }
        }
    }
}

/// The values of the practice's clinicians as rows; no points.
#[must_use]
pub fn talks_sheet(reading: &TalksReading<'_>) -> Sheet {
    let mut sheet = Sheet::with_headings([
        "practice",
        "month",
        "clinician",
        "id",
        "role",
        "measure",
        "name",
        "value",
        "unit",
        "facts",
        "verdict",
    ]);
    for one in &team(reading) {
        for measure in &one.card.content.measures {
            sheet.add([
                reading.practice,
                &reading.month.to_string(),
                one.name,
                &one.card.content.subject.clinician,
                &one.card.content.subject.role,
                &measure.id,
                &measure.name,
                &number(measure.value),
                &measure.unit,
                &grouped(measure.facts_d).replace(',', ""),
                &crate::text::measure_words::verdict(measure),
            ]);
        }
    }
    sheet
}
