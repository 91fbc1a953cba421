//! The list of released schemas.
//!
//! `PLUMBLINE_WRITE_RELEASE=1 cargo test -p codec --test promises the_newest_released` writes this file.

/// Every released schema of Plumbline's own records, in order of the numbers: number, name, text.
pub(crate) const RELEASED: &[(u32, &str, &str)] = &[
    (1, "batch", include_str!("../../../../schemas/released/1-batch.avsc")),
    (2, "tick", include_str!("../../../../schemas/released/2-tick.avsc")),
    (3, "clinician-month", include_str!("../../../../schemas/released/3-clinician-month.avsc")),
    (4, "mark", include_str!("../../../../schemas/released/4-mark.avsc")),
    (5, "genesis", include_str!("../../../../schemas/released/5-genesis.avsc")),
    (6, "person", include_str!("../../../../schemas/released/6-person.avsc")),
    (7, "role", include_str!("../../../../schemas/released/7-role.avsc")),
    (8, "organisation", include_str!("../../../../schemas/released/8-organisation.avsc")),
    (9, "scorecard", include_str!("../../../../schemas/released/9-scorecard.avsc")),
    (10, "peer-group", include_str!("../../../../schemas/released/10-peer-group.avsc")),
    (11, "peer-snapshot", include_str!("../../../../schemas/released/11-peer-snapshot.avsc")),
    (12, "run", include_str!("../../../../schemas/released/12-run.avsc")),
    (13, "reject", include_str!("../../../../schemas/released/13-reject.avsc")),
    (14, "batch", include_str!("../../../../schemas/released/14-batch.avsc")),
    (15, "clinician-month", include_str!("../../../../schemas/released/15-clinician-month.avsc")),
    (16, "scorecard", include_str!("../../../../schemas/released/16-scorecard.avsc")),
    (17, "peer-group", include_str!("../../../../schemas/released/17-peer-group.avsc")),
    (18, "peer-snapshot", include_str!("../../../../schemas/released/18-peer-snapshot.avsc")),
    (19, "mark", include_str!("../../../../schemas/released/19-mark.avsc")),
    (21, "person", include_str!("../../../../schemas/released/21-person.avsc")),
    (22, "role", include_str!("../../../../schemas/released/22-role.avsc")),
    (23, "organisation", include_str!("../../../../schemas/released/23-organisation.avsc")),
    (24, "lead", include_str!("../../../../schemas/released/24-lead.avsc")),
    (25, "feed", include_str!("../../../../schemas/released/25-feed.avsc")),
    (26, "withdrawal", include_str!("../../../../schemas/released/26-withdrawal.avsc")),
    (27, "person-details", include_str!("../../../../schemas/released/27-person-details.avsc")),
    (29, "definition", include_str!("../../../../schemas/released/29-definition.avsc")),
    (30, "feed-sends", include_str!("../../../../schemas/released/30-feed-sends.avsc")),
    (31, "scorecard", include_str!("../../../../schemas/released/31-scorecard.avsc")),
    (32, "peer-snapshot", include_str!("../../../../schemas/released/32-peer-snapshot.avsc")),
    (42, "event-fence", include_str!("../../../../schemas/released/42-event-fence.avsc")),
    (50, "access", include_str!("../../../../schemas/released/50-access.avsc")),
];
