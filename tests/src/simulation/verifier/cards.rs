//! Promises 1, 2 and 5: at every published cut every card has the sums of its events and the reasons of its revision.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use scorecard::card::scorecard::{Cause, Scorecard, Status};
use scorecard::record::log_record::Run;
use scorecard::time::calendar::Month;

use crate::simulation::counted_fact::Numbers;
use crate::simulation::measure_sets::{adjusts, needs};
use crate::simulation::verifier::evidence::Evidence;
use crate::simulation::verifier::expected_coverage::{ExpectedCoverage, GapsByMonth, shown};
use crate::simulation::verifier::figures::Figures;
use crate::simulation::verifier::month_states::MonthState;
use crate::simulation::verifier::registry_as_of::RegistryAsOf;
use crate::simulation::verifier::verdict::Verdict;

const SUMS: &str = "at every cut the month of every card is the sum of its events";
const WINDOWS: &str = "the windows of a card are the sums of their months";
const COMPLETE: &str = "a window is incomplete only where the log lost its beginning";
const COVERAGE: &str = "a card shows the gaps of its feeds and the kinds that they do not send";
const EXISTS: &str = "a unit has a card exactly when it has facts";
const SUBJECT: &str = "a card has its subject from the registry at its cut";
const STATUS: &str = "a card has the status of its month";
const REASONS: &str = "a card names the reasons of its revision";
const ONLY_CHANGED: &str = "only changed cards get a new revision";

/// Months of a card.
const MONTHS: i32 = 24;

/// (person, practice); the practice is empty for a roll-up.
type Unit = (String, String);

/// The newest revision of every card.
type Latest<'a> = BTreeMap<(Unit, Month), &'a Scorecard>;

/// The sums of all units at a cut, by month.
#[derive(Default)]
struct Cut {
    units: BTreeMap<Unit, BTreeMap<Month, Figures>>,
    /// The feeds with facts of persons at practices.
    feeds: BTreeMap<(Unit, Month), BTreeSet<String>>,
    /// The units at practices that count in the roll-ups of their persons.
    rolled_up: BTreeSet<Unit>,
}

