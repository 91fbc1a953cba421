//! One record of every kind with every field filled. Fields that could be confused have different values.

use scorecard::card::peer_group::{Level, PeerGroup, PeerKey, PeerSnapshot};
use scorecard::card::scorecard::{
    Band, CardMeasure, Cause, Composite, Content, Coverage, CoverageState, DomainPoints, Exposure, Funnel, Giants, Grade,
    Highlight, Interval, Peer, Period, Qof, Quality, Reason, SavingEstimate, Scorecard, Status, Subject, Trend, WindowValue,
};
use scorecard::event::{
    Action, Answer, Attendance, Batch, Category, Detail, Encounter, Event, Exclusion, Feedback, Mode, Order, Prescription,
    Pseudonym, Source, Versioning,
};
use scorecard::measure::measure_set::{Direction, Domain, Giant, Kind, SetHash};
use scorecard::record::log_record::{
    CellSum, ClinicianMonth, FeedCoverage, Genesis, Mark, Outcome, Position, Record, Reject, RowKey, Run, RunMonth, SealedDigest, Tick,
};
use scorecard::registry::entry::{Entry, Organisation, OrganisationKind, Person, Role};
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
        })),
        Record::Registry(Entry::Role(role())),
        Record::Registry(Entry::Organisation(organisation())),
        Record::Scorecard(Box::new(scorecard())),
        Record::PeerGroup(Box::new(peer_group())),
        Record::PeerSnapshot(PeerSnapshot {
            key: peer_key(),
            snapshot_id: "snap".into(),
            chunk: 1,
            chunks: 2,
            values: vec![(1, 20), (-3, 40)],
        }),
        Record::Run(run()),
        Record::Reject(reject()),
    ]
}

/// Further records: empty fields and other branches.
pub fn sparse_records() -> Vec<Record<'static>> {
    let bare = Event {
        version: None,
        action: Action::Retract,
        day: None,
        occurred_at: None,
        recorded_at: None,
        clinician: None,
        practice: None,
        patient: None,
        exclude: None,
        pca: vec![],
        link: None,
        detail: Detail::Order(None),
        ..event("bare")
    };
    let details = [
        Detail::Encounter(None),
        Detail::Prescription(None),
        Detail::Feedback(None),
        Detail::Feedback(Some(Feedback { answer: None, items: vec![("q".into(), "a".into())] })),
        Detail::Order(Some(Order { category: Category::Imaging, code: None })),
        Detail::Prescription(Some(Prescription {
            code: None,
            quantity_milli: u32::MAX,
            items: u16::MAX,
            cost_pence: u32::MAX,
            adq_milli: u32::MAX,
            repeat: false,
        })),
    ];
    let events = details.into_iter().map(|detail| Event { detail, ..bare.clone() }).collect();
    let content = Content {
        exposure: vec![],
        measures: vec![],
        domains: vec![],
        composite: None,
        giants: None,
        highlights: vec![],
        status: Status::Withdrawn,
        ..scorecard().content
    };
    let card = Scorecard { supersedes: None, reasons: vec![], content, quality: Quality::default(), ..scorecard() };
    let skipped = Run { outcome: Outcome::Skipped("the log no longer reaches back".into()), sealed: vec![], ..run() };
    let nowhere = Reject { feed: None, position: Position { index: None, ..reject().position }, ..reject() };
    let none = MeasureSums::default();
    let measures = vec![("x@1".into(), none)];
    let row = ClinicianMonth { measures, base: Base::default(), signed: vec![], cells: vec![], ..clinician_month() };
    vec![
        Record::Batch(Batch { practice: None, versioning: Versioning::Arrival, events, feed: "f".into() }),
        Record::Batch(Batch { practice: None, versioning: Versioning::Id, events: vec![], feed: "f".into() }),
        Record::Scorecard(Box::new(card)),
        Record::Run(skipped),
        Record::Reject(nowhere),
        Record::ClinicianMonth(row),
        Record::Mark(Mark { open_from: Month::EARLIEST, feeds: vec![], check: u64::MAX, ..mark() }),
        Record::Registry(Entry::Role(Role { from: None, until: None, locum: false, ..role() })),
    ]
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
        exclude: Some(Exclusion::Test),
        pca: vec!["dna_rate".into(), "referral_rate".into()],
        link: Some("e-99".into()),
        detail: Detail::Order(Some(Order { category: Category::Test, code: Some("snomed|306206005".into()) })),
    }
}

