//! One measure of a card: the sentence, the colleagues, chance, one's own course, the numbers, the events and the definition.

use maud::html;
use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::scorecard::{CardMeasure, CaseMixState};
use scorecard::scoring::standard_sentence::standard_sentence;

use crate::frame::addresses::as_csv;
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::Spreadsheet;
use crate::pages::definition_section::definition;
use crate::pages::event_section::{MeasureEvents, events};
use crate::pages::number_section::numbers;
use crate::pages::offer_section::change;
use crate::pages::open_card::OpenCard;
use crate::pages::picture_section::{among, chance, own_course};
use crate::text::measure_words::better_sentence;
use crate::text::page_words::{say, text};
use crate::text::spoken_date::month;

/// The page of a measure of this id. `None` if the card has no such measure for this reader.
///
/// `figures` are those of the group that the card was compared with; without them there is no funnel.
#[must_use]
pub fn measure_page(
    reading: &OpenCard<'_>,
    id: &str,
    figures: Option<&GroupFigures>,
    listed: MeasureEvents<'_>,
    navigation: &Navigation,
) -> Option<String> {
    let card = reading.disclosed();
    let measure = card.content.measures.iter().find(|measure| *measure.id == *id)?;
    let addresses = &navigation.addresses;
    let (of_month, practice) = (card.content.period.month, &card.content.subject.practice);
    let address = addresses.measure(of_month, practice, id);
    let found = reading.definition(measure);
    let hidden = text("events.few_answers");
    let listed =
        if has_hidden_months(reading, measure) { MeasureEvents::Absent { reason: &hidden, command: "" } } else { listed };
    let title = found.map_or_else(|| measure.name.to_string(), |found| found.definition.title.clone());
    let main = html! {
        p.screen-only { a href=(addresses.month(of_month, practice)) { (say("measure.back", &[("month", &month(of_month)), ("person", reading.person())])) } }
        h1 { (title) }
        p.lead { (measure.sentence) @if let Some(better) = unsaid_side(measure) { " " (better) } }
        @if let Some(standard) = standard_sentence(measure) { p { (standard) } }
        @if let Some(adjusted) = adjusted(measure) { p { (text(adjusted)) } }
        @if measure.trial { p.note { (text("ledger.trial")) } }
        @if measure.change.as_ref().is_some_and(|change| change.signal) { p.note { strong { (text("measure.changed")) } " " (change(measure)) } }
        @match found {
            Some(found) => {
                div.pair.pictures {
                    (among(reading, measure))
                    (chance(measure, found, figures))
                    (own_course(measure, found, &card))
                    (numbers(reading, &card, measure, found))
                }
            }
            None => { p.note { (text("measure.other_definition")) } }
        }
        (events(listed, measure.direction, &address))
        p.screen-only { a href=(as_csv(&address)) { (text("measure.csv")) } }
        @if let Some(found) = found { (definition(measure, found, reading.measures, addresses)) }
    };
    Some(document(navigation, &title, &main))
}

/// Whether the rule of disclosure hides the months of a measure. Its events would show them.
fn has_hidden_months(reading: &OpenCard<'_>, measure: &CardMeasure) -> bool {
    let whole = reading.card.content.measures.iter().find(|whole| whole.id == measure.id);
    measure.months_d.is_empty() && whole.is_some_and(|whole| !whole.months_d.is_empty())
}

/// The key of the text on the adjustment of a standardised value.
fn adjusted(measure: &CardMeasure) -> Option<&'static str> {
    let mix = measure.case_mix.filter(|mix| mix.standardised.is_some())?;
    Some(match mix.state {
        CaseMixState::PracticesAgeSex => "measure.adjusted_for_both",
        CaseMixState::Practices => "measure.adjusted_for_practices",
        CaseMixState::AgeSex | CaseMixState::NotAdjusted => "measure.adjusted",
    })
}

/// The better side, where the sentence does not say it.
fn unsaid_side(measure: &CardMeasure) -> Option<String> {
    let says = measure.sentence.contains("is better");
    (!says).then(|| format!("{}.", better_sentence(measure.direction)))
}

/// The events of a measure as rows. Without events the months of the card.
#[must_use]
pub fn measure_sheet(reading: &OpenCard<'_>, id: &str, listed: MeasureEvents<'_>) -> Option<Spreadsheet> {
    let card = reading.disclosed();
    let measure = card.content.measures.iter().find(|measure| *measure.id == *id)?;
    if let (MeasureEvents::Known { explanation, .. }, false) = (listed, has_hidden_months(reading, measure)) {
        let mut sheet = Spreadsheet::with_headings([
            "day",
            "month",
            "feed",
            "id",
            "version",
            "kind",
            "what",
            "effect",
            "numerator",
            "denominator",
        ]);
        for line in &explanation.lines {
            let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
            sheet.add([
                &line.day.map(|day| day.to_string()).unwrap_or_default(),
                &line.month.to_string(),
                &line.feed,
                &line.id,
                &line.version.to_string(),
                line.kind,
                &line.what,
                line.effect.word(),
                &number(line.numerator),
                &number(line.denominator),
            ]);
        }
        return Some(sheet);
    }
    let mut sheet = Spreadsheet::with_headings(["month", "numerator", "denominator"]);
    for (back, (n, d)) in (0i32..).zip(measure.months_n.iter().rev().zip(measure.months_d.iter().rev())) {
        sheet.add([&card.content.period.month.plus(-back).to_string(), &n.to_string(), &d.to_string()]);
    }
    Some(sheet)
}
