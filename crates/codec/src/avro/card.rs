//! Scorecards: the fields of each record in the order of `schemas/scorecard.avsc`.

use scorecard::card::scorecard::{
    CardMeasure, CaseMix, CaseMixState, Cause, Change, Comparator, Comparisons, Composite, Content, Coverage, CoverageState,
    DomainPoints, Exposure, Gap, Giants, Grade, Interval, MeasurePoints, MonthGaps, Movement, Period, PointsBasis, Quality,
    Reason, Reasons, SavingEstimate, Scorecard, StandardCheck, Status, Subject, Suggestion, UnknownCount, VerdictWord,
    YearDifference,
};
use scorecard::measure::measure_set::{Direction, Domain, Kind};

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_enum, wire_record, wire_records};

wire_enum!(Status { Provisional, Final, Restated, Withdrawn });
wire_enum!(Cause { First, Late, Amended, Retracted, Attribution, DefinitionChange, Final, Coverage });
wire_enum!(VerdictWord {
    PleaseCheck,
    BetterThanMost,
    WorthALook,
    Higher,
    Lower,
    InLine,
    NoEvidence,
    TooFewToTell,
    WideDifferences,
    Mixed
});
wire_enum!(Grade { Insufficient, Low, Moderate, Good });
wire_enum!(Movement { Up, Down });
wire_enum!(PointsBasis { Achievement, Improvement });
wire_enum!(CaseMixState { NotAdjusted, AgeSex, Practices, PracticesAgeSex });
wire_enum!(CoverageState { Silent, Behind, Complete });
wire_enum!(Kind { Proportion, Rate, Mean, Share, Amount });
wire_enum!(Domain { Clinical, Perception, Resource });
wire_enum!(Direction { Low, High, None });

wire_records! {
    // The fields of the content follow each other in the card's own record, as they do in JSON.
    Scorecard {
        schema, scorecard_id, revision, supersedes, reasons, cut, run_id, engine_version, measure_set, content_hash, content,
        quality
    }
    Content {
        subject, period, status, exposure, measures, comparisons, one_thing, check, keep, changed, domains, composite, giants,
        coverage, unknown
    }
    Reason { cause, events }
    Subject { clinician, role, locum, practice, pcn, locality }
    Period { month, zone, start, end }
    Exposure { window, encounters, minutes, items, responses }
    CardMeasure {
        id, version, name, kind, domain, direction, trial, unit, n_unit, d_unit, window, held, n, d, facts_n, facts_d, unknown,
        pca, months_n, months_d, suppressed, value, ci95, comparator, verdict, z, z_raw, phi, reliability, grade, place, change,
        points, saving, case_mix, standard, sentence
    }
    Interval { lower, upper }
    Comparator { snapshot_id, reference, typical, median, p25, p75 }
    Change { p, months, direction, signal, year, sentence }
    YearDifference { ratio, difference, lower, upper }
    MeasurePoints { points, available, low, high, basis, improvement, begins, full }
    SavingEstimate { p50_pence, p10_pence }
    CaseMix { state, expected, standardised, ratio, unknown }
    StandardCheck { standard, beyond }
    Comparisons { made, expected, looks }
    Suggestion { measure, action, reason }
    DomainPoints { domain, points, available, measures }
    Composite { percent, lower, upper, points, available }
    Giants {
        waste_p50_pence, waste_p10_pence, waste_net_pence, variation, outside_95, outside_998, noshow_slots,
        noshow_minutes, noshow_pence
    }
    MonthGaps { month, missing, gaps, not_sent }
    Gap { kind, days }
    UnknownCount { kind, unknown, of }
    Coverage { feed, state, newest_day }
    Quality { feeds, days_seen, days_expected, month_sums, recorded, amended, retracted }
}

impl<'a> Wire<'a> for Reasons {
    fn write(&self, to: &mut Writer<'_>) {
        Vec::from(self.clone()).write(to);
    }
    fn read(from: &mut Reader<'a>) -> Result<Reasons, WireFault> {
        Reasons::try_from(from.array()?).map_err(|_| WireFault::NoReason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value as Json;

    use crate::avro::encoding::Form;

    /// The names of the fields of every record in a schema.
    fn fields(schema: &Json, into: &mut BTreeMap<String, Vec<String>>) {
        match schema {
            Json::Array(branches) => branches.iter().for_each(|branch| fields(branch, into)),
            Json::Object(object) => {
                let list = object.get("fields").and_then(Json::as_array);
                if let (Some(name), Some(list)) = (object.get("name").and_then(Json::as_str), list) {
                    let names = list.iter().filter_map(|field| field["name"].as_str()).map(str::to_owned);
                    into.insert(name.to_owned(), names.collect());
                }
                object.values().for_each(|value| fields(value, into));
            }
            _ => {}
        }
    }

    #[test]
    fn the_lists_of_fields_follow_the_schemas() {
        let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (record, fields) in super::RECORDS.iter().chain(crate::avro::peers::RECORDS) {
            listed.insert((*record).to_owned(), fields.iter().map(|field| (*field).to_owned()).collect());
        }
        let content = listed.remove("Content").expect("the card has a content");
        let card = listed.get_mut("Scorecard").expect("the card is listed");
        let at = card.iter().position(|field| field == "content").expect("the card has a content");
        card.splice(at..=at, content);
        let mut expected = BTreeMap::new();
        for form in [Form::Scorecard, Form::PeerGroup, Form::PeerSnapshot] {
            fields(&serde_json::from_str(form.schema()).expect("JSON"), &mut expected);
        }
        // The pairs of a snapshot are tuples in the code.
        for pair in ["UnitValue", "MonthSum"] {
            expected.remove(pair);
        }
        for (record, fields) in expected {
            assert_eq!(listed.remove(&record), Some(fields), "{record}: the code and its schema list different fields");
        }
        assert_eq!(listed, BTreeMap::new(), "records without a schema");
    }
}
