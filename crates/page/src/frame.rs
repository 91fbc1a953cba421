//! The frame of every page: head, navigation, footer, addresses, styles, and the rows of a spreadsheet.

pub mod document;
pub mod navigation;
pub mod addresses;
pub mod stylesheet;
pub mod spreadsheet;
