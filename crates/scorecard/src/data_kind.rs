//! The kinds of data by which a feed is known: a feed that sends no costs differs from one whose items cost nothing.

/// One kind of data, in order of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum DataKind {
    Attendance,
    Booking,
    Costs,
    Feedback,
    Imaging,
    Minutes,
    Prescriptions,
    Quantities,
    Referrals,
    Tests,
}

impl DataKind {
    /// All kinds, in order.
    pub const ALL: [DataKind; 10] = [
        DataKind::Attendance,
        DataKind::Booking,
        DataKind::Costs,
        DataKind::Feedback,
        DataKind::Imaging,
        DataKind::Minutes,
        DataKind::Prescriptions,
        DataKind::Quantities,
        DataKind::Referrals,
        DataKind::Tests,
    ];

    /// Its word in cards, marks and configurations.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DataKind::Attendance => "attendance",
            DataKind::Booking => "booking",
            DataKind::Costs => "costs",
            DataKind::Feedback => "feedback",
            DataKind::Imaging => "imaging",
            DataKind::Minutes => "minutes",
            DataKind::Prescriptions => "prescriptions",
            DataKind::Quantities => "quantities",
            DataKind::Referrals => "referrals",
            DataKind::Tests => "tests",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<DataKind> {
        DataKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The kind of the events that carry it: costs come with prescriptions. Every other kind is its own.
    #[must_use]
    pub fn carrier(self) -> DataKind {
        match self {
            DataKind::Booking | DataKind::Minutes => DataKind::Attendance,
            DataKind::Costs | DataKind::Quantities => DataKind::Prescriptions,
            own => own,
        }
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KindSet(u16);

impl KindSet {
    /// Every kind.
    #[must_use]
    pub fn all() -> KindSet {
        DataKind::ALL.into_iter().collect()
    }

    /// Adds a kind.
    pub fn insert(&mut self, kind: DataKind) {
        self.0 |= 1 << kind as u16;
    }

    /// Whether it has this kind.
    #[must_use]
    pub fn contains(self, kind: DataKind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    /// Whether it has no kind.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds of either set.
    #[must_use]
    pub fn union(self, other: KindSet) -> KindSet {
        KindSet(self.0 | other.0)
    }

    /// The kinds of both sets.
    #[must_use]
    pub fn common(self, other: KindSet) -> KindSet {
        KindSet(self.0 & other.0)
    }

    /// Its kinds, in order.
    pub fn kinds(self) -> impl Iterator<Item = DataKind> {
        DataKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<DataKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = DataKind>>(kinds: I) -> KindSet {
        let mut set = KindSet::default();
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_kinds_is_that_of_their_words_and_each_word_reads_back() {
        let words = DataKind::ALL.map(DataKind::word);
        assert!(words.is_sorted());
        assert!(DataKind::ALL.is_sorted());
        assert!(DataKind::ALL.into_iter().all(|kind| DataKind::of_word(kind.word()) == Some(kind)));
        assert_eq!(DataKind::of_word("cost"), None);
        assert!(KindSet::all().kinds().eq(DataKind::ALL));
    }
}
