//! A card with what a page needs next to it: definitions, groups, names and the dates of its month.

use std::borrow::Cow;

use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{CardMeasure, Reason, Scorecard};
use scorecard::measure::measure_set::{Measure, MeasureSet};
use scorecard::scoring::disclosure::{Audience, CardView, disclose};
use scorecard::time::calendar::{Day, Month};

use crate::figure::strip::StripValues;
use crate::sessions::look_note::LookNote;

/// The prefix of the compared roles of roll-ups.
const ROLL_UP: &str = "rollup:";

/// One published revision, for the list of versions.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionNote {
    /// Its number.
    pub revision: u32,
    /// The day of its publication.
    pub day: Day,
    /// Its reasons.
    pub reasons: Vec<Reason>,
}

/// Another card of the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLink {
    /// Its month.
    pub month: Month,
    /// Its practice; empty for the card over all practices.
    pub practice: String,
}

/// A card and what surrounds it.
#[derive(Clone, Copy, Debug)]
pub struct OpenCard<'a> {
    /// The card.
    pub card: &'a Scorecard,
    /// The measures.
    pub measures: &'a MeasureSet,
    /// The public groups of the card's month.
    pub groups: &'a [PeerGroup],
    /// The reader of the page.
    pub audience: Audience,
    /// The name of the clinician, if the registry has one.
    pub name: Option<&'a str>,
    /// The name of the practice, if the registry has one.
    pub practice_name: Option<&'a str>,
    /// The names of the clinical leads of the practice on the last day of the month.
    pub leads: &'a [String],
    /// The day on which the month becomes final.
    pub final_on: Day,
    /// Every revision of the card, oldest first.
    pub revisions: &'a [RevisionNote],
    /// All cards of the person, oldest month first.
    pub cards: &'a [CardLink],
    /// Days for which a clinician alone sees a "please check" of a later version, where the page says so.
    pub wait_days: Option<u32>,
    /// Those who looked at the card, newest first; `None` where no look is recorded.
    pub looks: Option<&'a [LookNote]>,
}

impl<'a> OpenCard<'a> {
    /// The card without what the reader may not see. Neither the clinician nor a lead gets figures alone, so there always is a card.
    #[must_use]
    pub fn disclosed(&self) -> Cow<'a, Scorecard> {
        match disclose(self.card, self.audience) {
            CardView::Whole(card) => Cow::Borrowed(card),
            CardView::Curtailed(card) => Cow::Owned(*card),
            CardView::Blinded(_) | CardView::Withheld => Cow::Owned(without_figures(self.card)),
        }
    }

    /// The name, else the id.
    #[must_use]
    pub fn person(&self) -> &'a str {
        self.name.unwrap_or(&self.card.content.subject.clinician)
    }

    /// The definition of a measure of the card. `None` if the measure files hold another version.
    #[must_use]
    pub fn definition(&self, measure: &CardMeasure) -> Option<&'a Measure> {
        let found = &self.measures.measures()[self.measures.index_of(&measure.id)?];
        (found.definition.version == measure.version).then_some(&**found)
    }

    /// The public group of a measure of the card.
    #[must_use]
    pub fn group(&self, measure: &CardMeasure) -> Option<&'a PeerGroup> {
        let subject = &self.card.content.subject;
        let name = format!("{}@{}", measure.id, measure.version);
        let is_ours = |role: &str| match role.strip_prefix(ROLL_UP) {
            Some(role) => subject.practice.is_empty() && role == subject.role,
            None => !subject.practice.is_empty() && role == subject.role,
        };
        self.groups.iter().find(|group| *group.key.measure == *name && is_ours(&group.key.role) && group.members > 0)
    }

    /// The value among colleagues, as a strip shows it. The card's own comparator decides; the group adds its deciles.
    #[must_use]
    pub fn strip_values(&self, measure: &CardMeasure) -> Option<StripValues> {
        let comparator = measure.comparator.as_ref()?;
        let same = |group: &&PeerGroup| group.snapshot_id == comparator.snapshot_id;
        let deciles = self.group(measure).filter(same).map(|group| group.deciles.as_slice());
        Some(StripValues {
            own: measure.value?,
            centre: comparator.typical.or(comparator.median),
            quartiles: comparator.p25.zip(comparator.p75),
            deciles: deciles.and_then(|deciles| Some((*deciles.first()?, *deciles.last()?))),
        })
    }
}

/// A card without any measure, for a reader who may see no figure of it.
fn without_figures(card: &Scorecard) -> Scorecard {
    let mut bare = card.clone();
    let content = &mut bare.content;
    content.measures.clear();
    content.exposure.clear();
    for list in [&mut content.check, &mut content.keep, &mut content.changed] {
        list.clear();
    }
    (content.one_thing, content.composite, content.giants) = (None, None, None);
    content.domains.clear();
    content.coverage.clear();
    content.unknown.clear();
    bare
}
