//! Instances that come and go while events are taken and cards published.

use crate::accounts::Times;
use crate::broker::Means;
use crate::processes::{Troubles, any_seed, crewed};

/// From one instance of each role to some and back, in any order; who goes is asked to.
pub fn instances_come_and_go_under_load(means: &Means) {
    let (mut course, mut crew) = crewed("changing", means, 35, 1);
    let changes = Troubles { seed: any_seed(), longest_wait: 1_500, enough: 16 };
    changes.beset(&mut course, &mut crew, |line, crew, draw| {
        let which = draw.below(crew.processes.len());
        let role = crew.processes[which].role;
        let of_role = crew.processes.iter().filter(|process| process.role == role).count();
        let goes = of_role > 1 && (of_role > 2 || draw.below(2) == 0);
        if goes {
            let mut process = crew.processes.remove(which);
            let status = process.end();
            assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.said());
        } else {
            crew.add(line, role);
        }
    });
    course.step();
    crew.end();
    course.judge(means, Times::OnceOrMore);
}
