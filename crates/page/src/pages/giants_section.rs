//! Waste, variation and inefficiency of one clinician.

use maud::{Markup, html};
use scorecard::card::scorecard::Scorecard;

use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::pounds;
use crate::text::spoken_time::time;

/// The section; nothing without the figures.
pub(crate) fn giants(card: &Scorecard) -> Markup {
    let Some(giants) = &card.content.giants else { return html! {} };
    let comparisons = &card.content.comparisons;
    let waste = giants.waste_p50_pence.zip(giants.waste_p10_pence);
    let outside = counted("outside", i64::from(giants.outside_95));
    let expected = format!("{:.1}", comparisons.expected);
    html! {
        section aria-labelledby="giants" {
            h2 #giants { (text("giants.heading")) }
            ul {
                li {
                    strong { (text("giants.waste")) } " "
                    @match waste {
                        Some((median, best)) => { (say("giants.waste_text", &[("median", &pounds(median)), ("best", &pounds(best))])) }
                        None => { (text("giants.waste_unknown")) }
                    }
                }
                li {
                    strong { (text("giants.variation")) } " " (outside) " "
                    @if comparisons.made > 0 {
                        (say("giants.chance", &[("made", &comparisons.made.to_string()), ("expected", &expected), ("looks", &comparisons.looks.to_string())]))
                    }
                }
                li {
                    strong { (text("giants.inefficiency")) } " "
                    (counted("no_shows", giants.noshow_slots)) " "
                    @if giants.noshow_slots > 0 {
                        (say("giants.time", &[("time", &time(giants.noshow_minutes)), ("cost", &pounds(giants.noshow_pence as f64))]))
                    }
                }
            }
        }
    }
}
