//! `kill -9` of any role at random moments: nothing is lost, nothing counts twice, no revision is missing.

use crate::accounts::Times;
use crate::broker::Means;
use crate::processes::{Troubles, any_seed, crewed};

/// Twenty kills; whoever is killed is started again at once.
pub fn killed_at_random_moments_nothing_is_lost_and_nothing_counts_twice(means: &Means) {
    let (mut course, mut crew) = crewed("killed", means, 32, 2);
    let kills = Troubles { seed: any_seed(), longest_wait: 2_500, enough: 20 };
    kills.beset(&mut course, &mut crew, |line, crew, draw| {
        let which = draw.below(crew.processes.len());
        crew.replace(line, which);
    });
    // One more cut, in peace.
    course.step();
    crew.end();
    course.judge(means, Times::OnceOrMore);
}
