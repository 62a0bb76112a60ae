//! How records move: what a holder has, what it offers to one reader, how the bytes are cut and checked on the way, and
//! what both sides sign afterwards.
//!
//! Read `record` (the head of a stored record), `digest` (the hash over chunks by which a part can be checked alone), then
//! `plan` (the items of one answer). `frame` is the format of the bulk stream; `sender` makes frames, `check` verifies
//! them, both may begin in the middle. `receipt` is the signed end. Nothing here reads a file or a socket.
mod check;
mod digest;
mod frame;
mod plan;
mod receipt;
mod record;
mod sender;

pub use check::{Bad, Check, Verified};
pub use digest::{Digester, digest_of};
pub use frame::{CHUNK_HEAD_BYTES, Resume, frame_len};
pub use plan::{Item, Plan, PlanError};
pub use receipt::{Countersigned, ExchangeReceipt, receipt_of};
pub use record::{Place, RecordHead, State, head_key, heads};
pub use sender::{SendError, Sender, Want};
