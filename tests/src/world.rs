//! A small deployment in virtual time, on which the promises are tested.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::card::scorecard::Scorecard;
use scorecard::event::{Action, Attendance, Codes, Detail, Encounter, Event, Mode, Prescription, Source};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Record, Run};
use scorecard::registry::entry::{Entry, EntrySource, Role};
use scorecard::time::calendar::{Day, Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use stream::deployment::Deployment;
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

use crate::simulated_log::SimulatedLog;

/// The measures of this repository, by file name.
#[must_use]
pub fn measure_files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../measures");
    let entries = std::fs::read_dir(folder).expect("the repository holds measures/");
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            (name, std::fs::read_to_string(&path).expect("a readable measure file"))
        })
        .collect();
    files.sort();
    files
}

/// The same files with these measures adjusted for age and sex of the patients, whether or not the repository's are.
///
/// # Panics
/// When a file has no such measure.
#[must_use]
pub fn adjusted_measure_files(ids: &[&str]) -> Vec<(String, String)> {
    let mut files = measure_files();
    for id in ids {
        let (_, text) = files.iter_mut().find(|(name, _)| *name == format!("{id}.toml")).expect("a measure of the repository");
        if !text.contains("\nadjust = ") {
            *text = text.replacen("\nscale = ", "\nadjust = [\"age\", \"sex\"]\nscale = ", 1);
        }
    }
    files
}

/// The measure set of these files.
#[must_use]
pub fn measures(files: &[(String, String)]) -> Arc<MeasureSet> {
    let set = MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Arc::new(set.expect("the repository's measures are valid"))
}

/// A deployment whose first publication instant is this one, with all measures of the repository.
#[must_use]
pub fn deployment(partitions: u32, first: Timestamp) -> Deployment {
    Deployment {
        schedule: Schedule { zone: Zone::london(), grid: Grid::DAILY, first },
        partitions,
        measures: measures(&measure_files()),
        identity_seed: 7,
        engine_version: "test".to_owned(),
    }
}

/// An instant of UTC.
#[must_use]
pub fn utc(year: i16, month: i8, day: i8, hour: i64) -> Timestamp {
    let day = Day::from_ymd(year, month, day).expect("a test names days that exist");
    Timestamp(i64::from(day.0) * 86_400_000 + hour * 3_600_000)
}

/// A month by its text.
#[must_use]
pub fn month(text: &str) -> Month {
    text.parse().expect("a test names months that exist")
}

/// One log, its tasks and virtual time.
pub struct World {
    /// The settings that all tasks share.
    pub deployment: Deployment,
    /// The log.
    pub log: SimulatedLog,
    /// One tally per partition.
    pub tallies: Vec<TallyTask<SimulatedLog>>,
    /// The active publisher.
    pub publisher: PublishTask<SimulatedLog>,
    /// The intake.
    pub intake: Intake,
}

impl World {
    /// A world that begins at the deployment's first publication instant.
    #[must_use]
    pub fn new(deployment: Deployment) -> World {
        World::on(deployment, SimulatedLog::new())
    }

    /// A world on a log that may have records already.
    #[must_use]
    pub fn on(deployment: Deployment, log: SimulatedLog) -> World {
        let tally = |partition| TallyTask::new(&deployment, partition, log.handle()).expect("a log without faults");
        let tallies = (0..deployment.partitions).map(tally).collect();
        let publisher = PublishTask::new(&deployment, log.handle()).expect("a log without faults");
        let intake = Intake::new(deployment.partitions, 500);
        World { deployment, log, tallies, publisher, intake }
    }

    /// Appends events of a feed at an instant, one batch.
    pub fn feed(&mut self, at: Timestamp, feed: &str, events: Vec<Event<'static>>) {
        self.log.set_now(at);
        let feed = Arc::new(Feed::undeclared(feed));
        let mut log = self.log.handle();
        for event in events {
            self.intake.take(&mut log, Item::Event(feed.clone(), event)).expect("a log without faults");
        }
        self.intake.flush(&mut log).expect("a log without faults");
    }

    /// Appends an entry of the registry.
    pub fn register(&mut self, at: Timestamp, entry: Entry) {
        self.log.set_now(at);
        let mut log = self.log.handle();
        self.intake.take(&mut log, Item::Registry(entry)).expect("a log without faults");
        self.intake.flush(&mut log).expect("a log without faults");
    }

    /// Appends an entry of the operator that names a person's role at a practice: the person's roll-up then sums the practice.
    pub fn employ(&mut self, at: Timestamp, person: &str, practice: &str, role: &str) {
        let (person, practice, role) = (person.to_owned(), practice.to_owned(), role.to_owned());
        let entry = Entry::Role(Role { person, practice, role, ..Role::default() });
        self.register(at, entry.stated_by(EntrySource::Operator));
    }

    /// Advances time to `until`: tallies write every due tick and close it. Publish does not run.
    pub fn tally_until(&mut self, until: Timestamp) {
        self.log.set_now(until);
        for tally in &mut self.tallies {
            run_tally(tally, until).expect("a log without faults");
        }
    }

    /// Publishes every cut that is ready.
    pub fn publish(&mut self) -> Vec<Run> {
        let mut runs = Vec::new();
        while let Some(run) = self.publisher.step().expect("a log without faults") {
            runs.push(run);
        }
        runs
    }

