//! Promises 1, 2 and 5: at every published cut every card says what its events come to, and says why it was issued.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::scorecard::{Cause, Scorecard, Status};
use scorecard::record::log_record::Run;
use scorecard::time::calendar::Month;

use crate::simulation::verifier::evidence::Evidence;
use crate::simulation::verifier::figures::Figures;
use crate::simulation::verifier::registry_as_of::Book;
use crate::simulation::verifier::verdict::Verdict;

const SUMS: &str = "at every cut the month of every card is the sum of its events";
const WINDOWS: &str = "the windows of a card are the sums of their months";
const COMPLETE: &str = "a window is incomplete only where the log no longer reaches back";
const EXISTS: &str = "there is a card where there is work, and none where there is none";
const SUBJECT: &str = "a card names its subject as the registry does at its cut";
const STATUS: &str = "a card says how far its month has come";
const REASONS: &str = "a card says why it was issued";
const ONLY_TOUCHED: &str = "only the cards that were touched are issued again";

/// (person, practice), practice empty for all of them.
type Unit = (String, String);

/// The newest revision of every card.
type Latest<'a> = BTreeMap<(Unit, Month), &'a Scorecard>;

/// The sums of all units at a cut, by month.
#[derive(Default)]
struct Cut {
    units: BTreeMap<Unit, BTreeMap<Month, Figures>>,
}

impl Cut {
    fn at(evidence: &Evidence<'_>, run: &Run, book: &Book) -> Cut {
        let mut cut = Cut::default();
        for (definition, tick) in evidence.partitions.iter().zip(evidence.ticks_of(run)) {
            let Some(tick) = tick else { continue };
            let sealed = definition.sealed_rows.iter().filter(|(key, _)| key.month < tick.open_from);
            for (key, figures) in tick.rows.iter().chain(sealed) {
                let person = book.person(&key.clinician).to_owned();
                for practice in [key.practice.to_string(), String::new()] {
                    let months = cut.units.entry((person.clone(), practice)).or_default();
                    months.entry(key.month).or_default().add(figures);
                }
            }
        }
        cut
    }

    fn month(&self, unit: &Unit, month: Month) -> Figures {
        self.units.get(unit).and_then(|months| months.get(&month)).copied().unwrap_or_default()
    }

    fn window(&self, unit: &Unit, month: Month, length: i32) -> Figures {
        let mut sum = Figures::default();
        for (_, figures) in self.units.get(unit).into_iter().flat_map(|months| months.range(month.plus(1 - length)..=month)) {
            sum.add(figures);
        }
        sum
    }

    fn practices(&self, person: &str, month: Month) -> usize {
        self.places_of(person).filter(|unit| self.window(unit, month, 12).facts() > 0).count()
    }

    /// The units of a person at single practices.
    fn places_of<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Unit> {
        let from = (person.to_owned(), String::new());
        let of_person = self.units.range(from..).map(|(unit, _)| unit).take_while(move |(who, _)| who == person);
        of_person.filter(|(_, practice)| !practice.is_empty())
    }
}

pub(crate) fn check(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut latest = Latest::new();
    let mut before: Option<(&Run, Cut)> = None;
    let mut cards = evidence.cards.iter().peekable();
    for filed in &evidence.runs {
        let run = &filed.what;
        let mut of_run = Vec::new();
        while let Some(card) = cards.next_if(|card| card.sequence < filed.sequence) {
            of_run.push(&card.what);
        }
        if run.positions.len() != evidence.partitions.len() {
            continue;
        }
        let book = Book::until(&evidence.registry, run.registry_position);
        let cut = Cut::at(evidence, run, &book);
        let look = Look::new(evidence, run, &cut, &book, before.as_ref());
        let last = latest.clone();
        for card in of_run {
            let at = (unit_of(card), card.content.period.month);
            look.check_issued(card, latest.get(&at).copied(), verdict);
            latest.insert(at, card);
        }
        look.check_all(&last, &latest, verdict);
        before = Some((run, cut));
    }
}

