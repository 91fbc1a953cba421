//! One record of every kind with every field filled. Fields that could be confused have different values.

use scorecard::card::peer_snapshot::{CellRate, GroupFigures, Level, PeerSnapshot, PlaceSums, Purpose, Standardisation};
use scorecard::card::public_group::{PeerGroup, PeerKey};
use scorecard::card::scorecard::{
    CardMeasure, CaseMix, CaseMixState, Cause, Change, Comparator, Comparisons, Composite, Content, Coverage, CoverageState,
    DomainPoints, Exposure, Gap, Giants, Grade, Interval, MeasurePoints, MonthGaps, Movement, Period, PointsBasis, Quality,
    Reason, SavingEstimate, Scorecard, StandardCheck, Status, Subject, Suggestion, UnknownCount, VerdictWord, YearDifference,
};
use scorecard::card::snapshot_id::SnapshotId;
use scorecard::event::{
    Action, Answer, Attendance, Batch, CodeDefinition, Codes, Detail, Encounter, Event, Exclusion, Feedback, IdScope, Mode,
    Observation, ObservedValue, Order, Prescription, Pseudonym, Sex, Source, Versioning,
};
use scorecard::measure::measure_set::{Direction, Domain, Kind, SetHash};
use scorecard::record::access_record::AccessRecord;
use scorecard::record::log_record::{
    CellSum, ClinicianMonth, FeedCoverage, FeedDefinition, Genesis, Mark, Outcome, Position, Record, Reject, RowKey, Run,
    RunMonth, SealedDigest, Tick,
};
use scorecard::registry::entry::{
    Entry, EntrySource, EventFence, FeedRule, FeedSends, Lead, Organisation, OrganisationKind, Person, Role, Withdrawal,
    WithdrawnKind,
};
use scorecard::registry::person_details::{Notification, PersonDetails};
use scorecard::sums::measure_sums::{Base, MeasureSums, SignedSums};
use scorecard::time::calendar::{Day, Month, Timestamp};

pub const HASH: SetHash = SetHash(0x0123_4567_89ab_cdef_0011_2233_4455_6677);

pub fn month(text: &str) -> Month {
    text.parse().expect("a month of the samples")
}

/// One of each kind.
pub fn records() -> Vec<Record<'static>> {
    vec![
        Record::Batch(batch()),
        Record::Tick(Tick { at: Timestamp(1_794_884_400_000) }),
        Record::ClinicianMonth(clinician_month()),
        Record::Mark(mark()),
        Record::Genesis(genesis()),
        Record::Registry(Entry::Person(Person {
            id: "gmc|7012345".into(),
            aliases: vec!["gmp|G1234567".into(), "npi|1".into()],
            source: operator(),
        })),
        Record::Registry(Entry::Role(role())),
        Record::Registry(Entry::Organisation(organisation())),
        Record::Scorecard(Box::new(scorecard())),
        Record::PeerGroup(Box::new(peer_group())),
        Record::PeerSnapshot(peer_snapshot()),
        Record::Run(run()),
        Record::Reject(reject()),
        Record::Registry(Entry::Lead(Lead {
            person: "gmc|7012345".into(),
            practice: "A81001".into(),
            from: Some("2026-01-01".into()),
            until: Some("2027-12-31".into()),
            source: operator(),
        })),
        Record::Registry(Entry::Feed(FeedRule {
            feed: "a81001-emis".into(),
            ids: IdScope::Kind,
            versioning: Versioning::Updated,
            source: feed(),
        })),
        Record::Registry(Entry::Withdrawal(withdrawal())),
        Record::PersonDetails(PersonDetails {
            person: "gmc|7012345".into(),
            name: Some("Dr Robin Lee".into()),
            login: Some("robin.lee".into()),
            email: Some("robin.lee@example.org".into()),
            notify: Some(Notification::None),
        }),
        Record::Definition(FeedDefinition { feed: "a81001-emis".into(), definition: definition() }),
        Record::Registry(Entry::Sends(FeedSends {
            feed: "a81001-emis".into(),
            sends: vec!["attendance".into(), "prescriptions".into()],
            source: operator(),
        })),
        Record::Registry(Entry::Fence(EventFence { feed: "a81001-emis".into(), id: "enc-1".into(), source: operator() })),
        Record::Access(AccessRecord {
            at: Timestamp(1_796_040_000_000),
            reader: "gmc|7012399".into(),
            role: "lead".into(),
            page: "measure".into(),
            clinician: Some("gmc|7012345".into()),
            practice: Some("A81001".into()),
            month: Some(month("2026-10")),
            revision: Some(2),
        }),
    ]
}