    /// Advances time cut by cut: ticks, rows and cards.
    pub fn run_until(&mut self, until: Timestamp) -> Vec<Run> {
        let schedule = self.deployment.schedule.clone();
        let mut runs = Vec::new();
        let last = self.tallies.iter().filter_map(TallyTask::last_tick).max();
        let mut at = last.map_or(schedule.first, |last| schedule.grid.after(last));
        while at <= until {
            self.tally_until(at);
            runs.extend(self.publish());
            at = schedule.grid.after(at);
        }
        runs
    }

    /// Restarts the tally of a partition, as after a crash.
    pub fn restart_tally(&mut self, partition: u32) {
        let task = TallyTask::new(&self.deployment, partition, self.log.handle()).expect("a log without faults");
        self.tallies[partition as usize] = task;
    }

    /// Restarts the publisher, as after a crash.
    pub fn restart_publisher(&mut self) {
        self.publisher = PublishTask::new(&self.deployment, self.log.handle()).expect("a log without faults");
    }

    /// Every published revision, in order of publication within each partition.
    #[must_use]
    pub fn revisions(&self) -> Vec<Scorecard> {
        revisions(&self.log)
    }

    /// The newest revision of every card, by key.
    #[must_use]
    pub fn cards(&self) -> BTreeMap<String, Scorecard> {
        self.revisions().into_iter().map(|card| (card.key(), card)).collect()
    }
}

/// Writes every due tick and reads it back.
///
/// # Errors
/// The error of the log.
pub fn run_tally(tally: &mut TallyTask<SimulatedLog>, now: Timestamp) -> Result<(), LogError> {
    loop {
        while tally.step(1000)? {}
        if !tally.clock(now)? {
            return Ok(());
        }
    }
}

/// Every record of a topic.
#[must_use]
pub fn records(log: &SimulatedLog, topic: Topic, partition: u32) -> Vec<Record<'static>> {
    let mut found = Vec::new();
    let mut handle = log.handle();
    handle
        .read(topic, partition, 0, usize::MAX, &mut |lent| {
            found.push(lent.record.into_owned());
            std::ops::ControlFlow::Continue(())
        })
        .expect("a log without faults");
    found
}

/// Every published revision of a log.
#[must_use]
pub fn revisions(log: &SimulatedLog) -> Vec<Scorecard> {
    let mut cards = Vec::new();
    for partition in 0..6 {
        for record in records(log, Topic::ScorecardRevisions, partition) {
            match record {
                Record::Scorecard(card) => cards.push(*card),
                other => panic!("scorecard-revisions holds {other:?}"),
            }
        }
    }
    cards.sort_by_key(|card| (card.cut, card.key(), card.revision));
    cards
}

/// Every run record of a log.
#[must_use]
pub fn runs(log: &SimulatedLog) -> Vec<Run> {
    let run = |record| match record {
        Record::Run(run) => run,
        other => panic!("runs holds {other:?}"),
    };
    records(log, Topic::Runs, 0).into_iter().map(run).collect()
}

/// A prescription of one generic item of amoxicillin by a clinician of `gmc`.
#[must_use]
pub fn prescription(id: &str, version: u64, clinician: &str, at: Timestamp) -> Event<'static> {
    event(id, version, clinician, at, amoxicillin(Some(143)))
}

/// One generic item of amoxicillin at this cost in pence.
#[must_use]
pub fn amoxicillin(cost_pence: Option<u32>) -> Detail<'static> {
    Detail::Prescription(Some(Prescription {
        drug: Codes::one("bnf|0501013B0AAABAB"),
        reference: None,
        quantity_milli: Some(21_000),
        items: 1,
        cost_pence,
        adq_milli: None,
        repeat: false,
    }))
}

/// An attended encounter of ten minutes by a clinician of `gmc`.
#[must_use]
pub fn encounter(id: &str, version: u64, clinician: &str, at: Timestamp) -> Event<'static> {
    event(id, version, clinician, at, attended())
}

/// An attended encounter of ten minutes.
#[must_use]
pub fn attended() -> Detail<'static> {
    Detail::Encounter(Some(Encounter {
        source: Source::Whole,
        mode: Mode::FaceToFace,
        status: Attendance::Attended,
        booked_at: None,
        booked_day: None,
        minutes: Some(10),
        planned_minutes: Some(10),
        diagnoses: Vec::new(),
        types: Codes::default(),
    }))
}

/// An event of a kind at practice A81001.
#[must_use]
pub fn event(id: &str, version: u64, clinician: &str, at: Timestamp, detail: Detail<'static>) -> Event<'static> {
    Event {
        version: Some(version),
        day: Some(Zone::london().day_of(at)),
        occurred_at: Some(at),
        recorded_at: Some(at),
        clinician: Some(format!("gmc|{clinician}").into()),
        practice: Some("A81001".into()),
        ..Event::new(id.to_owned(), detail)
    }
}

/// The retraction of an event.
#[must_use]
pub fn retraction(of: &Event<'static>, version: u64) -> Event<'static> {
    let detail = match &of.detail {
        Detail::Encounter(_) => Detail::Encounter(None),
        Detail::Prescription(_) => Detail::Prescription(None),
        Detail::Feedback(_) => Detail::Feedback(None),
        Detail::Order(_) => Detail::Order(None),
        Detail::Observation(_) => Detail::Observation(None),
    };
    Event { version: Some(version), action: Action::Retract, ..Event::new(of.id.clone(), detail) }
}
