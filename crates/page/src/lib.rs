//! Page decides how cards and groups look in a browser and on paper: HTML, SVG and the rows of a spreadsheet.
//!
//! The way of one page:
//! 1. A caller reads cards, groups and names, and chooses the page and its [`frame::navigation::Navigation`].
//! 2. A function of [`pages`] removes what the reader may not see with [`scorecard::scoring::disclosure`], and fills the page.
//!    [`sessions`] has the pages of signing in and of the access log, which need no card.
//! 3. [`figure`] draws its pictures. Each has a title, and the numbers of most are in a table next to it.
//! 4. [`text`] supplies the words and the form of numbers. Sentences of measures come from the card itself.
//! 5. [`frame`] adds head, navigation and footer, and [`frame::stylesheet`] names the one file of styles.
//!
//! The same inputs give the same bytes. No page needs a script, and none has a style attribute, so that a strict
//! `Content-Security-Policy` refuses nothing.
//!
//! The crate computes no verdict and no point, reads no file, no socket and no clock, and decides nobody's rights.
//!
//! A room imports only from rooms further down this list. Inside a room, a file imports only from files further down its list.

pub mod pages;
pub mod sessions;
pub mod figure;
pub mod frame;
pub mod text;