fn operator() -> Option<EntrySource> {
    Some(EntrySource::Operator)
}

fn feed() -> Option<EntrySource> {
    Some(EntrySource::Feed("a81001-emis".into()))
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        withdraws: WithdrawnKind::Role,
        person: Some("gmc|7012345".into()),
        alias: Some("gmp|G1234567".into()),
        practice: Some("A81001".into()),
        role: Some("nurse".into()),
        code: Some("U12345".into()),
        from: Some("2026-06-01".into()),
        source: operator(),
    }
}

/// A sample as a reader sees it that was written with the first schema of its record, which had fewer fields.
pub fn as_first_written(record: Record<'static>) -> Record<'static> {
    match record {
        Record::Registry(Entry::Person(person)) => Record::Registry(Entry::Person(Person { source: None, ..person })),
        Record::Registry(Entry::Role(role)) => Record::Registry(Entry::Role(Role { source: None, aliases: vec![], ..role })),
        Record::Registry(Entry::Organisation(one)) => {
            Record::Registry(Entry::Organisation(Organisation { aliases: vec![], source: None, ..one }))
        }
        Record::Scorecard(mut card) => {
            card.content.measures.iter_mut().filter_map(|measure| measure.case_mix.as_mut()).for_each(|mix| mix.unknown = None);
            Record::Scorecard(card)
        }
        Record::PeerSnapshot(mut snapshot) => {
            snapshot.places.iter_mut().for_each(|place| place.expected = None);
            Record::PeerSnapshot(snapshot)
        }
        same => same,
    }
}

/// Further records: empty fields and other branches.
pub fn sparse_records() -> Vec<Record<'static>> {
    let bare = Event { version: None, action: Action::Retract, ..Event::new("bare", Detail::Order(None)) };
    let details = [
        Detail::Encounter(None),
        Detail::Prescription(None),
        Detail::Feedback(None),
        Detail::Feedback(Some(Feedback { answer: None, items: vec![("q".into(), "a".into())] })),
        Detail::Order(Some(Order { category: Codes::default(), code: Codes::default() })),
        Detail::Prescription(Some(Prescription {
            drug: Codes::default(),
            reference: None,
            quantity_milli: Some(u32::MAX),
            items: u16::MAX,
            cost_pence: Some(u32::MAX),
            adq_milli: Some(u32::MAX),
            repeat: false,
        })),
        Detail::Prescription(Some(Prescription {
            drug: Codes::default(),
            reference: Some("Medication/1".into()),
            quantity_milli: None,
            items: 1,
            cost_pence: None,
            adq_milli: None,
            repeat: true,
        })),
        Detail::Observation(None),
        Detail::Observation(Some(Observation {
            code: Codes::default(),
            values: vec![ObservedValue { code: Codes::default(), value_milli: i64::MIN, unit: None }],
        })),
        Detail::Observation(Some(Observation { code: Codes::one("loinc|4548-4"), values: vec![] })),
    ];
    let events = details.into_iter().map(|detail| Event { detail, ..bare.clone() }).collect();
    let content = Content {
        exposure: vec![],
        measures: vec![],
        one_thing: None,
        check: vec![],
        keep: vec![],
        changed: vec![],
        domains: vec![],
        composite: None,
        giants: None,
        coverage: vec![],
        unknown: vec![],
        status: Status::Withdrawn,
        ..scorecard().content
    };
    let card = Scorecard { supersedes: None, content, quality: Quality::default(), ..scorecard() };
    let skipped = Run { outcome: Outcome::Skipped("the log no longer reaches back".into()), sealed: vec![], ..run() };
    let nowhere = Reject { feed: None, position: Position { index: None, ..reject().position }, ..reject() };
    let none = MeasureSums::default();
    let measures = vec![("x@1".into(), none)];
    let row = ClinicianMonth { measures, base: Base::default(), signed: vec![], cells: vec![], ..clinician_month() };
    vec![
        Record::Batch(Batch { versioning: Versioning::Arrival, events, ..empty_batch() }),
        Record::Batch(Batch { ids: IdScope::Kind, ..empty_batch() }),
        Record::Batch(Batch {
            definitions: vec![CodeDefinition { reference: "Medication/1".into(), version: 1, codes: Codes::default() }],
            ..empty_batch()
        }),
        Record::Scorecard(Box::new(card)),
        Record::Run(skipped),
        Record::Reject(nowhere),
        Record::ClinicianMonth(row),
        Record::Mark(Mark { open_from: Month::EARLIEST, feeds: vec![], check: u64::MAX, ..mark() }),
        Record::Registry(Entry::Role(Role { from: None, until: None, locum: false, source: None, ..role() })),
        Record::Registry(Entry::Withdrawal(Withdrawal { alias: Some("f|Practitioner/1".into()), ..Withdrawal::default() })),
        Record::PersonDetails(PersonDetails { person: "p1".into(), ..PersonDetails::default() }),
        Record::Access(AccessRecord { reader: "reporting".into(), ..AccessRecord::default() }),
    ]
}

