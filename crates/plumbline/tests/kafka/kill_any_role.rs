//! `kill -9` of any role at random moments: nothing is lost, nothing counts twice, no revision is missing.

use crate::accounts::Delivery;
use crate::broker::TestTools;
use crate::processes::{Disturbances, any_seed, start_traffic};

/// Twenty kills; each killed process is restarted at once.
pub fn kills_at_random_moments_lose_nothing_and_count_nothing_twice(tools: &TestTools) {
    let (mut traffic, mut processes) = start_traffic("killed", tools, 32, 2);
    let kills = Disturbances { seed: any_seed(), longest_wait: 2_500, count: 20 };
    kills.disturb(&mut traffic, &mut processes, |deployment, processes, random| {
        let which = random.below(processes.processes.len());
        processes.replace(deployment, which);
    });
    // One more cut without a kill.
    traffic.step();
    processes.end();
    traffic.judge(tools, Delivery::AtLeastOnce);
}
