//! Run records, rejects and looks at cards.

use scorecard::record::access_record::AccessRecord;
use scorecard::record::log_record::{Outcome, Position, Reject, Run, RunMonth, SealedDigest};

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_record};

wire_record!(Run {
    at,
    id,
    outcome,
    engine_version,
    measure_set,
    revisions,
    months,
    positions,
    registry_position,
    sealed,
    refolded
});
wire_record!(RunMonth { month, cards, revisions });
wire_record!(SealedDigest { partition, month, rows, digest });
wire_record!(Position { source, partition, offset, index });
wire_record!(Reject { position, feed, reason, field, detail, excerpt });
wire_record!(AccessRecord { at, reader, role, page, clinician, practice, month, revision });

/// An enum of `published` and `skipped`, then the reason of a skipped one.
impl<'a> Wire<'a> for Outcome {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Outcome::Published => {
                to.long(0);
                None::<String>.write(to);
            }
            Outcome::Skipped(why) => {
                to.long(1);
                to.long(1);
                to.text(why);
            }
        }
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let outcome = from.long()?;
        let why: Option<String> = Wire::read(from)?;
        match outcome {
            0 => Ok(Outcome::Published),
            1 => Ok(Outcome::Skipped(why.unwrap_or_default())),
            _ => Err(WireFault::UnknownBranch),
        }
    }
}