fn empty_batch() -> Batch<'static> {
    Batch {
        feed: "f".into(),
        practice: None,
        versioning: Versioning::Id,
        ids: IdScope::Feed,
        definitions: vec![],
        events: vec![],
    }
}

fn event(id: &'static str) -> Event<'static> {
    Event {
        id: id.into(),
        version: Some(7),
        action: Action::Record,
        day: Some(Day(20_731)),
        occurred_at: Some(Timestamp(1_791_189_660_000)),
        recorded_at: Some(Timestamp(1_791_189_667_000)),
        clinician: Some("gmc|7012345".into()),
        practice: Some("A81001".into()),
        patient: Some(Pseudonym(*b"0123456789abcdef")),
        signs: Some(11),
        age_band: Some(18),
        sex: Some(Sex::Male),
        exclude: Some(Exclusion::Test),
        pca: vec!["dna_rate".into(), "referral_rate".into()],
        link: Some("e-99".into()),
        detail: Detail::Order(Some(Order {
            category: codes(&["snomed|108252007", "http://terminology.hl7.org/CodeSystem/v2-0074|LAB"]),
            code: Codes::one("snomed|306206005"),
        })),
    }
}

fn codes(texts: &[&'static str]) -> Codes<'static> {
    texts.iter().map(|text| std::borrow::Cow::Borrowed(*text)).collect()
}

fn encounter() -> Encounter<'static> {
    Encounter {
        source: Source::Slot,
        mode: Mode::Video,
        status: Attendance::Noshow,
        booked_at: Some(Timestamp(1_790_838_120_000)),
        booked_day: Some(Day(20_727)),
        minutes: Some(9),
        planned_minutes: Some(10),
        diagnoses: vec!["snomed|73211009".into()],
        types: codes(&["http://terminology.hl7.org/CodeSystem/v3-ActCode|VR", "snomed|185317003"]),
    }
}

fn prescription() -> Prescription<'static> {
    Prescription {
        drug: codes(&["bnf|0501013B0AAABAB", "dmd|322236009"]),
        reference: Some("Medication/2".into()),
        quantity_milli: Some(21_000),
        items: 2,
        cost_pence: Some(143),
        adq_milli: Some(500),
        repeat: true,
    }
}

fn feedback() -> Feedback<'static> {
    Feedback { answer: Some(Answer::Poor), items: vec![("listened".into(), "yes_definitely".into())] }
}

fn observation() -> Observation<'static> {
    let value = |code, value_milli| ObservedValue { code: Codes::one(code), value_milli, unit: Some("mm[Hg]".into()) };
    Observation {
        code: codes(&["snomed|75367002", "loinc|85354-9"]),
        values: vec![value("snomed|271649006", 138_000), value("snomed|271650006", -84_500)],
    }
}

fn definition() -> CodeDefinition<'static> {
    CodeDefinition { reference: "Medication/2".into(), version: 7, codes: codes(&["dmd|322236009", "snomed|322236009"]) }
}

fn batch() -> Batch<'static> {
    Batch {
        feed: "a81001-emis".into(),
        practice: Some("A81002".into()),
        versioning: Versioning::Updated,
        ids: IdScope::Kind,
        definitions: vec![definition()],
        events: vec![
            Event { detail: Detail::Encounter(Some(encounter())), exclude: Some(Exclusion::Admin), ..event("e-99") },
            Event { detail: Detail::Prescription(Some(prescription())), action: Action::Hold, ..event("rx-71") },
            Event { detail: Detail::Feedback(Some(feedback())), ..event("fft-12") },
            event("o-5"),
            Event { detail: Detail::Observation(Some(observation())), sex: Some(Sex::Other), ..event("ob-8") },
        ],
    }
}

