//! The facts at the head of a card: status, who sees it, what was counted, how complete the data are, and who it is compared with.

use maud::{Markup, html};
use scorecard::card::scorecard::{Coverage, CoverageState, Exposure, Scorecard, Status};
use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::Month;

use crate::pages::open_card::OpenCard;
use crate::text::measure_words::roles;
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month_name};

/// The list of facts.
pub(crate) fn card_facts(reading: &OpenCard<'_>, card: &Scorecard) -> Markup {
    html! {
        dl.facts {
            dt { (text("facts.status")) } dd { (status(reading, card)) }
            dt { (text("facts.seen_by")) } dd { (seen_by(reading, card)) }
            dt { (text("facts.counted")) } dd { (exposure(card)) }
            dt { (text("facts.data")) } dd { (data(card)) }
            dt { (text("facts.compared")) } dd { (compared_with(reading, card)) }
        }
    }
}

fn status(reading: &OpenCard<'_>, card: &Scorecard) -> String {
    let (revision, final_on) = (card.revision.to_string(), day(reading.final_on));
    let key = match card.content.status {
        Status::Provisional => "status.provisional",
        Status::Final => "status.final",
        Status::Restated => "status.restated",
        Status::Withdrawn => "status.withdrawn",
    };
    say(key, &[("revision", &revision), ("final_on", &final_on)])
}

/// The persons who may see the card, and the day from which they may.
fn seen_by(reading: &OpenCard<'_>, card: &Scorecard) -> String {
    if reading.audience != Audience::Own {
        return text("seen_by.as_lead");
    }
    let leads = reading.leads.join(&text("lists.and"));
    let values = [("leads", leads.as_str()), ("final_on", &day(reading.final_on))];
    let is_draft = card.content.status == Status::Provisional;
    match (reading.leads.is_empty(), is_draft) {
        _ if card.content.subject.practice.is_empty() => text("seen_by.roll_up"),
        (true, _) => text("seen_by.no_lead"),
        (false, true) => say("seen_by.later", &values) + &waits(reading),
        (false, false) => say("seen_by.now", &values) + &waits(reading),
    }
}

/// The wait of a lead for news that ask to be checked.
fn waits(reading: &OpenCard<'_>) -> String {
    let days = reading.wait_days.map(|days| say("seen_by.waits", &[("days", &counted("wait_days", days.into()))]));
    days.unwrap_or_default()
}

fn exposure(card: &Scorecard) -> String {
    let of = |window: u8| card.content.exposure.iter().find(|exposure| exposure.window == window);
    let Some(year) = of(12) else { return text("facts.nothing_counted") };
    let month = of(1).map(|month| {
        let [encounters, items, responses] = counts(month).map(grouped);
        let name = month_name(card.content.period.month);
        let values = [("encounters", encounters.as_str()), ("items", &items), ("responses", &responses), ("month", &name)];
        say("facts.exposure_month", &values)
    });
    let [encounters, items, responses] = counts(year);
    let parts = [counted("encounters", encounters), counted("items", items), counted("responses", responses)];
    let values = [("encounters", parts[0].as_str()), ("items", &parts[1]), ("responses", &parts[2])];
    format!("{}{}", say("facts.exposure", &values), month.unwrap_or_default())
}

fn counts(exposure: &Exposure) -> [i64; 3] {
    [exposure.encounters, exposure.items, exposure.responses]
}

/// The state of each feed, and its days in the card's month.
fn data(card: &Scorecard) -> Markup {
    let feeds = &card.quality.feeds;
    let seen = card.quality.days_seen.last().copied().flatten();
    let expected = card.quality.days_expected.last();
    html! {
        @if feeds.is_empty() { (text("data.no_feed")) }
        @for (index, feed) in feeds.iter().enumerate() {
            @if index > 0 { " " }
            (feed_state(feed, card.content.period.month))
        }
        @if let Some((seen, expected)) = seen.zip(expected) {
            " " (say("data.days", &[("seen", &seen.to_string()), ("expected", &expected.to_string())]))
        }
        @let gaps = card.content.coverage.iter().filter(|gaps| gaps.missing || !gaps.gaps.is_empty()).count();
        @if gaps > 0 { " " (counted("gap_months", i64::try_from(gaps).unwrap_or(i64::MAX))) }
    }
}

/// The state of a feed for the cards of a month. A feed that fell silent after the month has all of it.
pub(crate) fn feed_state(feed: &Coverage, of: Month) -> String {
    let newest = feed.newest_day.map_or_else(|| text("data.no_day"), day);
    let values = [("feed", feed.feed.as_str()), ("day", &newest)];
    say(
        match feed.state {
            CoverageState::Complete => "data.complete",
            CoverageState::Behind => "data.behind",
            CoverageState::Silent if feed.newest_day > Some(of.last_day()) => "data.silent_later",
            CoverageState::Silent => "data.silent",
        },
        &values,
    )
}

/// The group of the comparisons. Its members are a number rounded down to tens.
fn compared_with(reading: &OpenCard<'_>, card: &Scorecard) -> String {
    let measures = || card.content.measures.iter();
    let members = measures().filter_map(|measure| reading.group(measure)).map(|group| group.members).max();
    let reference = measures().find_map(|measure| measure.comparator.as_ref()?.reference.clone());
    let compared = measures().any(|measure| measure.comparator.is_some());
    let roles = roles(&card.content.subject.role);
    let members_text = members.map(|members| grouped(i64::from(members))).unwrap_or_default();
    let values = [("roles", roles.as_str()), ("members", &members_text), ("reference", reference.as_deref().unwrap_or_default())];
    match (reference.is_some(), members, compared) {
        (true, ..) => say("compared.reference", &values),
        (_, Some(_), _) if card.content.subject.practice.is_empty() => say("compared.roll_up", &values),
        (_, Some(_), _) => say("compared.network", &values),
        (_, None, true) => say("compared.small", &values),
        _ => say("compared.nobody", &values),
    }
}
