//! Avro's binary encoding of the types in our records. Source: Apache Avro 1.12 specification, "Binary Encoding".
//!
//! It is written by hand because the log is read at millions of events a second: text is borrowed from the bytes, and no value
//! goes through a tree. `tests/promises/avro.rs` compares it with the schemas and with Avro's own library.

use std::borrow::Cow;
use std::sync::Arc;

use scorecard::card::snapshot_id::SnapshotId;
use scorecard::measure::measure_set::SetHash;
use scorecard::time::calendar::{Day, Month, Timestamp};

/// The reason why bytes cannot be decoded.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum WireFault {
    #[error("the bytes end too early")]
    Truncated,
    #[error("{0} bytes are left over at the end")]
    LeftOver(usize),
    #[error("a number is longer than 64 bits")]
    Overlong,
    #[error("a number is outside its field's range")]
    OutOfRange,
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("a text is not a {0}")]
    Malformed(&'static str),
    #[error("a choice has no branch of this number")]
    UnknownBranch,
    #[error("a revision has no reason")]
    NoReason,
}

/// Writes bytes. A number that does not fit Avro's 64 bits is remembered, and the caller reports it at the end.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    too_large: Option<u64>,
}

impl<'o> Writer<'o> {
    /// Appends to `out`.
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Writer<'o> {
        Writer { out, too_large: None }
    }

    /// A number that could not be written, if there was one.
    pub(crate) fn too_large(&self) -> Option<u64> {
        self.too_large
    }

    /// Zigzag and base 128, the low seven bits first.
    pub(crate) fn long(&mut self, value: i64) {
        let mut left = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while left >= 0x80 {
            self.out.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        self.out.push(left.to_le_bytes()[0]);
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.long(i64::try_from(length).expect("no memory holds more"));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// An array: one block, and the empty one that ends it.
    pub(crate) fn array<'a, T: Wire<'a>>(&mut self, items: &[T]) {
        if !items.is_empty() {
            self.length(items.len());
            for item in items {
                item.write(self);
            }
        }
        self.out.push(0);
    }
}

/// Reads bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { left: bytes }
    }

    /// Fails when bytes are left over.
    pub(crate) fn end(self) -> Result<(), WireFault> {
        if self.left.is_empty() { Ok(()) } else { Err(WireFault::LeftOver(self.left.len())) }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, WireFault> {
        let (first, rest) = self.left.split_first().ok_or(WireFault::Truncated)?;
        self.left = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn long(&mut self) -> Result<i64, WireFault> {
        let value = match self.left {
            [first, rest @ ..] if *first < 0x80 => {
                self.left = rest;
                u64::from(*first)
            }
            _ => self.longer()?,
        };
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A number of two to eight bytes, read in one step: it ends with the first byte that lacks the top bit.
    fn longer(&mut self) -> Result<u64, WireFault> {
        if let Some((word, _)) = self.left.split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let bits = ends.trailing_zeros() + 1;
                self.left = &self.left[bits as usize / 8..];
                return Ok(joined(word & (u64::MAX >> (64 - bits))));
            }
        }
        self.longest()
    }

    /// A number of any length, byte by byte.
    fn longest(&mut self) -> Result<u64, WireFault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(WireFault::Overlong);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireFault::Overlong)
    }

    /// A number in the range of `T`.
    #[inline]
    pub(crate) fn ranged<T: TryFrom<i64>>(&mut self) -> Result<T, WireFault> {
        T::try_from(self.long()?).map_err(|_| WireFault::OutOfRange)
    }

    #[inline]
    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], WireFault> {
        let (taken, rest) = self.left.split_at_checked(length).ok_or(WireFault::Truncated)?;
        self.left = rest;
        Ok(taken)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, WireFault> {
        let length = self.ranged()?;
        std::str::from_utf8(self.raw(length)?).map_err(|_| WireFault::NotUtf8)
    }

    /// An array. A length that the bytes cannot hold reserves no memory: every item takes at least a byte.
    pub(crate) fn array<T: Wire<'a>>(&mut self) -> Result<Vec<T>, WireFault> {
        /// A block that claims more items grows while they are read.
        const RESERVED: usize = 256;
        let mut items = Vec::new();
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(items);
            }
            if count < 0 {
                // A negative count is followed by the block's size in bytes, for readers that skip.
                self.long()?;
            }
            let count = usize::try_from(count.unsigned_abs()).map_err(|_| WireFault::OutOfRange)?;
            if count > self.left.len() {
                return Err(WireFault::Truncated);
            }
            items.reserve(count.min(RESERVED));
            for _ in 0..count {
                items.push(T::read(self)?);
            }
        }
    }
}

