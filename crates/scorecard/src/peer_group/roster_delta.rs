//! How the units of a role, which stand in order of their keys, change from one cut to the next.

use crate::peer_group::unit::UnitKey;

/// Of each level below the network, narrowest first, the number of the group that a unit belongs to.
pub(crate) type Groups = [Option<u32>; 3];

/// A unit that came, left, or says something else than before.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its place before.
    pub before: Option<u32>,
    /// Its place now.
    pub now: Option<u32>,
    /// Its number among those that the cut brings.
    pub number: usize,
    /// The groups that it belongs to, and belonged to.
    pub groups: Groups,
}

/// From the places before to those now.
#[derive(Debug)]
pub(crate) struct RosterDelta {
    /// By place before, the place now of a unit that says what it said.
    kept: Vec<Option<u32>>,
    /// All others, in order of their keys.
    pub changes: Vec<Change>,
    /// Whether everybody stays in the same place.
    stay: bool,
    count: usize,
}

impl RosterDelta {
    /// Puts these into `keys`, or takes those out that are not there any more; `news` says for each, in order of the keys, whether it is
    /// there and to which groups it belongs.
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

    /// Whether nobody came or left.
    pub(crate) fn stay(&self) -> bool {
        self.stay
    }

    /// The place now of the unit that was at this place, if it says what it said.
    pub(crate) fn kept(&self, before: u32) -> Option<u32> {
        self.kept[before as usize]
    }

    /// Moves what is held by place; `now` is what a changed unit has.
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
    fn who_comes_and_who_leaves_moves_those_behind() {
        let key = |person: &str| UnitKey { person: person.to_owned(), practice: "A1".to_owned() };
        let mut keys: Vec<UnitKey> = ["b", "d", "f", "h"].map(key).to_vec();
        let mut held = vec!["B", "D", "F", "H"];
        let (a, d, f, g, z) = (key("a"), key("d"), key("f"), key("g"), key("z"));
        // One comes in front, one leaves, one is replaced, one comes between, and one was never there.
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
