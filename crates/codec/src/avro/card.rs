//! Scorecards: the fields of each record in the order of `schemas/scorecard.avsc`.

use scorecard::card::scorecard::{
    Band, CardMeasure, Cause, Composite, Content, Coverage, CoverageState, DomainPoints, Exposure, Funnel, Giants, Grade,
    Highlight, Interval, Peer, Period, Qof, Quality, Reason, SavingEstimate, Scorecard, Status, Subject, Trend, WindowValue,
};
use scorecard::measure::measure_set::{Direction, Domain, Giant, Kind};

use crate::avro::wire::{wire_enum, wire_record, wire_records};

wire_enum!(Status { Provisional, Final, Restated, Withdrawn });
wire_enum!(Cause { First, Late, Amended, Retracted, Attribution, DefinitionChange, Final });
wire_enum!(Band { FarBelow, Below, Within, Above, FarAbove });
wire_enum!(Grade { Insufficient, Low, Moderate, Good });
wire_enum!(CoverageState { Silent, Behind, Complete });
wire_enum!(Kind { Proportion, Rate, Mean, Share, Amount });
wire_enum!(Domain { Clinical, Perception, Resource });
wire_enum!(Giant { Waste, Variation, Inefficiency });
wire_enum!(Direction { Low, High, None });

wire_records! {
    // The fields of the content follow each other in the card's own record, as they do in JSON.
    Scorecard {
        scorecard_id, revision, supersedes, reasons, cut, run_id, engine_version, measure_set, content_hash, content,
        quality
    }
    Content { subject, period, status, exposure, measures, domains, composite, giants, highlights }
    Reason { cause, events }
    Subject { clinician, role, locum, practice, pcn, locality }
    Period { month, zone, start, end }
    Exposure { window, encounters, minutes, items, responses }
    CardMeasure { id, version, kind, domain, giant, unit, n_unit, d_unit, direction, headline, windows }
    WindowValue {
        window, incomplete, n, d, facts_n, facts_d, pca, value, ci95, suppressed, peer, funnel, reliability, grade,
        shrunk, qof, saving, trend, sentence
    }
    Interval { lower, upper }
    Peer { level, group, size, mean, p10, p50, p90, percentile, snapshot_id }
    Funnel { target, limits_95, limits_998, over_dispersed_95, over_dispersed_998, z_raw, z_adjusted, phi, tau2, band }
    Qof { lower, upper, points_available, points }
    SavingEstimate { p50_pence, p10_pence }
    Trend { difference, run_length, cusum }
    DomainPoints { domain, points, available, measures }
    Composite { percent, points, available }
    Giants {
        waste_p50_pence, waste_p10_pence, waste_net_pence, variation, outside_95, outside_998, noshow_slots,
        noshow_minutes, noshow_pence
    }
    Highlight { measure, good, sentence }
    Coverage { feed, state, days_seen }
    Quality { coverage, incomplete_windows, month_sums, recorded, amended, retracted, disputes_open }
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
        expected.remove("UnitValue");
        for (record, fields) in expected {
            assert_eq!(listed.remove(&record), Some(fields), "{record}: the code and its schema list different fields");
        }
        assert_eq!(listed, BTreeMap::new(), "records without a schema");
    }
}
