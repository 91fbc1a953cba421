//! The arrival of one event: usually in order; an odd event is amended, retracted, duplicated, late or out of order.

use crate::calendar::{London, Month};
use crate::traffic::draft::{Detail, Draft, Number, Spelling};
use crate::traffic::draw::Draw;
use crate::traffic::oddity::Odd;

/// One delivery of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionDelivery {
    /// Arrival, milliseconds since 1970-01-01T00:00Z.
    pub arrival: i64,
    pub json: String,
}

/// The clinicians and practices that an amendment can name instead.
pub(crate) struct Scene<'a> {
    pub london: &'a London,
    /// Numbers of the clinicians of the practice.
    pub colleagues: &'a [Number],
    /// Codes of all practices.
    pub practices: &'a [String],
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Deliveries of one event, in order of arrival.
pub(crate) fn tell(draft: &Draft, odd: Option<Odd>, scene: &Scene<'_>, draw: &mut Draw) -> Vec<VersionDelivery> {
    let mut teller = Teller { scene, draw, told: Vec::new() };
    let first = teller.first_arrival(draft, odd);
    teller.tell(draft, odd, first);
    let mut told = teller.told;
    told.sort_by_key(|t| t.arrival);
    told
}

struct Teller<'a> {
    scene: &'a Scene<'a>,
    draw: &'a mut Draw,
    told: Vec<VersionDelivery>,
}

