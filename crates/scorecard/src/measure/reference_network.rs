//! The reference network: centre, spread and design effect of the roles of another network, without a person in it. A role with fewer
//! than 20 members here is compared with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::registry::role_words::is_role;
use crate::time::calendar::Month;

/// The format that this version reads and writes. Files of format 1 hold the ratio to an expectation as the centre of an adjusted measure,
/// which is no value.
pub const FORMAT: u32 = 2;
/// Most characters of the name, which sentences of 140 characters hold.
pub const LONGEST_NAME: usize = 16;
/// Months before and after its own for which a reference network is used.
pub const USED_MONTHS: i32 = 15;

/// The figures of another network, as a file holds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceNetwork {
    /// The format of the file: 2.
    pub format: u32,
    /// The name that cards show.
    pub name: Arc<str>,
    /// The month whose windows it holds.
    pub month: Month,
    /// Its groups, in order of measure and role.
    #[serde(rename = "group", default)]
    pub groups: Vec<ReferenceGroup>,
}

/// The figures of one role in one measure. Reals have nine digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceGroup {
    /// `id@version` of the measure.
    pub measure: Arc<str>,
    /// Fingerprint of the measure's definition, 32 hexadecimal digits.
    pub definition: String,
    /// The role.
    pub role: Arc<str>,
    /// Members, rounded down to tens.
    pub members: u32,
    /// Units that tell the spread, rounded down to tens.
    pub estimating: u32,
    /// The typical clinician's value as a ratio of integer units.
    pub centre: f64,
    /// Coefficient of variation between clinicians, for verdicts.
    pub gamma_cautious: f64,
    /// Coefficient of variation between clinicians, for reliability and points; absent where too few units tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// Design effect.
    pub phi: f64,
    /// Whether the others are counted.
    #[serde(default)]
    pub flipped: bool,
    /// Whether mid-p found the centre.
    #[serde(default)]
    pub rare: bool,
    /// Median of the units' mean size of an event; amounts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_size: Option<f64>,
    /// Median of own variance over squared value; means only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_variance: Option<f64>,
    /// Median value as a ratio of integer units; means only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_mean: Option<f64>,
}

/// A mistake in a reference file. The message names the value and the cure.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum BadReference {
    /// Not TOML, or a field is missing, unknown or of the wrong type.
    #[error("{0}; write the file with `plumbline reference export`")]
    Toml(String),
    /// Another format.
    #[error("the format is {0}, and this version reads {FORMAT}; export the file again with this version")]
    Format(u32),
    /// An empty name, or one that is too long.
    #[error("the name {0:?} has {n} characters; choose a name of 1 to {LONGEST_NAME} characters without quotes", n = .0.chars().count())]
    Name(String),
    /// A role that no registry can hold.
    #[error("the role {0:?} is unknown; use one of the roles of the registry file")]
    Role(String),
    /// Two groups of one measure and role.
    #[error("{0} of {1} is there twice; remove one of the groups")]
    Twice(Arc<str>, Arc<str>),
    /// A figure out of its range.
    #[error("{measure} of {role}: {field} is {value}; it has to be {range}; export the file again")]
    Range {
        /// The measure.
        measure: Arc<str>,
        /// The role.
        role: Arc<str>,
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// The values that it can have.
        range: &'static str,
    },
    /// The measure has another version here.
    #[error("the file holds {found}, and {used} is in use; export it from a network that uses {used}, or remove the group")]
    Version {
        /// The measure in the file.
        found: Arc<str>,
        /// The measure in use.
        used: String,
    },
    /// The measure has another definition here.
    #[error("{0} is defined otherwise here than in the other network; use the same measure file in both, or remove the group")]
    Definition(Arc<str>),
}

