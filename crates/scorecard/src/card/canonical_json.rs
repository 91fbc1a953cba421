//! Canonical JSON after RFC 8785 (JCS): the text whose SHA-256 a subscriber can compute in any language.
//!
//! The writer sorts the members of each object inside one buffer, because buffering every object costs twelve times as much. Numbers
//! have the shortest form of ECMAScript. Integers beyond 2^53 would not survive other readers; no sum of a month reaches that.

use std::fmt::Display;
use std::io::Write;
use std::ops::Range;

use serde::Serialize;
use serde::ser::{self, Serializer};

/// A value that has no canonical JSON.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoCanonicalForm(String);

impl ser::Error for NoCanonicalForm {
    fn custom<T: Display>(text: T) -> NoCanonicalForm {
        NoCanonicalForm(text.to_string())
    }
}

/// Appends the canonical JSON of a value.
///
/// # Errors
/// [`NoCanonicalForm`]: a number that is not finite, or a map, whose keys only a reader can know.
pub fn write(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), NoCanonicalForm> {
    value.serialize(CanonicalWriter { out })
}

/// Writes one value.
struct CanonicalWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl CanonicalWriter<'_> {
    fn shown(self, value: impl Display) -> Result<(), NoCanonicalForm> {
        write!(self.out, "{value}").map_err(ser::Error::custom)
    }

    fn real(self, value: f64) -> Result<(), NoCanonicalForm> {
        if !value.is_finite() {
            return Err(NoCanonicalForm(format!("{value} has no JSON")));
        }
        self.out.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
        Ok(())
    }
}

/// Writes the elements of an array.
struct ElementWriter<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl ElementWriter<'_> {
    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), NoCanonicalForm> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        value.serialize(CanonicalWriter { out: self.out })
    }

    fn close(self) -> Result<(), NoCanonicalForm> {
        self.out.push(b']');
        Ok(())
    }
}

/// Writes the members of an object in any order, and sorts them at the end.
struct MemberWriter<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    members: Vec<(&'static str, Range<usize>)>,
}

impl ser::SerializeStruct for MemberWriter<'_> {
    type Ok = ();
    type Error = NoCanonicalForm;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), NoCanonicalForm> {
        let from = self.out.len();
        key.serialize(CanonicalWriter { out: self.out })?;
        self.out.push(b':');
        value.serialize(CanonicalWriter { out: self.out })?;
        self.members.push((key, from..self.out.len()));
        Ok(())
    }

    fn end(mut self) -> Result<(), NoCanonicalForm> {
        // Names of fields are ASCII, so bytes have the order of UTF-16 units.
        self.members.sort_unstable_by_key(|(key, _)| *key);
        let written = self.out.split_off(self.start);
        for (number, (_, range)) in self.members.into_iter().enumerate() {
            self.out.push(if number == 0 { b'{' } else { b',' });
            self.out.extend_from_slice(&written[range.start - self.start..range.end - self.start]);
        }
        if self.out.len() == self.start {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        Ok(())
    }
}

macro_rules! element_writers {
    ($($kind:ident $method:ident),*) => {$(
        impl ser::$kind for ElementWriter<'_> {
            type Ok = ();
            type Error = NoCanonicalForm;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoCanonicalForm> {
                self.element(value)
            }

            fn end(self) -> Result<(), NoCanonicalForm> {
                self.close()
            }
        }
    )*};
}
element_writers!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

macro_rules! shown {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), NoCanonicalForm> {
            self.shown(value)
        }
    )*};
}

type Unwritten = ser::Impossible<(), NoCanonicalForm>;

fn unwritten(what: &str) -> NoCanonicalForm {
    NoCanonicalForm(format!("a card holds no {what}"))
}