fn batch() -> Batch<'static> {
    let encounter = Encounter {
        source: Source::Slot,
        mode: Mode::Video,
        status: Attendance::Noshow,
        booked_at: Some(Timestamp(1_790_838_120_000)),
        booked_day: Some(Day(20_727)),
        minutes: Some(9),
        planned_minutes: Some(10),
        diagnoses: vec!["snomed|73211009".into()],
    };
    let prescription = Prescription {
        code: Some("0501013B0AAABAB".into()),
        quantity_milli: 21_000,
        items: 2,
        cost_pence: 143,
        adq_milli: 500,
        repeat: true,
    };
    let feedback = Feedback { answer: Some(Answer::Poor), items: vec![("listened".into(), "yes_definitely".into())] };
    Batch {
        feed: "a81001-emis".into(),
        practice: Some("A81002".into()),
        versioning: Versioning::Updated,
        events: vec![
            Event { detail: Detail::Encounter(Some(encounter)), exclude: Some(Exclusion::Admin), ..event("e-99") },
            Event { detail: Detail::Prescription(Some(prescription)), action: Action::Hold, ..event("rx-71") },
            Event { detail: Detail::Feedback(Some(feedback)), ..event("fft-12") },
            event("o-5"),
        ],
    }
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
    }
}

fn peer_key() -> PeerKey {
    PeerKey {
        measure: "dna_rate@1".into(),
        window: 12,
        role: "gp".into(),
        level: Level::Locality,
        group: "L01".into(),
        month: month("2026-10"),
    }
}

pub fn peer_group() -> PeerGroup {
    PeerGroup {
        key: peer_key(),
        snapshot_id: "aa".repeat(16).into(),
        frozen: true,
        size: 21,
        numerator: 220,
        denominator: 2300,
        mean: Some(9.565_217_39),
        deciles: (1..10).map(f64::from).collect(),
        numerator_price_pence: Some(24.5),
        other_price_pence: Some(25.5),
        lower: Some(26.5),
        upper: Some(27.5),
        phi: Some(28.5),
        tau2: Some(29.5),
        variation: Some(30.5),
        event_size: Some(31.5),
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
        scorecard_id: "0b7c3b2e-1f5d-5b0a-8d4e-6f7a8b9c0d1e".into(),
        revision: 2,
        supersedes: Some("1c8d4c3f-206e-5c1b-9e5f-708b9cad1e2f".into()),
        reasons: vec![Reason { cause: Cause::Late, events: 3 }, Reason { cause: Cause::DefinitionChange, events: 0 }],
        cut: Timestamp(1_794_884_400_000),
        run_id: run().id,
        engine_version: "0.1.0".into(),
        measure_set: HASH.to_string(),
        content_hash: "bb".repeat(16),
        content: content(),
        quality: Quality {
            coverage: vec![Coverage { feed: "a81001-emis".into(), state: CoverageState::Complete, days_seen: 23 }],
            incomplete_windows: vec![3, 12],
            month_sums: "cc".repeat(16),
            recorded: 24,
            amended: 25,
            retracted: 26,
            disputes_open: 27,
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
        domains: vec![DomainPoints { domain: Domain::Perception, points: 35.5, available: 36.5, measures: 37 }],
        composite: Some(Composite { percent: Some(38.5), points: 39.5, available: 40.5 }),
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
        highlights: vec![Highlight { measure: "dna_rate".into(), good: true, sentence: "Fewer missed appointments.".into() }],
    }
}

fn card_measure() -> CardMeasure {
    CardMeasure {
        id: "dna_rate".into(),
        version: 1,
        kind: Kind::Share,
        domain: Domain::Resource,
        giant: Some(Giant::Inefficiency),
        unit: "%".into(),
        n_unit: "count".into(),
        d_unit: "items".into(),
        direction: Direction::None,
        headline: 12,
        windows: vec![window_value()],
    }
}

fn window_value() -> WindowValue {
    let interval = |lower: f64| Interval { lower, upper: lower + 0.5 };
    WindowValue {
        incomplete: true,
        n: 51,
        d: 52,
        facts_n: 53,
        facts_d: 54,
        pca: 55,
        value: Some(56.25),
        ci95: Some(interval(57.0)),
        suppressed: Some("denominator_below_minimum".into()),
        peer: Some(Peer {
            level: Level::Pcn,
            group: "U12345".into(),
            size: 58,
            mean: Some(59.5),
            p10: Some(60.5),
            p50: Some(61.5),
            p90: Some(62.5),
            percentile: Some(63.5),
            snapshot_id: "dd".repeat(16).into(),
        }),
        funnel: Some(Funnel {
            target: 64.5,
            limits_95: interval(65.0),
            limits_998: interval(66.0),
            over_dispersed_95: Some(interval(67.0)),
            over_dispersed_998: Some(interval(68.0)),
            z_raw: Some(-69.5),
            z_adjusted: Some(70.5),
            phi: Some(71.5),
            tau2: Some(72.5),
            band: Band::FarAbove,
        }),
        reliability: Some(0.73),
        grade: Some(Grade::Good),
        shrunk: Some(74.5),
        qof: Some(Qof { lower: 75.5, upper: 76.5, points_available: 77.5, points: 78.5 }),
        saving: Some(SavingEstimate { p50_pence: 79.5, p10_pence: -80.5 }),
        trend: Some(Trend { difference: Some(81.5), run_length: -82, cusum: Some(83.5) }),
        sentence: Some("Higher than most similar clinicians.".into()),
        ..WindowValue::empty(12)
    }
}
