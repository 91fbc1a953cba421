//! A feed with a full working day every weekday, which stops one kind of data, or everything, for some days.

use std::sync::Arc;

use scorecard::event::Event;
use scorecard::record::item::{Feed, Item};
use scorecard::time::calendar::{Day, Timestamp, Zone};

use crate::simulation::plan::{DAY, Plan};
use crate::simulation::random::Random;
use crate::world::{amoxicillin, attended};

/// Events of a kind on a weekday.
const A_DAY: usize = 5;

/// Days on which the feed works.
const DAYS: i64 = 100;

/// A silence of the feed.
#[derive(Clone, Copy, Debug)]
struct Silence {
    from: i32,
    until: i32,
    /// Nothing arrives; else no prescription.
    is_whole: bool,
}

impl Silence {
    fn hides(self, day: i32, is_drug: bool) -> bool {
        (self.from..self.until).contains(&day) && (self.is_whole || is_drug)
    }
}

/// The working days of the feed: for each weekday the items with their arrivals. Empty in most histories.
pub(crate) fn working_days(plan: &Plan, like: &Feed, random: &mut Random) -> Vec<Vec<(i64, Item<'static>)>> {
    if !random.happens(200) {
        return Vec::new();
    }
    let feed = Arc::new(Feed { name: "busy".into(), practice: Some("A81001".into()), ..like.clone() });
    let first = Zone::london().day_of(Timestamp(plan.schedule.first.0 + random.range(-60, 250) * DAY)).0;
    let begins = first + i32::try_from(random.range(20, 50)).expect("small");
    let length = random.pick(&[5, 7, 9, 14, 25]);
    let silence = Silence { from: begins, until: begins + length, is_whole: random.happens(400) };
    let days = (0..i32::try_from(DAYS).expect("small")).map(|day| Day(first + day)).filter(|day| day.is_weekday());
    days.map(|day| worked(&feed, day, silence, random)).collect()
}

fn worked(feed: &Arc<Feed>, day: Day, silence: Silence, random: &mut Random) -> Vec<(i64, Item<'static>)> {
    let mut items = Vec::new();
    for number in 0..2 * A_DAY {
        let is_drug = number % 2 == 1;
        if silence.hides(day.0, is_drug) {
            continue;
        }
        let occurred = i64::from(day.0) * DAY + 43_200_000 + i64::try_from(number).expect("small") * 60_000;
        let written = occurred + random.range(0, DAY / 4);
        let arrival = written + random.weighted(&[(8, 0), (1, 12), (1, 45)]) * DAY;
        // Only every fifth prescription has a cost.
        let detail = if is_drug { amoxicillin((number == 1).then_some(143)) } else { attended() };
        let event = Event {
            version: Some(written.cast_unsigned()),
            day: Some(day),
            occurred_at: Some(Timestamp(occurred)),
            recorded_at: Some(Timestamp(written)),
            clinician: Some("gmc|7000000".into()),
            ..Event::new(format!("w{}-{number}", day.0), detail)
        };
        items.push((arrival, Item::Event(feed.clone(), event)));
    }
    items
}
