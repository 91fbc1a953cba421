//! One file a page, then the parts that pages share.

pub mod month_page;
pub mod measure_page;
pub mod talks_page;
pub mod meeting_page;
pub mod network_page;
pub mod catalogue_page;
pub mod operations_page;
pub mod reader_choice;
pub mod sign_in_page;
pub mod notice_page;
pub(crate) mod month_links;
pub(crate) mod talks_pictures;
pub mod practice_team;
pub(crate) mod offer_section;
pub(crate) mod card_facts;
pub(crate) mod measure_ledger;
pub(crate) mod giants_section;
pub(crate) mod unknown_section;
pub(crate) mod revision_section;
pub(crate) mod picture_section;
pub(crate) mod number_section;
pub mod event_section;
pub(crate) mod definition_section;
pub(crate) mod practice_sums;
pub mod open_card;
