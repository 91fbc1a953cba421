//! Access to cards and pages: the rules of who sees what and when, and the log of looks at cards of others.

pub mod card_access;
pub mod page_access;
pub mod revision_facts;
pub mod reader;
pub mod access_log;
