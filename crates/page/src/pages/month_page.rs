//! A month: the whole card of one clinician on two sides of A4.

use maud::html;
use scorecard::card::scorecard::{Composite, Scorecard, Status};
use scorecard::scoring::disclosure::Audience;

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::{Spreadsheet, number};
use crate::pages::card_facts::card_facts;
use crate::pages::giants_section::giants;
use crate::pages::measure_ledger::{DOMAINS, in_order, key, ledger};
use crate::pages::offer_section::{lists, one_thing, plan};
use crate::pages::open_card::OpenCard;
use crate::pages::revision_section::revisions;
use crate::pages::unknown_section::unknown;
use crate::sessions::look_note::seen_by;
use crate::text::measure_words::{better, role, verdict};
use crate::text::page_words::{say, text};
use crate::text::spoken_count::points;
use crate::text::spoken_date::month;

/// The page of a card.
#[must_use]
pub fn month_page(reading: &OpenCard<'_>, navigation: &Navigation) -> String {
    let card = reading.disclosed();
    let addresses = &navigation.addresses;
    let title = heading(reading);
    let main = html! {
        h1 { (title) }
        p.lead { (subject(reading, &card)) }
        @if reading.audience != Audience::Own { p.note { (say("month.as_lead", &[("person", reading.person())])) } }
        (card_facts(reading, &card))
        @if card.content.status == Status::Withdrawn {
            p.note { (text("month.withdrawn")) }
        } @else {
            (one_thing(reading, &card, addresses))
            (lists(reading, &card, addresses))
            @if reading.audience == Audience::Own { (plan()) }
            h2 #all { (text("month.all")) }
            p { strong { (composite(&card)) } " " (text("month.points_note")) }
            (key())
            @for domain in DOMAINS { (ledger(reading, &card, domain, addresses)) }
            div.pair { (giants(&card)) (unknown(&card)) }
        }
        @if reading.looks.is_some() { (seen_by(reading.looks)) }
        (revisions(reading, &card, addresses))
    };
    document(navigation, &title, &main)
}

fn heading(reading: &OpenCard<'_>) -> String {
    let name = month(reading.card.content.period.month);
    match reading.audience {
        Audience::Own => say("month.heading", &[("month", &name)]),
        _ => say("month.heading_of", &[("month", &name), ("person", reading.person())]),
    }
}

/// Name, role and practice.
fn subject(reading: &OpenCard<'_>, card: &Scorecard) -> String {
    let subject = &card.content.subject;
    let role = role(&subject.role);
    let key = match (subject.practice.is_empty(), reading.practice_name) {
        (true, _) => "month.subject_all",
        (false, Some(_)) => "month.subject_named",
        (false, None) => "month.subject",
    };
    let practice = reading.practice_name.unwrap_or_default();
    let values = [("person", reading.person()), ("role", &role), ("code", &subject.practice), ("practice", practice)];
    let locum = if subject.locum { text("month.locum") } else { String::new() };
    say(key, &values) + &locum
}

/// The personal QOF in one line.
fn composite(card: &Scorecard) -> String {
    let Some(Composite { percent, lower, upper, points: earned, available }) = card.content.composite else {
        return text("composite.withheld");
    };
    let [earned, all] = [earned, available].map(points);
    let whole = |value: f64| format!("{value:.0}%");
    match (percent, lower.zip(upper)) {
        (Some(percent), Some((low, high))) => say(
            "composite.range",
            &[
                ("points", &earned),
                ("available", &all),
                ("percent", &whole(percent)),
                ("low", &whole(low)),
                ("high", &whole(high)),
            ],
        ),
        (Some(percent), None) => {
            say("composite.percent", &[("points", &earned), ("available", &all), ("percent", &whole(percent))])
        }
        (None, _) if available == 0.0 => text("composite.none"),
        (None, _) => say("composite.few", &[("points", &earned), ("available", &all)]),
    }
}

/// The measures of the card as rows.
#[must_use]
pub fn month_sheet(reading: &OpenCard<'_>) -> Spreadsheet {
    let card = reading.disclosed();
    let mut sheet = Spreadsheet::with_headings([
        "clinician",
        "practice",
        "month",
        "status",
        "revision",
        "measure",
        "name",
        "better",
        "value",
        "unit",
        "numerator",
        "denominator",
        "numerator_unit",
        "denominator_unit",
        "typical",
        "p25",
        "p75",
        "verdict",
        "points",
        "points_available",
        "sentence",
    ]);
    let subject = &card.content.subject;
    for measure in DOMAINS.into_iter().flat_map(|domain| in_order(&card, domain)) {
        let comparator = measure.comparator.as_ref();
        let of = |pick: fn(&scorecard::card::scorecard::Comparator) -> Option<f64>| number(comparator.and_then(pick));
        let points = measure.points.as_ref();
        sheet.add([
            &subject.clinician,
            &subject.practice,
            &card.content.period.month.to_string(),
            status_word(card.content.status),
            &card.revision.to_string(),
            &measure.id,
            &measure.name,
            &better(measure.direction),
            &number(measure.value),
            &measure.unit,
            &measure.n.to_string(),
            &measure.d.to_string(),
            &measure.n_unit,
            &measure.d_unit,
            &of(|of| of.typical),
            &of(|of| of.p25),
            &of(|of| of.p75),
            &verdict(measure),
            &number(points.map(|of| of.points)),
            &number(points.map(|of| of.available)),
            &measure.sentence,
        ]);
    }
    sheet
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Provisional => "provisional",
        Status::Final => "final",
        Status::Restated => "restated",
        Status::Withdrawn => "withdrawn",
    }
}
