//! The story of one event from its first version to its last: amendments, moves, retractions, duplicates, and each arrival.

use scorecard::event::{
    Action, Answer, Attendance, Codes, Detail, Encounter, Event, Exclusion, Feedback, IdScope, Mode, Observation, ObservedValue,
    Order, Prescription, Pseudonym, Sex, Source as Side, Versioning,
};
use scorecard::time::calendar::{Timestamp, Zone};

use crate::simulation::measure_sets::{LATER_DRESSING, LATER_DRUG};
use crate::simulation::plan::{DAY, Plan, Retention};
use crate::simulation::random::Random;
use crate::simulation::traffic::participants::{Source, any_practice, clinician};

/// One version on its way.
#[derive(Clone, Debug)]
pub(crate) struct StoryEvent {
    pub arrival: i64,
    pub event: Event<'static>,
}

/// The stories of one feed.
#[derive(Debug)]
pub(crate) struct Teller<'a> {
    pub plan: &'a Plan,
    pub source: &'a Source,
    pub random: &'a mut Random,
    /// Encounters so far, which later events may link.
    pub encounters: Vec<(String, i64)>,
    /// Number of events of each kind so far.
    pub counts: [usize; 5],
}

impl Teller<'_> {
    /// All versions of the event with this number.
    pub(crate) fn story(&mut self, number: usize) -> Vec<StoryEvent> {
        let mut event = self.first_version(number);
        let mut sent = Vec::new();
        let occurred = event.occurred_at.map_or(0, |at| at.0);
        let mut written = occurred + self.random.range(0, DAY);
        let mut version = 1;
        loop {
            self.send(&event, version, written, &mut sent);
            if !self.random.happens(430) || version == 5 {
                break;
            }
            written += self.gap();
            if written >= self.plan.until.0 {
                break;
            }
            version += 1;
            event = self.amended(&event, written);
        }
        self.haunt(&event, occurred, &mut sent);
        sent
    }

    /// Where the log loses its beginning, a link must not reach back more than a month: its target may be gone.
    fn is_torn(&self) -> bool {
        self.plan.retention != Retention::Kept
    }

    /// Whether an event must keep its day for that reason.
    fn is_bound(&self, event: &Event<'static>) -> bool {
        self.is_torn() && (event.link.is_some() || matches!(event.detail, Detail::Encounter(_)))
    }

    fn gap(&mut self) -> i64 {
        let days = self.random.pick(&[0, 0, 1, 10, 40, 120, 300, 430]);
        days * DAY + self.random.range(60_000, DAY)
    }

    fn delay(&mut self) -> i64 {
        let days = self.random.weighted(&[(20, 0), (8, 1), (6, 14), (4, 60), (2, 200), (1, 410)]);
        days * DAY + self.random.range(0, DAY / 2)
    }

    /// Sends a version: once, often twice, and sometimes with another content under the same version.
    fn send(&mut self, event: &Event<'static>, version: u64, written: i64, sent: &mut Vec<StoryEvent>) {
        let ready = written + self.delay();
        let arrival = self.late(ready);
        let stamped = self.stamped(event, version, written, arrival);
        sent.push(StoryEvent { arrival, event: stamped });
        if self.random.happens(150) {
            let days = self.random.pick(&[0, 0, 1, 20, 200, 400, 460]);
            let ready = arrival + days * DAY + self.random.range(0, DAY);
            let again = self.late(ready);
            sent.push(StoryEvent { arrival: again, event: self.stamped(event, version, written, again) });
        }
        if self.random.happens(40) && event.action == Action::Record {
            let mut other = event.clone();
            other.clinician = Some(clinician(self.random.pick(&self.source.staff), self.random).into());
            let ready = arrival + self.random.range(0, 30) * DAY;
            let again = self.late(ready);
            sent.push(StoryEvent { arrival: again, event: self.stamped(&other, version, written, again) });
        }
    }

    /// The arrival of an event that is ready at an instant.
    fn late(&self, ready: i64) -> i64 {
        let at = ready + self.source.slowness;
        match self.source.silence {
            Some((from, until)) if (from..until).contains(&at) => until,
            _ => at,
        }
    }

    fn stamped(&mut self, event: &Event<'static>, version: u64, written: i64, arrival: i64) -> Event<'static> {
        let mut stamped = event.clone();
        let number = |at: i64| Some(at.cast_unsigned());
        stamped.version = match self.source.feed.versioning {
            Versioning::Id => Some(version),
            Versioning::Updated => number(written),
            Versioning::Arrival => number(arrival),
        };
        if event.action == Action::Retract && self.source.feed.versioning == Versioning::Id && self.random.happens(200) {
            stamped.version = None;
        }
        stamped.recorded_at = Some(Timestamp(written));
        stamped
    }

    /// An old version that arrives when the newest version's month is sealed and its own is not. The tally must still know the
    /// versions between them.
    fn haunt(&mut self, newest: &Event<'static>, occurred: i64, sent: &mut Vec<StoryEvent>) {
        if sent.len() != 1 || !self.random.happens(120) || newest.action != Action::Record || self.is_bound(newest) {
            return;
        }
        let back = occurred - self.random.range(35, 80) * DAY;
        let mut moved = at_instant(newest.clone(), back);
        if self.random.happens(400) {
            moved = retraction(&moved);
        }
        let written = occurred + self.random.range(2, 30) * DAY;
        self.send(&moved, 2, written, sent);
        let day = moved.day.unwrap_or(Zone::london().day_of(Timestamp(back)));
        let sealed = self.plan.schedule.sealed_from(day.month());
        let cut = self.plan.schedule.grid.at_or_after(sealed);
        let first = sent[0].event.clone();
        if self.source.feed.versioning != Versioning::Arrival {
            let ready = cut.0 + self.random.range(0, 20) * DAY;
            sent.push(StoryEvent { arrival: self.late(ready), event: first });
        }
    }

    fn first_version(&mut self, number: usize) -> Event<'static> {
        let first = self.plan.schedule.first.0;
        let early = self.random.happens(700);
        let occurred = match early {
            true => first + self.random.range(-50 * DAY, 60 * DAY),
            false if self.random.happens(500) => first + self.random.range(190 * DAY, 225 * DAY),
            false => self.plan.until.0 - self.random.range(5 * DAY, 50 * DAY),
        };
        let mut kind = self.random.weighted(&[(35, 0), (34, 1), (13, 2), (5, 3), (12, 4), (1, 5)]);
        if self.source.stops.is_some_and(|(stopped, from)| stopped == kind && occurred >= from) {
            kind = 3;
        }
        // Later few clinicians go on working: a card for every single event would only cost time.
        let staff = if early { &self.source.staff[..] } else { &self.source.staff[..1] };
        let who = clinician(self.random.pick(staff), self.random);
        let id = self.id(kind, number);
        let mut event = Event {
            version: None,
            clinician: Some(who.into()),
            exclude: self.random.happens(40).then_some(Exclusion::Admin),
            ..Event::new(id, Detail::Order(None))
        };
        self.describe_patient(&mut event);
        if self.random.happens(200) {
            event.practice = Some(any_practice(self.random).into());
        }
        if self.random.happens(60) {
            event.pca = vec!["abx".into()];
        }
        event = at_instant(event, occurred);
        event.detail = self.detail(kind);
        self.connect(&mut event, kind, occurred);
        event
    }

    /// The id of an event. Where ids are unique for each kind only, an event of every kind has the same ids.
    fn id(&mut self, kind: usize, number: usize) -> String {
        if self.source.feed.ids == IdScope::Feed {
            return format!("{}{number}", ["e", "p", "f", "o", "v", "b"][kind]);
        }
        // A visit is an encounter too.
        let count = &mut self.counts[[0, 1, 2, 3, 0, 4][kind]];
        *count += 1;
        format!("x{count}")
    }

    /// Signs, age and sex, as a source with patients has them, or a pseudonym alone, or nothing.
    fn describe_patient(&mut self, event: &mut Event<'static>) {
        let byte = |random: &mut Random, most: usize| u8::try_from(random.index(most)).expect("below 256");
        if self.random.happens(500) {
            event.signs = Some(byte(self.random, 16));
        }
        if self.random.happens(600) {
            event.patient = Some(Pseudonym([byte(self.random, 256); 16]));
            event.age_band = Some(byte(self.random, 19));
            event.sex = Some(self.random.pick(&[Sex::Female, Sex::Male, Sex::Other]));
        }
    }

    fn detail(&mut self, kind: usize) -> Detail<'static> {
        match kind {
            0 => Detail::Encounter(Some(self.encounter(Side::Whole))),
            1 => Detail::Prescription(Some(self.prescription())),
            2 => Detail::Feedback(Some(self.feedback())),
            3 => Detail::Order(Some(order(self.random.pick(&["plumbline|referral", "plumbline|test", "local|unknown"])))),
            5 => Detail::Observation(Some(observation(self.random.range(90_000, 180_000)))),
            _ => {
                let side = self.random.pick(&[Side::Visit, Side::Slot]);
                Detail::Encounter(Some(self.encounter(side)))
            }
        }
    }

    fn encounter(&mut self, source: Side) -> Encounter<'static> {
        Encounter {
            source,
            mode: Mode::FaceToFace,
            status: self.random.weighted(&[(8, Attendance::Attended), (2, Attendance::Noshow), (1, Attendance::Unknown)]),
            booked_at: None,
            booked_day: None,
            minutes: self.sent(3, 30, 1),
            planned_minutes: Some(10),
            diagnoses: Vec::new(),
            types: Codes::default(),
        }
    }

    fn prescription(&mut self) -> Prescription<'static> {
        let codes = [
            Some("bnf|0501013B0AAABAB"),
            Some("bnf|0501013B0AAABAB"),
            Some("bnf|0501090B0AAABAB"),
            Some("bnf|0703021Q0BBABAB"),
            None,
        ];
        let more =
            [Some("bnf|0703021Q0AAAAAA"), Some("bnf|0212000Y0AAADAD"), Some(LATER_DRUG.0), Some(LATER_DRESSING), Some("local|x")];
        let code = if self.random.happens(250) { self.random.pick(&more) } else { self.random.pick(&codes) };
        Prescription {
            drug: code.map(Codes::one).unwrap_or_default(),
            reference: (code.is_none() && self.random.happens(500)).then(|| "Medication/1".into()),
            quantity_milli: self.sent(1, 90, 1_000),
            items: u16::try_from(self.random.range(1, 3)).expect("small"),
            cost_pence: self.sent(0, 2_000, 1),
            adq_milli: self.sent(0, 9, 500),
            repeat: self.random.happens(300),
        }
    }

    /// A number of this range in this unit. One in eight is absent.
    fn sent(&mut self, from: i64, until: i64, unit: u32) -> Option<u32> {
        let value = u32::try_from(self.random.range(from, until)).expect("small") * unit;
        (!self.random.happens(125)).then_some(value)
    }

    fn feedback(&mut self) -> Feedback<'static> {
        let answer = self.random.pick(&[Answer::VeryGood, Answer::Good, Answer::Neither, Answer::Poor, Answer::DontKnow]);
        Feedback { answer: Some(answer), items: Vec::new() }
    }

    /// Links an event to an encounter of its feed, or makes it one.
    fn connect(&mut self, event: &mut Event<'static>, kind: usize, occurred: i64) {
        let days = if self.is_torn() { 25 } else { 100 };
        // The events of a visit may have a day before it.
        let after = if kind == 2 { 25 } else { 0 };
        let near = (occurred - days * DAY)..=(occurred + after * DAY);
        let near = self.encounters.iter().filter(|(_, at)| near.contains(at));
        let near: Vec<String> = near.map(|(id, _)| id.clone()).collect();
        let link = (!near.is_empty()).then(|| near[self.random.index(near.len())].clone());
        let is_visit = matches!(&event.detail, Detail::Encounter(Some(e)) if e.source == Side::Visit);
        let links = match kind {
            2 => self.random.happens(850),
            1 | 3 => self.random.happens(350),
            _ => is_visit && self.random.happens(850),
        };
        if let (true, Some(link)) = (links, link) {
            event.link = Some(link.into());
            if kind != 0 && !is_visit && self.random.happens(600) {
                event.clinician = None;
                event.practice = None;
            }
        }
        if matches!(kind, 0 | 4) && !is_visit {
            self.encounters.push((event.id.to_string(), occurred));
        }
    }

    /// The next version, recorded at an instant.
    fn amended(&mut self, event: &Event<'static>, written: i64) -> Event<'static> {
        let mut next = event.clone();
        if event.action == Action::Retract {
            if self.is_torn() {
                return next;
            }
            let occurred = written - self.random.range(1, 60) * DAY;
            next = at_instant(next, occurred);
            next.clinician = Some(clinician(self.random.pick(&self.source.staff), self.random).into());
            next.action = Action::Record;
            next.detail = match &next.detail {
                Detail::Encounter(_) => Detail::Encounter(Some(self.encounter(Side::Whole))),
                Detail::Prescription(_) => Detail::Prescription(Some(self.prescription())),
                Detail::Feedback(_) => Detail::Feedback(Some(self.feedback())),
                Detail::Order(_) => Detail::Order(Some(order("plumbline|imaging"))),
                Detail::Observation(_) => Detail::Observation(Some(observation(120_000))),
            };
            return next;
        }
        if self.random.happens(280) {
            return retraction(&next);
        }
        let occurred = event.occurred_at.map_or(written, |at| at.0);
        match self.random.below(6) {
            0 | 1 if self.is_bound(event) => {}
            0 | 1 => next = at_instant(next, (occurred - self.random.range(-60, 90) * DAY).min(written)),
            2 => next.clinician = Some(clinician(self.random.pick(&self.source.staff), self.random).into()),
            3 => next.practice = Some(any_practice(self.random).into()),
            4 => next.action = if self.random.happens(300) { Action::Hold } else { Action::Record },
            _ => next.exclude = if next.exclude.is_some() { None } else { Some(Exclusion::Test) },
        }
        if self.random.happens(200) {
            self.describe_patient(&mut next);
        }
        match &mut next.detail {
            Detail::Encounter(Some(e)) if self.random.happens(300) => {
                *e = Encounter { source: e.source, ..self.encounter(e.source) }
            }
            Detail::Prescription(Some(p)) if self.random.happens(300) => *p = self.prescription(),
            Detail::Feedback(Some(f)) if self.random.happens(300) => *f = self.feedback(),
            _ => {}
        }
        next
    }
}

