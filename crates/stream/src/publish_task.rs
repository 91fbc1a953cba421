//! Publish: takes the cuts one by one, verifies their rows, computes the cards that changed and publishes a run in one
//! transaction. Third step of the flow; one instance is active, and it reads back what is published after it has fenced the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use scorecard::calendar::{Month, Timestamp};
use scorecard::card::Scorecard;
use scorecard::digest::mark_check;
use scorecard::directory::Directory;
use scorecard::fingerprint::{month_sums, run_id};
use scorecard::peer_table::PeerTable;
use scorecard::record::{FeedCoverage, Mark, Outcome, Record, Run, RunMonth, SealedDigest, Tick};
use scorecard::schedule::Age;
use scorecard::scoring::Scorer;
use scorecard::unit::UnitKey;

use crate::deployment::Deployment;
use crate::fold::{Fold, MeasureNames, mark_of};
use crate::held::{Changed, HeldRows};
use crate::log::{Log, LogError, Topic};
use crate::month_cards::{Edition, MonthCut, Phase};
use crate::month_units::Units;
use crate::published::Published;
use crate::run::{Draft, News};

/// Rows of so many months before the first open one are kept, for the windows that reach back to them.
const WINDOW_MONTHS: i32 = 12;

/// The one active publisher.
#[derive(Debug)]
pub struct PublishTask<L> {
    log: L,
    deployment: Deployment,
    names: MeasureNames,
    published: Published,
    rows: HeldRows,
    rows_read: u64,
    marks: Vec<BTreeMap<Timestamp, Vec<Mark>>>,
    directory: Directory,
    registry_read: u64,
    /// Units whose month differs from what their last revision says.
    unsettled: BTreeMap<Month, BTreeSet<UnitKey>>,
    /// Sealed months of which rows are missing.
    missing: BTreeSet<Month>,
    /// Rows that changed at cuts that could not be published.
    carried: BTreeSet<Changed>,
    refolds: u64,
}

/// What a cut rests on, once every partition is known exactly.
#[derive(Debug)]
struct Ground {
    marks: Vec<Mark>,
    changed: BTreeSet<Changed>,
    refolded: Vec<u32>,
}

/// Why a cut cannot be published from what there is.
#[derive(Debug)]
enum Obstacle {
    /// A partition has not come so far.
    NotReady,
    /// The log no longer holds what the cut needs.
    Gone(String),
}

