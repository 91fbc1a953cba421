//! Damaged bytes never cause a panic, and every element is accounted for. Seeded; the seed is in the failure's text.

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use proptest::prelude::*;
use scorecard::record::item::{Feed, Item};

use crate::decoding::decode;

const EXAMPLES: [&str; 7] = [
    include_str!("../../../../schemas/examples/prescription.json"),
    include_str!("../../../../schemas/examples/encounter.json"),
    include_str!("../../../../schemas/examples/feedback.json"),
    include_str!("../../../../schemas/examples/order.json"),
    include_str!("../../../../schemas/examples/retraction.json"),
    include_str!("../../../../schemas/examples/bundle.json"),
    include_str!("../../../../schemas/examples/observation.json"),
];

fn items(bytes: &[u8]) -> Vec<Item<'static>> {
    decode(&RecordDecoder::new(DecoderConfig::default()), Some(&Feed::undeclared("f")), bytes)
}

/// Event, entry, skipped, reject.
fn sorts(items: &[Item<'_>]) -> [usize; 4] {
    let mut sorts = [0; 4];
    for item in items {
        sorts[match item {
            Item::Event(..) => 0,
            Item::Definition(..) | Item::Registry(_) => 1,
            Item::Skipped(_) => 2,
            Item::Reject(_) => 3,
        }] += 1;
    }
    sorts
}

#[test]
fn every_truncation_of_every_example_is_exactly_one_reject() {
    for example in EXAMPLES {
        let whole = example.trim_end();
        for length in 0..whole.len() {
            if whole.is_char_boundary(length) {
                assert_eq!(sorts(&items(&whole.as_bytes()[..length])), [0, 0, 0, 1], "{length} bytes of {whole}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_line_costs_at_most_itself(which in 0..5usize, place: prop::sample::Index, byte: u8, rest in 0..5usize) {
        let line = |n: usize| EXAMPLES[n].replace('\n', "");
        let mut damaged = line(which).into_bytes();
        let place = place.index(damaged.len());
        damaged[place] = byte;
        let bytes = [line(rest).as_bytes(), b"\n", &damaged, b"\n", line(rest).as_bytes(), b"\n"].concat();
        let [events, entries, skipped, rejects] = sorts(&items(&bytes));
        prop_assert_eq!((entries, skipped), (0, 0));
        if byte == b'\n' || byte == b'{' || byte == b'}' || place == 0 {
            // One line may have become two elements: without its opening brace, `"feed"` is a value of its own.
            prop_assert!(events >= 2 && events + rejects >= 3, "{} events, {} rejects", events, rejects);
        } else {
            prop_assert!(events >= 2, "{} events", events);
            prop_assert_eq!(events + rejects, 3);
        }
    }

    #[test]
    fn any_bytes_become_at_least_one_item(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        // A list without elements is the one record that holds nothing.
        prop_assume!(bytes.first() != Some(&b'['));
        prop_assert!(!items(&bytes).is_empty());
    }

    #[test]
    fn any_json_becomes_as_many_items_as_it_has_elements(json in arbitrary_json()) {
        let elements = match &json {
            serde_json::Value::Array(items) => items.len(),
            _ => 1,
        };
        prop_assert_eq!(items(json.to_string().as_bytes()).len(), elements);
        prop_assert_eq!(items(serde_json::to_string_pretty(&json).expect("JSON prints").as_bytes()).len(), elements);
    }

    #[test]
    fn a_bundle_with_a_damaged_entry_has_as_many_items_as_entries(place: prop::sample::Index, value in arbitrary_json()) {
        let mut bundle: serde_json::Value = serde_json::from_str(EXAMPLES[5]).expect("an example");
        let entries = bundle["entry"].as_array_mut().expect("a Bundle has entries");
        let place = place.index(entries.len());
        entries[place] = value;
        let count = entries.len();
        prop_assert_eq!(items(bundle.to_string().as_bytes()).len(), count);
    }
}

/// JSON that likes the names that the decoder knows.
fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
    let names = prop::sample::select(vec![
        "feed",
        "id",
        "type",
        "version",
        "order",
        "category",
        "clinician",
        "resourceType",
        "status",
        "period",
        "start",
        "meta",
        "participant",
        "individual",
        "reference",
        "identifier",
        "resource",
        "request",
        "method",
        "url",
        "occurred_at",
        "x",
    ]);
    let words = prop::sample::select(vec![
        "order",
        "encounter",
        "Encounter",
        "MedicationRequest",
        "Practitioner",
        "Medication",
        "Observation",
        "finished",
        "test",
        "DELETE",
        "Encounter/1",
        "#x",
        "",
        "2026-10-05",
        "2026-10-05T09:00:00Z",
        "Practitioner?identifier=a|b",
        "943 476 5919",
        "\u{0}",
        "\u{1f600}",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        words.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    for (open, close) in
        [("[", "]"), ("{\"a\":", "}"), ("{\"order\":", "}"), ("{\"resourceType\":\"QuestionnaireResponse\",\"item\":[", "]}")]
    {
        for depth in [100, 100_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(!items(text.as_bytes()).is_empty());
            assert!(!items(open.repeat(depth).as_bytes()).is_empty());
        }
    }
}
