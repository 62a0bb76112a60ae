//! Every bound of the simulator, with its reason.

/// Events of one run. Two days of ten nodes are about a hundred thousand, an hour of fifteen hundred some millions; more is a
/// storm, and a storm is a finding.
pub const EVENTS_MAX: u64 = 30_000_000;
/// Events that a violation prints: what led to it, on a few screens.
pub const TRACE_EVENTS: usize = 200;
/// Runs that making a failure small may take: some minutes.
pub const SHRINK_RUNS_MAX: u64 = 1_000;
/// Nodes of one scenario: those of the largest network of the national programme (1,461 facilities), and some.
pub const NODES_MAX: usize = 1_500;
/// People of one scenario: each is written out with all records.
pub const PEOPLE_MAX: u32 = 10_000;
/// Longest simulated time: the certificates of a node last ninety days.
pub const HORIZON_MS_MAX: u64 = 60 * 24 * 3_600_000;
/// A connection over which nothing comes any more is given up after this long (keep-alive of the transport).
pub const LAPSE_US: u64 = 20_000_000;
/// How long a connection that was hung up on still carries what was sent before, as in `peer`.
pub const HANGUP_DRAIN_US: u64 = 2_000_000;
/// A dial that nobody answers is given up after this long.
pub const DIAL_US: u64 = 3_000_000;
/// First wait before a peer is dialled again; doubles up to [`REDIAL_US_MAX`].
pub const REDIAL_US: u64 = 2_000_000;
/// Longest wait before a peer is dialled again.
pub const REDIAL_US_MAX: u64 = 300_000_000;
/// Wait after a lost packet until it is sent again.
pub const RESEND_US: u64 = 200_000;
/// Bytes that wait on one link; a reader slower than that loses its connection.
pub const LINK_QUEUE_BYTES: u64 = 16 << 20;
/// Within what time an emergency read should be reviewed, in a run: a day of the region is about an hour.
pub const EMERGENCY_REVIEW_MS: u64 = 7 * 3_600_000;
/// After what time without review the right to it is off, in a run.
pub const EMERGENCY_LAPSE_MS: u64 = 10 * 3_600_000;