impl<L: Log> PublishTask<L> {
    /// Fences every earlier publisher, then reads back what is published [11].
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, mut log: L) -> Result<PublishTask<L>, LogError> {
        log.fence()?;
        let published = Published::read(&mut log, &deployment.schedule)?;
        let mut task = PublishTask {
            names: MeasureNames::new(&deployment.measures),
            rows: HeldRows::new(deployment.measures.hash(), deployment.partitions),
            rows_read: log.bounds(Topic::ClinicianMonths, 0)?.start,
            marks: vec![BTreeMap::new(); deployment.partitions as usize],
            directory: Directory::default(),
            registry_read: log.bounds(Topic::Registry, 0)?.start,
            unsettled: BTreeMap::new(),
            missing: BTreeSet::new(),
            carried: BTreeSet::new(),
            refolds: 0,
            deployment: deployment.clone(),
            published,
            log,
        };
        task.resume()?;
        Ok(task)
    }

    /// Publishes the next cut if every partition has a mark of it or later; `None` when it is not ready.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and start it anew.
    pub fn step(&mut self) -> Result<Option<Run>, LogError> {
        let schedule = &self.deployment.schedule;
        let cut = self.published.last_cut.map_or(schedule.first, |last| schedule.grid.after(last));
        self.read_rows()?;
        let run = match self.ground(cut)? {
            Ok(ground) => self.publish(cut, &ground)?,
            Err(Obstacle::NotReady) => return Ok(None),
            Err(Obstacle::Gone(why)) => self.skip(cut, why)?,
        };
        Ok(Some(run))
    }

    /// How often publish had to fold a partition's log itself.
    #[must_use]
    pub fn refolds(&self) -> u64 {
        self.refolds
    }

    /// Brings rows and registry to where the last published cut left them.
    fn resume(&mut self) -> Result<(), LogError> {
        self.read_rows()?;
        let Some(last) = self.published.last_run.clone() else { return Ok(()) };
        let open_from = self.published.open_from(&self.deployment.schedule);
        let sealed = self.sealed_positions();
        self.rows.resume(&last.positions, open_from, &sealed);
        self.verify_sealed();
        self.read_registry_until(last.registry_position)?;
        if last.measure_set == self.deployment.measures.hash() {
            self.find_unsettled();
        }
        Ok(())
    }

    /// Position of the tick that sealed each month, by partition.
    fn sealed_positions(&self) -> BTreeMap<(u32, Month), u64> {
        let of = |run: &Run, sealed: &SealedDigest| run.positions.get(sealed.partition as usize).copied();
        let months = self.published.sealing.values().flat_map(|run| run.sealed.iter().map(move |s| (run, s)));
        months.filter_map(|(run, s)| Some(((s.partition, s.month), of(run, s)?))).collect()
    }

    /// Sealed rows are believed only if they are those that the sealing run recorded.
    fn verify_sealed(&mut self) {
        for (month, run) in &self.published.sealing {
            let whole = |s: &SealedDigest| self.rows.digest_of(s.partition, s.month) == (s.rows, s.digest);
            if !run.sealed.iter().filter(|s| s.month == *month).all(whole) {
                self.missing.insert(*month);
            }
        }
    }

    /// Units that a publisher which never stopped would look at again: their month differs from their last revision's.
    fn find_unsettled(&mut self) {
        let units = Units::new(&self.rows, &self.directory, &self.missing, self.deployment.measures.measures().len());
        for (&month, cards) in &self.published.cards {
            let differs = |(key, last): &(&UnitKey, &crate::published::LastRevision)| {
                month_sums(&units.month_sums(key, month)) != last.month_sums
            };
            let found: BTreeSet<UnitKey> = cards.iter().filter(differs).map(|(key, _)| key.clone()).collect();
            if !found.is_empty() {
                self.unsettled.insert(month, found);
            }
        }
    }

    fn read_rows(&mut self) -> Result<(), LogError> {
        let ours = self.deployment.measures.hash();
        let PublishTask { log, rows, marks, names, published, rows_read, .. } = self;
        loop {
            let next = log.read(Topic::ClinicianMonths, 0, *rows_read, 10_000, &mut |lent| {
                match lent.record {
                    Record::ClinicianMonth(row) if row.measure_set == ours => {
                        if let Some(sums) = names.sums_of(&row) {
                            rows.offer(row.partition, row.position, row.key, sums);
                        }
                    }
                    Record::Mark(mark) if mark.check == mark_check(&mark) => {
                        if let Some(of_partition) = marks.get_mut(mark.partition as usize)
                            && published.last_cut.is_none_or(|last| mark.at > last)
                        {
                            of_partition.entry(mark.at).or_default().push(mark);
                        }
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            })?;
            if next == *rows_read {
                return Ok(());
            }
            *rows_read = next;
        }
    }

    /// Makes sure of every partition at this cut: by its rows where their digest is the mark's, else by folding its log.
    fn ground(&mut self, cut: Timestamp) -> Result<Result<Ground, Obstacle>, LogError> {
        if self.marks.iter().any(|marks| marks.range(cut..).next().is_none()) {
            return Ok(Err(Obstacle::NotReady));
        }
        let mut ground = Ground { marks: Vec::new(), changed: std::mem::take(&mut self.carried), refolded: Vec::new() };
        for partition in 0..self.deployment.partitions {
            let trusted = self.own_mark(partition, cut).is_some_and(|mark| {
                let (exact, changed) = self.rows.advance(&mark);
                ground.changed.extend(changed);
                if exact {
                    ground.marks.push(mark);
                }
                exact
            });
            if trusted {
                continue;
            }
            let (mark, rows) = match self.refold(partition, cut)? {
                Ok(folded) => folded,
                Err(obstacle) => {
                    self.carried = ground.changed;
                    return Ok(Err(obstacle));
                }
            };
            ground.changed.extend(self.rows.replace(&mark, rows));
            ground.refolded.push(partition);
            ground.marks.push(mark);
        }
        Ok(Ok(ground))
    }

    /// The partition's own mark of exactly this cut under our measure set; the first that was written, if there are several.
    fn own_mark(&self, partition: u32, cut: Timestamp) -> Option<Mark> {
        let ours = self.deployment.measures.hash();
        let marks = self.marks[partition as usize].get(&cut)?;
        marks.iter().filter(|mark| mark.measure_set == ours).min_by_key(|mark| mark.position).cloned()
    }

    /// Folds a partition's log itself, with the tally's code, up to the tick of this cut.
    #[expect(clippy::type_complexity, reason = "two ways to fail, of which one is an answer")]
    fn refold(
        &mut self,
        partition: u32,
        cut: Timestamp,
    ) -> Result<Result<(Mark, Vec<(scorecard::record::RowKey, scorecard::sums::Sums)>), Obstacle>, LogError> {
        self.refolds += 1;
        let mut fold = Fold::start(&self.deployment, partition, &mut self.log)?;
        loop {
            let before = fold.position;
            let Some(tick) = fold.read(&mut self.log, 10_000)? else {
                if fold.position == before {
                    return Ok(Err(Obstacle::NotReady));
                }
                continue;
            };
            let state = fold.tally.cut();
            if tick.at < cut {
                fold.tally.settle(tick.at);
                continue;
            }
            let needed = self.published.open_from(&self.deployment.schedule);
            if tick.at > cut || (fold.reach > needed && fold.reach > Month::EARLIEST) {
                let why = format!("partition {partition} of the log begins in the middle of {}", fold.reach.plus(-1));
                return Ok(Err(Obstacle::Gone(why)));
            }
            let mark = mark_of(&state, partition, tick, self.deployment.measures.hash());
            let rows = fold.tally.all_rows(&state).map(|(key, sums)| (key, sums.clone())).collect();
            return Ok(Ok((mark, rows)));
        }
    }

    /// Applies the registry up to publish's own tick of this cut, which is written if no earlier publisher did. Returns the
    /// directory as it was before, if an entry was applied, and the tick's offset.
    fn read_registry(&mut self, cut: Timestamp) -> Result<(Option<Directory>, u64), LogError> {
        let mut before = None;
        loop {
            if let Some(position) = self.apply_registry(Some(cut), u64::MAX, &mut before)? {
                return Ok((before, position));
            }
            self.log.append(Topic::Registry, 0, "tick", &Record::Tick(Tick { at: cut }))?;
            self.log.flush()?;
        }
    }

    fn read_registry_until(&mut self, position: u64) -> Result<(), LogError> {
        self.apply_registry(None, position, &mut None).map(|_| ())
    }

    /// Applies entries up to the first tick of `cut` or up to an offset, whichever comes first. Returns the tick's offset.
    fn apply_registry(
        &mut self,
        cut: Option<Timestamp>,
        until: u64,
        before: &mut Option<Directory>,
    ) -> Result<Option<u64>, LogError> {
        let PublishTask { log, directory, registry_read, .. } = self;
        let mut found = None;
        loop {
            let next = log.read(Topic::Registry, 0, *registry_read, 10_000, &mut |lent| {
                match lent.record {
                    Record::Tick(tick) if cut.is_some_and(|cut| tick.at >= cut) => found = Some(lent.offset),
                    Record::Registry(entry) if lent.offset <= until => {
                        before.get_or_insert_with(|| directory.clone());
                        directory.apply(&entry);
                    }
                    _ => {}
                }
                let done = found.is_some() || lent.offset >= until;
                if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let stuck = next == *registry_read;
            *registry_read = next;
            if found.is_some() || stuck || next > until {
                return Ok(found);
            }
        }
    }

    fn publish(&mut self, cut: Timestamp, ground: &Ground) -> Result<Run, LogError> {
        let (before, registry_position) = self.read_registry(cut)?;
        let mut draft = self.draft(cut, ground, before.as_ref());
        let run = self.run_record(cut, ground, &draft, registry_position);
        let news = draft.news();
        self.log.append_atomically(draft.into_records(&run))?;
        self.settle(&run, news);
        Ok(run)
    }

    /// Everything that this cut publishes, month by month.
    fn draft(&mut self, cut: Timestamp, ground: &Ground, before: Option<&Directory>) -> Draft {
        let measures = self.deployment.measures.clone();
        let feeds = feeds_of(&ground.marks);
        let last_run = self.published.last_run.as_ref();
        let redefined = last_run.is_some_and(|run| run.measure_set != measures.hash());
        let reattributed = before.filter(|_| last_run.is_some()).map(|before| self.reattributed(before)).unwrap_or_default();
        let edition = Edition {
            cut,
            engine_version: &self.deployment.engine_version,
            measure_set: measures.hash(),
            redefined,
            reattributed: &reattributed,
            feeds: &feeds,
        };
        let mut draft = Draft::default();
        let mut unsettled = std::mem::take(&mut self.unsettled);
        let scorer = Scorer { measures: &measures, schedule: &self.deployment.schedule, directory: &self.directory };
        let mut units = None;
        for month in self.open_months() {
            let Some(phase) = self.phase(month, cut) else { continue };
            let whole = redefined || self.first_time(month, cut);
            let waiting = unsettled.entry(month).or_default();
            for changed in ground.changed.iter().filter(|changed| changed.month == month) {
                waiting.extend(Units::concerned(&self.directory, &changed.place));
            }
            waiting.extend(self.reattributed_units(month, &reattributed, before));
            if !whole && waiting.is_empty() {
                continue;
            }
            let units =
                &*units.get_or_insert_with(|| Units::new(&self.rows, &self.directory, &self.missing, measures.measures().len()));
            let month_draft = MonthDraft { month, phase, whole, redefined, scorer: &scorer, units, edition: &edition };
            *waiting = self.draft_month(&month_draft, waiting, &mut draft);
        }
        unsettled.retain(|_, waiting| !waiting.is_empty());
        self.unsettled = unsettled;
        draft
    }

    /// Computes the cards of one month that have to be. Returns the units that still differ from their last revision.
    fn draft_month(&self, cut: &MonthDraft<'_>, waiting: &BTreeSet<UnitKey>, draft: &mut Draft) -> BTreeSet<UnitKey> {
        let month = cut.month;
        let none = BTreeMap::new();
        let last = self.published.cards.get(&month).unwrap_or(&none);
        let keys: BTreeSet<UnitKey>;
        let (peers, all) = self.peers(cut);
        let table = peers.as_ref().or_else(|| self.published.frozen.get(&month));
        let Some(table) = table else { return BTreeSet::new() };
        let month_cut =
            MonthCut { month, phase: cut.phase, scorer: cut.scorer, units: cut.units, peers: table, edition: cut.edition };
        keys = match cut.whole {
            true => all.iter().flat_map(|all| all.keys()).chain(last.keys()).cloned().collect(),
            false => waiting.clone(),
        };
        let mut left = BTreeSet::new();
        for key in keys {
            let unit = all.as_ref().map_or_else(|| cut.units.unit(&key, month), |all| all.get(&key).cloned());
            match month_cut.revise(&key, unit.as_ref(), last.get(&key)) {
                Some(card) => draft.cards.push(card),
                None if self.differs(cut.units, &key, month, last.get(&key)) => {
                    left.insert(key);
                }
                None => {}
            }
        }
        if let Some(table) = peers {
            draft.keep_peers(&table, cut.phase, &self.published.groups);
            if cut.phase != Phase::Open {
                draft.frozen.insert(month, table);
            }
        }
        left
    }

    fn differs(&self, units: &Units<'_>, key: &UnitKey, month: Month, last: Option<&crate::published::LastRevision>) -> bool {
        last.is_some_and(|last| month_sums(&units.month_sums(key, month)) != last.month_sums)
    }

    /// The peers of a month at this cut, `None` where those frozen before hold; and all its units where they had to be computed.
    fn peers(&self, cut: &MonthDraft<'_>) -> (Option<PeerTable>, Option<BTreeMap<UnitKey, scorecard::unit::UnitMonth>>) {
        let frozen = self.published.frozen.get(&cut.month).filter(|_| cut.phase == Phase::Frozen);
        if frozen.is_some() && !cut.whole {
            return (None, None);
        }
        let all = cut.units.of_month(&self.directory, cut.month);
        let live = cut.scorer.peers(cut.month, &all);
        let table = match (frozen, cut.phase) {
            (Some(frozen), _) if cut.redefined => Some(frozen.clone().completed_by(live.frozen())),
            (Some(_), _) => None,
            (None, Phase::Open) => Some(live),
            (None, Phase::Freezing) => Some(live.frozen()),
            (None, Phase::Frozen) if cut.redefined => Some(live.frozen()),
            // Nobody had a card when the month became final: there is nobody to compare with.
            (None, Phase::Frozen) => Some(PeerTable::default()),
        };
        (table, Some(all))
    }

    /// Months with rows or cards that were open after the last published cut.
    fn open_months(&self) -> BTreeSet<Month> {
        let open_from = self.published.open_from(&self.deployment.schedule);
        let mut months = self.rows.months_from(open_from);
        months.extend(self.published.cards.range(open_from..).map(|(month, _)| *month));
        months
    }

    fn phase(&self, month: Month, cut: Timestamp) -> Option<Phase> {
        match self.deployment.schedule.age(month, cut) {
            Age::Running => None,
            Age::Provisional => Some(Phase::Open),
            Age::Final | Age::Sealed if self.was_final(month) => Some(Phase::Frozen),
            Age::Final | Age::Sealed => Some(Phase::Freezing),
        }
    }

    fn was_final(&self, month: Month) -> bool {
        let last = self.published.last_run.as_ref();
        last.is_some_and(|run| self.deployment.schedule.age(month, run.at) >= Age::Final)
    }

    /// Whether this is the first published cut at which the month is provisional, or final.
    fn first_time(&self, month: Month, cut: Timestamp) -> bool {
        let schedule = &self.deployment.schedule;
        let before = self.published.last_run.as_ref().map_or(Age::Running, |run| schedule.age(month, run.at));
        before < schedule.age(month, cut).min(Age::Final)
    }

    /// Persons for whom the registry says something else than it said before.
    fn reattributed(&self, before: &Directory) -> BTreeSet<String> {
        let moved = self.rows.places().filter_map(|place| {
            let (old, new) = (before.person_of(&place.0), self.directory.person_of(&place.0));
            (old != new).then(|| [old.to_owned(), new.to_owned()])
        });
        let mut persons: BTreeSet<String> = moved.flatten().collect();
        let scorer = |directory| Scorer { measures: &self.deployment.measures, schedule: &self.deployment.schedule, directory };
        for (month, cards) in &self.published.cards {
            for (key, last) in cards {
                if scorer(&self.directory).subject(key, *month) != last.subject {
                    persons.insert(key.person.clone());
                }
            }
        }
        persons
    }

    /// The units of these persons in a month, those included that they had before.
    fn reattributed_units(&self, month: Month, persons: &BTreeSet<String>, before: Option<&Directory>) -> Vec<UnitKey> {
        if persons.is_empty() {
            return Vec::new();
        }
        let places = self.rows.places_in(month);
        let now = places.iter().flat_map(|place| Units::concerned(&self.directory, place));
        let then = before.into_iter().flat_map(|b| places.iter().flat_map(move |place| Units::concerned(b, place)));
        now.chain(then).filter(|key| persons.contains(&key.person)).collect()
    }

    fn run_record(&self, cut: Timestamp, ground: &Ground, draft: &Draft, registry_position: u64) -> Run {
        Run {
            at: cut,
            id: run_id(cut),
            outcome: Outcome::Published,
            engine_version: self.deployment.engine_version.clone(),
            measure_set: self.deployment.measures.hash(),
            revisions: draft.cards.len() as u64,
            months: self.run_months(draft),
            positions: ground.marks.iter().map(|mark| mark.position).collect(),
            registry_position,
            sealed: self.sealed(cut),
            refolded: ground.refolded.clone(),
        }
    }

    fn run_months(&self, draft: &Draft) -> Vec<RunMonth> {
        let mut by_month: BTreeMap<Month, Vec<&Scorecard>> = BTreeMap::new();
        for card in &draft.cards {
            by_month.entry(card.content.period.month).or_default().push(card);
        }
        let standing = |month: &Month, revised: &[&Scorecard]| {
            let mut cards: BTreeMap<String, bool> = BTreeMap::new();
            for (key, last) in self.published.cards.get(month).into_iter().flatten() {
                cards.insert(scorecard::card::key(&key.person, &key.practice, *month), stands(last.status));
            }
            cards.extend(revised.iter().map(|card| (card.key(), stands(card.content.status))));
            cards.values().filter(|stands| **stands).count() as u64
        };
        let of = |(month, revised): (Month, Vec<&Scorecard>)| RunMonth {
            month,
            cards: standing(&month, &revised),
            revisions: revised.len() as u64,
        };
        by_month.into_iter().map(of).collect()
    }

    /// Digests of the months that this cut seals: later publishers believe their rows only if they have these.
    fn sealed(&self, cut: Timestamp) -> Vec<SealedDigest> {
        let schedule = &self.deployment.schedule;
        let (from, until) = (self.published.open_from(schedule), schedule.open_from(cut));
        let months: Vec<Month> = self.rows.months_from(from).into_iter().filter(|month| *month < until).collect();
        let of = |partition| {
            months.iter().map(move |&month| {
                let (rows, digest) = self.rows.digest_of(partition, month);
                SealedDigest { partition, month, rows, digest }
            })
        };
        (0..self.deployment.partitions).flat_map(of).collect()
    }

    /// A cut that cannot be published is said to be skipped: the next one says what it would have said.
    fn skip(&mut self, cut: Timestamp, why: String) -> Result<Run, LogError> {
        let run = Run {
            at: cut,
            id: run_id(cut),
            outcome: Outcome::Skipped(why),
            engine_version: self.deployment.engine_version.clone(),
            measure_set: self.deployment.measures.hash(),
            revisions: 0,
            months: Vec::new(),
            positions: Vec::new(),
            registry_position: self.registry_read,
            sealed: Vec::new(),
            refolded: Vec::new(),
        };
        self.log.append_atomically(Draft::default().into_records(&run))?;
        self.settle(&run, News::default());
        Ok(run)
    }

    /// The run is out: what it says is what is published.
    fn settle(&mut self, run: &Run, news: News) {
        self.published.keep_run(run.clone());
        for marks in &mut self.marks {
            *marks = marks.split_off(&Timestamp(run.at.0 + 1));
        }
        for (month, key, last) in news.revisions {
            self.published.cards.entry(month).or_default().insert(key, last);
        }
        self.published.frozen.extend(news.frozen);
        self.published.groups.extend(news.groups);
        let before = run.sealed.iter().map(|s| s.month).max();
        if before.is_some() {
            let open_from = self.published.open_from(&self.deployment.schedule);
            let rows_from = open_from.plus(-WINDOW_MONTHS);
            self.published.forget_before(open_from, rows_from);
            self.rows.forget_before(rows_from);
            self.unsettled = self.unsettled.split_off(&open_from);
            self.missing = self.missing.split_off(&rows_from);
        }
    }
}

/// What one month needs at one cut.
struct MonthDraft<'a> {
    month: Month,
    phase: Phase,
    /// Every card of the month is computed.
    whole: bool,
    redefined: bool,
    scorer: &'a Scorer<'a>,
    units: &'a Units<'a>,
    edition: &'a Edition<'a>,
}

fn stands(status: scorecard::card::Status) -> bool {
    status != scorecard::card::Status::Withdrawn
}

fn feeds_of(marks: &[Mark]) -> BTreeMap<Arc<str>, FeedCoverage> {
    marks.iter().flat_map(|mark| &mark.feeds).map(|feed| (feed.feed.clone(), feed.clone())).collect()
}