/// The record in the fixture of the first layout of a batch, number 1. It had BNF codes and fixed categories only.
pub fn first_batch() -> Record<'static> {
    let first = |event: Event<'static>| Event { signs: None, age_band: None, sex: None, ..event };
    let encounter = Encounter { types: Codes::default(), ..encounter() };
    let prescription = Prescription { drug: Codes::one("bnf|0501013B0AAABAB"), reference: None, ..prescription() };
    let order = Order { category: Codes::one("plumbline|test"), code: Codes::one("snomed|306206005") };
    Record::Batch(Batch {
        ids: IdScope::Feed,
        definitions: vec![],
        events: vec![
            first(Event { detail: Detail::Encounter(Some(encounter)), exclude: Some(Exclusion::Admin), ..event("e-99") }),
            first(Event { detail: Detail::Prescription(Some(prescription)), action: Action::Hold, ..event("rx-71") }),
            first(Event { detail: Detail::Feedback(Some(feedback())), ..event("fft-12") }),
            first(Event { detail: Detail::Order(Some(order)), ..event("o-5") }),
        ],
        ..batch()
    })
}

pub fn clinician_month() -> ClinicianMonth {
    let sums = MeasureSums {
        facts_n: 1,
        facts_d: 2,
        n: 3,
        d: 4,
        n_squares: i128::MAX,
        d_squares: -6,
        n_quantity_milli: 7,
        n_cost_pence: 8,
        d_quantity_milli: 9,
        d_cost_pence: 10,
        pca: 11,
        excluded: 12,
        unknown: 13,
    };
    ClinicianMonth {
        key: RowKey {
            feed: "a81001-emis".into(),
            clinician: "gmc|7012345".into(),
            practice: "A81001".into(),
            month: month("2026-10"),
        },
        partition: 13,
        position: 14,
        at: Timestamp(1_794_884_400_000),
        measure_set: HASH,
        base: Base {
            facts: 101,
            encounters: 102,
            minutes: 103,
            items: 104,
            unmapped_items: 105,
            responses: 106,
            unknown_status: 107,
            noshow_planned_minutes: 108,
            items_without_cost: 118,
            items_without_adq: 119,
            items_without_quantity: 120,
            answers: [109, 110, 111, 112, 113, 114],
            recorded: 115,
            amended: 116,
            retracted: 117,
        },
        measures: vec![("antibiotics_per_1000@2".into(), sums), ("dna_rate@1".into(), MeasureSums { n: -5, ..sums })],
        signed: vec![(0, SignedSums([1, -2, 3, -4])), (7, SignedSums([i64::MAX, 0, i64::MIN, 64]))],
        cells: vec![CellSum { side: 7, cell: 15, n: -121 }],
    }
}

fn mark() -> Mark {
    Mark {
        partition: 13,
        at: Timestamp(1_794_884_400_000),
        position: 14,
        digest: u128::MAX - 1,
        rows: 15,
        measure_set: HASH,
        open_from: month("2025-10"),
        feeds: vec![FeedCoverage {
            feed: "a81001-emis".into(),
            last_appended: Timestamp(1_794_884_300_000),
            newest_day: Some(Day(20_772)),
            days: vec![(month("2026-10"), u32::MAX), (month("2026-11"), 7)],
            kinds: vec![],
        }],
        check: 0xfeed_beef_0000_0001,
    }
}

fn genesis() -> Genesis {
    Genesis {
        format: 1,
        partitions: 64,
        zone: "Europe/London".into(),
        grid_period_seconds: 86_400,
        grid_offset_seconds: 10_800,
        first: Timestamp(1_794_884_400_000),
        permanent_key: "66687aadf862bd77".into(),
        patient_keys: vec!["0011223344556677".into(), "8899aabbccddeeff".into()],
    }
}

fn role() -> Role {
    Role {
        person: "gmc|7012345".into(),
        practice: "A81001".into(),
        role: "gp".into(),
        locum: true,
        from: Some("2020-01-01".into()),
        until: Some("2027-12-31".into()),
        source: feed(),
        aliases: vec!["a81001-emis|PractitionerRole/1".into()],
    }
}

fn organisation() -> Organisation {
    Organisation {
        code: "A81001".into(),
        name: "The Dovecote".into(),
        kind: OrganisationKind::Pcn,
        parent: Some("U12345".into()),
        setting: Some("gp".into()),
        open_from: Some("1990-04-01".into()),
        open_until: Some("2030-04-01".into()),
        aliases: vec!["a81001-emis|Organization/1".into()],
        source: feed(),
    }
}

