//! Waste, variation and inefficiency of one card.

use crate::card::round::{published, short};
use crate::card::scorecard::{CardMeasure, Giants};
use crate::event::Attendance;
use crate::measure::measure_set::{Amount, Class, MeasureSet, SideDefinition};
use crate::sums::measure_sums::Sums;
use crate::verdict::constants::{Z95, Z998};

/// Cost in pence of one planned minute of an appointment that the patient did not attend: 30 pounds for ten minutes.
///
/// Source: NHS England, "Missed GP appointments costing NHS millions", 2 January 2019: an average of £30 an appointment.
pub const PENCE_PER_MINUTE: i64 = 300;

/// The giants of a card with these measures, over the sums of its 12 months.
#[must_use]
pub fn giants(measures: &MeasureSet, year: &Sums, card: &[CardMeasure]) -> Giants {
    let savings: Vec<_> = card.iter().filter_map(|measure| measure.saving).collect();
    let sum = |pence: &dyn Fn(&crate::card::scorecard::SavingEstimate) -> f64| {
        if savings.is_empty() { None } else { published(savings.iter().map(pence).sum()) }
    };
    let outside = |z: f64| {
        let beyond = card.iter().filter_map(|measure| measure.z).filter(|own| own.abs() > z);
        u32::try_from(beyond.count()).unwrap_or(u32::MAX)
    };
    let minutes = year.base.noshow_planned_minutes;
    Giants {
        waste_p50_pence: sum(&|saving| saving.p50_pence.max(0.0)),
        waste_p10_pence: sum(&|saving| saving.p10_pence.max(0.0)),
        waste_net_pence: sum(&|saving| saving.p50_pence),
        variation: variation(card),
        outside_95: outside(Z95),
        outside_998: outside(Z998),
        noshow_slots: noshow_slots(measures, year),
        noshow_minutes: minutes,
        noshow_pence: minutes * PENCE_PER_MINUTE,
    }
}

/// Mean squared z over the compared measures; about 1 for an ordinary clinician.
fn variation(card: &[CardMeasure]) -> Option<f64> {
    let squares: Vec<f64> = card.iter().filter_map(|measure| measure.z).map(|z| z * z).collect();
    if squares.is_empty() { None } else { Some(short(squares.iter().sum::<f64>() / squares.len() as f64)) }
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
