//! Pages for people, made on the server, whole without scripts: search, one person's records of all holders, today.
//!
//! Start with [`serve`] (who may come in) and `app` (routes in one table). [`desk`] is all that pages know of the node: they
//! reach data only through it, with a [`service::Staff`], and hold no rule about who may see what. `auth` is the way in and the
//! screens of staff, `consents` the consent desk, `matching` the review of doubtful pairs, `emergency` reading without consent,
//! `network` and `admin` the offices of the network and of the node, `forms` reads
//! what forms send, `guard` keeps others out, `lines` who is too slow,
//! `view` draws, `pages` has one file per screen, `i18n` the words in both languages, `assets` what is sent beside pages.
mod admin;
mod app;
mod assets;
mod auth;
mod consents;
pub mod desk;
mod emergency;
mod forms;
mod guard;
mod i18n;
mod limits;
mod lines;
mod matching;
mod network;
mod pages;
mod readings;
mod serve;
mod view;
mod works;

pub use app::{NEEDS, Need, router};
pub use i18n::Lang;
pub use lines::Caller;
pub use serve::{Door, Feeds, PortalConfig, PortalError, RunningPortal, serve, serve_desk};
pub use works::{Deed, Line, Setting, StoreCare, Works};
