//! A type is a noun. A participle says what happened to a thing and not what it is.

/// Participles that do not end in `ed` or `ing`.
const IRREGULAR: [&str; 53] = [
    "Begun",
    "Born",
    "Borne",
    "Bought",
    "Broken",
    "Brought",
    "Built",
    "Caught",
    "Chosen",
    "Done",
    "Drawn",
    "Driven",
    "Fallen",
    "Felt",
    "Forgotten",
    "Found",
    "Frozen",
    "Given",
    "Gone",
    "Grown",
    "Heard",
    "Held",
    "Hidden",
    "Kept",
    "Known",
    "Laid",
    "Led",
    "Left",
    "Lent",
    "Lost",
    "Made",
    "Meant",
    "Met",
    "Paid",
    "Proven",
    "Said",
    "Seen",
    "Sent",
    "Shown",
    "Sold",
    "Sought",
    "Spent",
    "Spoken",
    "Stolen",
    "Stood",
    "Taken",
    "Taught",
    "Thought",
    "Thrown",
    "Told",
    "Understood",
    "Won",
    "Written",
];

/// Nouns that end like a participle.
const NOUNS: [&str; 37] = [
    "Bed",
    "Binding",
    "Bleed",
    "Breed",
    "Building",
    "Ceiling",
    "Coding",
    "Embed",
    "Encoding",
    "Evening",
    "Feed",
    "Finding",
    "Framing",
    "Heading",
    "King",
    "Listing",
    "Mapping",
    "Meaning",
    "Morning",
    "Need",
    "Ordering",
    "Padding",
    "Prescribing",
    "Rating",
    "Red",
    "Ring",
    "Saving",
    "Seed",
    "Setting",
    "Shed",
    "Sibling",
    "Speed",
    "Spelling",
    "Spending",
    "Spring",
    "String",
    "Thing",
];

/// Further nouns of the field.
const NOUNS_OF_THE_FIELD: [&str; 4] = ["Pricing", "Timing", "Versioning", "Warning"];

/// Whether the name is a participle: its last word decides, for `RejectedRecord` is a record.
pub fn is_participle(name: &str) -> bool {
    let last = name.rfind(|letter: char| letter.is_ascii_uppercase()).map_or(name, |start| &name[start..]);
    let ends = last.ends_with("ed") || last.ends_with("ing");
    let noun = NOUNS.contains(&last) || NOUNS_OF_THE_FIELD.contains(&last);
    IRREGULAR.contains(&last) || (ends && !noun)
}

#[cfg(test)]
mod tests {
    use super::is_participle;

    #[test]
    fn participles_are_refused() {
        for name in ["Served", "Taking", "Told", "FeedsSeen", "Drafting"] {
            assert!(is_participle(name), "{name}");
        }
    }

    #[test]
    fn nouns_are_allowed() {
        for name in ["Feed", "RejectedRecord", "PackedContent", "MeasureSetting", "Spelling", "ShutdownSignal"] {
            assert!(!is_participle(name), "{name}");
        }
    }
}