impl ReferenceNetwork {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BadReference`] for the first mistake.
    pub fn parse(text: &str) -> Result<ReferenceNetwork, BadReference> {
        let read: ReferenceNetwork =
            toml::from_str(text).map_err(|error| BadReference::Toml(error.to_string().trim().to_owned()))?;
        read.check()?;
        Ok(read)
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        toml::to_string(self).expect("texts and finite reals can be written")
    }

    /// Fingerprint of everything that a card can depend on.
    #[must_use]
    pub fn fingerprint(&self) -> u128 {
        xxh3_128(self.text().as_bytes())
    }

    /// Whether the month of a card is near enough.
    #[must_use]
    pub fn covers(&self, month: Month) -> bool {
        (month.0 - self.month.0).abs() <= USED_MONTHS
    }

    /// The group of this measure (`id@version`) and role for the cards of a month.
    #[must_use]
    pub fn find(&self, measure: &str, role: &str, month: Month) -> Option<&ReferenceGroup> {
        let found = self.groups.iter().find(|group| &*group.measure == measure && &*group.role == role);
        found.filter(|_| self.covers(month))
    }

    /// Checks format, name, roles and figures.
    ///
    /// # Errors
    /// [`BadReference`] for the first mistake.
    pub fn check(&self) -> Result<(), BadReference> {
        if self.format != FORMAT {
            return Err(BadReference::Format(self.format));
        }
        let characters = self.name.chars().count();
        let is_plain = self.name.trim() == &*self.name && !self.name.contains(|c: char| c.is_control() || c == '"');
        if !(1..=LONGEST_NAME).contains(&characters) || !is_plain {
            return Err(BadReference::Name(self.name.to_string()));
        }
        let mut seen = BTreeSet::new();
        for group in &self.groups {
            if !is_role(&group.role) {
                return Err(BadReference::Role(group.role.to_string()));
            }
            if !seen.insert((&group.measure, &group.role)) {
                return Err(BadReference::Twice(group.measure.clone(), group.role.clone()));
            }
            group.check_figures()?;
        }
        Ok(())
    }
}

impl ReferenceGroup {
    fn check_figures(&self) -> Result<(), BadReference> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let at_least_0 = |value: f64| (0.0..=3.0).contains(&value);
        let figures = [
            ("members", f64::from(self.members), self.members >= 20, "20 or more"),
            ("centre", self.centre, positive(self.centre), "above 0"),
            ("gamma_cautious", self.gamma_cautious, at_least_0(self.gamma_cautious), "from 0 to 3"),
            ("gamma", self.gamma.unwrap_or(0.0), self.gamma.is_none_or(at_least_0), "from 0 to 3"),
            ("phi", self.phi, (1.0..=20.0).contains(&self.phi), "from 1 to 20"),
            ("event_size", self.event_size.unwrap_or(1.0), self.event_size.is_none_or(positive), "above 0"),
        ];
        let wrong = figures.into_iter().find(|(_, _, holds, _)| !holds);
        wrong.map_or(Ok(()), |(field, value, _, range)| {
            Err(BadReference::Range { measure: self.measure.clone(), role: self.role.clone(), field, value, range })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> ReferenceNetwork {
        let group = ReferenceGroup {
            measure: "dna_rate@1".into(),
            definition: "0".repeat(32),
            role: "gp".into(),
            members: 120,
            estimating: 110,
            centre: 0.061_234_567_8,
            gamma_cautious: 0.25,
            gamma: Some(0.2),
            phi: 1.5,
            flipped: false,
            rare: false,
            event_size: None,
            relative_variance: None,
            typical_mean: None,
        };
        ReferenceNetwork { format: FORMAT, name: "North".into(), month: "2026-10".parse().unwrap(), groups: vec![group] }
    }

    fn with(change: impl Fn(&mut ReferenceNetwork)) -> Result<ReferenceNetwork, BadReference> {
        let mut changed = network();
        change(&mut changed);
        ReferenceNetwork::parse(&changed.text())
    }

    #[test]
    fn a_written_file_reads_back() {
        assert_eq!(with(|_| {}), Ok(network()));
        assert_ne!(with(|file| file.groups[0].phi = 1.6).unwrap().fingerprint(), network().fingerprint());
    }

    #[test]
    fn each_mistake_is_named_with_its_cure() {
        let text = |change: fn(&mut ReferenceNetwork)| with(change).unwrap_err().to_string();
        assert!(text(|file| file.format = 1).contains("the format is 1, and this version reads 2; export the file again"));
        assert!(text(|file| file.name = "a name that is too long".into()).contains("23 characters"));
        assert!(text(|file| file.groups[0].role = "docotr".into()).contains("\"docotr\" is unknown"));
        assert!(text(|file| file.groups.push(file.groups[0].clone())).contains("is there twice"));
        assert!(text(|file| file.groups[0].phi = 0.5).contains("phi is 0.5; it has to be from 1 to 20"));
        assert!(text(|file| file.groups[0].members = 19).contains("20 or more"));
        let unknown = ReferenceNetwork::parse("format = 2\ncolour = 3\n").unwrap_err().to_string();
        assert!(unknown.contains("plumbline reference export"), "{unknown}");
    }

    #[test]
    fn an_old_month_is_not_used() {
        let find = |month: &str| network().find("dna_rate@1", "gp", month.parse().unwrap()).is_some();
        assert_eq!([find("2026-10"), find("2028-01"), find("2028-02"), find("2025-06")], [true, true, false, false]);
        assert_eq!(network().find("dna_rate@1", "nurse", network().month), None);
    }
}
