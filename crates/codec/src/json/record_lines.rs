//! Records as JSON for people and scripts: one compact line each, with the field names of Avro.
//!
//! Instants are RFC 3339 in UTC, months `2026-10`, sums wider than 64 bits text.
//!
//! ```json
#![doc = include_str!("../../../../schemas/examples/scorecard.json")]
//! ```

use std::fmt::Display;

use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{Content, Scorecard};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{ClinicianMonth, Outcome, Reject, Run};
use scorecard::sums::measure_sums::{MeasureSums, SIGNS};
use scorecard::time::calendar::{Month, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// A scorecard.
#[must_use]
pub fn scorecard(card: &Scorecard) -> String {
    line(card)
}

/// The part of a card that its content hash covers, as the card shows it.
#[must_use]
pub fn content(content: &Content) -> String {
    line(content)
}

/// A peer group.
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/peer-group.json")]
/// ```
#[must_use]
pub fn peer_group(group: &PeerGroup) -> String {
    line(group)
}

/// A run record.
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/run.json")]
/// ```
#[must_use]
pub fn run(run: &Run) -> String {
    let (outcome, skipped_because) = match &run.outcome {
        Outcome::Published => ("published", None),
        Outcome::Skipped(why) => ("skipped", Some(why.as_str())),
    };
    line(&RunView {
        at: DisplayText(run.at),
        id: &run.id,
        outcome,
        skipped_because,
        engine_version: &run.engine_version,
        measure_set: DisplayText(run.measure_set),
        revisions: run.revisions,
        months: run.months.iter().map(|m| RunMonthView { month: m.month, cards: m.cards, revisions: m.revisions }).collect(),
        positions: &run.positions,
        registry_position: run.registry_position,
        sealed: run.sealed.iter().map(sealed_view).collect(),
        refolded: &run.refolded,
    })
}

/// A clinician month. Units come from `measures`; a measure that is not in the set has no unit.
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/clinician-month.json")]
/// ```
#[must_use]
pub fn clinician_month(row: &ClinicianMonth, measures: &MeasureSet) -> String {
    let base = &row.base;
    line(&RowView {
        feed: &row.key.feed,
        clinician: &row.key.clinician,
        practice: &row.key.practice,
        month: row.key.month,
        partition: row.partition,
        position: row.position,
        at: DisplayText(row.at),
        measure_set: DisplayText(row.measure_set),
        facts: base.facts,
        exposure: ExposureView {
            encounters: base.encounters,
            minutes: base.minutes,
            items: base.items,
            responses: base.responses,
        },
        unmapped_items: base.unmapped_items,
        unknown_status: base.unknown_status,
        noshow_planned_minutes: base.noshow_planned_minutes,
        items_without_cost: base.items_without_cost,
        items_without_adq: base.items_without_adq,
        items_without_quantity: base.items_without_quantity,
        answers: AnswersView {
            very_good: base.answers[0],
            good: base.answers[1],
            neither: base.answers[2],
            poor: base.answers[3],
            very_poor: base.answers[4],
            dont_know: base.answers[5],
        },
        counters: CountersView { recorded: base.recorded, amended: base.amended, retracted: base.retracted },
        sums: SumsView { row, measures },
    })
}

/// A reject.
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/reject.json")]
/// ```
#[must_use]
pub fn reject(reject: &Reject) -> String {
    let at = &reject.position;
    line(&RejectView {
        position: PositionView { source: &at.source, partition: at.partition, offset: at.offset, index: at.index },
        feed: reject.feed.as_deref(),
        reason: &reject.reason,
        field: &reject.field,
        detail: &reject.detail,
        excerpt: &reject.excerpt,
    })
}

fn line(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("the views hold nothing that JSON cannot")
}

/// A value as its `Display` text.
struct DisplayText<T>(T);

impl<T: Display> Serialize for DisplayText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct RunView<'r> {
    at: DisplayText<Timestamp>,
    id: &'r str,
    outcome: &'static str,
    skipped_because: Option<&'r str>,
    engine_version: &'r str,
    measure_set: DisplayText<scorecard::measure::measure_set::SetHash>,
    revisions: u64,
    months: Vec<RunMonthView>,
    positions: &'r [u64],
    registry_position: u64,
    sealed: Vec<SealedView>,
    refolded: &'r [u32],
}

#[derive(Serialize)]
struct RunMonthView {
    month: Month,
    cards: u64,
    revisions: u64,
}

#[derive(Serialize)]
struct SealedView {
    partition: u32,
    month: Month,
    rows: u64,
    digest: String,
}