fn unit_of(card: &Scorecard) -> Unit {
    (card.content.subject.clinician.clone(), card.content.subject.practice.clone())
}

/// One published cut, looked at.
struct Look<'a> {
    evidence: &'a Evidence<'a>,
    run: &'a Run,
    cut: &'a Cut,
    book: &'a Book,
    before: Option<&'a (&'a Run, Cut)>,
    set: &'a [&'static str],
    redefined: bool,
    /// Months before this one are sealed or said to be held in part.
    whole_from: Month,
    open_from: Month,
}

impl<'a> Look<'a> {
    fn new(
        evidence: &'a Evidence<'a>,
        run: &'a Run,
        cut: &'a Cut,
        book: &'a Book,
        before: Option<&'a (&'a Run, Cut)>,
    ) -> Look<'a> {
        let last = before.map(|(run, _)| *run);
        let published = last.map_or(Month::EARLIEST, |last| evidence.ages.open_from(last.at));
        let ticks = evidence.ticks_of(run).into_iter().flatten();
        let whole_from = evidence.whole_from(&run.positions);
        Look {
            set: evidence.set_of(&run.measure_set.to_string()).unwrap_or(&[]),
            redefined: last.is_some_and(|last| last.measure_set != run.measure_set),
            open_from: ticks.map(|tick| tick.open_from).fold(published, Month::max).max(whole_from),
            whole_from,
            evidence,
            run,
            cut,
            book,
            before,
        }
    }

    fn was_final(&self, month: Month) -> bool {
        self.before.is_some_and(|(run, _)| self.evidence.ages.is_final(month, run.at))
    }

    fn was_provisional(&self, month: Month) -> bool {
        self.before.is_some_and(|(run, _)| self.evidence.ages.is_provisional(month, run.at))
    }

    /// A revision that this run issued.
    fn check_issued(&self, card: &Scorecard, last: Option<&Scorecard>, verdict: &mut Verdict) {
        let unit = unit_of(card);
        let month = card.content.period.month;
        let at = format!("{} revision {} of {}", card.key(), card.revision, card.cut);
        let sums = self.cut.month(&unit, month);
        if month < self.whole_from {
            return;
        }
        let torn = self.evidence.is_torn();
        verdict.hold(torn || card.quality.incomplete_windows.is_empty(), COMPLETE, || {
            format!("{at}: {:?}", card.quality.incomplete_windows)
        });
        if card.content.status != Status::Withdrawn {
            self.check_windows(card, &unit, month, &at, verdict);
            let wanted = sums.fingerprint(self.set);
            let got = &card.quality.month_sums;
            verdict.hold(*got == wanted, SUMS, || format!("{at}: fingerprint {got} instead of {wanted} of {sums:?}"));
        }
        let wanted = self.status(card, month);
        verdict.hold(card.content.status == wanted, STATUS, || format!("{at}: {:?} instead of {wanted:?}", card.content.status));
        if !self.evidence.lost_its_beginning() {
            self.check_reasons(card, last, &sums, &at, verdict);
        }
        self.check_touched(card, last, &unit, month, &at, verdict);
    }

    fn status(&self, card: &Scorecard, month: Month) -> Status {
        let ages = &self.evidence.ages;
        if card.content.status == Status::Withdrawn {
            return Status::Withdrawn;
        }
        match (ages.is_final(month, self.run.at), self.was_final(month), card.revision) {
            (false, _, _) => Status::Provisional,
            (true, false, _) | (true, true, 1) => Status::Final,
            _ => Status::Restated,
        }
    }

    fn check_windows(&self, card: &Scorecard, unit: &Unit, month: Month, at: &str, verdict: &mut Verdict) {
        for (exposure, length) in card.content.exposure.iter().zip([1, 3, 12]) {
            let reaches_back = month.plus(1 - length) < self.whole_from;
            let incomplete = card.quality.incomplete_windows.contains(&exposure.window);
            if (reaches_back && length > 1) || incomplete {
                continue;
            }
            let sums = self.cut.window(unit, month, length);
            let got = [exposure.encounters, exposure.minutes, exposure.items, exposure.responses];
            let wanted = [sums.base[1], sums.base[2], sums.base[3], sums.base[5]];
            verdict.hold(got == wanted, WINDOWS, || format!("{at}, {length} months: {got:?} instead of {wanted:?}"));
        }
        let names: Vec<String> = card.content.measures.iter().map(|m| format!("{}@{}", m.id, m.version)).collect();
        verdict.hold(names == self.set, WINDOWS, || format!("{at}: {names:?} instead of {:?}", self.set));
        for measure in &card.content.measures {
            let name = format!("{}@{}", measure.id, measure.version);
            for (value, length) in measure.windows.iter().zip([1, 3, 12]) {
                let reaches_back = month.plus(1 - length) < self.whole_from;
                if (reaches_back && length > 1) || value.incomplete || !self.set.contains(&name.as_str()) {
                    continue;
                }
                let sums = self.cut.window(unit, month, length);
                let wanted = sums.measure(&name);
                let wanted = [wanted.n, wanted.d, wanted.facts_n, wanted.facts_d, wanted.pca];
                let got = [value.n, value.d, value.facts_n, value.facts_d, value.pca];
                verdict.hold(got == wanted, WINDOWS, || format!("{at}, {name}, {length} months: {got:?} instead of {wanted:?}"));
            }
        }
    }

    fn check_reasons(&self, card: &Scorecard, last: Option<&Scorecard>, sums: &Figures, at: &str, verdict: &mut Verdict) {
        let quality = &card.quality;
        let got = [quality.recorded, quality.amended, quality.retracted];
        verdict.hold(got == sums.counters, REASONS, || format!("{at}: counters {got:?} instead of {:?}", sums.counters));
        let month = card.content.period.month;
        let freezes = self.evidence.ages.is_final(month, self.run.at) && !self.was_final(month);
        let mut wanted = Vec::new();
        match last {
            None => {
                let cause = if self.was_final(month) { Cause::Late } else { Cause::First };
                wanted.push((cause, sums.counters[0]));
            }
            Some(last) => {
                let then = [last.quality.recorded, last.quality.amended, last.quality.retracted];
                wanted.extend(freezes.then_some((Cause::Final, 0)));
                wanted.extend(self.redefined.then_some((Cause::DefinitionChange, 0)));
                let causes = [Cause::Late, Cause::Amended, Cause::Retracted];
                let grown = causes.into_iter().zip(sums.counters).zip(then).map(|((cause, now), then)| (cause, now - then));
                wanted.extend(grown.filter(|(_, events)| *events > 0));
            }
        }
        let said = card.reasons.iter().filter(|reason| reason.cause != Cause::Attribution);
        let got: Vec<(Cause, i64)> = said.map(|reason| (reason.cause, reason.events)).collect();
        verdict.hold(got == wanted, REASONS, || format!("{at}: {got:?} instead of {wanted:?}"));
    }

    /// A revision needs a cause: its month comes of age, its own sums or its subject changed, or the measures did.
    fn check_touched(
        &self,
        card: &Scorecard,
        last: Option<&Scorecard>,
        unit: &Unit,
        month: Month,
        at: &str,
        verdict: &mut Verdict,
    ) {
        let ages = &self.evidence.ages;
        let comes_of_age = (ages.is_final(month, self.run.at) && !self.was_final(month)) || !self.was_provisional(month);
        let touched = match last {
            None => true,
            Some(last) => {
                last.quality.month_sums != self.cut.month(unit, month).fingerprint(self.set)
                    || last.content.subject != card.content.subject
            }
        };
        let attributed = card.reasons.iter().any(|reason| reason.cause == Cause::Attribution);
        verdict.hold(comes_of_age || touched || self.redefined || attributed, ONLY_TOUCHED, || at.to_owned());
    }

    /// All cards of open months as they stand after this run, and as they stood before it.
    fn check_all(&self, last: &Latest<'_>, latest: &Latest<'_>, verdict: &mut Verdict) {
        let ages = &self.evidence.ages;
        let of_cut = self.cut.units.iter().flat_map(|(unit, months)| months.keys().map(move |month| (unit.clone(), *month)));
        let all: BTreeSet<(Unit, Month)> = of_cut.chain(latest.keys().cloned()).collect();
        for at in all {
            let (unit, month) = &at;
            if *month < self.open_from || !ages.is_provisional(*month, self.run.at) {
                let early = *month >= self.open_from && latest.contains_key(&at);
                verdict.hold(!early, STATUS, || format!("{at:?} at {}: a card before its time", self.run.at));
                continue;
            }
            let stands = latest.get(&at).filter(|card| card.content.status != Status::Withdrawn);
            let facts = self.cut.month(unit, *month).facts();
            if let Some(wanted) = self.should_stand(unit, *month, facts, last) {
                verdict.hold(stands.is_some() == wanted, EXISTS, || {
                    format!(
                        "{at:?} at {}: {facts} facts, card {:?}",
                        self.run.at,
                        latest.get(&at).map(|card| card.content.status)
                    )
                });
            }
            if let Some(card) = stands {
                self.check_standing(card, unit, *month, verdict);
            }
        }
    }

    /// Whether there is to be a card. One over all practices is decided when its month comes of age, its own sums are not those of
    /// its last revision, or it has none and a practice's card is computed; `None` where it stays as it was.
    fn should_stand(&self, unit: &Unit, month: Month, facts: i64, last: &Latest<'_>) -> Option<bool> {
        if !unit.1.is_empty() {
            return Some(facts > 0);
        }
        if month.plus(-11) < self.whole_from || self.evidence.is_torn() {
            return None;
        }
        let ages = &self.evidence.ages;
        let of_age = !self.was_provisional(month) || (ages.is_final(month, self.run.at) && !self.was_final(month));
        let differs = |unit: &Unit, begins: bool| match last.get(&(unit.clone(), month)) {
            Some(card) => card.quality.month_sums != self.cut.month(unit, month).fingerprint(self.set),
            None => begins && self.cut.month(unit, month).facts() > 0,
        };
        let begins = || {
            let known = last.contains_key(&(unit.clone(), month));
            !known && self.cut.places_of(&unit.0).any(|practice| differs(practice, true))
        };
        let computed = of_age || self.redefined || differs(unit, false) || begins();
        computed.then(|| facts > 0 && self.cut.practices(&unit.0, month) >= 2)
    }

    /// A card that stands says what the cut's events come to, whenever it was issued.
    fn check_standing(&self, card: &Scorecard, unit: &Unit, month: Month, verdict: &mut Verdict) {
        let at = |what: &str| format!("{unit:?} {month} at {}, revision {} of {}: {what}", self.run.at, card.revision, card.cut);
        let sums = self.cut.month(unit, month);
        let got: Vec<[i64; 5]> = card
            .content
            .measures
            .iter()
            .map(|m| &m.windows[0])
            .map(|value| [value.n, value.d, value.facts_n, value.facts_d, value.pca])
            .collect();
        let numbers = self.set.iter().map(|name| sums.measure(name));
        let wanted: Vec<[i64; 5]> = numbers.map(|m| [m.n, m.d, m.facts_n, m.facts_d, m.pca]).collect();
        verdict.hold(got == wanted, SUMS, || at(&format!("{got:?} instead of {wanted:?}")));
        let seen = card.content.exposure.first().map(|e| [e.encounters, e.minutes, e.items, e.responses]);
        let done = [sums.base[1], sums.base[2], sums.base[3], sums.base[5]];
        verdict.hold(seen == Some(done), SUMS, || at(&format!("{seen:?} instead of {done:?}")));
        let subject = &card.content.subject;
        let who = self.book.who(&unit.0, &unit.1);
        let same =
            subject.role == who.role && subject.locum == who.locum && subject.pcn == who.pcn && subject.locality == who.locality;
        verdict.hold(same, SUBJECT, || at(&format!("{subject:?} instead of {who:?}")));
        let matured = !self.evidence.ages.is_final(month, self.run.at) || card.content.status != Status::Provisional;
        verdict.hold(matured, STATUS, || at("still provisional"));
    }
}
