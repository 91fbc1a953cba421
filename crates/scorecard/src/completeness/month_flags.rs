//! The flags of one practice and month: gaps by kind, and kinds that no feed sends.

use crate::card::coverage::{Gap, MonthGaps};
use crate::data_kind::{DataKind, KindSet};
use crate::measure::needed_kinds::NeededKinds;
use crate::time::calendar::Month;

/// Days of a gap that a month holds from which the gap is one of this month: more than half of the shortest gap.
pub const LEAST_GAP_DAYS: u8 = 3;

/// The kind of a gap in which the practice's feeds send nothing.
const ALL: &str = "all";

/// The flags of one practice and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthFlags {
    /// Kinds that are not sent.
    pub not_sent: KindSet,
    /// Weekdays of gaps, by kind.
    gap_days: [u8; DataKind::ALL.len()],
    /// Weekdays of gaps of everything.
    silent_days: u8,
}

impl MonthFlags {
    /// The flags that a card shows.
    #[must_use]
    pub fn of(gaps: &MonthGaps) -> MonthFlags {
        let not_sent = gaps.not_sent.iter().filter_map(|word| DataKind::of_word(word)).collect();
        let mut flags = MonthFlags { not_sent, ..MonthFlags::default() };
        for gap in &gaps.gaps {
            let days = u8::try_from(gap.days).unwrap_or(u8::MAX);
            match DataKind::of_word(&gap.kind) {
                Some(kind) => flags.gap_days[kind as usize] = days,
                None => flags.silent_days = days,
            }
        }
        flags
    }

    /// Adds a weekday to a gap of this kind; `None` is a gap of everything.
    pub(crate) fn add_gap_day(&mut self, kind: Option<DataKind>) {
        match kind {
            Some(kind) => self.gap_days[kind as usize] += 1,
            None => self.silent_days += 1,
        }
    }

    /// Removes gaps with too few days in this month, and gaps of kinds that are not sent.
    pub(crate) fn settle(&mut self) {
        for kind in DataKind::ALL {
            let days = &mut self.gap_days[kind as usize];
            if *days < LEAST_GAP_DAYS || self.not_sent.contains(kind) {
                *days = 0;
            }
        }
        if self.silent_days < LEAST_GAP_DAYS {
            self.silent_days = 0;
        }
    }

    /// Adds the flags of another practice: a roll-up shows those of all its practices.
    pub fn add(&mut self, other: &MonthFlags) {
        self.not_sent = self.not_sent.union(other.not_sent);
        self.gap_days.iter_mut().zip(other.gap_days).for_each(|(mine, theirs)| *mine = theirs.max(*mine));
        self.silent_days = self.silent_days.max(other.silent_days);
    }

    /// Whether a measure with these needs leaves the month out: a kind of its numerator is not sent, or one kind has a gap while another
    /// goes on.
    ///
    /// Where the gaps of all its kinds are equally long, numerator and denominator both lack these days, and the month counts.
    #[must_use]
    pub fn leaves_out(&self, needed: NeededKinds) -> bool {
        let (each, any) = (needed.each, needed.any);
        if !needed.numerator.common(self.not_sent).is_empty() || (!any.is_empty() && any.common(self.not_sent) == any) {
            return true;
        }
        let mut gaps = each.kinds().map(|kind| self.gap_days[kind as usize].max(self.gap_days[kind.carrier() as usize]));
        let first = gaps.next();
        gaps.any(|days| Some(days) != first)
    }

    /// The flags as a card shows them; `None` without any.
    #[must_use]
    pub fn shown(&self, month: Month, missing: bool) -> Option<MonthGaps> {
        let of = |kind: DataKind| (kind.word(), self.gap_days[kind as usize]);
        let mut gaps: Vec<(&str, u8)> = DataKind::ALL.into_iter().map(of).chain([(ALL, self.silent_days)]).collect();
        gaps.retain(|(_, days)| *days > 0);
        gaps.sort_unstable();
        let gaps: Vec<Gap> = gaps.into_iter().map(|(kind, days)| Gap { kind: kind.to_owned(), days: days.into() }).collect();
        let not_sent: Vec<String> = self.not_sent.kinds().map(|kind| kind.word().to_owned()).collect();
        let any = missing || !gaps.is_empty() || !not_sent.is_empty();
        any.then_some(MonthGaps { month, missing, gaps, not_sent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(gaps: &[(&str, u32)], not_sent: &[&str]) -> MonthFlags {
        let gaps = gaps.iter().map(|(kind, days)| Gap { kind: (*kind).to_owned(), days: *days }).collect();
        let not_sent = not_sent.iter().map(|kind| (*kind).to_owned()).collect();
        MonthFlags::of(&MonthGaps { month: Month::EARLIEST, missing: false, gaps, not_sent })
    }

    /// The needs of a measure whose numerator needs all kinds but the first.
    fn needed(kinds: &[DataKind]) -> NeededKinds {
        let numerator = kinds[1..].iter().copied().collect();
        NeededKinds { each: kinds.iter().copied().collect(), numerator, any: KindSet::default() }
    }

    #[test]
    fn a_measure_leaves_a_month_out_when_one_of_its_kinds_is_silent_and_another_goes_on() {
        let rate = needed(&[DataKind::Attendance, DataKind::Prescriptions]);
        assert!(!flags(&[], &["referrals"]).leaves_out(rate));
        assert!(flags(&[], &["prescriptions"]).leaves_out(rate));
        assert!(!flags(&[], &["attendance"]).leaves_out(rate), "the denominator is 0 anyway");
        assert!(flags(&[("prescriptions", 5)], &[]).leaves_out(rate));
        assert!(flags(&[("attendance", 5)], &[]).leaves_out(rate));
        assert!(!flags(&[("attendance", 5), ("prescriptions", 5)], &[]).leaves_out(rate));
        assert!(!flags(&[("all", 5)], &[]).leaves_out(rate));
        assert!(!flags(&[("prescriptions", 5)], &[]).leaves_out(needed(&[DataKind::Prescriptions])));
    }

    #[test]
    fn a_gap_of_prescriptions_is_one_of_their_costs() {
        let cost_of_items = needed(&[DataKind::Costs, DataKind::Prescriptions]);
        assert!(!flags(&[("prescriptions", 5)], &[]).leaves_out(cost_of_items));
        assert!(flags(&[("costs", 5)], &[]).leaves_out(cost_of_items));
    }

    #[test]
    fn orders_of_any_category_are_not_sent_when_no_category_is() {
        let any = NeededKinds { any: [DataKind::Imaging, DataKind::Tests].into_iter().collect(), ..NeededKinds::default() };
        assert!(!flags(&[], &["imaging"]).leaves_out(any));
        assert!(flags(&[], &["imaging", "tests"]).leaves_out(any));
    }

    #[test]
    fn shown_flags_read_back() {
        let one = flags(&[("all", 7), ("costs", 5)], &["referrals", "tests"]);
        let shown = one.shown(Month::EARLIEST, false).unwrap();
        assert_eq!(MonthFlags::of(&shown), one);
        assert_eq!(shown.gaps.iter().map(|gap| gap.kind.as_str()).collect::<Vec<_>>(), ["all", "costs"]);
        assert_eq!(MonthFlags::default().shown(Month::EARLIEST, false), None);
    }
}
