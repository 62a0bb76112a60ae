//! One patient at one facility: everything that its storages hold about her.
//!
//! `sheet` starts a chart and decides by the facility's class what is in it; `states` writes what has no date (who she is,
//! what she has); `visits`, `stays`, `ward` and `home` write the events.
mod home;
mod sheet;
mod states;
mod stays;
mod visits;
mod ward;

pub(crate) use sheet::Chart;
