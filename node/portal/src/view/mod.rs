//! How things look: dates in both calendars, icons, seals and states, the frame of a page, lanes on a time axis.
mod badge;
mod banner;
mod dates;
mod frame;
mod icon;
mod lane;
mod window;

pub use badge::{ago, facility, is_old, kind_word, network_of, pill, rich, source, tell};
pub use banner::{banner, born, sex};
pub use dates::{age, both_calendars, day, moment};
pub use frame::{Frame, Nav};
pub use icon::icon;
pub use lane::{Links, axis, lane, legend};
pub use window::{Window, Zoom};
