//! The list of input formats. The order matters: the first format that recognises a record decodes it.

use crate::formats::input_format::{InputFormat, RecordFormat};
use crate::formats::item_sink::ItemSink;

/// Makes the enum of all formats and its static dispatch. `Type in module` names a type that implements [`InputFormat`].
macro_rules! input_formats {
    ($($format:ident in $module:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Format {
            $($format,)*
        }

        impl Format {
            /// The format that decodes a record.
            #[inline]
            pub(crate) fn of(record: &[u8]) -> Format {
                $(
                    if <super::$module::$format as InputFormat>::recognises(record) {
                        return Format::$format;
                    }
                )*
                unreachable!("the last format recognises every record")
            }

            pub(crate) fn family(self, record: &[u8]) -> RecordFormat {
                match self {
                    $(Format::$format => <super::$module::$format as InputFormat>::family(record),)*
                }
            }

            #[inline]
            pub(crate) fn decode(self, record: &[u8], items: &mut ItemSink<'_>) {
                match self {
                    $(Format::$format => <super::$module::$format as InputFormat>::decode(record, items),)*
                }
            }

            /// Every format with its examples, in the order of the list.
            fn examples() -> Vec<(Format, &'static [&'static [u8]])> {
                vec![$((Format::$format, <super::$module::$format as InputFormat>::EXAMPLES),)*]
            }
        }
    };
}

input_formats! {
    // UTF-16 text begins with the bytes of JSON, so it comes before JSON.
    Utf16 in refused,
    JsonText in json_text,
    AvroFile in avro_file,
    SingleObject in avro_frame,
    Gzip in refused,
    Zstd in refused,
    Zip in refused,
    Parquet in refused,
    // A zero byte and any four bytes: formats with a longer signature come before it.
    ConfluentFrame in avro_frame,
    Empty in refused,
    ClinicalDocument in foreign_text,
    FhirXml in foreign_text,
    Xml in foreign_text,
    Hl7V2 in foreign_text,
    Edi in foreign_text,
    // Any text with separators, so it comes behind the formats that begin with a name.
    Table in foreign_text,
    // Recognises every record.
    UnknownText in json_text,
}

impl RecordFormat {
    /// The family of a record, by its content.
    #[must_use]
    pub fn of(record: &[u8]) -> RecordFormat {
        Format::of(record).family(record)
    }

    /// Example records of every format that Plumbline recognises, for tests.
    pub fn examples() -> impl Iterator<Item = &'static [u8]> {
        Format::examples().into_iter().flat_map(|(_, examples)| examples.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use scorecard::record::item::Item;
    use scorecard::record::log_record::Position;
    use scorecard::time::calendar::Timestamp;

    use super::*;
    use crate::formats::decoder_config::{Context, DecoderConfig, Rules};

    #[test]
    fn each_format_recognises_its_own_examples_and_the_list_gives_them_to_it() {
        for (format, examples) in Format::examples() {
            assert!(!examples.is_empty(), "{format:?} has no example");
            for example in examples {
                assert_eq!(Format::of(example), format, "{}", String::from_utf8_lossy(example));
            }
        }
    }

    #[test]
    fn every_example_becomes_items_and_a_refused_one_a_reject_with_a_cure() {
        let rules = Rules::new(DecoderConfig::default());
        let position = Position { source: "inbox".to_owned(), partition: 0, offset: 0, index: None };
        let now = Timestamp(1_800_000_000_000);
        let context = Context { position: &position, feed: None, received_at: now, now };
        for (format, examples) in Format::examples() {
            for example in examples {
                let mut rejects = Vec::new();
                let mut each = |item: Item<'_>| {
                    if let Item::Reject(reject) = item {
                        rejects.push(reject.detail);
                    }
                };
                let mut items = ItemSink::new(&rules, &context, &mut each);
                format.decode(example, &mut items);
                assert!(items.outcome().items > 0, "{format:?} loses {}", String::from_utf8_lossy(example));
                if format.family(example) == RecordFormat::Refused {
                    assert!(matches!(rejects.as_slice(), [cure] if cure.contains("; send ")), "{format:?}: {rejects:?}");
                }
            }
        }
    }

    #[test]
    fn families_follow_the_content() {
        for (record, family) in [
            (&b"{\"feed\":\"a\"}"[..], RecordFormat::Json),
            (b"\xEF\xBB\xBF \n[{\"feed\":\"a\"}]", RecordFormat::Json),
            (b"{\"resourceType\": \"Encounter\"}", RecordFormat::Fhir),
            (b"{\"id\":\"b\",\"resourceType\" : \"Bundle\",\"entry\":[]}", RecordFormat::Fhir),
            (b"Obj\x01rest", RecordFormat::Avro),
            (b"\xC3\x0112345678", RecordFormat::Avro),
            (b"\x00\x00\x00\x00\x07rest", RecordFormat::Avro),
            (b"PAR1", RecordFormat::Refused),
            (b"{\x00\"\x00", RecordFormat::Refused),
            (b" \r\n", RecordFormat::Unknown),
            (b"feed,id,version", RecordFormat::Refused),
            (b"feed, id", RecordFormat::Unknown),
        ] {
            assert_eq!(RecordFormat::of(record), family, "{}", String::from_utf8_lossy(record));
        }
    }
}
