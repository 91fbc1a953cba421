//! The pictures of pages, as SVG. Each has a title; large ones also a description.

pub mod lead_dots;
pub mod run_chart;
pub mod course;
pub mod funnel_picture;
pub mod funnel_shape;
pub mod quantile_dots;
pub mod spark_line;
pub mod strip;
pub mod plot_scale;
