//! Peer groups and their snapshots: the fields of each record in the order of their schemas.

use scorecard::card::peer_group::{Level, PeerGroup, PeerKey, PeerSnapshot};

use crate::avro::wire::{wire_enum, wire_record, wire_records};

wire_enum!(Level { Practice, Pcn, Locality, Network });
wire_records! {
    PeerKey { measure, window, role, level, group, month }
    PeerGroup {
        key, snapshot_id, frozen, size, numerator, denominator, mean, deciles, numerator_price_pence, other_price_pence, lower,
        upper, phi, tau2, variation, event_size
    }
    PeerSnapshot { key, snapshot_id, chunk, chunks, values }
}
