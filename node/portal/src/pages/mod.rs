//! One file per screen. A page is a function of what the desk gave and of the [`Frame`](crate::view::Frame) around it.
//!
//! `home` (today), `search`, `timeline` with its `list` and `rows`, `item`, and `fault` for everything that went wrong.
mod fault;
mod home;
mod item;
mod list;
mod rows;
mod search;
mod timeline;

pub use fault::{Fault, fault};
pub use home::home;
pub use item::item;
pub use search::search;
pub use timeline::{Asked, Order, Timeline};
