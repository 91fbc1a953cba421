//! Words and numbers of pages.

pub mod measure_words;
pub mod spoken_date;
pub mod spoken_time;
pub mod page_words;
pub mod spoken_count;
