//! Running the node: `doctor` (every check with its remedy), `feeds` (sources and quarantine), `keeping` (keys, backup, configuration),
//! `log` (the audit log).
mod doctor;
mod feeds;
mod keeping;
mod log;

use crate::i18n::Key;
use crate::view::{Frame, Nav};
use maud::{Markup, html};
use service::staff::Right;

pub use doctor::doctor;
pub use feeds::{FeedsView, feeds};
pub use keeping::{KeyLine, backup, config, keys};
pub use log::{LogPage, log};

/// The pages of running a node, with what each needs.
const PAGES: [(&str, Key, Right); 7] = [
    ("/admin/doctor", Key::DoctorTitle, Right::RunNode),
    ("/admin/feeds", Key::FeedsTitle, Right::RunNode),
    ("/admin/keys", Key::KeysTitle, Right::RunNode),
    ("/admin/backup", Key::BackupTitle, Right::RunNode),
    ("/admin/config", Key::ConfigTitle, Right::RunNode),
    ("/admin/log", Key::LogTitle, Right::ReadLog),
    ("/admin/staff", Key::NavStaff, Right::ManageStaff),
];

/// A page of running the node, with the list of all.
fn page(frame: &Frame<'_>, (path, title): (&str, Key), lead: &str, body: &Markup) -> Markup {
    let words = frame.words;
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (words.get(title)) } p.lead { (lead) } } }
            nav.subnav aria-label=(words.get(Key::AdminTitle)) {
                @for (own, key, right) in PAGES { @if frame.may(right) {
                    a href=(own) aria-current=[(own == path).then_some("page")] { (words.get(key)) }
                } }
            }
            (body)
        }
    };
    frame.page(&words.get(title), Nav::Admin, &body)
}
