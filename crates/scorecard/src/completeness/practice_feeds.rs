//! The feeds of one practice and the kinds of data that they send: observed, or declared.
//!
//! A kind is observed as not sent in three consecutive months without any event of it. Its gap is five weekdays in a row without an
//! event, if its median is five or more a weekday. Months before the first event have no flags.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::completeness::feed_months::{BEFORE, COVERED_MONTHS, FeedMonths, KindCount, SPAN};
use crate::completeness::feed_selection::FeedSelection;
use crate::completeness::month_flags::MonthFlags;
use crate::completeness::weekday_runs::{silent_runs, weekdays_of};
use crate::data_kind::{DataKind, KindSet};
use crate::record::log_record::KindMonth;
use crate::time::calendar::{Day, Month};

/// Events of a kind on a usual weekday from which its silence is a gap.
const BUSY: u32 = 5;

/// The feeds of one practice in the months that decide about the coverage of the cards of one month.
#[derive(Clone, Debug)]
pub struct PracticeFeeds {
    first: Month,
    feeds: BTreeMap<Arc<str>, FeedMonths>,
}

impl PracticeFeeds {
    /// A practice without feeds, for the cards of this month.
    #[must_use]
    pub fn new(month: Month) -> PracticeFeeds {
        PracticeFeeds { first: first_month(month), feeds: BTreeMap::new() }
    }

    /// Whether a month decides about the coverage of the cards of `month`.
    #[must_use]
    pub fn decides(counted: Month, month: Month) -> bool {
        (first_month(month)..=month).contains(&counted)
    }

    /// Adds what a feed sent of one kind in one month. `sends` has the kinds that the feed declares.
    pub fn add(&mut self, feed: &Arc<str>, sends: Option<KindSet>, counted: &KindMonth) {
        let place = usize::try_from(counted.month.0 - self.first.0).ok().filter(|place| *place < SPAN);
        let (Some(kind), Some(place)) = (DataKind::of_word(&counted.kind), place) else { return };
        self.feeds.entry(feed.clone()).or_insert_with(|| FeedMonths::new(sends)).add(kind, place, counted);
    }

    /// Whether one feed sends everything, so that the flags of all persons are the same.
    #[must_use]
    pub fn has_one_feed(&self) -> bool {
        self.feeds.len() == 1
    }

    /// The flags of the 12 months up to the cards' month, oldest first, for a person with events in the feeds `own`. Without any, the
    /// flags are those of all feeds together. Nothing is known of months before `known_from`.
    #[must_use]
    pub fn flags(&self, own: &BTreeSet<Arc<str>>, known_from: Month) -> [MonthFlags; COVERED_MONTHS] {
        let known = usize::try_from(known_from.0 - self.first.0).unwrap_or(0);
        let selection = FeedSelection::new(&self.feeds, own, known);
        let any: [u32; SPAN] = std::array::from_fn(|place| selection.any_days(place));
        let mut flags = [MonthFlags::default(); SPAN];
        if let Some(first) = (known..SPAN).find(|place| any[*place] != 0) {
            for place in (first..SPAN).filter(|place| any[*place] != 0) {
                let unsent = |kind: &DataKind| !selection.sends(*kind, place);
                flags[place].not_sent = DataKind::ALL.into_iter().filter(unsent).collect();
            }
            self.find_gaps(&selection, known.max(first), &any, &mut flags);
        }
        flags.iter_mut().for_each(MonthFlags::settle);
        std::array::from_fn(|place| flags[place + BEFORE])
    }