fn peer_key() -> PeerKey {
    PeerKey { measure: "dna_rate@1".into(), window: 12, role: "gp".into(), month: month("2026-10") }
}

pub fn peer_group() -> PeerGroup {
    PeerGroup {
        key: peer_key(),
        snapshot_id: SnapshotId([0xaa; 16]),
        as_of: Timestamp(1_794_884_400_000),
        frozen: true,
        members: 40,
        typical: Some(21.5),
        median: Some(22.5),
        p25: Some(23.5),
        p75: Some(24.5),
        deciles: (1..10).map(f64::from).collect(),
        quantiles: (1..21).map(f64::from).collect(),
    }
}

pub fn peer_snapshot() -> PeerSnapshot {
    PeerSnapshot {
        key: peer_key(),
        purpose: Purpose::Quarter,
        snapshot_id: SnapshotId([0xab; 16]),
        as_of: Timestamp(1_794_884_400_000),
        frozen: true,
        chunk: 0,
        chunks: 2,
        figures: Some(GroupFigures {
            members: 21,
            numerator: 22,
            denominator: 23,
            centre: Some(24.5),
            gamma_cautious: Some(25.5),
            gamma: Some(26.5),
            phi: Some(27.5),
            mixed: true,
            flipped: false,
            rare: true,
            estimating: 28,
            left_out: 29,
            event_size: Some(30.5),
            relative_variance: Some(31.5),
            typical_mean: Some(32.5),
            numerator_price_pence: Some(33.5),
            other_price_pence: Some(34.5),
            standardisation: Standardisation::Practices,
            practice_centre: Some(35.5),
            reference: Some("north".into()),
            season: vec![(36, 37), (38, 39)],
            cells: vec![CellRate { cell: 15, rate: 40.5 }],
        }),
        places: vec![PlaceSums {
            level: Level::Pcn,
            code: "U12345".into(),
            members: 41,
            facts: 42,
            n: 43,
            d: 44,
            expected: Some(45),
        }],
        values: vec![(1, 20), (-3, 40)],
    }
}

pub fn run() -> Run {
    Run {
        at: Timestamp(1_794_884_400_000),
        id: "5f9b6e0a-6a6f-5d0e-9f5a-2f7d6f3f6b11".into(),
        outcome: Outcome::Published,
        engine_version: "0.1.0".into(),
        measure_set: HASH,
        revisions: 3,
        months: vec![RunMonth { month: month("2026-10"), cards: 40, revisions: 2 }],
        positions: vec![5, 6, 7],
        registry_position: 8,
        sealed: vec![SealedDigest { partition: 1, month: month("2025-09"), rows: 9, digest: 10 }],
        refolded: vec![2],
    }
}

pub fn reject() -> Reject {
    Reject {
        position: Position { source: "inbox".into(), partition: 3, offset: 17, index: Some(4) },
        feed: Some("a81001-emis".into()),
        reason: "malformed_value".into(),
        field: "prescription.quantity".into(),
        detail: "prescription.quantity looks like \"9.9999\"; send a number from 0 to 4294967.295 with at most three decimals"
            .into(),
        excerpt: "{\"aaaa\":\"a99999-aaaa\"}".into(),
    }
}

pub fn scorecard() -> Scorecard {
    Scorecard {
        schema: 1,
        scorecard_id: "0b7c3b2e-1f5d-5b0a-8d4e-6f7a8b9c0d1e".into(),
        revision: 2,
        supersedes: Some("1c8d4c3f-206e-5c1b-9e5f-708b9cad1e2f".into()),
        reasons: vec![Reason { cause: Cause::Late, events: 3 }, Reason { cause: Cause::DefinitionChange, events: 0 }]
            .try_into()
            .expect("two reasons"),
        cut: Timestamp(1_794_884_400_000),
        run_id: run().id,
        engine_version: "0.1.0".into(),
        measure_set: HASH.to_string(),
        content_hash: "bb".repeat(32),
        content: content(),
        quality: Quality {
            feeds: vec![Coverage { feed: "a81001-emis".into(), state: CoverageState::Complete, newest_day: Some(Day(20_757)) }],
            days_seen: vec![None, Some(23)],
            days_expected: vec![22, 21],
            month_sums: "cc".repeat(16),
            recorded: 24,
            amended: 25,
            retracted: 26,
        },
    }
}

