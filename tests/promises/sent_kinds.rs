//! Engine and oracle agree, for every set of a person's feeds, about the kinds that are sent and about gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use scorecard::completeness::practice_feeds::PracticeFeeds;
use scorecard::data_kind::DataKind;
use scorecard::record::log_record::KindMonth;
use scorecard::time::calendar::{Day, Month};
use sim::oracle::sendings::{KINDS, MissingData, PracticeTraffic};

const FEEDS: [&str; 3] = ["a", "b", "c"];

/// Kinds of the feeds: carriers, a detail of one of them, and a rare kind.
const SENT: [DataKind; 4] = [DataKind::Attendance, DataKind::Prescriptions, DataKind::Costs, DataKind::Referrals];

/// Months of traffic, up to the card's.
const MONTHS: usize = 16;

/// The events of one kind of a feed in a month.
#[derive(Clone, Copy, Debug)]
enum KindTraffic {
    Nothing,
    /// One event on the day at this place.
    Rare(usize),
    /// Six events on each weekday, apart from this many days from this place on.
    Busy(usize, usize),
}

fn sending() -> impl Strategy<Value = KindTraffic> {
    prop_oneof![
        3 => Just(KindTraffic::Nothing),
        2 => (0..28usize).prop_map(KindTraffic::Rare),
        3 => (0..20usize, 0..9usize).prop_map(|(from, days)| KindTraffic::Busy(from, days)),
    ]
}

/// The events of a month by day.
fn events(sending: KindTraffic, month: Month) -> Vec<(Day, u32)> {
    let days = (month.first_day().0..=month.last_day().0).map(Day);
    match sending {
        KindTraffic::Nothing => Vec::new(),
        KindTraffic::Rare(at) => days.skip(at).take(1).map(|day| (day, 1)).collect(),
        KindTraffic::Busy(from, silent) => {
            let weekdays = days.filter(|day| day.is_weekday()).enumerate();
            weekdays.filter(|(at, _)| !(from..from + silent).contains(at)).map(|(_, day)| (day, 6)).collect()
        }
    }
}

/// The count of a month as a mark has it.
fn counted(kind: DataKind, month: Month, events: &[(Day, u32)]) -> KindMonth {
    let weekdays = (month.first_day().0..=month.last_day().0).map(Day).filter(|day| day.is_weekday());
    let mut by_weekday: Vec<u32> = weekdays.map(|day| events.iter().filter(|(of, _)| *of == day).map(|(_, n)| n).sum()).collect();
    by_weekday.sort_unstable();
    KindMonth {
        practice: "A1".into(),
        kind: kind.word().into(),
        month,
        events: events.iter().map(|(_, n)| u64::from(*n)).sum(),
        days: events.iter().fold(0, |bits, (day, _)| bits | 1 << (day.0 - month.first_day().0)),
        weekday_median: by_weekday[(by_weekday.len() - 1) / 2],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn engine_and_oracle_agree_for_every_set_of_feeds(
        sendings in proptest::collection::vec(sending(), FEEDS.len() * SENT.len() * MONTHS),
        quiet in 0..8u8,
        known in 0..MONTHS,
    ) {
        let card: Month = "2026-10".parse().expect("a month");
        let month = |at: usize| card.plus(i32::try_from(at).expect("small") + 1 - i32::try_from(MONTHS).expect("small"));
        let (mut engine, mut oracle) = (PracticeFeeds::new(card), PracticeTraffic::default());
        let places = (0..FEEDS.len()).flat_map(|feed| SENT.into_iter().flat_map(move |kind| (0..MONTHS).map(move |at| (feed, kind, at))));
        for ((feed, kind, at), sending) in places.zip(sendings) {
            // Some feeds hold no attendances at all.
            if kind == DataKind::Attendance && quiet >> feed & 1 == 1 {
                continue;
            }
            let events = events(sending, month(at));
            if !events.is_empty() && PracticeFeeds::decides(month(at), card) {
                engine.add(&Arc::from(FEEDS[feed]), None, &counted(kind, month(at), &events));
            }
            for (day, n) in events {
                let date = day.to_string().parse().expect("a civil day prints as a date");
                (0..n).for_each(|_| oracle.count(FEEDS[feed], kind.word(), date));
            }
        }
        let known_from = month(known);
        for chosen in 0..1usize << FEEDS.len() {
            let own: BTreeSet<&str> = (0..FEEDS.len()).filter(|at| chosen >> at & 1 == 1).map(|at| FEEDS[at]).collect();
            let of_card = sim::calendar::Month(card.0);
            let expected = oracle.missing(&own, of_card, &|month| month.0 >= known_from.0);
            let flags = engine.flags(&own.iter().map(|feed| Arc::from(*feed)).collect(), known_from);
            let word = |word: &str| KINDS.into_iter().chain(["all"]).find(|kind| *kind == word).expect("a known kind");
            let shown = (-11..=0).map(|back| card.plus(back)).zip(flags).filter_map(|(month, flags)| flags.shown(month, false));
            let got: BTreeMap<_, _> = shown.map(|gaps| {
                let days = gaps.gaps.iter().map(|gap| (word(&gap.kind), gap.days)).collect();
                let not_sent = gaps.not_sent.iter().map(|kind| word(kind)).collect();
                (sim::calendar::Month(gaps.month.0), MissingData { gaps: days, not_sent })
            }).collect();
            prop_assert_eq!(&got, &expected, "{:?} of {:?}", own, known_from);
        }
    }
}