/// The seven low bits of each byte, the first byte's lowest.
fn joined(word: u64) -> u64 {
    let pairs = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (pairs & 0x0000_3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    (fours & 0x0fff_ffff) | (fours & 0x0fff_ffff_0000_0000) >> 4
}

/// A type with an Avro form. `'a` is the lifetime of the bytes that text is borrowed from.
pub(crate) trait Wire<'a>: Sized {
    fn write(&self, to: &mut Writer<'_>);
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault>;
}

macro_rules! wire_number {
    ($($type:ty),*) => {$(
        impl<'a> Wire<'a> for $type {
            fn write(&self, to: &mut Writer<'_>) {
                to.long(i64::from(*self));
            }
            fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
                from.ranged()
            }
        }
    )*};
}
wire_number!(u8, u16, u32, i32, i64);

impl<'a> Wire<'a> for u64 {
    fn write(&self, to: &mut Writer<'_>) {
        match i64::try_from(*self) {
            Ok(value) => to.long(value),
            Err(_) => to.too_large = Some(*self),
        }
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        from.ranged()
    }
}

impl<'a> Wire<'a> for bool {
    fn write(&self, to: &mut Writer<'_>) {
        to.raw(&[u8::from(*self)]);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireFault::OutOfRange),
        }
    }
}

impl<'a> Wire<'a> for f64 {
    fn write(&self, to: &mut Writer<'_>) {
        to.raw(&self.to_le_bytes());
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let bytes = from.raw(8)?.try_into().expect("eight bytes were taken");
        Ok(f64::from_le_bytes(bytes))
    }
}

impl<'a> Wire<'a> for Cow<'a, str> {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok(Cow::Borrowed(from.text()?))
    }
}

impl<'a> Wire<'a> for String {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok(from.text()?.to_owned())
    }
}

impl<'a> Wire<'a> for Arc<str> {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok(from.text()?.into())
    }
}

/// A fixed of 16 bytes.
impl<'a> Wire<'a> for SnapshotId {
    fn write(&self, to: &mut Writer<'_>) {
        to.raw(&self.0);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let bytes = from.raw(16)?.try_into().expect("sixteen bytes were taken");
        Ok(SnapshotId(bytes))
    }
}

/// A union of null and the type, null first.
impl<'a, T: Wire<'a>> Wire<'a> for Option<T> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            None => to.long(0),
            Some(value) => {
                to.long(1);
                value.write(to);
            }
        }
    }
    #[inline]
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        match from.long()? {
            0 => Ok(None),
            1 => T::read(from).map(Some),
            _ => Err(WireFault::UnknownBranch),
        }
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for Vec<T> {
    fn write(&self, to: &mut Writer<'_>) {
        to.array(self);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        from.array()
    }
}

/// Two fields of a record.
impl<'a, A: Wire<'a>, B: Wire<'a>> Wire<'a> for (A, B) {
    fn write(&self, to: &mut Writer<'_>) {
        self.0.write(to);
        self.1.write(to);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok((A::read(from)?, B::read(from)?))
    }
}

/// timestamp-millis.
impl<'a> Wire<'a> for Timestamp {
    fn write(&self, to: &mut Writer<'_>) {
        to.long(self.0);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        from.long().map(Timestamp)
    }
}

/// date.
impl<'a> Wire<'a> for Day {
    fn write(&self, to: &mut Writer<'_>) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        from.ranged().map(Day)
    }
}

/// `2026-10`.
impl<'a> Wire<'a> for Month {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(&self.to_string());
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let text = from.text()?;
        if text == "0000-01" {
            return Ok(Month::EARLIEST);
        }
        text.parse().map_err(|_| WireFault::Malformed("month"))
    }
}

/// A sum wider than Avro's numbers: decimal digits.
impl<'a> Wire<'a> for i128 {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(&self.to_string());
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        from.text()?.parse().map_err(|_| WireFault::Malformed("whole number"))
    }
}

/// A digest: 32 hexadecimal digits.
impl<'a> Wire<'a> for u128 {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(&format!("{self:032x}"));
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let text = from.text()?;
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WireFault::Malformed("digest of 32 hexadecimal digits"));
        }
        u128::from_str_radix(text, 16).map_err(|_| WireFault::Malformed("digest of 32 hexadecimal digits"))
    }
}