fn sealed_view(sealed: &scorecard::record::log_record::SealedDigest) -> SealedView {
    SealedView { partition: sealed.partition, month: sealed.month, rows: sealed.rows, digest: format!("{:032x}", sealed.digest) }
}

#[derive(Serialize)]
struct RowView<'r> {
    feed: &'r str,
    clinician: &'r str,
    practice: &'r str,
    month: Month,
    partition: u32,
    position: u64,
    at: DisplayText<Timestamp>,
    measure_set: DisplayText<scorecard::measure::measure_set::SetHash>,
    facts: i64,
    exposure: ExposureView,
    unmapped_items: i64,
    unknown_status: i64,
    noshow_planned_minutes: i64,
    items_without_cost: i64,
    items_without_adq: i64,
    items_without_quantity: i64,
    answers: AnswersView,
    counters: CountersView,
    sums: SumsView<'r>,
}

#[derive(Serialize)]
struct ExposureView {
    encounters: i64,
    minutes: i64,
    items: i64,
    responses: i64,
}

#[derive(Serialize)]
struct AnswersView {
    very_good: i64,
    good: i64,
    neither: i64,
    poor: i64,
    very_poor: i64,
    dont_know: i64,
}

#[derive(Serialize)]
struct CountersView {
    recorded: i64,
    amended: i64,
    retracted: i64,
}

/// The measures' sums by id, in order.
struct SumsView<'r> {
    row: &'r ClinicianMonth,
    measures: &'r MeasureSet,
}

impl Serialize for SumsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.measures.len()))?;
        for (name, sums) in &self.row.measures {
            let (id, version) = name.split_once('@').unwrap_or((name, ""));
            map.serialize_entry(id, &measure_view(id, version, sums, self.row, self.measures))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct MeasureView {
    version: Option<u32>,
    numerator: i64,
    denominator: i64,
    numerator_unit: Option<&'static str>,
    denominator_unit: Option<&'static str>,
    numerator_facts: i64,
    denominator_facts: i64,
    numerator_squares: String,
    denominator_squares: String,
    numerator_quantity_milli: i64,
    numerator_cost_pence: i64,
    denominator_quantity_milli: i64,
    denominator_cost_pence: i64,
    pca: i64,
    excluded: i64,
    unknown: i64,
    numerator_signed: Option<[i64; SIGNS]>,
    denominator_signed: Option<[i64; SIGNS]>,
}

/// The signed sums of both sides of a measure; `None` where the measures are not those of the row.
fn signed_view(row: &ClinicianMonth, index: Option<usize>, measures: &MeasureSet) -> [Option<[i64; SIGNS]>; 2] {
    let Some(index) = index.filter(|_| measures.hash() == row.measure_set) else { return [None; 2] };
    let of = |side: usize| row.signed.iter().find(|(number, _)| usize::try_from(*number) == Ok(side));
    measures.sides_of(index).map(|side| Some(of(side).map(|(_, signed)| signed.0).unwrap_or_default()))
}

fn measure_view(id: &str, version: &str, sums: &MeasureSums, row: &ClinicianMonth, measures: &MeasureSet) -> MeasureView {
    let index = measures.index_of(id);
    let [numerator_signed, denominator_signed] = signed_view(row, index, measures);
    let measure = index.map(|index| &measures.measures()[index]);
    MeasureView {
        version: version.parse().ok(),
        numerator: sums.n,
        denominator: sums.d,
        numerator_unit: measure.map(|m| m.numerator.definition.amount.unit_name()),
        denominator_unit: measure.map(|m| m.denominator.definition.amount.unit_name()),
        numerator_facts: sums.facts_n,
        denominator_facts: sums.facts_d,
        numerator_squares: sums.n_squares.to_string(),
        denominator_squares: sums.d_squares.to_string(),
        numerator_quantity_milli: sums.n_quantity_milli,
        numerator_cost_pence: sums.n_cost_pence,
        denominator_quantity_milli: sums.d_quantity_milli,
        denominator_cost_pence: sums.d_cost_pence,
        pca: sums.pca,
        excluded: sums.excluded,
        unknown: sums.unknown,
        numerator_signed,
        denominator_signed,
    }
}

#[derive(Serialize)]
struct RejectView<'r> {
    position: PositionView<'r>,
    feed: Option<&'r str>,
    reason: &'r str,
    field: &'r str,
    detail: &'r str,
    excerpt: &'r str,
}

#[derive(Serialize)]
struct PositionView<'r> {
    source: &'r str,
    partition: u32,
    offset: u64,
    index: Option<u32>,
}
