//! The content of a fact in 64 bits. A content that does not fit is stored outside the fact, and the bits hold its number.

use crate::event::{Category, Mode};
use crate::fold::content::{Content, EncounterContent, FactKind, PrescriptionContent};
use crate::fold::slab::Slab;

/// The content bits of a fact. With the highest bit set they are a number in [`ContentStore`], else the packed content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedContent(u64);

const BESIDE: u64 = 1 << 63;

/// Field widths in bits of one layout of a prescription. Quantities also have the unit of the field, in thousandths.
struct FieldWidths {
    code: u32,
    items: u32,
    quantity: (u32, u32),
    cost: u32,
    adq: (u32, u32),
}

const WHOLE: u32 = 1_000;
const MILLI: u32 = 1;

const LAYOUT_BITS: u32 = 3;
/// Bits for the fields: 64 less one for [`BESIDE`], those of the layout's number, and one for the repeat flag.
const PRESCRIPTION_BITS: u32 = 64 - 1 - LAYOUT_BITS - 1;

/// A prescription uses the first layout that fits. Codes are numbered in order of arrival, so frequent codes have low numbers.
/// Quantities are whole or have decimals, and few sources send average daily quantities. In each optional field 0 is absent.
const LAYOUTS: [FieldWidths; 1 << LAYOUT_BITS] = [
    FieldWidths { code: 15, items: 10, quantity: (15, WHOLE), cost: 19, adq: (0, WHOLE) },
    FieldWidths { code: 14, items: 4, quantity: (22, MILLI), cost: 19, adq: (0, WHOLE) },
    FieldWidths { code: 13, items: 6, quantity: (14, WHOLE), cost: 26, adq: (0, WHOLE) },
    FieldWidths { code: 14, items: 5, quantity: (13, WHOLE), cost: 15, adq: (12, WHOLE) },
    FieldWidths { code: 13, items: 3, quantity: (11, WHOLE), cost: 14, adq: (18, MILLI) },
    FieldWidths { code: 13, items: 3, quantity: (19, MILLI), cost: 14, adq: (10, WHOLE) },
    FieldWidths { code: 11, items: 2, quantity: (17, MILLI), cost: 12, adq: (17, MILLI) },
    FieldWidths { code: 20, items: 2, quantity: (20, MILLI), cost: 17, adq: (0, WHOLE) },
];

const _: () = {
    let mut at = 0;
    while at < LAYOUTS.len() {
        let of = &LAYOUTS[at];
        assert!(of.code + of.items + of.quantity.0 + of.cost + of.adq.0 == PRESCRIPTION_BITS, "a layout uses all bits");
        at += 1;
    }
};

const MODE_BITS: u32 = 3;
/// The number of an order whose category no code tells.
const UNCATEGORISED: u32 = 3;
/// Bits of each of an encounter's three optional numbers.
const NUMBER_BITS: u32 = 20;

/// Packs fields one after another, the first in the lowest bits.
#[derive(Default)]
struct Writer {
    bits: u64,
    used: u32,
}

impl Writer {
    /// Adds a number. `None` if it needs more bits.
    fn put(mut self, number: u32, bits: u32) -> Option<Writer> {
        if u64::from(number) >> bits != 0 {
            return None;
        }
        self.bits |= u64::from(number) << self.used;
        self.used += bits;
        Some(self)
    }

    /// Adds an optional number in this unit. `None` if it is not a multiple of the unit.
    fn put_units(self, number: Option<u32>, (bits, unit): (u32, u32)) -> Option<Writer> {
        match number {
            Some(number) if unit == WHOLE => number.is_multiple_of(WHOLE).then(|| self.put(number / WHOLE + 1, bits)).flatten(),
            number => self.put_optional(number, bits),
        }
    }

    /// Adds an optional number.
    fn put_optional(self, number: Option<u32>, bits: u32) -> Option<Writer> {
        match number {
            Some(number) => self.put(number.checked_add(1)?, bits),
            None => self.put(0, bits),
        }
    }
}

/// Reads fields in the order in which a [`Writer`] packed them.
struct Reader(u64);

impl Reader {
    fn take(&mut self, bits: u32) -> u32 {
        let number = self.0 & ((1 << bits) - 1);
        self.0 >>= bits;
        u32::try_from(number).expect("no field has more than 32 bits")
    }

    fn take_units(&mut self, (bits, unit): (u32, u32)) -> Option<u32> {
        self.take_optional(bits).map(|number| number * unit)
    }

    fn take_optional(&mut self, bits: u32) -> Option<u32> {
        self.take(bits).checked_sub(1)
    }
}

/// Maps a signed number to an unsigned one; small values stay small.
fn folded(number: i32) -> u32 {
    (number << 1 ^ number >> 31).cast_unsigned()
}

