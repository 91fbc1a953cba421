//! The promises of Plumbline, one file each.
//!
//! | file | shows |
//! |---|---|
//! | `cards` | status, reasons, attribution and windows of cards |
//! | `example_card` | the example of the documentation is a real card |
//! | `explained` | a number is explained by exactly the events behind it |
//! | `facts` | the fold is exact for any order of versions |
//! | `openprescribing` | published values of OpenPrescribing come out of the pipeline |
//! | `oracle` | every card is the one of the brute-force oracle |
//! | `patients` | no patient's number is in any topic |
//! | `protocol` | each numbered rule of the protocol, under scripted faults |
//! | `simulation` | all promises in seeded histories with every kind of fault |
//! | `thresholds` | the network behind points is frozen with the quarter |

mod cards;
mod example_card;
mod explained;
mod facts;
mod openprescribing;
mod oracle;
mod patients;
mod protocol;
mod simulation;
mod thresholds;
