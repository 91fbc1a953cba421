//! Periods of roles and identifiers, in civil days. A month or a year means its first or its last day.

use scorecard::time::calendar::{Day, Month};

use crate::fault::{Fault, Field};
use crate::formats::fhir::header::unreadable;
use crate::formats::fhir::references::Scope;
use crate::json::instant::{Unreadable, fhir_moment};
use crate::json::object::Scalar;
use crate::json::text::{TEXT_BYTES, unprotected};

/// An end of a period.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edge {
    First,
    Last,
}

/// The civil day of one end of a period; `None` when it is absent or unbounded, such as `9999-12-31`.
pub(crate) fn civil_day(scope: &Scope<'_, '_>, field: Field, value: &Scalar<'_>, edge: Edge) -> Result<Option<Day>, Fault> {
    let Some(text) = unprotected(field, value, TEXT_BYTES)? else { return Ok(None) };
    match fhir_moment(&text, &scope.feed.zone) {
        Ok(moment) => Ok(Some(moment.day)),
        Err(Unreadable::OutOfRange) => Ok(None),
        Err(why) => coarse_day(&text, edge).map(Some).ok_or_else(|| unreadable(field, &text, why)),
    }
}

/// The first or the last day of a year or a month.
fn coarse_day(text: &str, edge: Edge) -> Option<Day> {
    let (first, last): (Month, Month) = match text.len() {
        4 => (format!("{text}-01").parse().ok()?, format!("{text}-12").parse().ok()?),
        _ => (text.parse().ok()?, text.parse().ok()?),
    };
    Some(match edge {
        Edge::First => first.first_day(),
        Edge::Last => last.last_day(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_means_its_first_or_its_last_day() {
        assert_eq!(coarse_day("2020", Edge::First), Day::from_ymd(2020, 1, 1));
        assert_eq!(coarse_day("2020", Edge::Last), Day::from_ymd(2020, 12, 31));
        assert_eq!(coarse_day("2020-02", Edge::Last), Day::from_ymd(2020, 2, 29));
        assert_eq!(coarse_day("20", Edge::Last), None);
    }
}