fn unfolded(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

impl PrescriptionContent {
    fn packed(&self) -> Option<Writer> {
        (0..).zip(&LAYOUTS).find_map(|(number, layout)| self.packed_as(number, layout))
    }

    fn packed_as(&self, number: u32, layout: &FieldWidths) -> Option<Writer> {
        let head = Writer::default().put(number, LAYOUT_BITS)?.put(self.repeat.into(), 1)?;
        let counted = head.put(self.code, layout.code)?.put(self.items.into(), layout.items)?;
        let priced = counted.put_units(self.quantity_milli, layout.quantity)?.put_optional(self.cost_pence, layout.cost)?;
        priced.put_units(self.adq_milli, layout.adq)
    }

    fn unpacked(mut bits: Reader) -> PrescriptionContent {
        let layout = &LAYOUTS[bits.take(LAYOUT_BITS) as usize];
        let repeat = bits.take(1) == 1;
        let code = bits.take(layout.code);
        let items = u16::try_from(bits.take(layout.items)).expect("no layout has more than 16 bits for items");
        let quantity_milli = bits.take_units(layout.quantity);
        let cost_pence = bits.take_optional(layout.cost);
        PrescriptionContent { code, quantity_milli, cost_pence, adq_milli: bits.take_units(layout.adq), items, repeat }
    }
}

impl EncounterContent {
    fn packed(&self) -> Option<Writer> {
        let head = Writer::default().put(self.mode as u32, MODE_BITS)?;
        let long = head.put_optional(self.minutes, NUMBER_BITS)?.put_optional(self.planned_minutes, NUMBER_BITS)?;
        long.put_optional(self.lag_days.map(folded), NUMBER_BITS)
    }

    fn unpacked(mut bits: Reader) -> EncounterContent {
        let mode = match bits.take(MODE_BITS) {
            0 => Mode::FaceToFace,
            1 => Mode::Telephone,
            2 => Mode::Video,
            3 => Mode::Home,
            _ => Mode::Other,
        };
        let (minutes, planned_minutes) = (bits.take_optional(NUMBER_BITS), bits.take_optional(NUMBER_BITS));
        EncounterContent { mode, minutes, planned_minutes, lag_days: bits.take_optional(NUMBER_BITS).map(unfolded) }
    }
}

fn packed(content: &Content) -> Option<u64> {
    let bits = match content {
        Content::Encounter(held) => held.packed(),
        Content::Prescription(prescribed) => prescribed.packed(),
        Content::Feedback { answers } => Writer::default().put(*answers, u32::BITS),
        Content::Order { category } => Writer::default().put(category.map_or(UNCATEGORISED, |known| known as u32), u32::BITS),
        Content::Observation => Some(Writer::default()),
    };
    bits.map(|writer| writer.bits)
}

fn unpacked(kind: FactKind, bits: u64) -> Content {
    let mut bits = Reader(bits);
    match kind {
        FactKind::Encounter => Content::Encounter(EncounterContent::unpacked(bits)),
        FactKind::Prescription => Content::Prescription(PrescriptionContent::unpacked(bits)),
        FactKind::Feedback => Content::Feedback { answers: bits.take(u32::BITS) },
        FactKind::Order => Content::Order {
            category: match bits.take(u32::BITS) {
                0 => Some(Category::Referral),
                1 => Some(Category::Test),
                2 => Some(Category::Imaging),
                _ => None,
            },
        },
        FactKind::Observation => Content::Observation,
    }
}

/// Contents that do not fit into their facts.
#[derive(Debug, Default)]
pub(crate) struct ContentStore {
    beside: Slab<Content>,
}

impl ContentStore {
    /// Packs a content, and stores it if it does not fit. The caller must [`ContentStore::release`] it later.
    pub(crate) fn keep(&mut self, content: &Content) -> PackedContent {
        PackedContent(packed(content).unwrap_or_else(|| u64::from(self.beside.put(*content)) | BESIDE))
    }

    /// The content of a fact of this kind.
    pub(crate) fn get(&self, kind: FactKind, packed: PackedContent) -> Content {
        match beside(packed) {
            Some(number) => *self.beside.get(number),
            None => unpacked(kind, packed.0),
        }
    }

    /// Releases the content of a fact.
    pub(crate) fn release(&mut self, packed: PackedContent) {
        if let Some(number) = beside(packed) {
            self.beside.free(number);
        }
    }

    /// Bytes of the stored contents.
    pub(crate) fn bytes(&self) -> usize {
        self.beside.bytes()
    }
}

fn beside(packed: PackedContent) -> Option<u32> {
    (packed.0 & BESIDE != 0).then(|| u32::try_from(packed.0 & !BESIDE).expect("the number has 32 bits"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether a content fits into a fact. Checks that it reads back unchanged either way.
    fn fits(content: Content) -> bool {
        let mut contents = ContentStore::default();
        let packed = contents.keep(&content);
        assert_eq!(contents.get(content.kind(), packed), content);
        contents.release(packed);
        beside(packed).is_none()
    }

    /// The largest value of every field of a layout.
    fn largest(layout: &FieldWidths) -> PrescriptionContent {
        let most = |bits: u32| u32::try_from((1_u64 << bits) - 1).unwrap();
        PrescriptionContent {
            code: most(layout.code),
            quantity_milli: most(layout.quantity.0).checked_sub(1).map(|units| units * layout.quantity.1),
            cost_pence: most(layout.cost).checked_sub(1),
            adq_milli: most(layout.adq.0).checked_sub(1).map(|units| units * layout.adq.1),
            items: u16::try_from(most(layout.items)).unwrap(),
            repeat: true,
        }
    }

    #[test]
    fn the_largest_values_of_each_layout_fit() {
        for largest in LAYOUTS.iter().map(largest) {
            assert!(fits(Content::Prescription(largest)), "{largest:?}");
            assert!(fits(Content::Prescription(PrescriptionContent { repeat: false, ..largest })), "{largest:?}");
        }
        assert!(fits(Content::Prescription(PrescriptionContent::default())));
    }

    #[test]
    fn one_above_the_largest_values_of_all_layouts_is_stored_outside_the_fact() {
        let all = || LAYOUTS.iter().map(largest);
        let above = [
            PrescriptionContent { code: 1 + all().map(|p| p.code).max().unwrap(), ..PrescriptionContent::default() },
            PrescriptionContent { items: 1 + all().map(|p| p.items).max().unwrap(), ..PrescriptionContent::default() },
            PrescriptionContent {
                cost_pence: all().map(|p| p.cost_pence).max().unwrap().map(|most| most + 1),
                ..PrescriptionContent::default()
            },
            PrescriptionContent {
                quantity_milli: all().map(|p| p.quantity_milli).max().unwrap().map(|most| most + 1_000),
                ..PrescriptionContent::default()
            },
            PrescriptionContent {
                adq_milli: all().map(|p| p.adq_milli).max().unwrap().map(|most| most + 1_000),
                ..PrescriptionContent::default()
            },
            PrescriptionContent { quantity_milli: Some(40_000_001), ..PrescriptionContent::default() },
            PrescriptionContent {
                code: u32::MAX,
                quantity_milli: Some(u32::MAX),
                cost_pence: Some(u32::MAX),
                adq_milli: Some(u32::MAX),
                items: u16::MAX,
                repeat: true,
            },
        ];
        for above in above {
            assert!(!fits(Content::Prescription(above)), "{above:?}");
        }
    }

    #[test]
    fn encounters_read_back_unchanged_at_the_limits_of_each_number() {
        let most = (1 << NUMBER_BITS) - 2;
        let numbers = [(None, true), (Some(0), true), (Some(most), true), (Some(most + 1), false), (Some(u32::MAX), false)];
        let half = 1 << (NUMBER_BITS - 1);
        let days = [(None, true), (Some(-1), true), (Some(half - 1), true), (Some(half), false), (Some(1 - half), true)];
        let outer = [(Some(-half), false), (Some(i32::MIN), false), (Some(i32::MAX), false), (Some(0), true)];
        for mode in [Mode::FaceToFace, Mode::Telephone, Mode::Video, Mode::Home, Mode::Other] {
            for (minutes, first) in numbers {
                for (planned_minutes, second) in numbers {
                    for (lag_days, third) in days.into_iter().chain(outer) {
                        let held = EncounterContent { mode, minutes, planned_minutes, lag_days };
                        assert_eq!(fits(Content::Encounter(held)), first && second && third, "{held:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn feedback_orders_and_observations_always_fit() {
        assert!([0, u32::MAX].into_iter().all(|answers| fits(Content::Feedback { answers })));
        assert!(fits(Content::Observation));
        let categories = [Some(Category::Referral), Some(Category::Test), Some(Category::Imaging), None];
        assert!(categories.into_iter().all(|category| fits(Content::Order { category })));
    }

    /// Numbers of any length, some of them whole thousands.
    fn number() -> impl Strategy<Value = u32> {
        let any = (any::<u32>(), 0..=32_u32).prop_map(|(number, bits)| number.checked_shr(bits).unwrap_or(0));
        prop_oneof![any.clone(), any.prop_map(|number| number / 1_000 * 1_000)]
    }

    fn option() -> impl Strategy<Value = Option<u32>> {
        proptest::option::weighted(0.7, number())
    }

    proptest! {
        #[test]
        fn any_prescription_reads_back_unchanged(
            numbers in [number(), number()],
            optional in [option(), option(), option()],
            repeat: bool,
        ) {
            let ([code, items], [quantity_milli, cost_pence, adq_milli]) = (numbers, optional);
            let items = u16::try_from(items >> 16).unwrap();
            fits(Content::Prescription(PrescriptionContent { code, quantity_milli, cost_pence, adq_milli, items, repeat }));
        }
    }

    #[test]
    fn a_released_number_is_reused() {
        let mut contents = ContentStore::default();
        let long = |minutes| {
            Content::Encounter(EncounterContent {
                mode: Mode::Home,
                minutes: Some(minutes),
                planned_minutes: None,
                lag_days: None,
            })
        };
        let first = contents.keep(&long(u32::MAX));
        let second = contents.keep(&long(u32::MAX - 1));
        contents.release(first);
        assert_eq!(contents.keep(&long(u32::MAX - 2)), first);
        assert_eq!(contents.get(FactKind::Encounter, second), long(u32::MAX - 1));
    }
}
