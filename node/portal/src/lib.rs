//! Pages for people, made on the server, whole without scripts: search, one person's records of all holders, today.
//!
//! Start with [`serve`] (who may come in) and `app` (routes in one table). [`desk`] is all that pages know of the node: they
//! reach data only through it, with a [`service::Staff`], and hold no rule about who may see what. `auth` is the way in and the
//! screens of staff, `guard` keeps others out,
//! `view` draws, `pages` has one file per screen, `i18n` the words in both languages, `assets` what is sent beside pages.
mod app;
mod assets;
mod auth;
pub mod desk;
mod guard;
mod i18n;
mod limits;
mod pages;
mod readings;
mod serve;
mod view;

pub use app::{NEEDS, Need, router};
pub use i18n::Lang;
pub use serve::{Door, Feeds, PortalConfig, PortalError, RunningPortal, serve, serve_desk};
