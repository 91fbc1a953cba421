//! The settings of practices. A setting is a word of this list, or the code of an ODS prescribing setting.

/// The setting of the practices that are compared with each other.
pub const COMPARED_SETTING: &str = "gp";

/// ODS prescribing-setting codes and their words. Source: NHS England, ODS data of GP practices (epraccur), field "prescribing setting".
pub const SETTINGS: [(&str, &str); 23] = [
    ("0", "other"),
    ("1", "walk_in"),
    ("2", "out_of_hours"),
    ("3", "walk_in_out_of_hours"),
    ("4", COMPARED_SETTING),
    ("8", "public_health"),
    ("9", "community"),
    ("10", "hospital"),
    ("11", "optometry"),
    ("12", "urgent_care"),
    ("13", "hospice"),
    ("14", "care_home"),
    ("15", "border_force"),
    ("16", "young_offenders"),
    ("17", "secure_training"),
    ("18", "secure_children"),
    ("19", "immigration_removal"),
    ("20", "court"),
    ("21", "police_custody"),
    ("22", "sexual_assault_referral"),
    ("24", "justice_estate"),
    ("25", "prison"),
    ("26", "pcn"),
];

/// The word of a setting, for a word or a code of the list in any case. `None` for another text.
#[must_use]
pub fn setting_word(text: &str) -> Option<&'static str> {
    let text = text.trim();
    SETTINGS.iter().find(|(code, word)| *code == text || word.eq_ignore_ascii_case(text)).map(|(_, word)| *word)
}

/// Whether practices of this setting are compared.
///
/// An unknown text counts as no setting: a typing error must not remove a practice from the comparison. `plumbline registry check`
/// refuses it.
#[must_use]
pub fn is_compared(setting: Option<&str>) -> bool {
    setting.and_then(setting_word).is_none_or(|word| word == COMPARED_SETTING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gp_and_code_4_are_compared_and_other_settings_are_not() {
        for compared in [None, Some("gp"), Some("GP "), Some("4"), Some("surgery")] {
            assert!(is_compared(compared), "{compared:?}");
        }
        for other in ["prison", "25", "Urgent_Care", "12", "0"] {
            assert!(!is_compared(Some(other)), "{other}");
        }
    }
}