impl Teller<'_> {
    fn first_arrival(&mut self, draft: &Draft, odd: Option<Odd>) -> i64 {
        match odd {
            Some(Odd::LateDays) => self.after(draft.occurred, DAY, 30 * DAY),
            Some(Odd::LateMonths) => self.after(draft.occurred, 32 * DAY, 330 * DAY),
            Some(Odd::AfterSeal) => self.after_seal(draft.occurred),
            _ => self.after(draft.occurred, 10 * MINUTE, 3 * HOUR),
        }
    }

    fn tell(&mut self, draft: &Draft, odd: Option<Odd>, first: i64) {
        let next = self.after(first, HOUR, 20 * DAY);
        match odd {
            Some(Odd::Duplicate) => {
                self.record(draft, 1, first);
                let again = VersionDelivery { arrival: next, json: self.told[0].json.clone() };
                self.told.push(again);
            }
            Some(Odd::Stale) => {
                self.record(draft, 1, first);
                let original = self.told[0].json.clone();
                let reworded = self.reworded(draft);
                self.record(&reworded, 2, next);
                let last = self.after(next, MINUTE, 10 * DAY);
                self.told.push(VersionDelivery { arrival: last, json: original });
            }
            Some(Odd::Conflict) => {
                self.record(draft, 1, first);
                let reworded = self.reworded(draft);
                self.record(&reworded, 1, next);
            }
            Some(Odd::VersionGap) => self.version_gap(draft, first, next),
            Some(Odd::Retracted) => {
                self.record(draft, 1, first);
                self.retract(draft, 2, next);
            }
            Some(Odd::RetractedFirst) => {
                self.retract(draft, 2, first);
                self.record(draft, 1, next);
            }
            Some(Odd::RetractedAfterSeal) => {
                self.record(draft, 1, first);
                let late = self.after_seal(draft.occurred);
                self.retract(draft, 2, late);
            }
            Some(Odd::Revived) => {
                self.record(draft, 1, first);
                self.retract(draft, 2, next);
                let last = self.after(next, MINUTE, 10 * DAY);
                self.record(draft, 3, last);
            }
            _ => self.record_and_amend(draft, odd, first, next),
        }
    }

    fn record_and_amend(&mut self, draft: &Draft, odd: Option<Odd>, first: i64, next: i64) {
        self.record(draft, 1, first);
        let amended = match odd {
            Some(Odd::AmendedSameMonth) => self.reworded(draft),
            Some(Odd::AmendedClinician) => self.by_a_colleague(draft),
            Some(Odd::AmendedPractice) => self.elsewhere(draft),
            Some(Odd::AmendedOtherMonth) => return self.move_to_a_neighbour_month(draft, next),
            Some(Odd::AmendedAfterSeal) => {
                let late = self.after_seal(draft.occurred);
                let recent = Draft { occurred: late - self.draw.between(1, 25) * DAY, ..draft.clone() };
                return self.record(&recent, 2, late);
            }
            Some(Odd::AmendedIntoSealed) => Draft { occurred: self.scene.london.plus(draft.occurred, 0, -15), ..draft.clone() },
            _ => return,
        };
        self.record(&amended, 2, next);
        // Half of the moves to another practice are mistakes: the card there may be withdrawn.
        if odd == Some(Odd::AmendedPractice) && self.draw.chance(0.5) {
            let back = self.after(next, HOUR, 20 * DAY);
            self.record(draft, 3, back);
        }
    }

    /// Version 2 first; version 1 arrives later, as a stale one, or never.
    fn version_gap(&mut self, draft: &Draft, first: i64, next: i64) {
        let reworded = self.reworded(draft);
        self.record(&reworded, 2, first);
        if self.draw.chance(0.7) {
            self.record(draft, 1, next);
        }
    }

    fn move_to_a_neighbour_month(&mut self, draft: &Draft, next: i64) {
        let day = self.scene.london.day_of(draft.occurred);
        if self.draw.chance(0.7) {
            let back = i64::from(day.day()) + self.draw.between(0, 20);
            self.record(&Draft { occurred: draft.occurred - back * DAY, ..draft.clone() }, 2, next);
        } else {
            let ahead = i64::from(day.days_in_month() - day.day()) + self.draw.between(1, 6);
            let moved = Draft { occurred: draft.occurred + ahead * DAY, ..draft.clone() };
            let arrival = self.after(next.max(moved.occurred), HOUR, DAY);
            self.record(&moved, 2, arrival);
        }
    }

    /// An instant between these distances after another, on a whole second.
    fn after(&mut self, instant: i64, least: i64, most: i64) -> i64 {
        instant + self.draw.between(least / 1000, most / 1000) * 1000
    }

    /// An instant up to 40 days after the seal of another instant's month.
    fn after_seal(&mut self, instant: i64) -> i64 {
        let month: Month = self.scene.london.month_of(instant);
        let sealed = self.scene.london.plus(self.scene.london.end_of(month), 0, 13);
        self.after(sealed, 25 * HOUR, 40 * DAY)
    }

    fn record(&mut self, draft: &Draft, version: u64, arrival: i64) {
        let recorded = (arrival - self.draw.between(0, 30) * 1000).max(draft.occurred);
        let spelling = self.spelling();
        self.told.push(VersionDelivery { arrival, json: draft.record(version, recorded, spelling) });
    }

    fn retract(&mut self, draft: &Draft, version: u64, arrival: i64) {
        let spelling = self.spelling();
        self.told.push(VersionDelivery { arrival, json: draft.retraction(version, spelling) });
    }

    fn spelling(&mut self) -> Spelling {
        if self.draw.chance(0.2) { Spelling::Short } else { Spelling::Full }
    }

    fn by_a_colleague(&mut self, draft: &Draft) -> Draft {
        let others: Vec<&Number> = self.scene.colleagues.iter().filter(|n| n.value != draft.clinician.value).collect();
        if others.is_empty() {
            return self.reworded(draft);
        }
        let clinician = (*self.draw.pick(&others)).clone();
        Draft { clinician, ..draft.clone() }
    }

    fn elsewhere(&mut self, draft: &Draft) -> Draft {
        let others: Vec<&String> = self.scene.practices.iter().filter(|p| Some(*p) != draft.practice.as_ref()).collect();
        if others.is_empty() {
            return self.reworded(draft);
        }
        let practice = (*self.draw.pick(&others)).clone();
        Draft { practice: Some(practice), ..draft.clone() }
    }

    /// The same event with different content.
    fn reworded(&mut self, draft: &Draft) -> Draft {
        let mut draft = draft.clone();
        match &mut draft.detail {
            Detail::Encounter(e) if e.status == "attended" && self.draw.chance(0.9) => {
                e.minutes = Some(e.minutes.unwrap_or(9) + self.draw.between(1, 4));
            }
            Detail::Encounter(e) => {
                e.status = if e.status == "attended" { "noshow" } else { "attended" };
                e.minutes = (e.status == "attended").then_some(10);
            }
            Detail::Prescription(p) => {
                p.quantity = Some(p.quantity.as_ref().map_or_else(|| 1.into(), doubled));
                p.cost_pence = Some(p.cost_pence.unwrap_or(50) * 2);
            }
            Detail::Feedback(f) => f.answer = Some(if f.answer == Some("good") { "very_good" } else { "good" }),
            Detail::Order(o) => o.category = if o.category == "referral" { "test" } else { "referral" },
        }
        draft
    }
}

fn doubled(quantity: &serde_json::Number) -> serde_json::Number {
    match quantity.as_i64() {
        Some(whole) => (whole * 2).into(),
        None => serde_json::Number::from_f64(quantity.as_f64().unwrap_or(1.0) * 2.0).unwrap_or_else(|| 2.into()),
    }
}
