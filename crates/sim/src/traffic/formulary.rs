//! The drugs of the traffic: BNF codes by group, with quantity and price of an item.

/// One presentation by its generic name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drug {
    /// BNF code of the generic presentation.
    pub code: &'static str,
    /// Units in one item, in thousandths.
    pub quantity_milli: i64,
    /// Price of one item in pence.
    pub pence: i64,
}

const fn drug(code: &'static str, quantity_milli: i64, pence: i64) -> Drug {
    Drug { code, quantity_milli, pence }
}

/// Antibacterials that are not broad-spectrum.
pub(crate) const NARROW: [Drug; 5] = [
    drug("0501013B0AAABAB", 15_000, 98),
    drug("0501011P0AAABAB", 28_000, 187),
    drug("0501130R0AAAGAG", 6_000, 412),
    drug("0501080W0AAAEAE", 6_000, 74),
    drug("0501030I0AAABAB", 8_000, 109),
];
/// Co-amoxiclav, a cephalosporin, a quinolone.
pub(crate) const BROAD: [Drug; 3] =
    [drug("0501013K0AAAJAJ", 21_000, 185), drug("0501021L0AAABAB", 21_000, 204), drug("0501120L0AAABAB", 10_000, 92)];
/// Ibuprofen and naproxen.
pub(crate) const NSAID_PREFERRED: [Drug; 2] = [drug("1001010J0AAAEAE", 84_000, 291), drug("1001010P0AAADAD", 56_000, 166)];
/// Other anti-inflammatories.
pub(crate) const NSAID_OTHER: [Drug; 2] = [drug("1001010C0AAADAD", 84_000, 148), drug("1001010AJAAABAB", 28_000, 243)];
/// Desogestrel by its generic name.
pub(crate) const DESOGESTREL: Drug = drug("0703021Q0AAAAAA", 84_000, 202);
/// Desogestrel by brand.
pub(crate) const DESOGESTREL_BRAND: Drug = drug("0703021Q0BBAAAA", 84_000, 888);
/// Items that should not routinely be prescribed; all at one price, so that their expected cost is known.
pub(crate) const LOW_PRIORITY: [Drug; 3] =
    [drug("0407010Q0AAAAAA", 100_000, 3_600), drug("1502010J0AAELEL", 30_000, 3_600), drug("0403010J0AAAAAA", 28_000, 3_600)];
/// All other drugs that have a brand.
pub(crate) const OTHER: [Drug; 9] = [
    drug("0212000B0AAABAB", 28_000, 103),
    drug("0205051R0AAANAN", 28_000, 112),
    drug("0206020A0AAAAAA", 28_000, 84),
    drug("0103050P0AAAAAA", 28_000, 97),
    drug("0601022B0AAABAB", 112_000, 321),
    drug("0403030Q0AAAAAA", 28_000, 131),
    drug("0301011R0AAAPAP", 1_000, 150),
    drug("0602010V0AABWBW", 56_000, 226),
    drug("0205010K0AAAAAA", 12_500, 74),
];
/// An appliance: eleven characters, in no measure of drugs.
pub(crate) const APPLIANCE: Drug = drug("21010900100", 1_000, 1_250);
/// The share of appliances among all other items.
pub(crate) const APPLIANCE_SHARE: f64 = 0.03;
/// Price in pence of an item of every drug of [`LOW_PRIORITY`].
pub(crate) const LOW_PRIORITY_PENCE: f64 = 3_600.0;
/// Price of a brand as a multiple of its generic equivalent.
pub(crate) const BRAND_FACTOR: i64 = 3;

/// The code of a brand of a generic presentation: characters 10 and 11 are not `AA`.
pub(crate) fn branded(code: &str) -> String {
    format!("{}BB{}", &code[..9], &code[11..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drug_codes_have_fifteen_characters_and_generic_ones_are_marked() {
        let generics = NARROW.iter().chain(&BROAD).chain(&NSAID_PREFERRED).chain(&NSAID_OTHER).chain(&LOW_PRIORITY).chain(&OTHER);
        for drug in generics {
            assert_eq!(drug.code.len(), 15, "{}", drug.code);
            assert_eq!(&drug.code[9..11], "AA", "{}", drug.code);
            assert_ne!(&branded(drug.code)[9..11], "AA");
        }
        assert_eq!(APPLIANCE.code.len(), 11);
    }
}
