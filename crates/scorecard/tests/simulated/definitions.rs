//! Measures of each kind over simulated events.

use scorecard::measure::measure_set::{Amount, Class, Definition, Kind, SideDefinition};

/// A measure of this kind.
pub fn definition(id: &str, kind: Kind) -> Definition {
    let (numerator, denominator) = match kind {
        Kind::Amount => ((Class::Prescription, Amount::Cost), (Class::Activity, Amount::Count)),
        Kind::Mean => ((Class::Activity, Amount::Minutes), (Class::Activity, Amount::Count)),
        Kind::Share => ((Class::Prescription, Amount::Quantity), (Class::Prescription, Amount::Quantity)),
        Kind::Rate => ((Class::Order, Amount::Count), (Class::Activity, Amount::Count)),
        Kind::Proportion => ((Class::Attendance, Amount::Count), (Class::Attendance, Amount::Count)),
    };
    let side = |(event, amount)| SideDefinition::new(event, amount);
    Definition::new(id, kind, side(numerator), side(denominator))
}
