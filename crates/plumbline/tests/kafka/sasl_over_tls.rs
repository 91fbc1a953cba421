//! Brokers that want to know who one is: SASL users behind TLS.

use crate::accounts::Times;
use crate::broker::{Means, USER, with_shared};
use crate::deployment_under_test::Role;
use crate::processes::Crew;
use crate::traffic_by_cut::{Course, network};

fn course(name: &str, mechanism: &str, password: &str) -> Course {
    let ((secured, certificate), open) = with_shared(|brokers| (brokers.secured(), brokers.bootstrap.clone()));
    let course = Course::new(name, &open, network(37));
    let properties = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", mechanism),
        ("sasl.username", USER.0),
        ("sasl.password", password),
        ("ssl.ca.location", &certificate.display().to_string()),
    ];
    let properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned()));
    course.line.secure(&secured, properties.into());
    course
}

/// The whole line works through TLS as a SCRAM user.
pub fn the_line_works_through_tls_as_a_scram_user(means: &Means) {
    let mut course = course("scram", "SCRAM-SHA-256", USER.1);
    let crew = Crew::of(&course.line, 1);
    course.run();
    crew.end();
    course.judge(means, Times::Once);
}

/// With a wrong password nobody works, and it is said why.
pub fn a_wrong_password_is_refused_in_words(_: &Means) {
    for mechanism in ["SCRAM-SHA-256", "PLAIN"] {
        let course = course("stranger", mechanism, "not-the-password");
        let mut process = course.line.start(Role::Tally);
        crate::topic_writer::until("it is said who was refused", || {
            let said = process.said().to_lowercase();
            let told = said.contains("authentication") && !said.contains("not-the-password");
            assert!(told || process.runs(), "it ended and said only: {said}");
            told
        });
        process.kill();
    }
}
