//! How things look: dates in both calendars, icons, seals and states, the frame of a page, lanes on a time axis.
mod badge;
mod banner;
mod chart;
mod dates;
mod frame;
mod happened;
mod icon;
mod lane;
mod member;
mod qr;
mod sentence;
mod signed;
mod window;

pub use badge::{
    ago, colour, facility, is_old, kind_word, mark_word, network_of, pill, rich, seal, seal_letter, seen_at, source,
    state_word, tell,
};
pub use banner::{Tab, banner, born, sex};
pub use chart::{Frames, bars, first_day, plot};
pub use dates::{age, both_calendars, day, moment, stamp};
pub use frame::{Frame, Nav};
pub use happened::what_word;
pub use icon::icon;
pub use lane::{Lane, Piece, axis, lane, legend, words_of};
pub use member::{fresh_sign, member_state};
pub use qr::qr;
pub use sentence::{
    class_list, class_word, kind_list, purpose_list, purpose_word, role_list, sentence, statement_meta,
};
pub use signed::{Signed, role_word};
pub use window::{Window, Zoom};
