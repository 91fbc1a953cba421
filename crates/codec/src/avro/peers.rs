//! Peer groups and their snapshots: the fields of each record in the order of their schemas.

use scorecard::card::peer_snapshot::{CellRate, GroupFigures, Level, PeerSnapshot, PlaceSums, Purpose, Standardisation};
use scorecard::card::public_group::{PeerGroup, PeerKey};

use crate::avro::wire::{wire_enum, wire_record, wire_records};

wire_enum!(Purpose { Month, Quarter });
wire_enum!(Level { Practice, Pcn, Locality });
wire_enum!(Standardisation { Crude, AgeSex, Practices, PracticesAgeSex });
wire_records! {
    PeerKey { measure, window, role, month }
    PeerGroup { key, snapshot_id, as_of, frozen, members, typical, median, p25, p75, deciles, quantiles }
    GroupFigures {
        members, numerator, denominator, centre, gamma_cautious, gamma, phi, mixed, flipped, rare, estimating, left_out, event_size,
        relative_variance, typical_mean, numerator_price_pence, other_price_pence, standardisation, practice_centre, reference,
        season, cells
    }
    CellRate { cell, rate }
    PlaceSums { level, code, members, facts, n, d, expected }
    PeerSnapshot { key, purpose, snapshot_id, as_of, frozen, chunk, chunks, figures, places, values }
}