impl<'o> Serializer for CanonicalWriter<'o> {
    type Ok = ();
    type Error = NoCanonicalForm;
    type SerializeSeq = ElementWriter<'o>;
    type SerializeTuple = ElementWriter<'o>;
    type SerializeTupleStruct = ElementWriter<'o>;
    type SerializeTupleVariant = Unwritten;
    type SerializeMap = Unwritten;
    type SerializeStruct = MemberWriter<'o>;
    type SerializeStructVariant = Unwritten;

    shown!(serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64);
    shown!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64);

    fn serialize_f32(self, value: f32) -> Result<(), NoCanonicalForm> {
        self.real(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), NoCanonicalForm> {
        self.real(value)
    }

    fn serialize_char(self, value: char) -> Result<(), NoCanonicalForm> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NoCanonicalForm> {
        // The escapes of this library are those of RFC 8785.
        serde_json::to_writer(self.out, value).map_err(ser::Error::custom)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NoCanonicalForm> {
        Err(unwritten("bytes"))
    }

    fn serialize_none(self) -> Result<(), NoCanonicalForm> {
        self.shown("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NoCanonicalForm> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NoCanonicalForm> {
        self.shown("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NoCanonicalForm> {
        self.shown("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NoCanonicalForm> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NoCanonicalForm> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NoCanonicalForm> {
        Err(unwritten("enums with values"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ElementWriter<'o>, NoCanonicalForm> {
        self.out.push(b'[');
        Ok(ElementWriter { out: self.out, empty: true })
    }

    fn serialize_tuple(self, length: usize) -> Result<ElementWriter<'o>, NoCanonicalForm> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<ElementWriter<'o>, NoCanonicalForm> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unwritten, NoCanonicalForm> {
        Err(unwritten("enums with values"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Unwritten, NoCanonicalForm> {
        Err(unwritten("maps"))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<MemberWriter<'o>, NoCanonicalForm> {
        Ok(MemberWriter { start: self.out.len(), out: self.out, members: Vec::with_capacity(length) })
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unwritten, NoCanonicalForm> {
        Err(unwritten("enums with values"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, Serialize)]
    struct Sample {
        zeta: Vec<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        gone: Option<u8>,
        alpha: String,
        inner: Vec<Inner>,
        b2: bool,
    }

    #[derive(Clone, Debug, Serialize)]
    struct Inner {
        y: i64,
        x: Option<f64>,
    }

    fn text(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        write(value, &mut out).expect("a card's types");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn numbers_are_those_of_rfc_8785() {
        // RFC 8785, section 3.2.2 and appendix B.
        let reals = [333_333_333.333_333_3, 1e30, 4.50, 2e-3, 1e-27, 0.0, 5e-324, 1e21, 1e23, 1e-6, 1e-7, 7.0, -1.5];
        assert_eq!(text(&reals), "[333333333.3333333,1e+30,4.5,0.002,1e-27,0,5e-324,1e+21,1e+23,0.000001,1e-7,7,-1.5]");
        assert!(write(&f64::NAN, &mut Vec::new()).is_err());
    }

    #[test]
    fn members_are_sorted_and_texts_have_the_fewest_escapes() {
        let inner = vec![Inner { y: 2, x: None }, Inner { y: -1, x: Some(0.5) }];
        let sample = Sample { zeta: vec![1.0], gone: None, alpha: "\u{20ac}$\u{f}\n\"\\/".to_owned(), inner, b2: true };
        assert_eq!(
            text(&sample),
            r#"{"alpha":"€$\u000f\n\"\\/","b2":true,"inner":[{"x":null,"y":2},{"x":0.5,"y":-1}],"zeta":[1]}"#
        );
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_another_implementation(zeta: Vec<f64>, alpha: String, y: i32, x: Option<f64>, gone: Option<u8>) {
            prop_assume!(zeta.iter().chain(&x).all(|real| real.is_finite()));
            let sample = Sample { zeta, gone, alpha, inner: vec![Inner { y: i64::from(y), x }; 2], b2: false };
            let other = serde_json_canonicalizer::to_string(&sample).expect("a value");
            prop_assert_eq!(text(&sample), other);
        }
    }
}