    /// Marks the weekdays of gaps from the first day with an event on.
    fn find_gaps(&self, selection: &FeedSelection<'_>, first: usize, any: &[u32; SPAN], flags: &mut [MonthFlags; SPAN]) {
        let days = self.weekdays(first, any[first]);
        let has = |mask: &dyn Fn(usize) -> u32, at: usize| mask(days[at].0) & 1 << days[at].1 != 0;
        let busy: Vec<(DataKind, &[KindCount; SPAN])> = busy_kinds(selection, first).collect();
        if busy.is_empty() {
            return;
        }
        let silent = silent_runs(days.len(), |at| !has(&|place| any[place], at), |_| false);
        silent.iter().for_each(|at| flags[days[*at].0].add_gap_day(None));
        let mut marked = std::collections::BTreeSet::new();
        for (kind, months) in busy {
            let lacks = |at: usize| !has(&|place| months[place].days, at);
            marked
                .extend(silent_runs(days.len(), lacks, |at| silent.binary_search(&at).is_ok()).into_iter().map(|at| (kind, at)));
        }
        marked.into_iter().for_each(|(kind, at)| flags[days[at].0].add_gap_day(Some(kind)));
    }

    /// The weekdays from the first day with an event on: the place of the month, and the bit of the day.
    fn weekdays(&self, first: usize, days: u32) -> Vec<(usize, u32)> {
        let month = |place: usize| self.first.plus(i32::try_from(place).expect("one of 14"));
        let begins = month(first).first_day().0 + i32::try_from(days.trailing_zeros()).expect("at most 32");
        let of_month = |place: usize| {
            let bit = move |day: Day| (place, (day.0 - month(place).first_day().0).unsigned_abs());
            weekdays_of(month(place)).filter(move |day| day.0 >= begins).map(bit)
        };
        (first..SPAN).flat_map(of_month).collect()
    }
}

/// The kinds of each feed that have a usual weekday of at least [`BUSY`] events from this month on: the lower median of its months with
/// events.
fn busy_kinds<'a>(selection: &FeedSelection<'a>, first: usize) -> impl Iterator<Item = (DataKind, &'a [KindCount; SPAN])> {
    selection.kinds().filter(move |(_, months)| {
        let held = months[BEFORE.max(first)..].iter().filter(|count| count.events > 0);
        let mut medians: Vec<u32> = held.map(|count| count.weekday_median).collect();
        medians.sort_unstable();
        !medians.is_empty() && medians[(medians.len() - 1) / 2] >= BUSY
    })
}

