//! Peer groups and their snapshots.

use scorecard::card::peer_group::{Level, PeerGroup, PeerKey, PeerSnapshot};

use crate::avro::wire::{wire_enum, wire_record};

wire_enum!(Level { Practice, Pcn, Locality, Network });
wire_record!(PeerKey { measure, window, role, level, group, month });
wire_record!(PeerGroup {
    key,
    snapshot_id,
    frozen,
    size,
    numerator,
    denominator,
    mean,
    deciles,
    numerator_price_pence,
    other_price_pence,
    lower,
    upper,
    phi,
    tau2,
    variation,
    event_size
});
wire_record!(PeerSnapshot { key, snapshot_id, chunk, chunks, values });
