//! What a region is asked to be.
use super::limits::{DEVIATIONS_PERMILLE_MAX, FACILITIES_MAX, PATIENTS_MAX, YEARS_MAX};
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::FacilityClass;
use protocol::time::Date;
use std::collections::BTreeSet;

/// One facility of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilityPlan {
    /// Its ten digits.
    pub id: FacilityId,
    /// Its name as patients know it.
    pub name: String,
    /// What kind of house it is; decides what its storage holds.
    pub class: FacilityClass,
    /// Who gives its patient numbers.
    pub authority: AuthorityId,
    /// The network it belongs to, by name.
    pub network: String,
    /// Of a thousand people of its area, about so many are known here: 1..=1000.
    pub size: u32,
}

/// How much of what chapter 11 of the SS-MIX2 reference lists is planted into the standardized storages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviations {
    /// Nothing: every file is by the book.
    Off,
    /// So many of a thousand files, kinds drawn by chance from the common ones.
    Some {
        /// 1..=[`DEVIATIONS_PERMILLE_MAX`].
        permille: u16,
    },
    /// Every kind in turn, in about one of six files.
    All,
}

/// A region to generate. Equal plans give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides every draw.
    pub seed: u64,
    /// Its facilities; their order decides only the order of the output.
    pub facilities: Vec<FacilityPlan>,
    /// How many people live there.
    pub patients: u32,
    /// How many years of history end at `until`.
    pub years: u8,
    /// The last day that records speak of.
    pub until: Date,
    /// Planted faults.
    pub deviations: Deviations,
}

/// Why a plan cannot be carried out. Nothing was generated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No facility, or too many.
    #[error("the plan has {0} facilities; give 1 to {FACILITIES_MAX}")]
    Facilities(usize),
    /// Two facilities share an id.
    #[error("facility {0} is in the plan twice; give each its own ten digits")]
    Twice(FacilityId),
    /// A size out of range.
    #[error("facility {facility} has size {size}; give 1 to 1000, the share of its area's people in thousandths")]
    Size {
        /// Which one.
        facility: FacilityId,
        /// What it asked for.
        size: u32,
    },
    /// Nobody, or too many.
    #[error("the plan asks for {0} people; give 1 to {PATIENTS_MAX}")]
    Patients(u32),
    /// No history, or too much.
    #[error("the plan asks for {0} years; give 1 to {YEARS_MAX}")]
    Years(u8),
    /// An end outside of the eras that names and codes are known for.
    #[error("the plan ends on {0}; give a date in 2000 to 2099")]
    Until(Date),
    /// A rate out of range.
    #[error("the plan asks for {0} deviations in a thousand files; give 1 to {DEVIATIONS_PERMILLE_MAX}")]
    Deviations(u16),
}

impl Plan {
    /// Whether the plan can be carried out.
    ///
    /// # Errors
    /// [`PlanError`] with the first value that is out of its range.
    pub fn check(&self) -> Result<(), PlanError> {
        if !(1..=FACILITIES_MAX).contains(&self.facilities.len()) {
            return Err(PlanError::Facilities(self.facilities.len()));
        }
        let mut seen = BTreeSet::new();
        for facility in &self.facilities {
            if !seen.insert(&facility.id) {
                return Err(PlanError::Twice(facility.id.clone()));
            }
            if !(1..=1000).contains(&facility.size) {
                return Err(PlanError::Size { facility: facility.id.clone(), size: facility.size });
            }
        }
        if !(1..=PATIENTS_MAX).contains(&self.patients) {
            return Err(PlanError::Patients(self.patients));
        }
        if !(1..=YEARS_MAX).contains(&self.years) {
            return Err(PlanError::Years(self.years));
        }
        if !(2000..=2099).contains(&self.until.year()) {
            return Err(PlanError::Until(self.until));
        }
        match self.deviations {
            Deviations::Some { permille } if !(1..=DEVIATIONS_PERMILLE_MAX).contains(&permille) => {
                Err(PlanError::Deviations(permille))
            }
            _ => Ok(()),
        }
    }
    /// The first day of the history.
    pub(crate) fn from(&self) -> Date {
        let back = -(i32::from(self.years) * 365 + i32::from(self.years) / 4);
        self.until.plus_days(back).unwrap_or(self.until)
    }
}
