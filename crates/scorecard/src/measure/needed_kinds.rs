//! The kinds of data that a measure needs.

use crate::data_kind::{DataKind, KindSet};
use crate::event::Category;
use crate::measure::absent::AbsentField;
use crate::measure::definition::{Class, Definition, SideDefinition};

/// The kinds of data without which a measure counts too little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeededKinds {
    /// Each of these, for both sides.
    pub each: KindSet,
    /// Each of these, for the numerator: without them its zero is unknown.
    pub numerator: KindSet,
    /// Any of these, if it has any: a numerator that counts every order.
    pub any: KindSet,
}

impl NeededKinds {
    /// The kinds that both sides of a measure need.
    #[must_use]
    pub fn of(definition: &Definition) -> NeededKinds {
        let [n, d] = [&definition.numerator, &definition.denominator].map(NeededKinds::of_side);
        NeededKinds { each: n.each.union(d.each), numerator: n.each, any: n.any }
    }

    fn of_side(side: &SideDefinition) -> NeededKinds {
        let mut needed = NeededKinds::default();
        match side.event {
            Class::Attendance | Class::Activity => needed.each.insert(DataKind::Attendance),
            Class::Prescription => needed.each.insert(DataKind::Prescriptions),
            Class::Feedback => needed.each.insert(DataKind::Feedback),
            Class::Order if side.categories.is_empty() => {
                needed.any = [DataKind::Imaging, DataKind::Referrals, DataKind::Tests].into_iter().collect();
            }
            Class::Order => needed.each = side.categories.iter().map(|category| kind_of_order(*category)).collect(),
        }
        let fields = [
            (AbsentField::Cost, DataKind::Costs),
            (AbsentField::Quantity, DataKind::Quantities),
            (AbsentField::Minutes, DataKind::Minutes),
            (AbsentField::LagDays, DataKind::Booking),
        ];
        fields.into_iter().filter(|(field, _)| side.needs(*field)).for_each(|(_, kind)| needed.each.insert(kind));
        needed
    }
}

/// The kind of an order of this category.
#[must_use]
pub fn kind_of_order(category: Category) -> DataKind {
    match category {
        Category::Referral => DataKind::Referrals,
        Category::Test => DataKind::Tests,
        Category::Imaging => DataKind::Imaging,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure_set::MeasureSet;

    fn needed(id: &str) -> Vec<&'static str> {
        let path = format!("{}/../../measures/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let set = MeasureSet::parse([(format!("{id}.toml").as_str(), text.as_str())]).unwrap();
        NeededKinds::of(&set.measures()[0].definition).each.kinds().map(DataKind::word).collect()
    }

    #[test]
    fn a_measure_needs_the_kinds_that_its_sides_count() {
        assert_eq!(needed("antibiotics_per_1000"), ["attendance", "prescriptions"]);
        assert_eq!(needed("cost_per_encounter"), ["attendance", "costs", "prescriptions"]);
        assert_eq!(needed("uti_long_course"), ["prescriptions", "quantities"]);
        assert_eq!(needed("consult_minutes"), ["attendance", "minutes"]);
        assert_eq!(needed("same_day_access"), ["attendance", "booking"]);
        assert_eq!(needed("referral_rate"), ["attendance", "referrals"]);
        assert_eq!(needed("test_request_rate"), ["attendance", "tests"]);
        assert_eq!(needed("fft_positive"), ["feedback"]);
    }

    #[test]
    fn a_side_that_counts_every_order_needs_any_category() {
        let side = SideDefinition::new(Class::Order, crate::measure::amount::Amount::Count);
        let needed = NeededKinds::of_side(&side);
        assert!(needed.each.is_empty());
        assert_eq!(needed.any.kinds().map(DataKind::word).collect::<Vec<_>>(), ["imaging", "referrals", "tests"]);
    }
}
