//! Waste, variation and inefficiency of one card.

use crate::card::round::published;
use crate::card::scorecard::{Band, CardMeasure, Giants};
use crate::chance::reliability::is_reliable;
use crate::event::Attendance;
use crate::measure::measure_set::{Amount, Class, MeasureSet, SideDefinition};
use crate::scoring::window_value::headline;
use crate::sums::measure_sums::Sums;

/// Cost in pence of one planned minute of an appointment that the patient did not attend: 30 pounds for ten minutes.
///
/// Source: NHS England, "Missed GP appointments costing NHS millions", 2 January 2019: an average of £30 an appointment.
pub const PENCE_PER_MINUTE: i64 = 300;

/// The giants of a card with these measures, over the sums of its 12 months.
#[must_use]
pub fn giants(measures: &MeasureSet, year: &Sums, card: &[CardMeasure]) -> Giants {
    let headlines = || card.iter().filter_map(headline);
    let savings: Vec<_> = headlines().filter_map(|window| window.saving).collect();
    let sum = |pence: &dyn Fn(&crate::card::scorecard::SavingEstimate) -> f64| {
        if savings.is_empty() { None } else { published(savings.iter().map(pence).sum()) }
    };
    let bands = || headlines().filter_map(|window| window.funnel.map(|funnel| funnel.band));
    let count = |outside: &dyn Fn(Band) -> bool| u32::try_from(bands().filter(|band| outside(*band)).count()).unwrap_or(u32::MAX);
    let minutes = year.base.noshow_planned_minutes;
    Giants {
        waste_p50_pence: sum(&|saving| saving.p50_pence.max(0.0)),
        waste_p10_pence: sum(&|saving| saving.p10_pence.max(0.0)),
        waste_net_pence: sum(&|saving| saving.p50_pence),
        variation: variation(card),
        outside_95: count(&|band| band != Band::Within),
        outside_998: count(&|band| matches!(band, Band::FarBelow | Band::FarAbove)),
        noshow_slots: noshow_slots(measures, year),
        noshow_minutes: minutes,
        noshow_pence: minutes * PENCE_PER_MINUTE,
    }
}

/// Mean squared adjusted z over the reliable measures; about 1 for an ordinary clinician.
fn variation(card: &[CardMeasure]) -> Option<f64> {
    let reliable = card.iter().filter_map(headline).filter(|window| is_reliable(window.grade));
    let squares: Vec<f64> = reliable.filter_map(|window| window.funnel?.z_adjusted).map(|z| z * z).collect();
    if squares.is_empty() { None } else { published(squares.iter().sum::<f64>() / squares.len() as f64) }
}

/// Slots that patients did not attend, from the first measure that counts exactly these. 0 if the set has no such measure.
fn noshow_slots(measures: &MeasureSet, year: &Sums) -> i64 {
    let index = measures.measures().iter().position(|measure| counts_noshows(&measure.numerator.definition));
    index.map_or(0, |index| year.measures[index].n)
}

fn counts_noshows(side: &SideDefinition) -> bool {
    side.event == Class::Attendance
        && side.amount == Amount::Count
        && side.statuses == [Attendance::Noshow]
        && side.modes.is_empty()
        && side.minutes.is_none()
        && side.lag_days.is_none()
}