impl Cut {
    fn at(evidence: &Evidence<'_>, run: &Run, book: &RegistryAsOf) -> Cut {
        let mut cut = Cut::default();
        for (definition, tick) in evidence.partitions.iter().zip(evidence.ticks_of(run)) {
            let Some(tick) = tick else { continue };
            let sealed = definition.sealed_rows.iter().filter(|(key, _)| key.month < tick.open_from);
            for (key, figures) in tick.rows.iter().chain(sealed) {
                let (person, at) = (book.person(&key.clinician).to_owned(), book.practice(&key.practice).to_owned());
                let roll_up = book.rolls_up(&person, &at).then(String::new);
                if figures.facts() > 0 {
                    let feeds = cut.feeds.entry(((person.clone(), at.clone()), key.month)).or_default();
                    feeds.insert(key.feed.to_string());
                }
                cut.rolled_up.extend(roll_up.iter().map(|_| (person.clone(), at.clone())));
                for practice in std::iter::once(at).chain(roll_up) {
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

    fn feeds(&self, unit: &Unit, month: Month) -> BTreeSet<&str> {
        self.feeds.get(&(unit.clone(), month)).into_iter().flatten().map(String::as_str).collect()
    }

    fn window(&self, unit: &Unit, month: Month, length: i32) -> Figures {
        let mut sum = Figures::default();
        for (_, figures) in self.units.get(unit).into_iter().flat_map(|months| months.range(month.plus(1 - length)..=month)) {
            sum.add(figures);
        }
        sum
    }

    fn practices(&self, person: &str, month: Month) -> usize {
        self.practices_of(person).filter(|unit| self.window(unit, month, 12).facts() > 0).count()
    }

    /// The units of a person at the practices that the person's roll-up sums.
    fn practices_of<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Unit> {
        let from = (person.to_owned(), String::new());
        self.rolled_up.range(from..).take_while(move |(who, _)| who == person)
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
        let book = RegistryAsOf::until(&evidence.registry, run.registry_position);
        let cut = Cut::at(evidence, run, &book);
        let last = latest.clone();
        let checks = CutCheck::new(evidence, run, &cut, &book, before.as_ref(), &last);
        for card in of_run {
            let at = (unit_of(card), card.content.period.month);
            checks.check_issued(card, latest.get(&at).copied(), verdict);
            latest.insert(at, card);
        }
        checks.check_all(&last, &latest, verdict);
        before = Some((run, cut));
    }
}

fn unit_of(card: &Scorecard) -> Unit {
    (card.content.subject.clinician.clone(), card.content.subject.practice.clone())
}

/// The checks of one published cut.
struct CutCheck<'a> {
    evidence: &'a Evidence<'a>,
    run: &'a Run,
    cut: &'a Cut,
    book: &'a RegistryAsOf,
    before: Option<&'a (&'a Run, Cut)>,
    set: &'a [&'static str],
    redefined: bool,
    /// The first complete month by the marks; earlier ones are sealed or partial.
    whole_from: Month,
    open_from: Month,
    coverage: ExpectedCoverage,
    /// The newest revisions before this run.
    last: &'a Latest<'a>,
}

/// The missing data of each practice of a unit.
type UnitGaps = BTreeMap<String, Rc<GapsByMonth>>;

impl<'a> CutCheck<'a> {
    fn new(
        evidence: &'a Evidence<'a>,
        run: &'a Run,
        cut: &'a Cut,
        book: &'a RegistryAsOf,
        before: Option<&'a (&'a Run, Cut)>,
        latest: &'a Latest<'a>,
    ) -> CutCheck<'a> {
        let last = before.map(|(run, _)| *run);
        let published = last.map_or(Month::EARLIEST, |last| evidence.states.open_from(last.at));
        let ticks = evidence.ticks_of(run).into_iter().flatten();
        let whole_from = evidence.whole_from(&run.positions);
        CutCheck {
            set: evidence.set_of(&run.measure_set.to_string()).unwrap_or(&[]),
            redefined: last.is_some_and(|last| last.measure_set != run.measure_set),
            open_from: ticks.map(|tick| tick.open_from).fold(published, Month::max).max(whole_from),
            whole_from,
            coverage: ExpectedCoverage::new(evidence.ticks_of(run).into_iter().flatten().collect::<Vec<_>>().into_iter(), book),
            last: latest,
            evidence,
            run,
            cut,
            book,
            before,
        }
    }

    /// The state of a month at this cut.
    fn state(&self, month: Month) -> MonthState {
        self.evidence.states.at(month, self.run.at)
    }

    fn is_final(&self, month: Month) -> bool {
        self.state(month) >= MonthState::Final
    }

    /// The state of a month at the published cut before.
    fn last_state(&self, month: Month) -> MonthState {
        self.before.map_or(MonthState::Running, |(run, _)| self.evidence.states.at(month, run.at))
    }

    fn was_final(&self, month: Month) -> bool {
        self.last_state(month) >= MonthState::Final
    }

    fn becomes_final(&self, month: Month) -> bool {
        self.is_final(month) && !self.was_final(month)
    }

    /// Whether the month is provisional, or final, for the first time.
    fn is_new(&self, month: Month) -> bool {
        self.last_state(month) < MonthState::Provisional || self.becomes_final(month)
    }

    /// The missing data that the cards of a unit must show, by practice. A final month keeps those that its cards show.
    fn gaps(&self, unit: &Unit, month: Month) -> UnitGaps {
        let practices = match unit.1.is_empty() {
            true => self.cut.practices_of(&unit.0).map(|(_, practice)| practice.clone()).collect(),
            false => vec![unit.1.clone()],
        };
        let of = |practice: String| (practice.clone(), Rc::new(self.person_gaps(&(unit.0.clone(), practice), month)));
        practices.into_iter().map(of).collect()
    }

    /// The missing data of each practice as a card itself shows them: where the log lost its beginning nobody else knows them. `None`
    /// for a roll-up with any, because it does not say at which practice.
    fn shown_gaps(&self, card: &Scorecard, unit: &Unit) -> Option<UnitGaps> {
        let shown = Rc::new(shown(card));
        match unit.1.is_empty() {
            true if !shown.is_empty() => None,
            true => Some(self.cut.practices_of(&unit.0).map(|(_, practice)| (practice.clone(), shown.clone())).collect()),
            false => Some(BTreeMap::from([(unit.1.clone(), shown)])),
        }
    }

    /// The practices of a roll-up with facts at this cut, or with a card of this month before it.
    fn practices_of<'b>(&'b self, roll_up: &'b Unit, month: Month) -> impl Iterator<Item = &'b Unit> {
        let counts = |unit: &Unit| unit.0 == roll_up.0 && self.book.rolls_up(&unit.0, &unit.1);
        let carded = self.last.keys().filter(move |(unit, of)| *of == month && counts(unit));
        self.cut.practices_of(&roll_up.0).chain(carded.map(|(unit, _)| unit))
    }

    /// The missing data of a person at a practice in the months of a card. A card of a final month keeps its own. A later one has in each
    /// month those of the first colleague with facts in the same feeds, else what the cut shows, else those of any colleague.
    fn person_gaps(&self, unit: &Unit, month: Month) -> GapsByMonth {
        let is_frozen = self.was_final(month);
        let of_practice = |((one, of), card): &(&(Unit, Month), &&Scorecard)| {
            *of == month && one.1 == unit.1 && card.content.status != Status::Withdrawn
        };
        let colleagues: Vec<(&Unit, &Scorecard)> =
            self.last.iter().filter(|_| is_frozen).filter(of_practice).map(|((one, _), card)| (one, *card)).collect();
        if let Some((_, own)) = colleagues.iter().find(|(one, _)| *one == unit) {
            return shown(own);
        }
        let of_month = |of: Month| {
            let own = self.cut.feeds(unit, of);
            let alike = colleagues.iter().find(|(one, _)| self.cut.feeds(one, of) == own);
            match alike.or(colleagues.first().filter(|_| !self.coverage.knows(of))) {
                Some((_, card)) => shown(card).get(&of).cloned(),
                None => self.coverage.of(&unit.1, &own, month).get(&of).cloned(),
            }
        };
        (-11..=0).map(|back| month.plus(back)).filter_map(|of| Some((of, of_month(of)?))).collect()
    }

    /// The coverage that a card of a unit must show.
    fn expected(&self, unit: &Unit, gaps: &UnitGaps) -> GapsByMonth {
        let mut expected = GapsByMonth::new();
        for (practice, missing) in gaps {
            let worked = |of: Month| !unit.1.is_empty() || self.cut.month(&(unit.0.clone(), practice.clone()), of).facts() > 0;
            for (of, data) in missing.iter().filter(|(of, _)| worked(**of)) {
                expected.entry(*of).or_default().add(data);
            }
        }
        expected
    }

    /// The numbers of a measure in a month without what the measure leaves out, and whether it leaves out any fact.
    fn sent(&self, unit: &Unit, name: &str, month: Month, gaps: &UnitGaps) -> (Numbers, bool) {
        let (mut sent, mut left_out) = (Figures::default(), false);
        for (practice, missing) in gaps {
            let mut figures = self.cut.month(&(unit.0.clone(), practice.clone()), month);
            if missing.get(&month).is_some_and(|data| data.voids(&needs(name))) {
                let own = figures.measure_mut(name);
                left_out |= own.facts_n > 0 || own.facts_d > 0;
                *own = Numbers { pca: own.pca, excluded: own.excluded, unknown: own.unknown, ..Numbers::default() };
            }
            sent.add(&figures);
        }
        (*sent.measure(name), left_out)
    }

    /// Checks a revision of this run.
    fn check_issued(&self, card: &Scorecard, last: Option<&Scorecard>, verdict: &mut Verdict) {
        let unit = unit_of(card);
        let month = card.content.period.month;
        let at = format!("{} revision {} of {}", card.key(), card.revision, card.cut);
        let sums = self.cut.month(&unit, month);
        if month < self.whole_from {
            return;
        }
        let lost = self.evidence.lost_anything();
        let whole = card.content.coverage.iter().all(|gaps| !gaps.missing);
        verdict.hold(lost || whole, COMPLETE, || format!("{at}: {:?}", card.content.coverage));
        if card.content.status != Status::Withdrawn {
            let gaps = self.gaps(&unit, month);
            // A roll-up of a final month may sum a practice without a card of that month, whose flags are not frozen.
            if self.evidence.lost_its_beginning() || unit.1.is_empty() && self.was_final(month) {
                if let Some(gaps) = self.shown_gaps(card, &unit) {
                    self.check_windows(card, &unit, &gaps, &at, verdict);
                }
            } else {
                let (got, wanted) = (shown(card), self.expected(&unit, &gaps));
                verdict.hold(got == wanted, COVERAGE, || format!("{at}: {got:?} instead of {wanted:?}"));
                self.check_windows(card, &unit, &gaps, &at, verdict);
            }
            let wanted = sums.fingerprint(self.set);
            let got = &card.quality.month_sums;
            verdict.hold(*got == wanted, SUMS, || format!("{at}: fingerprint {got} instead of {wanted} of {sums:?}"));
        }
        let wanted = self.status(card, month);
        verdict.hold(card.content.status == wanted, STATUS, || format!("{at}: {:?} instead of {wanted:?}", card.content.status));
        if !self.evidence.lost_its_beginning() {
            self.check_reasons(card, last, &sums, &at, verdict);
        }
        self.check_changed(card, last, &unit, month, &at, verdict);
    }

    fn status(&self, card: &Scorecard, month: Month) -> Status {
        if card.content.status == Status::Withdrawn {
            return Status::Withdrawn;
        }
        match (self.is_final(month), self.was_final(month), card.revision) {
            (false, _, _) => Status::Provisional,
            (true, false, _) | (true, true, 1) => Status::Final,
            _ => Status::Restated,
        }
    }

    fn check_windows(&self, card: &Scorecard, unit: &Unit, gaps: &UnitGaps, at: &str, verdict: &mut Verdict) {
        let month = card.content.period.month;
        let missing = |month: Month| card.content.coverage.iter().any(|gaps| gaps.missing && gaps.month == month);
        let known = |back: i32| back == 0 || (month.plus(-back) >= self.whole_from && !missing(month.plus(-back)));
        let whole = |length: i32| (0..length).all(known);
        for (exposure, length) in card.content.exposure.iter().zip([1, 3, 12]) {
            if !whole(length) {
                continue;
            }
            let sums = self.cut.window(unit, month, length);
            let got = [exposure.encounters, exposure.minutes, exposure.items, exposure.responses];
            let wanted = [sums.base[1], sums.base[2], sums.base[3], sums.base[5]];
            verdict.hold(got == wanted, WINDOWS, || format!("{at}, {length} months: {got:?} instead of {wanted:?}"));
        }
        if whole(MONTHS) {
            let names: Vec<String> = card.content.measures.iter().map(|m| format!("{}@{}", m.id, m.version)).collect();
            let has_fact = |name: &str| {
                let headline = if name.starts_with("fft") { 3 } else { 12 };
                (0..MONTHS).any(|back| {
                    let (sums, left_out) = self.sent(unit, name, month.plus(-back), gaps);
                    sums.has_fact() || (left_out && back < headline)
                })
            };
            let wanted: Vec<&str> = self.set.iter().copied().filter(|name| has_fact(name)).collect();
            verdict.hold(names == wanted, WINDOWS, || format!("{at}: measures {names:?} instead of {wanted:?}"));
        }
        for measure in &card.content.measures {
            let name = format!("{}@{}", measure.id, measure.version);
            if !self.set.contains(&name.as_str()) {
                verdict.hold(false, WINDOWS, || format!("{at}: {name} is not of the set"));
                continue;
            }
            let length = i32::from(measure.window);
            if whole(length) {
                let (mut wanted, mut unknown) = ([0; 5], 0);
                for back in 0..length {
                    let (sums, _) = self.sent(unit, &name, month.plus(-back), gaps);
                    let of_month = [sums.n, sums.d, sums.facts_n, sums.facts_d, sums.pca];
                    wanted.iter_mut().zip(of_month).for_each(|(sum, more)| *sum += more);
                    unknown += sums.d - sums.by_cell[1].iter().sum::<i64>();
                }
                let got = [measure.n, measure.d, measure.facts_n, measure.facts_d, measure.pca];
                verdict.hold(got == wanted, WINDOWS, || format!("{at}, {name}, {length} months: {got:?} instead of {wanted:?}"));
                let shown = measure.case_mix.as_ref().and_then(|mix| mix.unknown);
                let unknown = Some(unknown).filter(|_| adjusts(&name) && measure.value.is_some());
                verdict.hold(shown == unknown, WINDOWS, || {
                    format!("{at}, {name}: age or sex of {shown:?}, not {unknown:?}, is unknown")
                });
            }
            for (back, got) in
                (0..MONTHS).rev().zip(measure.months_n.iter().zip(&measure.months_d)).filter(|(back, _)| known(*back))
            {
                let (wanted, _) = self.sent(unit, &name, month.plus(-back), gaps);
                verdict.hold((*got.0, *got.1) == (wanted.n, wanted.d), WINDOWS, || {
                    format!("{at}, {name}, {back} months back: {got:?} instead of {:?}", (wanted.n, wanted.d))
                });
            }
        }
    }

    fn check_reasons(&self, card: &Scorecard, last: Option<&Scorecard>, sums: &Figures, at: &str, verdict: &mut Verdict) {
        let quality = &card.quality;
        let got = [quality.recorded, quality.amended, quality.retracted];
        verdict.hold(got == sums.counters, REASONS, || format!("{at}: counters {got:?} instead of {:?}", sums.counters));
        let month = card.content.period.month;
        let mut wanted = Vec::new();
        match last {
            None => {
                let cause = if self.was_final(month) { Cause::Late } else { Cause::First };
                wanted.push((cause, sums.counters[0]));
            }
            Some(last) => {
                let then = [last.quality.recorded, last.quality.amended, last.quality.retracted];
                wanted.extend(self.becomes_final(month).then_some((Cause::Final, 0)));
                wanted.extend(self.redefined.then_some((Cause::DefinitionChange, 0)));
                let is_published = [card, last].into_iter().all(|card| card.content.status != Status::Withdrawn);
                let is_covered_otherwise = is_published && last.content.coverage != card.content.coverage;
                wanted.extend(is_covered_otherwise.then_some((Cause::Coverage, 0)));
                let causes = [Cause::Late, Cause::Amended, Cause::Retracted];
                let grown = causes.into_iter().zip(sums.counters).zip(then).map(|((cause, now), then)| (cause, now - then));
                wanted.extend(grown.filter(|(_, events)| *events > 0));
                let attributed = card.reasons.iter().any(|reason| reason.cause == Cause::Attribution);
                // Flags of one practice change a roll-up, and a definition that arrives later changes the meaning of an event.
                let by_completion = wanted.is_empty() && !attributed;
                wanted.extend(by_completion.then_some((Cause::Coverage, 0)));
            }
        }
        let named = card.reasons.iter().filter(|reason| reason.cause != Cause::Attribution);
        let got: Vec<(Cause, i64)> = named.map(|reason| (reason.cause, reason.events)).collect();
        verdict.hold(got == wanted, REASONS, || format!("{at}: {got:?} instead of {wanted:?}"));
    }

    /// Checks that a revision has a cause: a new state of its month, changed sums, a changed subject, or changed measures.
    fn check_changed(
        &self,
        card: &Scorecard,
        last: Option<&Scorecard>,
        unit: &Unit,
        month: Month,
        at: &str,
        verdict: &mut Verdict,
    ) {
        let sums_differ =
            |unit: &Unit, last: &Scorecard| last.quality.month_sums != self.cut.month(unit, month).fingerprint(self.set);
        let practice_differs = |practice: &Unit| {
            let last = self.last.get(&(practice.clone(), month));
            let covered_otherwise = |last: &Scorecard| {
                let published = last.content.status != Status::Withdrawn && !self.was_final(month);
                published && shown(last) != self.expected(practice, &self.gaps(practice, month))
            };
            last.map_or(self.cut.month(practice, month).facts() > 0, |last| {
                sums_differ(practice, last) || covered_otherwise(last)
            })
        };
        let changed = match last {
            None => true,
            Some(last) => {
                sums_differ(unit, last)
                    || last.content.subject != card.content.subject
                    || last.content.coverage != card.content.coverage
                    || unit.1.is_empty() && self.practices_of(unit, month).any(practice_differs)
            }
        };
        let attributed = card.reasons.iter().any(|reason| reason.cause == Cause::Attribution);
        verdict.hold(self.is_new(month) || changed || self.redefined || attributed, ONLY_CHANGED, || at.to_owned());
    }

    /// Checks all cards of open months after this run.
    fn check_all(&self, last: &Latest<'_>, latest: &Latest<'_>, verdict: &mut Verdict) {
        let of_cut = self.cut.units.iter().flat_map(|(unit, months)| months.keys().map(move |month| (unit.clone(), *month)));
        let all: BTreeSet<(Unit, Month)> = of_cut.chain(latest.keys().cloned()).collect();
        for at in all {
            let (unit, month) = &at;
            if *month < self.open_from || self.state(*month) < MonthState::Provisional {
                let early = *month >= self.open_from && latest.contains_key(&at);
                verdict.hold(!early, STATUS, || format!("{at:?} at {}: a card of a running month", self.run.at));
                continue;
            }
            let current = latest.get(&at).filter(|card| card.content.status != Status::Withdrawn);
            let facts = self.cut.month(unit, *month).facts();
            if let Some(wanted) = self.should_exist(unit, *month, facts, last) {
                verdict.hold(current.is_some() == wanted, EXISTS, || {
                    format!(
                        "{at:?} at {}: {facts} facts, card {:?}",
                        self.run.at,
                        latest.get(&at).map(|card| card.content.status)
                    )
                });
            }
            if let Some(card) = current {
                self.check_current(card, unit, *month, verdict);
            }
        }
    }

    /// Whether the unit must have a card; `None` where its card stays as it was.
    ///
    /// A roll-up is decided when its month has a new state, when its own sums differ from its last revision, or when it has none
    /// and a card of one of its practices is computed.
    fn should_exist(&self, unit: &Unit, month: Month, facts: i64, last: &Latest<'_>) -> Option<bool> {
        if !unit.1.is_empty() {
            return Some(facts > 0);
        }
        if month.plus(-11) < self.whole_from || self.evidence.lost_anything() {
            return None;
        }
        let differs = |unit: &Unit, begins: bool| match last.get(&(unit.clone(), month)) {
            Some(card) => card.quality.month_sums != self.cut.month(unit, month).fingerprint(self.set),
            None => begins && self.cut.month(unit, month).facts() > 0,
        };
        let begins = || {
            let known = last.contains_key(&(unit.clone(), month));
            !known && self.cut.practices_of(&unit.0).any(|practice| differs(practice, true))
        };
        let computed = self.is_new(month) || self.redefined || differs(unit, false) || begins();
        computed.then(|| facts > 0 && self.cut.practices(&unit.0, month) >= 2)
    }

    /// Checks that a current card has the sums of this cut, no matter which run issued it.
    fn check_current(&self, card: &Scorecard, unit: &Unit, month: Month, verdict: &mut Verdict) {
        let at = |what: &str| format!("{unit:?} {month} at {}, revision {} of {}: {what}", self.run.at, card.revision, card.cut);
        let sums = self.cut.month(unit, month);
        let gaps = self.gaps(unit, month);
        // A roll-up of a final month may sum a practice without a card of that month, whose flags are not frozen.
        let lost = self.evidence.lost_its_beginning();
        let settled = !(lost || unit.1.is_empty() && self.was_final(month));
        if settled {
            let (got, wanted) = (shown(card), self.expected(unit, &gaps));
            verdict.hold(got == wanted, COVERAGE, || at(&format!("{got:?} instead of {wanted:?}")));
        }
        let known = if settled { Some(gaps) } else { self.shown_gaps(card, unit) };
        for (name, gaps) in self.set.iter().flat_map(|name| known.iter().map(move |gaps| (name, gaps))) {
            let carded = card.content.measures.iter().find(|one| format!("{}@{}", one.id, one.version) == **name);
            let got = carded.and_then(|one| one.months_n.last().copied().zip(one.months_d.last().copied())).unwrap_or_default();
            let (wanted, _) = self.sent(unit, name, month, gaps);
            let wanted = (wanted.n, wanted.d);
            verdict.hold(got == wanted, SUMS, || at(&format!("{name}: {got:?} instead of {wanted:?}")));
        }
        let seen = card.content.exposure.first().map(|e| [e.encounters, e.minutes, e.items, e.responses]);
        let done = [sums.base[1], sums.base[2], sums.base[3], sums.base[5]];
        verdict.hold(seen == Some(done), SUMS, || at(&format!("{seen:?} instead of {done:?}")));
        let subject = &card.content.subject;
        let expected = self.book.subject(&unit.0, &unit.1);
        let same = subject.role == expected.role
            && subject.locum == expected.locum
            && subject.pcn == expected.pcn
            && subject.locality == expected.locality;
        verdict.hold(same, SUBJECT, || at(&format!("{subject:?} instead of {expected:?}")));
        let matured = !self.is_final(month) || card.content.status != Status::Provisional;
        verdict.hold(matured, STATUS, || at("still provisional"));
    }
}