impl<'a> Wire<'a> for SetHash {
    fn write(&self, to: &mut Writer<'_>) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        u128::read(from).map(SetHash)
    }
}

/// A record: its fields in the schema's order.
macro_rules! wire_record {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl<'a> $crate::avro::wire::Wire<'a> for $type {
            fn write(&self, to: &mut $crate::avro::wire::Writer<'_>) {
                $( self.$field.write(to); )*
            }
            #[inline]
            fn read(from: &mut $crate::avro::wire::Reader<'a>) -> Result<Self, $crate::avro::wire::WireFault> {
                Ok(Self { $( $field: $crate::avro::wire::Wire::read(from)?, )* })
            }
        }
    };
}

/// Several records, with the names of their fields for the test that compares them with the schemas.
macro_rules! wire_records {
    ($($type:ident { $($field:ident),* $(,)? })*) => {
        $( wire_record!($type { $($field),* }); )*
        #[cfg(test)]
        pub(crate) const RECORDS: &[(&str, &[&str])] = &[$( (stringify!($type), &[$(stringify!($field)),*]) ),*];
    };
}

/// An enum: its variants in the order of the schema's symbols.
macro_rules! wire_enum {
    ($type:ident { $($variant:ident),* $(,)? }) => {
        impl<'a> $crate::avro::wire::Wire<'a> for $type {
            fn write(&self, to: &mut $crate::avro::wire::Writer<'_>) {
                const SYMBOLS: &[$type] = &[$($type::$variant),*];
                // An exhaustive match, so that a new variant cannot be forgotten.
                match self { $($type::$variant => (),)* }
                let place = SYMBOLS.iter().position(|symbol| symbol == self).expect("the list above holds every variant");
                to.length(place);
            }
            fn read(from: &mut $crate::avro::wire::Reader<'a>) -> Result<Self, $crate::avro::wire::WireFault> {
                const SYMBOLS: &[$type] = &[$($type::$variant),*];
                let place: usize = from.ranged()?;
                SYMBOLS.get(place).copied().ok_or($crate::avro::wire::WireFault::UnknownBranch)
            }
        }
    };
}

pub(crate) use {wire_enum, wire_record, wire_records};

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of<'a, T: Wire<'a>>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        value.write(&mut Writer::new(&mut out));
        out
    }

    #[test]
    fn numbers_look_as_the_specification_shows_them() {
        for (value, bytes) in [(0i64, vec![0]), (-1, vec![1]), (1, vec![2]), (-64, vec![0x7f]), (64, vec![0x80, 1])] {
            assert_eq!(bytes_of(&value), bytes, "{value}");
        }
        for value in [i64::MIN, i64::MAX, 1 << 62, -12_345_678_901] {
            let bytes = bytes_of(&value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.long(), Ok(value));
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn numbers_of_every_length_are_read_before_any_bytes() {
        for power in 0..63 {
            for value in [(1i64 << power) - 1, 1 << power, -(1 << power), 0x5555_5555_5555_5555 >> power] {
                for behind in [&b""[..], b"\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff"] {
                    let bytes = [&bytes_of(&value), behind].concat();
                    let mut reader = Reader::new(&bytes);
                    assert_eq!(reader.long(), Ok(value));
                    assert_eq!(reader.left, behind);
                }
            }
        }
        // Padded with a byte that adds nothing, as the specification allows.
        assert_eq!(Reader::new(&[0x82, 0x80, 0, 0, 0, 0, 0, 0, 0]).long(), Ok(1));
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert_eq!(Reader::new(&[0xff; 11]).long(), Err(WireFault::Overlong));
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).long(), Err(WireFault::Overlong));
    }

    #[test]
    fn an_array_that_claims_too_much_reserves_nothing() {
        let claim = bytes_of(&(1i64 << 40));
        assert_eq!(Reader::new(&claim).array::<i64>(), Err(WireFault::Truncated));
    }

    #[test]
    fn blocks_with_their_size_are_read_too() {
        // Two items in a block of two bytes, then one item, then the end.
        let bytes = [3, 4, 2, 4, 2, 6, 0];
        assert_eq!(Reader::new(&bytes).array::<i64>(), Ok(vec![1, 2, 3]));
    }

    #[test]
    fn what_exceeds_64_signed_bits_is_remembered() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        u64::MAX.write(&mut writer);
        assert_eq!(writer.too_large(), Some(u64::MAX));
    }
}
