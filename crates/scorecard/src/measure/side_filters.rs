//! Filters of a side that no event can match. A filter without effect is a mistake, such as a typing error in a code.

use crate::event::Attendance;
use crate::measure::amount::Amount;
use crate::measure::bnf::{BnfFilter, Classification};
use crate::measure::definition::{Class, SideDefinition};
use crate::measure::measure_mistake::Mistake;

/// Every filter of a side that can never match. Unreadable filters are left out: their own mistake names them.
pub(crate) fn idle_filters(table: &'static str, side: &SideDefinition, classification: Classification) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut wrong = |key, text: String| found.push(Mistake { table: Some(table), key, text: format!("{table}: {text}") });
    idle_statuses(side).into_iter().for_each(|text| wrong("statuses", text));
    if side.minutes.is_some_and(|[first, last]| first > last) {
        wrong("minutes", "the first number of minutes is above the second, so nothing matches; swap them".to_owned());
    }
    if side.lag_days.is_some_and(|[first, last]| first > last) {
        wrong("lag_days", "the first number of lag_days is above the second, so nothing matches; swap them".to_owned());
    }
    if side.generic.is_some() && classification != Classification::Bnf {
        wrong("generic", "generic reads BNF codes, and this measure has another classification; remove it".to_owned());
    }
    idle_codes(side, classification).into_iter().for_each(|text| wrong("codes", text));
    idle_over(side, classification).into_iter().for_each(|text| wrong("over", text));
    idle_weights(side, classification).into_iter().for_each(|text| wrong("weights", text));
    found
}

fn idle_statuses(side: &SideDefinition) -> Option<String> {
    if side.statuses.contains(&Attendance::Unknown) {
        return Some("an encounter of unknown status counts on no side, so \"unknown\" never matches; remove it".to_owned());
    }
    let never = side.event == Class::Activity && !side.statuses.is_empty() && !side.statuses.contains(&Attendance::Attended);
    never.then(|| {
        "activity counts attended encounters only, so these statuses never match; write event = \"attendance\"".to_owned()
    })
}

fn idle_codes(side: &SideDefinition, classification: Classification) -> Vec<String> {
    let Some(filter) = read(&side.codes) else { return Vec::new() };
    let mut idle = filter.idle_elements(classification);
    if let Some(generic) = side.generic
        && filter.is_generic() == Some(!generic)
    {
        idle.push(format!("no code of the filter is generic = {generic}; remove generic, or change the codes"));
    }
    idle
}

fn idle_over(side: &SideDefinition, classification: Classification) -> Vec<String> {
    let codes = read(&side.codes);
    let filters: Vec<Option<BnfFilter>> = side.over.iter().map(|over| read(&over.codes)).collect();
    let mut idle = Vec::new();
    for (at, filter) in filters.iter().enumerate() {
        let Some(filter) = filter else { continue };
        idle.extend(filter.idle_elements(classification));
        let shown = side.over[at].codes.join(", ");
        if codes.as_ref().is_some_and(|codes| codes.overlap(filter).is_none()) {
            idle.push(format!("no code matches codes and over {shown:?}; change one of them"));
        }
        if filters[..at].iter().flatten().any(|earlier| filter.within(earlier).is_proven()) {
            idle.push(format!("an earlier threshold matches every code of {shown:?} first; remove this one"));
        }
    }
    idle
}

fn idle_weights(side: &SideDefinition, classification: Classification) -> Vec<String> {
    let codes = read(&side.codes);
    let mut idle = Vec::new();
    for code in side.weights.keys() {
        if !classification.is_whole(code) {
            idle.push(format!(
                "weight {code:?} is not a whole code of {}, so it never matches; write the whole code",
                classification.word()
            ));
        } else if codes.as_ref().is_some_and(|codes| !codes.matches(code)) {
            idle.push(format!("weight {code:?} does not match codes; remove it, or add it to codes"));
        }
    }
    if side.amount == Amount::Weight && side.weights.values().all(|weight| *weight == 0.0) && !side.weights.is_empty() {
        idle.push("every weight is 0, so the side is always 0; write the weights".to_owned());
    }
    idle
}

/// A filter that can be read. `None` without elements.
fn read(codes: &[String]) -> Option<BnfFilter> {
    if codes.is_empty() { None } else { BnfFilter::parse(codes.iter().map(String::as_str)).ok() }
}
