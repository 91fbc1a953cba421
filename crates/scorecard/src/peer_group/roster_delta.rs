//! The change of a role's units from one cut to the next. Units are in order of their keys.

use crate::peer_group::unit::UnitKey;

/// Number of a unit's group at each level below the network, narrowest first.
pub(crate) type Groups = [Option<u32>; 3];

/// A unit that is new, removed, or has other values than before.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its index before.
    pub before: Option<u32>,
    /// Its index now.
    pub now: Option<u32>,
    /// Its number among the changed units of the cut.
    pub number: usize,
    /// Its groups, now and before.
    pub groups: Groups,
}

/// The mapping from indexes before to indexes now.
#[derive(Debug)]
pub(crate) struct RosterDelta {
    /// The index now of each unchanged unit, by index before.
    kept: Vec<Option<u32>>,
    /// All changed units, in order of their keys.
    pub changes: Vec<Change>,
    /// Whether every unit keeps its index.
    stay: bool,
    count: usize,
}

impl RosterDelta {
    /// Inserts new units into `keys` and removes missing ones. `news` has for each changed unit, in order of the keys, whether it still
    /// exists, and its groups.
    pub(crate) fn new(keys: &mut Vec<UnitKey>, news: &[(&UnitKey, bool, Groups)]) -> RosterDelta {
        let place = |at: usize| u32::try_from(at).expect("fewer than 4 billion units");
        let mut moves = RosterDelta { kept: Vec::with_capacity(keys.len()), changes: Vec::new(), stay: true, count: 0 };
        let mut merged: Vec<UnitKey> = Vec::with_capacity(keys.len() + news.len());
        let mut old = std::mem::take(keys).into_iter().peekable();
        for (number, &(key, there, groups)) in news.iter().enumerate() {
            while let Some(before) = old.next_if(|before| before < key) {
                moves.kept.push(Some(place(merged.len())));
                merged.push(before);
            }
            let before = old.next_if_eq(key).map(|_| place(moves.kept.len()));
            if before.is_some() {
                moves.kept.push(None);
            }
            let now = there.then(|| place(merged.len()));
            if there {
                merged.push(key.clone());
            }
            moves.stay &= before.is_some() == there;
            if before.is_some() || there {
                moves.changes.push(Change { before, now, number, groups });
            }
        }
        for before in old {
            moves.kept.push(Some(place(merged.len())));
            merged.push(before);
        }
        moves.count = merged.len();
        *keys = merged;
        moves
    }

    /// Whether no unit is new or removed.
    pub(crate) fn stay(&self) -> bool {
        self.stay
    }

    /// The index now of an unchanged unit, by its index before.
    pub(crate) fn kept(&self, before: u32) -> Option<u32> {
        self.kept[before as usize]
    }

    /// Moves values by index. `now` returns the value of a changed unit.
    pub(crate) fn apply<T: Clone + Default>(&self, held: &mut Vec<T>, now: impl Fn(&Change) -> T) {
        if !self.stay {
            let mut moved = vec![T::default(); self.count];
            for (before, to) in std::mem::take(held).into_iter().zip(&self.kept) {
                if let Some(to) = to {
                    moved[*to as usize] = before;
                }
            }
            *held = moved;
        }
        for change in &self.changes {
            if let Some(place) = change.now {
                held[place as usize] = now(change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_and_removed_units_shift_the_units_after_them() {
        let key = |person: &str| UnitKey { person: person.to_owned(), practice: "A1".to_owned() };
        let mut keys: Vec<UnitKey> = ["b", "d", "f", "h"].map(key).to_vec();
        let mut held = vec!["B", "D", "F", "H"];
        let (a, d, f, g, z) = (key("a"), key("d"), key("f"), key("g"), key("z"));
        // One new first, one removed, one changed, one new in between, and one that never existed.
        let news =
            [(&a, true, [None; 3]), (&d, false, [None; 3]), (&f, true, [None; 3]), (&g, true, [None; 3]), (&z, false, [None; 3])];
        let moves = RosterDelta::new(&mut keys, &news);
        assert_eq!(keys, ["a", "b", "f", "g", "h"].map(key));
        assert!(!moves.stay());
        moves.apply(&mut held, |change| ["A new", "D gone", "F new", "G new", "Z gone"][change.number]);
        assert_eq!(held, ["A new", "B", "F new", "G new", "H"]);
        let places: Vec<_> = moves.changes.iter().map(|change| (change.before, change.now)).collect();
        assert_eq!(places, [(None, Some(0)), (Some(1), None), (Some(2), Some(2)), (None, Some(3))]);
        assert_eq!((0..4).map(|before| moves.kept(before)).collect::<Vec<_>>(), [Some(1), None, None, Some(4)]);
    }
}
