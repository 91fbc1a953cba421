//! Events of each kind that a feed sent for a practice in each open month, day by day.

use std::sync::Arc;

use crate::data_kind::{DataKind, KindSet};
use crate::event::Exclusion;
use crate::fold::content::Content;
use crate::fold::fact::Fact;
use crate::fold::fast_map::FastMap;
use crate::fold::row_counters::Sign;
use crate::measure::absent::AbsentField;
use crate::measure::needed_kinds::kind_of_order;
use crate::record::log_record::KindMonth;
use crate::time::calendar::{Day, Month};

/// Most days of a month.
const DAYS: usize = 31;

/// Events by day of the month.
type DayCounts = [u32; DAYS];

/// Feed, practice and month of counts: the interned numbers of their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CountKey {
    pub feed: u32,
    pub practice: Option<u32>,
    pub month: Month,
}

/// The counts of one feed, practice and month. Most feeds lack some kinds.
#[derive(Debug)]
struct MonthCounts {
    key: CountKey,
    first_day: Day,
    kinds: [Option<Box<DayCounts>>; DataKind::ALL.len()],
}

/// The counts of all open months, by number. Numbers of sealed months are reused.
#[derive(Debug, Default)]
pub(crate) struct KindCounts {
    months: Vec<Option<MonthCounts>>,
    numbers: FastMap<CountKey, u32>,
    free: Vec<u32>,
}

impl KindCounts {
    /// The number of these counts; created if missing.
    pub(crate) fn number(&mut self, key: CountKey) -> u32 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let counts = MonthCounts { key, first_day: key.month.first_day(), kinds: Default::default() };
        let number = self.free.pop().unwrap_or_else(|| {
            self.months.push(None);
            u32::try_from(self.months.len() - 1).expect("fewer than 4 billion open rows")
        });
        self.months[number as usize] = Some(counts);
        self.numbers.insert(key, number);
        number
    }

    /// Adds a fact with this content to the counts of its row, or subtracts it. Feedback that counts in another month than its own
    /// day's is on the first day.
    pub(crate) fn count(&mut self, number: u32, fact: &Fact, content: &Content, sign: Sign) {
        let Some(counts) = self.months[number as usize].as_mut() else { return };
        let day = fact.day().map_or(0, |day| day.0 - counts.first_day.0);
        let day = usize::try_from(day).ok().filter(|day| *day < DAYS && counts.has_day(*day)).unwrap_or(0);
        for kind in kinds_of(fact, content).kinds() {
            let count = &mut counts.kinds[kind as usize].get_or_insert_with(Box::default)[day];
            *count = if sign == Sign::Plus { *count + 1 } else { *count - 1 };
        }
    }

    /// Removes the counts of months before `open_from`.
    pub(crate) fn seal(&mut self, open_from: Month) {
        for (number, place) in self.months.iter_mut().enumerate() {
            if let Some(counts) = place.take_if(|counts| counts.key.month < open_from) {
                self.numbers.remove(&counts.key);
                self.free.push(u32::try_from(number).expect("numbers have 32 bits"));
            }
        }
    }

    /// The kinds of each feed from this month on, by the feed's number, in order of practice, kind and month.
    pub(crate) fn by_feed(&self, from: Month, name: impl Fn(u32) -> Arc<str>) -> FastMap<u32, Vec<KindMonth>> {
        let mut feeds: FastMap<u32, Vec<KindMonth>> = FastMap::default();
        for counts in self.months.iter().flatten().filter(|counts| counts.key.month >= from) {
            let practice = counts.key.practice.map_or_else(|| "unknown".into(), &name);
            feeds.entry(counts.key.feed).or_default().extend(counts.kind_months(&practice));
        }
        for kinds in feeds.values_mut() {
            kinds.sort_unstable_by(|a, b| (&a.practice, &a.kind, a.month).cmp(&(&b.practice, &b.kind, b.month)));
        }
        feeds
    }
}

impl MonthCounts {
    fn has_day(&self, day: usize) -> bool {
        i32::try_from(day).is_ok_and(|day| self.first_day.0 + day <= self.key.month.last_day().0)
    }

    fn kind_months(&self, practice: &Arc<str>) -> impl Iterator<Item = KindMonth> {
        let counted = DataKind::ALL.into_iter().filter_map(|kind| Some((kind, self.kinds[kind as usize].as_deref()?)));
        counted.filter(|(_, days)| days.iter().any(|events| *events > 0)).map(|(kind, days)| KindMonth {
            practice: practice.clone(),
            kind: kind.word().into(),
            month: self.key.month,
            events: days.iter().map(|events| u64::from(*events)).sum(),
            days: days.iter().rev().fold(0, |bits, events| bits << 1 | u32::from(*events > 0)),
            weekday_median: self.weekday_median(days),
        })
    }

    /// The lower median of the events on the weekdays of the month.
    fn weekday_median(&self, days: &DayCounts) -> u32 {
        let month = self.first_day.0..=self.key.month.last_day().0;
        let on_weekdays = month.zip(days).filter(|(day, _)| Day(*day).is_weekday());
        let mut events: Vec<u32> = on_weekdays.map(|(_, events)| *events).collect();
        events.sort_unstable();
        events[(events.len() - 1) / 2]
    }
}

/// The kinds of data that a fact carries. An excluded fact carries none.
fn kinds_of(fact: &Fact, content: &Content) -> KindSet {
    let excluded: Option<Exclusion> = fact.exclude();
    if excluded.is_some() {
        return KindSet::default();
    }
    let carried = |fields: &[(AbsentField, DataKind)]| {
        fields.iter().filter(|(field, _)| !content.lacks(*field)).map(|(_, kind)| *kind).collect::<KindSet>()
    };
    match content {
        Content::Encounter(_) => {
            let mut kinds = carried(&[(AbsentField::Minutes, DataKind::Minutes), (AbsentField::LagDays, DataKind::Booking)]);
            if fact.shape().attendance {
                kinds.insert(DataKind::Attendance);
            }
            kinds
        }
        Content::Prescription(_) => {
            let mut kinds = carried(&[(AbsentField::Cost, DataKind::Costs), (AbsentField::Quantity, DataKind::Quantities)]);
            kinds.insert(DataKind::Prescriptions);
            kinds
        }
        Content::Feedback { .. } => [DataKind::Feedback].into_iter().collect(),
        Content::Order { category } => category.map(kind_of_order).into_iter().collect(),
        Content::Observation => KindSet::default(),
    }
}