fn content() -> Content {
    Content {
        subject: Subject {
            clinician: "gmc|7012345".into(),
            role: "gp".into(),
            locum: true,
            practice: "A81001".into(),
            pcn: Some("U12345".into()),
            locality: Some("L01".into()),
        },
        period: Period {
            month: month("2026-10"),
            zone: "Europe/London".into(),
            start: Timestamp(1_790_809_200_000),
            end: Timestamp(1_793_491_200_000),
        },
        status: Status::Restated,
        exposure: vec![Exposure { window: 1, encounters: 31, minutes: 32, items: 33, responses: 34 }],
        measures: vec![card_measure()],
        comparisons: Comparisons { made: 84, expected: 2.1, looks: 85 },
        one_thing: Some(Suggestion {
            measure: "dna_rate".into(),
            action: "Ask who did not come.".into(),
            reason: "Most room of what you control.".into(),
        }),
        check: vec!["dna_rate".into()],
        keep: vec!["same_day_access".into()],
        changed: vec!["dna_rate".into(), "saba".into()],
        domains: vec![DomainPoints { domain: Domain::Perception, points: 35.5, available: 36.5, measures: 37 }],
        composite: Some(Composite { percent: Some(38.5), lower: Some(38.25), upper: Some(38.75), points: 39.5, available: 40.5 }),
        giants: Some(Giants {
            waste_p50_pence: Some(41.5),
            waste_p10_pence: Some(42.5),
            waste_net_pence: Some(-43.5),
            variation: Some(44.5),
            outside_95: 45,
            outside_998: 46,
            noshow_slots: 47,
            noshow_minutes: 48,
            noshow_pence: 49,
        }),
        coverage: vec![MonthGaps {
            month: month("2026-08"),
            missing: true,
            gaps: vec![Gap { kind: "feedback".into(), days: 7 }],
            not_sent: vec!["costs".into()],
        }],
        unknown: vec![UnknownCount { kind: "codes".into(), unknown: 12, of: 120 }],
    }
}

fn card_measure() -> CardMeasure {
    let interval = |lower: f64| Interval { lower, upper: lower + 0.5 };
    CardMeasure {
        id: "dna_rate".into(),
        version: 1,
        name: "Did not come".into(),
        kind: Kind::Share,
        domain: Domain::Resource,
        direction: Direction::None,
        trial: true,
        unit: "%".into(),
        n_unit: "count".into(),
        d_unit: "items".into(),
        window: 12,
        held: 5,
        n: 51,
        d: 52,
        facts_n: 53,
        facts_d: 54,
        unknown: 50,
        pca: 55,
        months_n: (1..25).collect(),
        months_d: (101..125).collect(),
        suppressed: Some("denominator_below_minimum".into()),
        value: Some(56.25),
        ci95: Some(interval(57.0)),
        comparator: Some(Comparator {
            snapshot_id: SnapshotId([0xdd; 16]),
            reference: Some("north".into()),
            typical: Some(58.5),
            median: Some(59.5),
            p25: Some(60.5),
            p75: Some(61.5),
        }),
        verdict: Some(VerdictWord::WorthALook),
        z: Some(-62.5),
        z_raw: Some(63.5),
        phi: Some(1.25),
        reliability: Some(0.73),
        grade: Some(Grade::Good),
        place: Some(64.5),
        change: Some(Change {
            p: 0.001,
            months: 3,
            direction: Movement::Down,
            signal: true,
            year: Some(YearDifference { ratio: Some(0.5), difference: Some(-65.5), lower: 0.25, upper: 0.75 }),
            sentence: Some("Less than before.".into()),
        }),
        points: Some(MeasurePoints {
            points: 66.5,
            available: 67.5,
            low: 68.5,
            high: 69.5,
            basis: PointsBasis::Improvement,
            improvement: Some(70.5),
            begins: Some(71.5),
            full: Some(72.5),
        }),
        saving: Some(SavingEstimate { p50_pence: 79.5, p10_pence: -80.5 }),
        case_mix: Some(CaseMix {
            state: CaseMixState::AgeSex,
            expected: Some(81.5),
            standardised: Some(82.5),
            ratio: Some(0.8),
            unknown: Some(7),
        }),
        standard: Some(StandardCheck { standard: 12.0, beyond: true }),
        sentence: "On the high side.".into(),
    }
}
