//! Scorecards.

use scorecard::card::scorecard::{
    Band, CardMeasure, Cause, Composite, Content, Coverage, CoverageState, DomainPoints, Exposure, Funnel, Giants, Grade,
    Highlight, Interval, Peer, Period, Qof, Quality, Reason, SavingEstimate, Scorecard, Status, Subject, Trend, WindowValue,
};
use scorecard::measure::measure_set::{Direction, Domain, Giant, Kind};

use crate::avro::wire::{wire_enum, wire_record};

wire_enum!(Status { Provisional, Final, Restated, Withdrawn });
wire_enum!(Cause { First, Late, Amended, Retracted, Attribution, DefinitionChange, Final });
wire_enum!(Band { FarBelow, Below, Within, Above, FarAbove });
wire_enum!(Grade { Insufficient, Low, Moderate, Good });
wire_enum!(CoverageState { Silent, Behind, Complete });
wire_enum!(Kind { Proportion, Rate, Mean, Share, Amount });
wire_enum!(Domain { Clinical, Perception, Resource });
wire_enum!(Giant { Waste, Variation, Inefficiency });
wire_enum!(Direction { Low, High, None });

// The content's fields stand in the card's own record, as they do in JSON.
wire_record!(Scorecard {
    scorecard_id,
    revision,
    supersedes,
    reasons,
    cut,
    run_id,
    engine_version,
    measure_set,
    content_hash,
    content,
    quality
});
wire_record!(Content { subject, period, status, exposure, measures, domains, composite, giants, highlights });
wire_record!(Reason { cause, events });
wire_record!(Subject { clinician, role, locum, practice, pcn, locality });
wire_record!(Period { month, zone, start, end });
wire_record!(Exposure { window, encounters, minutes, items, responses });
wire_record!(CardMeasure { id, version, kind, domain, giant, unit, n_unit, d_unit, direction, headline, windows });
wire_record!(WindowValue {
    window,
    incomplete,
    n,
    d,
    facts_n,
    facts_d,
    pca,
    value,
    ci95,
    suppressed,
    peer,
    funnel,
    reliability,
    grade,
    shrunk,
    qof,
    saving,
    trend,
    sentence
});
wire_record!(Interval { lower, upper });
wire_record!(Peer { level, group, size, mean, p10, p50, p90, percentile, snapshot_id });
wire_record!(Funnel { target, limits_95, limits_998, over_dispersed_95, over_dispersed_998, z_raw, z_adjusted, phi, tau2, band });
wire_record!(Qof { lower, upper, points_available, points });
wire_record!(SavingEstimate { p50_pence, p10_pence });
wire_record!(Trend { difference, run_length, cusum });
wire_record!(DomainPoints { domain, points, available, measures });
wire_record!(Composite { percent, points, available });
wire_record!(Giants {
    waste_p50_pence,
    waste_p10_pence,
    waste_net_pence,
    variation,
    outside_95,
    outside_998,
    noshow_slots,
    noshow_minutes,
    noshow_pence
});
wire_record!(Highlight { measure, good, sentence });
wire_record!(Coverage { feed, state, days_seen });
wire_record!(Quality { coverage, incomplete_windows, month_sums, recorded, amended, retracted, disputes_open });
