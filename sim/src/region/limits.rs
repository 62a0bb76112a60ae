//! What one plan may ask for.

/// Most facilities of one plan: twice the largest network of the programme's sixteen.
pub const FACILITIES_MAX: usize = 4_000;
/// Most people of one plan. They are held in memory, about 1 KiB each.
pub const PATIENTS_MAX: u32 = 1_000_000;
/// Most years of history: what a hospital's first electronic chart may reach back.
pub const YEARS_MAX: u8 = 20;
/// Most planted deviations per thousand files: above half, the tree would no longer be a storage with faults.
pub const DEVIATIONS_PERMILLE_MAX: u16 = 500;
/// With [`super::Deviations::All`], one file of so many deviates; kinds take turns.
pub(crate) const ALL_DEVIATES_EVERY: u32 = 6;
/// Longest stay in days; keeps one admission within a few dozen files.
pub(crate) const STAY_DAYS_MAX: u32 = 18;
