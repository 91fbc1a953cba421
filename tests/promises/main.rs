//! The promises of Plumbline, one file each.
//!
//! | file | shows |
//! |---|---|
//! | `cards` | status, reasons, attribution and windows of cards |
//! | `case_mix` | sums by age and sex follow every event, link, amendment and retraction |
//! | `codes` | codes, definitions and identities mean what the measure set and the feed say |
//! | `coverage` | gaps and kinds that are not sent never look like good care |
//! | `definitions` | a code that comes after its events counts in their cards |
//! | `example_card` | the example of the documentation is a real card |
//! | `explained` | a number is explained by exactly the events behind it |
//! | `facts` | the fold is exact for any order of versions |
//! | `fences` | a forged version at the highest number is not final |
//! | `log_loss` | a log that lost records overwrites no card |
//! | `openprescribing` | published values of OpenPrescribing come out of the pipeline |
//! | `oracle` | every card is the one of the brute-force oracle |
//! | `patients` | no patient's number is in any topic |
//! | `protocol` | each numbered rule of the protocol, under scripted faults |
//! | `registry` | references of practices, withdrawals, rules of feeds and details of persons |
//! | `sent_kinds` | engine and oracle agree about what each set of feeds sends |
//! | `simulation` | all promises in seeded histories with every kind of fault |
//! | `signed` | signed sums follow every addition, amendment and retraction |
//! | `thresholds` | the network behind points is frozen with the quarter |
//! | `unknown` | an absent value is unknown and not zero |

mod cards;
mod case_mix;
mod codes;
mod coverage;
mod definitions;
mod example_card;
mod explained;
mod facts;
mod fences;
mod log_loss;
mod openprescribing;
mod oracle;
mod patients;
mod protocol;
mod signed;
mod registry;
mod sent_kinds;
mod simulation;
mod thresholds;
mod unknown;