/// A systolic blood pressure in thousandths of a millimetre.
fn observation(value_milli: i64) -> Observation<'static> {
    let value = ObservedValue { code: Codes::one("loinc|8480-6"), value_milli, unit: Some("mm[Hg]".into()) };
    Observation { code: Codes::one("loinc|85354-9"), values: vec![value] }
}

/// An order of this category.
fn order(category: &'static str) -> Order<'static> {
    Order { category: Codes::one(category), code: Codes::default() }
}

fn at_instant(mut event: Event<'static>, at: i64) -> Event<'static> {
    event.occurred_at = Some(Timestamp(at));
    event.day = Some(Zone::london().day_of(Timestamp(at)));
    event
}

fn retraction(of: &Event<'static>) -> Event<'static> {
    let detail = match &of.detail {
        Detail::Encounter(_) => Detail::Encounter(None),
        Detail::Prescription(_) => Detail::Prescription(None),
        Detail::Feedback(_) => Detail::Feedback(None),
        Detail::Order(_) => Detail::Order(None),
        Detail::Observation(_) => Detail::Observation(None),
    };
    Event {
        action: Action::Retract,
        day: None,
        occurred_at: None,
        clinician: None,
        practice: None,
        exclude: None,
        pca: Vec::new(),
        link: None,
        detail,
        ..of.clone()
    }
}
