//! One file per screen. A page is a function of what the desk gave and of the [`Frame`](crate::view::Frame) around it.
//!
//! The way in: `setup`, `login`, and behind it `me` (with `passkey`) and `staff`. `home` (today), `search`, `patient` (what all pages of one
//! person share) with `timeline` (its `rows`, `summary`, `list`), `labs`, `drugs`, `documents`; `access` (who looked), `item`,
//! `matching` (same person or not), `emergency` (without consent, its review, disasters), and `fault` for everything that went wrong.
mod access;
mod admin;
mod consent;
mod documents;
mod drugs;
mod emergency;
mod fault;
mod home;
mod item;
mod labs;
mod list;
mod login;
mod matching;
mod me;
mod network;
mod passkey;
mod patient;
mod rows;
mod search;
mod setup;
mod staff;
mod summary;
mod timeline;

pub use access::{access, access_sheet};
pub use admin::{FeedsView, KeyLine, LogPage, backup, config, doctor, feeds, keys, log};
pub use consent::{
    ConsentFault, DEATH_VERSION, Filling, LEAVE_VERSION, TEXT_VERSIONS, consent_list, consent_new, consent_paper,
    consent_tablet, consent_withdraw, consents_ending, tablet_groups,
};
pub use emergency::{
    BreakForm, BreakPage, EmergencyList, GlassRow, REASONS, break_page, disasters, emergency_review, emergency_rows,
};
pub use fault::{Fault, fault};
pub use home::home;
pub use item::item;
pub use login::{Filled, code, demo, factor, first, login, recovery};
pub use matching::{
    MATCH_DONE, MatchLink, MatchPair, MatchQueue, Tried, WHYS, Waiting, match_link, match_pair, match_queue,
};
pub use me::me;
pub use network::{Given, OfficePage, OfficeView, Said, given, network, office};
pub use patient::{Asked, PatientPage};
pub use search::{search, search_form};
pub use setup::{set_up, set_up_over};
pub use staff::{staff, staff_codes, staff_import};
pub use timeline::{Order, View};
