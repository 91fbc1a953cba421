//! The practice in pictures, for its lead: letters at the values of clinicians, above the middle half of colleagues.

use std::sync::Arc;

use maud::{Markup, html};
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{CardMeasure, VerdictWord};
use scorecard::measure::measure_set::{Direction, Measure, MeasureSet};

use crate::figure::lead_dots::{LetterMark, lead_dots};
use crate::pages::practice_team::{Colleague, main_role};
use crate::text::measure_words::{better_sentence, role, value};
use crate::text::page_words::{say, text};

/// Most pictures.
const MOST_PICTURES: usize = 6;
/// Least clinicians with a value for a picture.
const LEAST_LETTERS: usize = 3;

/// The measures with a picture: those with a finding first, then those with most points available.
fn shown_measures<'a>(
    (measures, groups): (&'a MeasureSet, &'a [PeerGroup]),
    team: &[Colleague<'_>],
) -> Vec<(&'a Measure, &'a PeerGroup)> {
    let compared = main_role(team);
    let of = |measure: &'a Arc<Measure>| {
        let name = measure.name();
        let group = groups.iter().find(|group| *group.key.measure == *name && *group.key.role == *compared)?;
        let has_picture = group.p25.is_some() && group.p75.is_some() && group.typical.or(group.median).is_some();
        let values = with_values(team, &compared, &measure.definition.id).len();
        let is_one = has_picture && values >= LEAST_LETTERS && measure.definition.direction != Direction::None;
        is_one.then_some((&**measure, group))
    };
    let mut chosen: Vec<(&Measure, &PeerGroup)> = measures.measures().iter().filter_map(of).collect();
    let found = |measure: &Measure| team.iter().any(|one| one.measure(&measure.definition.id).is_some_and(is_found));
    let available = |measure: &Measure| measure.definition.points.map_or(0.0, |points| points.available);
    chosen.sort_by(|(a, _), (b, _)| found(b).cmp(&found(a)).then(available(b).total_cmp(&available(a))));
    chosen.truncate(MOST_PICTURES);
    chosen
}

fn is_found(measure: &CardMeasure) -> bool {
    matches!(measure.verdict, Some(VerdictWord::PleaseCheck | VerdictWord::BetterThanMost))
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

pub(crate) fn pictures(of_month: (&MeasureSet, &[PeerGroup]), team: &[Colleague<'_>]) -> Markup {
    let compared = main_role(team);
    let measures = shown_measures(of_month, team);
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
