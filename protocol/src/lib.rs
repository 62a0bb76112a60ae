//! Musubi's core: every decision of a node as a pure state machine.
//!
//! Nothing in here reads a clock, draws randomness, opens a file or a socket. A driver (the node over libp2p and sled, the
//! simulator over a virtual network and disk) feeds [`engine::Engine`] with inputs and performs its outputs in order.
//!
//! Reading order: [`ids`] and [`kinds`] (the nouns), [`state`] (signed objects: charter, membership, accord), [`consent`]
//! and [`policy`] (who may see what, in which order it is checked), [`index`] (who holds something for whom), [`oprf`] (how
//! evaluators make tags), [`overlap`] (how many two networks share, before they let each other in), [`confirm`] (are two
//! records one person, blindly), [`fetch`] (how records move), [`audit`] (the log), [`card`] (the patient's card), then [`engine`],
//! which ties them together.
pub mod audit;
pub mod card;
pub mod clock;
pub mod confirm;
pub mod consent;
pub mod crypto;
pub mod data;
pub mod engine;
pub mod fetch;
pub mod ids;
pub mod index;
pub mod kinds;
pub mod limits;
pub mod oprf;
pub mod overlap;
#[cfg(feature = "plants")]
pub mod plants;
pub mod policy;
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod wire;
