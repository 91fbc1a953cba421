//! The routes for subscribers: cards, changes, explanations, and the resources that explain a card.

pub(crate) mod card_routes;
pub(crate) mod change_routes;
pub(crate) mod explain_route;
pub(crate) mod resource_routes;
pub(crate) mod export_route;
pub(crate) mod card_pages;
pub(crate) mod card_filter;
pub(crate) mod card_fields;
pub(crate) mod next_page;
pub(crate) mod answer_coding;
pub(crate) mod channel_body;