/// The first month that decides about the coverage of the cards of this month.
fn first_month(month: Month) -> Month {
    month.plus(1 - i32::try_from(SPAN).expect("14 months"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::coverage::MonthGaps;

    const CARD: &str = "2026-12";

    /// Ten events on each weekday of these months, apart from the weekdays that `silent` names.
    fn busy(feeds: &mut PracticeFeeds, feed: &str, kind: DataKind, months: &[&str], silent: &[&str]) {
        for text in months {
            let month: Month = text.parse().unwrap();
            let worked: Vec<Day> = weekdays_of(month).filter(|day| !silent.contains(&day.to_string().as_str())).collect();
            let days = worked.iter().fold(0, |bits, day| bits | 1 << (day.0 - month.first_day().0));
            let weekday_median = if worked.len() * 2 > weekdays_of(month).count() { 10 } else { 0 };
            add(feeds, feed, kind, month, 10 * worked.len() as u64, days, weekday_median);
        }
    }

    fn add(feeds: &mut PracticeFeeds, feed: &str, kind: DataKind, month: Month, events: u64, days: u32, weekday_median: u32) {
        let counted = KindMonth { practice: "A1".into(), kind: kind.word().into(), month, events, days, weekday_median };
        feeds.add(&feed.into(), None, &counted);
    }

    const YEAR: [&str; 12] = [
        "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11",
        "2026-12",
    ];

    fn practice() -> PracticeFeeds {
        PracticeFeeds::new(CARD.parse().unwrap())
    }

    /// The shown flags, without the kinds that the tests never send.
    fn shown(feeds: &PracticeFeeds, known_from: Month) -> Vec<MonthGaps> {
        let first: Month = YEAR[0].parse().unwrap();
        let months = (0..12).map(|at| first.plus(at)).zip(feeds.flags(&BTreeSet::new(), known_from));
        let sent = ["attendance", "prescriptions", "referrals"];
        months
            .filter_map(|(month, flags)| {
                let mut gaps = flags.shown(month, false)?;
                gaps.not_sent.retain(|kind| sent.contains(&kind.as_str()));
                (!gaps.gaps.is_empty() || !gaps.not_sent.is_empty()).then_some(gaps)
            })
            .collect()
    }

    fn unsent(feeds: &PracticeFeeds, kind: &str) -> Vec<String> {
        let shown = shown(feeds, Month::EARLIEST);
        shown.iter().filter(|gaps| gaps.not_sent.iter().any(|one| one == kind)).map(|gaps| gaps.month.to_string()).collect()
    }

    #[test]
    fn two_quiet_months_are_true_zeros_and_three_are_not_sent() {
        let referrals = |months: &[&str]| {
            let mut feeds = practice();
            busy(&mut feeds, "a", DataKind::Attendance, &YEAR, &[]);
            busy(&mut feeds, "a", DataKind::Prescriptions, &YEAR, &[]);
            for text in months {
                add(&mut feeds, "a", DataKind::Referrals, text.parse().unwrap(), 1, 1, 0);
            }
            unsent(&feeds, "referrals")
        };
        assert_eq!(referrals(&["2026-01", "2026-04", "2026-07", "2026-10"]), [""; 0], "two quiet months between, two at the end");
        assert_eq!(referrals(&["2026-01", "2026-04", "2026-07", "2026-11"]), ["2026-08", "2026-09", "2026-10"]);
        assert_eq!(referrals(&["2026-02", "2026-05", "2026-08", "2026-09"]), ["2026-01", "2026-10", "2026-11", "2026-12"]);
        assert_eq!(referrals(&[]).len(), 12);
    }

    #[test]
    fn months_of_which_nothing_is_known_are_in_no_run() {
        let mut feeds = practice();
        busy(&mut feeds, "a", DataKind::Attendance, &YEAR, &[]);
        for text in &YEAR[2..] {
            add(&mut feeds, "a", DataKind::Referrals, text.parse().unwrap(), 1, 1, 0);
        }
        let not_sent = |known: &str| {
            let shown = shown(&feeds, known.parse().unwrap());
            shown.iter().filter(|gaps| gaps.not_sent.iter().any(|kind| kind == "referrals")).count()
        };
        assert_eq!((not_sent("2025-12"), not_sent("2026-01")), (2, 0));
    }

    #[test]
    fn nothing_is_said_of_months_before_the_first_event() {
        let mut feeds = practice();
        busy(&mut feeds, "a", DataKind::Attendance, &YEAR[6..], &[]);
        assert_eq!(unsent(&feeds, "prescriptions"), YEAR[6..]);
        assert_eq!(shown(&feeds, Month::EARLIEST).iter().filter(|gaps| !gaps.gaps.is_empty()).count(), 0);
    }

    /// The months of a card whose prescriptions are not sent to persons with events in these feeds.
    fn unsent_to(feeds: &PracticeFeeds, own: &[&str]) -> Vec<String> {
        let own = own.iter().map(|feed| Arc::from(*feed)).collect();
        let flags = feeds.flags(&own, Month::EARLIEST);
        let months = YEAR.into_iter().zip(flags).filter(|(_, flags)| flags.not_sent.contains(DataKind::Prescriptions));
        months.map(|(month, _)| month.to_owned()).collect()
    }

    #[test]
    fn a_feed_without_attendances_completes_the_others() {
        let mut feeds = practice();
        busy(&mut feeds, "appointments", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "prescribing", DataKind::Prescriptions, &YEAR, &[]);
        for own in [&[][..], &["appointments"], &["prescribing"], &["appointments", "prescribing"], &["unheard"]] {
            assert_eq!(unsent_to(&feeds, own), [""; 0], "{own:?}");
        }
        assert_eq!(unsent(&feeds, "attendance"), [""; 0]);
        // A telephone call in a few months makes no system of attendances.
        busy(&mut feeds, "prescribing", DataKind::Attendance, &YEAR[..5], &[]);
        assert_eq!(unsent_to(&feeds, &["appointments"]), [""; 0]);
        busy(&mut feeds, "prescribing", DataKind::Attendance, &YEAR[5..6], &[]);
        assert_eq!(unsent_to(&feeds, &["appointments"]), YEAR);
    }

    #[test]
    fn a_second_system_says_nothing_about_the_people_of_the_first() {
        let mut feeds = practice();
        busy(&mut feeds, "emis", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "emis", DataKind::Prescriptions, &YEAR, &[]);
        busy(&mut feeds, "ooh", DataKind::Attendance, &YEAR, &[]);
        assert_eq!(unsent_to(&feeds, &["ooh"]), YEAR);
        for own in [&[][..], &["emis"], &["emis", "ooh"]] {
            assert_eq!(unsent_to(&feeds, own), [""; 0], "{own:?}");
        }
    }

    #[test]
    fn three_months_without_prescriptions_stop_them_for_the_people_of_this_system_alone() {
        let mut feeds = practice();
        busy(&mut feeds, "tpp", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "tpp", DataKind::Prescriptions, &YEAR, &[]);
        busy(&mut feeds, "emis", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "emis", DataKind::Prescriptions, &YEAR[..5], &[]);
        busy(&mut feeds, "emis", DataKind::Prescriptions, &YEAR[8..], &[]);
        assert_eq!(unsent_to(&feeds, &["emis"]), YEAR[5..8]);
        // The gap of another system is none of theirs, either.
        let none_of_tpp =
            feeds.flags(&[Arc::from("tpp")].into(), Month::EARLIEST).map(|flags| flags.shown(Month::EARLIEST, false));
        assert!(none_of_tpp.into_iter().flatten().all(|gaps| gaps.gaps.is_empty()));
        assert_eq!(unsent_to(&feeds, &["tpp"]), [""; 0]);
    }

    #[test]
    fn a_practice_that_changes_its_system_stops_no_kind() {
        let mut feeds = practice();
        busy(&mut feeds, "old", DataKind::Attendance, &YEAR[..6], &[]);
        busy(&mut feeds, "old", DataKind::Prescriptions, &YEAR[..5], &[]);
        busy(&mut feeds, "new", DataKind::Attendance, &YEAR[6..], &[]);
        assert_eq!(unsent_to(&feeds, &["old"]), ["2026-06"]);
        busy(&mut feeds, "new", DataKind::Prescriptions, &YEAR[6..], &[]);
        assert_eq!(unsent_to(&feeds, &["old"]), [""; 0], "June is one quiet month");
        assert_eq!(unsent_to(&feeds, &["new"]), [""; 0]);
    }

    #[test]
    fn the_costs_of_prescriptions_come_with_them_or_not_at_all() {
        let mut feeds = practice();
        busy(&mut feeds, "appointments", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "plain", DataKind::Prescriptions, &YEAR, &[]);
        busy(&mut feeds, "priced", DataKind::Prescriptions, &YEAR, &[]);
        busy(&mut feeds, "priced", DataKind::Costs, &YEAR, &[]);
        let lacks_costs = |own: &[&str]| {
            let own = own.iter().map(|feed| Arc::from(*feed)).collect();
            feeds.flags(&own, Month::EARLIEST).iter().filter(|flags| flags.not_sent.contains(DataKind::Costs)).count()
        };
        assert_eq!((lacks_costs(&["appointments", "plain"]), lacks_costs(&["plain"])), (12, 12));
        assert_eq!((lacks_costs(&["appointments", "priced"]), lacks_costs(&["appointments"])), (0, 0));
    }

    #[test]
    fn a_declaration_overrules_what_is_observed() {
        let month: Month = "2026-12".parse().unwrap();
        let declares = |kinds: &[DataKind]| {
            let mut feeds = practice();
            let sends = Some(kinds.iter().copied().collect());
            for kind in [DataKind::Attendance, DataKind::Prescriptions] {
                let counted =
                    KindMonth { practice: "A1".into(), kind: kind.word().into(), month, events: 9, days: 1, weekday_median: 0 };
                feeds.add(&"a".into(), sends, &counted);
            }
            (unsent(&feeds, "referrals").len(), unsent(&feeds, "prescriptions").len())
        };
        assert_eq!(declares(&[DataKind::Attendance, DataKind::Prescriptions, DataKind::Referrals]), (0, 0));
        assert_eq!(declares(&[DataKind::Attendance]), (1, 1));
    }

    /// Monday 7 to Friday 11 September 2026.
    const WEEK: [&str; 5] = ["2026-09-07", "2026-09-08", "2026-09-09", "2026-09-10", "2026-09-11"];

    fn gaps(feeds: &PracticeFeeds) -> Vec<(String, String, u32)> {
        let shown = shown(feeds, Month::EARLIEST);
        shown.iter().flat_map(|of| of.gaps.iter().map(|gap| (of.month.to_string(), gap.kind.clone(), gap.days))).collect()
    }

    #[test]
    fn a_silent_week_of_one_kind_is_its_gap_and_one_of_all_kinds_is_a_gap_of_all() {
        let of = |attendance: &[&str], prescriptions: &[&str]| {
            let mut feeds = practice();
            busy(&mut feeds, "a", DataKind::Attendance, &YEAR, attendance);
            busy(&mut feeds, "a", DataKind::Prescriptions, &YEAR, prescriptions);
            gaps(&feeds)
        };
        let gap = |kind: &str| vec![("2026-09".to_owned(), kind.to_owned(), 5)];
        assert_eq!(of(&[], &WEEK), gap("prescriptions"));
        assert_eq!(of(&WEEK, &WEEK), gap("all"));
        assert_eq!(of(&WEEK[..4], &WEEK[..4]), []);
        assert_eq!(of(&[], &WEEK[..4]), []);
    }

    #[test]
    fn a_gap_across_two_months_belongs_to_the_month_with_three_of_its_days() {
        let of = |silent: &[&str]| {
            let mut feeds = practice();
            busy(&mut feeds, "a", DataKind::Attendance, &YEAR, &[]);
            busy(&mut feeds, "a", DataKind::Prescriptions, &YEAR, silent);
            gaps(&feeds)
        };
        // 30 September 2026 is a Wednesday, 1 October a Thursday.
        let days = ["2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01", "2026-10-02", "2026-10-05"];
        let gap = |month: &str, days| (month.to_owned(), "prescriptions".to_owned(), days);
        assert_eq!(of(&days[..5]), [gap("2026-09", 3)]);
        assert_eq!(of(&days[1..]), [gap("2026-10", 3)]);
        assert_eq!(of(&days), [gap("2026-09", 3), gap("2026-10", 3)]);
    }

    #[test]
    fn the_silence_of_a_kind_with_few_events_is_no_gap() {
        let mut feeds = practice();
        busy(&mut feeds, "a", DataKind::Attendance, &YEAR, &[]);
        for text in YEAR {
            // Four on the first day of the month alone.
            add(&mut feeds, "a", DataKind::Referrals, text.parse().unwrap(), 4, 1, 4);
        }
        assert_eq!(gaps(&feeds), []);
    }

    #[test]
    fn one_of_two_feeds_that_goes_silent_is_a_gap() {
        let mut feeds = practice();
        busy(&mut feeds, "a", DataKind::Attendance, &YEAR, &[]);
        busy(&mut feeds, "a", DataKind::Prescriptions, &YEAR, &[]);
        busy(&mut feeds, "b", DataKind::Prescriptions, &YEAR, &WEEK);
        assert_eq!(gaps(&feeds), [("2026-09".to_owned(), "prescriptions".to_owned(), 5)]);
    }
}
