//! Rows and marks: the records of `clinician-months`.

use scorecard::record::log_record::{CellSum, ClinicianMonth, FeedCoverage, KindMonth, Mark, RowKey};
use scorecard::sums::measure_sums::{BASE_FIELDS, Base, MeasureSums, SIGNS, SignedSums};

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_record};

wire_record!(ClinicianMonth { key, partition, position, at, measure_set, base, measures, signed, cells });
wire_record!(RowKey { feed, clinician, practice, month });
wire_record!(MeasureSums {
    facts_n,
    facts_d,
    n,
    d,
    n_squares,
    d_squares,
    n_quantity_milli,
    n_cost_pence,
    d_quantity_milli,
    d_cost_pence,
    pca,
    excluded,
    unknown
});
wire_record!(CellSum { side, cell, n });
wire_record!(FeedCoverage { feed, last_appended, newest_day, days, kinds });
wire_record!(KindMonth { practice, kind, month, events, days, weekday_median });

/// One number for each field; the answers run from very good to don't know.
impl<'a> Wire<'a> for Base {
    fn write(&self, to: &mut Writer<'_>) {
        for field in self.fields() {
            to.long(field);
        }
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let mut fields = [0; BASE_FIELDS];
        for field in &mut fields {
            *field = from.long()?;
        }
        Ok(Base::of_fields(fields))
    }
}

/// Four numbers, one for each sign.
impl<'a> Wire<'a> for SignedSums {
    fn write(&self, to: &mut Writer<'_>) {
        self.0.iter().for_each(|&sum| to.long(sum));
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let mut sums = [0; SIGNS];
        for sum in &mut sums {
            *sum = from.long()?;
        }
        Ok(SignedSums(sums))
    }
}

/// The check is an unsigned number of 64 bits, which Avro does not have. It is written as 16 hexadecimal digits.
impl<'a> Wire<'a> for Mark {
    fn write(&self, to: &mut Writer<'_>) {
        self.partition.write(to);
        self.at.write(to);
        self.position.write(to);
        self.digest.write(to);
        self.rows.write(to);
        self.measure_set.write(to);
        self.open_from.write(to);
        self.feeds.write(to);
        to.text(&format!("{:016x}", self.check));
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok(Mark {
            partition: Wire::read(from)?,
            at: Wire::read(from)?,
            position: Wire::read(from)?,
            digest: Wire::read(from)?,
            rows: Wire::read(from)?,
            measure_set: Wire::read(from)?,
            open_from: Wire::read(from)?,
            feeds: Wire::read(from)?,
            check: read_check(from)?,
        })
    }
}

fn read_check(from: &mut Reader<'_>) -> Result<u64, WireFault> {
    let text = from.text()?;
    if text.len() != 16 {
        return Err(WireFault::Malformed("check of 16 hexadecimal digits"));
    }
    u64::from_str_radix(text, 16).map_err(|_| WireFault::Malformed("check of 16 hexadecimal digits"))
}
