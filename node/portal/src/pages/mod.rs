//! One file per screen. A page is a function of what the desk gave and of the [`Frame`](crate::view::Frame) around it.
//!
//! `home` (today), `search`, `patient` (what all pages of one person share) with `timeline` (its `rows`, `summary`, `list`),
//! `labs`, `drugs`, `documents`; `access` (who looked), `item`, and `fault` for everything that went wrong.
mod access;
mod documents;
mod drugs;
mod fault;
mod home;
mod item;
mod labs;
mod list;
mod patient;
mod rows;
mod search;
mod summary;
mod timeline;

pub use access::{access, access_sheet};
pub use fault::{Fault, fault};
pub use home::home;
pub use item::item;
pub use patient::{Asked, PatientPage};
pub use search::search;
pub use timeline::{Order, View};
