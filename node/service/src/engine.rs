//! The border between the use cases and the Engine: commands in, answers and events out, and the hands of whoever drives it.
//!
//! **For a driver** (the network driver in `peer`, [`alone`], tests). [`crate::Service::open`] gives a [`Host`] and an
//! [`Inbox`]. The driver owns the Engine on its own thread and does exactly this:
//!
//! ```text
//! let mut engine = host.engine();                      // identity, config, view and seed are inside
//! inbox.on_command(Box::new(|| wake the loop));        // called after each command that was queued
//! loop {
//!     one of: a frame, a connection event, a Done, engine.deadline() → an `Input`
//!             or each `inbox.next()` until it gives none
//!     engine.handle(host.now(), input);
//!     while let Some(output) = engine.poll() { match output {
//!         Output::Send { .. }                      => the network,
//!         Output::Event(event)                     => host.on_event(event),
//!         Output::Effect(t, Effect::Commit(batch)) => host.commit(batch, move |done| queue.push(Input::Done(t, done))),
//!         Output::Effect(t, Effect::Forget(list))  => host.forget(&list, move |done| …),
//!         Output::Effect(t, Effect::Serve(serve))  => host.outgoing(&serve): frames to send, then Done::Served,
//!         Output::Effect(t, Effect::Receive(r))    => host.incoming(&r): give it the frames, then Done::Received(finish()),
//!         Output::Effect(t, Effect::Values(p))     => Done::Values(host.values(p)),
//!         Output::Effect(t, Effect::Judge { .. })  => Done::Judged(host.judge(..)),
//!         Dial, Hangup, Cancel                     => the network,
//!     } }
//!     host.settle(&engine);                                // always: publishes book and snapshot, then wakes who waits
//! }
//! ```
//!
//! `commit` answers on the store's thread, in order. [`Shelf`], [`Keeping`], [`Outgoing`] and [`Incoming`] block on the
//! disk: one blocking thread per transfer, never the Engine's. `outgoing` and `incoming` speak frames of `protocol::fetch`
//! (inline pieces and bulk alike, with their length); `shelf` and `keeping` are the same below `fetch::{Sender, Check}`, for a
//! driver that has its own frames.
//!
//! **For use cases**: [`EngineHandle`]. Every queue here is bounded; a full one answers *busy*.
pub mod alone;
mod handle;
mod host;
#[cfg(test)]
mod tests;
mod transfer;

pub use handle::{CommandError, EngineHandle, Pending};
pub use host::{Host, Inbox};
pub(crate) use host::{HostParts, open};
pub use transfer::{Incoming, ItemError, ItemReader, Keeping, Outgoing, Shelf};
